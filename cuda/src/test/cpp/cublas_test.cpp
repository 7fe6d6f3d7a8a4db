/* Tests the simulated cuBLAS and cuBLASLt against plain sums. */
#include <math.h>
#include <string.h>

#include <algorithm>

#include "api.h"
#include "check.h"

enum { F32 = 0, F16 = 2, BF16 = 14, E4M3 = 28, COMPUTE_32F = 68, COMPUTE_32F_PEDANTIC = 69 };

static uint64_t state = 88172645463325252;

static float draw() {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (float)((int64_t)(state >> 40) - (1 << 23)) * 0x1p-23f;
}

/* Numbers of a type that are also given as float. */
static std::vector<char> numbers(int type, size_t count, std::vector<float>& values) {
  std::vector<char> bytes(count * (type == F32 ? 4 : 2));
  values.resize(count);
  for (size_t i = 0; i < count; i++) {
    float x = draw();
    uint32_t word;
    memcpy(&word, &x, 4);
    if (type == BF16) {
      word &= 0xffff0000;
      memcpy(&x, &word, 4);
      uint16_t half = (uint16_t)(word >> 16);
      memcpy(&bytes[i * 2], &half, 2);
    } else if (type == F16) {
      /* Multiples of 1/512 below 2 are halves. */
      int sign = x < 0, steps = (int)(fabsf(x) * 512);
      x = (float)(sign ? -steps : steps) / 512;
      int exponent = 0;
      uint16_t half = (uint16_t)(sign << 15);
      if (steps != 0) {
        float fraction = frexpf(fabsf(x), &exponent) * 2 - 1;
        half = (uint16_t)(half | (exponent + 14) << 10 | (int)(fraction * 1024));
      }
      memcpy(&bytes[i * 2], &half, 2);
    } else {
      memcpy(&bytes[i * 4], &x, 4);
    }
    values[i] = x;
  }
  return bytes;
}

struct Case {
  int a_op, b_op, m, n, k, in, out, compute, batch;
  float alpha, beta;
};

static void test_product(const Session& s, void* handle, const Case& c) {
  int a_rows = c.a_op ? c.k : c.m, a_columns = c.a_op ? c.m : c.k, b_rows = c.b_op ? c.n : c.k, b_columns = c.b_op ? c.k : c.n;
  int a_stride = a_rows + 3, b_stride = b_rows + 1, c_stride = c.m + 2;
  long long a_batch = (long long)a_stride * a_columns + 5, b_batch = (long long)b_stride * b_columns, c_batch = (long long)c_stride * c.n;
  std::vector<float> a, b, old;
  std::vector<char> a_bytes = numbers(c.in, (size_t)(a_batch * c.batch), a), b_bytes = numbers(c.in, (size_t)(b_batch * c.batch), b),
                    c_bytes = numbers(c.out, (size_t)(c_batch * c.batch), old);
  Memory x(a_bytes.size()), y(b_bytes.size()), z(c_bytes.size());
  FINE(cuMemcpyHtoD_v2(x.pointer, a_bytes.data(), a_bytes.size()));
  FINE(cuMemcpyHtoD_v2(y.pointer, b_bytes.data(), b_bytes.size()));
  FINE(cuMemcpyHtoD_v2(z.pointer, c_bytes.data(), c_bytes.size()));
  if (c.batch > 1) {
    FINE(cublasGemmStridedBatchedEx(handle, c.a_op, c.b_op, c.m, c.n, c.k, &c.alpha, x.as<void>(), c.in, a_stride, a_batch, y.as<void>(),
                                    c.in, b_stride, b_batch, &c.beta, z.as<void>(), c.out, c_stride, c_batch, c.batch, c.compute, -1));
  } else if (c.in == F32 && c.alpha == 1) {
    FINE(cublasSgemm_v2(handle, c.a_op, c.b_op, c.m, c.n, c.k, &c.alpha, x.as<float>(), a_stride, y.as<float>(), b_stride, &c.beta,
                        z.as<float>(), c_stride));
  } else {
    FINE(cublasGemmEx(handle, c.a_op, c.b_op, c.m, c.n, c.k, &c.alpha, x.as<void>(), c.in, a_stride, y.as<void>(), c.in, b_stride, &c.beta,
                      z.as<void>(), c.out, c_stride, c.compute, -1));
  }
  FINE(cuMemcpyDtoHAsync_v2(c_bytes.data(), z.pointer, c_bytes.size(), s.stream));
  long wrong = 0;
  for (long long i = 0; i < c_batch * c.batch; i++) {
    long long batch = i / c_batch, row = i % c_batch % c_stride, column = i % c_batch / c_stride;
    uint32_t word = 0;
    memcpy(&word, c_bytes.data() + i * (c.out == F32 ? 4 : 2), c.out == F32 ? 4 : 2);
    word <<= c.out == F32 ? 0 : 16;
    float found;
    memcpy(&found, &word, 4);
    double sum = 0, magnitude = 0;
    if (row < c.m) {
      for (int p = 0; p < c.k; p++) {
        double product = (double)a[(size_t)(batch * a_batch + (c.a_op ? row * a_stride + p : p * a_stride + row))] *
                         b[(size_t)(batch * b_batch + (c.b_op ? p * b_stride + column : column * b_stride + p))];
        sum += product;
        magnitude += fabs(product);
      }
    }
    double before = old[(size_t)i];
    double want = row < c.m ? c.alpha * sum + c.beta * before : before;
    double scale = fabs(c.alpha) * magnitude + fabs(c.beta * before);
    double bound = row < c.m ? (c.k + 3) * 0x1p-24 * scale + (c.out == BF16 ? fabs(want) * 0x1p-8 : 0) : 0;
    wrong += !(fabs(found - want) <= bound);
  }
  check(wrong == 0, "%ld numbers are wrong: %d x %d x %d, operations %d and %d, types %d and %d", wrong, c.m, c.n, c.k, c.a_op, c.b_op,
        c.in, c.out);
}

/* What a product of cuBLASLt needs, for out (tokens, rows) = x (tokens, columns) * weight (rows, columns)^T in rows. */
struct Light {
  void *handle = nullptr, *description = nullptr, *weight = nullptr, *x = nullptr, *out = nullptr, *preference = nullptr;
  char result[96] = {};
  int found = 0;

  Light(int rows, int tokens, int columns, uint64_t workspace = 1 << 20) {
    int transposed = 1;
    FINE(cublasLtCreate(&handle));
    FINE(cublasLtMatmulDescCreate(&description, COMPUTE_32F, F32));
    FINE(cublasLtMatmulDescSetAttribute(description, 3, &transposed, sizeof transposed));
    FINE(cublasLtMatrixLayoutCreate(&weight, E4M3, (uint64_t)columns, (uint64_t)rows, columns));
    FINE(cublasLtMatrixLayoutCreate(&x, E4M3, (uint64_t)columns, (uint64_t)tokens, columns));
    FINE(cublasLtMatrixLayoutCreate(&out, F32, (uint64_t)rows, (uint64_t)tokens, rows));
    FINE(cublasLtMatmulPreferenceCreate(&preference));
    FINE(cublasLtMatmulPreferenceSetAttribute(preference, 1, &workspace, sizeof workspace));
    uint32_t alignment = 16;
    for (int which = 5; which <= 8; which++) {
      FINE(cublasLtMatmulPreferenceSetAttribute(preference, which, &alignment, sizeof alignment));
    }
  }

  ~Light() {
    FINE(cublasLtMatmulPreferenceDestroy(preference));
    FINE(cublasLtMatrixLayoutDestroy(out));
    FINE(cublasLtMatrixLayoutDestroy(x));
    FINE(cublasLtMatrixLayoutDestroy(weight));
    FINE(cublasLtMatmulDescDestroy(description));
    FINE(cublasLtDestroy(handle));
  }

  int choose() { return cublasLtMatmulAlgoGetHeuristic(handle, description, weight, x, out, out, preference, 1, result, &found); }

  int run(const Session& s, Memory& to, const Memory& left, const Memory& right, Memory& workspace, uint64_t bytes) {
    float one = 1, zero = 0;
    return cublasLtMatmul(handle, description, &one, left.as<void>(), weight, right.as<void>(), x, &zero, to.as<void>(), out,
                          to.as<void>(), out, result, workspace.as<void>(), bytes, s.stream);
  }
};

static void test_light() {
  begin_group("products of cuBLASLt");
  Session s;
  constexpr int rows = 48, tokens = 21, columns = 160;
  std::vector<uint8_t> weight(rows * columns), x(tokens * columns);
  for (std::vector<uint8_t>* bytes : {&weight, &x}) {
    for (uint8_t& byte : *bytes) {
      byte = (uint8_t)((int)(fabsf(draw()) * 126) | (draw() < 0 ? 128 : 0));
    }
  }
  Memory left(weight.size()), right(x.size()), to(rows * tokens * 4), workspace(1 << 20);
  FINE(cuMemcpyHtoD_v2(left.pointer, weight.data(), weight.size()));
  FINE(cuMemcpyHtoD_v2(right.pointer, x.data(), x.size()));
  Light light(rows, tokens, columns);
  FINE(light.choose());
  check(light.found == 1, "an algorithm");
  FINE(light.run(s, to, left, right, workspace, 1 << 20));
  std::vector<float> out(rows * tokens);
  FINE(cuMemcpyDtoHAsync_v2(out.data(), to.pointer, out.size() * 4, s.stream));
  long wrong = 0;
  auto number = [](uint8_t byte) {
    int exponent = byte >> 3 & 15, fraction = byte & 7;
    double magnitude = exponent == 0 ? ldexp(fraction, -9) : ldexp(8 + fraction, exponent - 10);
    return byte < 128 ? magnitude : -magnitude;
  };
  for (int t = 0; t < tokens; t++) {
    for (int r = 0; r < rows; r++) {
      double sum = 0, magnitude = 0;
      for (int c = 0; c < columns; c++) {
        double product = number(weight[(size_t)(r * columns + c)]) * number(x[(size_t)(t * columns + c)]);
        sum += product;
        magnitude += fabs(product);
      }
      wrong += !(fabs(out[(size_t)(t * rows + r)] - sum) <= columns * 0x1p-24 * magnitude);
    }
  }
  check(wrong == 0, "%ld numbers are wrong", wrong);
  EXPECT(light.run(s, to, left, right, workspace, 1000), 7);
  Light other(rows, tokens + 1, columns);
  memcpy(other.result, light.result, sizeof other.result);
  EXPECT(other.run(s, to, left, right, workspace, 1 << 20), 7);
  EXPECT(Light(rows, tokens, 24).choose(), 15);
  EXPECT(Light(40, tokens, columns).choose(), 15);
  EXPECT(Light(rows, tokens, columns, 1000).choose(), 15);
  FINE(cuStreamSynchronize(s.stream));
}

void test_cublas() {
  test_light();
  begin_group("products of cuBLAS");
  Session s;
  void* handle = nullptr;
  FINE(cublasCreate_v2(&handle));
  FINE(cublasSetStream_v2(handle, s.stream));
  for (int a_op : {0, 1}) {
    for (int b_op : {0, 1}) {
      for (int in : {F32, F16, BF16}) {
        test_product(s, handle, {a_op, b_op, 17, 7, 300, in, F32, COMPUTE_32F, 1, 1, 0});
        test_product(s, handle, {a_op, b_op, 140, 101, 33, in, F32, COMPUTE_32F_PEDANTIC, 1, -0.5f, 2});
      }
      test_product(s, handle, {a_op, b_op, 5, 97, 64, BF16, BF16, COMPUTE_32F, 3, 1, 1});
    }
  }
  test_product(s, handle, {1, 0, 1, 1, 1, BF16, F32, COMPUTE_32F, 1, 1, 0});
  test_product(s, handle, {1, 0, 3, 2, 0, F32, F32, COMPUTE_32F, 1, 2, 3});

  begin_group("cuBLAS in graphs, and its errors");
  Memory x(64), y(64);
  std::vector<float> ones(16, 1), back(16);
  FINE(cuMemcpyHtoD_v2(x.pointer, ones.data(), 64));
  FINE(cuMemcpyHtoD_v2(y.pointer, ones.data(), 64));
  float one = 1, outside[16] = {};
  auto multiply = [&](float* out) {
    return cublasSgemm_v2(handle, 0, 0, 4, 4, 4, &one, x.as<float>(), 4, x.as<float>(), 4, &one, out, 4);
  };
  void* graph = nullptr;
  void* executable = nullptr;
  FINE(cuStreamBeginCapture_v2(s.stream, 0));
  FINE(multiply(y.as<float>()));
  FINE(cuStreamEndCapture(s.stream, &graph));
  FINE(cuGraphInstantiateWithFlags(&executable, graph, 0));
  for (int i = 0; i < 3; i++) {
    FINE(cuGraphLaunch(executable, s.stream));
  }
  FINE(cuMemcpyDtoHAsync_v2(back.data(), y.pointer, 64, s.stream));
  check(back[0] == 13 && back[15] == 13, "three replays add %g", back[0]);
  FINE(cuGraphExecDestroy(executable));
  FINE(cuGraphDestroy(graph));
  EXPECT(multiply(outside), 13);
  EXPECT(cublasSgemm_v2(handle, 0, 0, 4, 4, 4, &one, x.as<float>(), 3, x.as<float>(), 4, &one, y.as<float>(), 4), 7);
  EXPECT(cublasGemmEx(handle, 0, 0, 4, 4, 4, &one, x.as<void>(), 3, 4, x.as<void>(), 3, 4, &one, y.as<void>(), F32, 4, COMPUTE_32F, -1), 15);
  EXPECT(cublasGemmEx(handle, 0, 0, 4, 4, 4, &one, x.as<void>(), BF16, 4, x.as<void>(), BF16, 4, &one, y.as<void>(), F32, 4, 64, -1), 15);
  EXPECT(cublasSetStream_v2(nullptr, s.stream), 1);
  vesalius_simulated_fail("cublas", 0, 14);
  EXPECT(multiply(y.as<float>()), 14);
  FINE(multiply(y.as<float>()));
  FINE(cuStreamSynchronize(s.stream));
  check(strcmp(cublasGetStatusName(14), "CUBLAS_STATUS_INTERNAL_ERROR") == 0, "names of statuses");
  FINE(cublasDestroy_v2(handle));
}
