/*
 * Activations in groups of integers, for products with integer weights: ActivationRounding.INT8, a warp a group. And in E4M3 with
 * a scale per row: ActivationRounding.FP8, a block a row.
 */
#include "common.h"

namespace {

constexpr float SMALLEST_NORMAL = 1.17549435e-38f;
constexpr int FP8_THREADS = 256;
constexpr int FP8_PADDING = 128;

/* The largest over a warp, the same in every lane. Of the bits of magnitudes a NaN's are the largest. */
__device__ __forceinline__ unsigned warp_most(unsigned largest) {
  for (int distance = WARP / 2; distance > 0; distance /= 2) {
    largest = most(largest, __shfl_xor_sync(ALL_LANES, largest, distance));
  }
  return largest;
}

/* Of numbers whose largest magnitude, by its bits, becomes `end`: zero where they are too small, NaN where one is not finite. */
__device__ __forceinline__ float scale_of(unsigned largest, float end) {
  float scale = __uint_as_float(largest) / end;
  if (scale < SMALLEST_NORMAL) {
    return 0;
  }
  return scale < infinity() ? scale : __int_as_float(0x7fc00000);
}

/* Lane i has the numbers NUMBERS * i and following of the group. */
template <int NUMBERS>
__device__ void quantize(signed char* out, float* scales, int* sums, const float* x, int x_stride, int rows, int columns) {
  constexpr int GROUP = NUMBERS * WARP;
  int lane = (int)threadIdx.x % WARP;
  int groups = blocks(columns, GROUP);
  long long at = (long long)blockIdx.x * (blockDim.x / WARP) + threadIdx.x / WARP;
  if (at >= (long long)rows * groups) {
    return;
  }
  long long row = at / groups;
  int first = (int)(at % groups) * GROUP + lane * NUMBERS;
  float numbers[NUMBERS];
  unsigned largest = 0;
  for (int i = 0; i < NUMBERS; i++) {
    numbers[i] = first + i < columns ? x[(size_t)row * x_stride + first + i] : 0.0f;
    largest = most(largest, __float_as_uint(fabsf(numbers[i])));
  }
  float scale = scale_of(warp_most(largest), 127.0f);
  bool zero = !(scale > 0);
  int sum = 0;
  unsigned packed[(NUMBERS + 3) / 4] = {};
  for (int i = 0; i < NUMBERS; i++) {
    int integer = zero ? 0 : (int)rintf(numbers[i] / scale);
    sum += integer;
    packed[i / 4] |= ((unsigned)integer & 0xff) << i % 4 * 8;
  }
  sum = warp_sum(sum);
  signed char* place = out + (size_t)at * GROUP + lane * NUMBERS;
  if constexpr (NUMBERS == 8) {
    *(uint2*)place = make_uint2(packed[0], packed[1]);
  } else {
    *(unsigned short*)place = (unsigned short)packed[0];
  }
  if (lane == 0) {
    scales[at] = scale;
    sums[at] = sum;
  }
}

}  // namespace

extern "C" __global__ void __launch_bounds__(256) vesalius_quantize(signed char* out, float* scales, int* sums, const float* x,
                                                                    int x_stride, int rows, int columns, int group) {
  if (group == 256) {
    quantize<8>(out, scales, sums, x, x_stride, rows, columns);
  } else {
    quantize<2>(out, scales, sums, x, x_stride, rows, columns);
  }
}

/* A thread takes four neighbouring numbers at once, twice: for the largest, and to round. */
extern "C" __global__ void __launch_bounds__(FP8_THREADS) vesalius_quantize_fp8(unsigned char* out, float* scales, const float* x,
                                                                                int x_stride, int /*rows*/, int columns) {
  __shared__ unsigned warps[FP8_THREADS / WARP];
  const float* from = x + (size_t)blockIdx.x * x_stride;
  unsigned largest = 0;
  for (int c = (int)threadIdx.x * 4; c < columns; c += FP8_THREADS * 4) {
    Four numbers = load_four(from + c, columns - c);
    for (int i = 0; i < 4; i++) {
      largest = most(largest, __float_as_uint(fabsf(numbers.v[i])));
    }
  }
  largest = warp_most(largest);
  if (threadIdx.x % WARP == 0) {
    warps[threadIdx.x / WARP] = largest;
  }
  __syncthreads();
  for (int i = 0; i < FP8_THREADS / WARP; i++) {
    largest = most(largest, warps[i]);
  }
  float scale = scale_of(largest, 448.0f);
  bool zero = !(scale > 0);
  int padded = blocks(columns, FP8_PADDING) * FP8_PADDING;
  unsigned char* to = out + (size_t)blockIdx.x * padded;
  for (int c = (int)threadIdx.x * 4; c < padded; c += FP8_THREADS * 4) {
    Four numbers = load_four(from + c, columns - c);
    unsigned packed = 0;
    for (int i = 0; i < 4; i++) {
      packed |= (zero ? 0u : (unsigned)e4m3_from_float(numbers.v[i] / scale)) << i * 8;
    }
    *(unsigned*)(to + c) = packed;
  }
  if (threadIdx.x == 0) {
    scales[blockIdx.x] = scale;
  }
}
