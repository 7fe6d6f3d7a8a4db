/* What the tests call of the simulated libraries, as any client would declare it; and what tests of the driver share. */
#ifndef VESALIUS_API_H
#define VESALIUS_API_H

#include <stddef.h>
#include <stdint.h>

#include <string>
#include <utility>
#include <vector>

extern "C" {
typedef uint64_t Pointer;
int cuInit(unsigned);
int cuDriverGetVersion(int*);
int cuGetErrorName(int, const char**);
int cuGetErrorString(int, const char**);
int cuDeviceGetCount(int*);
int cuDeviceGet(int*, int);
int cuDeviceGetAttribute(int*, int, int);
int cuDeviceComputeCapability(int*, int*, int);
int cuDeviceTotalMem_v2(size_t*, int);
int cuDevicePrimaryCtxRetain(void**, int);
int cuDevicePrimaryCtxRelease_v2(int);
int cuCtxCreate_v2(void**, unsigned, int);
int cuCtxDestroy_v2(void*);
int cuCtxSetCurrent(void*);
int cuCtxGetCurrent(void**);
int cuCtxPushCurrent_v2(void*);
int cuCtxPopCurrent_v2(void**);
int cuCtxSynchronize();
int cuCtxEnablePeerAccess(void*, unsigned);
int cuMemAlloc_v2(Pointer*, size_t);
int cuMemFree_v2(Pointer);
int cuMemAllocAsync(Pointer*, size_t, void*);
int cuMemFreeAsync(Pointer, void*);
int cuMemGetInfo_v2(size_t*, size_t*);
int cuMemHostAlloc(void**, size_t, unsigned);
int cuMemFreeHost(void*);
int cuMemHostRegister_v2(void*, size_t, unsigned);
int cuMemHostUnregister(void*);
int cuMemcpyHtoD_v2(Pointer, const void*, size_t);
int cuMemcpyDtoH_v2(void*, Pointer, size_t);
int cuMemcpyDtoD_v2(Pointer, Pointer, size_t);
int cuMemcpyHtoDAsync_v2(Pointer, const void*, size_t, void*);
int cuMemcpyDtoHAsync_v2(void*, Pointer, size_t, void*);
int cuMemcpyDtoDAsync_v2(Pointer, Pointer, size_t, void*);
int cuMemcpyPeerAsync(Pointer, void*, Pointer, void*, size_t, void*);
int cuMemcpy2DAsync_v2(const void*, void*);
int cuMemsetD8Async(Pointer, unsigned char, size_t, void*);
int cuMemsetD32Async(Pointer, unsigned, size_t, void*);
int cuMemsetD32_v2(Pointer, unsigned, size_t);
int cuPointerGetAttribute(void*, int, Pointer);
int cuStreamCreate(void**, unsigned);
int cuStreamDestroy_v2(void*);
int cuStreamSynchronize(void*);
int cuStreamQuery(void*);
int cuStreamWaitEvent(void*, void*, unsigned);
int cuStreamBeginCapture_v2(void*, int);
int cuStreamEndCapture(void*, void**);
int cuStreamIsCapturing(void*, int*);
int cuThreadExchangeStreamCaptureMode(int*);
int cuLaunchHostFunc(void*, void (*)(void*), void*);
int cuEventCreate(void**, unsigned);
int cuEventDestroy_v2(void*);
int cuEventRecord(void*, void*);
int cuEventQuery(void*);
int cuEventSynchronize(void*);
int cuEventElapsedTime(float*, void*, void*);
int cuGraphInstantiateWithFlags(void**, void*, unsigned long long);
int cuGraphLaunch(void*, void*);
int cuGraphDestroy(void*);
int cuGraphExecDestroy(void*);
int cuGraphGetNodes(void*, void**, size_t*);
int cuGraphNodeGetType(void*, int*);
int cuModuleLoadData(void**, const void*);
int cuModuleUnload(void*);
int cuModuleGetFunction(void**, void*, const char*);
int cuFuncGetAttribute(int*, int, void*);
int cuFuncSetAttribute(void*, int, int);
int cuLaunchKernel(void*, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, void*, void**, void**);
void vesalius_simulated_fail(const char*, int, int);
void vesalius_simulated_wrong(const char*);
int64_t vesalius_simulated_counter(const char*);
void vesalius_simulated_message(char*, int64_t);

int cublasCreate_v2(void**);
int cublasDestroy_v2(void*);
int cublasSetStream_v2(void*, void*);
const char* cublasGetStatusName(int);
int cublasGemmEx(void*, int, int, int, int, int, const void*, const void*, int, int, const void*, int, int, const void*, void*, int, int,
                 int, int);
int cublasGemmStridedBatchedEx(void*, int, int, int, int, int, const void*, const void*, int, int, long long, const void*, int, int,
                               long long, const void*, void*, int, int, long long, int, int, int);
int cublasSgemm_v2(void*, int, int, int, int, int, const float*, const float*, int, const float*, int, const float*, float*, int);
int cublasLtCreate(void**);
int cublasLtDestroy(void*);
int cublasLtMatmulDescCreate(void**, int, int);
int cublasLtMatmulDescDestroy(void*);
int cublasLtMatmulDescSetAttribute(void*, int, const void*, size_t);
int cublasLtMatrixLayoutCreate(void**, int, uint64_t, uint64_t, int64_t);
int cublasLtMatrixLayoutDestroy(void*);
int cublasLtMatmulPreferenceCreate(void**);
int cublasLtMatmulPreferenceDestroy(void*);
int cublasLtMatmulPreferenceSetAttribute(void*, int, const void*, size_t);
int cublasLtMatmulAlgoGetHeuristic(void*, void*, void*, void*, void*, void*, void*, int, void*, int*);
int cublasLtMatmul(void*, void*, const float*, const void*, void*, const void*, void*, const float*, const void*, void*, void*, void*,
                   const void*, void*, size_t, void*);
}

/* Checks the result of a call. */
void expect_status(int status, int expected, const char* what);
#define EXPECT(call, expected) expect_status(call, expected, #call)
#define FINE(call) expect_status(call, 0, #call)

/* A context with a module of the samples, and what it takes to use it. */
struct Session {
  void* context = nullptr;
  void* module = nullptr;
  void* stream = nullptr; /* non-blocking */

  explicit Session(int device = 0);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void* function(const char* name) const;

  struct Size {
    unsigned x, y, z;
  };

  template <typename... Arguments>
  int launch(const char* name, Size blocks, Size threads, unsigned shared_bytes, void* on, Arguments... arguments) const {
    void* pointers[] = {(void*)&arguments...};
    return cuLaunchKernel(function(name), blocks.x, blocks.y, blocks.z, threads.x, threads.y, threads.z, shared_bytes, on, pointers,
                          nullptr);
  }
};

/* Device memory. */
struct Memory {
  Pointer pointer = 0;
  explicit Memory(size_t bytes);
  ~Memory();
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  template <typename T>
  T* as() const {
    return (T*)pointer;
  }
};

/* Pinned host memory. */
struct PinnedMemory {
  void* data = nullptr;
  explicit PinnedMemory(size_t bytes);
  ~PinnedMemory();
  PinnedMemory(const PinnedMemory&) = delete;
  PinnedMemory& operator=(const PinnedMemory&) = delete;
  template <typename T>
  T* as() const {
    return (T*)data;
  }
};

std::string last_message();

#endif
