/*
 * Products on the tile unit (AMX). A tile holds 16 rows of 64 bytes; one instruction multiplies a tile of weights, 16 rows of
 * 32 BF16 or 64 int8 columns as they are stored, by a tile of activations in which the columns that are multiplied together
 * (two BF16, four int8) of 16 tokens lie side by side, and adds to a tile of 16 rows by 16 tokens.
 *
 * BF16: an output takes 32 columns per instruction, in their order, whatever the path, so a token's result does not depend on
 * the batch; decode runs on the same instruction, with tiles one token wide. The order within an instruction is the unit's own:
 * even and odd columns each to a sum of their own from zero, in fused single precision without subnormal numbers.
 * Int8 and int4: a group's integer is exact; what follows is as in quantized.h.
 */
#if defined(__AMX_TILE__)

namespace vesalius {
namespace VESALIUS_TIER {

constexpr int64_t TILE = 16;
constexpr int64_t TILE_BYTES = TILE * 64;

/* Rows by tokens whose sums stay in tiles: 2 by 2 tiles of sums, and two tiles of each operand. */
constexpr int64_t SPAN = 2 * TILE;

/* Steps of 32 BF16 columns for which a panel of SPAN rows stays in the first-level cache. */
constexpr int64_t PANEL_STEPS = 16;

/* Tokens whose sums are stashed between the stretches of a panel. */
constexpr int64_t STASH_TOKENS = 512;

/* What was written to memory is there for the tile loads that follow: the compiler's intrinsics do not say that they read. */
VESALIUS_INLINE void written() { __asm__ volatile("" : : : "memory"); }

struct TileConfig {
  uint8_t palette = 1;
  uint8_t start_row = 0;
  uint8_t reserved[14] = {};
  uint16_t row_bytes[16] = {};
  uint8_t rows[16] = {};
} __attribute__((packed));

/* Tiles 0 to 3 hold sums, 4 and 5 weights, 6 and 7 activations of `tokens` columns of four bytes. */
static void configure_tiles(int64_t tokens) {
  TileConfig config;
  for (int i = 0; i < 8; i++) {
    config.rows[i] = TILE;
    config.row_bytes[i] = (uint16_t)(i == 4 || i == 5 ? 64 : 4 * tokens);
  }
  __asm__ volatile("" : : "r"(&config) : "memory");
  _tile_loadconfig(&config);
}

/*
 * Activations in blocks of `width` tokens, 16 or, in decode, as many as there are: per block and step of 64 bytes of columns,
 * 16 rows of one four-byte unit per token.
 */
struct PreparedTiles {
  uint8_t* data;
  int64_t tokens;
  int64_t steps;
  int64_t width;

  int64_t blocks() const { return (tokens + TILE - 1) / TILE; }
  int64_t step_bytes() const { return TILE * 4 * width; }
  uint8_t* at(int64_t block, int64_t step) const { return data + (block * steps + step) * step_bytes(); }
  int64_t bytes() const { return blocks() * steps * step_bytes(); }
};

static PreparedTiles brain_tiles(const vesalius_weight* w, const void* data, int64_t tokens) {
  return {(uint8_t*)data, tokens, (w->columns + 31) / 32, least(tokens, TILE)};
}

/* Tokens `from` to `to`, `from` a multiple of TILE and `to` too, or the end. */
static void prepare_brain_tiles(PreparedTiles prepared, int64_t columns, const float* x, int64_t x_stride, int64_t from,
                                int64_t to) {
  int64_t width = prepared.width;
  for (int64_t t = from; t < round_up(to, width); t++) {
    for (int64_t step = 0; step < prepared.steps; step++) {
      uint16_t pairs[32];
      if (t < prepared.tokens) {
        round_to_brain(pairs, x + t * x_stride + step * 32, least(32, columns - step * 32), 32);
      } else {
        memset(pairs, 0, sizeof pairs);
      }
      uint8_t* out = prepared.at(t / TILE, step) + t % TILE * 4;
      for (int64_t i = 0; i < TILE; i++) {
        memcpy(out + i * 4 * width, pairs + 2 * i, 4);
      }
    }
  }
}

/* One step of 16 rows of weights, where they or their columns end early: padded with zeros. */
static void pad_brain_step(uint8_t* to, const vesalius_weight* w, int64_t row, int64_t rows, int64_t step) {
  int64_t columns = least(32, w->columns - step * 32);
  for (int64_t r = 0; r < TILE; r++) {
    uint8_t* line = to + r * 64;
    if (r < rows) {
      memcpy(line, (const uint16_t*)w->data + (row + r) * w->columns + step * 32, columns * 2);
      memset(line + columns * 2, 0, 64 - columns * 2);
    } else {
      memset(line, 0, 64);
    }
  }
}

/* out[token][row] = sums[row][token] + bias[row], for a tile in memory. */
static void store_transposed(float* out, int64_t out_stride, const float* sums, int64_t sums_stride, const float* bias,
                             int64_t rows, int64_t tokens) {
  for (int64_t t = 0; t < tokens; t++) {
    for (int64_t r = 0; r < rows; r++) {
      float sum = sums[r * sums_stride + t];
      out[t * out_stride + r] = bias == nullptr ? sum : sum + bias[r];
    }
  }
}

struct BrainScratch {
  alignas(64) uint8_t panel[2 * PANEL_STEPS * TILE_BYTES];
  alignas(64) float sums[4][TILE * TILE];
  alignas(64) float stash[STASH_TOKENS / SPAN][4][TILE * TILE];
};

/* Up to 16 tokens: weights come straight from where they are stored, 32 rows at a time. */
static void stream_brain_tiles(const vesalius_weight* w, float* out, int64_t out_stride, PreparedTiles x, const float* bias,
                               int64_t from, int64_t to, BrainScratch* scratch) {
  constexpr int64_t AHEAD = 8;
  int64_t width = x.width;
  int64_t stride = w->columns * 2;
  int64_t whole = w->columns / 32;
  configure_tiles(width);
  for (int64_t row = from; row < to; row += SPAN) {
    const uint8_t* data = (const uint8_t*)w->data + row * stride;
    int64_t rows = least(SPAN, to - row);
    _tile_zero(0);
    _tile_zero(1);
    if (rows == SPAN) {
      for (int64_t step = 0; step < whole; step++) {
        if (step + AHEAD < whole) {
          for (int64_t r = 0; r < SPAN; r++) {
            _mm_prefetch((const char*)(data + r * stride + (step + AHEAD) * 64), _MM_HINT_T0);
          }
        }
        _tile_loadd(6, x.at(0, step), 4 * width);
        _tile_loadd(4, data + step * 64, stride);
        _tile_dpbf16ps(0, 4, 6);
        _tile_loadd(5, data + TILE * stride + step * 64, stride);
        _tile_dpbf16ps(1, 5, 6);
      }
    }
    for (int64_t step = rows == SPAN ? whole : 0; step < x.steps; step++) {
      pad_brain_step(scratch->panel, w, row, least(TILE, rows), step);
      pad_brain_step(scratch->panel + TILE_BYTES, w, row + TILE, rows - TILE, step);
      written();
      _tile_loadd(6, x.at(0, step), 4 * width);
      _tile_loadd(4, scratch->panel, 64);
      _tile_dpbf16ps(0, 4, 6);
      _tile_loadd(5, scratch->panel + TILE_BYTES, 64);
      _tile_dpbf16ps(1, 5, 6);
    }
    _tile_stored(0, scratch->sums[0], 4 * width);
    _tile_stored(1, scratch->sums[1], 4 * width);
    store_transposed(out + row, out_stride, scratch->sums[0], width, bias == nullptr ? nullptr : bias + row,
                     least(TILE, rows), x.tokens);
    if (rows > TILE) {
      store_transposed(out + row + TILE, out_stride, scratch->sums[1], width,
                       bias == nullptr ? nullptr : bias + row + TILE, rows - TILE, x.tokens);
    }
  }
  _tile_release();
}

/* More than 16 tokens: a panel of 32 rows by some steps meets all tokens while it is in the first-level cache. */
static void multiply_brain_tiles(const vesalius_weight* w, float* out, int64_t out_stride, PreparedTiles x,
                                 const float* bias, int64_t from, int64_t to, BrainScratch* scratch) {
  int64_t stride = w->columns * 2;
  configure_tiles(TILE);
  for (int64_t begin = 0; begin < x.blocks(); begin += STASH_TOKENS / TILE) {
    int64_t end = least(x.blocks(), begin + STASH_TOKENS / TILE);
    for (int64_t row = from; row < to; row += SPAN) {
      int64_t rows = least(SPAN, to - row);
      for (int64_t first = 0; first < x.steps; first += PANEL_STEPS) {
        int64_t steps = least(PANEL_STEPS, x.steps - first);
        for (int64_t s = 0; s < steps; s++) {
          uint8_t* panel = scratch->panel + 2 * s * TILE_BYTES;
          if (rows == SPAN && (first + s + 1) * 32 <= w->columns) {
            const uint8_t* data = (const uint8_t*)w->data + row * stride + (first + s) * 64;
            for (int64_t r = 0; r < SPAN; r++) {
              _mm512_store_si512(panel + r * 64, _mm512_loadu_si512(data + r * stride));
            }
          } else {
            pad_brain_step(panel, w, row, least(TILE, rows), first + s);
            pad_brain_step(panel + TILE_BYTES, w, row + TILE, rows - TILE, first + s);
          }
        }
        written();
        bool last = first + steps == x.steps;
        for (int64_t block = begin; block < end; block += 2) {
          bool two = block + 1 < end;
          int64_t other = two ? block + 1 : block;
          float(*stash)[TILE * TILE] = scratch->stash[(block - begin) / 2];
          if (first == 0) {
            _tile_zero(0);
            _tile_zero(1);
            _tile_zero(2);
            _tile_zero(3);
          } else {
            _tile_loadd(0, stash[0], 64);
            _tile_loadd(1, stash[1], 64);
            _tile_loadd(2, stash[2], 64);
            _tile_loadd(3, stash[3], 64);
          }
          for (int64_t s = 0; s < steps; s++) {
            const uint8_t* panel = scratch->panel + 2 * s * TILE_BYTES;
            const uint8_t* left = x.at(block, first + s);
            const uint8_t* right = x.at(other, first + s);
            for (int64_t line = 0; line < TILE; line++) {
              _mm_prefetch((const char*)(left + 2 * TILE_BYTES + line * 64), _MM_HINT_T0);
              _mm_prefetch((const char*)(right + 2 * TILE_BYTES + line * 64), _MM_HINT_T0);
            }
            _tile_loadd(6, left, 64);
            _tile_loadd(4, panel, 64);
            _tile_dpbf16ps(0, 4, 6);
            _tile_loadd(7, right, 64);
            _tile_dpbf16ps(1, 4, 7);
            _tile_loadd(5, panel + TILE_BYTES, 64);
            _tile_dpbf16ps(2, 5, 6);
            _tile_dpbf16ps(3, 5, 7);
          }
          _tile_stored(0, stash[0], 64);
          _tile_stored(1, stash[1], 64);
          _tile_stored(2, stash[2], 64);
          _tile_stored(3, stash[3], 64);
          if (last) {
            for (int64_t i = 0; i < 4; i++) {
              int64_t token = (block + i % 2) * TILE;
              int64_t at = row + i / 2 * TILE;
              if (at < to && (i % 2 == 0 || two)) {
                store_transposed(out + token * out_stride + at, out_stride, stash[i], TILE,
                                 bias == nullptr ? nullptr : bias + at, least(TILE, to - at),
                                 least(TILE, x.tokens - token));
              }
            }
          }
        }
      }
    }
  }
  _tile_release();
}

/* ---- int8 and int4, many tokens ---- */

/* Activations of quantized products: tiles of bytes, then scales and sums as PreparedInts has them. */
struct PreparedByteTiles {
  PreparedInts ints; /* only scales, sums and sizes; its integers are scratch of one token */
  PreparedTiles tiles;

  PreparedByteTiles(void* data, const vesalius_weight* w, int64_t tokens)
      : ints{(uint8_t*)data, tokens, w->columns, group_of(w)},
        tiles{nullptr, tokens, ints.padded() / 64, TILE} {
    tiles.data = (uint8_t*)data + round_up(ints.bytes(), 64);
  }
  int64_t bytes() const { return round_up(ints.bytes(), 64) + tiles.bytes(); }
};

static void prepare_byte_tiles(PreparedByteTiles prepared, const float* x, int64_t x_stride, int64_t from, int64_t to) {
  prepare_ints(prepared.ints, x, x_stride, from, to);
  for (int64_t t = from; t < round_up(to, TILE); t++) {
    for (int64_t step = 0; step < prepared.tiles.steps; step++) {
      int64_t column = step * 64;
      uint8_t* out = prepared.tiles.at(t / TILE, step) + t % TILE * 4;
      uint8_t bytes[64] = {};
      if (t < prepared.ints.tokens) {
        memcpy(bytes, prepared.ints.at(t, column / DEPTH * DEPTH) + column % DEPTH, 64);
      }
      for (int64_t i = 0; i < TILE; i++) {
        memcpy(out + i * 64, bytes + 4 * i, 4);
      }
    }
  }
}

struct ByteScratch {
  alignas(64) uint8_t panel[2 * DEPTH / 64 * TILE_BYTES];
  alignas(64) int32_t dots[4][TILE * TILE];
  alignas(64) float scales[DEPTH / INT4_GROUP][SPAN];
  alignas(64) float minimums[DEPTH / INT4_GROUP][SPAN];
  alignas(64) float totals[STASH_TOKENS / SPAN][4][TILE * TILE]; /* rows by tokens, like tiles */
};

/* A stretch of SPAN rows as tiles of bytes, and its scales. */
static void fill_byte_panel(ByteScratch* s, const vesalius_weight* w, int64_t row, int64_t to, int64_t column,
                            int64_t depth) {
  int64_t group = group_of(w);
  int64_t groups = (w->columns + group - 1) / group;
  for (int64_t r = 0; r < SPAN; r++) {
    int64_t source = least(row + r, to - 1);
    uint8_t* lines = s->panel + r / TILE * TILE_BYTES + r % TILE * 64;
    if (w->format == VESALIUS_INT8) {
      const uint8_t* from = (const uint8_t*)w->data + source * w->columns + column;
      int64_t count = least(depth, w->columns - column);
      for (int64_t k = 0; k < depth; k += 64) {
        int64_t n = count - k;
        __mmask64 mask = n >= 64 ? ~(__mmask64)0 : n <= 0 ? 0 : ((__mmask64)1 << n) - 1;
        _mm512_store_si512(lines + k / 64 * 2 * TILE_BYTES, _mm512_maskz_loadu_epi8(mask, from + k));
      }
    } else {
      const uint8_t* from = (const uint8_t*)w->data + (source * groups + column / 64) * 32;
      for (int64_t k = 0; k < depth; k += 64) {
        __m256i bytes = _mm256_loadu_si256((const __m256i*)(from + k / 2));
        __m512i pairs = _mm512_inserti64x4(_mm512_castsi256_si512(bytes), _mm256_srli_epi16(bytes, 4), 1);
        _mm512_store_si512(lines + k / 64 * 2 * TILE_BYTES, _mm512_and_si512(pairs, _mm512_set1_epi8(15)));
      }
    }
    for (int64_t g = 0; g < depth / group; g++) {
      int64_t at = source * groups + column / group + g;
      if (w->format == VESALIUS_INT8) {
        s->scales[g][r] = read_one<StoredF32>((const uint8_t*)w->scales + 4 * at);
      } else {
        s->scales[g][r] = read_one<StoredF16>((const uint8_t*)w->scales + 2 * at);
        s->minimums[g][r] = read_one<StoredF16>((const uint8_t*)w->minimums + 2 * at);
      }
    }
  }
}

/* Adds a group's contribution to a tile of totals. */
template <bool MINIMUM>
static void add_group(float* totals, const int32_t* dots, const float* row_scales, const float* row_minimums,
                      const float* token_scales, const float* token_sums, bool first) {
  Floats of_tokens = load<Floats>(token_scales);
  Floats of_x = load<Floats>(token_sums);
  for (int64_t r = 0; r < TILE; r++) {
    Floats total = first ? Floats{} : load<Floats>(totals + r * TILE);
    Floats dot = __builtin_convertvector(load<Ints>(dots + r * TILE), Floats);
    total = fused(dot, splat(row_scales[r]) * of_tokens, total);
    if (MINIMUM) {
      total = fused(splat(row_minimums[r]), of_x, total);
    }
    store(totals + r * TILE, total);
  }
}

template <bool MINIMUM>
static void multiply_byte_tiles(const vesalius_weight* w, float* out, int64_t out_stride, PreparedByteTiles x,
                                const float* bias, int64_t from, int64_t to, ByteScratch* s) {
  constexpr int64_t GROUP = MINIMUM ? INT4_GROUP : INT8_GROUP;
  constexpr int64_t STEPS = GROUP / 64;
  const PreparedTiles& tiles = x.tiles;
  configure_tiles(TILE);
  for (int64_t begin = 0; begin < tiles.blocks(); begin += STASH_TOKENS / TILE) {
    int64_t end = least(tiles.blocks(), begin + STASH_TOKENS / TILE);
    for (int64_t row = from; row < to; row += SPAN) {
      for (int64_t column = 0; column < x.ints.padded(); column += DEPTH) {
        int64_t depth = x.ints.depth(column);
        fill_byte_panel(s, w, row, to, column, depth);
        written();
        for (int64_t block = begin; block < end; block += 2) {
          bool two = block + 1 < end;
          float(*totals)[TILE * TILE] = s->totals[(block - begin) / 2];
          for (int64_t g = 0; g < depth / GROUP; g++) {
            _tile_zero(0);
            _tile_zero(1);
            _tile_zero(2);
            _tile_zero(3);
            for (int64_t i = 0; i < STEPS; i++) {
              int64_t step = g * STEPS + i;
              const uint8_t* panel = s->panel + 2 * step * TILE_BYTES;
              _tile_loadd(6, tiles.at(block, column / 64 + step), 64);
              _tile_loadd(7, tiles.at(two ? block + 1 : block, column / 64 + step), 64);
              _tile_loadd(4, panel, 64);
              _tile_loadd(5, panel + TILE_BYTES, 64);
              if (MINIMUM) {
                _tile_dpbusd(0, 4, 6);
                _tile_dpbusd(1, 4, 7);
                _tile_dpbusd(2, 5, 6);
                _tile_dpbusd(3, 5, 7);
              } else {
                _tile_dpbssd(0, 4, 6);
                _tile_dpbssd(1, 4, 7);
                _tile_dpbssd(2, 5, 6);
                _tile_dpbssd(3, 5, 7);
              }
            }
            _tile_stored(0, s->dots[0], 64);
            _tile_stored(1, s->dots[1], 64);
            _tile_stored(2, s->dots[2], 64);
            _tile_stored(3, s->dots[3], 64);
            for (int64_t b = 0; b < (two ? 2 : 1); b++) {
              float scales[TILE] = {}, sums[TILE] = {};
              int64_t token = (block + b) * TILE;
              for (int64_t t = 0; t < least(TILE, x.ints.tokens - token); t++) {
                float scale = x.ints.scales(token + t)[column / GROUP + g];
                scales[t] = scale;
                sums[t] = (float)x.ints.sums(token + t)[column / GROUP + g] * scale;
              }
              bool first = column == 0 && g == 0;
              add_group<MINIMUM>(totals[b], s->dots[b], s->scales[g], s->minimums[g], scales, sums, first);
              add_group<MINIMUM>(totals[2 + b], s->dots[2 + b], s->scales[g] + TILE, s->minimums[g] + TILE, scales, sums,
                                 first);
            }
          }
          if (column + DEPTH >= x.ints.padded()) {
            for (int64_t i = 0; i < 4; i++) {
              int64_t token = (block + i % 2) * TILE;
              int64_t at = row + i / 2 * TILE;
              if (at < to && (i % 2 == 0 || two)) {
                store_transposed(out + token * out_stride + at, out_stride, totals[i], TILE,
                                 bias == nullptr ? nullptr : bias + at, least(TILE, to - at),
                                 least(TILE, x.ints.tokens - token));
              }
            }
          }
        }
      }
    }
  }
  _tile_release();
}

}  // namespace VESALIUS_TIER
}  // namespace vesalius

#endif
