/*
 * Products of many tokens with dense weights, for the numbers that dense.h computes and in its order, from another side: a
 * vector holds one column of as many rows as it has lanes, and meets one number of a token. So a tile of sums needs nothing
 * summed across lanes, which in tiles that run along the columns costs a sixth of the time.
 *
 * The order of summation is kept by taking a stretch's places lane by lane: first 0, LANES, 2 LANES, ... into sums of their
 * own, then the other lanes', in the order in which a tree that adds halves first takes them (that of sum()): 0, LANES / 2,
 * and so on, bits reversed. Sums that wait for their partner lie in memory, one tile for each level of the tree.
 */
namespace vesalius {
namespace VESALIUS_TIER {

/* Vectors of rows and tokens of a tile: 12 sums of 16 registers, or 24 of 32. */
constexpr int64_t STRIP_VECTORS = 2;
constexpr int64_t STRIP_ROWS = STRIP_VECTORS * LANES;
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int64_t STRIP_TOKENS = 12;
#else
constexpr int64_t STRIP_TOKENS = 6;
#endif

/* Rows that are converted at a time; they stay in the second-level cache while all tokens pass. */
constexpr int64_t STRIP_BLOCK = 64;

/* From so many tokens on, turning rows into columns costs less than it saves. */
constexpr int64_t LEAST_STRIP_TOKENS = MOST_DIRECT_TOKENS + 1;

constexpr int64_t log2_of(int64_t n) { return n == 1 ? 0 : 1 + log2_of(n / 2); }
constexpr int64_t LEVELS = log2_of(LANES);

/* The i-th lane in the order of the tree. */
constexpr int64_t lane_at(int64_t i) {
  int64_t lane = 0;
  for (int64_t bit = 1; bit < LANES; bit *= 2) {
    lane = 2 * lane + ((i & bit) != 0);
  }
  return lane;
}

/*
 * Activations of a product: stretches after one another, in a stretch the lanes in the order of the tree, of a lane strips of
 * STRIP_TOKENS tokens, in a strip one place after the other, and of a place the tokens. Columns and tokens that are missing
 * are zeros.
 */
struct PreparedStrips {
  float* data;
  int64_t tokens;
  int64_t columns;

  int64_t strips() const { return (tokens + STRIP_TOKENS - 1) / STRIP_TOKENS; }

  /* Places of a lane in the stretch that begins at a column. */
  int64_t steps(int64_t column) const { return round_up(least(DEPTH, columns - column), PAIR) / LANES; }

  /* A strip of the lane that comes `i`-th. */
  float* at(int64_t strip, int64_t column, int64_t i) const {
    return data + (column * strips() + (i * strips() + strip) * steps(column)) * STRIP_TOKENS;
  }

  int64_t bytes() const { return round_up(columns, PAIR) * strips() * STRIP_TOKENS * (int64_t)sizeof(float); }
};

/* Tokens `from` to `to`, the former the first of a strip; the last token's strip is filled up with zeros. */
static void prepare_strips(PreparedStrips prepared, bool interleaved, const float* x, int64_t x_stride, int64_t from, int64_t to) {
  for (int64_t token = from; token < to; token += STRIP_TOKENS) {
    int64_t count = least(STRIP_TOKENS, to - token);
    for (int64_t column = 0; column < prepared.columns; column += DEPTH) {
      int64_t steps = prepared.steps(column);
      int64_t depth = least(DEPTH, prepared.columns - column);
      for (int64_t i = 0; i < LANES; i++) {
        float* to_lane = prepared.at(token / STRIP_TOKENS, column, i);
        for (int64_t s = 0; s < steps; s++) {
          int64_t from_column = column_at(s * LANES + lane_at(i), interleaved);
          const float* in = x + token * x_stride + column + from_column;
          for (int64_t t = 0; t < STRIP_TOKENS; t++) {
            to_lane[s * STRIP_TOKENS + t] = from_column < depth && t < count ? in[t * x_stride] : 0;
          }
        }
      }
    }
  }
}

/* Exchanges the blocks of `half` rows by `half` lanes beside the diagonal, then smaller ones: rows become columns. */
template <int64_t half>
VESALIUS_INLINE void transpose(Floats (&v)[LANES]) {
  if constexpr (half > 0) {
    Ints low;
    Ints high;
#pragma GCC unroll 16
    for (int64_t i = 0; i < LANES; i++) {
      low[i] = (int32_t)((i & half) == 0 ? i : LANES + i - half);
      high[i] = (int32_t)((i & half) == 0 ? i + half : LANES + i);
    }
#pragma GCC unroll 16
    for (int64_t i = 0; i < LANES; i++) {
      if ((i & half) == 0) {
        Floats a = v[i];
        Floats b = v[i + half];
        v[i] = __builtin_shuffle(a, b, low);
        v[i + half] = __builtin_shuffle(a, b, high);
      }
    }
    transpose<half / 2>(v);
  }
}

/* One half of PAIR columns of LANES rows, that stand where `rows` says, from column `k` on. */
template <typename Stored, bool whole>
VESALIUS_INLINE void fill_lanes(float* panel, const uint8_t* const (&rows)[LANES], int64_t k, int64_t half, int64_t depth,
                                int64_t steps) {
  constexpr int64_t SIZE = sizeof(typename Stored::Element);
  Floats v[LANES];
#pragma GCC unroll 16
  for (int64_t r = 0; r < LANES; r++) {
    const uint8_t* from = rows[r] + k * SIZE;
    v[r] = whole ? Stored::read(from, half) : read_first<Stored>(from, half, depth - k);
  }
  transpose<LANES / 2>(v);
  /* Lane l comes lane_at(l)-th: bits reversed twice are as they were. */
#pragma GCC unroll 16
  for (int64_t lane = 0; lane < LANES; lane++) {
    store(panel + (lane_at(lane) * steps + k / LANES + half) * STRIP_ROWS, v[lane]);
  }
}

/* One stretch of STRIP_ROWS rows, lane by lane like the activations, of a lane one place after the other. */
template <typename Stored>
static void fill_strip(float* panel, const vesalius_weight* w, int64_t row, int64_t rows, int64_t column, int64_t depth) {
  constexpr int64_t SIZE = sizeof(typename Stored::Element);
  int64_t steps = round_up(depth, PAIR) / LANES;
  for (int64_t first = 0; first < STRIP_ROWS; first += LANES) {
    const uint8_t* from[LANES];
    for (int64_t r = 0; r < LANES; r++) {
      /* What stands for a missing row is dropped in the end. */
      from[r] = (const uint8_t*)w->data + ((row + least(first + r, rows - 1)) * w->columns + column) * SIZE;
    }
    int64_t k = 0;
    for (; k + PAIR <= depth; k += PAIR) {
      fill_lanes<Stored, true>(panel + first, from, k, 0, depth, steps);
      fill_lanes<Stored, true>(panel + first, from, k, 1, depth, steps);
    }
    if (k < depth) {
      fill_lanes<Stored, false>(panel + first, from, k, 0, depth, steps);
      fill_lanes<Stored, false>(panel + first, from, k, 1, depth, steps);
    }
  }
}

typedef Floats StripSums[STRIP_TOKENS][STRIP_VECTORS];

/*
 * The lane that comes `i`-th of a stretch: its sums, those of lanes that waited for it added, go to `waiting`, to the level of
 * the tree that they are complete of.
 */
VESALIUS_INLINE void strip_lane(StripSums (&waiting)[LEVELS + 1], const float* panel, const float* strip, int64_t steps,
                                int64_t i) {
  StripSums sums = {};
  for (int64_t s = 0; s < steps; s++) {
    Floats rows[STRIP_VECTORS];
#pragma GCC unroll 2
    for (int64_t v = 0; v < STRIP_VECTORS; v++) {
      rows[v] = load<Floats>(panel + s * STRIP_ROWS + v * LANES);
      keep(rows[v]);
    }
#pragma GCC unroll 12
    for (int64_t t = 0; t < STRIP_TOKENS; t++) {
      Floats x = splat(strip[s * STRIP_TOKENS + t]);
#pragma GCC unroll 2
      for (int64_t v = 0; v < STRIP_VECTORS; v++) {
        sums[t][v] = fma(rows[v], x, sums[t][v]);
      }
    }
  }
  int64_t level = 0;
  for (; i >> level & 1; level++) {
#pragma GCC unroll 12
    for (int64_t t = 0; t < STRIP_TOKENS; t++) {
#pragma GCC unroll 2
      for (int64_t v = 0; v < STRIP_VECTORS; v++) {
        sums[t][v] = waiting[level][t][v] + sums[t][v];
      }
    }
  }
#pragma GCC unroll 12
  for (int64_t t = 0; t < STRIP_TOKENS; t++) {
#pragma GCC unroll 2
    for (int64_t v = 0; v < STRIP_VECTORS; v++) {
      waiting[level][t][v] = sums[t][v];
    }
  }
}

/* Adds one stretch's sums to outputs; those beyond `rows` and `tokens` are dropped. */
static void add_strip(const StripSums& sums, float* out, int64_t out_stride, int64_t rows, int64_t tokens, const float* bias,
                      bool first, bool last) {
  for (int64_t t = 0; t < tokens; t++) {
    for (int64_t v = 0; v < STRIP_VECTORS; v++) {
      int64_t count = least(LANES, rows - v * LANES);
      if (count <= 0) {
        break;
      }
      float* to = out + t * out_stride + v * LANES;
      const float* added = last && bias != nullptr ? bias + v * LANES : nullptr;
      Floats total = sums[t][v];
      if (count == LANES) {
        total = first ? total : load<Floats>(to) + total;
        store(to, added == nullptr ? total : total + load<Floats>(added));
      } else {
        total = first ? total : load_first(to, count) + total;
        store_first(to, added == nullptr ? total : total + load_first(added, count), count);
      }
    }
  }
}

/* Strips that meet one lane of a panel while it is in the first-level cache. */
constexpr int64_t STRIPS_AT_ONCE = 8;

/* One stretch of a panel of rows by `count` strips. */
static void multiply_panel(const float* panel, const PreparedStrips& x, int64_t strip, int64_t count, int64_t column, float* out,
                           int64_t out_stride, int64_t rows, const float* bias) {
  StripSums waiting[STRIPS_AT_ONCE][LEVELS + 1];
  int64_t steps = x.steps(column);
  for (int64_t i = 0; i < LANES; i++) {
    for (int64_t s = 0; s < count; s++) {
      strip_lane(waiting[s], panel + i * steps * STRIP_ROWS, x.at(strip + s, column, i), steps, i);
    }
  }
  for (int64_t s = 0; s < count; s++) {
    int64_t token = (strip + s) * STRIP_TOKENS;
    add_strip(waiting[s][LEVELS], out + token * out_stride, out_stride, rows, least(STRIP_TOKENS, x.tokens - token), bias,
              column == 0, column + DEPTH >= x.columns);
  }
}

template <typename Stored>
static void multiply_strips(const vesalius_weight* w, float* out, int64_t out_stride, const PreparedStrips& x, const float* bias,
                            int64_t from, int64_t to, void* scratch) {
  float* panels = (float*)scratch;
  for (int64_t begin = from; begin < to; begin += STRIP_BLOCK) {
    int64_t end = least(to, begin + STRIP_BLOCK);
    for (int64_t column = 0; column < w->columns; column += DEPTH) {
      for (int64_t row = begin; row < end; row += STRIP_ROWS) {
        fill_strip<Stored>(panels + (row - begin) * DEPTH, w, row, least(STRIP_ROWS, end - row), column,
                           least(DEPTH, w->columns - column));
      }
      for (int64_t strip = 0; strip < x.strips(); strip += STRIPS_AT_ONCE) {
        for (int64_t row = begin; row < end; row += STRIP_ROWS) {
          multiply_panel(panels + (row - begin) * DEPTH, x, strip, least(STRIPS_AT_ONCE, x.strips() - strip), column, out + row,
                         out_stride, least(STRIP_ROWS, end - row), bias == nullptr ? nullptr : bias + row);
        }
      }
    }
  }
}

constexpr int64_t STRIP_SCRATCH = STRIP_BLOCK * DEPTH * (int64_t)sizeof(float);

}  // namespace VESALIUS_TIER
}  // namespace vesalius
