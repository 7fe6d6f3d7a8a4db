/*
 * Few tokens times weights of BF16, by matrix units with 16 rows of the weight as one factor and up to 8 tokens as the other: so
 * eight tokens cost as much as one, which is what reading the weight costs. Which columns a lane multiplies at once is of no
 * concern to a sum, so a lane takes 16 neighbouring bytes of a row, and of x the same columns. The eight warps of a block take
 * turns in 128 columns each, eight loads of 16 bytes a lane: 32 KiB in flight a block, of which an SM holds two or more.
 * The warps' sums are added in order. Columns of the product do not touch each other: a token's bits depend on no other token.
 */
#include "products.h"

namespace {

constexpr int ROWS = 16;
constexpr int WARPS = 8;
constexpr int TOKENS = 8;
constexpr int LOADED = 8;  /* numbers in 16 bytes */
constexpr int STEP = 32;   /* columns of a warp at once: four lanes times LOADED */
constexpr int AHEAD = 4;
constexpr int TURN = STEP * AHEAD;

/* Eight numbers of a row of the weight from a column on; zero behind the row's end, and where there is no row. */
__device__ __forceinline__ uint4 read_weight(const vesalius_bf16* row, bool there, int column, int columns, bool vectors) {
  if (!there || column >= columns) {
    return make_uint4(0, 0, 0, 0);
  }
  if (vectors) {
    return load_once_16(row + column);
  }
  unsigned pairs[4] = {};
  for (int i = 0; i < LOADED; i++) {
    if (column + i < columns) {
      pairs[i / 2] |= (unsigned)row[column + i] << i % 2 * 16;
    }
  }
  return make_uint4(pairs[0], pairs[1], pairs[2], pairs[3]);
}

__device__ __forceinline__ uint4 read_numbers(const float* x, bool there, int column, int columns) {
  if (!there || column >= columns) {
    return make_uint4(0, 0, 0, 0);
  }
  Four low = load_four(x + column, columns - column);
  Four high = load_four(x + column + 4, columns - column - 4);
  return make_uint4(bf16_pair(low.v[0], low.v[1]), bf16_pair(low.v[2], low.v[3]), bf16_pair(high.v[0], high.v[1]),
                    bf16_pair(high.v[2], high.v[3]));
}

}  // namespace

extern "C" __global__ void __launch_bounds__(256, 2) vesalius_few_bf16(
    float* out, int out_stride, const float* x, int x_stride, const vesalius_bf16* weight, const void* const* weights,
    const int* starts, int experts, const float* bias, int tokens, int rows, int columns, int* fault) {
  __shared__ float partial[WARPS][ROWS * TOKENS];
  int warp = (int)threadIdx.x / WARP;
  int lane = (int)threadIdx.x % WARP;
  int g = lane / 4;
  int place = lane % 4 * LOADED;
  Group group = whole_group(starts, experts, tokens, fault);
  weight = weight_of(weight, weights, group.expert);
  int first_row = (int)blockIdx.x * ROWS;
  const vesalius_bf16* upper = weight + (size_t)(first_row + g) * columns;
  const vesalius_bf16* lower = upper + (size_t)8 * columns;
  bool has_upper = first_row + g < rows;
  bool has_lower = first_row + g + 8 < rows;
  bool vectors = columns % LOADED == 0;
  for (int t = 0; t < group.count; t += TOKENS) {
    const float* token = x + (size_t)(group.first + t + g) * x_stride;
    bool has_token = t + g < group.count;
    float sums[4] = {};
    for (int base = warp * TURN; base < columns; base += WARPS * TURN) {
      uint4 a[AHEAD][2];
      uint4 b[AHEAD];
#pragma unroll
      for (int i = 0; i < AHEAD; i++) {
        int column = base + i * STEP + place;
        a[i][0] = read_weight(upper, has_upper, column, columns, vectors);
        a[i][1] = read_weight(lower, has_lower, column, columns, vectors);
      }
#pragma unroll
      for (int i = 0; i < AHEAD; i++) {
        b[i] = read_numbers(token, has_token, base + i * STEP + place, columns);
      }
#pragma unroll
      for (int i = 0; i < AHEAD; i++) {
        const unsigned first[4] = {a[i][0].x, a[i][1].x, a[i][0].y, a[i][1].y};
        const unsigned first_x[2] = {b[i].x, b[i].y};
        mma_bf16(sums, first, first_x);
        const unsigned second[4] = {a[i][0].z, a[i][1].z, a[i][0].w, a[i][1].w};
        const unsigned second_x[2] = {b[i].z, b[i].w};
        mma_bf16(sums, second, second_x);
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
      out[(size_t)(group.first + t + number) * out_stride + row] = bias == nullptr ? total : total + bias[row];
    }
    __syncthreads();
  }
}
