/*
 * Many tokens times weights of E4M3: 64 tokens by 128 rows a block, eight warps of 32 by 32, three stages of 128 columns. A stage is
 * summed from zero and then added to the sums, see mma_e4m3; these are scaled at the end.
 */
#include "tiles.h"

namespace {

constexpr int TOKENS = 64;
constexpr int ROWS = 128;
constexpr int THREADS = 256;
constexpr int STAGES = 3;
constexpr int STEP = 128; /* columns of a stage, and what rows of x are padded to */
constexpr int TOKEN_TILES = 2;
constexpr int ROW_TILES = 4;

struct Stage {
  char x[TOKENS * STEP];
  char weight[ROWS * STEP];
};

static_assert(STAGES * sizeof(Stage) == 73728, "as kernels.h says");

}  // namespace

extern "C" __global__ void __launch_bounds__(THREADS, 2) vesalius_tiled_fp8(
    float* out, int out_stride, const unsigned char* x, const float* x_scales, const unsigned char* weight, const float* scales,
    const void* const* weights, const void* const* scales_of, const int* starts, int experts, const float* bias, int tokens,
    int rows, int columns, int* fault) {
  SHARED_BUFFER(Stage, stages);
  Group group = tile_of_group<TOKENS>(starts, experts, tokens, fault);
  if (group.count <= 0) {
    return;
  }
  weight = weight_of(weight, weights, group.expert);
  scales = weight_of(scales, scales_of, group.expert);
  int first_row = (int)blockIdx.x * ROWS;
  int steps = blocks(columns, STEP);
  int x_size = steps * STEP;
  bool vectors = columns % PIECE == 0;
  const char* from = (const char*)x + (size_t)group.first * x_size;
  const char* w = (const char*)weight + (size_t)first_row * columns;
  auto copy = [&](int step) {
    if (step < steps) {
      Stage& stage = stages[step % STAGES];
      copy_tile<TOKENS, STEP, THREADS>(stage.x, from, x_size, group.count, step * STEP, x_size, true);
      copy_tile<ROWS, STEP, THREADS>(stage.weight, w, columns, rows - first_row, step * STEP, columns, vectors);
    }
    copy_async_commit();
  };
  int warp = (int)threadIdx.x / WARP;
  int warp_token = warp / 4 * 16 * TOKEN_TILES;
  int warp_row = warp % 4 * 8 * ROW_TILES;
  float sums[TOKEN_TILES][ROW_TILES][4] = {};
  for (int step = 0; step < STAGES - 1; step++) {
    copy(step);
  }
  for (int step = 0; step < steps; step++) {
    copy_async_wait<STAGES - 2>();
    /* What this step reads is there for all, and what the last one read may be copied over. */
    __syncthreads();
    copy(step + STAGES - 1);
    const Stage& stage = stages[step % STAGES];
    /* 16 tokens after the other, and two times 32 columns at once: what is converted for GPUs without the units takes registers. */
#pragma unroll
    for (int i = 0; i < TOKEN_TILES; i++) {
      float part[ROW_TILES][4] = {};
#pragma unroll 2
      for (int k = 0; k < STEP / 32; k++) {
        unsigned a[4];
        load_left<STEP>(a, stage.x, warp_token + i * 16, k * 2);
#pragma unroll
        for (int j = 0; j < ROW_TILES; j += 2) {
          unsigned b[4];
          load_right<STEP>(b, stage.weight, warp_row + j * 8, k * 2);
          mma_e4m3(part[j], a, b);
          mma_e4m3(part[j + 1], a, b + 2);
        }
      }
#pragma unroll
      for (int j = 0; j < ROW_TILES; j++) {
#pragma unroll
        for (int c = 0; c < 4; c++) {
          sums[i][j][c] += part[j][c];
        }
      }
    }
  }
  int g = (int)threadIdx.x % WARP / 4;
  int pair = (int)threadIdx.x % 4 * 2;
#pragma unroll
  for (int i = 0; i < TOKEN_TILES; i++) {
#pragma unroll
    for (int half = 0; half < 2; half++) {
      int token = warp_token + i * 16 + half * 8 + g;
      if (token >= group.count) {
        continue;
      }
      int at = group.first + token;
      float x_scale = x_scales[at];
#pragma unroll
      for (int j = 0; j < ROW_TILES; j++) {
        int row = first_row + warp_row + j * 8 + pair;
        float first_scale = row < rows ? scales[row] * x_scale : 0;
        float second_scale = row + 1 < rows ? scales[row + 1] * x_scale : 0;
        store_two(out + (size_t)at * out_stride, sums[i][j][2 * half] * first_scale, sums[i][j][2 * half + 1] * second_scale, row, rows,
                  bias);
      }
    }
  }
}
