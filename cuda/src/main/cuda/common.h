/* Small things that several kernels need. */
#ifndef VESALIUS_COMMON_H
#define VESALIUS_COMMON_H

#include "device.h"

#include "kernels.h"

#define VESALIUS_INLINE static __device__ __forceinline__

/* For what is rare and would make its callers large. */
#ifdef VESALIUS_SIMULATED
#define VESALIUS_APART static __attribute__((noinline))
#else
#define VESALIUS_APART static __device__ __noinline__
#endif

template <typename T>
VESALIUS_INLINE T least(T a, T b) {
  return a < b ? a : b;
}

template <typename T>
VESALIUS_INLINE T most(T a, T b) {
  return a < b ? b : a;
}

VESALIUS_INLINE int blocks(int n, int size) { return (n + size - 1) / size; }

VESALIUS_INLINE float infinity() { return __int_as_float(0x7f800000); }

/* Records an integer out of bounds, if it is the first. */
VESALIUS_INLINE void report(int* fault, int operation, int position, int value, int bound) {
  if (atomicCAS(fault, (int)VESALIUS_FAULT_NONE, operation) == (int)VESALIUS_FAULT_NONE) {
    fault[1] = position;
    fault[2] = value;
    fault[3] = bound;
  }
}

/* Whether 0 <= value < bound; one thread reports if not. */
VESALIUS_INLINE bool within(int value, int bound, int* fault, int operation, int position, bool reporter) {
  if ((unsigned)value < (unsigned)bound) {
    return true;
  }
  if (reporter) {
    report(fault, operation, position, value, bound);
  }
  return false;
}

VESALIUS_INLINE bool aligned(const void* p, int bytes) { return ((unsigned long long)p & (unsigned long long)(bytes - 1)) == 0; }

/* Four numbers, of which `n` are there; the others are zero. */
struct Four {
  float v[4];
};

VESALIUS_INLINE Four load_four(const float* p, int n) {
  Four x;
  if (n >= 4 && aligned(p, 16)) {
    float4 v = *(const float4*)p;
    x.v[0] = v.x;
    x.v[1] = v.y;
    x.v[2] = v.z;
    x.v[3] = v.w;
    return x;
  }
  for (int i = 0; i < 4; i++) {
    x.v[i] = i < n ? p[i] : 0.0f;
  }
  return x;
}

VESALIUS_INLINE void store_four(float* p, int n, Four x) {
  if (n >= 4 && aligned(p, 16)) {
    *(float4*)p = make_float4(x.v[0], x.v[1], x.v[2], x.v[3]);
    return;
  }
  for (int i = 0; i < 4; i++) {
    if (i < n) {
      p[i] = x.v[i];
    }
  }
}

/* The sum over a warp, the same in every lane. */
template <typename T>
VESALIUS_INLINE T warp_sum(T x) {
  for (int distance = WARP / 2; distance > 0; distance /= 2) {
    x += __shfl_xor_sync(ALL_LANES, x, distance);
  }
  return x;
}

VESALIUS_INLINE float warp_max(float x) {
  for (int distance = WARP / 2; distance > 0; distance /= 2) {
    x = fmaxf(x, __shfl_xor_sync(ALL_LANES, x, distance));
  }
  return x;
}

/* The sum over a block of WARPS warps, the same in every thread. `scratch` is shared memory that is free for use again at return. */
template <int WARPS>
VESALIUS_INLINE double block_sum(double x, double* scratch) {
  x = warp_sum(x);
  if (threadIdx.x % WARP == 0) {
    scratch[threadIdx.x / WARP] = x;
  }
  __syncthreads();
  double total = 0;
  for (int i = 0; i < WARPS; i++) {
    total += scratch[i];
  }
  __syncthreads();
  return total;
}

#endif
