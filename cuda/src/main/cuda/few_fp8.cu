/*
 * Few tokens times weights of E4M3, by the matrix units for it: 16 rows of the weight by up to 8 tokens. A lane takes neighbouring
 * bytes of a row and the same of x, and the eight warps of a block take turns in 256 columns each: 32 KiB in flight a block. Every
 * 128 columns are summed from zero and then added, see mma_e4m3; the warps' sums are added in order, and scaled at the end.
 * Columns of the product do not touch each other: a token's bits depend on no other token.
 */
#include "bytes.h"

namespace {

constexpr int ROWS = 16;
constexpr int WARPS = 8;
constexpr int TOKENS = 8;
constexpr int PADDING = 128;
constexpr int TURN = 256; /* columns of a warp at once */
constexpr int PART = 2;   /* loads of 64 columns that are summed from zero */

}  // namespace

extern "C" __global__ void __launch_bounds__(256, 2) vesalius_few_fp8(
    float* out, int out_stride, const unsigned char* x, const float* x_scales, const unsigned char* weight, const float* scales,
    const void* const* weights, const void* const* scales_of, const int* starts, int experts, const float* bias, int tokens,
    int rows, int columns, int* fault) {
  __shared__ float partial[WARPS][ROWS * TOKENS];
  int warp = (int)threadIdx.x / WARP;
  int lane = (int)threadIdx.x % WARP;
  int g = lane / 4;
  Group group = whole_group(starts, experts, tokens, fault);
  weight = weight_of(weight, weights, group.expert);
  scales = weight_of(scales, scales_of, group.expert);
  int first_row = (int)blockIdx.x * ROWS;
  size_t x_size = (size_t)blocks(columns, PADDING) * PADDING;
  for (int t = 0; t < group.count; t += TOKENS) {
    const unsigned char* token = x + (size_t)(group.first + t + g) * x_size;
    bool has_token = t + g < group.count;
    float sums[4] = {};
    for (int base = warp * TURN; base < columns; base += WARPS * TURN) {
      Bytes<PADDING> loaded;
      loaded.load(weight, first_row + g, rows, token, has_token, base, columns);
#pragma unroll
      for (int i = 0; i < 4; i += PART) {
        float part[4] = {};
        loaded.each(i, i + PART, [&](const unsigned* a, const unsigned* b) { mma_e4m3(part, a, b); });
#pragma unroll
        for (int c = 0; c < 4; c++) {
          sums[c] += part[c];
        }
      }
    }
    int pair = g * TOKENS + lane % 4 * 2;
    partial[warp][pair] = sums[0];
    partial[warp][pair + 1] = sums[1];
    partial[warp][pair + 8 * TOKENS] = sums[2];
    partial[warp][pair + 8 * TOKENS + 1] = sums[3];
    __syncthreads();
    int row = first_row + (int)threadIdx.x % ROWS;
    int number = (int)threadIdx.x / ROWS;
    if (threadIdx.x < ROWS * TOKENS && row < rows && t + number < group.count) {
      float total = 0;
      for (int w = 0; w < WARPS; w++) {
        total += partial[w][(int)threadIdx.x % ROWS * TOKENS + number];
      }
      int at = group.first + t + number;
      total *= scales[row] * x_scales[at];
      out[(size_t)at * out_stride + row] = bias == nullptr ? total : total + bias[row];
    }
    __syncthreads();
  }
}
