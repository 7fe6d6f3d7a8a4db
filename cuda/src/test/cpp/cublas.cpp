/* The simulated cuBLAS: products of matrices, on the streams of the simulated driver. */
#include "gemm.h"

namespace {

using namespace gemm;

struct Handle {
  void* stream = nullptr;
  int math = 0;
};

bool is_number(int type) { return type == F32 || type == F16 || type == BF16; }

}  // namespace

API cublasCreate_v2(void** out) {
  if (out == nullptr) {
    return INVALID_VALUE;
  }
  int status = opening();
  if (status == SUCCESS) {
    *out = new Handle;
  }
  return status;
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
  if (handle == nullptr) {
    return NOT_INITIALIZED;
  }
  return multiply(((Handle*)handle)->stream, "gemms",
                  {m, n, k, batch, *(const float*)alpha, *(const float*)beta,
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
