/*
 * Few tokens times weights of F32 and F16, in true float32. Memory-bound: a warp reads two rows of the weight, a lane 16 bytes of
 * each at a time, AHEAD times before the first is used: 4 KiB of F32 in flight a warp, which with the 16 warps of an SM is more than
 * the bandwidth of an H200 times its latency, and half of that of F16, whose numbers take more registers. A lane's sums are one
 * chain each, then the lanes' are added in pairs: in an order that depends on nothing but the number of columns.
 */
#include "products.h"

namespace {

constexpr int ROWS = 2;
constexpr int WARPS = 8;
constexpr int MOST_TOKENS = 8;

struct F32 {
  typedef float Element;
  static constexpr int LOADED = 4;
  static constexpr int AHEAD = 4;
  static __device__ __forceinline__ void widen(float* out, uint4 x) {
    out[0] = __uint_as_float(x.x);
    out[1] = __uint_as_float(x.y);
    out[2] = __uint_as_float(x.z);
    out[3] = __uint_as_float(x.w);
  }
};

struct F16 {
  typedef vesalius_half Element;
  static constexpr int LOADED = 8;
  static constexpr int AHEAD = 2;
  static __device__ __forceinline__ void widen(float* out, uint4 x) {
    const unsigned pairs[4] = {x.x, x.y, x.z, x.w};
    for (int i = 0; i < 4; i++) {
      out[2 * i] = float_from_half((unsigned short)(pairs[i] & 0xffff));
      out[2 * i + 1] = float_from_half((unsigned short)(pairs[i] >> 16));
    }
  }
};

/* LOADED numbers of a row of the weight, zero behind its end. */
template <typename Stored>
__device__ __forceinline__ void read_weight(float* out, const typename Stored::Element* row, int column, int columns, bool vectors) {
  if (vectors && column + Stored::LOADED <= columns) {
    Stored::widen(out, load_once_16(row + column));
    return;
  }
  for (int i = 0; i < Stored::LOADED; i++) {
    if constexpr (sizeof(typename Stored::Element) == 4) {
      out[i] = column + i < columns ? row[column + i] : 0.0f;
    } else {
      out[i] = column + i < columns ? float_from_half(row[column + i]) : 0.0f;
    }
  }
}

template <int N>
__device__ __forceinline__ void read_numbers(float* out, const float* x, int column, int columns) {
  for (int i = 0; i < N; i += 4) {
    Four four = load_four(x + column + i, columns - column - i);
    for (int j = 0; j < 4; j++) {
      out[i + j] = four.v[j];
    }
  }
}

template <int TOKENS, typename Stored>
__device__ __forceinline__ void accumulate(float (&sums)[ROWS][TOKENS], const float (&weights)[ROWS][Stored::LOADED],
                                           const float* const* x, int column, int columns) {
#pragma unroll
  for (int t = 0; t < TOKENS; t++) {
    float numbers[Stored::LOADED];
    read_numbers<Stored::LOADED>(numbers, x[t], column, columns);
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
#pragma unroll
      for (int i = 0; i < Stored::LOADED; i++) {
        sums[r][t] = fmaf(weights[r][i], numbers[i], sums[r][t]);
      }
    }
  }
}

/* TOKENS tokens, of which `count` are there, times the two rows of this warp. */
template <int TOKENS, typename Stored>
__device__ void multiply(float* out, int out_stride, const float* x, int x_stride, const typename Stored::Element* weight,
                         const float* bias, int count, int rows, int columns) {
  constexpr int STEP = WARP * Stored::LOADED;
  constexpr int AHEAD = Stored::AHEAD;
  int lane = (int)threadIdx.x % WARP;
  int first = ((int)blockIdx.x * WARPS + (int)threadIdx.x / WARP) * ROWS;
  if (first >= rows) {
    return;
  }
  const typename Stored::Element* row[ROWS];
  for (int r = 0; r < ROWS; r++) {
    /* A row that is not there is computed like the last one and not stored; so is a token. */
    row[r] = weight + (size_t)least(first + r, rows - 1) * columns;
  }
  const float* token[TOKENS];
  for (int t = 0; t < TOKENS; t++) {
    token[t] = x + (size_t)least(t, count - 1) * x_stride;
  }
  float sums[ROWS][TOKENS] = {};
  bool vectors = columns % Stored::LOADED == 0;
  int column = lane * Stored::LOADED;
  if (vectors) {
    for (; column + (AHEAD - 1) * STEP < columns; column += AHEAD * STEP) {
      uint4 stored[AHEAD][ROWS];
#pragma unroll
      for (int a = 0; a < AHEAD; a++) {
#pragma unroll
        for (int r = 0; r < ROWS; r++) {
          stored[a][r] = load_once_16(row[r] + column + a * STEP);
        }
      }
#pragma unroll
      for (int a = 0; a < AHEAD; a++) {
        float weights[ROWS][Stored::LOADED];
#pragma unroll
        for (int r = 0; r < ROWS; r++) {
          Stored::widen(weights[r], stored[a][r]);
        }
        accumulate<TOKENS, Stored>(sums, weights, token, column + a * STEP, columns);
      }
    }
  }
  for (; column < columns; column += STEP) {
    float weights[ROWS][Stored::LOADED];
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
      read_weight<Stored>(weights[r], row[r], column, columns, vectors);
    }
    accumulate<TOKENS, Stored>(sums, weights, token, column, columns);
  }
  for (int r = 0; r < ROWS; r++) {
    for (int t = 0; t < TOKENS; t++) {
      float total = warp_sum(sums[r][t]);
      if (lane == 0 && first + r < rows && t < count) {
        out[(size_t)t * out_stride + first + r] = bias == nullptr ? total : total + bias[first + r];
      }
    }
  }
}

template <typename Stored>
__device__ void few(float* out, int out_stride, const float* x, int x_stride, const typename Stored::Element* weight,
                    const void* const* weights, const int* starts, int experts, const float* bias, int tokens, int rows, int columns,
                    int* fault) {
  Group group = whole_group(starts, experts, tokens, fault);
  weight = weight_of(weight, weights, group.expert);
  for (int t = 0; t < group.count; t += MOST_TOKENS) {
    float* to = out + (size_t)(group.first + t) * out_stride;
    const float* from = x + (size_t)(group.first + t) * x_stride;
    int count = least(group.count - t, MOST_TOKENS);
    if (count == 1) {
      multiply<1, Stored>(to, out_stride, from, x_stride, weight, bias, count, rows, columns);
    } else if (count <= 4) {
      multiply<4, Stored>(to, out_stride, from, x_stride, weight, bias, count, rows, columns);
    } else {
      multiply<MOST_TOKENS, Stored>(to, out_stride, from, x_stride, weight, bias, count, rows, columns);
    }
  }
}

}  // namespace

extern "C" __global__ void __launch_bounds__(256, 2) vesalius_few_f32(float* out, int out_stride, const float* x, int x_stride,
                                                                   const float* weight, const void* const* weights,
                                                                   const int* starts, int experts, const float* bias,
                                                                   int tokens, int rows, int columns, int* fault) {
  few<F32>(out, out_stride, x, x_stride, weight, weights, starts, experts, bias, tokens, rows, columns, fault);
}

extern "C" __global__ void __launch_bounds__(256, 2) vesalius_few_f16(float* out, int out_stride, const float* x, int x_stride,
                                                                   const vesalius_half* weight, const void* const* weights,
                                                                   const int* starts, int experts, const float* bias,
                                                                   int tokens, int rows, int columns, int* fault) {
  few<F16>(out, out_stride, x, x_stride, weight, weights, starts, experts, bias, tokens, rows, columns, fault);
}
