/*
 * What all attention kernels share: the arguments, which rows a block has, what a row sees, and how pieces of the keys are merged.
 *
 * The keys of a sequence are cut into pieces of PIECE_KEYS, at multiples of it, and these into blocks. A piece has a maximum, a
 * total and weighted sums of its own; block by block they are brought down to a new maximum; then pieces are merged in order, by
 * whoever has them. A row's state changes with keys that it sees only. So a row's result depends neither on how many queries or
 * sequences there are nor on whether its pieces are computed by one block or by several (Dao et al. 2022, Dao et al. 2023).
 */
#ifndef VESALIUS_ATTENTION_H
#define VESALIUS_ATTENTION_H

#include "common.h"

constexpr int PIECE_KEYS = 512;

struct Attention {
  float* out;
  int out_stride;
  const float* q;
  int q_stride;
  const void* keys;
  const void* values;
  const void* key_scales;
  const void* value_scales;
  int format;
  int slabs;
  int pages_per_slab;
  int page_size;
  const int* page_table;
  int page_table_stride;
  int page_table_width;
  const int* lengths;
  const int* starts;
  int sequences;
  int tokens;
  int key_rows;
  int heads;
  int kv_heads;
  int head_size;
  float scale;
  int causal;
  int window;
  const int* groups;
  int groups_stride;
  float* partial;
  int* fault;

  __device__ __forceinline__ int group() const { return heads / kv_heads; }
};

#define VESALIUS_ATTENTION_VALUES                                                                                                   \
  {                                                                                                                                 \
    out, out_stride, q, q_stride, keys, values, key_scales, value_scales, format, slabs, pages_per_slab, page_size, page_table,     \
        page_table_stride, page_table_width, lengths, starts, sequences, tokens, key_rows, heads, kv_heads, head_size, scale, causal, \
        window, groups, groups_stride, partial, fault                                                                               \
  }

/* exp(x) for x of at most zero, to 2^-17 of itself; exactly 1 of 0, and 0 of minus infinity. */
VESALIUS_INLINE float exponential(float x) { return exp2f(x * 1.44269504088896341f); }

/* A sequence of the batch; none has no queries. */
struct Sequence {
  int number;
  int start;
  int queries;
  int length;
  int first_row; /* of a block's rows among those of the sequence */
};

/* The sequence `s`, or one without queries if there is something wrong with it, which `reporter` reports. */
VESALIUS_INLINE Sequence sequence_at(const Attention& a, int s, bool reporter) {
  const Sequence none = {s, 0, 0, 0, 0};
  int start = a.starts[s];
  int end = a.starts[s + 1];
  int rows = a.format == VESALIUS_PACKED ? least(a.tokens, a.key_rows) : a.tokens;
  if (start < 0 || start > end || end > rows) {
    if (reporter) {
      report(a.fault, VESALIUS_FAULT_STARTS, s, start < 0 || start > end ? start : end, rows);
    }
    return none;
  }
  int queries = end - start;
  if (a.format == VESALIUS_PACKED) {
    return {s, start, queries, queries, 0};
  }
  long long room = (long long)a.page_table_width * a.page_size;
  int length = a.lengths[s];
  if (length < queries || length > room) {
    if (reporter) {
      report(a.fault, VESALIUS_FAULT_LENGTH, s, length, (int)least(room + 1, 0x7fffffffll));
    }
    return none;
  }
  return {s, start, queries, length, 0};
}

/*
 * Where the block's ROWS rows are: the rows of a sequence are its queries times the query heads of a key's head, and blocks count
 * tiles of all sequences. Every warp counts by itself, 32 sequences at a time. The last tiles, which have the most keys, are begun first.
 */
template <int ROWS>
VESALIUS_INLINE Sequence sequence_of_tile(const Attention& a) {
  int tile = (int)(gridDim.x - 1 - blockIdx.x);
  int lane = (int)threadIdx.x % WARP;
  bool reporter = blockIdx.y == 0 && blockIdx.z == 0 && threadIdx.x < WARP;
  int before = 0;
  for (int base = 0; base < a.sequences; base += WARP) {
    Sequence mine = {0, 0, 0, 0, 0};
    if (base + lane < a.sequences) {
      mine = sequence_at(a, base + lane, reporter);
    }
    int tiles = blocks(mine.queries * a.group(), ROWS);
    int sum = tiles;
    for (int distance = 1; distance < WARP; distance *= 2) {
      int other = __shfl_sync(ALL_LANES, sum, most(lane - distance, 0));
      sum += lane >= distance ? other : 0;
    }
    unsigned beyond = __ballot_sync(ALL_LANES, before + sum > tile);
    if (beyond != 0) {
      int found = __ffs((int)beyond) - 1;
      int index = tile - before - __shfl_sync(ALL_LANES, sum - tiles, found);
      return {base + found, __shfl_sync(ALL_LANES, mine.start, found), __shfl_sync(ALL_LANES, mine.queries, found),
              __shfl_sync(ALL_LANES, mine.length, found), index * ROWS};
    }
    before += __shfl_sync(ALL_LANES, sum, WARP - 1);
  }
  return {0, 0, 0, 0, 0};
}

/* The keys that a row sees. */
struct Seen {
  int first;
  int end;
};

/* What a query of a sequence sees; nothing if its group is none. */
VESALIUS_INLINE Seen seen_by(const Attention& a, const Sequence& sequence, int query, bool reporter) {
  int position = sequence.length - sequence.queries + query;
  Seen seen;
  seen.end = a.causal != 0 ? position + 1 : sequence.length;
  seen.first = a.window == 0 ? 0 : most(0, seen.end - a.window);
  if (a.groups != nullptr) {
    int token = sequence.start + query;
    int first = a.groups[token];
    int end = a.groups[(size_t)a.groups_stride + token];
    if (first < 0 || first > position || end <= position || end > sequence.length) {
      if (reporter) {
        report(a.fault, VESALIUS_FAULT_GROUPS, token, first < 0 || first > position ? first : end, sequence.length + 1);
      }
      return {0, 0};
    }
    seen.first = least(seen.first, first);
    seen.end = most(seen.end, end);
  }
  return seen;
}

/* The row of a slab in which a key of a sequence lies, and the slab; none (-1) if the page table is wrong. */
struct Slot {
  int slab;
  long long row;
};

VESALIUS_INLINE Slot slot_of(const Attention& a, int sequence, int key, int kv_head) {
  int index = key / a.page_size;
  int page = a.page_table[(size_t)sequence * a.page_table_stride + index];
  int pages = (int)least((long long)a.slabs * a.pages_per_slab, 0x7fffffffll);
  if (!within(page, pages, a.fault, VESALIUS_FAULT_PAGES, index, true)) {
    return {-1, 0};
  }
  return {page / a.pages_per_slab, ((long long)(page % a.pages_per_slab) * a.kv_heads + kv_head) * a.page_size + key % a.page_size};
}

/* Maximum and total of the weights of some keys; a total of zero: none was seen. */
struct State {
  float maximum;
  float total;
};

/* What a merge multiplies with: `sum = share * piece + kept * sum`. */
struct Merge {
  float kept;
  float share;
};

/* Merges a piece into what came before it. Sums are not there to be multiplied while nothing came before. */
VESALIUS_INLINE Merge merge(State* state, State piece) {
  if (piece.total == 0) {
    return {1, 0};
  }
  if (state->total == 0) {
    *state = piece;
    return {0, 1};
  }
  float maximum = fmaxf(state->maximum, piece.maximum);
  Merge merge = {exponential(state->maximum - maximum), exponential(piece.maximum - maximum)};
  *state = {maximum, fmaf(merge.share, piece.total, merge.kept * state->total)};
  return merge;
}

#endif
