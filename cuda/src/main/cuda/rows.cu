/* Operations on rows of activations: memory-bound, four numbers a thread, of 16 bytes where the rows are aligned. */
#include "common.h"

namespace {

constexpr int STEP = 4;

__device__ int first_column() { return (int)(blockIdx.y * blockDim.x + threadIdx.x) * STEP; }

__device__ bool reporter() { return blockIdx.y == 0 && threadIdx.x == 0; }

/*
 * The four activations, each to a few roundings: an exponential's argument is what is rounded, and no result is the difference of
 * two nearly equal numbers. Where x is so small that the exponential overflows, x over infinity is the zero that it should be.
 */
__device__ float activated(int activation, float x) {
  switch (activation) {
    case VESALIUS_SILU:
      return x / (1.0f + expf(-x));
    case VESALIUS_GELU:
      return 0.5f * x * erfcf(-0.70710678118654752f * x);
    case VESALIUS_GELU_TANH:
      /* (1 + tanh u) / 2 = 1 / (1 + exp(-2 u)) */
      return x / (1.0f + expf(-1.5957691216057308f * fmaf(0.044715f * x * x, x, x)));
    default:
      return x / (1.0f + expf(-1.702f * x));
  }
}

}  // namespace

extern "C" __global__ void __launch_bounds__(256) vesalius_gather_rows(
    float* out, int out_stride, const float* x, int x_stride, int x_rows, const int* index, int /*rows*/, int width, int* fault) {
  int row = (int)blockIdx.x;
  int c = first_column();
  int from = index[row];
  if (!within(from, x_rows, fault, VESALIUS_FAULT_GATHER_ROWS, row, reporter()) || c >= width) {
    return;
  }
  store_four(out + (size_t)row * out_stride + c, width - c, load_four(x + (size_t)from * x_stride + c, width - c));
}

extern "C" __global__ void __launch_bounds__(256) vesalius_scatter_rows(
    float* out, int out_stride, int out_rows, const float* x, int x_stride, const int* index, int /*rows*/, int width, int* fault) {
  int row = (int)blockIdx.x;
  int c = first_column();
  int to = index[row];
  if (!within(to, out_rows, fault, VESALIUS_FAULT_SCATTER_ROWS, row, reporter()) || c >= width) {
    return;
  }
  store_four(out + (size_t)to * out_stride + c, width - c, load_four(x + (size_t)row * x_stride + c, width - c));
}

extern "C" __global__ void __launch_bounds__(256) vesalius_add_rows(float* out, int out_stride, int out_rows, const float* x,
                                                                    int x_stride, const int* index, int /*rows*/, int width,
                                                                    int* fault) {
  int row = (int)blockIdx.x;
  int c = first_column();
  int to = index[row];
  if (!within(to, out_rows, fault, VESALIUS_FAULT_ADD_ROWS, row, reporter()) || c >= width) {
    return;
  }
  float* place = out + (size_t)to * out_stride + c;
  Four a = load_four(place, width - c);
  Four b = load_four(x + (size_t)row * x_stride + c, width - c);
  for (int i = 0; i < STEP; i++) {
    a.v[i] += b.v[i];
  }
  store_four(place, width - c, a);
}

extern "C" __global__ void __launch_bounds__(256) vesalius_mix_rows(float* out, int out_stride, const float* x, int x_stride,
                                                                    int x_rows, const int* index, int index_stride,
                                                                    const float* shares, int shares_stride, int parts, int /*rows*/,
                                                                    int width, int* fault) {
  int row = (int)blockIdx.x;
  int c = first_column();
  bool valid = true;
  for (int k = 0; k < parts; k++) {
    size_t at = (size_t)k * index_stride + row;
    valid &= within(index[at], x_rows, fault, VESALIUS_FAULT_MIX_ROWS, row, reporter());
  }
  if (!valid || c >= width) {
    return;
  }
  Four sum = {{0, 0, 0, 0}};
  for (int k = 0; k < parts; k++) {
    const float* from = x + (size_t)index[(size_t)k * index_stride + row] * x_stride + c;
    float share = shares[(size_t)k * shares_stride + row];
    Four v = load_four(from, width - c);
    for (int i = 0; i < STEP; i++) {
      sum.v[i] = fmaf(share, v.v[i], sum.v[i]);
    }
  }
  store_four(out + (size_t)row * out_stride + c, width - c, sum);
}

extern "C" __global__ void __launch_bounds__(256) vesalius_add(float* out, int out_stride, const float* x, int x_stride,
                                                               int /*rows*/, int width) {
  int c = first_column();
  if (c >= width) {
    return;
  }
  float* place = out + (size_t)blockIdx.x * out_stride + c;
  Four a = load_four(place, width - c);
  Four b = load_four(x + (size_t)blockIdx.x * x_stride + c, width - c);
  for (int i = 0; i < STEP; i++) {
    a.v[i] += b.v[i];
  }
  store_four(place, width - c, a);
}

extern "C" __global__ void __launch_bounds__(256) vesalius_add_bias(float* x, int x_stride, const float* bias, int /*rows*/,
                                                                    int width) {
  int c = first_column();
  if (c >= width) {
    return;
  }
  float* place = x + (size_t)blockIdx.x * x_stride + c;
  Four a = load_four(place, width - c);
  Four b = load_four(bias + c, width - c);
  for (int i = 0; i < STEP; i++) {
    a.v[i] += b.v[i];
  }
  store_four(place, width - c, a);
}

extern "C" __global__ void __launch_bounds__(256) vesalius_scale_fp8(float* x, int x_stride, const float* x_scales,
                                                                     const float* scales, const float* bias, int /*rows*/, int width) {
  int c = first_column();
  if (c >= width) {
    return;
  }
  float* place = x + (size_t)blockIdx.x * x_stride + c;
  float x_scale = x_scales[blockIdx.x];
  Four a = load_four(place, width - c);
  Four b = load_four(scales + c, width - c);
  Four added = {};
  if (bias != nullptr) {
    added = load_four(bias + c, width - c);
  }
  for (int i = 0; i < STEP; i++) {
    a.v[i] = a.v[i] * (b.v[i] * x_scale) + added.v[i];
  }
  store_four(place, width - c, a);
}

extern "C" __global__ void __launch_bounds__(256) vesalius_scale(float* x, int x_stride, int /*rows*/, int width, float factor) {
  int c = first_column();
  if (c >= width) {
    return;
  }
  float* place = x + (size_t)blockIdx.x * x_stride + c;
  Four a = load_four(place, width - c);
  for (int i = 0; i < STEP; i++) {
    a.v[i] *= factor;
  }
  store_four(place, width - c, a);
}

extern "C" __global__ void __launch_bounds__(256) vesalius_activate(float* x, int x_stride, int /*rows*/, int width,
                                                                    int activation) {
  int c = first_column();
  if (c >= width) {
    return;
  }
  float* place = x + (size_t)blockIdx.x * x_stride + c;
  Four a = load_four(place, width - c);
  for (int i = 0; i < STEP; i++) {
    a.v[i] = activated(activation, a.v[i]);
  }
  store_four(place, width - c, a);
}

extern "C" __global__ void __launch_bounds__(256) vesalius_gated_activation(
    float* gate, int gate_stride, const float* up, int up_stride, int /*rows*/, int width, int activation) {
  int c = first_column();
  if (c >= width) {
    return;
  }
  float* place = gate + (size_t)blockIdx.x * gate_stride + c;
  Four a = load_four(place, width - c);
  Four b = load_four(up + (size_t)blockIdx.x * up_stride + c, width - c);
  for (int i = 0; i < STEP; i++) {
    a.v[i] = activated(activation, a.v[i]) * b.v[i];
  }
  store_four(place, width - c, a);
}

extern "C" __global__ void __launch_bounds__(256) vesalius_fill(unsigned* x, int x_stride, int /*rows*/, int width, unsigned bits) {
  int c = first_column();
  for (int i = c; i < least(c + STEP, width); i++) {
    x[(size_t)blockIdx.x * x_stride + i] = bits;
  }
}

extern "C" __global__ void __launch_bounds__(256) vesalius_to_bf16(vesalius_bf16* out, int out_stride, const float* x,
                                                                   int x_stride, int /*rows*/, int width, int padded) {
  int c = first_column();
  if (c >= padded) {
    return;
  }
  Four a = load_four(x + (size_t)blockIdx.x * x_stride + c, width - c);
  vesalius_bf16* place = out + (size_t)blockIdx.x * out_stride + c;
  if (padded - c >= STEP && aligned(place, 8)) {
    *(uint2*)place = make_uint2(bf16_pair(a.v[0], a.v[1]), bf16_pair(a.v[2], a.v[3]));
    return;
  }
  for (int i = 0; i < least(STEP, padded - c); i++) {
    place[i] = bf16_from_float(a.v[i]);
  }
}

extern "C" __global__ void __launch_bounds__(256) vesalius_pack_heads(
    vesalius_bf16* out, const float* x, int x_stride, int /*rows*/, int heads, int head_size, int padded) {
  int c = first_column();
  int head = c / padded;
  if (head >= heads) {
    return;
  }
  int i = c - head * padded;
  Four a = load_four(x + (size_t)blockIdx.x * x_stride + head * head_size + i, head_size - i);
  *(uint2*)(out + (size_t)blockIdx.x * heads * padded + c) = make_uint2(bf16_pair(a.v[0], a.v[1]), bf16_pair(a.v[2], a.v[3]));
}
