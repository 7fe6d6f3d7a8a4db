/*
 * The simulated cuBLASLt: products of E4M3 to float32, for which the real one wants much: the first factor transposed and the second
 * not, inner and first dimension and strides in multiples of 16 bytes, an algorithm that it chose for just these matrices, and its
 * workspace. What is not like that is refused as there.
 */
#include <string.h>

#include "gemm.h"

extern "C" int cuCtxGetDevice(int* device);
extern "C" int cuDeviceGetAttribute(int* value, int attribute, int device);

namespace {

using namespace gemm;

/* cublasLtMatmulDescAttributes_t, cublasLtMatmulPreferenceAttributes_t, CUdevice_attribute. */
enum { TRANSPOSE_A = 3, TRANSPOSE_B = 4 };
enum { MOST_WORKSPACE = 1, ALIGNMENT_OF_A = 5, ALIGNMENT_OF_D = 8 };
enum { MAJOR = 75, MINOR = 76 };

constexpr uint64_t WORKSPACE = 1 << 20;
constexpr uint64_t CHOSEN = 0x76657361;

struct Description {
  int compute, scale;
  int transpose[2] = {0, 0};
};

struct Layout {
  int type;
  uint64_t rows, columns;
  int64_t stride;
};

struct Preference {
  uint64_t most_workspace = 0;
  uint32_t alignment[4] = {256, 256, 256, 256};
};

/* cublasLtMatmulAlgo_t: 64 bytes that mean nothing to others. */
struct Algorithm {
  uint64_t chosen, m, n, k;
  uint32_t alignment[4];
  uint64_t rest[2];
};
static_assert(sizeof(Algorithm) == 64, "as cublasLt.h says");

/* cublasLtMatmulHeuristicResult_t. */
struct Result {
  Algorithm algorithm;
  size_t workspace;
  int status;
  float waves;
  int reserved[4];
};
static_assert(sizeof(Result) == 96, "as cublasLt.h says");

bool fits(const Description& description, const Layout& a, const Layout& b, const Layout& d) {
  return description.compute == COMPUTE_32F && description.scale == F32 && description.transpose[0] == 1 &&
         description.transpose[1] == 0 && a.type == E4M3 && b.type == E4M3 && d.type == F32 && a.rows == b.rows && a.columns == d.rows &&
         b.columns == d.columns;
}

bool supported(const Layout& a, const Layout& b, const Layout& d) {
  int device = 0, major = 0, minor = 0;
  cuCtxGetDevice(&device);
  cuDeviceGetAttribute(&major, MAJOR, device);
  cuDeviceGetAttribute(&minor, MINOR, device);
  return 10 * major + minor >= 89 && a.rows % 16 == 0 && a.columns % 16 == 0 && a.stride % 16 == 0 && b.stride % 16 == 0 &&
         d.stride % 4 == 0;
}

template <typename T>
int create(void** out, T value) {
  if (out == nullptr) {
    return INVALID_VALUE;
  }
  *out = new T(value);
  return SUCCESS;
}

template <typename T>
int destroy(void* object) {
  delete (T*)object;
  return object == nullptr ? INVALID_VALUE : SUCCESS;
}

template <typename T>
int set(T& place, const void* value, size_t bytes) {
  if (value == nullptr || bytes != sizeof place) {
    return INVALID_VALUE;
  }
  memcpy(&place, value, bytes);
  return SUCCESS;
}

bool aligned(const void* pointer, uint32_t bytes) { return (uintptr_t)pointer % bytes == 0; }

}  // namespace

API cublasLtCreate(void** out) {
  int status = out == nullptr ? INVALID_VALUE : opening();
  return status == SUCCESS ? create(out, 0) : status;
}

API cublasLtDestroy(void* handle) { return destroy<int>(handle); }

API cublasLtMatmulDescCreate(void** out, int compute, int scale) { return create(out, Description{compute, scale}); }

API cublasLtMatmulDescDestroy(void* description) { return destroy<Description>(description); }

API cublasLtMatmulDescSetAttribute(void* description, int attribute, const void* value, size_t bytes) {
  switch (attribute) {
    case TRANSPOSE_A:
    case TRANSPOSE_B:
      return set(((Description*)description)->transpose[attribute - TRANSPOSE_A], value, bytes);
    default:
      return NOT_SUPPORTED;
  }
}

API cublasLtMatrixLayoutCreate(void** out, int type, uint64_t rows, uint64_t columns, int64_t stride) {
  return stride < (int64_t)rows ? INVALID_VALUE : create(out, Layout{type, rows, columns, stride});
}

API cublasLtMatrixLayoutDestroy(void* layout) { return destroy<Layout>(layout); }

API cublasLtMatmulPreferenceCreate(void** out) { return create(out, Preference{}); }

API cublasLtMatmulPreferenceDestroy(void* preference) { return destroy<Preference>(preference); }

API cublasLtMatmulPreferenceSetAttribute(void* preference, int attribute, const void* value, size_t bytes) {
  Preference& to = *(Preference*)preference;
  if (attribute == MOST_WORKSPACE) {
    return set(to.most_workspace, value, bytes);
  }
  bool alignment = attribute >= ALIGNMENT_OF_A && attribute <= ALIGNMENT_OF_D;
  return alignment ? set(to.alignment[attribute - ALIGNMENT_OF_A], value, bytes) : NOT_SUPPORTED;
}

API cublasLtMatmulAlgoGetHeuristic(void* handle, void* description, void* a, void* b, void* c, void* d, void* preference, int wanted,
                                   void* results, int* count) {
  if (handle == nullptr) {
    return NOT_INITIALIZED;
  }
  if (int error = vesalius_simulated_injected("cublas")) {
    return error;
  }
  if (wanted < 1 || c != d || !fits(*(Description*)description, *(Layout*)a, *(Layout*)b, *(Layout*)d)) {
    return INVALID_VALUE;
  }
  const Preference& from = *(Preference*)preference;
  const Layout &left = *(Layout*)a, &right = *(Layout*)b;
  *count = 0;
  if (!supported(left, right, *(Layout*)d) || from.most_workspace < WORKSPACE) {
    return NOT_SUPPORTED;
  }
  Result result = {{CHOSEN, left.columns, right.columns, left.rows, {}, {}}, WORKSPACE, SUCCESS, 1, {}};
  memcpy(result.algorithm.alignment, from.alignment, sizeof from.alignment);
  *(Result*)results = result;
  *count = 1;
  return SUCCESS;
}

API cublasLtMatmul(void* handle, void* description, const float* alpha, const void* a, void* a_layout, const void* b, void* b_layout,
                   const float* beta, const void* c, void* c_layout, void* d, void* d_layout, const void* algorithm, void* workspace,
                   size_t workspace_bytes, void* stream) {
  if (handle == nullptr) {
    return NOT_INITIALIZED;
  }
  const Layout &left = *(Layout*)a_layout, &right = *(Layout*)b_layout, &out = *(Layout*)d_layout;
  if (algorithm == nullptr || c != d || c_layout != d_layout || !fits(*(Description*)description, left, right, out)) {
    return INVALID_VALUE;
  }
  const Algorithm& chosen = *(const Algorithm*)algorithm;
  bool same = chosen.chosen == CHOSEN && chosen.m == out.rows && chosen.n == out.columns && chosen.k == left.rows;
  if (!same || workspace_bytes < WORKSPACE || !aligned(workspace, 16) || !aligned(a, chosen.alignment[0]) ||
      !aligned(b, chosen.alignment[1]) || !aligned(c, chosen.alignment[2]) || !aligned(d, chosen.alignment[3])) {
    return INVALID_VALUE;
  }
  Product product = {(int64_t)out.rows,
                     (int64_t)out.columns,
                     (int64_t)left.rows,
                     1,
                     *alpha,
                     *beta,
                     {(char*)a, left.type, left.stride, 0, true},
                     {(char*)b, right.type, right.stride, 0, false},
                     {(char*)d, out.type, out.stride, 0, false},
                     (char*)workspace,
                     workspace_bytes};
  return multiply(stream, "fp8_gemms", product);
}
