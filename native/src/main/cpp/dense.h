/*
 * Products with dense row-major weights: float32 arithmetic, activations as they are.
 *
 * Columns are taken in stretches of DEPTH. In a stretch lane l of an output's sum takes the columns l, l + LANES, l + 2 LANES,
 * ... one after the other; then the lanes are summed, halves first, and the sums of the stretches are added in their order.
 * Every path below computes just that, so a token's result does not depend on how many others come with it. One token reads
 * the weight as streams, since memory is its limit; some tokens, such as those of several requests, stay in the first-level
 * cache while tiles of rows pass them, straight from where they are stored. Many tokens go the way of strips.h.
 */
namespace vesalius {
namespace VESALIUS_TIER {

typedef float Quad __attribute__((vector_size(16)));

/* A tile of outputs fills the registers: 12 sums of 16 registers, or 24 of 32. */
constexpr int64_t TILE_ROWS = 4;
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int64_t TILE_TOKENS = 6;
#else
constexpr int64_t TILE_TOKENS = 3;
#endif

/* Rows that a single token reads at once: enough chains to hide the latency of a multiply-add. */
constexpr int64_t STREAMS = 8;

/* Columns of a stretch. */
constexpr int64_t DEPTH = 512;

/* Rows that meet a stretch of the tokens while it is in the first-level cache. */
constexpr int64_t BLOCK_ROWS = 64;


/*
 * Activations of a product, zero-padded to PAD columns: stretches after one another, and in a stretch token by token. Rows as
 * long as the weight's would lie a power of two apart in many models, and share a few sets of the cache.
 */
struct PreparedFloats {
  static constexpr int64_t PAD = 16;
  float* data;
  int64_t tokens;
  int64_t columns;

  /* Columns of the stretch that begins at a column: also the distance of two tokens in it. */
  int64_t depth(int64_t column) const { return least(DEPTH, round_up(columns, PAD) - column); }

  float* at(int64_t token, int64_t column) const { return data + column * tokens + token * depth(column); }
};

/* Lane sums of four vectors, each in the order of sum(). */
VESALIUS_INLINE Quad sum4(Floats a, Floats b, Floats c, Floats d) {
  Quad q[4];
  Floats v[4] = {a, b, c, d};
  for (int i = 0; i < 4; i++) {
#if VESALIUS_LANES == 16
    __m256 half = _mm256_add_ps(_mm512_castps512_ps256((__m512)v[i]), _mm512_extractf32x8_ps((__m512)v[i], 1));
    q[i] = (Quad)_mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
#elif VESALIUS_LANES == 8
    q[i] = (Quad)_mm_add_ps(_mm256_castps256_ps128((__m256)v[i]), _mm256_extractf128_ps((__m256)v[i], 1));
#else
    q[i] = v[i];
#endif
  }
  typedef int32_t Order __attribute__((vector_size(16)));
  Quad ab = __builtin_shuffle(q[0], q[1], Order{0, 4, 1, 5}) + __builtin_shuffle(q[0], q[1], Order{2, 6, 3, 7});
  Quad cd = __builtin_shuffle(q[2], q[3], Order{0, 4, 1, 5}) + __builtin_shuffle(q[2], q[3], Order{2, 6, 3, 7});
  return __builtin_shuffle(ab, cd, Order{0, 1, 4, 5}) + __builtin_shuffle(ab, cd, Order{2, 3, 6, 7});
}

/* Adds the stretch's sums of R rows and T tokens to the outputs; the first stretch sets them, the last one adds the bias. */
template <int R, int T>
VESALIUS_INLINE void finish(Floats (&sums)[R][T], float* out, int64_t out_stride, const float* bias, bool first, bool last) {
#pragma GCC unroll 6
  for (int t = 0; t < T; t++) {
    float* to = out + t * out_stride;
    if constexpr (R % 4 == 0) {
#pragma GCC unroll 2
      for (int r = 0; r < R; r += 4) {
        Quad q = sum4(sums[r][t], sums[r + 1][t], sums[r + 2][t], sums[r + 3][t]);
        if (!first) {
          q = load<Quad>(to + r) + q;
        }
        if (last && bias != nullptr) {
          q = q + load<Quad>(bias + r);
        }
        store(to + r, q);
      }
    } else {
      for (int r = 0; r < R; r++) {
        float total = first ? sum(sums[r][t]) : to[r] + sum(sums[r][t]);
        to[r] = last && bias != nullptr ? total + bias[r] : total;
      }
    }
  }
}

/* How far each stream of weights fetches ahead: what the processor's own prefetching keeps in flight is not enough. */
constexpr int64_t FETCH_AHEAD = 512;

/* One token by the rows `row`, `row + apart`, ..., STREAMS of them; those from `to` on repeat the last and are dropped. */
template <typename Stored>
static inline void stream_apart(const vesalius_weight* w, float* out, const PreparedFloats& x, const float* bias, int64_t row,
                                int64_t apart, int64_t to) {
  constexpr int64_t SIZE = sizeof(typename Stored::Element);
  constexpr int64_t LINE = 64 / SIZE;
  const uint8_t* rows[STREAMS];
  for (int64_t r = 0; r < STREAMS; r++) {
    rows[r] = (const uint8_t*)w->data + least(row + r * apart, to - 1) * w->columns * SIZE;
  }
  Quad total[STREAMS / 4];
  for (int64_t column = 0; column == 0 || column < x.columns; column += DEPTH) {
    Floats sums[STREAMS] = {};
    const float* in = x.at(0, column);
    int64_t depth = least(DEPTH, x.columns - column);
    int64_t at = column * SIZE;
    int64_t k = 0;
    for (; k + LINE <= depth; k += LINE) {
#pragma GCC unroll 8
      for (int64_t r = 0; r < STREAMS; r++) {
        __builtin_prefetch(rows[r] + at + k * SIZE + FETCH_AHEAD);
      }
#pragma GCC unroll 8
      for (int64_t i = k; i < k + LINE; i += LANES) {
        Floats v = load<Floats>(in + i);
#pragma GCC unroll 8
        for (int64_t r = 0; r < STREAMS; r++) {
          sums[r] = fma(Stored::read(rows[r] + at + i * SIZE), v, sums[r]);
        }
      }
    }
    for (; k < depth; k += LANES) {
      Floats v = load<Floats>(in + k);
#pragma GCC unroll 8
      for (int64_t r = 0; r < STREAMS; r++) {
        const uint8_t* from = rows[r] + at + k * SIZE;
        Floats stored = k + LANES <= depth ? Stored::read(from) : read_first<Stored>(from, depth - k);
        sums[r] = fma(stored, v, sums[r]);
      }
    }
#pragma GCC unroll 2
    for (int64_t q = 0; q < STREAMS / 4; q++) {
      Quad part = sum4(sums[4 * q], sums[4 * q + 1], sums[4 * q + 2], sums[4 * q + 3]);
      total[q] = column == 0 ? part : total[q] + part;
    }
  }
  for (int64_t r = 0; r < STREAMS; r++) {
    int64_t i = row + r * apart;
    if (i < to) {
      out[i] = bias == nullptr ? total[r / 4][r % 4] : total[r / 4][r % 4] + bias[i];
    }
  }
}

/*
 * One token by rows from as many parts of the range at a time, each of which is one stream from its first byte to its last.
 * Neighbouring rows side by side would be several streams in a page, or at the same place of several pages, which prefetching
 * and the cache's sets do not bear.
 */
template <typename Stored>
static void multiply_stream(const vesalius_weight* w, float* out, const PreparedFloats& x, const float* bias, int64_t from,
                            int64_t to) {
  int64_t part = (to - from + STREAMS - 1) / STREAMS;
  for (int64_t row = from; row < from + part; row++) {
    stream_apart<Stored>(w, out, x, bias, row, part, to);
  }
}

/*
 * One stretch of R rows straight from storage by T tokens. Where `next` is not null the rows that come after these are fetched
 * meanwhile, which lie as far from each other.
 */
template <typename Stored, int R, int T>
VESALIUS_INLINE void direct_tile(const uint8_t* rows, int64_t w_bytes, const uint8_t* next, const float* x, int64_t x_stride,
                                 int64_t depth, float* out, int64_t out_stride, const float* bias, bool first, bool last) {
  constexpr int64_t SIZE = sizeof(typename Stored::Element);
  Floats sums[R][T] = {};
  int64_t k = 0;
  for (; k + LANES <= depth; k += LANES) {
    if (next != nullptr && k * SIZE % 64 == 0) {
#pragma GCC unroll 4
      for (int r = 0; r < R; r++) {
        __builtin_prefetch(next + r * w_bytes + k * SIZE);
      }
    }
    Floats in[T];
#pragma GCC unroll 6
    for (int t = 0; t < T; t++) {
      in[t] = load<Floats>(x + t * x_stride + k);
    }
#pragma GCC unroll 4
    for (int r = 0; r < R; r++) {
      Floats row = Stored::read(rows + r * w_bytes + k * SIZE);
      keep(row);
#pragma GCC unroll 6
      for (int t = 0; t < T; t++) {
        sums[r][t] = fma(row, in[t], sums[r][t]);
      }
    }
  }
  if (k < depth) {
#pragma GCC unroll 4
    for (int r = 0; r < R; r++) {
      Floats row = read_first<Stored>(rows + r * w_bytes + k * SIZE, depth - k);
#pragma GCC unroll 6
      for (int t = 0; t < T; t++) {
        sums[r][t] = fma(row, load<Floats>(x + t * x_stride + k), sums[r][t]);
      }
    }
  }
  finish<R, T>(sums, out, out_stride, bias, first, last);
}

/* One stretch of a few rows, R of them or one, by `tokens` tokens, T of them or fewer. */
template <typename Stored, int R, int T>
static void direct_first(int64_t tokens, const uint8_t* rows, int64_t w_bytes, const uint8_t* next, const float* x,
                         int64_t x_stride, int64_t depth, float* out, int64_t out_stride, const float* bias, bool first,
                         bool last) {
  if constexpr (T > 1) {
    if (tokens < T) {
      direct_first<Stored, R, T - 1>(tokens, rows, w_bytes, next, x, x_stride, depth, out, out_stride, bias, first, last);
      return;
    }
  }
  direct_tile<Stored, R, T>(rows, w_bytes, next, x, x_stride, depth, out, out_stride, bias, first, last);
}

/* One stretch of R rows by all tokens. */
template <typename Stored, int R>
static void direct_rows(const uint8_t* rows, int64_t w_bytes, const uint8_t* next, const PreparedFloats& x, int64_t column,
                        float* out, int64_t out_stride, const float* bias) {
  int64_t x_stride = x.depth(column);
  int64_t depth = least(DEPTH, x.columns - column);
  bool last = column + DEPTH >= x.columns;
  /* Tiles of nearly the same number: a single token has too few chains. */
  int64_t tiles = (x.tokens + TILE_TOKENS - 1) / TILE_TOKENS;
  int64_t t = 0;
  for (int64_t i = tiles; i > 0; i--) {
    int64_t count = (x.tokens - t + i - 1) / i;
    direct_first<Stored, R, TILE_TOKENS>(count, rows, w_bytes, t == 0 ? next : nullptr, x.at(t, column), x_stride, depth,
                                         out + t * out_stride, out_stride, bias, column == 0, last);
    t += count;
  }
}

/*
 * A stretch of a block of rows after the other: the stretch of the tokens stays in the first-level cache, and each tile of rows
 * fetches the next one from memory while it is multiplied.
 */
template <typename Stored>
static void multiply_direct(const vesalius_weight* w, float* out, int64_t out_stride, const PreparedFloats& x, const float* bias,
                            int64_t from, int64_t to) {
  constexpr int64_t SIZE = sizeof(typename Stored::Element);
  const int64_t bytes = w->columns * SIZE;
  const uint8_t* data = (const uint8_t*)w->data;
  for (int64_t begin = from; begin < to; begin += BLOCK_ROWS) {
    int64_t end = least(to, begin + BLOCK_ROWS);
    for (int64_t column = 0; column < w->columns; column += DEPTH) {
      int64_t row = begin;
      for (; row + TILE_ROWS <= end; row += TILE_ROWS) {
        const uint8_t* rows = data + row * bytes + column * SIZE;
        const uint8_t* next = row + 2 * TILE_ROWS <= end ? rows + TILE_ROWS * bytes
                              : column + DEPTH < w->columns ? data + begin * bytes + (column + DEPTH) * SIZE
                                                            : data + least(end, to - 1) * bytes;
        direct_rows<Stored, TILE_ROWS>(rows, bytes, next, x, column, out + row, out_stride, bias == nullptr ? nullptr : bias + row);
      }
      for (; row < end; row++) {
        direct_rows<Stored, 1>(data + row * bytes + column * SIZE, bytes, nullptr, x, column, out + row, out_stride,
                               bias == nullptr ? nullptr : bias + row);
      }
    }
  }
}

template <typename Stored>
static void multiply_dense(const vesalius_weight* w, float* out, int64_t out_stride, const float* prepared, int64_t tokens,
                           const float* bias, int64_t from, int64_t to) {
  PreparedFloats x{(float*)prepared, tokens, w->columns};
  if (tokens == 1) {
    multiply_stream<Stored>(w, out, x, bias, from, to);
  } else {
    multiply_direct<Stored>(w, out, out_stride, x, bias, from, to);
  }
}

static int64_t prepared_floats_bytes(int64_t columns, int64_t tokens) {
  return tokens * round_up(columns, PreparedFloats::PAD) * (int64_t)sizeof(float);
}

static void prepare_floats(PreparedFloats prepared, const float* x, int64_t x_stride, int64_t from, int64_t to) {
  for (int64_t t = from; t < to; t++) {
    for (int64_t column = 0; column < prepared.columns; column += DEPTH) {
      float* row = prepared.at(t, column);
      int64_t depth = prepared.depth(column);
      int64_t stored = least(depth, prepared.columns - column);
      memcpy(row, x + t * x_stride + column, stored * sizeof(float));
      memset(row + stored, 0, (depth - stored) * sizeof(float));
    }
  }
}

}  // namespace VESALIUS_TIER
}  // namespace vesalius
