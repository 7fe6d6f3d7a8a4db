/*
 * Attention by matrix units. A block has ROW_WARPS times 16 rows, which are queries times the query heads that share a key, so that
 * decoding reads keys and values once for all of them.
 * DIM_WARPS warps share the same 16 rows: each computes all scores, which costs it nothing while it waits for memory, and a part
 * of the sums, so that no warp waits for another's weights. Scores never leave registers.
 *
 * Aims: three blocks of head size 128 an SM on an H200, which keeps 100 to 200 KiB in flight when decoding.
 */
#ifndef VESALIUS_FLASH_H
#define VESALIUS_FLASH_H

#include "flash_keys.h"

template <int HEAD, int ROW_WARPS, int DIM_WARPS>
struct Flash : FlashKeys<HEAD, ROW_WARPS * DIM_WARPS * WARP, (DIM_WARPS > 1 ? 2 : HEAD)> {
  /* A decoding block's addresses would spill if all its copies were begun together. */
  typedef FlashKeys<HEAD, ROW_WARPS * DIM_WARPS * WARP, (DIM_WARPS > 1 ? 2 : HEAD)> Base;
  using Base::a;
  using Base::end;
  using Base::first;
  using Base::kv_head;
  using Base::load;
  using Base::locate;
  using Base::sequence;
  static constexpr int ROWS = ROW_WARPS * 16;
  static constexpr int THREADS = ROW_WARPS * DIM_WARPS * WARP;
  static constexpr int KEYS = FlashStage<HEAD>::KEYS;
  static constexpr int KEY_TILES = KEYS / 8;
  static constexpr int ROW_BYTES = FlashStage<HEAD>::ROW_BYTES;
  static constexpr int DEPTH = HEAD / 16;
  static constexpr int UNITS = (DEPTH + DIM_WARPS - 1) / DIM_WARPS; /* of 16 numbers of a head, that a warp sums */

  FlashStage<HEAD>* stages;
  FlashRow (*located)[KEYS];
  int* poisoned;
  int row[2];  /* of the sequence, of this lane: its fragments' rows g and g + 8 */
  Seen seen[2];
  int last_first; /* keys that all rows see */
  int first_end;
  unsigned q[DEPTH][4];
  float sums[UNITS][2][4];
  float maximum[2];
  float total[2]; /* of this lane's columns */

  __device__ __forceinline__ Flash(const Attention& attention, FlashStage<HEAD>* stages, FlashRow (*located)[KEYS], int* poisoned)
      : Base{attention, sequence_of_tile<ROWS>(attention), (int)blockIdx.y, 0, 0},
        stages(stages),
        located(located),
        poisoned(poisoned) {}

  __device__ __forceinline__ int lane() const { return (int)threadIdx.x % WARP; }
  __device__ __forceinline__ int row_warp() const { return (int)threadIdx.x / WARP / DIM_WARPS; }
  __device__ __forceinline__ int dim_warp() const { return (int)threadIdx.x / WARP % DIM_WARPS; }
  __device__ __forceinline__ bool is_unit(int unit) const { return DEPTH % DIM_WARPS == 0 || unit < DEPTH; }
  __device__ __forceinline__ int query(int r) const { return r / a.group(); }
  __device__ __forceinline__ int head(int r) const { return kv_head * a.group() + r % a.group(); }
  __device__ __forceinline__ bool is_row(int r) const { return r < sequence.queries * a.group(); }

  /* What the rows see: every warp looks at all of them. */
  __device__ __forceinline__ void look() {
    int low = 0x7fffffff;
    int high_low = 0;
    int high = 0;
    int low_high = 0x7fffffff;
    bool reporter = kv_head == 0 && blockIdx.z == 0 && threadIdx.x < WARP;
    for (int i = lane(); i < ROWS; i += WARP) {
      int r = sequence.first_row + i;
      Seen s = is_row(r) ? seen_by(a, sequence, query(r), reporter) : Seen{0, 0};
      if (s.first < s.end) {
        low = least(low, s.first);
        high_low = most(high_low, s.first);
        high = most(high, s.end);
        low_high = least(low_high, s.end);
      }
    }
    for (int distance = WARP / 2; distance > 0; distance /= 2) {
      low = least(low, __shfl_xor_sync(ALL_LANES, low, distance));
      high_low = most(high_low, __shfl_xor_sync(ALL_LANES, high_low, distance));
      high = most(high, __shfl_xor_sync(ALL_LANES, high, distance));
      low_high = least(low_high, __shfl_xor_sync(ALL_LANES, low_high, distance));
    }
    first = least(low, high);
    end = high;
    last_first = high_low;
    first_end = low_high;
    for (int h = 0; h < 2; h++) {
      row[h] = sequence.first_row + row_warp() * 16 + h * 8 + lane() / 4;
      seen[h] = is_row(row[h]) ? seen_by(a, sequence, query(row[h]), false) : Seen{0, 0};
    }
  }

  /* The rows' queries, times the scale, as fragments. */
  __device__ __forceinline__ void load_queries() {
    int column = lane() % 4 * 2;
#pragma unroll
    for (int k = 0; k < DEPTH; k++) {
#pragma unroll
      for (int part = 0; part < 4; part++) {
        int r = row[part % 2];
        int i = k * 16 + part / 2 * 8 + column;
        float x = 0;
        float y = 0;
        if (seen[part % 2].first < seen[part % 2].end) {
          const float* from = a.q + (size_t)(sequence.start + query(r)) * a.q_stride + (size_t)head(r) * a.head_size + i;
          x = i < a.head_size ? from[0] : 0.0f;
          y = i + 1 < a.head_size ? from[1] : 0.0f;
        }
        q[k][part] = bf16_pair(x * a.scale, y * a.scale);
      }
    }
  }

  __device__ __forceinline__ void clear() {
    for (int h = 0; h < 2; h++) {
      maximum[h] = -infinity();
      total[h] = 0;
    }
#pragma unroll
    for (int u = 0; u < UNITS; u++) {
#pragma unroll
      for (int c = 0; c < 8; c++) {
        sums[u][c / 4][c % 4] = 0;
      }
    }
  }

  /* Scores of all keys of a stage. */
  __device__ __forceinline__ void score(float (&scores)[KEY_TILES][4], const FlashStage<HEAD>& stage) const {
    const char* from = stage.keys + (lane() / 16 * 8 + lane() % 8) * ROW_BYTES + lane() / 8 % 2 * 16;
#pragma unroll
    for (int j = 0; j < KEY_TILES; j++) {
      scores[j][0] = scores[j][1] = scores[j][2] = scores[j][3] = 0;
    }
#pragma unroll
    for (int k = 0; k < DEPTH; k++) {
#pragma unroll
      for (int j = 0; j < KEY_TILES; j += 2) {
        unsigned b[4];
        load_matrix_x4(b, from + j * 8 * ROW_BYTES + k * 32);
        mma_bf16(scores[j], q[k], b);
        mma_bf16(scores[j + 1], q[k], b + 2);
      }
    }
  }

  /*
   * Scores become weights, rounded, in pairs as fragments; what was summed is brought down to a new maximum. What is not seen has a
   * score of minus infinity and a weight of zero. `weights[h]` are those of the rows g + 8 h.
   */
  __device__ __forceinline__ void weigh(unsigned (&weights)[2][KEY_TILES], float (&scores)[KEY_TILES][4],
                                        const FlashStage<HEAD>& stage, int base, bool partly) {
    bool scaled = a.format == VESALIUS_PAGES_I8;
    int column = lane() % 4 * 2;
    float most_now[2] = {maximum[0], maximum[1]};
#pragma unroll
    for (int j = 0; j < KEY_TILES; j++) {
#pragma unroll
      for (int c = 0; c < 4; c++) {
        int i = j * 8 + column + c % 2;
        if (scaled) {
          scores[j][c] *= stage.key_scales[i];
        }
        if (partly && (base + i < seen[c / 2].first || base + i >= seen[c / 2].end)) {
          scores[j][c] = -infinity();
        }
        most_now[c / 2] = fmaxf(most_now[c / 2], scores[j][c]);
      }
    }
    float factor[2];
    for (int h = 0; h < 2; h++) {
      most_now[h] = fmaxf(most_now[h], __shfl_xor_sync(ALL_LANES, most_now[h], 1));
      most_now[h] = fmaxf(most_now[h], __shfl_xor_sync(ALL_LANES, most_now[h], 2));
      factor[h] = maximum[h] == most_now[h] ? 1.0f : exponential(maximum[h] - most_now[h]);
      maximum[h] = most_now[h];
    }
    /* Times one changes nothing: after the first blocks a new maximum is rare. */
    if (__ballot_sync(ALL_LANES, factor[0] != 1 || factor[1] != 1) != 0) {
#pragma unroll
      for (int u = 0; u < UNITS; u++) {
#pragma unroll
        for (int c = 0; c < 8; c++) {
          sums[u][c / 4][c % 4] *= factor[c % 4 / 2];
        }
      }
      total[0] *= factor[0];
      total[1] *= factor[1];
    }
#pragma unroll
    for (int j = 0; j < KEY_TILES; j++) {
#pragma unroll
      for (int h = 0; h < 2; h++) {
        float w[2];
#pragma unroll
        for (int c = 0; c < 2; c++) {
          float x = scores[j][2 * h + c];
          w[c] = x == -infinity() ? 0.0f : exponential(x - maximum[h]);
        }
        if (scaled) {
          total[h] += w[0] + w[1];
          for (int c = 0; c < 2; c++) {
            /* The scale of a key that is not seen may be no number. */
            w[c] = w[c] == 0 ? 0.0f : w[c] * stage.value_scales[j * 8 + column + c];
          }
          weights[h][j] = bf16_pair(w[0], w[1]);
        } else {
          weights[h][j] = bf16_pair(w[0], w[1]);
          total[h] += __uint_as_float(weights[h][j] << 16) + __uint_as_float(weights[h][j] & 0xffff0000u);
        }
      }
    }
  }

  static __device__ __forceinline__ bool is_poison(unsigned half) { return (half & 0x7f80u) == 0x7f80u; }

  /* The pair of numbers, zero where one is not finite. */
  static __device__ __forceinline__ unsigned finite(unsigned pair) {
    return (is_poison(pair) ? 0 : pair & 0xffffu) | (is_poison(pair >> 16) ? 0 : pair & 0xffff0000u);
  }

  /* Adds weighted values to the sums. */
  __device__ __forceinline__ void add(const unsigned (&weights)[2][KEY_TILES], const FlashStage<HEAD>& stage) {
    const char* from = stage.values + lane() % 16 * ROW_BYTES + lane() / 16 * 16;
#pragma unroll
    for (int k = 0; k < KEY_TILES / 2; k++) {
      const unsigned left[4] = {weights[0][2 * k], weights[1][2 * k], weights[0][2 * k + 1], weights[1][2 * k + 1]};
#pragma unroll
      for (int u = 0; u < UNITS; u++) {
        int unit = u * DIM_WARPS + dim_warp();
        if (is_unit(unit)) {
          unsigned b[4];
          load_matrix_x4_trans(b, from + k * 16 * ROW_BYTES + unit * 32);
          mma_bf16(sums[u][0], left, b);
          mma_bf16(sums[u][1], left, b + 2);
        }
      }
    }
  }

  /* Adds the values of a key that are not finite to the sums of the rows that see it; whose weight there is zero, it is kept from. */
  __device__ __forceinline__ void add_poison(const char* values, int key) {
#pragma unroll
    for (int u = 0; u < UNITS; u++) {
      int unit = u * DIM_WARPS + dim_warp();
#pragma unroll
      for (int half = 0; half < 2; half++) {
        unsigned pair = is_unit(unit) ? *(const unsigned*)(values + unit * 32 + half * 16 + lane() % 4 * 4) : 0;
        unsigned poison = pair & ~finite(pair);
#pragma unroll
        for (int h = 0; h < 2; h++) {
          bool sees = key >= seen[h].first && key < seen[h].end;
          sums[u][half][2 * h] += sees ? __uint_as_float(poison << 16) : 0.0f;
          sums[u][half][2 * h + 1] += sees ? __uint_as_float(poison & 0xffff0000u) : 0.0f;
        }
      }
    }
  }

  /*
   * Takes what is not finite out of the values of a stage, and adds it where it belongs: times a weight of zero it would reach rows
   * that do not see it. All threads of the block come here.
   */
  __device__ __forceinline__ void separate(FlashStage<HEAD>& stage, int base) {
    if (threadIdx.x == 0) {
      *poisoned = 0;
    }
    __syncthreads();
    bool found = false;
#pragma unroll 1
    for (int at = (int)threadIdx.x; at < KEYS * HEAD / 2; at += THREADS) {
      unsigned pair = *(const unsigned*)(stage.values + at / (HEAD / 2) * ROW_BYTES + at % (HEAD / 2) * 4);
      found |= finite(pair) != pair;
    }
    if (found) {
      *poisoned = 1;
    }
    __syncthreads();
    if (*poisoned == 0) {
      return;
    }
#pragma unroll 1
    for (int i = 0; i < KEYS; i++) {
      add_poison(stage.values + i * ROW_BYTES, base + i);
    }
    __syncthreads();
#pragma unroll 1
    for (int at = (int)threadIdx.x; at < KEYS * HEAD / 2; at += THREADS) {
      unsigned* pair = (unsigned*)(stage.values + at / (HEAD / 2) * ROW_BYTES + at % (HEAD / 2) * 4);
      *pair = finite(*pair);
    }
    __syncthreads();
  }

  /* One block of keys, of which those from `first` to `to` have been loaded. */
  __device__ __forceinline__ void attend(FlashStage<HEAD>& stage, int base, int to) {
    int from = most(base, first);
    int until = least(base + KEYS, to);
    bool hidden = last_first > from || first_end < until;
    float scores[KEY_TILES][4];
    unsigned weights[2][KEY_TILES];
    score(scores, stage);
    weigh(weights, scores, stage, base, hidden || until - from < KEYS);
    if (hidden && a.format != VESALIUS_PAGES_I8) {
      separate(stage, base);
    }
    add(weights, stage);
  }

  /* The piece's state of the row g + 8 h, when all its keys have been seen. */
  __device__ __forceinline__ State piece(int h) const {
    float sum = total[h];
    sum += __shfl_xor_sync(ALL_LANES, sum, 1);
    sum += __shfl_xor_sync(ALL_LANES, sum, 2);
    return {maximum[h], sum};
  }

  /* Calls `use(h, number of the head, sum)` for what this lane has of its rows that see something. */
  template <typename Use>
  __device__ __forceinline__ void for_each_sum(Use use) {
#pragma unroll
    for (int u = 0; u < UNITS; u++) {
      int unit = u * DIM_WARPS + dim_warp();
#pragma unroll
      for (int c = 0; c < 8; c++) {
        int number = unit * 16 + c / 4 * 8 + lane() % 4 * 2 + c % 2;
        int h = c % 4 / 2;
        if (is_unit(unit) && number < a.head_size && seen[h].first < seen[h].end) {
          use(h, number, sums[u][c / 4][c % 4]);
        }
      }
    }
  }

  __device__ __forceinline__ size_t out_row(int h) const {
    return (size_t)(sequence.start + query(row[h])) * a.out_stride + (size_t)head(row[h]) * a.head_size;
  }

  /*
   * A piece is complete: merged into what is in `out`, where sums wait for the next piece. That is rare, and cheaper than keeping them
   * in registers or shared memory. The last piece is divided by the total.
   */
  __device__ __forceinline__ void finish_piece(State (&merged)[2], bool last) {
    Merge m[2];
    bool began[2];
    for (int h = 0; h < 2; h++) {
      began[h] = merged[h].total != 0;
      m[h] = merge(&merged[h], piece(h));
    }
    size_t rows[2] = {out_row(0), out_row(1)};
    for_each_sum([&](int h, int number, float sum) {
      float* to = a.out + rows[h] + number;
      float result = began[h] ? fmaf(m[h].share, sum, m[h].kept * *to) : sum;
      if (last) {
        result = merged[h].total == 0 ? __int_as_float(0x7fc00000) : result / merged[h].total;
      }
      *to = result;
    });
  }

  /* The piece goes to scratch memory: sums, and behind them its state. */
  __device__ __forceinline__ void store_piece() {
    int pieces = (int)gridDim.z;
    int size = a.head_size + 2;
    size_t rows[2];
    for (int h = 0; h < 2; h++) {
      State state = piece(h);
      rows[h] = (((size_t)(sequence.start + query(row[h])) * a.heads + head(row[h])) * pieces + blockIdx.z) * size;
      if (seen[h].first < seen[h].end && lane() % 4 == 0 && dim_warp() == 0) {
        a.partial[rows[h] + a.head_size] = state.maximum;
        a.partial[rows[h] + a.head_size + 1] = state.total;
      }
    }
    for_each_sum([&](int h, int number, float sum) { a.partial[rows[h] + number] = sum; });
  }

  /* All blocks of keys from `first` to `to`; what a piece is worth is told to `finish(whether it is the last)`. */
  template <typename Finish>
  __device__ __forceinline__ void run(int to, Finish finish) {
    int begin = first / KEYS * KEYS;
    clear();
    if (begin >= to) {
      return;
    }
    locate(located[0], begin, to);
    locate(located[1], begin + KEYS, to);
    __syncthreads();
    load(stages[0], located[0]);
    copy_async_commit();
    for (int base = begin; base < to; base += KEYS) {
      int stage = (base - begin) / KEYS % 2;
      if (base + KEYS < to) {
        load(stages[stage ^ 1], located[stage ^ 1]);
      }
      copy_async_commit();
      copy_async_wait<1>();
      __syncthreads();
      if (base + 2 * KEYS < to) {
        locate(located[stage], base + 2 * KEYS, to);
      }
      attend(stages[stage], base, to);
      bool last = base + KEYS >= to;
      if (last || (base + KEYS) % PIECE_KEYS == 0) {
        finish(last);
        clear();
      }
      __syncthreads();
    }
  }
};

/* A block with all keys of its rows. */
template <int HEAD>
VESALIUS_INLINE void flash_whole(FlashStage<HEAD>* stages, const Attention& a) {
  typedef Flash<HEAD, 4, 1> Tile;
  __shared__ FlashRow located[2][Tile::KEYS];
  __shared__ int poisoned;
  Tile tile(a, stages, located, &poisoned);
  if (tile.sequence.queries == 0) {
    return;
  }
  tile.look();
  tile.load_queries();
  State merged[2] = {{0, 0}, {0, 0}};
  tile.run(tile.end, [&](bool last) { tile.finish_piece(merged, last); });
}

/* A block with one piece of the keys. */
template <int HEAD>
VESALIUS_INLINE void flash_split(FlashStage<HEAD>* stages, const Attention& a) {
  typedef Flash<HEAD, 1, 4> Tile;
  __shared__ FlashRow located[2][Tile::KEYS];
  __shared__ int poisoned;
  Tile tile(a, stages, located, &poisoned);
  int begin = (int)blockIdx.z * PIECE_KEYS;
  if (tile.sequence.queries == 0 || begin >= tile.sequence.length) {
    return;
  }
  tile.look();
  tile.load_queries();
  tile.first = most(tile.first, begin);
  int to = least(tile.end, begin + PIECE_KEYS);
  if (tile.first >= to) {
    tile.clear();
    tile.store_piece();
    return;
  }
  tile.run(to, [&](bool) { tile.store_piece(); });
}

/* How many blocks of an SM the registers are shared out to. */
#define VESALIUS_FLASH_BOUNDS(HEAD) __launch_bounds__(128, HEAD <= 128 ? 3 : 2)

#define VESALIUS_FLASH(HEAD)                                                                                                     \
  static_assert(2 * sizeof(FlashStage<HEAD>) == 2 * FlashStage<HEAD>::KEYS * (HEAD * 4 + 40), "as kernels.h says");                \
  extern "C" __global__ void VESALIUS_FLASH_BOUNDS(HEAD) vesalius_attention_##HEAD(VESALIUS_ATTENTION_ARGUMENTS) {                      \
    SHARED_BUFFER(FlashStage<HEAD>, stages);                                                                                     \
    const Attention attention = VESALIUS_ATTENTION_VALUES;                                                                       \
    flash_whole<HEAD>(stages, attention);                                                                                        \
  }                                                                                                                              \
  extern "C" __global__ void VESALIUS_FLASH_BOUNDS(HEAD) vesalius_attention_split_##HEAD(VESALIUS_ATTENTION_ARGUMENTS) {                \
    SHARED_BUFFER(FlashStage<HEAD>, stages);                                                                                     \
    const Attention attention = VESALIUS_ATTENTION_VALUES;                                                                       \
    flash_split<HEAD>(stages, attention);                                                                                        \
  }

#endif
