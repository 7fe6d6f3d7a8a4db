/*
 * Products with row-major BF16 weights by the processor's BF16 dot products (AVX512-BF16): activations are rounded to BF16, a
 * lane adds two products at a time, and weights are used as they are stored. Stretches, sums of lanes and their order are those
 * of dense.h.
 */
#if defined(__AVX512BF16__)

namespace vesalius {
namespace VESALIUS_TIER {

/* Columns that one instruction takes. */
constexpr int64_t BRAIN_STEP = 32;

/* Activations in BF16, zero-padded to whole steps, laid out like PreparedFloats. */
struct PreparedBrain {
  uint16_t* data;
  int64_t tokens;
  int64_t columns;

  int64_t depth(int64_t column) const { return least(DEPTH, round_up(columns, BRAIN_STEP) - column); }
  uint16_t* at(int64_t token, int64_t column) const { return data + column * tokens + token * depth(column); }
  int64_t bytes() const { return tokens * round_up(columns, BRAIN_STEP) * 2; }
};

/* Rounds `columns` numbers to BF16 and pads with zeros up to `padded`. */
static void round_to_brain(uint16_t* out, const float* x, int64_t columns, int64_t padded) {
  int64_t k = 0;
  for (; k + LANES <= columns; k += LANES) {
    store(out + k, bf16_of_floats(load<Floats>(x + k)));
  }
  for (; k < padded; k++) {
    out[k] = k < columns ? bf16_of_float(x[k]) : 0;
  }
}

static void prepare_brain(PreparedBrain prepared, const float* x, int64_t x_stride, int64_t from, int64_t to) {
  for (int64_t t = from; t < to; t++) {
    for (int64_t column = 0; column < prepared.columns; column += DEPTH) {
      round_to_brain(prepared.at(t, column), x + t * x_stride + column, least(DEPTH, prepared.columns - column),
                     prepared.depth(column));
    }
  }
}

VESALIUS_INLINE Floats dot_pairs(Floats sums, __m512i w, __m512i x) {
  return (Floats)_mm512_dpbf16_ps((__m512)sums, (__m512bh)w, (__m512bh)x);
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

/* One stretch of R rows by T tokens. */
template <int R, int T>
static inline void brain_tile(const uint16_t* w, int64_t w_stride, const uint16_t* x, int64_t x_stride, int64_t depth,
                              float* out, int64_t out_stride, const float* bias, bool first, bool last) {
  Floats sums[R][T] = {};
  int64_t k = 0;
  for (; k + BRAIN_STEP <= depth; k += BRAIN_STEP) {
    __m512i in[T];
#pragma GCC unroll 6
    for (int t = 0; t < T; t++) {
      in[t] = _mm512_loadu_si512(x + t * x_stride + k);
    }
#pragma GCC unroll 8
    for (int r = 0; r < R; r++) {
      __m512i row = _mm512_loadu_si512(w + r * w_stride + k);
#pragma GCC unroll 6
      for (int t = 0; t < T; t++) {
        sums[r][t] = dot_pairs(sums[r][t], row, in[t]);
      }
    }
  }
  if (k < depth) {
    __mmask32 rest = (__mmask32)((1u << (depth - k)) - 1);
#pragma GCC unroll 8
    for (int r = 0; r < R; r++) {
      __m512i row = _mm512_maskz_loadu_epi16(rest, w + r * w_stride + k);
#pragma GCC unroll 6
      for (int t = 0; t < T; t++) {
        sums[r][t] = dot_pairs(sums[r][t], row, _mm512_loadu_si512(x + t * x_stride + k));
      }
    }
  }
  finish<R, T>(sums, out, out_stride, bias, first, last);
}

template <int T>
static void brain_rows(const vesalius_weight* w, PreparedBrain x, int64_t token, int64_t column, float* out,
                       int64_t out_stride, const float* bias, int64_t from, int64_t to) {
  constexpr int R = T == 1 ? STREAMS : TILE_ROWS;
  const uint16_t* data = (const uint16_t*)w->data + column;
  const uint16_t* in = x.at(token, column);
  int64_t x_stride = x.depth(column);
  int64_t depth = least(DEPTH, w->columns - column);
  bool first = column == 0;
  bool last = column + DEPTH >= w->columns;
  float* into = out + token * out_stride;
  int64_t row = from;
  for (; row + R <= to; row += R) {
    brain_tile<R, T>(data + row * w->columns, w->columns, in, x_stride, depth, into + row, out_stride,
                     bias == nullptr ? nullptr : bias + row, first, last);
  }
  for (; row < to; row++) {
    brain_tile<1, T>(data + row * w->columns, w->columns, in, x_stride, depth, into + row, out_stride,
                     bias == nullptr ? nullptr : bias + row, first, last);
  }
}

static void multiply_brain(const vesalius_weight* w, float* out, int64_t out_stride, PreparedBrain x, const float* bias,
                           int64_t from, int64_t to) {
  int64_t rows = x.tokens == 1 ? STREAMS : BLOCK_ROWS;
  for (int64_t begin = from; begin < to; begin += rows) {
    int64_t end = least(to, begin + rows);
    int64_t column = 0;
    do {
      int64_t t = 0;
      for (; t + TILE_TOKENS <= x.tokens; t += TILE_TOKENS) {
        brain_rows<TILE_TOKENS>(w, x, t, column, out, out_stride, bias, begin, end);
      }
      for (; t < x.tokens; t++) {
        brain_rows<1>(w, x, t, column, out, out_stride, bias, begin, end);
      }
      column += DEPTH;
    } while (column < w->columns);
  }
}

}  // namespace VESALIUS_TIER
}  // namespace vesalius

#endif
