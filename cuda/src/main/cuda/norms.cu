/*
 * Norms: a block a row. Sums are of doubles, so that no square overflows and a mean's error does not show; a GPU for computing
 * has the units, and any other waits for memory here. A row is read twice, the second time out of the cache.
 */
#include "common.h"

namespace {

constexpr int THREADS = 256;
constexpr int WARPS = THREADS / WARP;

__device__ void scale_row(float* out, const float* x, const float* gain, int width, double squares, float epsilon) {
  float factor = (float)(1.0 / sqrt(squares / width + epsilon));
  for (int c = (int)threadIdx.x * 4; c < width; c += THREADS * 4) {
    Four v = load_four(x + c, width - c);
    Four g = load_four(gain + c, width - c);
    for (int i = 0; i < 4; i++) {
      v.v[i] = v.v[i] * factor * g.v[i];
    }
    store_four(out + c, width - c, v);
  }
}

}  // namespace

extern "C" __global__ void __launch_bounds__(THREADS) vesalius_rms_norm(
    float* out, int out_stride, const float* x, int x_stride, const float* gain, int /*rows*/, int width, float epsilon) {
  __shared__ double scratch[WARPS];
  const float* row = x + (size_t)blockIdx.x * x_stride;
  double squares = 0;
  for (int c = (int)threadIdx.x * 4; c < width; c += THREADS * 4) {
    Four v = load_four(row + c, width - c);
    for (int i = 0; i < 4; i++) {
      squares = fma((double)v.v[i], (double)v.v[i], squares);
    }
  }
  squares = block_sum<WARPS>(squares, scratch);
  scale_row(out + (size_t)blockIdx.x * out_stride, row, gain, width, squares, epsilon);
}

extern "C" __global__ void __launch_bounds__(THREADS) vesalius_add_rms_norm(
    float* out, int out_stride, float* residual, int residual_stride, const float* delta, int delta_stride, const float* gain,
    int /*rows*/, int width, float epsilon) {
  __shared__ double scratch[WARPS];
  float* row = residual + (size_t)blockIdx.x * residual_stride;
  const float* added = delta + (size_t)blockIdx.x * delta_stride;
  double squares = 0;
  for (int c = (int)threadIdx.x * 4; c < width; c += THREADS * 4) {
    Four v = load_four(row + c, width - c);
    Four d = load_four(added + c, width - c);
    for (int i = 0; i < 4; i++) {
      v.v[i] += d.v[i];
      squares = fma((double)v.v[i], (double)v.v[i], squares);
    }
    store_four(row + c, width - c, v);
  }
  squares = block_sum<WARPS>(squares, scratch);
  /* A thread reads again what it has written itself. */
  scale_row(out + (size_t)blockIdx.x * out_stride, row, gain, width, squares, epsilon);
}

extern "C" __global__ void __launch_bounds__(THREADS) vesalius_layer_norm(
    float* out, int out_stride, const float* x, int x_stride, const float* gain, const float* bias, int /*rows*/, int width,
    float epsilon) {
  __shared__ double scratch[WARPS];
  const float* row = x + (size_t)blockIdx.x * x_stride;
  float* to = out + (size_t)blockIdx.x * out_stride;
  double sum = 0;
  for (int c = (int)threadIdx.x * 4; c < width; c += THREADS * 4) {
    Four v = load_four(row + c, width - c);
    for (int i = 0; i < 4; i++) {
      sum += v.v[i];
    }
  }
  double mean = block_sum<WARPS>(sum, scratch) / width;
  double squares = 0;
  for (int c = (int)threadIdx.x * 4; c < width; c += THREADS * 4) {
    Four v = load_four(row + c, width - c);
    for (int i = 0; i < least(4, width - c); i++) {
      double centred = v.v[i] - mean;
      squares = fma(centred, centred, squares);
    }
  }
  double variance = block_sum<WARPS>(squares, scratch) / width;
  double factor = 1.0 / sqrt(variance + epsilon);
  for (int c = (int)threadIdx.x * 4; c < width; c += THREADS * 4) {
    Four v = load_four(row + c, width - c);
    Four g = load_four(gain + c, width - c);
    Four b = load_four(bias + c, width - c);
    for (int i = 0; i < 4; i++) {
      v.v[i] = fmaf((float)((v.v[i] - mean) * factor), g.v[i], b.v[i]);
    }
    store_four(to + c, width - c, v);
  }
}
