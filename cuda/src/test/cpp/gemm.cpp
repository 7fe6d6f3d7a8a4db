/* The products of the simulated cuBLAS and cuBLASLt. */
#include "gemm.h"

#include <math.h>
#include <string.h>

#include <algorithm>
#include <vector>

#define VESALIUS_SIMULATED
#include "simt.h"

extern "C" int vesalius_simulated_enqueue(void* stream, const char* name, const void* arguments, size_t bytes, uint64_t pieces,
                                          void (*piece)(const void*, uint64_t), const uint64_t (*memory)[2], int ranges);

namespace gemm {

namespace {

constexpr int64_t BLOCK_ROWS = 128, BLOCK_COLUMNS = 96, BLOCK_DEPTH = 256;
constexpr int64_t TILE_ROWS = 16, TILE_COLUMNS = 6;
constexpr int64_t LANES = 8;
typedef float Floats __attribute__((vector_size(LANES * 4), aligned(4)));

/* The numbers of all bytes in E4M3. */
struct Numbers {
  float numbers[256];

  Numbers() {
    for (int i = 0; i < 256; i++) {
      int exponent = i >> 3 & 15, fraction = i & 7;
      float magnitude = exponent == 0 ? ldexpf((float)fraction, -9) : ldexpf((float)(8 + fraction), exponent - 10);
      numbers[i] = (i & 0x7f) == 0x7f ? NAN : i < 128 ? magnitude : -magnitude;
    }
  }

  float operator[](unsigned char x) const { return numbers[x]; }
};

const Numbers e4m3;

template <int TYPE>
inline float load(const char* data, int64_t i) {
  if constexpr (TYPE == F32) {
    return ((const float*)data)[i];
  } else if constexpr (TYPE == F16) {
    return simt::float_from_half(((const unsigned short*)data)[i]);
  } else if constexpr (TYPE == E4M3) {
    return e4m3[(unsigned char)data[i]];
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
    case E4M3:
      pack<E4M3, TILE>(out, data, line_step, depth_step, count, depth);
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

}  // namespace

int multiply(void* stream, const char* name, Product x) {
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
  uint64_t memory[4][2] = {{(uint64_t)x.c.data, extent(x.c, x.m, x.n, x.batch)}};
  int ranges = 1;
  if (x.k > 0) {
    memory[ranges][0] = (uint64_t)x.a.data;
    memory[ranges++][1] = extent(x.a, a_rows, a_columns, x.batch);
    memory[ranges][0] = (uint64_t)x.b.data;
    memory[ranges++][1] = extent(x.b, b_rows, b_columns, x.batch);
  }
  if (x.workspace_bytes > 0) {
    memory[ranges][0] = (uint64_t)x.workspace;
    memory[ranges++][1] = x.workspace_bytes;
  }
  uint64_t pieces = (uint64_t)(blocks(x.m, BLOCK_ROWS) * blocks(x.n, BLOCK_COLUMNS) * x.batch);
  int status = vesalius_simulated_enqueue(stream, name, &x, sizeof x, pieces, multiply_block, memory, ranges);
  return status == 0 ? SUCCESS : EXECUTION_FAILED;
}

int opening() {
  void* context = nullptr;
  if (int error = vesalius_simulated_injected("cublas")) {
    return error;
  }
  return cuCtxGetCurrent(&context) == 0 && context != nullptr ? SUCCESS : NOT_INITIALIZED;
}

}  // namespace gemm
