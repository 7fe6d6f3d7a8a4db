/*
 * Products with dense row-major weights: float32 arithmetic, activations as they are.
 *
 * Columns are taken in stretches of DEPTH. Every PAIR columns of a stretch have as many places, in the order in which the
 * weight's format is read (StoredBF16: even columns first); where columns are missing from the last PAIR, zeros stand. Lane l of
 * an output's sum takes the places l, l + LANES, l + 2 LANES, ... of a stretch one after the other; then the lanes are summed,
 * halves first, and the sums of the stretches are added in their order.
 * Every path below computes just that, so a token's result does not depend on how many others come with it. One token reads
 * the weight as streams, since memory is its limit; some tokens, such as those of several requests, stay in the first-level
 * cache while tiles of rows pass them, straight from where they are stored. Many tokens go the way of strips.h.
 */
namespace vesalius {
namespace VESALIUS_TIER {

typedef float Quad __attribute__((vector_size(16)));

/* A tile of outputs fills the registers: 12 sums of 16 registers, or 24 of 32. */
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int64_t TILE_SUMS = 24;
#else
constexpr int64_t TILE_SUMS = 12;
#endif

/* Its shape where the tokens are the ones that stay in registers. */
constexpr int64_t TILE_ROWS = 4;
constexpr int64_t TILE_TOKENS = TILE_SUMS / TILE_ROWS;

/* And where the rows are. */
constexpr int64_t DIRECT_TOKENS = 4;
constexpr int64_t DIRECT_ROWS = TILE_SUMS / DIRECT_TOKENS;

/* Rows that a single token reads at once: enough chains to hide the latency of a multiply-add. */
constexpr int64_t STREAMS = 8;

/* Columns of a stretch. */
constexpr int64_t DEPTH = 512;

/* Rows that meet a stretch of the tokens while it is in the first-level cache: whole tiles of either shape. */
constexpr int64_t BLOCK_ROWS = 64;
constexpr int64_t DIRECT_BLOCK = 48;
static_assert(BLOCK_ROWS % TILE_ROWS == 0 && DIRECT_BLOCK % DIRECT_ROWS == 0, "a block ends with a tile");

/* More tokens than these do not come this way: see strips.h. */
constexpr int64_t MOST_DIRECT_TOKENS = 47;

/* The column, within its stretch, of a place. */
constexpr int64_t column_at(int64_t place, bool interleaved) {
  return interleaved ? place / PAIR * PAIR + place % LANES * 2 + place % PAIR / LANES : place;
}

/*
 * Activations of a product: stretches after one another, and in a stretch token by token, the columns by their places. Rows as
 * long as the weight's would lie a power of two apart in many models, and share a few sets of the cache.
 */
struct PreparedFloats {
  float* data;
  int64_t tokens;
  int64_t columns;

  /* Places of the stretch that begins at a column: also the distance of two tokens in it. */
  int64_t depth(int64_t column) const { return least(DEPTH, round_up(columns, PAIR) - column); }

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

/* How far each stream of weights fetches ahead, in bytes: what the processor's own prefetching keeps in flight is not enough. */
#if defined(__AVX512F__)
constexpr int64_t FETCH_AHEAD = 1024;
#else
constexpr int64_t FETCH_AHEAD = 512;
#endif

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
    for (; k + 2 * LINE <= depth; k += 2 * LINE) {
#pragma GCC unroll 8
      for (int64_t r = 0; r < STREAMS; r++) {
        __builtin_prefetch(rows[r] + at + k * SIZE + FETCH_AHEAD);
        __builtin_prefetch(rows[r] + at + (k + LINE) * SIZE + FETCH_AHEAD);
      }
#pragma GCC unroll 8
      for (int64_t i = k; i < k + 2 * LINE; i += PAIR) {
        Floats v[2] = {load<Floats>(in + i), load<Floats>(in + i + LANES)};
#pragma GCC unroll 8
        for (int64_t r = 0; r < STREAMS; r++) {
          const uint8_t* from = rows[r] + at + i * SIZE;
          sums[r] = fma(Stored::read(from, 0), v[0], sums[r]);
          sums[r] = fma(Stored::read(from, 1), v[1], sums[r]);
        }
      }
    }
    for (; k < depth; k += PAIR) {
      Floats v[2] = {load<Floats>(in + k), load<Floats>(in + k + LANES)};
#pragma GCC unroll 8
      for (int64_t r = 0; r < STREAMS; r++) {
        const uint8_t* from = rows[r] + at + k * SIZE;
        sums[r] = fma(read_first<Stored>(from, 0, depth - k), v[0], sums[r]);
        sums[r] = fma(read_first<Stored>(from, 1, depth - k), v[1], sums[r]);
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
 * One stretch of R rows straight from storage by T tokens; their sums are added to those of the stretches before, DIRECT_TOKENS
 * of a row together and rows `apart` from each other. The rows are kept in registers while the tokens pass them: so they are
 * converted once for four tokens. Where `next` is not null the rows that come after these are fetched meanwhile.
 */
template <typename Stored, int R, int T>
VESALIUS_INLINE void direct_tile(const uint8_t* rows, int64_t row_bytes, const uint8_t* next, const float* x, int64_t x_stride,
                                 int64_t depth, Quad* totals, int64_t apart, bool first) {
  constexpr int64_t SIZE = sizeof(typename Stored::Element);
  constexpr int64_t LINE = 64 / SIZE;
  Floats sums[R][DIRECT_TOKENS] = {};
  int64_t k = 0;
  for (; k + 2 * LINE <= depth; k += 2 * LINE) {
    if (next != nullptr) {
#pragma GCC unroll 6
      for (int r = 0; r < R; r++) {
        __builtin_prefetch(next + r * row_bytes + k * SIZE);
        __builtin_prefetch(next + r * row_bytes + (k + LINE) * SIZE);
      }
    }
#pragma GCC unroll 8
    for (int64_t i = k; i < k + 2 * LINE; i += PAIR) {
#pragma GCC unroll 2
      for (int64_t half = 0; half < 2; half++) {
        Floats row[R];
#pragma GCC unroll 6
        for (int r = 0; r < R; r++) {
          row[r] = Stored::read(rows + r * row_bytes + i * SIZE, half);
          keep(row[r]);
        }
#pragma GCC unroll 4
        for (int t = 0; t < T; t++) {
          Floats in = load<Floats>(x + t * x_stride + i + half * LANES);
          keep(in);
#pragma GCC unroll 6
          for (int r = 0; r < R; r++) {
            add_product(sums[r][t], row[r], in);
          }
        }
      }
    }
  }
  for (; k < depth; k += PAIR) {
    for (int64_t half = 0; half < 2; half++) {
#pragma GCC unroll 6
      for (int r = 0; r < R; r++) {
        Floats row = read_first<Stored>(rows + r * row_bytes + k * SIZE, half, depth - k);
#pragma GCC unroll 4
        for (int t = 0; t < T; t++) {
          sums[r][t] = fma(row, load<Floats>(x + t * x_stride + k + half * LANES), sums[r][t]);
        }
      }
    }
  }
#pragma GCC unroll 6
  for (int r = 0; r < R; r++) {
    Quad part = sum4(sums[r][0], sums[r][1], sums[r][2], sums[r][3]);
    totals[r * apart] = first ? part : totals[r * apart] + part;
  }
}

/* One stretch of a few rows by `tokens` tokens, T of them or fewer. */
template <typename Stored, int R, int T>
static void direct_first(int64_t tokens, const uint8_t* rows, int64_t row_bytes, const uint8_t* next, const float* x,
                         int64_t x_stride, int64_t depth, Quad* totals, int64_t apart, bool first) {
  if constexpr (T > 1) {
    if (tokens < T) {
      direct_first<Stored, R, T - 1>(tokens, rows, row_bytes, next, x, x_stride, depth, totals, apart, first);
      return;
    }
  }
  direct_tile<Stored, R, T>(rows, row_bytes, next, x, x_stride, depth, totals, apart, first);
}

/* How the tokens of a product are dealt to tiles: nearly the same number for each, since a single one has too few chains. */
struct DirectTiles {
  int64_t tokens;

  constexpr int64_t count() const { return (tokens + DIRECT_TOKENS - 1) / DIRECT_TOKENS; }

  /* The first token of a tile; that of one behind the last is the number of tokens. */
  int64_t first(int64_t tile) const { return tile * tokens / count(); }
};

/* One stretch of R rows by all tokens. */
template <typename Stored, int R>
static void direct_rows(const uint8_t* rows, int64_t row_bytes, const uint8_t* next, const PreparedFloats& x, int64_t column,
                        Quad* totals) {
  DirectTiles tiles{x.tokens};
  for (int64_t i = 0; i < tiles.count(); i++) {
    int64_t token = tiles.first(i);
    direct_first<Stored, R, DIRECT_TOKENS>(tiles.first(i + 1) - token, rows, row_bytes, i == 0 ? next : nullptr,
                                           x.at(token, column), x.depth(column), least(DEPTH, x.columns - column), totals + i,
                                           tiles.count(), column == 0);
  }
}

/* Writes the totals of rows `from` to `to` where they belong. */
static inline void write_totals(const Quad* totals, float* out, int64_t out_stride, int64_t tokens, const float* bias,
                                int64_t from, int64_t to) {
  DirectTiles tiles{tokens};
  for (int64_t i = 0; i < tiles.count(); i++) {
    for (int64_t t = tiles.first(i); t < tiles.first(i + 1); t++) {
      for (int64_t row = from; row < to; row++) {
        float total = totals[(row - from) * tiles.count() + i][t - tiles.first(i)];
        out[t * out_stride + row] = bias == nullptr ? total : total + bias[row];
      }
    }
  }
}

/*
 * Some tokens by blocks of rows, a stretch of the block after the other: the stretch of the tokens stays in the first-level
 * cache, and each tile of rows fetches the next one from memory while it is multiplied.
 */
template <typename Stored>
static void multiply_direct(const vesalius_weight* w, float* out, int64_t out_stride, const PreparedFloats& x, const float* bias,
                            int64_t from, int64_t to) {
  constexpr int64_t SIZE = sizeof(typename Stored::Element);
  const int64_t bytes = w->columns * SIZE;
  const int64_t apart = DirectTiles{x.tokens}.count();
  Quad totals[DIRECT_BLOCK * DirectTiles{MOST_DIRECT_TOKENS}.count()];
  for (int64_t begin = from; begin < to; begin += DIRECT_BLOCK) {
    int64_t end = least(to, begin + DIRECT_BLOCK);
    const uint8_t* block = (const uint8_t*)w->data + begin * bytes;
    for (int64_t column = 0; column < w->columns; column += DEPTH) {
      int64_t row = begin;
      for (; row + DIRECT_ROWS <= end; row += DIRECT_ROWS) {
        const uint8_t* rows = block + (row - begin) * bytes + column * SIZE;
        const uint8_t* next = row + 2 * DIRECT_ROWS <= end   ? rows + DIRECT_ROWS * bytes
                              : column + DEPTH < w->columns ? block + (column + DEPTH) * SIZE
                                                            : block + least(end - begin, to - 1 - begin) * bytes;
        direct_rows<Stored, DIRECT_ROWS>(rows, bytes, next, x, column, totals + (row - begin) * apart);
      }
      for (; row < end; row++) {
        direct_rows<Stored, 1>(block + (row - begin) * bytes + column * SIZE, bytes, nullptr, x, column,
                               totals + (row - begin) * apart);
      }
    }
    write_totals(totals, out, out_stride, x.tokens, bias, begin, end);
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
  return tokens * round_up(columns, PAIR) * (int64_t)sizeof(float);
}

static void prepare_floats(PreparedFloats prepared, bool interleaved, const float* x, int64_t x_stride, int64_t from, int64_t to) {
  for (int64_t t = from; t < to; t++) {
    for (int64_t column = 0; column < prepared.columns; column += DEPTH) {
      float* row = prepared.at(t, column);
      const float* in = x + t * x_stride + column;
      int64_t stored = least(DEPTH, prepared.columns - column);
      int64_t place = 0;
      for (; place + PAIR <= stored; place += PAIR) {
        for (int64_t i = 0; i < PAIR; i++) {
          row[place + i] = in[place + (interleaved ? column_at(i, true) : i)];
        }
      }
      for (; place < prepared.depth(column); place++) {
        int64_t from_column = column_at(place, interleaved);
        row[place] = from_column < stored ? in[from_column] : 0;
      }
    }
  }
}

}  // namespace VESALIUS_TIER
}  // namespace vesalius
