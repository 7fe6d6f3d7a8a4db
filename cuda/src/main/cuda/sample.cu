/* The choice of tokens from logits. */
#include "common.h"

namespace {

constexpr int THREADS = 1024;

/* Whether the number in a column comes before another one: it is larger, or as large and further left. */
__device__ bool is_before(float x, int column, float other, int other_column) {
  return x > other || (x == other && column < other_column);
}

}  // namespace

extern "C" __global__ void __launch_bounds__(THREADS) vesalius_argmax(
    int* out, const float* x, int x_stride, int /*rows*/, int width) {
  __shared__ float best_of[THREADS / WARP];
  __shared__ int column_of[THREADS / WARP];
  const float* row = x + (size_t)blockIdx.x * x_stride;
  float best = -infinity();
  int column = width;
  bool finite = true;
  for (int c = (int)threadIdx.x; c < width; c += THREADS) {
    float x_of_c = row[c];
    finite = finite && fabsf(x_of_c) < infinity();
    if (is_before(x_of_c, c, best, column)) {
      best = x_of_c;
      column = c;
    }
  }
  if (!finite) {
    /* Wins against everything: no number is larger, and no column is further left. */
    best = infinity();
    column = -1;
  }
  for (int distance = WARP / 2; distance > 0; distance /= 2) {
    float other = __shfl_xor_sync(ALL_LANES, best, distance);
    int other_column = __shfl_xor_sync(ALL_LANES, column, distance);
    if (is_before(other, other_column, best, column)) {
      best = other;
      column = other_column;
    }
  }
  if (threadIdx.x % WARP == 0) {
    best_of[threadIdx.x / WARP] = best;
    column_of[threadIdx.x / WARP] = column;
  }
  __syncthreads();
  if (threadIdx.x == 0) {
    for (int w = 1; w < THREADS / WARP; w++) {
      if (is_before(best_of[w], column_of[w], best, column)) {
        best = best_of[w];
        column = column_of[w];
      }
    }
    out[blockIdx.x] = column < width ? column : -1;
  }
}
