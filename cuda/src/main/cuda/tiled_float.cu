/*
 * Many tokens times weights of F32 and F16, in true float32: tiles of 64 tokens by 64 rows out of shared memory, 4 by 4 numbers a
 * thread. No model is served in these formats; what matters is that every digit is there.
 */
#include "products.h"

namespace {

constexpr int TILE = 64;
constexpr int DEPTH = 16;
constexpr int PADDED = TILE + 4; /* rows of shared memory stay 16-byte aligned, and stores to a column meet fewer banks twice */

__device__ __forceinline__ float widened(const float* x) { return *x; }

__device__ __forceinline__ float widened(const vesalius_half* x) { return float_from_half(*x); }

/* DEPTH columns of TILE rows, transposed; zeros beyond rows and columns. */
template <typename T>
__device__ __forceinline__ void load(float (&tile)[DEPTH][PADDED], const T* x, size_t stride, int rows, int first, int columns) {
#pragma unroll
  for (int i = 0; i < TILE * DEPTH / 256; i++) {
    int at = (int)threadIdx.x + i * 256;
    int row = at / DEPTH;
    int column = at % DEPTH;
    bool there = row < rows && first + column < columns;
    tile[column][row] = there ? widened(x + row * stride + first + column) : 0.0f;
  }
}

template <typename T>
__device__ __forceinline__ void tiled(float* out, int out_stride, const float* x, int x_stride, const T* weight,
                                      const void* const* weights, const int* starts, int experts, const float* bias, int tokens,
                                      int rows, int columns, int* fault) {
  __shared__ __align__(16) float a[DEPTH][PADDED];
  __shared__ __align__(16) float b[DEPTH][PADDED];
  Group group = tile_of_group<TILE>(starts, experts, tokens, fault);
  if (group.count <= 0) {
    return;
  }
  int first_row = (int)blockIdx.x * TILE;
  const float* from = x + (size_t)group.first * x_stride;
  const T* w = weight_of(weight, weights, group.expert) + (size_t)first_row * columns;
  int token = (int)threadIdx.x / 16 * 4;
  int row = (int)threadIdx.x % 16 * 4;
  float sums[4][4] = {};
  for (int first = 0; first < columns; first += DEPTH) {
    load(a, from, x_stride, group.count, first, columns);
    load(b, w, columns, rows - first_row, first, columns);
    __syncthreads();
#pragma unroll
    for (int k = 0; k < DEPTH; k++) {
      float4 u = *(const float4*)&a[k][token];
      float4 v = *(const float4*)&b[k][row];
      const float left[4] = {u.x, u.y, u.z, u.w};
      const float right[4] = {v.x, v.y, v.z, v.w};
#pragma unroll
      for (int i = 0; i < 4; i++) {
#pragma unroll
        for (int j = 0; j < 4; j++) {
          sums[i][j] = fmaf(left[i], right[j], sums[i][j]);
        }
      }
    }
    __syncthreads();
  }
  for (int i = 0; i < 4; i++) {
    for (int j = 0; j < 4; j++) {
      int r = first_row + row + j;
      if (token + i < group.count && r < rows) {
        out[(size_t)(group.first + token + i) * out_stride + r] = bias == nullptr ? sums[i][j] : sums[i][j] + bias[r];
      }
    }
  }
}

}  // namespace

extern "C" __global__ void __launch_bounds__(256) vesalius_tiled_f32(float* out, int out_stride, const float* x, int x_stride,
                                                                     const float* weight, const void* const* weights,
                                                                     const int* starts, int experts, const float* bias,
                                                                     int tokens, int rows, int columns, int* fault) {
  tiled(out, out_stride, x, x_stride, weight, weights, starts, experts, bias, tokens, rows, columns, fault);
}

extern "C" __global__ void __launch_bounds__(256) vesalius_tiled_f16(float* out, int out_stride, const float* x, int x_stride,
                                                                     const vesalius_half* weight, const void* const* weights,
                                                                     const int* starts, int experts, const float* bias,
                                                                     int tokens, int rows, int columns, int* fault) {
  tiled(out, out_stride, x, x_stride, weight, weights, starts, experts, bias, tokens, rows, columns, fault);
}
