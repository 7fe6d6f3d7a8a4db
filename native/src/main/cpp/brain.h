/*
 * Products with row-major BF16 weights by the processor's BF16 dot products (AVX512-BF16): activations are rounded to BF16, a
 * lane adds two products at a time, and weights are used as they are stored.
 *
 * Columns are taken in stretches of BRAIN_DEPTH. Lane l of an output's sum takes the columns 2 l and 2 l + 1 of every BRAIN_STEP
 * of a stretch, one after the other; then the lanes are summed, halves first, and the sums of the stretches are added in their
 * order. Every path below computes just that, so a token's result does not depend on how many others come with it. One token
 * reads the weight as streams; some tokens meet tiles of rows where these are stored; many tokens meet blocks of rows that were
 * copied into the order in which tiles read them.
 */
#if defined(__AVX512BF16__)

namespace vesalius {
namespace VESALIUS_TIER {

/* Columns that one instruction takes. */
constexpr int64_t BRAIN_STEP = 32;

/* Columns of a stretch: more than dense.h's, since adding lanes up takes as long as hundreds of multiply-adds. */
constexpr int64_t BRAIN_DEPTH = 2048;

/* A tile fills the registers: 24 sums, a row or two of what they are made of. */
constexpr int BRAIN_ROWS = 4;
constexpr int BRAIN_TOKENS = 6;

/*
 * Rows that a single token reads at once, and how far ahead each is fetched, in bytes. The fewer streams, the better the
 * processor's own prefetching follows (Zen 5: 2 read a tenth faster than 4, a quarter faster than 8), but one has a single
 * chain of sums.
 */
constexpr int64_t BRAIN_STREAMS = 2;
constexpr int64_t BRAIN_AHEAD = 2048;

/* More tokens than these are worth a copy of the rows. */
constexpr int64_t MOST_DIRECT_BRAIN_TOKENS = 80;

/* Rows of a block, and tokens that meet it at a time: a stretch of the block and the sums share the second-level cache. */
constexpr int64_t BRAIN_BLOCK = 64;
constexpr int64_t BRAIN_CHUNK = 85 * BRAIN_TOKENS;
static_assert(BRAIN_BLOCK % BRAIN_ROWS == 0, "a block ends with a tile");

/* How tokens are dealt to tiles: nearly the same number for each, since few of them have too few chains. */
struct BrainTiles {
  int64_t tokens;

  int64_t count() const { return (tokens + BRAIN_TOKENS - 1) / BRAIN_TOKENS; }

  /* The first token of a tile; that of one behind the last is the number of tokens. */
  int64_t first(int64_t tile) const { return tile * tokens / count(); }

  int64_t tile_of(int64_t token) const { return ((token + 1) * count() - 1) / tokens; }
};

/*
 * Activations in BF16, zero-padded to whole steps: stretches after one another, in a stretch the tiles of tokens, in a tile the
 * steps, and of a step its tokens.
 */
struct PreparedBrain {
  uint16_t* data;
  int64_t tokens;
  int64_t columns;

  int64_t depth(int64_t column) const { return least(BRAIN_DEPTH, round_up(columns, BRAIN_STEP) - column); }

  /* The stretch of the tile that begins with a token. */
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
  BrainTiles tiles{prepared.tokens};
  for (int64_t t = from; t < to; t++) {
    int64_t tile = tiles.tile_of(t);
    int64_t first = tiles.first(tile);
    int64_t width = tiles.first(tile + 1) - first;
    for (int64_t column = 0; column < prepared.columns; column += BRAIN_DEPTH) {
      uint16_t* out = prepared.at(first, column) + (t - first) * BRAIN_STEP;
      int64_t stored = least(BRAIN_DEPTH, prepared.columns - column);
      for (int64_t k = 0; k < stored; k += BRAIN_STEP) {
        round_to_brain(out + k * width, x + t * x_stride + column + k, least(BRAIN_STEP, stored - k), BRAIN_STEP);
      }
    }
  }
}

VESALIUS_INLINE Floats dot_pairs(Floats sums, __m512i w, __m512i x) {
  return (Floats)_mm512_dpbf16_ps((__m512)sums, (__m512bh)w, (__m512bh)x);
}

/* The last columns of a stretch, less than a step, and zeros. */
VESALIUS_INLINE __m512i last_step(const uint16_t* w, int64_t count) {
  return _mm512_maskz_loadu_epi16((__mmask32)((1u << count) - 1), w);
}

/* ---- one token ---- */

/* By the rows `row`, `row + apart`, ..., BRAIN_STREAMS of them; those from `to` on repeat the last and are dropped. */
static inline void stream_brain_rows(const vesalius_weight* w, float* out, const PreparedBrain& x, const float* bias, int64_t row,
                                     int64_t apart, int64_t to) {
  const uint16_t* rows[BRAIN_STREAMS];
  for (int64_t r = 0; r < BRAIN_STREAMS; r++) {
    rows[r] = (const uint16_t*)w->data + least(row + r * apart, to - 1) * w->columns;
  }
  float total[BRAIN_STREAMS];
  for (int64_t column = 0; column < x.columns; column += BRAIN_DEPTH) {
    Floats sums[BRAIN_STREAMS] = {};
    const uint16_t* in = x.at(0, column);
    int64_t depth = least(BRAIN_DEPTH, x.columns - column);
    int64_t k = 0;
    for (; k + BRAIN_STEP <= depth; k += BRAIN_STEP) {
      __m512i v = _mm512_loadu_si512(in + k);
#pragma GCC unroll 4
      for (int64_t r = 0; r < BRAIN_STREAMS; r++) {
        const uint16_t* from = rows[r] + column + k;
        __builtin_prefetch((const uint8_t*)from + BRAIN_AHEAD);
        sums[r] = dot_pairs(sums[r], _mm512_loadu_si512(from), v);
      }
    }
    if (k < depth) {
      __m512i v = _mm512_loadu_si512(in + k);
#pragma GCC unroll 4
      for (int64_t r = 0; r < BRAIN_STREAMS; r++) {
        sums[r] = dot_pairs(sums[r], last_step(rows[r] + column + k, depth - k), v);
      }
    }
#pragma GCC unroll 4
    for (int64_t r = 0; r < BRAIN_STREAMS; r++) {
      float part = sum(sums[r]);
      total[r] = column == 0 ? part : total[r] + part;
    }
  }
  for (int64_t r = 0; r < BRAIN_STREAMS; r++) {
    int64_t i = row + r * apart;
    if (i < to) {
      out[i] = bias == nullptr ? total[r] : total[r] + bias[i];
    }
  }
}

/* By rows from as many parts of the range at a time, each of which is one stream from its first byte to its last. */
static void stream_brain(const vesalius_weight* w, float* out, const PreparedBrain& x, const float* bias, int64_t from, int64_t to) {
  int64_t part = (to - from + BRAIN_STREAMS - 1) / BRAIN_STREAMS;
  for (int64_t row = from; row < from + part; row++) {
    stream_brain_rows(w, out, x, bias, row, part, to);
  }
}

/* ---- tiles ---- */

/* Sums of some rows by `tokens` tokens until they are complete, four rows of a token side by side. */
struct BrainTotals {
  float* data;
  int64_t tokens;

  float* at(int64_t row, int64_t token) const { return data + (row / 4 * tokens + token) * 4 + row % 4; }

  static constexpr int64_t floats(int64_t rows, int64_t tokens) { return (rows + 3) / 4 * 4 * tokens; }

  /* The rows of a token after one another, since outputs of different tokens may lie a power of two apart. */
  void write(float* out, int64_t out_stride, const float* bias, int64_t from, int64_t to) const {
    for (int64_t t = 0; t < tokens; t++) {
      float* into = out + t * out_stride;
      int64_t row = from;
      for (; row + 4 <= to; row += 4) {
        Quad total = load<Quad>(at(row - from, t));
        store(into + row, bias == nullptr ? total : total + load<Quad>(bias + row));
      }
      for (; row < to; row++) {
        float total = *at(row - from, t);
        into[row] = bias == nullptr ? total : total + bias[row];
      }
    }
  }
};

/* Sums of both halves of a's lanes, then of b's. */
VESALIUS_INLINE __m512 add_halves(Floats a, Floats b) {
  return _mm512_add_ps(_mm512_shuffle_f32x4((__m512)a, (__m512)b, 0x44), _mm512_shuffle_f32x4((__m512)a, (__m512)b, 0xee));
}

/* The same of each half: four quarters. */
VESALIUS_INLINE __m512 add_quarters(__m512 a, __m512 b) {
  return _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x88), _mm512_shuffle_f32x4(a, b, 0xdd));
}

/* Lane sums of four rows by four tokens, each in the order of sum(), a token's rows side by side: half of sum4's instructions. */
template <int T>
VESALIUS_INLINE void sum_square(const Floats (&v)[BRAIN_ROWS][T], Quad* out) {
  __m512 q[4];
#pragma GCC unroll 4
  for (int r = 0; r < 4; r++) {
    q[r] = add_quarters(add_halves(v[r][0], v[r][1]), add_halves(v[r][2], v[r][3]));
  }
  __m512 ab = _mm512_add_ps(_mm512_unpacklo_ps(q[0], q[1]), _mm512_unpackhi_ps(q[0], q[1]));
  __m512 cd = _mm512_add_ps(_mm512_unpacklo_ps(q[2], q[3]), _mm512_unpackhi_ps(q[2], q[3]));
  __m512 total = _mm512_add_ps(_mm512_shuffle_ps(ab, cd, 0x44), _mm512_shuffle_ps(ab, cd, 0xee));
  out[0] = (Quad)_mm512_castps512_ps128(total);
  out[1] = (Quad)_mm512_extractf32x4_ps(total, 1);
  out[2] = (Quad)_mm512_extractf32x4_ps(total, 2);
  out[3] = (Quad)_mm512_extractf32x4_ps(total, 3);
}

/* Adds the lane sums of a tile's stretch to the totals. */
template <int R, int T>
VESALIUS_INLINE void add_tile(const Floats (&sums)[R][T], const BrainTotals& totals, int64_t row, int64_t token, bool first) {
  if constexpr (R == BRAIN_ROWS) {
    Quad parts[T];
    if constexpr (T >= 4) {
      sum_square(sums, parts);
    }
#pragma GCC unroll 6
    for (int t = T >= 4 ? 4 : 0; t < T; t++) {
      parts[t] = sum4(sums[0][t], sums[1][t], sums[2][t], sums[3][t]);
    }
#pragma GCC unroll 6
    for (int t = 0; t < T; t++) {
      float* to = totals.at(row, token + t);
      store(to, first ? parts[t] : load<Quad>(to) + parts[t]);
    }
  } else {
    for (int r = 0; r < R; r++) {
      for (int t = 0; t < T; t++) {
        float part = sum(sums[r][t]);
        float* to = totals.at(row + r, token + t);
        *to = first ? part : *to + part;
      }
    }
  }
}

/* Where a tile of rows lies, and what is fetched while it is multiplied: nothing where `next` is null. */
struct BrainRows {
  const uint16_t* data;
  int64_t stride;       /* of two rows; rows that were copied lie as a tile reads them */
  const uint16_t* next; /* rows that lie like these, or where they were copied, half a line for each step */
};

/* One stretch of R rows by T tokens. */
template <int R, int T, bool copied>
static inline void brain_tile(const BrainRows& w, const uint16_t* x, int64_t depth, const BrainTotals& totals, int64_t row,
                              int64_t token, bool first) {
  const uint16_t* data = w.data;
  const uint16_t* next = w.next;
  const int64_t stride = w.stride;
  Floats sums[R][T] = {};
  int64_t k = 0;
  for (; k + BRAIN_STEP <= depth; k += BRAIN_STEP) {
    if (next != nullptr) {
      if constexpr (copied) {
        __builtin_prefetch(next + k / 2, 0, 2);
      } else {
#pragma GCC unroll 4
        for (int r = 0; r < R; r++) {
          __builtin_prefetch(next + r * stride + k);
        }
      }
    }
    __m512i rows[R];
#pragma GCC unroll 4
    for (int r = 0; r < R; r++) {
      rows[r] = _mm512_loadu_si512(copied ? data + k * R + r * BRAIN_STEP : data + r * stride + k);
    }
#pragma GCC unroll 6
    for (int t = 0; t < T; t++) {
      __m512i in = _mm512_loadu_si512(x + k * T + t * BRAIN_STEP);
#pragma GCC unroll 4
      for (int r = 0; r < R; r++) {
        sums[r][t] = dot_pairs(sums[r][t], rows[r], in);
      }
    }
  }
  if (!copied && k < depth) {
#pragma GCC unroll 4
    for (int r = 0; r < R; r++) {
      __m512i last = last_step(data + r * stride + k, depth - k);
#pragma GCC unroll 6
      for (int t = 0; t < T; t++) {
        sums[r][t] = dot_pairs(sums[r][t], last, _mm512_loadu_si512(x + k * T + t * BRAIN_STEP));
      }
    }
  }
  add_tile(sums, totals, row, token, first);
}

/* The same by `width` tokens, T of them or fewer. */
template <int R, int T, bool copied>
static void brain_tile_of(int64_t width, const BrainRows& w, const uint16_t* x, int64_t depth, const BrainTotals& totals,
                          int64_t row, int64_t token, bool first) {
  if constexpr (T > 1) {
    if (width < T) {
      brain_tile_of<R, T - 1, copied>(width, w, x, depth, totals, row, token, first);
      return;
    }
  }
  brain_tile<R, T, copied>(w, x, depth, totals, row, token, first);
}

/* ---- some tokens ---- */

/* By R rows from `row` on, and fetches what comes after each stretch, of these rows or of the next ones where there are any. */
template <int R>
static void multiply_brain_rows(const vesalius_weight* w, float* out, int64_t out_stride, const PreparedBrain& x,
                                const float* bias, int64_t row, bool more) {
  BrainTiles tiles{x.tokens};
  float data[BrainTotals::floats(R, MOST_DIRECT_BRAIN_TOKENS)];
  BrainTotals totals{data, x.tokens};
  const uint16_t* rows = (const uint16_t*)w->data + row * w->columns;
  for (int64_t column = 0; column < w->columns; column += BRAIN_DEPTH) {
    BrainRows here{rows + column, w->columns, nullptr};
    BrainRows fetching = here;
    if (column + BRAIN_DEPTH < w->columns) {
      fetching.next = here.data + BRAIN_DEPTH;
    } else if (more) {
      fetching.next = rows + R * w->columns;
    }
    for (int64_t i = 0; i < tiles.count(); i++) {
      int64_t token = tiles.first(i);
      brain_tile_of<R, BRAIN_TOKENS, false>(tiles.first(i + 1) - token, i == 0 ? fetching : here, x.at(token, column),
                                            least(BRAIN_DEPTH, w->columns - column), totals, 0, token, column == 0);
    }
  }
  totals.write(out, out_stride, bias, row, row + R);
}

static void multiply_brain_direct(const vesalius_weight* w, float* out, int64_t out_stride, const PreparedBrain& x,
                                  const float* bias, int64_t from, int64_t to) {
  int64_t row = from;
  for (; row + BRAIN_ROWS <= to; row += BRAIN_ROWS) {
    multiply_brain_rows<BRAIN_ROWS>(w, out, out_stride, x, bias, row, row + 2 * BRAIN_ROWS <= to);
  }
  for (; row < to; row++) {
    multiply_brain_rows<1>(w, out, out_stride, x, bias, row, false);
  }
}

/* ---- many tokens ---- */

/* A stretch of a block of rows as tiles read it, and the sums of the block by a chunk of tokens. */
struct BrainBlock {
  uint16_t rows[BRAIN_BLOCK * BRAIN_DEPTH];
  float totals[BrainTotals::floats(BRAIN_BLOCK, BRAIN_CHUNK)];
};

/* Copies a stretch of the rows `from` to `to`; rows that the last tile lacks repeat the last one. */
static void copy_brain_rows(uint16_t* out, const vesalius_weight* w, int64_t from, int64_t to, int64_t column, int64_t depth) {
  const uint16_t* data = (const uint16_t*)w->data + column;
  for (int64_t row = from; row < to; row += BRAIN_ROWS) {
    uint16_t* tile = out + (row - from) * round_up(depth, BRAIN_STEP);
    for (int64_t r = 0; r < BRAIN_ROWS; r++) {
      const uint16_t* in = data + least(row + r, to - 1) * w->columns;
      uint16_t* into = tile + r * BRAIN_STEP;
      int64_t k = 0;
      for (; k + BRAIN_STEP <= depth; k += BRAIN_STEP) {
        _mm512_storeu_si512(into + k * BRAIN_ROWS, _mm512_loadu_si512(in + k));
      }
      if (k < depth) {
        _mm512_storeu_si512(into + k * BRAIN_ROWS, last_step(in + k, depth - k));
      }
    }
  }
}

/* A stretch of `rows` rows that were copied by the tiles `begin` to `end` of tokens, each of which is fetched ahead. */
static void multiply_brain_block(const uint16_t* block, int64_t rows, const PreparedBrain& x, int64_t column,
                                 const BrainTotals& totals, int64_t begin, int64_t end) {
  BrainTiles tiles{x.tokens};
  int64_t depth = x.depth(column);
  int64_t first = tiles.first(begin);
  for (int64_t i = begin; i < end; i++) {
    int64_t token = tiles.first(i);
    int64_t behind = tiles.first(i + 1);
    const uint16_t* next = i + 1 < end ? x.at(behind, column) : nullptr;
    const uint16_t* next_end = next == nullptr ? nullptr : x.at(tiles.first(i + 2), column);
    for (int64_t row = 0; row < rows; row += BRAIN_ROWS) {
      brain_tile_of<BRAIN_ROWS, BRAIN_TOKENS, true>(behind - token, {block + row * depth, 0, next}, x.at(token, column), depth,
                                                    totals, row, token - first, column == 0);
      /* So much a tile of rows fetches. */
      next = next_end - next > depth / 2 ? next + depth / 2 : nullptr;
    }
  }
}

static void multiply_brain_copied(const vesalius_weight* w, float* out, int64_t out_stride, const PreparedBrain& x,
                                  const float* bias, int64_t from, int64_t to, BrainBlock* block) {
  constexpr int64_t CHUNK = BRAIN_CHUNK / BRAIN_TOKENS;
  BrainTiles tiles{x.tokens};
  for (int64_t begin = from; begin < to; begin += BRAIN_BLOCK) {
    int64_t end = least(to, begin + BRAIN_BLOCK);
    for (int64_t i = 0; i < tiles.count(); i += CHUNK) {
      int64_t behind = least(tiles.count(), i + CHUNK);
      int64_t token = tiles.first(i);
      BrainTotals totals{block->totals, tiles.first(behind) - token};
      for (int64_t column = 0; column < w->columns; column += BRAIN_DEPTH) {
        copy_brain_rows(block->rows, w, begin, end, column, least(BRAIN_DEPTH, w->columns - column));
        multiply_brain_block(block->rows, end - begin, x, column, totals, i, behind);
      }
      totals.write(out + token * out_stride, out_stride, bias, begin, end);
    }
  }
}

static void multiply_brain(const vesalius_weight* w, float* out, int64_t out_stride, const PreparedBrain& x, const float* bias,
                           int64_t from, int64_t to, BrainBlock* block) {
  if (x.tokens == 1) {
    stream_brain(w, out, x, bias, from, to);
  } else if (x.tokens <= MOST_DIRECT_BRAIN_TOKENS) {
    multiply_brain_direct(w, out, out_stride, x, bias, from, to);
  } else {
    multiply_brain_copied(w, out, out_stride, x, bias, from, to, block);
  }
}

}  // namespace VESALIUS_TIER
}  // namespace vesalius

#endif
