/* Products of matrices on the streams of the simulated driver, which the simulated cuBLAS and cuBLASLt are made of. */
#ifndef VESALIUS_GEMM_H
#define VESALIUS_GEMM_H

#include <stddef.h>
#include <stdint.h>

#define API extern "C" __attribute__((visibility("default"))) int

extern "C" {
int cuCtxGetCurrent(void** out);
int vesalius_simulated_injected(const char* what);
}

namespace gemm {

/* cublasStatus_t. */
enum { SUCCESS = 0, NOT_INITIALIZED = 1, INVALID_VALUE = 7, EXECUTION_FAILED = 13, NOT_SUPPORTED = 15 };
/* cudaDataType. */
enum Type { F32 = 0, F16 = 2, BF16 = 14, E4M3 = 28 };
/* cublasComputeType_t. */
enum { COMPUTE_32F = 68, COMPUTE_32F_PEDANTIC = 69 };

/* A matrix as columns, `stride` numbers from one to the next; `batch_stride` from one matrix to the next. */
struct Matrix {
  char* data;
  int type;
  int64_t stride;
  int64_t batch_stride;
  bool transposed;

  size_t size() const { return type == F32 ? 4 : type == E4M3 ? 1 : 2; }
};

struct Product {
  int64_t m, n, k, batch;
  float alpha, beta;
  Matrix a, b, c;
  /* Memory that an algorithm takes beside; nothing is done with it here. */
  char* workspace = nullptr;
  uint64_t workspace_bytes = 0;
};

/*
 * Puts c = alpha * a * b + beta * c into a stream; returns a status. Inputs become float32; every number of a result is one chain of
 * float32 additions over k. `name` is what is counted and can be made wrong.
 */
int multiply(void* stream, const char* name, Product x);

/* A status for a library that is opened now: whether there is a context. */
int opening();

}  // namespace gemm

#endif
