/*
 * The simulated cuBLAS: products of matrices, on the streams of the simulated driver. Inputs become float32; every number of a
 * result is one chain of float32 additions over k.
 */
#include <stdint.h>
#include <string.h>

#include <algorithm>
#include <vector>

#define VESALIUS_SIMULATED
#include "simt.h"

#define API extern "C" __attribute__((visibility("default"))) int

extern "C" {
int cuCtxGetCurrent(void** out);
int vesalius_simulated_enqueue(void* stream, const char* name, const void* arguments, size_t bytes, uint64_t pieces,
                               void (*piece)(const void*, uint64_t), const uint64_t (*memory)[2], int ranges);
int vesalius_simulated_injected(const char* what);
}

namespace {

enum { SUCCESS = 0, NOT_INITIALIZED = 1, INVALID_VALUE = 7, EXECUTION_FAILED = 13, NOT_SUPPORTED = 15 };
enum Type { F32 = 0, F16 = 2, BF16 = 14 };
enum { COMPUTE_32F = 68, COMPUTE_32F_PEDANTIC = 69 };

struct Handle {
  void* stream = nullptr;
  int math = 0;
};

/* A matrix as columns, `stride` numbers from one to the next; `batch_stride` from one matrix to the next. */
struct Matrix {
  char* data;
  int type;
  int64_t stride;
  int64_t batch_stride;
  bool transposed;

  size_t size() const { return type == F32 ? 4 : 2; }
};

struct Product {
  int64_t m, n, k, batch;
  float alpha, beta;
  Matrix a, b, c;
};

constexpr int64_t BLOCK_ROWS = 128, BLOCK_COLUMNS = 96, BLOCK_DEPTH = 256;
constexpr int64_t TILE_ROWS = 16, TILE_COLUMNS = 6;
constexpr int64_t LANES = 8;
typedef float Floats __attribute__((vector_size(LANES * 4), aligned(4)));

template <int TYPE>
inline float load(const char* data, int64_t i) {
  if constexpr (TYPE == F32) {
    return ((const float*)data)[i];
  } else if constexpr (TYPE == F16) {
    return simt::float_from_half(((const unsigned short*)data)[i]);
  } else {
    return simt::bits<float>((uint32_t)((const unsigned short*)data)[i] << 16);
  }
}

/* Packs `count` lines by `depth` numbers: TILE lines beside each other for every number, padded with zeros. */
template <int TYPE, int64_t TILE>
void pack(float* out, const char* data, int64_t line_step, int64_t depth_step, int64_t count, int64_t depth) {
  for (int64_t first = 0; first < count; first += TILE, out += TILE * depth) {
    int64_t lines = std::min(TILE, count - first);
    if (lines < TILE) {
      memset(out, 0, (size_t)(TILE * depth) * sizeof(float));
    }
    for (int64_t i = 0; i < lines; i++) {
      const int64_t begin = (first + i) * line_step;
      for (int64_t p = 0; p < depth; p++) {
        out[p * TILE + i] = load<TYPE>(data, begin + p * depth_step);
      }
    }
  }
}

template <int64_t TILE>
void pack(float* out, const Matrix& x, int64_t offset, int64_t line_step, int64_t depth_step, int64_t count, int64_t depth) {
  const char* data = x.data + offset * (int64_t)x.size();
  switch (x.type) {
    case F32:
      pack<F32, TILE>(out, data, line_step, depth_step, count, depth);
      break;
    case F16:
      pack<F16, TILE>(out, data, line_step, depth_step, count, depth);
      break;
    default:
      pack<BF16, TILE>(out, data, line_step, depth_step, count, depth);
  }
}

/* sums (columns of BLOCK_ROWS) += a * b. */
void multiply(float* sums, const float* a, const float* b, int64_t depth) {
  Floats tile[TILE_COLUMNS][2];
  for (int64_t j = 0; j < TILE_COLUMNS; j++) {
    tile[j][0] = *(const Floats*)(sums + j * BLOCK_ROWS);
    tile[j][1] = *(const Floats*)(sums + j * BLOCK_ROWS + LANES);
  }
  for (int64_t p = 0; p < depth; p++) {
    Floats low = *(const Floats*)(a + p * TILE_ROWS), high = *(const Floats*)(a + p * TILE_ROWS + LANES);
#pragma GCC unroll 6
    for (int64_t j = 0; j < TILE_COLUMNS; j++) {
      float factor = b[p * TILE_COLUMNS + j];
      tile[j][0] += low * factor;
      tile[j][1] += high * factor;
    }
  }
  for (int64_t j = 0; j < TILE_COLUMNS; j++) {
    *(Floats*)(sums + j * BLOCK_ROWS) = tile[j][0];
    *(Floats*)(sums + j * BLOCK_ROWS + LANES) = tile[j][1];
  }
}

int64_t blocks(int64_t n, int64_t block) { return (n + block - 1) / block; }

float stored(const Matrix& c, int64_t i) { return c.type == F32 ? load<F32>(c.data, i) : load<BF16>(c.data, i); }

void store(const Matrix& c, int64_t i, float value) {
  if (c.type == F32) {
    ((float*)c.data)[i] = value;
  } else {
    ((unsigned short*)c.data)[i] = simt::bf16_from_float(value);
  }
}

/* One block of one result. */
void multiply_block(const void* arguments, uint64_t number) {
  const Product& x = *(const Product*)arguments;
  int64_t rows_of_blocks = blocks(x.m, BLOCK_ROWS), columns_of_blocks = blocks(x.n, BLOCK_COLUMNS);
  int64_t row = (int64_t)number % rows_of_blocks * BLOCK_ROWS;
  int64_t column = (int64_t)number / rows_of_blocks % columns_of_blocks * BLOCK_COLUMNS;
  int64_t batch = (int64_t)number / rows_of_blocks / columns_of_blocks;
  int64_t height = std::min(BLOCK_ROWS, x.m - row), width = std::min(BLOCK_COLUMNS, x.n - column);
  static thread_local std::vector<float> a(BLOCK_ROWS * BLOCK_DEPTH), b(BLOCK_COLUMNS * BLOCK_DEPTH), sums(BLOCK_ROWS * BLOCK_COLUMNS);
  std::fill(sums.begin(), sums.end(), 0.0f);
  int64_t a_line = x.a.transposed ? x.a.stride : 1, a_depth = x.a.transposed ? 1 : x.a.stride;
  int64_t b_line = x.b.transposed ? 1 : x.b.stride, b_depth = x.b.transposed ? x.b.stride : 1;
  for (int64_t p = 0; p < x.k; p += BLOCK_DEPTH) {
    int64_t depth = std::min(BLOCK_DEPTH, x.k - p);
    pack<TILE_ROWS>(a.data(), x.a, batch * x.a.batch_stride + row * a_line + p * a_depth, a_line, a_depth, height, depth);
    pack<TILE_COLUMNS>(b.data(), x.b, batch * x.b.batch_stride + column * b_line + p * b_depth, b_line, b_depth, width, depth);
    for (int64_t j = 0; j < width; j += TILE_COLUMNS) {
      for (int64_t i = 0; i < height; i += TILE_ROWS) {
        multiply(sums.data() + j * BLOCK_ROWS + i, a.data() + i * depth, b.data() + j * depth, depth);
      }
    }
  }
  for (int64_t j = 0; j < width; j++) {
    for (int64_t i = 0; i < height; i++) {
      int64_t at = batch * x.c.batch_stride + (column + j) * x.c.stride + row + i;
      float value = x.alpha * sums[(size_t)(j * BLOCK_ROWS + i)];
      store(x.c, at, x.beta == 0 ? value : value + x.beta * stored(x.c, at));
    }
  }
}

uint64_t extent(const Matrix& x, int64_t rows, int64_t columns, int64_t batch) {
  return (uint64_t)((columns - 1) * x.stride + rows + (batch - 1) * x.batch_stride) * x.size();
}

int multiply(Handle* handle, Product x) {
  if (handle == nullptr) {
    return NOT_INITIALIZED;
  }
  if (int error = vesalius_simulated_injected("cublas")) {
    return error;
  }
  int64_t a_rows = x.a.transposed ? x.k : x.m, a_columns = x.a.transposed ? x.m : x.k;
  int64_t b_rows = x.b.transposed ? x.n : x.k, b_columns = x.b.transposed ? x.k : x.n;
  if (x.m < 0 || x.n < 0 || x.k < 0 || x.batch < 0 || x.a.stride < std::max<int64_t>(1, a_rows) ||
      x.b.stride < std::max<int64_t>(1, b_rows) || x.c.stride < std::max<int64_t>(1, x.m)) {
    return INVALID_VALUE;
  }
  if (x.m == 0 || x.n == 0 || x.batch == 0) {
    return SUCCESS;
  }
  uint64_t memory[3][2] = {{(uint64_t)x.c.data, extent(x.c, x.m, x.n, x.batch)}};
  int ranges = 1;
  if (x.k > 0) {
    memory[ranges][0] = (uint64_t)x.a.data;
    memory[ranges++][1] = extent(x.a, a_rows, a_columns, x.batch);
    memory[ranges][0] = (uint64_t)x.b.data;
    memory[ranges++][1] = extent(x.b, b_rows, b_columns, x.batch);
  }
  uint64_t pieces = (uint64_t)(blocks(x.m, BLOCK_ROWS) * blocks(x.n, BLOCK_COLUMNS) * x.batch);
  int status = vesalius_simulated_enqueue(handle->stream, "gemms", &x, sizeof x, pieces, multiply_block, memory, ranges);
  return status == 0 ? SUCCESS : EXECUTION_FAILED;
}

bool is_number(int type) { return type == F32 || type == F16 || type == BF16; }

}  // namespace

API cublasCreate_v2(void** out) {
  void* context = nullptr;
  if (out == nullptr) {
    return INVALID_VALUE;
  }
  if (int error = vesalius_simulated_injected("cublas")) {
    return error;
  }
  if (cuCtxGetCurrent(&context) != 0 || context == nullptr) {
    return NOT_INITIALIZED;
  }
  *out = new Handle;
  return SUCCESS;
}

API cublasDestroy_v2(void* handle) {
  delete (Handle*)handle;
  return handle == nullptr ? NOT_INITIALIZED : SUCCESS;
}

API cublasSetStream_v2(void* handle, void* stream) {
  if (handle == nullptr) {
    return NOT_INITIALIZED;
  }
  ((Handle*)handle)->stream = stream;
  return SUCCESS;
}

API cublasGetStream_v2(void* handle, void** stream) {
  if (handle == nullptr) {
    return NOT_INITIALIZED;
  }
  *stream = ((Handle*)handle)->stream;
  return SUCCESS;
}

/* The real one wants a multiple of 256, which guarded allocations are not. */
API cublasSetWorkspace_v2(void* handle, void* workspace, size_t) {
  return handle == nullptr ? NOT_INITIALIZED : (uintptr_t)workspace % 16 != 0 ? INVALID_VALUE : SUCCESS;
}

API cublasSetMathMode(void* handle, int mode) {
  if (handle == nullptr) {
    return NOT_INITIALIZED;
  }
  ((Handle*)handle)->math = mode;
  return SUCCESS;
}

API cublasGetMathMode(void* handle, int* mode) {
  if (handle == nullptr) {
    return NOT_INITIALIZED;
  }
  *mode = ((Handle*)handle)->math;
  return SUCCESS;
}

/* Only the host's. */
API cublasSetPointerMode_v2(void* handle, int mode) {
  return handle == nullptr ? NOT_INITIALIZED : mode == 0 ? SUCCESS : NOT_SUPPORTED;
}

API cublasGetPointerMode_v2(void* handle, int* mode) {
  *mode = 0;
  return handle == nullptr ? NOT_INITIALIZED : SUCCESS;
}

API cublasGetVersion_v2(void*, int* version) {
  *version = 120600;
  return SUCCESS;
}

API cublasGetProperty(int which, int* value) {
  static const int VERSION[] = {12, 6, 0};
  if (which < 0 || which > 2) {
    return INVALID_VALUE;
  }
  *value = VERSION[which];
  return SUCCESS;
}

struct Words {
  int status;
  const char* name;
  const char* text;
};

static const Words WORDS[] = {
    {0, "CUBLAS_STATUS_SUCCESS", "success"},
    {1, "CUBLAS_STATUS_NOT_INITIALIZED", "the library was not initialized"},
    {3, "CUBLAS_STATUS_ALLOC_FAILED", "the resource allocation failed"},
    {7, "CUBLAS_STATUS_INVALID_VALUE", "an invalid value was used as an argument"},
    {8, "CUBLAS_STATUS_ARCH_MISMATCH", "an absent device architectural feature is required"},
    {11, "CUBLAS_STATUS_MAPPING_ERROR", "an access to the GPU memory space failed"},
    {13, "CUBLAS_STATUS_EXECUTION_FAILED", "the GPU program failed to execute"},
    {14, "CUBLAS_STATUS_INTERNAL_ERROR", "an internal operation failed"},
    {15, "CUBLAS_STATUS_NOT_SUPPORTED", "the functionality is not supported"},
    {16, "CUBLAS_STATUS_LICENSE_ERROR", "an error was detected when checking the current licensing"},
};

static const char* find(int status, const char* Words::*what) {
  for (const Words& words : WORDS) {
    if (words.status == status) {
      return words.*what;
    }
  }
  return "unknown status";
}

extern "C" __attribute__((visibility("default"))) const char* cublasGetStatusName(int status) { return find(status, &Words::name); }

extern "C" __attribute__((visibility("default"))) const char* cublasGetStatusString(int status) { return find(status, &Words::text); }

API cublasGemmStridedBatchedEx(void* handle, int a_op, int b_op, int m, int n, int k, const void* alpha, const void* a, int a_type,
                               int a_stride, long long a_batch, const void* b, int b_type, int b_stride, long long b_batch,
                               const void* beta, void* c, int c_type, int c_stride, long long c_batch, int batch, int compute, int) {
  if (a_op < 0 || a_op > 2 || b_op < 0 || b_op > 2 || alpha == nullptr || beta == nullptr) {
    return INVALID_VALUE;
  }
  bool known = is_number(a_type) && a_type == b_type && (c_type == F32 || (c_type == BF16 && a_type == BF16)) &&
               (compute == COMPUTE_32F || compute == COMPUTE_32F_PEDANTIC);
  if (!known) {
    return NOT_SUPPORTED;
  }
  return multiply((Handle*)handle, {m, n, k, batch, *(const float*)alpha, *(const float*)beta,
                                    {(char*)a, a_type, a_stride, a_batch, a_op != 0},
                                    {(char*)b, b_type, b_stride, b_batch, b_op != 0},
                                    {(char*)c, c_type, c_stride, c_batch, false}});
}

API cublasGemmEx(void* handle, int a_op, int b_op, int m, int n, int k, const void* alpha, const void* a, int a_type, int a_stride,
                 const void* b, int b_type, int b_stride, const void* beta, void* c, int c_type, int c_stride, int compute, int algorithm) {
  return cublasGemmStridedBatchedEx(handle, a_op, b_op, m, n, k, alpha, a, a_type, a_stride, 0, b, b_type, b_stride, 0, beta, c, c_type,
                                    c_stride, 0, 1, compute, algorithm);
}

API cublasSgemm_v2(void* handle, int a_op, int b_op, int m, int n, int k, const float* alpha, const float* a, int a_stride, const float* b,
                   int b_stride, const float* beta, float* c, int c_stride) {
  return cublasGemmEx(handle, a_op, b_op, m, n, k, alpha, a, F32, a_stride, b, F32, b_stride, beta, c, F32, c_stride, COMPUTE_32F, -1);
}
