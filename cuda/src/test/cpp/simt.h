/*
 * CUDA's names for kernels that are compiled for the host: included before a kernel's source, with VESALIUS_SIMULATED. The
 * threads of a block are fibers of one host thread (simt.cpp); wherever they wait for each other they really do.
 */
#ifndef VESALIUS_SIMT_H
#define VESALIUS_SIMT_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* ---- words of the language ---- */

#define __device__
#define __host__
#define __global__
#define __forceinline__ inline __attribute__((always_inline))
#define __align__(bytes) __attribute__((aligned(bytes)))
/* The size is checked at the launch, see kernels.cmake. */
#define __launch_bounds__(...)
/* A block runs on one host thread from its begin to its end, so its shared memory is the thread's. Kernels are in a library of
   their own, because this is much and the variables below must be in the part of such memory that is fast to find. */
#define __shared__ thread_local

/* ---- vectors ---- */

#define SIMT_VECTOR2(name, type, bytes) \
  struct __align__(bytes) name { type x, y; }; \
  inline name make_##name(type x, type y) { return {x, y}; }
#define SIMT_VECTOR3(name, type) \
  struct name { type x, y, z; }; \
  inline name make_##name(type x, type y, type z) { return {x, y, z}; }
#define SIMT_VECTOR4(name, type, bytes) \
  struct __align__(bytes) name { type x, y, z, w; }; \
  inline name make_##name(type x, type y, type z, type w) { return {x, y, z, w}; }
SIMT_VECTOR2(char2, signed char, 2)
SIMT_VECTOR4(char4, signed char, 4)
SIMT_VECTOR2(uchar2, unsigned char, 2)
SIMT_VECTOR4(uchar4, unsigned char, 4)
SIMT_VECTOR2(short2, short, 4)
SIMT_VECTOR4(short4, short, 8)
SIMT_VECTOR2(ushort2, unsigned short, 4)
SIMT_VECTOR4(ushort4, unsigned short, 8)
SIMT_VECTOR2(int2, int, 8)
SIMT_VECTOR3(int3, int)
SIMT_VECTOR4(int4, int, 16)
SIMT_VECTOR2(uint2, unsigned, 8)
SIMT_VECTOR3(uint3, unsigned)
SIMT_VECTOR4(uint4, unsigned, 16)
SIMT_VECTOR2(float2, float, 8)
SIMT_VECTOR3(float3, float)
SIMT_VECTOR4(float4, float, 16)
SIMT_VECTOR2(longlong2, long long, 16)
SIMT_VECTOR2(ulonglong2, unsigned long long, 16)
SIMT_VECTOR2(double2, double, 16)

struct dim3 {
  unsigned x = 1, y = 1, z = 1;
};

/* ---- what happens between threads: simt.cpp and warps.cpp ---- */

/* Seen by libraries of kernels. */
namespace simt __attribute__((visibility("default"))) {

struct Lane;

/* Where a block is in the grid. */
struct Place {
  uint3 block;
  uint3 threads;
  uint3 blocks;
};

/* Of the host thread; the running fiber is the only one that looks. */
extern __thread const uint3* thread_index __attribute__((tls_model("initial-exec")));
extern __thread Place place __attribute__((tls_model("initial-exec")));

/* The error of a misaligned address, an illegal address, and of anything else that ends a kernel. */
constexpr int ILLEGAL_ADDRESS = 700;
constexpr int MISALIGNED_ADDRESS = 716;
constexpr int LAUNCH_FAILED = 719;

/* Ends the launch with an error that names kernel, block and thread. */
[[noreturn]] __attribute__((format(printf, 2, 3))) void fail(int error, const char* format, ...);

void* shared_buffer();
void block_barrier();
void warp_barrier(unsigned mask);
enum class Shuffle { INDEX, UP, DOWN, XOR };
uint64_t shuffle(unsigned mask, Shuffle kind, uint64_t value, unsigned argument, int width);
unsigned ballot(unsigned mask, bool vote);
/* Lets others run first, where the order is shuffled. */
void yield();

void mma_bf16(float* d, const unsigned* a, const unsigned* b);
void mma_f16(float* d, const unsigned* a, const unsigned* b);
void mma_s8(int* d, const unsigned* a, const unsigned* b);
void mma_e4m3(float* d, const unsigned* a, const unsigned* b);
void load_matrix_x4(unsigned* r, const void* shared);
void load_matrix_x4_trans(unsigned* r, const void* shared);
void copy_async_16(void* shared, const void* global, bool valid);
void copy_async_commit();
void copy_async_wait(int groups);

inline unsigned short bf16_from_float(float x) {
  uint32_t word;
  memcpy(&word, &x, sizeof word);
  if (x != x) {
    return 0x7fff;
  }
  return (unsigned short)((word + 0x7fff + (word >> 16 & 1)) >> 16);
}

inline float float_from_half(unsigned short x) {
  uint32_t sign = (uint32_t)(x & 0x8000) << 16, exponent = x >> 10 & 31, fraction = x & 0x3ff;
  if (exponent == 0) {
    float value = (float)fraction * 0x1p-24f;
    return sign != 0 ? -value : value;
  }
  uint32_t word = sign | (exponent == 31 ? 0xffu << 23 : (exponent + 112) << 23) | fraction << 13;
  float value;
  memcpy(&value, &word, sizeof value);
  return value;
}

template <typename To, typename From>
inline To bits(From from) {
  static_assert(sizeof(To) == sizeof(From), "the same size");
  To to;
  memcpy(&to, &from, sizeof to);
  return to;
}

template <typename T>
inline T shuffle_any(unsigned mask, Shuffle kind, T value, unsigned argument, int width) {
  static_assert(sizeof(T) == 4 || sizeof(T) == 8, "shuffles take 4 or 8 bytes");
  uint64_t word = 0;
  memcpy(&word, &value, sizeof value);
  word = shuffle(mask, kind, word, argument, width);
  memcpy(&value, &word, sizeof value);
  return value;
}

}  // namespace simt

#define threadIdx (*simt::thread_index)
#define blockIdx (simt::place.block)
#define blockDim (simt::place.threads)
#define gridDim (simt::place.blocks)
constexpr int warpSize = 32;

inline void __syncthreads() { simt::block_barrier(); }
inline void __syncwarp(unsigned mask = 0xffffffffu) { simt::warp_barrier(mask); }
inline void __threadfence() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
inline void __threadfence_block() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
[[noreturn]] inline void __trap() { simt::fail(simt::LAUNCH_FAILED, "__trap"); }

template <typename T>
inline T __shfl_sync(unsigned mask, T value, int lane, int width = 32) {
  return simt::shuffle_any(mask, simt::Shuffle::INDEX, value, (unsigned)lane, width);
}
template <typename T>
inline T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32) {
  return simt::shuffle_any(mask, simt::Shuffle::UP, value, delta, width);
}
template <typename T>
inline T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32) {
  return simt::shuffle_any(mask, simt::Shuffle::DOWN, value, delta, width);
}
template <typename T>
inline T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32) {
  return simt::shuffle_any(mask, simt::Shuffle::XOR, value, (unsigned)lanes, width);
}
inline unsigned __ballot_sync(unsigned mask, int vote) { return simt::ballot(mask, vote != 0); }
inline int __any_sync(unsigned mask, int vote) { return simt::ballot(mask, vote != 0) != 0; }
inline int __all_sync(unsigned mask, int vote) { return simt::ballot(mask, vote != 0) == mask; }

/* ---- atomics: real ones, since blocks may run on several host threads ---- */

#define SIMT_ATOMIC(name, type, expression)                                                                       \
  inline type name(type* address, type value) {                                                                   \
    simt::yield();                                                                                                \
    type old = __atomic_load_n(address, __ATOMIC_SEQ_CST);                                                        \
    while (!__atomic_compare_exchange_n(address, &old, (expression), true, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) { \
    }                                                                                                             \
    return old;                                                                                                   \
  }
#define SIMT_ATOMICS(type)                                    \
  SIMT_ATOMIC(atomicAdd, type, old + value)                   \
  SIMT_ATOMIC(atomicMax, type, old > value ? old : value)     \
  SIMT_ATOMIC(atomicMin, type, old < value ? old : value)     \
  SIMT_ATOMIC(atomicExch, type, value)                        \
  SIMT_ATOMIC(atomicAnd, type, old & value)                   \
  SIMT_ATOMIC(atomicOr, type, old | value)                    \
  inline type atomicCAS(type* address, type compare, type value) { \
    simt::yield();                                            \
    __atomic_compare_exchange_n(address, &compare, value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
    return compare;                                           \
  }
SIMT_ATOMICS(int)
SIMT_ATOMICS(unsigned)
SIMT_ATOMICS(unsigned long long)

inline float atomicAdd(float* address, float value) {
  simt::yield();
  uint32_t* word = (uint32_t*)address;
  uint32_t old = __atomic_load_n(word, __ATOMIC_SEQ_CST);
  while (!__atomic_compare_exchange_n(word, &old, simt::bits<uint32_t>(simt::bits<float>(old) + value), true, __ATOMIC_SEQ_CST,
                                      __ATOMIC_SEQ_CST)) {
  }
  return simt::bits<float>(old);
}

/* ---- numbers ---- */

inline float __int_as_float(int x) { return simt::bits<float>(x); }
inline float __uint_as_float(unsigned x) { return simt::bits<float>(x); }
inline int __float_as_int(float x) { return simt::bits<int>(x); }
inline unsigned __float_as_uint(float x) { return simt::bits<unsigned>(x); }
inline float __fmul_rn(float x, float y) { return x * y; }
inline float __fadd_rn(float x, float y) { return x + y; }
inline float __fsub_rn(float x, float y) { return x - y; }
inline float __fdiv_rn(float x, float y) { return x / y; }
inline float __fmaf_rn(float x, float y, float z) { return fmaf(x, y, z); }
inline float __fsqrt_rn(float x) { return sqrtf(x); }
inline float __frcp_rn(float x) { return 1 / x; }
inline float rsqrtf(float x) { return 1 / sqrtf(x); }
inline float __int2float_rn(int x) { return (float)x; }
inline float __uint2float_rn(unsigned x) { return (float)x; }

/* Numbers beyond the range become its end, a NaN zero, as on the device. */
inline int __float2int_rn(float x) {
  return x != x ? 0 : x >= 0x1p31f ? INT32_MAX : x < -0x1p31f ? INT32_MIN : (int)rintf(x);
}
inline int __float2int_rz(float x) { return x != x ? 0 : x >= 0x1p31f ? INT32_MAX : x < -0x1p31f ? INT32_MIN : (int)x; }

inline int __dp4a(int a, int b, int sum) {
  for (int i = 0; i < 32; i += 8) {
    sum = (int)((unsigned)sum + (unsigned)((signed char)(a >> i) * (signed char)(b >> i)));
  }
  return sum;
}

inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline unsigned long long __umul64hi(unsigned long long x, unsigned long long y) {
  return (unsigned long long)((unsigned __int128)x * y >> 64);
}
inline int __clz(int x) { return x == 0 ? 32 : __builtin_clz((unsigned)x); }

template <typename T>
inline T __ldg(const T* address) {
  return *address;
}

#define SIMT_EXTREMES(type)                                    \
  inline type min(type x, type y) { return x < y ? x : y; }    \
  inline type max(type x, type y) { return x > y ? x : y; }
SIMT_EXTREMES(int)
SIMT_EXTREMES(unsigned)
SIMT_EXTREMES(long)
SIMT_EXTREMES(unsigned long)
SIMT_EXTREMES(long long)
SIMT_EXTREMES(unsigned long long)
inline float min(float x, float y) { return fminf(x, y); }
inline float max(float x, float y) { return fmaxf(x, y); }

#undef SIMT_VECTOR2
#undef SIMT_VECTOR3
#undef SIMT_VECTOR4
#undef SIMT_ATOMIC
#undef SIMT_ATOMICS
#undef SIMT_EXTREMES

#endif
