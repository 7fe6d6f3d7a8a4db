/*
 * Attention on the tile unit (AMX), for everything but pages of float32, whose owner asked for all digits.
 *
 * What is multiplied is BF16: queries, after the scale; weights; keys and values of a batch. A cache's keys and values are
 * used as they are, since 8-bit integers are BF16 numbers too. The weights are summed as they were rounded, so that they are
 * shares of one again; with integers, where a weight is multiplied by the value's scale before it is rounded, before that.
 *
 * A tile of scores is 16 keys, straight from the cache where they follow each other there, by 16 query rows; a tile of sums
 * 16 query rows by 16 numbers of the head. A score takes 32 numbers of the head per instruction, a sum 32 keys, at multiples
 * of these; keys that a row does not see have the weight zero, and whether an instruction that has only such keys for a row is
 * run or left out makes no difference to it, because sums have neither subnormal numbers nor negative zeros. So decode,
 * prefill and any block of queries agree to the bit here too.
 */
#if defined(__AMX_BF16__)

namespace vesalius {
namespace VESALIUS_TIER {

/* Numbers of a head, and keys, that one instruction takes. */
constexpr int64_t TILE_DEPTH = 32;
constexpr int64_t KEY_STEPS = KEYS / TILE_DEPTH;
constexpr int64_t KEY_TILES = KEYS / TILE;
static_assert(KEY_TILES == 4, "score_tiles has a register for each");

/* A call's scratch memory; query rows are padded to whole tiles. */
struct TileWork {
  uint8_t* q;       /* for every 16 rows and 32 numbers a tile: pairs of numbers by rows */
  float* sums;      /* rows by `width` */
  float* scores;    /* of 16 rows: keys by rows */
  uint8_t* weights; /* of 16 rows, for every 32 keys a tile: rows by keys */
  uint16_t* keys;   /* keys by `depth` */
  uint8_t* values;  /* for every 32 keys and 16 numbers a tile: pairs of keys by numbers */
  uint8_t* cleaned; /* a tile of values */
  float* spare;     /* a tile of sums */
  float* maximum;   /* of the piece */
  float* total;
  State* merged;
  int32_t* from;    /* keys that a row sees */
  int32_t* to;
  Rows* rows;       /* of this block and the next one */
  int64_t depth;    /* head size in whole steps */
  int64_t width;    /* head size in whole tiles */
  int64_t padded;

  int64_t depth_steps() const { return depth / TILE_DEPTH; }
  int64_t width_tiles() const { return width / TILE; }
  uint8_t* value_tile(int64_t step, int64_t tile) const { return values + (step * width_tiles() + tile) * TILE_BYTES; }
};

static int64_t lay_out_tiles(TileWork* work, void* scratch, int64_t rows, int64_t head_size) {
  char* memory = (char*)scratch;
  work->depth = round_up(head_size, TILE_DEPTH);
  work->width = round_up(head_size, TILE);
  work->padded = round_up(rows, TILE);
  work->q = (uint8_t*)take(&memory, work->padded * work->depth * 2);
  work->sums = (float*)take(&memory, work->padded * work->width * 4);
  work->scores = (float*)take(&memory, KEYS * TILE * 4);
  work->weights = (uint8_t*)take(&memory, KEY_STEPS * TILE_BYTES);
  work->keys = (uint16_t*)take(&memory, KEYS * work->depth * 2);
  work->values = (uint8_t*)take(&memory, KEYS * work->width * 2);
  work->cleaned = (uint8_t*)take(&memory, TILE_BYTES);
  work->spare = (float*)take(&memory, TILE_BYTES);
  work->maximum = (float*)take(&memory, work->padded * 4);
  work->total = (float*)take(&memory, work->padded * 4);
  work->merged = (State*)take(&memory, work->padded * (int64_t)sizeof(State));
  work->from = (int32_t*)take(&memory, work->padded * 4);
  work->to = (int32_t*)take(&memory, work->padded * 4);
  work->rows = (Rows*)take(&memory, 2 * (int64_t)sizeof(Rows));
  return memory - (char*)scratch;
}

/* ---- keys and values as tiles ---- */

VESALIUS_INLINE __m512i both(__m256i low, __m256i high) {
  return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

VESALIUS_INLINE __m256i brain_of(__m512 x) { return (__m256i)_mm512_cvtneps_pbh(x); }

VESALIUS_INLINE __mmask32 first_of_32(int64_t n) { return n >= 32 ? ~(__mmask32)0 : n <= 0 ? 0 : ((__mmask32)1 << n) - 1; }

/* The first n of 32 numbers of a row in BF16, zeros after them; reads nothing beyond. */
template <typename Stored>
VESALIUS_INLINE __m512i brain_words(const char* row, int64_t n) {
  __mmask32 mask = first_of_32(n);
  if constexpr (sizeof(typename Stored::Element) == 4) {
    __m512 low = _mm512_maskz_loadu_ps((__mmask16)mask, row);
    __m512 high = _mm512_maskz_loadu_ps((__mmask16)(mask >> 16), row + 64);
    return both(brain_of(low), brain_of(high));
  } else if constexpr (sizeof(typename Stored::Element) == 2) {
    return _mm512_maskz_loadu_epi16(mask, row);
  } else {
    __m256i bytes = _mm256_maskz_loadu_epi8(mask, row);
    __m512 low = _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm256_castsi256_si128(bytes)));
    __m512 high = _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm256_extracti128_si256(bytes, 1)));
    return both(brain_of(low), brain_of(high));
  }
}

/* Fetches what a row's next 32 numbers will take in a block to come. */
template <typename Stored>
VESALIUS_INLINE void fetch_words(const char* place) {
  _mm_prefetch(place, _MM_HINT_T0);
  if constexpr (sizeof(typename Stored::Element) == 4) {
    _mm_prefetch(place + 64, _MM_HINT_T0);
  }
}

/* Where the rows of a block's tiles of keys are. */
struct KeyPlaces {
  const char* at[KEY_TILES];
  int64_t stride[KEY_TILES];
  bool stored[KEY_TILES]; /* in the cache */
};

/*
 * Finds the tiles of keys `from` to `to` in the cache, where they are whole and follow each other, and converts the others.
 * Scores with keys outside of the range mean nothing.
 */
template <typename Stored>
static KeyPlaces place_keys(const TileWork* work, const Rows* rows, const Rows* next, int64_t from, int64_t to,
                            int64_t head_size) {
  constexpr int64_t SIZE = sizeof(typename Stored::Element);
  KeyPlaces places;
  for (int64_t tile = 0; tile < KEY_TILES; tile++) {
    int64_t first = tile * TILE, last = first + TILE - 1;
    if (SIZE == 2 && head_size == work->depth && from <= first && last < to) {
      bool follow = true;
      for (int64_t i = first; i < last; i++) {
        follow = follow && rows->keys[i + 1] == rows->keys[i] + head_size * SIZE;
      }
      if (follow) {
        places.at[tile] = rows->keys[first];
        places.stride[tile] = head_size * SIZE;
        places.stored[tile] = true;
        continue;
      }
    }
    places.at[tile] = (const char*)(work->keys + first * work->depth);
    places.stride[tile] = work->depth * 2;
    places.stored[tile] = false;
    for (int64_t i = from > first ? from : first; i <= last && i < to; i++) {
      for (int64_t d = 0; d < work->depth; d += TILE_DEPTH) {
        fetch_words<Stored>(next->keys[i] + d * SIZE);
        store(work->keys + i * work->depth + d, brain_words<Stored>(rows->keys[i] + d * SIZE, head_size - d));
      }
    }
  }
  return places;
}

/* Indices that put words of two vectors side by side, those of their low or of their high halves. */
struct Interleaving {
  uint16_t low[32], high[32];

  constexpr Interleaving() : low(), high() {
    for (int i = 0; i < 16; i++) {
      low[2 * i] = (uint16_t)i;
      low[2 * i + 1] = (uint16_t)(32 + i);
      high[2 * i] = (uint16_t)(16 + i);
      high[2 * i + 1] = (uint16_t)(48 + i);
    }
  }
};

constexpr Interleaving INTERLEAVING;

/*
 * Lays out the values of the keys `from` to `to`, with zeros beside them up to whole steps. Says whether all are finite: a
 * weight of zero makes nothing of the others.
 */
template <typename Stored>
static bool pack_values(const TileWork* work, const Rows* rows, const Rows* next, int64_t from, int64_t to,
                        int64_t head_size) {
  constexpr int64_t SIZE = sizeof(typename Stored::Element);
  const __m512i low = _mm512_loadu_si512(INTERLEAVING.low), high = _mm512_loadu_si512(INTERLEAVING.high);
  __m512i most = _mm512_setzero_si512();
  for (int64_t key = from / TILE_DEPTH * TILE_DEPTH; key < round_up(to, TILE_DEPTH); key += 2) {
    uint8_t* line = work->value_tile(key / TILE_DEPTH, 0) + key % TILE_DEPTH / 2 * 64;
    bool first = from <= key && key < to, second = from <= key + 1 && key + 1 < to;
    for (int64_t d = 0; d < work->width; d += TILE_DEPTH) {
      fetch_words<Stored>(next->values[key] + d * SIZE);
      fetch_words<Stored>(next->values[key + 1] + d * SIZE);
      __m512i a = brain_words<Stored>(rows->values[key] + d * SIZE, first ? head_size - d : 0);
      __m512i b = brain_words<Stored>(rows->values[key + 1] + d * SIZE, second ? head_size - d : 0);
      /* Without the sign, numbers are ordered as their bits are. */
      most = _mm512_max_epu16(most, _mm512_max_epu16(_mm512_add_epi16(a, a), _mm512_add_epi16(b, b)));
      _mm512_store_si512(line, _mm512_permutex2var_epi16(a, low, b));
      if (d + TILE < work->width) {
        _mm512_store_si512(line + TILE_BYTES, _mm512_permutex2var_epi16(a, high, b));
      }
      line += 2 * TILE_BYTES;
    }
  }
  return _mm512_cmpge_epu16_mask(most, _mm512_set1_epi16((short)0xff00)) == 0;
}

/* ---- scores ---- */

/* Scores of 16 rows with the keys of the block; fetches stored keys of the next one ahead unless it is null. */
static void score_tiles(float* scores, const uint8_t* q, const KeyPlaces& keys, int64_t steps, const Rows* next) {
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (int64_t step = 0; step < steps; step++) {
    if (next != nullptr) {
      for (int64_t tile = 0; tile < KEY_TILES; tile++) {
        for (int64_t i = 0; keys.stored[tile] && i < TILE; i++) {
          _mm_prefetch(next->keys[tile * TILE + i] + step * 64, _MM_HINT_T0);
        }
      }
    }
    _tile_loadd(7, q + step * TILE_BYTES, 64);
    _tile_loadd(4, keys.at[0] + step * 64, keys.stride[0]);
    _tile_dpbf16ps(0, 4, 7);
    _tile_loadd(5, keys.at[1] + step * 64, keys.stride[1]);
    _tile_dpbf16ps(1, 5, 7);
    _tile_loadd(6, keys.at[2] + step * 64, keys.stride[2]);
    _tile_dpbf16ps(2, 6, 7);
    _tile_loadd(4, keys.at[3] + step * 64, keys.stride[3]);
    _tile_dpbf16ps(3, 4, 7);
  }
  _tile_stored(0, scores, 64);
  _tile_stored(1, scores + TILE * TILE, 64);
  _tile_stored(2, scores + 2 * TILE * TILE, 64);
  _tile_stored(3, scores + 3 * TILE * TILE, 64);
}

/* ---- weights ---- */

/* As an instruction that adds to it would take it: neither a subnormal number nor a negative zero. */
VESALIUS_INLINE Floats flushed(Floats x) { return magnitude(x) < 0x1p-126f ? Floats{} : x; }

/*
 * exp(x) for x <= 0, to 2^-18 of itself, which is little beside half a step of BF16: a power of two and the polynomial of
 * degree 4 that is nearest to 2^f for |f| <= 1/2 and right for zero.
 */
VESALIUS_INLINE Floats weight_of(Floats x) {
  Floats shifted = fma(x, splat(1.442695041f), splat(WHOLE));
  Floats f = fma(x, splat(1.442695041f), WHOLE - shifted);
  Floats p = fma(f, splat(0x1.3a02ccp-7f), splat(0x1.c9fc46p-5f));
  p = fma(p, f, splat(0x1.ec0378p-3f));
  p = fma(p, f, splat(0x1.62e12cp-1f));
  p = fma(p, f, splat(1));
  Floats power = (Floats)(((Words)shifted + 127) << 23);
  return x < -87.33654f ? Floats{} : p * power;
}

/* A matrix of 16 by 16 units of four bytes, turned. */
static inline void store_turned(uint8_t* out, __m512i* row) {
  __m512i half[16], quarter[16];
#pragma GCC unroll 8
  for (int i = 0; i < 8; i++) {
    half[2 * i] = _mm512_unpacklo_epi32(row[2 * i], row[2 * i + 1]);
    half[2 * i + 1] = _mm512_unpackhi_epi32(row[2 * i], row[2 * i + 1]);
  }
  /* Then column 4 j + c of rows 4 i to 4 i + 3 is part j of number 4 i + c. */
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    quarter[4 * i] = _mm512_unpacklo_epi64(half[4 * i], half[4 * i + 2]);
    quarter[4 * i + 1] = _mm512_unpackhi_epi64(half[4 * i], half[4 * i + 2]);
    quarter[4 * i + 2] = _mm512_unpacklo_epi64(half[4 * i + 1], half[4 * i + 3]);
    quarter[4 * i + 3] = _mm512_unpackhi_epi64(half[4 * i + 1], half[4 * i + 3]);
  }
#pragma GCC unroll 4
  for (int c = 0; c < 4; c++) {
    __m512i a = _mm512_shuffle_i32x4(quarter[c], quarter[4 + c], 0x88);
    __m512i b = _mm512_shuffle_i32x4(quarter[c], quarter[4 + c], 0xdd);
    __m512i d = _mm512_shuffle_i32x4(quarter[8 + c], quarter[12 + c], 0x88);
    __m512i e = _mm512_shuffle_i32x4(quarter[8 + c], quarter[12 + c], 0xdd);
    _mm512_store_si512(out + c * 64, _mm512_shuffle_i32x4(a, d, 0x88));
    _mm512_store_si512(out + (4 + c) * 64, _mm512_shuffle_i32x4(b, e, 0x88));
    _mm512_store_si512(out + (8 + c) * 64, _mm512_shuffle_i32x4(a, d, 0xdd));
    _mm512_store_si512(out + (12 + c) * 64, _mm512_shuffle_i32x4(b, e, 0xdd));
  }
}

/* The steps of a block in which some row of a tile sees keys, and whether all rows see all of these. */
struct Steps {
  int64_t from, to;
  bool whole;
};

/* x where a row sees a key, or all are known to. */
template <bool PARTLY>
VESALIUS_INLINE Floats row_sees(Floats x, Floats otherwise, Ints from, Ints to, int64_t key) {
  if constexpr (PARTLY) {
    Ints place = Ints{} + (int32_t)key;
    return (from <= place) & (place < to) ? x : otherwise;
  }
  return x;
}

/*
 * Scores of the 16 rows from `first` become weights, and what was summed so far is brought down to a new maximum. `from` and
 * `to` are the keys of the block that the rows see. Of integers the scales belong to the key and the value.
 */
template <bool PARTLY, bool SCALED>
static __attribute__((noinline)) void weigh_tile(const TileWork* work, const Rows* rows, int64_t first, Ints from, Ints to,
                                                 int64_t begin, int64_t end) {
  float* scores = work->scores;
  const Floats old = load<Floats>(work->maximum + first);
  Floats most[2] = {old, old};
  for (int64_t key = begin * TILE_DEPTH; key < end * TILE_DEPTH; key += 2) {
#pragma GCC unroll 2
    for (int j = 0; j < 2; j++) {
      Floats x = load<Floats>(scores + (key + j) * TILE);
      if constexpr (SCALED) {
        x = x * splat(rows->key_scales[key + j]);
        store(scores + (key + j) * TILE, x);
      }
      most[j] = max(row_sees<PARTLY>(x, most[j], from, to, key + j), most[j]);
    }
  }
  const Floats maximum = max(most[0], most[1]);
  Floats total = load<Floats>(work->total + first);
  Ints rose = maximum > old;
  unsigned moved = _mm512_movepi32_mask((__m512i)rose) &
                   _mm512_cmp_ps_mask((__m512)old, _mm512_set1_ps(-__builtin_inff()), _CMP_GT_OQ);
  if (moved != 0) {
    Floats kept = rose ? exp(old - maximum) : splat(1);
    total = total * kept;
    for (; moved != 0; moved &= moved - 1) {
      int64_t r = __builtin_ctz(moved);
      float* sums = work->sums + (first + r) * work->width;
      for (int64_t i = 0; i < work->width; i += LANES) {
        store(sums + i, flushed(load<Floats>(sums + i) * kept[r]));
      }
    }
  }
  store(work->maximum + first, maximum);
  const __m512i interleave = _mm512_loadu_si512(INTERLEAVING.low);
  Floats sum[2] = {};
  for (int64_t step = begin; step < end; step++) {
    __m512i pairs[TILE];
#pragma GCC unroll 16
    for (int p = 0; p < TILE; p++) {
      Floats weight[2];
#pragma GCC unroll 2
      for (int j = 0; j < 2; j++) {
        int64_t key = step * TILE_DEPTH + 2 * p + j;
        weight[j] = weight_of(load<Floats>(scores + key * TILE) - maximum);
        weight[j] = row_sees<PARTLY>(weight[j], Floats{}, from, to, key);
        if constexpr (SCALED) {
          sum[j] += weight[j];
          weight[j] = row_sees<PARTLY>(weight[j] * splat(rows->value_scales[key]), Floats{}, from, to, key);
        }
      }
      __m512i words[2] = {_mm512_castsi256_si512(brain_of((__m512)weight[0])),
                          _mm512_castsi256_si512(brain_of((__m512)weight[1]))};
      pairs[p] = _mm512_permutex2var_epi16(words[0], interleave, words[1]);
      if constexpr (!SCALED) {
        sum[0] += (Floats)((Words)pairs[p] << 16);
        sum[1] += (Floats)((Words)pairs[p] & 0xffff0000);
      }
    }
    store_turned(work->weights + step * TILE_BYTES, pairs);
  }
  store(work->total + first, total + (sum[0] + sum[1]));
}

/* ---- weighted values ---- */

/* Adds the weighted values of some steps to N tiles of sums. */
template <int N>
static inline void add_weighted(float* sums, const TileWork* work, int64_t tile, Steps steps) {
  int64_t stride = work->width * 4;
  sums += tile * TILE;
  _tile_loadd(0, sums, stride);
  if constexpr (N > 1) {
    _tile_loadd(1, sums + TILE, stride);
  }
  if constexpr (N > 2) {
    _tile_loadd(2, sums + 2 * TILE, stride);
  }
  if constexpr (N > 3) {
    _tile_loadd(3, sums + 3 * TILE, stride);
  }
  for (int64_t step = steps.from; step < steps.to; step++) {
    const uint8_t* values = work->value_tile(step, tile);
    _tile_loadd(7, work->weights + step * TILE_BYTES, 64);
    _tile_loadd(4, values, 64);
    _tile_dpbf16ps(0, 7, 4);
    if constexpr (N > 1) {
      _tile_loadd(5, values + TILE_BYTES, 64);
      _tile_dpbf16ps(1, 7, 5);
    }
    if constexpr (N > 2) {
      _tile_loadd(6, values + 2 * TILE_BYTES, 64);
      _tile_dpbf16ps(2, 7, 6);
    }
    if constexpr (N > 3) {
      _tile_loadd(4, values + 3 * TILE_BYTES, 64);
      _tile_dpbf16ps(3, 7, 4);
    }
  }
  _tile_stored(0, sums, stride);
  if constexpr (N > 1) {
    _tile_stored(1, sums + TILE, stride);
  }
  if constexpr (N > 2) {
    _tile_stored(2, sums + 2 * TILE, stride);
  }
  if constexpr (N > 3) {
    _tile_stored(3, sums + 3 * TILE, stride);
  }
}

static void add_weighted(const TileWork* work, int64_t first, Steps steps) {
  float* sums = work->sums + first * work->width;
  int64_t tiles = work->width_tiles();
  /* Parts of one size: three and two rather than four and one. */
  int64_t parts = (tiles + 3) / 4;
  for (int64_t part = 0; part < parts; part++) {
    int64_t tile = tiles * part / parts;
    switch (tiles * (part + 1) / parts - tile) {
      case 1:
        add_weighted<1>(sums, work, tile, steps);
        break;
      case 2:
        add_weighted<2>(sums, work, tile, steps);
        break;
      case 3:
        add_weighted<3>(sums, work, tile, steps);
        break;
      default:
        add_weighted<4>(sums, work, tile, steps);
    }
  }
}

/*
 * The same row by row, each with zeros for the values that it does not see, where some of these are no finite numbers: rare,
 * and slow.
 */
static __attribute__((noinline)) void add_weighted_apart(const TileWork* work, int64_t first, Steps steps, Ints from,
                                                         Ints to) {
  int64_t stride = work->width * 4;
  for (int64_t r = 0; r < TILE; r++) {
    for (int64_t tile = 0; tile < work->width_tiles(); tile++) {
      float* sums = work->sums + first * work->width + tile * TILE;
      for (int64_t step = steps.from; step < steps.to; step++) {
        memcpy(work->cleaned, work->value_tile(step, tile), TILE_BYTES);
        for (int64_t key = 0; key < TILE_DEPTH; key++) {
          int64_t place = step * TILE_DEPTH + key;
          for (int64_t i = 0; (place < from[r] || place >= to[r]) && i < TILE; i++) {
            memset(work->cleaned + key / 2 * 64 + i * 4 + key % 2 * 2, 0, 2);
          }
        }
        written();
        _tile_loadd(0, sums, stride);
        _tile_loadd(7, work->weights + step * TILE_BYTES, 64);
        _tile_loadd(4, work->cleaned, 64);
        _tile_dpbf16ps(0, 7, 4);
        _tile_stored(0, work->spare, 64);
        memcpy(sums + r * work->width, work->spare + r * TILE, TILE * sizeof(float));
      }
    }
  }
}

/* ---- all blocks of keys ---- */

/* Queries times the scale, in BF16; rows beyond the last one are zeros. */
static void pack_queries(const TileWork* work, const vesalius_attention_block* block, int64_t head_size) {
  const int64_t count = block->queries * block->group;
  for (int64_t i = 0; i < work->padded; i++) {
    const float* source = block->q + i / block->group * block->q_stride + i % block->group * head_size;
    uint8_t* tile = work->q + i / TILE * work->depth_steps() * TILE_BYTES + i % TILE * 4;
    for (int64_t d = 0; d < work->depth; d += TILE_DEPTH) {
      int64_t n = i < count ? least(head_size - d, TILE_DEPTH) : 0;
      float scaled[TILE_DEPTH] = {};
      for (int64_t c = 0; c < n; c++) {
        scaled[c] = source[d + c] * block->scale;
      }
      uint16_t words[TILE_DEPTH];
      store(words, brain_words<StoredF32>((const char*)scaled, TILE_DEPTH));
      for (int64_t p = 0; p < TILE; p++) {
        memcpy(tile + p * 64, words + 2 * p, 4);
      }
      tile += TILE_BYTES;
    }
  }
}

/* The steps of the block that rows see from and to which. */
VESALIUS_INLINE Steps steps_of(Ints from, Ints to) {
  __mmask16 some = _mm512_cmplt_epi32_mask((__m512i)from, (__m512i)to);
  if (some == 0) {
    return {0, 0, true};
  }
  int64_t begin = _mm512_mask_reduce_min_epi32(some, (__m512i)from) / TILE_DEPTH;
  int64_t end = (_mm512_mask_reduce_max_epi32(some, (__m512i)to) + TILE_DEPTH - 1) / TILE_DEPTH;
  return {begin, end,
          _mm512_reduce_max_epi32((__m512i)from) <= begin * TILE_DEPTH &&
              _mm512_reduce_min_epi32((__m512i)to) >= end * TILE_DEPTH};
}

/* One block of keys, of which some row sees those from `low` to `high`. */
template <typename Stored>
static void attend_block_in_tiles(const TileWork* work, const Rows* rows, const Rows* next, int64_t base, int64_t low,
                                  int64_t high, int64_t head_size) {
  constexpr bool SCALED = sizeof(typename Stored::Element) == 1;
  const KeyPlaces keys = place_keys<Stored>(work, rows, next, low, high, head_size);
  const bool finite = pack_values<Stored>(work, rows, next, low, high, head_size);
  const Ints limit = Ints{} + (int32_t)KEYS;
  for (int64_t first = 0; first < work->padded; first += TILE) {
    Ints from = load<Ints>(work->from + first) - (int32_t)base, to = load<Ints>(work->to + first) - (int32_t)base;
    from = from < 0 ? Ints{} : from < limit ? from : limit;
    to = to < 0 ? Ints{} : to < limit ? to : limit;
    const Steps steps = steps_of(from, to);
    if (steps.from == steps.to) {
      continue;
    }
    written();
    score_tiles(work->scores, work->q + first * work->depth * 2, keys, work->depth_steps(), first == 0 ? next : nullptr);
    /* Weights are being computed while the sums come. */
    const char* sums = (const char*)(work->sums + first * work->width);
    for (int64_t line = 0; line < TILE * work->width * 4; line += 64) {
      _mm_prefetch(sums + line, _MM_HINT_T0);
    }
    if (steps.whole) {
      weigh_tile<false, SCALED>(work, rows, first, from, to, steps.from, steps.to);
    } else {
      weigh_tile<true, SCALED>(work, rows, first, from, to, steps.from, steps.to);
    }
    written();
    if (finite || steps.whole) {
      add_weighted(work, first, steps);
    } else {
      add_weighted_apart(work, first, steps, from, to);
    }
  }
}

template <typename Stored>
static void attend_in_tiles(const vesalius_key_values* cache, const vesalius_attention_block* block, void* scratch) {
  const int64_t group = block->group, size = cache->head_size, count = block->queries * group;
  TileWork work;
  lay_out_tiles(&work, scratch, count, size);

  int64_t begin = INT64_MAX, end = 0;
  for (int64_t i = 0; i < work.padded; i++) {
    Range seen = sees(block, least(i, count - 1) / group);
    work.from[i] = (int32_t)seen.from;
    work.to[i] = (int32_t)seen.to;
    if (seen.from < seen.to) {
      begin = least(begin, seen.from);
      end = seen.to > end ? seen.to : end;
    }
    work.merged[i] = NOTHING;
  }
  pack_queries(&work, block, size);

  auto target = [&](int64_t i) {
    return block->partial == nullptr ? block->out + i / group * block->out_stride + i % group * size
                                     : block->partial + i * (size + 2);
  };
  configure_tiles(TILE);
  Rows* rows = work.rows;
  Rows* next = work.rows + 1;
  bool located = false;
  for (int64_t piece = begin / PIECE * PIECE; piece < end; piece += PIECE) {
    memset(work.sums, 0, work.padded * work.width * sizeof(float));
    for (int64_t i = 0; i < work.padded; i++) {
      work.maximum[i] = NOTHING.maximum;
      work.total[i] = NOTHING.total;
    }
    int64_t last = least(end, piece + PIECE);
    for (int64_t base = begin > piece ? begin / KEYS * KEYS : piece; base < last; base += KEYS) {
      int64_t low = begin > base ? begin - base : 0;
      int64_t high = least(end - base, KEYS);
      if (!located) {
        locate(rows, cache, block, base, low, high);
      }
      located = base + KEYS < end;
      if (located) {
        locate(next, cache, block, base + KEYS, 0, least(end - base - KEYS, KEYS));
      }
      attend_block_in_tiles<Stored>(&work, rows, located ? next : rows, base, low, high, size);
      Rows* spare = rows;
      rows = next;
      next = spare;
    }
    for (int64_t i = 0; i < count; i++) {
      float* sums = work.sums + i * work.width;
      for (int64_t c = 0; c < work.width; c += LANES) {
        store(sums + c, flushed(load<Floats>(sums + c)));
      }
      merge(target(i), work.merged + i, sums, {work.maximum[i], work.total[i]}, size);
    }
  }
  _tile_release();
  finish_rows(block, work.merged, size);
}

}  // namespace VESALIUS_TIER
}  // namespace vesalius

#endif
