/*
 * Many tokens times weights of BF16: 128 tokens by 128 rows a block, eight warps of 64 by 32, three stages of 64 columns that are
 * copied in the background while one is multiplied. 96 KiB of shared memory: two blocks an SM on an H200, one on smaller GPUs.
 */
#include "tiles.h"

namespace {

constexpr int TILE = 128;
constexpr int THREADS = 256;
constexpr int ROW_BYTES = 128;
constexpr int STAGES = 3;
constexpr int TILE_BYTES = TILE * ROW_BYTES;
constexpr int TOKEN_TILES = 4; /* of 16 */
constexpr int ROW_TILES = 4;   /* of 8 */

}  // namespace

extern "C" __global__ void __launch_bounds__(THREADS, 2) vesalius_tiled_bf16(
    float* out, int out_stride, const vesalius_bf16* x, int x_stride, const vesalius_bf16* weight, const void* const* weights,
    const int* starts, int experts, const float* bias, int tokens, int rows, int columns, int* fault) {
  SHARED_BUFFER(char, shared);
  Group group = tile_of_group<TILE>(starts, experts, tokens, fault);
  if (group.count <= 0) {
    return;
  }
  int first_row = (int)blockIdx.x * TILE;
  const char* from = (const char*)(x + (size_t)group.first * x_stride);
  const char* w = (const char*)(weight_of(weight, weights, group.expert) + (size_t)first_row * columns);
  bool vectors = columns % 8 == 0;
  int steps = blocks(columns * 2, ROW_BYTES);
  auto copy = [&](int step) {
    if (step < steps) {
      char* stage = shared + step % STAGES * 2 * TILE_BYTES;
      copy_tile<TILE, ROW_BYTES, THREADS>(stage, from, (size_t)x_stride * 2, group.count, step * ROW_BYTES, x_stride * 2, true);
      copy_tile<TILE, ROW_BYTES, THREADS>(stage + TILE_BYTES, w, (size_t)columns * 2, rows - first_row, step * ROW_BYTES, columns * 2,
                                          vectors);
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
    const char* stage = shared + step % STAGES * 2 * TILE_BYTES;
#pragma unroll
    for (int k = 0; k < ROW_BYTES / (2 * PIECE); k++) {
      unsigned a[TOKEN_TILES][4];
      unsigned b[ROW_TILES / 2][4];
#pragma unroll
      for (int i = 0; i < TOKEN_TILES; i++) {
        load_left<ROW_BYTES>(a[i], stage, warp_token + i * 16, k * 2);
      }
#pragma unroll
      for (int j = 0; j < ROW_TILES / 2; j++) {
        load_right<ROW_BYTES>(b[j], stage + TILE_BYTES, warp_row + j * 16, k * 2);
      }
#pragma unroll
      for (int i = 0; i < TOKEN_TILES; i++) {
#pragma unroll
        for (int j = 0; j < ROW_TILES; j++) {
          mma_bf16(sums[i][j], a[i], b[j / 2] + j % 2 * 2);
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
