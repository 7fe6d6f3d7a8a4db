/*
 * Many tokens times weights in groups of integers: 64 tokens by 128 rows a block, eight warps of 32 by 32, three stages of 128
 * columns. Integer sums of a group are exact; when a group ends they are added to the numbers as ActivationRounding.INT8 says, by
 * the same operations in the same order as in few_int.cu. Scales, as float32, are loaded into registers while a stage is
 * multiplied and stored behind it.
 */
#include "tiles.h"

namespace {

constexpr int TOKENS = 64;
constexpr int ROWS = 128;
constexpr int THREADS = 256;
constexpr int STAGES = 3;
constexpr int STEP = 128; /* columns of a stage */
constexpr int TOKEN_TILES = 2;
constexpr int ROW_TILES = 4;
constexpr unsigned LOW_BITS = 0x0f0f0f0fu;

struct Weight {
  const char* data;
  const void* scales;
  const void* minimums;
};

struct Activations {
  const signed char* numbers;
  const float* scales;
  const int* sums;
};

/* Scales of a group of the tile: of rows, their minimums, of tokens, and those times the tokens' sums. */
template <bool MINIMUMS>
struct Scales {
  float row[ROWS];
  float token[TOKENS];
};

template <>
struct Scales<true> {
  float row[ROWS];
  float minimum[ROWS];
  float token[TOKENS];
  float sum[TOKENS];
};

struct Int8 {
  static constexpr int GROUP = 256;
  static constexpr int ROW_BYTES = STEP;
  static constexpr bool MINIMUMS = false;
  static constexpr int GROUPS = 1; /* that a stage touches */
};

struct Int4 {
  static constexpr int GROUP = 64;
  static constexpr int ROW_BYTES = STEP / 2;
  static constexpr bool MINIMUMS = true;
  static constexpr int GROUPS = 2;
};

/* What one thread carries of a stage's scales. */
struct Carried {
  float row;
  float minimum;
  float token;
  float sum;
};

template <typename Stored>
struct Stage {
  char x[TOKENS * STEP];
  char weight[ROWS * Stored::ROW_BYTES];
  Scales<Stored::MINIMUMS> scales[Stored::GROUPS];
};

static_assert(STAGES * sizeof(Stage<Int8>) == 76032 && STAGES * sizeof(Stage<Int4>) == 58368, "as kernels.h says");

/* Thread i has row i % 128 of group i / 128, and, of the first 64 in each group, the token i % 128. */
template <typename Stored>
__device__ __forceinline__ Carried load_scales(const Weight& w, const Activations& x, int first_row, int rows, const Group& group,
                                               int groups, int step) {
  int index = (int)threadIdx.x / ROWS;
  int place = (int)threadIdx.x % ROWS;
  int g = step * STEP / Stored::GROUP + index;
  Carried carried = {0, 0, 0, 0};
  if (index >= Stored::GROUPS || g >= groups) {
    return carried;
  }
  if (first_row + place < rows) {
    size_t at = (size_t)(first_row + place) * groups + g;
    if constexpr (Stored::MINIMUMS) {
      carried.row = float_from_half(((const vesalius_half*)w.scales)[at]);
      carried.minimum = float_from_half(((const vesalius_half*)w.minimums)[at]);
    } else {
      carried.row = ((const float*)w.scales)[at];
    }
  }
  if (place < group.count) {
    size_t at = (size_t)(group.first + place) * groups + g;
    carried.token = x.scales[at];
    carried.sum = Stored::MINIMUMS ? (float)x.sums[at] * carried.token : 0;
  }
  return carried;
}

template <typename Stored>
__device__ __forceinline__ void store_scales(Stage<Stored>& stage, const Carried& carried) {
  int index = (int)threadIdx.x / ROWS;
  int place = (int)threadIdx.x % ROWS;
  if (index >= Stored::GROUPS) {
    return;
  }
  Scales<Stored::MINIMUMS>& to = stage.scales[index];
  to.row[place] = carried.row;
  if constexpr (Stored::MINIMUMS) {
    to.minimum[place] = carried.minimum;
  }
  if (place < TOKENS) {
    to.token[place] = carried.token;
    if constexpr (Stored::MINIMUMS) {
      to.sum[place] = carried.sum;
    }
  }
}

/* Adds a group's integer sums to the numbers, and clears them. */
template <bool MINIMUMS>
__device__ __forceinline__ void fold(float (&sums)[TOKEN_TILES][ROW_TILES][4], int (&isums)[TOKEN_TILES][ROW_TILES][4],
                                     const Scales<MINIMUMS>& scales, int warp_token, int warp_row) {
  int g = (int)threadIdx.x % WARP / 4;
  int pair = (int)threadIdx.x % 4 * 2;
#pragma unroll
  for (int i = 0; i < TOKEN_TILES; i++) {
#pragma unroll
    for (int j = 0; j < ROW_TILES; j++) {
#pragma unroll
      for (int c = 0; c < 4; c++) {
        int token = warp_token + i * 16 + c / 2 * 8 + g;
        int row = warp_row + j * 8 + pair + c % 2;
        float sum = fmaf((float)isums[i][j][c], scales.row[row] * scales.token[token], sums[i][j][c]);
        if constexpr (MINIMUMS) {
          sum = fmaf(scales.minimum[row], scales.sum[token], sum);
        }
        sums[i][j][c] = sum;
        isums[i][j][c] = 0;
      }
    }
  }
}

/* 32 columns: pieces `piece` and the next one of x's tile, and fragments of the weight. */
__device__ __forceinline__ void multiply(int (&isums)[TOKEN_TILES][ROW_TILES][4], const char* x, int warp_token, int piece,
                                         const unsigned (&b)[ROW_TILES / 2][4]) {
#pragma unroll
  for (int i = 0; i < TOKEN_TILES; i++) {
    unsigned a[4];
    load_left<STEP>(a, x, warp_token + i * 16, piece);
#pragma unroll
    for (int j = 0; j < ROW_TILES; j++) {
      mma_s8(isums[i][j], a, b[j / 2] + j % 2 * 2);
    }
  }
}

template <typename Stored>
__device__ __forceinline__ void tiled(Stage<Stored>* stages, float* out, int out_stride, const Activations& x, const Weight& w,
                                      const Group& group, const float* bias, int rows, int columns) {
  int first_row = (int)blockIdx.x * ROWS;
  int groups = blocks(columns, Stored::GROUP);
  int x_size = groups * Stored::GROUP;
  int row_size = Stored::MINIMUMS ? x_size / 2 : columns;
  bool vectors = row_size % PIECE == 0;
  const char* from = (const char*)x.numbers + (size_t)group.first * x_size;
  const char* weight = w.data + (size_t)first_row * row_size;
  int steps = blocks(columns, STEP);
  auto copy = [&](int step) {
    if (step < steps) {
      Stage<Stored>& stage = stages[step % STAGES];
      copy_tile<TOKENS, STEP, THREADS>(stage.x, from, x_size, group.count, step * STEP, x_size, true);
      copy_tile<ROWS, Stored::ROW_BYTES, THREADS>(stage.weight, weight, row_size, rows - first_row, step * Stored::ROW_BYTES, row_size,
                                                  vectors);
    }
    copy_async_commit();
  };
  int warp = (int)threadIdx.x / WARP;
  int warp_token = warp / 4 * 16 * TOKEN_TILES;
  int warp_row = warp % 4 * 8 * ROW_TILES;
  float sums[TOKEN_TILES][ROW_TILES][4] = {};
  int isums[TOKEN_TILES][ROW_TILES][4] = {};
  for (int step = 0; step < STAGES - 1; step++) {
    copy(step);
    store_scales(stages[step], load_scales<Stored>(w, x, first_row, rows, group, groups, step));
  }
  for (int step = 0; step < steps; step++) {
    copy_async_wait<STAGES - 2>();
    __syncthreads();
    copy(step + STAGES - 1);
    Carried carried = load_scales<Stored>(w, x, first_row, rows, group, groups, step + STAGES - 1);
    const Stage<Stored>& stage = stages[step % STAGES];
    if constexpr (Stored::MINIMUMS) {
#pragma unroll
      for (int index = 0; index < Stored::GROUPS; index++) {
        unsigned low[ROW_TILES / 2][4];
        unsigned high[ROW_TILES / 2][4];
#pragma unroll
        for (int j = 0; j < ROW_TILES / 2; j++) {
          unsigned both[4];
          load_right<Stored::ROW_BYTES>(both, stage.weight, warp_row + j * 16, index * 2);
#pragma unroll
          for (int c = 0; c < 4; c++) {
            low[j][c] = both[c] & LOW_BITS;
            high[j][c] = both[c] >> 4 & LOW_BITS;
          }
        }
        multiply(isums, stage.x, warp_token, index * 4, low);
        multiply(isums, stage.x, warp_token, index * 4 + 2, high);
        /* The last stage may have one group only. */
        if (step * Stored::GROUPS + index < groups) {
          fold(sums, isums, stage.scales[index], warp_token, warp_row);
        }
      }
    } else {
#pragma unroll
      for (int k = 0; k < STEP / 32; k++) {
        unsigned b[ROW_TILES / 2][4];
#pragma unroll
        for (int j = 0; j < ROW_TILES / 2; j++) {
          load_right<Stored::ROW_BYTES>(b[j], stage.weight, warp_row + j * 16, k * 2);
        }
        multiply(isums, stage.x, warp_token, k * 2, b);
      }
      if (step % 2 == 1 || step + 1 == steps) {
        fold(sums, isums, stage.scales[0], warp_token, warp_row);
      }
    }
    store_scales(stages[(step + STAGES - 1) % STAGES], carried);
  }
  int g = (int)threadIdx.x % WARP / 4;
  int pair = (int)threadIdx.x % 4 * 2;
#pragma unroll
  for (int i = 0; i < TOKEN_TILES; i++) {
#pragma unroll
    for (int half = 0; half < 2; half++) {
      int token = warp_token + i * 16 + half * 8 + g;
      if (token < group.count) {
#pragma unroll
        for (int j = 0; j < ROW_TILES; j++) {
          store_two(out + (size_t)(group.first + token) * out_stride, sums[i][j][2 * half], sums[i][j][2 * half + 1],
                    first_row + warp_row + j * 8 + pair, rows, bias);
        }
      }
    }
  }
}

}  // namespace

extern "C" __global__ void __launch_bounds__(THREADS, 2) vesalius_tiled_int8(
    float* out, int out_stride, const signed char* x, const float* x_scales, const int* x_sums, const signed char* weight,
    const float* scales, const void* const* weights, const void* const* scales_of, const int* starts, int experts,
    const float* bias, int tokens, int rows, int columns, int* fault) {
  SHARED_BUFFER(Stage<Int8>, stages);
  Group group = tile_of_group<TOKENS>(starts, experts, tokens, fault);
  if (group.count > 0) {
    Weight w = {weight_of((const char*)weight, weights, group.expert), weight_of((const void*)scales, scales_of, group.expert), nullptr};
    tiled<Int8>(stages, out, out_stride, {x, x_scales, x_sums}, w, group, bias, rows, columns);
  }
}

extern "C" __global__ void __launch_bounds__(THREADS, 2) vesalius_tiled_int4(
    float* out, int out_stride, const signed char* x, const float* x_scales, const int* x_sums, const unsigned char* weight,
    const vesalius_half* scales, const vesalius_half* minimums, const void* const* weights, const void* const* scales_of,
    const void* const* minimums_of, const int* starts, int experts, const float* bias, int tokens, int rows, int columns,
    int* fault) {
  SHARED_BUFFER(Stage<Int4>, stages);
  Group group = tile_of_group<TOKENS>(starts, experts, tokens, fault);
  if (group.count > 0) {
    Weight w = {weight_of((const char*)weight, weights, group.expert), weight_of((const void*)scales, scales_of, group.expert),
                weight_of((const void*)minimums, minimums_of, group.expert)};
    tiled<Int4>(stages, out, out_stride, {x, x_scales, x_sums}, w, group, bias, rows, columns);
  }
}
