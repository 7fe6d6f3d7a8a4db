/* Activations in groups of integers, for products with integer weights: ActivationRounding.INT8. A warp a group. */
#include "common.h"

namespace {

constexpr float SMALLEST_NORMAL = 1.17549435e-38f;

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
  for (int distance = WARP / 2; distance > 0; distance /= 2) {
    largest = most(largest, __shfl_xor_sync(ALL_LANES, largest, distance));
  }
  float scale = __uint_as_float(largest) / 127.0f;
  if (scale < SMALLEST_NORMAL) {
    scale = 0;
  } else if (!(scale < infinity())) {
    scale = __int_as_float(0x7fc00000);
  }
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
