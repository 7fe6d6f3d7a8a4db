/* Rows of a table of embeddings as float32, and matrices stored the other way round. */
#include "common.h"

namespace {

__device__ float widened(float x) { return x; }

struct Half {
  vesalius_half bits;
};

struct Brain {
  vesalius_bf16 bits;
};

__device__ float widened(Half x) { return float_from_half(x.bits); }

__device__ float widened(Brain x) { return float_from_bf16(x.bits); }

/* The table's row for this block, or null. */
template <typename T>
__device__ const T* row_of(const T* table, size_t row_size, int vocabulary, const int* ids, int* fault) {
  int row = (int)blockIdx.x;
  bool reporter = blockIdx.y == 0 && threadIdx.x == 0;
  return within(ids[row], vocabulary, fault, VESALIUS_FAULT_EMBED, row, reporter) ? table + ids[row] * row_size : nullptr;
}

/* A thread takes every 256th of its block's 1,024 columns: neighbours read and write neighbours, whatever the alignment. */
constexpr int COLUMNS = 1024;

template <typename T>
__device__ void embed(float* out, int out_stride, const T* table, int vocabulary, const int* ids, int width, int* fault) {
  const T* from = row_of(table, width, vocabulary, ids, fault);
  if (from == nullptr) {
    return;
  }
  int end = least(width, (int)(blockIdx.y + 1) * COLUMNS);
  for (int c = (int)(blockIdx.y * COLUMNS + threadIdx.x); c < end; c += (int)blockDim.x) {
    out[(size_t)blockIdx.x * out_stride + c] = widened(from[c]);
  }
}

/* By way of shared memory, so that both sides are read and written along their rows. A column more keeps banks apart. */
template <typename T>
__device__ void transpose(T* out, const T* x, int rows, int columns) {
  __shared__ T tile[WARP][WARP + 1];
  int lane = (int)threadIdx.x % WARP;
  int first_row = (int)blockIdx.y * WARP;
  int first_column = (int)blockIdx.x * WARP;
  for (int i = (int)threadIdx.x / WARP; i < WARP; i += (int)blockDim.x / WARP) {
    if (first_row + i < rows && first_column + lane < columns) {
      tile[i][lane] = x[(size_t)(first_row + i) * columns + first_column + lane];
    }
  }
  __syncthreads();
  for (int i = (int)threadIdx.x / WARP; i < WARP; i += (int)blockDim.x / WARP) {
    if (first_column + i < columns && first_row + lane < rows) {
      out[(size_t)(first_column + i) * rows + first_row + lane] = tile[lane][i];
    }
  }
}

}  // namespace

extern "C" __global__ void __launch_bounds__(256) vesalius_embed_f32(float* out, int out_stride, const float* table,
                                                                     int vocabulary, const int* ids, int /*rows*/, int width,
                                                                     int* fault) {
  embed(out, out_stride, table, vocabulary, ids, width, fault);
}

extern "C" __global__ void __launch_bounds__(256) vesalius_embed_f16(float* out, int out_stride, const vesalius_half* table,
                                                                     int vocabulary, const int* ids, int /*rows*/, int width,
                                                                     int* fault) {
  embed(out, out_stride, (const Half*)table, vocabulary, ids, width, fault);
}

extern "C" __global__ void __launch_bounds__(256) vesalius_embed_bf16(
    float* out, int out_stride, const vesalius_bf16* table, int vocabulary, const int* ids, int /*rows*/, int width, int* fault) {
  embed(out, out_stride, (const Brain*)table, vocabulary, ids, width, fault);
}

extern "C" __global__ void __launch_bounds__(256) vesalius_embed_int8(
    float* out, int out_stride, const signed char* table, const float* scales, int vocabulary, const int* ids, int /*rows*/,
    int width, int* fault) {
  constexpr int GROUP = 256;
  const signed char* from = row_of(table, width, vocabulary, ids, fault);
  if (from == nullptr) {
    return;
  }
  const float* scale = scales + (size_t)ids[blockIdx.x] * blocks(width, GROUP);
  int end = least(width, (int)(blockIdx.y + 1) * COLUMNS);
  for (int c = (int)(blockIdx.y * COLUMNS + threadIdx.x); c < end; c += (int)blockDim.x) {
    out[(size_t)blockIdx.x * out_stride + c] = (float)from[c] * scale[c / GROUP];
  }
}

extern "C" __global__ void __launch_bounds__(256) vesalius_embed_int4(
    float* out, int out_stride, const unsigned char* table, const vesalius_half* scales, const vesalius_half* minimums,
    int vocabulary, const int* ids, int /*rows*/, int width, int* fault) {
  constexpr int GROUP = 64;
  int groups = blocks(width, GROUP);
  const unsigned char* from = row_of(table, (size_t)groups * (GROUP / 2), vocabulary, ids, fault);
  if (from == nullptr) {
    return;
  }
  size_t first = (size_t)ids[blockIdx.x] * groups;
  int end = least(width, (int)(blockIdx.y + 1) * COLUMNS);
  for (int c = (int)(blockIdx.y * COLUMNS + threadIdx.x); c < end; c += (int)blockDim.x) {
    int group = c / GROUP;
    int place = c % GROUP;
    int pair = from[group * (GROUP / 2) + place % (GROUP / 2)];
    int q = place < GROUP / 2 ? pair & 15 : pair >> 4;
    /* The product of four bits and eleven is exact: one rounding. */
    out[(size_t)blockIdx.x * out_stride + c] =
        fmaf((float)q, float_from_half(scales[first + group]), float_from_half(minimums[first + group]));
  }
}

extern "C" __global__ void __launch_bounds__(256) vesalius_embed_fp8(
    float* out, int out_stride, const unsigned char* table, const float* scales, int vocabulary, const int* ids, int /*rows*/,
    int width, int* fault) {
  const unsigned char* from = row_of(table, width, vocabulary, ids, fault);
  if (from == nullptr) {
    return;
  }
  float scale = scales[ids[blockIdx.x]];
  int end = least(width, (int)(blockIdx.y + 1) * COLUMNS);
  for (int c = (int)(blockIdx.y * COLUMNS + threadIdx.x); c < end; c += (int)blockDim.x) {
    out[(size_t)blockIdx.x * out_stride + c] = float_from_e4m3(from[c]) * scale;
  }
}

extern "C" __global__ void __launch_bounds__(256) vesalius_transpose_16(
    unsigned short* out, const unsigned short* x, int rows, int columns) {
  transpose(out, x, rows, columns);
}

extern "C" __global__ void __launch_bounds__(256) vesalius_transpose_32(
    unsigned* out, const unsigned* x, int rows, int columns) {
  transpose(out, x, rows, columns);
}
