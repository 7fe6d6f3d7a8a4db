/*
 * Attention without a matrix of all scores (Dao et al. 2022). The keys of a sequence are cut into pieces of PIECE, and these
 * into blocks of KEYS, at multiples of them. A piece has a maximum, a total and weighted sums of its own; block by block they
 * are brought down to a new maximum. Then the pieces' results are merged in order, here or by another thread in
 * attention_combine. A query touches only keys that it sees, so nothing of its result depends on other queries or on how the
 * work is split.
 */
#include "vesalius.h"

#include "attention_tiles.h"

namespace vesalius {
namespace VESALIUS_TIER {

constexpr int64_t PIECE = 1024;

static int64_t attention_split() { return PIECE; }

/* ---- merging pieces ---- */

struct State {
  float maximum;
  float total;
};

constexpr State NOTHING = {-__builtin_inff(), 0};

/* Merges a piece into what came before it; both may have seen no key. */
static __attribute__((noinline)) void merge(float* sums, State* state, const float* piece, State other, int64_t n) {
  if (other.total == 0) {
    return;
  }
  if (state->total == 0) {
    memcpy(sums, piece, n * sizeof(float));
    *state = other;
    return;
  }
  float most = other.maximum > state->maximum ? other.maximum : state->maximum;
  Floats kept = exp(splat(state->maximum - most));
  Floats share = exp(splat(other.maximum - most));
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    store(sums + i, fma(share, load<Floats>(piece + i), kept * load<Floats>(sums + i)));
  }
  if (i < n) {
    store_first(sums + i, fma(share, load_first(piece + i, n - i), kept * load_first(sums + i, n - i)), n - i);
  }
  *state = {most, fma1(share[0], other.total, kept[0] * state->total)};
}

static void finish(float* sums, State state, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    sums[i] = state.total == 0 ? 0 : sums[i] / state.total;
  }
}

static void attention_combine(const float* partial, int64_t part_stride, int64_t parts, float* out, int64_t out_stride,
                              int64_t queries, int64_t group, int64_t head_size) {
  for (int64_t row = 0; row < queries * group; row++) {
    float* sums = out + row / group * out_stride + row % group * head_size;
    State state = NOTHING;
    for (int64_t p = 0; p < parts; p++) {
      const float* piece = partial + p * part_stride + row * (head_size + 2);
      merge(sums, &state, piece, {piece[head_size], piece[head_size + 1]}, head_size);
    }
    finish(sums, state, head_size);
  }
}

/* All rows of a block, where they were merged: divided by their total, or with what another piece is to be merged by. */
static void finish_rows(const vesalius_attention_block* block, const State* merged, int64_t size) {
  for (int64_t i = 0; i < block->queries * block->group; i++) {
    if (block->partial == nullptr) {
      finish(block->out + i / block->group * block->out_stride + i % block->group * size, merged[i], size);
      continue;
    }
    float* sums = block->partial + i * (size + 2);
    if (merged[i].total == 0) {
      memset(sums, 0, size * sizeof(float));
    }
    sums[size] = merged[i].maximum;
    sums[size + 1] = merged[i].total;
  }
}

/* ---- the block ---- */

/* Where the keys and values of a block lie, and after them those of the next one, as far as they are fetched ahead. */
struct Rows {
  const char* keys[KEYS + AHEAD];
  const char* values[KEYS + AHEAD];
  float key_scales[KEYS];
  float value_scales[KEYS];
};

/* A call's scratch memory; rows of queries and sums are padded to whole vectors, their number to whole tiles. */
struct Work {
  float* q;
  float* sums;
  float* scores;
  float* keys;
  float* values;
  State* piece;
  State* merged;
  int32_t* from; /* keys of the block that a row sees */
  int32_t* to;
  Rows* rows;    /* of this block and the next one */
  int64_t width;
  int64_t padded;
};

VESALIUS_INLINE char* take(char** memory, int64_t bytes) {
  char* place = *memory;
  *memory += round_up(bytes, 64);
  return place;
}

static int64_t lay_out(Work* work, void* scratch, int64_t rows, int64_t head_size) {
  char* memory = (char*)scratch;
  work->width = round_up(head_size, LANES);
  work->padded = round_up(rows, VALUE_ROWS);
  work->q = (float*)take(&memory, work->padded * work->width * 4);
  work->sums = (float*)take(&memory, work->padded * work->width * 4);
  work->scores = (float*)take(&memory, work->padded * KEYS * 4);
  work->keys = (float*)take(&memory, KEYS * work->width * 4);
  work->values = (float*)take(&memory, KEYS * work->width * 4);
  work->piece = (State*)take(&memory, work->padded * (int64_t)sizeof(State));
  work->merged = (State*)take(&memory, work->padded * (int64_t)sizeof(State));
  work->from = (int32_t*)take(&memory, work->padded * 4);
  work->to = (int32_t*)take(&memory, work->padded * 4);
  work->rows = (Rows*)take(&memory, 2 * (int64_t)sizeof(Rows));
  return memory - (char*)scratch;
}

/* Addresses of the keys `from` to `to` of the block at `base`; the others of it get one of these, to be fetched at worst. */
static __attribute__((noinline)) void locate(Rows* rows, const vesalius_key_values* cache, const vesalius_attention_block* block, int64_t base,
                   int64_t from, int64_t to) {
  int64_t size = cache->head_size * cached_number_size(cache->format);
  if (cache->page_size == 0) {
    const char* keys = (const char*)cache->keys[0] + block->kv_head * size;
    const char* values = (const char*)cache->values[0] + block->kv_head * size;
    for (int64_t i = from; i < to; i++) {
      int64_t row = block->start + base + i;
      rows->keys[i] = keys + row * cache->key_stride * 4;
      rows->values[i] = values + row * cache->value_stride * 4;
    }
  } else {
    const int32_t* pages = cache->page_table + block->sequence * cache->page_table_stride;
    for (int64_t i = from; i < to;) {
      int64_t page = (base + i) / cache->page_size;
      int64_t slot = base + i - page * cache->page_size;
      int64_t count = least(to - i, cache->page_size - slot);
      Page place = page_of(cache, pages[page], block->kv_head);
      int64_t row = place.row + slot;
      const char* keys = (const char*)cache->keys[place.slab] + row * size;
      const char* values = (const char*)cache->values[place.slab] + row * size;
      for (int64_t j = 0; j < count; j++) {
        rows->keys[i + j] = keys + j * size;
        rows->values[i + j] = values + j * size;
      }
      if (cache->format == VESALIUS_CACHE_INT8) {
        memcpy(rows->key_scales + i, (const float*)cache->key_scales[place.slab] + row, count * sizeof(float));
        memcpy(rows->value_scales + i, (const float*)cache->value_scales[place.slab] + row, count * sizeof(float));
      }
      i += count;
    }
  }
  for (int64_t i = 0; i < KEYS; i++) {
    if (i < from || i >= to) {
      rows->keys[i] = rows->keys[from];
      rows->values[i] = rows->values[from];
    }
  }
}

VESALIUS_INLINE Ints lane_numbers() {
  Ints lanes;
  for (int i = 0; i < LANES; i++) {
    lanes[i] = i;
  }
  return lanes;
}

/* x where a key is between `from` and `to`, or lies in a vector that is known to. */
template <bool PARTLY>
VESALIUS_INLINE Floats seen_or(Floats x, Floats otherwise, int64_t key, int64_t from, int64_t to) {
  if constexpr (PARTLY) {
    Ints place = lane_numbers() + (int32_t)key;
    return place >= (int32_t)from && place < (int32_t)to ? x : otherwise;
  }
  return x;
}

/*
 * Scores become weights, and what was summed so far is brought down to a new maximum. Keys outside `from` to `to` get the
 * weight zero within the vectors that are touched. Of integers the scales belong to the key and the value.
 */
template <bool PARTLY, bool SCALED>
static void weigh(float* scores, int64_t from, int64_t to, const Rows* rows, float* sums, State* state, int64_t width) {
  int64_t first = from / LANES * LANES;
  Floats most = splat(-__builtin_inff());
  for (int64_t i = first; i < to; i += LANES) {
    Floats x = load<Floats>(scores + i);
    if constexpr (SCALED) {
      x = x * load<Floats>(rows->key_scales + i);
      store(scores + i, x);
    }
    most = max(seen_or<PARTLY>(x, most, i, from, to), most);
  }
  float maximum = largest_lane(most);
  if (maximum > state->maximum) {
    Floats kept = exp(splat(state->maximum - maximum));
    for (int64_t i = 0; i < width; i += LANES) {
      store(sums + i, load<Floats>(sums + i) * kept);
    }
    *state = {maximum, state->total * kept[0]};
  }
  Floats total{};
  for (int64_t i = first; i < to; i += LANES) {
    Floats weight = exp(load<Floats>(scores + i) - state->maximum);
    weight = seen_or<PARTLY>(weight, Floats{}, i, from, to);
    total += weight;
    if constexpr (SCALED) {
      weight = weight * load<Floats>(rows->value_scales + i);
    }
    store(scores + i, weight);
  }
  state->total += sum_lanes(total);
}

template <bool SCALED>
static __attribute__((noinline)) void weigh_rows(const Work* work, const Rows* rows, int64_t first, int64_t count) {
  for (int64_t i = first; i < first + count; i++) {
    int64_t from = work->from[i], to = work->to[i], width = work->width;
    if (from % LANES == 0 && to % LANES == 0) {
      weigh<false, SCALED>(work->scores + i * KEYS, from, to, rows, work->sums + i * width, work->piece + i, width);
    } else {
      weigh<true, SCALED>(work->scores + i * KEYS, from, to, rows, work->sums + i * width, work->piece + i, width);
    }
  }
}

/* ---- many queries ---- */

template <typename Stored>
VESALIUS_INLINE void widen_padded(float* out, const char* row, int64_t n) {
  constexpr int64_t SIZE = sizeof(typename Stored::Element);
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    store(out + i, Stored::read(row + i * SIZE));
  }
  if (i < n) {
    store(out + i, read_first<Stored>(row + i * SIZE, n - i));
  }
}

template <typename Stored>
static void widen_block(const Work* work, const Rows* rows, int64_t from, int64_t to, int64_t head_size) {
  for (int64_t i = from; i < to; i++) {
    widen_padded<Stored>(work->keys + i * work->width, rows->keys[i], head_size);
    widen_padded<Stored>(work->values + i * work->width, rows->values[i], head_size);
  }
}

/* The keys that any row of a tile sees, and those that all of them see. */
struct Seen {
  int64_t any_from, any_to, all_from, all_to;
};

VESALIUS_INLINE Seen seen_by(const Work* work, int64_t first, int64_t end) {
  Seen seen = {KEYS, 0, 0, KEYS};
  for (int64_t i = first; i < end; i++) {
    int64_t from = work->from[i], to = work->to[i];
    if (from < to) {
      seen.any_from = least(seen.any_from, from);
      seen.any_to = to > seen.any_to ? to : seen.any_to;
    }
    seen.all_from = from > seen.all_from ? from : seen.all_from;
    seen.all_to = least(seen.all_to, to);
  }
  return seen;
}

template <bool SCALED>
static void attend_tiles(const Work* work, const Rows* rows, int64_t count) {
  int64_t width = work->width;
  for (int64_t i = 0; i < count; i += SCORE_ROWS) {
    Seen seen = seen_by(work, i, least(count, i + SCORE_ROWS));
    for (int64_t key = seen.any_from / SCORE_KEYS * SCORE_KEYS; key < seen.any_to; key += SCORE_KEYS) {
      score_tile<SCORE_ROWS>(work->scores + i * KEYS + key, work->q + i * width, work->keys + key * width, width);
    }
  }
  weigh_rows<SCALED>(work, rows, 0, count);
  for (int64_t i = 0; i < count; i += VALUE_ROWS) {
    int64_t end = least(count, i + VALUE_ROWS);
    Seen seen = seen_by(work, i, end);
    bool together = seen.all_from < seen.all_to;
    for (int64_t r = i; r < end; r++) {
      int64_t to = together ? seen.all_from : work->to[r];
      if (work->from[r] < to) {
        value_rows<1, 8>(work->sums + r * width, width, work->scores + r * KEYS, work->values, work->from[r], to);
      }
    }
    if (!together) {
      continue;
    }
    value_rows<VALUE_ROWS, VALUE_VECTORS>(work->sums + i * width, width, work->scores + i * KEYS, work->values,
                                          seen.all_from, seen.all_to);
    for (int64_t r = i; r < end; r++) {
      if (seen.all_to < work->to[r]) {
        value_rows<1, 8>(work->sums + r * width, width, work->scores + r * KEYS, work->values, seen.all_to, work->to[r]);
      }
    }
  }
}

/* ---- few queries ---- */

template <typename Stored, int R>
static __attribute__((noinline)) void attend_stream(const Work* work, const Rows* rows, int64_t queries) {
  int64_t width = work->width;
  for (int64_t i = 0; i < queries * R; i += R) {
    int64_t from = work->from[i], to = work->to[i];
    stream_scores<Stored, R>(work->scores + i * KEYS, work->q + i * width, rows->keys, width, from, to);
    weigh_rows<sizeof(typename Stored::Element) == 1>(work, rows, i, R);
    stream_values<Stored, R>(work->sums + i * width, work->scores + i * KEYS, rows->values, width, from, to);
  }
}

template <typename Stored>
static void attend_stream(const Work* work, const Rows* rows, int64_t queries, int64_t group) {
  switch (group) {
    case 1: return attend_stream<Stored, 1>(work, rows, queries);
    case 2: return attend_stream<Stored, 2>(work, rows, queries);
    case 3: return attend_stream<Stored, 3>(work, rows, queries);
    case 4: return attend_stream<Stored, 4>(work, rows, queries);
    case 5: return attend_stream<Stored, 5>(work, rows, queries);
    case 6: return attend_stream<Stored, 6>(work, rows, queries);
    case 7: return attend_stream<Stored, 7>(work, rows, queries);
    default: return attend_stream<Stored, 8>(work, rows, queries);
  }
}

/* ---- all blocks of keys ---- */

struct Range {
  int64_t from;
  int64_t to;
};

/* The keys that a query sees: a run of them, since a group holds the query itself. */
VESALIUS_INLINE Range sees(const vesalius_attention_block* block, int64_t query) {
  int64_t position = block->position + query;
  int64_t from = block->window == 0 || position + 1 < block->window ? 0 : position + 1 - block->window;
  int64_t to = block->causal ? position + 1 : block->length;
  if (block->see_from != nullptr) {
    from = least(from, block->see_from[query]);
    to = block->see_to[query] > to ? block->see_to[query] : to;
  }
  from = from > block->key_from ? from : block->key_from;
  return {from, least(to, block->key_to)};
}

template <typename Stored>
static void attend(const vesalius_key_values* cache, const vesalius_attention_block* block, void* scratch) {
  const int64_t group = block->group, size = cache->head_size, count = block->queries * group;
  constexpr bool SCALED = sizeof(typename Stored::Element) == 1;
  Work work;
  lay_out(&work, scratch, count, size);
  const bool streaming = count <= STREAM_ROWS && size == work.width;

  int64_t begin = INT64_MAX, end = 0;
  for (int64_t query = 0; query < block->queries; query++) {
    Range seen = sees(block, query);
    if (seen.from < seen.to) {
      begin = least(begin, seen.from);
      end = seen.to > end ? seen.to : end;
    }
  }
  memset(work.q, 0, work.padded * work.width * sizeof(float));
  for (int64_t i = 0; i < count; i++) {
    const float* source = block->q + i / group * block->q_stride + i % group * size;
    for (int64_t c = 0; c < size; c++) {
      work.q[i * work.width + c] = source[c] * block->scale;
    }
    work.merged[i] = NOTHING;
  }

  auto target = [&](int64_t i) {
    return block->partial == nullptr ? block->out + i / group * block->out_stride + i % group * size
                                     : block->partial + i * (size + 2);
  };
  Rows* rows = work.rows;
  Rows* next = work.rows + 1;
  bool located = false;
  for (int64_t piece = begin / PIECE * PIECE; piece < end; piece += PIECE) {
    memset(work.sums, 0, work.padded * work.width * sizeof(float));
    for (int64_t i = 0; i < count; i++) {
      work.piece[i] = NOTHING;
    }
    int64_t last = least(end, piece + PIECE);
    for (int64_t base = begin > piece ? begin / KEYS * KEYS : piece; base < last; base += KEYS) {
      int64_t low = begin > base ? begin - base : 0;
      int64_t high = least(end - base, KEYS);
      if (!located) {
        locate(rows, cache, block, base, low, high);
      }
      located = streaming && base + KEYS < end;
      if (located) {
        locate(next, cache, block, base + KEYS, 0, least(end - base - KEYS, KEYS));
      }
      for (int64_t i = 0; i < count; i++) {
        Range seen = sees(block, i / group);
        int64_t from = seen.from - base, to = seen.to - base;
        work.from[i] = (int32_t)(from > 0 ? least(from, KEYS) : 0);
        work.to[i] = (int32_t)(to > 0 ? least(to, KEYS) : 0);
      }
      if (streaming) {
        const Rows* after = located ? next : rows;
        memcpy(rows->keys + KEYS, after->keys, AHEAD * sizeof(char*));
        memcpy(rows->values + KEYS, after->values, AHEAD * sizeof(char*));
        attend_stream<Stored>(&work, rows, block->queries, group);
        Rows* spare = rows;
        rows = next;
        next = spare;
      } else {
        widen_block<Stored>(&work, rows, low, high, size);
        attend_tiles<SCALED>(&work, rows, count);
      }
    }
    for (int64_t i = 0; i < count; i++) {
      merge(target(i), work.merged + i, work.sums + i * work.width, work.piece[i], size);
    }
  }
  finish_rows(block, work.merged, size);
}

}  // namespace VESALIUS_TIER
}  // namespace vesalius

#include "attention_amx.h"

namespace vesalius {
namespace VESALIUS_TIER {

static int32_t attention_rounding(int32_t format, int32_t paged) {
#if defined(__AMX_BF16__)
  return format == VESALIUS_CACHE_F32 && paged ? VESALIUS_ROUND_NONE : VESALIUS_ROUND_BF16;
#else
  (void)format;
  (void)paged;
  return VESALIUS_ROUND_NONE;
#endif
}

/* Query rows of a block: converting a block of keys and values costs little beside what is done with it. */
static int64_t attention_rows(int64_t head_size) {
#if defined(__AMX_BF16__)
  /* A twentieth at head size 80, with float32 beside; queries and sums stay in the second-level cache. */
  (void)head_size;
  return 384;
#else
  constexpr int64_t NUMBERS = 144 * 128;
  int64_t rows = NUMBERS / round_up(head_size, LANES) / VALUE_ROWS * VALUE_ROWS;
  return rows < 48 ? 48 : least(rows, 192);
#endif
}

static int64_t attention_scratch(int64_t rows, int64_t head_size) {
  Work work;
  int64_t bytes = lay_out(&work, nullptr, rows, head_size);
#if defined(__AMX_BF16__)
  TileWork tiles;
  int64_t in_tiles = lay_out_tiles(&tiles, nullptr, rows, head_size);
  bytes = in_tiles > bytes ? in_tiles : bytes;
#endif
  return bytes;
}

static void attention(const vesalius_key_values* cache, const vesalius_attention_block* block, void* scratch) {
#if defined(__AMX_BF16__)
  if (attention_rounding(cache->format, cache->page_size != 0) == VESALIUS_ROUND_BF16) {
    switch (cache->format) {
      case VESALIUS_CACHE_F32: return attend_in_tiles<StoredF32>(cache, block, scratch);
      case VESALIUS_CACHE_BF16: return attend_in_tiles<StoredBF16>(cache, block, scratch);
      case VESALIUS_CACHE_INT8: return attend_in_tiles<StoredI8>(cache, block, scratch);
    }
  }
#endif
  switch (cache->format) {
    case VESALIUS_CACHE_F32: return attend<StoredF32>(cache, block, scratch);
    case VESALIUS_CACHE_BF16: return attend<StoredBF16>(cache, block, scratch);
    case VESALIUS_CACHE_INT8: return attend<StoredI8>(cache, block, scratch);
  }
}

}  // namespace VESALIUS_TIER
}  // namespace vesalius
