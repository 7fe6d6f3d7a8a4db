/*
 * The inner loops of attention. A score's lanes sum the products of every LANES-th number of a head, one after the other, and
 * are then summed, halves first; an output sums weighted values key by key. Whatever the tile, every number is computed in
 * just this way, so that decode, prefill and any block of queries agree to the bit.
 */
namespace vesalius {
namespace VESALIUS_TIER {

/* Keys of a block; blocks lie at multiples of it in the sequence. */
constexpr int64_t KEYS = 64;

/* Registers of sums: 12 of 16, or 24 of 32. */
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int SCORE_ROWS = 6;
constexpr int VALUE_VECTORS = 4;
#else
constexpr int SCORE_ROWS = 3;
constexpr int VALUE_VECTORS = 2;
#endif
constexpr int SCORE_KEYS = 4;
constexpr int VALUE_ROWS = 6;

/* Query heads that the streaming loops take, and by how many keys they fetch ahead of themselves. */
constexpr int64_t STREAM_ROWS = 8;
constexpr int64_t AHEAD = 32;

typedef float FourFloats __attribute__((vector_size(16)));
typedef int32_t FourInts __attribute__((vector_size(16)));

/* A vector folded to four lanes, halves first. */
VESALIUS_INLINE FourFloats fold(Floats v) {
#if VESALIUS_LANES == 16
  auto half = __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7) + __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15);
  return __builtin_shufflevector(half, half, 0, 1, 2, 3) + __builtin_shufflevector(half, half, 4, 5, 6, 7);
#elif VESALIUS_LANES == 8
  return __builtin_shufflevector(v, v, 0, 1, 2, 3) + __builtin_shufflevector(v, v, 4, 5, 6, 7);
#else
  return (FourFloats)v;
#endif
}

/* The sums of four vectors, each in the order of sum(). */
VESALIUS_INLINE FourFloats sum_each(const Floats* v) {
  FourFloats a = fold(v[0]), b = fold(v[1]), c = fold(v[2]), d = fold(v[3]);
  FourFloats ab = __builtin_shuffle(a, b, FourInts{0, 4, 1, 5}) + __builtin_shuffle(a, b, FourInts{2, 6, 3, 7});
  FourFloats cd = __builtin_shuffle(c, d, FourInts{0, 4, 1, 5}) + __builtin_shuffle(c, d, FourInts{2, 6, 3, 7});
  return __builtin_shuffle(ab, cd, FourInts{0, 1, 4, 5}) + __builtin_shuffle(ab, cd, FourInts{2, 3, 6, 7});
}

/* As sum(), in registers. */
VESALIUS_INLINE float sum_lanes(Floats v) {
  FourFloats four = fold(v);
  return (four[0] + four[2]) + (four[1] + four[3]);
}

VESALIUS_INLINE float largest_lane(Floats v) {
#if VESALIUS_LANES == 16
  auto low = __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7), high = __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15);
  auto half = low > high ? low : high;
  FourFloats a = __builtin_shufflevector(half, half, 0, 1, 2, 3), b = __builtin_shufflevector(half, half, 4, 5, 6, 7);
#elif VESALIUS_LANES == 8
  FourFloats a = __builtin_shufflevector(v, v, 0, 1, 2, 3), b = __builtin_shufflevector(v, v, 4, 5, 6, 7);
#else
  FourFloats a = (FourFloats)v, b = a;
#endif
  a = a > b ? a : b;
  b = __builtin_shuffle(a, FourInts{2, 3, 2, 3});
  a = a > b ? a : b;
  return a[1] > a[0] ? a[1] : a[0];
}

/* ---- many queries: keys and values are floats in scratch, rows of whole vectors ---- */

/* Scores of R queries and SCORE_KEYS keys. */
template <int R>
static inline void score_tile(float* scores, const float* q, const float* k, int64_t width) {
  Floats total[R][SCORE_KEYS] = {};
  for (int64_t i = 0; i < width; i += LANES) {
    Floats a[R];
#pragma GCC unroll 8
    for (int r = 0; r < R; r++) {
      a[r] = load<Floats>(q + r * width + i);
      keep(a[r]);
    }
#pragma GCC unroll 8
    for (int j = 0; j < SCORE_KEYS; j++) {
      Floats b = load<Floats>(k + j * width + i);
      keep(b);
#pragma GCC unroll 8
      for (int r = 0; r < R; r++) {
        total[r][j] = fma(a[r], b, total[r][j]);
      }
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; r++) {
    store(scores + r * KEYS, sum_each(total[r]));
  }
}

/* Adds the weighted values of the keys `from` to `to` to V vectors of R rows of sums. */
template <int R, int V>
static inline void value_tile(float* sums, int64_t width, const float* weights, const float* values, int64_t from,
                              int64_t to) {
  Floats total[R][V];
#pragma GCC unroll 8
  for (int r = 0; r < R; r++) {
#pragma GCC unroll 8
    for (int j = 0; j < V; j++) {
      total[r][j] = load<Floats>(sums + r * width + j * LANES);
    }
  }
  for (int64_t key = from; key < to; key++) {
    Floats b[V];
#pragma GCC unroll 8
    for (int j = 0; j < V; j++) {
      b[j] = load<Floats>(values + key * width + j * LANES);
      keep(b[j]);
    }
#pragma GCC unroll 8
    for (int r = 0; r < R; r++) {
      Floats weight = splat(weights[r * KEYS + key]);
#pragma GCC unroll 8
      for (int j = 0; j < V; j++) {
        total[r][j] = fma(weight, b[j], total[r][j]);
      }
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; r++) {
#pragma GCC unroll 8
    for (int j = 0; j < V; j++) {
      store(sums + r * width + j * LANES, total[r][j]);
    }
  }
}

/* Adds the weighted values of the keys `from` to `to` to R rows of sums. */
template <int R, int V>
static inline void value_rows(float* sums, int64_t width, const float* weights, const float* values, int64_t from,
                              int64_t to) {
  int64_t i = 0;
  for (; i + V * LANES <= width; i += V * LANES) {
    value_tile<R, V>(sums + i, width, weights, values + i, from, to);
  }
  for (; i < width; i += LANES) {
    value_tile<R, 1>(sums + i, width, weights, values + i, from, to);
  }
}

/* ---- few queries: keys and values come straight from the cache ---- */

/* Fetches a part of what a tile of K keys or values will read AHEAD keys later; rows of a page follow one another. */
template <typename Stored, int K>
VESALIUS_INLINE void fetch(const char* ahead, int64_t i) {
  constexpr int64_t STEP = K * LANES * (int64_t)sizeof(typename Stored::Element);
  const char* part = ahead + i / LANES * STEP;
#pragma GCC unroll 8
  for (int64_t line = 0; line < STEP; line += 64) {
    __builtin_prefetch(part + line, 0, 3);
  }
}

/* Scores of R queries and K keys. */
template <typename Stored, int R, int K>
static inline void stream_score_tile(float* scores, const float* q, const char* const* keys, int64_t width) {
  constexpr int64_t SIZE = sizeof(typename Stored::Element);
  Floats total[K][R] = {};
  const char* k[K];
#pragma GCC unroll 8
  for (int j = 0; j < K; j++) {
    k[j] = keys[j];
  }
  const char* ahead = keys[AHEAD];
  for (int64_t i = 0; i < width; i += LANES) {
    fetch<Stored, K>(ahead, i);
#pragma GCC unroll 8
    for (int j = 0; j < K; j++) {
      Floats b = Stored::read(k[j] + i * SIZE);
      keep(b);
#pragma GCC unroll 8
      for (int r = 0; r < R; r++) {
        total[j][r] = fma(load<Floats>(q + r * width + i), b, total[j][r]);
      }
    }
  }
  const Floats* flat = total[0];
  constexpr int ALL = R * K;
#pragma GCC unroll 24
  for (int i = 0; i < ALL; i += 4) {
    Floats four[4];
#pragma GCC unroll 4
    for (int l = 0; l < 4; l++) {
      four[l] = flat[i + l < ALL ? i + l : i];
    }
    FourFloats each = sum_each(four);
#pragma GCC unroll 4
    for (int l = 0; l < 4; l++) {
      if (i + l < ALL) {
        scores[(i + l) % R * KEYS + (i + l) / R] = each[l];
      }
    }
  }
}

/*
 * Scores of R queries and the keys `from` to `to` of a block; those beside them in a tile are computed as well and mean
 * nothing.
 */
template <typename Stored, int R>
static void stream_scores(float* scores, const float* q, const char* const* keys, int64_t width, int64_t from, int64_t to) {
  constexpr int K = R == 1 ? 8 : R <= 3 ? 4 : R <= 6 ? 2 : 1;
  for (int64_t key = from / K * K; key < to; key += K) {
    stream_score_tile<Stored, R, K>(scores + key, q, keys + key, width);
  }
}

/* Adds K weighted values to C vectors of R rows of sums. */
template <typename Stored, int R, int K, int C>
VESALIUS_INLINE void add_values(float* sums, const Floats* weights, const float* weight, const char* const* v, int64_t i,
                                int64_t width) {
  constexpr int64_t SIZE = sizeof(typename Stored::Element);
  Floats b[K][C];
#pragma GCC unroll 8
  for (int j = 0; j < K; j++) {
#pragma GCC unroll 8
    for (int c = 0; c < C; c++) {
      b[j][c] = Stored::read(v[j] + (i + c * LANES) * SIZE);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; r++) {
    Floats total[C];
#pragma GCC unroll 8
    for (int c = 0; c < C; c++) {
      total[c] = load<Floats>(sums + r * width + i + c * LANES);
    }
#pragma GCC unroll 8
    for (int j = 0; j < K; j++) {
      Floats a = weights != nullptr ? weights[r * K + j] : splat(weight[r * KEYS + j]);
#pragma GCC unroll 8
      for (int c = 0; c < C; c++) {
        total[c] = fma(a, b[j][c], total[c]);
      }
    }
#pragma GCC unroll 8
    for (int c = 0; c < C; c++) {
      store(sums + r * width + i + c * LANES, total[c]);
    }
  }
}

/* Adds K weighted values to R rows of sums; few weights stay in registers, of many each serves two vectors. */
template <typename Stored, int R, int K>
static inline void stream_value_tile(float* sums, const float* weight, const char* const* values, int64_t width) {
  const char* v[K];
#pragma GCC unroll 8
  for (int j = 0; j < K; j++) {
    v[j] = values[j];
  }
  const char* ahead = values[AHEAD];
  int64_t i = 0;
  if constexpr (R * K <= 8) {
    Floats weights[R * K];
#pragma GCC unroll 8
    for (int j = 0; j < R * K; j++) {
      weights[j] = splat(weight[j / K * KEYS + j % K]);
    }
    for (; i < width; i += LANES) {
      fetch<Stored, K>(ahead, i);
      add_values<Stored, R, K, 1>(sums, weights, nullptr, v, i, width);
    }
  } else {
    for (; i + 2 * LANES <= width; i += 2 * LANES) {
      fetch<Stored, K>(ahead, i);
      fetch<Stored, K>(ahead, i + LANES);
      add_values<Stored, R, K, 2>(sums, nullptr, weight, v, i, width);
    }
    if (i < width) {
      add_values<Stored, R, K, 1>(sums, nullptr, weight, v, i, width);
    }
  }
}

/* Adds one weighted value to one row of sums. */
template <typename Stored>
static __attribute__((noinline)) void stream_value(float* sums, float weight, const char* value, int64_t width) {
  for (int64_t i = 0; i < width; i += LANES) {
    Floats b = Stored::read(value + i * (int64_t)sizeof(typename Stored::Element));
    store(sums + i, fma(splat(weight), b, load<Floats>(sums + i)));
  }
}

/* Adds the weighted values of the keys `from` to `to` of a block to R rows of sums. */
template <typename Stored, int R>
static void stream_values(float* sums, const float* weights, const char* const* values, int64_t width, int64_t from,
                          int64_t to) {
  constexpr int K = R == 1 ? 8 : 4;
  int64_t key = from;
  for (; key + K <= to; key += K) {
    stream_value_tile<Stored, R, K>(sums, weights + key, values + key, width);
  }
  for (; key < to; key++) {
    for (int64_t r = 0; r < R; r++) {
      stream_value<Stored>(sums + r * width, weights[r * KEYS + key], values[key], width);
    }
  }
}

}  // namespace VESALIUS_TIER
}  // namespace vesalius
