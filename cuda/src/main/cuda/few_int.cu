/*
 * Few tokens times weights in groups of integers, by the matrix units for integers: 16 rows of the weight by up to 8 tokens. The
 * products of a group are exact whatever their order, so a lane takes neighbouring bytes of a row and the same of x, and warps
 * take groups; but a number's groups have to be added in their order, which is done by one thread a number when all warps of a
 * block have brought theirs: eight warps, 256 columns each, a round. What the next round needs is loaded before.
 * In flight a block: 32 KiB of int8, 16 KiB of int4.
 */
#include "bytes.h"

namespace {

constexpr int ROWS = 16;
constexpr int WARPS = 8;
constexpr int TOKENS = 8;
constexpr int NUMBERS = ROWS * TOKENS;
constexpr int TURN = 256; /* columns of a warp in a round */
constexpr unsigned LOW_BITS = 0x0f0f0f0fu;

struct Weight {
  const unsigned char* data;
  const void* scales;
  const void* minimums;
};

struct Activations {
  const signed char* numbers;
  const float* scales;
  const int* sums;
};

struct Int8 : Bytes<256> {
  static constexpr int GROUP = 256;

  __device__ __forceinline__ void multiply(int (&sums)[1][4]) const {
    each(0, 4, [&](const unsigned* a, const unsigned* b) { mma_s8(sums[0], a, b); });
  }

  static __device__ __forceinline__ float add(float sum, int isum, const Weight& w, size_t at, float x_scale, int /*x_sum*/) {
    return fmaf((float)isum, ((const float*)w.scales)[at] * x_scale, sum);
  }
};

struct Int4 {
  static constexpr int GROUP = 64;
  uint2 weight[4][2]; /* columns 8t to 8t + 7 in the low bits, 32 later in the high ones */
  uint2 x[4][2];

  __device__ __forceinline__ void load(const unsigned char* data, int row, int rows, const signed char* token, bool has_token,
                                       int first, int columns) {
    int place = (int)threadIdx.x % 4 * 8;
    size_t row_size = (size_t)blocks(columns, GROUP) * (GROUP / 2);
#pragma unroll
    for (int i = 0; i < 4; i++) {
      int column = first + i * GROUP;
#pragma unroll
      for (int half = 0; half < 2; half++) {
        int r = row + half * 8;
        weight[i][half] = r < rows && column < columns ? load_once_8(data + r * row_size + column / 2 + place) : uint2{};
      }
    }
#pragma unroll
    for (int i = 0; i < 4; i++) {
      int column = first + i * GROUP;
#pragma unroll
      for (int half = 0; half < 2; half++) {
        x[i][half] = has_token && column < columns ? *(const uint2*)(token + column + half * 32 + place) : uint2{};
      }
    }
  }

  __device__ __forceinline__ void multiply(int (&sums)[4][4]) const {
#pragma unroll
    for (int i = 0; i < 4; i++) {
      const unsigned low[4] = {weight[i][0].x & LOW_BITS, weight[i][1].x & LOW_BITS, weight[i][0].y & LOW_BITS,
                               weight[i][1].y & LOW_BITS};
      const unsigned low_x[2] = {x[i][0].x, x[i][0].y};
      mma_s8(sums[i], low, low_x);
      const unsigned high[4] = {weight[i][0].x >> 4 & LOW_BITS, weight[i][1].x >> 4 & LOW_BITS, weight[i][0].y >> 4 & LOW_BITS,
                                weight[i][1].y >> 4 & LOW_BITS};
      const unsigned high_x[2] = {x[i][1].x, x[i][1].y};
      mma_s8(sums[i], high, high_x);
    }
  }

  static __device__ __forceinline__ float add(float sum, int isum, const Weight& w, size_t at, float x_scale, int x_sum) {
    sum = fmaf((float)isum, float_from_half(((const vesalius_half*)w.scales)[at]) * x_scale, sum);
    return fmaf(float_from_half(((const vesalius_half*)w.minimums)[at]), (float)x_sum * x_scale, sum);
  }
};

template <typename Stored>
__device__ __forceinline__ void few(float* out, int out_stride, Activations x, Weight weight, Group group, const float* bias, int rows,
                                    int columns) {
  constexpr int GROUPS = TURN / Stored::GROUP;
  constexpr int ROUND = WARPS * TURN;
  __shared__ int group_sums[2][WARPS * GROUPS][NUMBERS];
  int warp = (int)threadIdx.x / WARP;
  int g = (int)threadIdx.x % WARP / 4;
  int pair = g * TOKENS + (int)threadIdx.x % 4 * 2;
  int first_row = (int)blockIdx.x * ROWS;
  int groups = blocks(columns, Stored::GROUP);
  int row = first_row + (int)threadIdx.x / TOKENS;
  for (int t = 0; t < group.count; t += TOKENS) {
    int first_token = group.first + t;
    bool has_token = t + g < group.count;
    const signed char* token = x.numbers + (size_t)(first_token + g) * groups * Stored::GROUP;
    int number = (int)threadIdx.x % TOKENS;
    bool adds = threadIdx.x < NUMBERS && row < rows && t + number < group.count;
    float sum = 0;
    Stored part;
    part.load(weight.data, first_row + g, rows, token, has_token, warp * TURN, columns);
    int buffer = 0;
    for (int base = 0; base < columns; base += ROUND) {
      int sums[GROUPS][4] = {};
      part.multiply(sums);
#pragma unroll
      for (int i = 0; i < GROUPS; i++) {
        int* to = group_sums[buffer][warp * GROUPS + i];
        *(int2*)(to + pair) = make_int2(sums[i][0], sums[i][1]);
        *(int2*)(to + pair + 8 * TOKENS) = make_int2(sums[i][2], sums[i][3]);
      }
      if (base + ROUND < columns) {
        part.load(weight.data, first_row + g, rows, token, has_token, base + ROUND + warp * TURN, columns);
      }
      /* One barrier a round: who writes a buffer again has passed the next one, which its readers reached when they had read. */
      __syncthreads();
      if (adds) {
        int first_group = base / Stored::GROUP;
        int count = least(WARPS * GROUPS, groups - first_group);
        for (int i = 0; i < count; i++) {
          size_t x_at = (size_t)(first_token + number) * groups + first_group + i;
          sum = Stored::add(sum, group_sums[buffer][i][threadIdx.x], weight, (size_t)row * groups + first_group + i, x.scales[x_at],
                            x.sums[x_at]);
        }
      }
      buffer ^= 1;
    }
    if (adds) {
      out[(size_t)(first_token + number) * out_stride + row] = bias == nullptr ? sum : sum + bias[row];
    }
    __syncthreads();
  }
}

}  // namespace

extern "C" __global__ void __launch_bounds__(256, 2) vesalius_few_int8(
    float* out, int out_stride, const signed char* x, const float* x_scales, const int* x_sums, const signed char* weight,
    const float* scales, const void* const* weights, const void* const* scales_of, const int* starts, int experts,
    const float* bias, int tokens, int rows, int columns, int* fault) {
  Group group = whole_group(starts, experts, tokens, fault);
  Weight w = {weight_of((const unsigned char*)weight, weights, group.expert), weight_of((const void*)scales, scales_of, group.expert),
              nullptr};
  few<Int8>(out, out_stride, {x, x_scales, x_sums}, w, group, bias, rows, columns);
}

extern "C" __global__ void __launch_bounds__(256, 2) vesalius_few_int4(
    float* out, int out_stride, const signed char* x, const float* x_scales, const int* x_sums, const unsigned char* weight,
    const vesalius_half* scales, const vesalius_half* minimums, const void* const* weights, const void* const* scales_of,
    const void* const* minimums_of, const int* starts, int experts, const float* bias, int tokens, int rows, int columns,
    int* fault) {
  Group group = whole_group(starts, experts, tokens, fault);
  Weight w = {weight_of(weight, weights, group.expert), weight_of((const void*)scales, scales_of, group.expert),
              weight_of((const void*)minimums, minimums_of, group.expert)};
  few<Int4>(out, out_stride, {x, x_scales, x_sums}, w, group, bias, rows, columns);
}
