/*
 * What of a GPU's warps and units the kernels use, beyond CUDA's own names: bfloat16, half and E4M3 numbers, products of small
 * matrices by a warp, and copies into shared memory that go on in the background. Kernels include this header and nothing
 * of CUDA's libraries.
 *
 * Twice behind the same names: for a GPU of compute capability 8.0 or newer in PTX, and for the simulated device
 * (VESALIUS_SIMULATED), where simt.h is included before anything else and brings CUDA's own names too.
 *
 * A warp product, or a load of matrices, is a step of all 32 lanes of a warp, like a shuffle with a full mask.
 */
#ifndef VESALIUS_DEVICE_H
#define VESALIUS_DEVICE_H

constexpr int WARP = 32;
constexpr unsigned ALL_LANES = 0xffffffffu;

/*
 * SHARED_BUFFER(type, name): the shared memory whose size is an argument of the launch, as `type* name` or `type name[]`,
 * 16-byte aligned. Once per kernel, at the top of it. `extern __shared__` itself the simulated device does not have.
 */
#ifdef VESALIUS_SIMULATED
#define SHARED_BUFFER(type, name) type* name = (type*)simt::shared_buffer()
#else
#define SHARED_BUFFER(type, name)                                       \
  extern __shared__ __align__(16) unsigned char memory_of_the_launch[]; \
  type* name = reinterpret_cast<type*>(memory_of_the_launch)
#endif

/* ---- numbers ---- */

__device__ __forceinline__ float float_from_bf16(unsigned short x) { return __uint_as_float((unsigned)x << 16); }

/* To the nearest, of two equally near ones to the even one. A NaN becomes the NaN 0x7fff, as in the GPU's own conversion. */
__device__ __forceinline__ unsigned short bf16_from_float(float x) {
#ifdef VESALIUS_SIMULATED
  return simt::bf16_from_float(x);
#else
  unsigned short r;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(r) : "f"(x));
  return r;
#endif
}

/* Two at once: the first in the low half, as matrix fragments have them. */
__device__ __forceinline__ unsigned bf16_pair(float low, float high) {
#ifdef VESALIUS_SIMULATED
  return (unsigned)simt::bf16_from_float(low) | (unsigned)simt::bf16_from_float(high) << 16;
#else
  unsigned r;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(r) : "f"(high), "f"(low));
  return r;
#endif
}

__device__ __forceinline__ float float_from_half(unsigned short x) {
#ifdef VESALIUS_SIMULATED
  return simt::float_from_half(x);
#else
  float r;
  asm("cvt.f32.f16 %0, %1;" : "=f"(r) : "h"(x));
  return r;
#endif
}

/*
 * E4M3, an 8-bit number of the OCP: a sign, four bits of exponent with bias 7 and three of fraction, subnormal numbers down to
 * 2^-9, no infinities, and one NaN, 0x7f with either sign. No kernel meets or makes that NaN: whoever places a weight refuses it,
 * and activations that are no finite numbers become zeros with the scale NaN.
 */
__device__ __forceinline__ float float_from_e4m3(unsigned char x) {
  /* A float with the same fields is 2^-120 of it, a subnormal one too. */
  return __uint_as_float(((unsigned)x & 0x80) << 24 | ((unsigned)x & 0x7f) << 20) * 1.329227995784916e36f;
}

/* To the nearest, of two equally near ones to the even one; what is larger than 448, to 448. */
__device__ __forceinline__ unsigned char e4m3_from_float(float x) {
  unsigned bits = __float_as_uint(x);
  unsigned magnitude = bits & 0x7fffffff;
  unsigned number = ((magnitude + 0x7ffff + (magnitude >> 20 & 1)) >> 20) - (127 - 7) * 8;
  if (magnitude < __float_as_uint(0.015625f)) {
    /* Subnormal: steps of 2^-9, as floats from 2^14 on have them. */
    number = __float_as_uint(__uint_as_float(magnitude) + 16384.0f) - __float_as_uint(16384.0f);
  }
  return (unsigned char)((bits >> 24 & 0x80) | (number < 0x7e ? number : 0x7e));
}

/* ---- matrices by a warp ---- */

/*
 * d += a * b with a of 16 rows by 16 columns, b of 16 rows by 8 columns in BF16, d of 16 by 8 in float32. A lane with
 * g = lane / 4 and t = lane % 4 holds
 *   a[0]: row g, columns 2t and 2t+1;  a[1]: row g + 8, the same;  a[2]: row g, columns 2t+8 and 2t+9;  a[3]: row g + 8, the same
 *   b[0]: column g, rows 2t and 2t+1;  b[1]: column g, rows 2t+8 and 2t+9
 *   d[0], d[1]: row g, columns 2t and 2t+1;  d[2], d[3]: row g + 8, the same
 * with the lower index in the low half. (PTX ISA, mma.sync.m16n8k16.)
 */
__device__ __forceinline__ void mma_bf16(float d[4], const unsigned a[4], const unsigned b[2]) {
#ifdef VESALIUS_SIMULATED
  simt::mma_bf16(d, a, b);
#else
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#endif
}

/*
 * d += a * b with a of 16 rows by 32 columns, b of 32 rows by 8 columns in signed 8-bit integers, d of 16 by 8 in int32.
 *   a[0]: row g, columns 4t to 4t+3;  a[1]: row g + 8, the same;  a[2]: row g, columns 4t+16 to 4t+19;  a[3]: row g + 8, the same
 *   b[0]: column g, rows 4t to 4t+3;  b[1]: column g, rows 4t+16 to 4t+19
 *   d as in mma_bf16
 * with the lowest index in the lowest byte. (PTX ISA, mma.sync.m16n8k32.)
 */
__device__ __forceinline__ void mma_s8(int d[4], const unsigned a[4], const unsigned b[2]) {
#ifdef VESALIUS_SIMULATED
  simt::mma_s8(d, a, b);
#else
  asm volatile(
      "mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+r"(d[0]), "+r"(d[1]), "+r"(d[2]), "+r"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#endif
}

/* As mma_bf16, of halves. */
__device__ __forceinline__ void mma_f16(float d[4], const unsigned a[4], const unsigned b[2]) {
#ifdef VESALIUS_SIMULATED
  simt::mma_f16(d, a, b);
#else
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#endif
}

/* The numbers in E4M3 in bytes 1 and 3 as two halves that are exactly 2^-8 of them, subnormal ones too. */
__device__ __forceinline__ unsigned halves_from_e4m3(unsigned x) { return (x & 0x80008000u) | (x >> 1 & 0x3f803f80u); }

/*
 * mma_e4m3 where there are no units for it: a product of halves of all even bytes and one of all odd ones. Which columns are
 * multiplied at once is of no concern as long as a and b agree.
 */
__device__ __forceinline__ void mma_e4m3_by_halves(float d[4], const unsigned a[4], const unsigned b[2]) {
  float sums[4] = {};
#pragma unroll
  for (int bits = 8; bits >= 0; bits -= 8) {
    const unsigned x[4] = {halves_from_e4m3(a[0] << bits), halves_from_e4m3(a[1] << bits), halves_from_e4m3(a[2] << bits),
                           halves_from_e4m3(a[3] << bits)};
    const unsigned y[2] = {halves_from_e4m3(b[0] << bits), halves_from_e4m3(b[1] << bits)};
    mma_f16(sums, x, y);
  }
#pragma unroll
  for (int i = 0; i < 4; i++) {
    d[i] = fmaf(sums[i], 65536.0f, d[i]);
  }
}

/*
 * d += a * b with a of 16 rows by 32 columns, b of 32 rows by 8 columns in E4M3, d of 16 by 8 in float32: fragments as in mma_s8.
 * Neither side holds a NaN. Units for it may sum in no more than about 14 bits: d takes at most 128 columns from zero on, and is
 * then added to what is kept. (PTX ISA, mma.sync.m16n8k32; from compute capability 8.9 on, see build.sh. For 9.0, whose units for
 * E4M3 only groups of warps can use, ptxas makes products of halves of it.)
 */
__device__ __forceinline__ void mma_e4m3(float d[4], const unsigned a[4], const unsigned b[2]) {
#ifdef VESALIUS_SIMULATED
  simt::mma_e4m3(d, a, b);
#elif __CUDA_ARCH__ >= 890
  asm volatile(
      "mma.sync.aligned.m16n8k32.row.col.f32.e4m3.e4m3.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  mma_e4m3_by_halves(d, a, b);
#endif
}

/*
 * Four matrices of 8 rows by 16 bytes out of shared memory: lane l brings the address of row l % 8 of matrix l / 8, a
 * multiple of 16, and gets in r[i] bytes 4t to 4t+3 of row g of matrix i: as a fragment of a, and, from rows of the
 * transposed matrix, as one of b. (PTX ISA, ldmatrix.)
 */
__device__ __forceinline__ void load_matrix_x4(unsigned r[4], const void* shared) {
#ifdef VESALIUS_SIMULATED
  simt::load_matrix_x4(r, shared);
#else
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"((unsigned)__cvta_generic_to_shared(shared))
               : "memory");
#endif
}

/* The same with every matrix transposed, as one of 8 by 8 numbers of 16 bits: r[i] has rows 2t and 2t+1 of column g. */
__device__ __forceinline__ void load_matrix_x4_trans(unsigned r[4], const void* shared) {
#ifdef VESALIUS_SIMULATED
  simt::load_matrix_x4_trans(r, shared);
#else
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"((unsigned)__cvta_generic_to_shared(shared))
               : "memory");
#endif
}

/* ---- memory that is read once ---- */

/*
 * 16 or 8 bytes of a weight, which nobody writes: they take no place in the first cache, where what is read again stays, and the
 * second one fetches 256 bytes at a time. Aligned to their size.
 */
__device__ __forceinline__ uint4 load_once_16(const void* global) {
#ifdef VESALIUS_SIMULATED
  return *(const uint4*)global;
#else
  uint4 r;
  asm("ld.global.nc.L1::no_allocate.L2::256B.v4.u32 {%0,%1,%2,%3}, [%4];"
      : "=r"(r.x), "=r"(r.y), "=r"(r.z), "=r"(r.w)
      : "l"(__cvta_generic_to_global(global)));
  return r;
#endif
}

__device__ __forceinline__ uint2 load_once_8(const void* global) {
#ifdef VESALIUS_SIMULATED
  return *(const uint2*)global;
#else
  uint2 r;
  asm("ld.global.nc.L1::no_allocate.L2::256B.v2.u32 {%0,%1}, [%2];" : "=r"(r.x), "=r"(r.y) : "l"(__cvta_generic_to_global(global)));
  return r;
#endif
}

/* ---- copies in the background ---- */

/*
 * Begins to copy 16 bytes into shared memory, or 16 zeros where not valid; then `global` is not read. Both addresses are
 * multiples of 16. The bytes are there for this thread after copy_async_wait, for others after a barrier behind that.
 */
__device__ __forceinline__ void copy_async_16(void* shared, const void* global, bool valid) {
#ifdef VESALIUS_SIMULATED
  simt::copy_async_16(shared, global, valid);
#else
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"((unsigned)__cvta_generic_to_shared(shared)),
               "l"(__cvta_generic_to_global(global)), "r"(valid ? 16 : 0)
               : "memory");
#endif
}

/* Ends a group: the copies that this thread began since the last one. */
__device__ __forceinline__ void copy_async_commit() {
#ifdef VESALIUS_SIMULATED
  simt::copy_async_commit();
#else
  asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}

/* Waits until at most the last N groups of this thread are under way. */
template <int N>
__device__ __forceinline__ void copy_async_wait() {
#ifdef VESALIUS_SIMULATED
  simt::copy_async_wait(N);
#else
  asm volatile("cp.async.wait_group %0;" ::"n"(N) : "memory");
#endif
}

#endif
