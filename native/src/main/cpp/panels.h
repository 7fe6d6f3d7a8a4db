/*
 * Products of many tokens with int8 and int4 weights: the numbers that quantized.h computes, to the bit, with rows as lanes. A
 * panel of some vectors of rows is brought into the order in which a 32-bit lane takes its columns, once for all tokens; a
 * tile of tokens then passes it, a group of columns after the other.
 *
 * What a lane takes in one step, and so the order of columns, which no integer depends on, is up to the instructions:
 * - four bytes where they multiply such and add to 32 bits (VNNI, dot products of NEON);
 * - two 16-bit numbers otherwise, whose products are added in 32 bits: of four columns the first and the third, then the second
 *   and the fourth, for these are bytes spread by shifts alone;
 * - with AVX2 and int4, four bytes whose products are added to two 16-bit sums. A nibble times a byte is at most 15 * 127, so
 *   eight steps of two products fit, and half of a group is eight steps: up to twice as fast as sums of 32 bits.
 */
namespace vesalius {
namespace VESALIUS_TIER {

/* Columns that a 32-bit lane takes in one step. */
template <bool MINIMUM>
constexpr int64_t lane_columns() {
#if defined(__AVX512VNNI__) || defined(__ARM_FEATURE_DOTPROD)
  return 4;
#elif defined(__AVX2__)
  return MINIMUM ? 4 : 2;
#else
  return 2;
#endif
}

constexpr int64_t PANEL_ROWS = WIDE * LANES;

/* Tokens of a tile at most: its sums, and what else is needed at once, in registers. */
#if defined(__AVX512VNNI__) || defined(__ARM_FEATURE_DOTPROD)
constexpr int64_t PANEL_TOKENS = TILE_SUMS / WIDE;
#else
/* One less, for products have to be somewhere before they are added. */
constexpr int64_t PANEL_TOKENS = TILE_SUMS / WIDE - 1;
#endif

/*
 * Activations in tiles of nearly as many tokens each: stretches of columns after one another, in a stretch the tiles, in a tile
 * the steps, and of a step a lane for each token.
 */
struct PreparedPanels : PreparedInts {
  int64_t lane; /* columns of a lane */

  int64_t tiles() const { return (tokens + PANEL_TOKENS - 1) / PANEL_TOKENS; }
  /* The first token of a tile; that of one behind the last is the number of tokens. */
  int64_t first(int64_t tile) const { return tile * tokens / tiles(); }
  int64_t tile_of(int64_t token) const {
    int64_t tile = token * tiles() / tokens;
    return token < first(tile + 1) ? tile : tile + 1;
  }
  /* Bytes of a column. */
  int64_t size() const { return 4 / lane; }
  uint8_t* lanes(int64_t tile, int64_t column) const {
    return integers() + (column * tokens + first(tile) * depth(column)) * size();
  }
  int64_t bytes() const { return head() + tokens * padded() * size(); }
};

static PreparedPanels prepared_panels(const vesalius_weight* w, void* data, int64_t tokens) {
  int64_t lane = w->format == VESALIUS_INT8 ? lane_columns<false>() : lane_columns<true>();
  return {{(uint8_t*)data, tokens, w->columns, group_of(w)}, lane};
}

static void prepare_panels(const PreparedPanels& prepared, const float* x, int64_t x_stride, int64_t from, int64_t to) {
  for (int64_t t = from; t < to; t++) {
    int64_t tile = prepared.tile_of(t);
    int64_t first = prepared.first(tile);
    int64_t apart = 4 * (prepared.first(tile + 1) - first);
    for (int64_t column = 0; column < prepared.padded(); column += DEPTH) {
      uint8_t* to_lane = prepared.lanes(tile, column) + 4 * (t - first);
      for (int64_t begin = column; begin < column + prepared.depth(column); begin += prepared.group) {
        int64_t g = begin / prepared.group;
        uint8_t bytes[INT8_GROUP];
        prepared.sums(t)[g] = round_group(bytes, prepared.group, x + t * x_stride + begin,
                                          least(prepared.group, prepared.columns - begin), prepared.scales(t) + g);
        for (int64_t i = 0; i < prepared.group; i += 4) {
          if (prepared.lane == 4) {
            memcpy(to_lane, bytes + i, 4);
            to_lane += apart;
          } else {
            for (int64_t odd = 0; odd < 2; odd++) {
              int16_t pair[2] = {(int8_t)bytes[i + odd], (int8_t)bytes[i + odd + 2]};
              memcpy(to_lane, pair, 4);
              to_lane += apart;
            }
          }
        }
      }
    }
  }
}

/* A stretch of PANEL_ROWS rows: step by step a lane of each row, then the scales (and minimums) of each group. */
struct Panel {
  uint32_t lanes[DEPTH / 2 * PANEL_ROWS];
  float scales[DEPTH / INT4_GROUP * PANEL_ROWS];
  float minimums[DEPTH / INT4_GROUP * PANEL_ROWS];
};

/* Rows become columns, whatever a lane holds. */
VESALIUS_INLINE void transpose(Ints (&v)[LANES]) {
  Floats f[LANES];
#pragma GCC unroll 16
  for (int64_t i = 0; i < LANES; i++) {
    f[i] = (Floats)v[i];
  }
  transpose<LANES / 2>(f);
#pragma GCC unroll 16
  for (int64_t i = 0; i < LANES; i++) {
    v[i] = (Ints)f[i];
  }
}

/* Four columns of LANES rows in each vector, LANES times, from column `column` of the panel on. */
template <bool MINIMUM>
VESALIUS_INLINE void store_quads(uint32_t* lanes, int64_t column, Ints (&v)[LANES]) {
  typedef int16_t Shorts __attribute__((vector_size(LANES * 4)));
  transpose(v);
#pragma GCC unroll 16
  for (int64_t i = 0; i < LANES; i++) {
    uint32_t* to = lanes + (column + 4 * i) / lane_columns<MINIMUM>() * PANEL_ROWS;
    if constexpr (lane_columns<MINIMUM>() == 4) {
      store(to, !MINIMUM && WEIGHT_OFFSET != 0 ? v[i] ^ (int32_t)0x80808080 : v[i]);
    } else {
      store(to, (Shorts)v[i] << 8 >> 8);
      store(to + PANEL_ROWS, (Shorts)v[i] >> 8);
    }
  }
}

/* Bytes of LANES rows of int8 weights, `count` of them in each; those up to `depth` become zeros. */
static void fill_int8(uint32_t* lanes, const uint8_t* const (&rows)[LANES], int64_t count, int64_t depth, int64_t ahead) {
  constexpr int64_t CHUNK = sizeof(Ints);
  Ints v[LANES];
  int64_t k = 0;
  for (; k + CHUNK <= count; k += CHUNK) {
    if (k % 64 == 0) {
#pragma GCC unroll 16
      for (int64_t r = 0; r < LANES; r++) {
        __builtin_prefetch(rows[r] + k + ahead);
      }
    }
#pragma GCC unroll 16
    for (int64_t r = 0; r < LANES; r++) {
      v[r] = load<Ints>(rows[r] + k);
    }
    store_quads<false>(lanes, k, v);
  }
  for (; k < depth; k += CHUNK) {
    for (int64_t r = 0; r < LANES; r++) {
      v[r] = Ints{};
      memcpy(&v[r], rows[r] + k, count > k ? count - k : 0);
    }
    store_quads<false>(lanes, k, v);
  }
}

/* Nibbles of LANES rows of int4 weights, `depth` of them in each. */
static void fill_int4(uint32_t* lanes, const uint8_t* const (&rows)[LANES], int64_t depth, int64_t ahead) {
  constexpr int64_t CHUNK = LANES == 16 ? 32 : sizeof(Ints);
  for (int64_t k = 0; k < depth / 2; k += CHUNK) {
    Ints low[LANES];
    Ints high[LANES];
#pragma GCC unroll 16
    for (int64_t r = 0; r < LANES; r++) {
      __builtin_prefetch(rows[r] + k + ahead);
#if VESALIUS_LANES == 16
      __m256i bytes = _mm256_loadu_si256((const __m256i*)(rows[r] + k));
      __m512i pairs = _mm512_inserti64x4(_mm512_castsi256_si512(bytes), _mm256_srli_epi16(bytes, 4), 1);
      low[r] = (Ints)pairs & 0x0f0f0f0f;
#else
      Ints bytes = load<Ints>(rows[r] + k);
      low[r] = bytes & 0x0f0f0f0f;
      high[r] = bytes >> 4 & 0x0f0f0f0f;
#endif
    }
    /* A group's first 32 columns are the lower nibbles of its bytes, the others the upper ones. */
    int64_t column = k / 32 * 64 + k % 32;
    store_quads<true>(lanes, column, low);
    if (LANES < 16) {
      store_quads<true>(lanes, column + 32, high);
    }
  }
}

/* `count` numbers of each of LANES rows of a matrix of scales become a vector for each number. */
template <typename Stored>
static void fill_scales(float* to, const void* from, const int64_t (&rows)[LANES], int64_t groups, int64_t group, int64_t count) {
  constexpr int64_t SIZE = sizeof(typename Stored::Element);
  for (int64_t g = 0; g < count; g += LANES) {
    int64_t n = least(LANES, count - g);
    Floats v[LANES];
    for (int64_t r = 0; r < LANES; r++) {
      const uint8_t* p = (const uint8_t*)from + (rows[r] * groups + group + g) * SIZE;
      v[r] = n == LANES ? Stored::read(p) : read_first<Stored>(p, n);
    }
    transpose<LANES / 2>(v);
    for (int64_t i = 0; i < n; i++) {
      store(to + (g + i) * PANEL_ROWS, v[i]);
    }
  }
}

/* The stretch from `column` on of the rows from `row` on; those from `to` on repeat the last, and what they give is dropped. */
template <bool MINIMUM>
static void fill_panel(Panel* panel, const vesalius_weight* w, int64_t row, int64_t to, int64_t column, int64_t depth,
                       int64_t ahead) {
  constexpr int64_t GROUP = MINIMUM ? INT4_GROUP : INT8_GROUP;
  int64_t groups = (w->columns + GROUP - 1) / GROUP;
  int64_t row_bytes = MINIMUM ? groups * 32 : w->columns;
  for (int64_t first = 0; first < PANEL_ROWS; first += LANES) {
    int64_t numbers[LANES];
    const uint8_t* rows[LANES];
    for (int64_t r = 0; r < LANES; r++) {
      numbers[r] = least(row + first + r, to - 1);
      rows[r] = (const uint8_t*)w->data + numbers[r] * row_bytes + (MINIMUM ? column / 2 : column);
    }
    int64_t group = column / GROUP;
    int64_t count = depth / GROUP;
    if constexpr (MINIMUM) {
      fill_int4(panel->lanes + first, rows, depth, ahead);
      fill_scales<StoredF16>(panel->scales + first, w->scales, numbers, groups, group, count);
      fill_scales<StoredF16>(panel->minimums + first, w->minimums, numbers, groups, group, count);
    } else {
      fill_int8(panel->lanes + first, rows, least(depth, w->columns - column), depth, ahead);
      fill_scales<StoredF32>(panel->scales + first, w->scales, numbers, groups, group, count);
    }
  }
}

/* sums + the columns of each 32-bit lane of w times those of x. */
VESALIUS_INLINE void add_lanes(Ints& sums, Ints w, Ints x) {
#if defined(__AVX512VNNI__)
  sums = (Ints)_mm512_dpbusd_epi32((__m512i)sums, (__m512i)w, (__m512i)x);
#elif defined(__AVX2__)
  /* Both in one, as add_product() has it: sums, operands and this product are all that the registers hold. */
  Ints product;
  __asm__("vpmaddwd %3, %2, %1\n\tvpaddd %1, %0, %0" : "+x"(sums), "=&x"(product) : "x"(w), "x"(x));
#elif defined(__SSE2__)
  sums += (Ints)_mm_madd_epi16((__m128i)w, (__m128i)x);
#elif defined(__ARM_FEATURE_DOTPROD)
  sums = (Ints)vdotq_s32((int32x4_t)sums, (int8x16_t)w, (int8x16_t)x);
#else
  for (int64_t i = 0; i < LANES; i++) {
    sums[i] += (int16_t)w[i] * (int16_t)x[i] + (w[i] >> 16) * (x[i] >> 16);
  }
#endif
}

#if defined(__AVX2__) && VESALIUS_LANES == 8
/* Two 16-bit sums in each lane + the first and the last two nibbles of w times bytes of x. */
VESALIUS_INLINE void add_nibbles(Ints& sums, Ints w, Ints x) {
  Ints product;
  __asm__("vpmaddubsw %3, %2, %1\n\tvpaddw %1, %0, %0" : "+x"(sums), "=&x"(product) : "x"(w), "x"(x));
}
#endif

/* The lane at an address, in all lanes. */
VESALIUS_INLINE Ints spread(const uint8_t* p) {
  int32_t lane;
  memcpy(&lane, p, sizeof lane);
  return Ints{} + lane;
}

/* Tiles that meet a panel while they are in the first-level cache. */
constexpr int64_t TILES_AT_ONCE = 2;

/* Whether the tiles that come next are fetched: slower processors wait for nothing that their own prefetching has not fetched. */
#if defined(__AVX512F__)
constexpr bool FETCHES_TILES = true;
#else
constexpr bool FETCHES_TILES = false;
#endif

template <int T>
using PanelSums = Ints[T][WIDE];

/* STEPS steps of a panel and T tokens, added up by `add`; what is needed later is fetched from `next` on unless that is null. */
template <int T, int64_t STEPS, typename Add>
VESALIUS_INLINE void add_steps(PanelSums<T>& sums, const uint32_t* lanes, const uint8_t* in, const uint8_t* next, Add add) {
#pragma GCC unroll 4
  for (int64_t k = 0; k < STEPS; k++) {
    if (FETCHES_TILES && next != nullptr) {
      __builtin_prefetch(next + k * T * 4);
    }
    Ints w[WIDE];
#pragma GCC unroll 2
    for (int v = 0; v < WIDE; v++) {
      w[v] = load<Ints>(lanes + k * PANEL_ROWS + v * LANES);
      keep(w[v]);
    }
#pragma GCC unroll 12
    for (int t = 0; t < T; t++) {
      Ints x = spread(in + (k * T + t) * 4);
#pragma GCC unroll 2
      for (int v = 0; v < WIDE; v++) {
        add(sums[t][v], w[v], x);
      }
    }
  }
}

/* The integers of one group of T tokens; `sums` has what they begin with. As many bytes as it reads of them are fetched. */
template <int T, bool MINIMUM>
VESALIUS_INLINE void add_group(PanelSums<T>& sums, const uint32_t* lanes, const uint8_t* in, const uint8_t* next) {
#if defined(__AVX2__) && VESALIUS_LANES == 8
  if constexpr (MINIMUM) {
    constexpr int64_t STEPS = INT4_GROUP / 4 / 2;
    for (int64_t half = 0; half < 2; half++) {
      PanelSums<T> shorts = {};
      const int64_t at = half * STEPS * T * 4;
      add_steps<T, STEPS>(shorts, lanes + half * STEPS * PANEL_ROWS, in + at, next == nullptr ? next : next + at, add_nibbles);
#pragma GCC unroll 12
      for (int t = 0; t < T; t++) {
#pragma GCC unroll 2
        for (int v = 0; v < WIDE; v++) {
          sums[t][v] += (Ints)_mm256_madd_epi16((__m256i)shorts[t][v], _mm256_set1_epi16(1));
        }
      }
    }
    return;
  }
#endif
  constexpr int64_t GROUP = MINIMUM ? INT4_GROUP : INT8_GROUP;
  add_steps<T, GROUP / lane_columns<MINIMUM>()>(sums, lanes, in, next, add_lanes);
}

/* What a thread needs: panels that are filled at a time, and the sums of their rows by a chunk of tokens. */
constexpr int64_t PANELS = 64 / PANEL_ROWS > 1 ? 64 / PANEL_ROWS : 1;
constexpr int64_t CHUNK_TILES = (512 + PANEL_TOKENS - 1) / PANEL_TOKENS;

struct PanelScratch {
  Panel panels[PANELS];
  float totals[CHUNK_TILES * PANEL_TOKENS * PANELS * PANEL_ROWS];
};

/*
 * One stretch of a panel by the T tokens from `token` on, whose lanes begin at `in`, added to their totals, which lie `apart`.
 * Outputs themselves would do, but those of different tokens may lie a power of two apart and share a set of the cache.
 */
template <int T, bool MINIMUM>
static void panel_tile(const Panel* panel, const PreparedPanels& x, const uint8_t* in, const uint8_t* next, int64_t token,
                       int64_t column, float* totals, int64_t apart) {
  constexpr int64_t GROUP = MINIMUM ? INT4_GROUP : INT8_GROUP;
  constexpr int64_t STEPS = GROUP / lane_columns<MINIMUM>();
  constexpr int32_t OFFSET = MINIMUM ? 0 : WEIGHT_OFFSET;
  int64_t groups = x.groups();
  const float* scales = x.scales(token) + column / GROUP;
  const int32_t* sums_of_x = x.sums(token) + column / GROUP;
  for (int64_t g = 0; g < x.depth(column) / GROUP; g++) {
    PanelSums<T> sums;
#pragma GCC unroll 12
    for (int t = 0; t < T; t++) {
#pragma GCC unroll 2
      for (int v = 0; v < WIDE; v++) {
        sums[t][v] = OFFSET == 0 ? Ints{} : Ints{} - OFFSET * sums_of_x[t * groups + g];
      }
    }
    const int64_t at = g * STEPS * T * 4;
    add_group<T, MINIMUM>(sums, panel->lanes + g * STEPS * PANEL_ROWS, in + at, next == nullptr ? next : next + at);
#pragma GCC unroll 12
    for (int t = 0; t < T; t++) {
      float scale = scales[t * groups + g];
#pragma GCC unroll 2
      for (int v = 0; v < WIDE; v++) {
        float* place = totals + t * apart + v * LANES;
        Floats total = column == 0 && g == 0 ? Floats{} : load<Floats>(place);
        Floats of_rows = load<Floats>(panel->scales + g * PANEL_ROWS + v * LANES);
        total = fused(__builtin_convertvector(sums[t][v], Floats), of_rows * scale, total);
        if (MINIMUM) {
          Floats minimum = load<Floats>(panel->minimums + g * PANEL_ROWS + v * LANES);
          total = fused(minimum, splat((float)sums_of_x[t * groups + g] * scale), total);
        }
        store(place, total);
      }
    }
  }
}

/* The same by a tile of T tokens or fewer; with `fetch` the tile that comes TILES_AT_ONCE later is fetched. */
template <int T, bool MINIMUM>
static void multiply_tile(const Panel* panel, const PreparedPanels& x, int64_t tile, bool fetch, int64_t column, float* totals,
                          int64_t apart) {
  int64_t token = x.first(tile);
  if constexpr (T > 1) {
    if (x.first(tile + 1) - token < T) {
      multiply_tile<T - 1, MINIMUM>(panel, x, tile, fetch, column, totals, apart);
      return;
    }
  }
  const uint8_t* next = fetch ? x.lanes(tile + TILES_AT_ONCE, column) : nullptr;
  panel_tile<T, MINIMUM>(panel, x, x.lanes(tile, column), next, token, column, totals, apart);
}

/* One stretch of the panels of `rows` rows by the tiles `begin` to `end` of tokens. */
template <bool MINIMUM>
static void multiply_stretch(const Panel* panels, int64_t rows, const PreparedPanels& x, int64_t begin, int64_t end, int64_t column,
                             float* totals, int64_t apart) {
  int64_t token = x.first(begin);
  for (int64_t tile = begin; tile < end; tile += TILES_AT_ONCE) {
    for (int64_t row = 0; row < rows; row += PANEL_ROWS) {
      for (int64_t i = tile; i < least(tile + TILES_AT_ONCE, end); i++) {
        multiply_tile<PANEL_TOKENS, MINIMUM>(panels + row / PANEL_ROWS, x, i, row == 0 && i + TILES_AT_ONCE < end, column,
                                             totals + (x.first(i) - token) * apart + row, apart);
      }
    }
  }
}

/* out = totals + bias, where out may be totals. */
VESALIUS_INLINE void write_row(float* out, const float* totals, const float* bias, int64_t count) {
  if (bias == nullptr) {
    if (out != totals) {
      memcpy(out, totals, count * sizeof(float));
    }
    return;
  }
  for (int64_t r = 0; r < count; r++) {
    out[r] = totals[r] + bias[r];
  }
}

template <bool MINIMUM>
static void multiply_panels(const vesalius_weight* w, float* out, int64_t out_stride, const PreparedPanels& x, const float* bias,
                            int64_t from, int64_t to, PanelScratch* scratch) {
  /* The tokens' stretch stays in the first-level cache where they are few, and then the panel should too. */
  const int64_t rows = x.tiles() <= TILES_AT_ONCE ? PANEL_ROWS : PANELS * PANEL_ROWS;
  const int64_t columns_of_byte = MINIMUM ? 2 : 1;
  for (int64_t begin = from; begin < to; begin += rows) {
    int64_t end = least(to, begin + rows);
    /* Few tokens' outputs are near enough. */
    const bool direct = x.tiles() <= TILES_AT_ONCE && end - begin == rows;
    for (int64_t tile = 0; tile < x.tiles(); tile += CHUNK_TILES) {
      int64_t behind = least(tile + CHUNK_TILES, x.tiles());
      float* totals = direct ? out + begin : scratch->totals;
      const int64_t apart = direct ? out_stride : rows;
      for (int64_t column = 0; column < x.padded(); column += DEPTH) {
        /* Where the next stretch of a row begins, or of the row that comes in its place. */
        int64_t ahead = column + DEPTH < x.padded() ? DEPTH : rows * x.padded() - column;
        for (int64_t row = begin; row < end; row += PANEL_ROWS) {
          fill_panel<MINIMUM>(scratch->panels + (row - begin) / PANEL_ROWS, w, row, to, column, x.depth(column),
                              ahead / columns_of_byte);
        }
        multiply_stretch<MINIMUM>(scratch->panels, end - begin, x, tile, behind, column, totals, apart);
      }
      for (int64_t t = x.first(tile); t < x.first(behind); t++) {
        write_row(out + t * out_stride + begin, totals + (t - x.first(tile)) * apart, bias == nullptr ? bias : bias + begin,
                  end - begin);
      }
    }
  }
}

static void multiply_int_panels(const vesalius_weight* w, float* out, int64_t out_stride, const PreparedPanels& x,
                                const float* bias, int64_t from, int64_t to, PanelScratch* scratch) {
  if (w->format == VESALIUS_INT8) {
    multiply_panels<false>(w, out, out_stride, x, bias, from, to, scratch);
  } else {
    multiply_panels<true>(w, out, out_stride, x, bias, from, to, scratch);
  }
}

}  // namespace VESALIUS_TIER
}  // namespace vesalius
