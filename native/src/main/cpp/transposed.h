/*
 * Products with dense weights that are stored the other way round, a row of all outputs for each input: float32 arithmetic,
 * activations as they are. Lanes are outputs, and an output takes one column (a stored row) after the other, whatever the path;
 * the bias comes last.
 */
namespace vesalius {
namespace VESALIUS_TIER {

/* Stored rows that one token reads side by side. */
constexpr int64_t SIDE_BY_SIDE = 8;

/* Vectors of outputs and tokens of a tile: all registers but those of the operands. */
constexpr int64_t WIDE = 2;
constexpr int64_t WIDE_TOKENS = TILE_ROWS * TILE_TOKENS / WIDE;

template <typename Stored>
static void add_stored_rows(const uint8_t* w, int64_t w_bytes, const float* x, int64_t depth, float* out, int64_t width) {
  constexpr int64_t SIZE = sizeof(typename Stored::Element);
  int64_t c = 0;
  for (; c + LANES <= width; c += LANES) {
    Floats total = load<Floats>(out + c);
    if (depth == SIDE_BY_SIDE) {
#pragma GCC unroll 8
      for (int64_t k = 0; k < SIDE_BY_SIDE; k++) {
        total = fma(Stored::read(w + k * w_bytes + c * SIZE), splat(x[k]), total);
      }
    } else {
      for (int64_t k = 0; k < depth; k++) {
        total = fma(Stored::read(w + k * w_bytes + c * SIZE), splat(x[k]), total);
      }
    }
    store(out + c, total);
  }
  if (c < width) {
    Floats total = load_first(out + c, width - c);
    for (int64_t k = 0; k < depth; k++) {
      total = fma(read_first<Stored>(w + k * w_bytes + c * SIZE, width - c), splat(x[k]), total);
    }
    store_first(out + c, total, width - c);
  }
}

template <typename Stored>
static void stream_stored_rows(const vesalius_weight* w, float* out, int64_t out_stride, const PreparedFloats& x, int64_t from,
                               int64_t to) {
  constexpr int64_t SIZE = sizeof(typename Stored::Element);
  const int64_t bytes = w->rows * SIZE;
  const uint8_t* data = (const uint8_t*)w->data + from * SIZE;
  for (int64_t t = 0; t < x.tokens; t++) {
    memset(out + t * out_stride + from, 0, (to - from) * sizeof(float));
  }
  for (int64_t k = 0; k < x.columns; k += SIDE_BY_SIDE) {
    int64_t depth = least(SIDE_BY_SIDE, x.columns - k);
    for (int64_t t = 0; t < x.tokens; t++) {
      const float* in = x.at(t, k / DEPTH * DEPTH) + k % DEPTH;
      add_stored_rows<Stored>(data + k * bytes, bytes, in, depth, out + t * out_stride + from, to - from);
    }
  }
}

template <int T>
static void wide_tile(const float* panel, const float* x, int64_t x_stride, int64_t depth, float* out, int64_t out_stride,
                      int64_t width, bool first) {
  constexpr int64_t SPAN = WIDE * LANES;
  Floats sums[T][WIDE];
  float edge[T][SPAN];
  float* place = out;
  int64_t stride = out_stride;
  if (width < SPAN) {
    for (int t = 0; t < T; t++) {
      memset(edge[t], 0, sizeof edge[t]);
      memcpy(edge[t], out + t * out_stride, width * sizeof(float));
    }
    place = edge[0];
    stride = SPAN;
  }
#pragma GCC unroll 12
  for (int t = 0; t < T; t++) {
#pragma GCC unroll 2
    for (int v = 0; v < WIDE; v++) {
      sums[t][v] = first ? Floats{} : load<Floats>(place + t * stride + v * LANES);
    }
  }
  for (int64_t k = 0; k < depth; k++) {
    Floats w[WIDE];
#pragma GCC unroll 2
    for (int v = 0; v < WIDE; v++) {
      w[v] = load<Floats>(panel + k * SPAN + v * LANES);
    }
#pragma GCC unroll 12
    for (int t = 0; t < T; t++) {
      Floats in = splat(x[t * x_stride + k]);
#pragma GCC unroll 2
      for (int v = 0; v < WIDE; v++) {
        sums[t][v] = fma(w[v], in, sums[t][v]);
      }
    }
  }
#pragma GCC unroll 12
  for (int t = 0; t < T; t++) {
#pragma GCC unroll 2
    for (int v = 0; v < WIDE; v++) {
      store(place + t * stride + v * LANES, sums[t][v]);
    }
  }
  if (width < SPAN) {
    for (int t = 0; t < T; t++) {
      memcpy(out + t * out_stride, edge[t], width * sizeof(float));
    }
  }
}

template <typename Stored>
static void multiply_wide(const vesalius_weight* w, float* out, int64_t out_stride, const PreparedFloats& x, int64_t from,
                          int64_t to, void* scratch) {
  constexpr int64_t SIZE = sizeof(typename Stored::Element);
  constexpr int64_t SPAN = WIDE * LANES;
  float* panel = (float*)scratch;
  for (int64_t begin = from; begin < to; begin += SPAN) {
    int64_t width = least(SPAN, to - begin);
    for (int64_t column = 0; column < x.columns; column += DEPTH) {
      int64_t depth = least(DEPTH, x.columns - column);
      for (int64_t k = 0; k < depth; k++) {
        const uint8_t* stored = (const uint8_t*)w->data + ((column + k) * w->rows + begin) * SIZE;
        for (int64_t v = 0; v < SPAN; v += LANES) {
          int64_t n = width - v;
          store(panel + k * SPAN + v, n >= LANES ? Stored::read(stored + v * SIZE)
                                      : n > 0    ? read_first<Stored>(stored + v * SIZE, n)
                                                 : Floats{});
        }
      }
      bool first = column == 0;
      int64_t stride = x.depth(column);
      int64_t t = 0;
      for (; t + WIDE_TOKENS <= x.tokens; t += WIDE_TOKENS) {
        wide_tile<WIDE_TOKENS>(panel, x.at(t, column), stride, depth, out + t * out_stride + begin, out_stride, width, first);
      }
      for (; t < x.tokens; t++) {
        wide_tile<1>(panel, x.at(t, column), stride, depth, out + t * out_stride + begin, out_stride, width, first);
      }
    }
  }
}

template <typename Stored>
static void multiply_transposed(const vesalius_weight* w, float* out, int64_t out_stride, const float* prepared,
                                int64_t tokens, const float* bias, int64_t from, int64_t to, void* scratch) {
  PreparedFloats x{(float*)prepared, tokens, w->columns};
  if (tokens <= 2) {
    stream_stored_rows<Stored>(w, out, out_stride, x, from, to);
  } else {
    multiply_wide<Stored>(w, out, out_stride, x, from, to, scratch);
  }
  if (bias != nullptr) {
    for (int64_t t = 0; t < tokens; t++) {
      for (int64_t r = from; r < to; r++) {
        out[t * out_stride + r] += bias[r];
      }
    }
  }
}

constexpr int64_t TRANSPOSED_SCRATCH = DEPTH * WIDE * LANES * (int64_t)sizeof(float);

}  // namespace VESALIUS_TIER
}  // namespace vesalius
