/* Kernels that try the simulated device: each does one thing that it must get right, or find wrong. */
#include "device.h"

#define SAMPLE(name, ...) extern "C" __global__ void vesalius_sample_##name(__VA_ARGS__)

SAMPLE(index, int* out) {
  int i = (int)((blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x);
  int threads = (int)(blockDim.x * blockDim.y * blockDim.z);
  int thread = (int)((threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x);
  out[i * threads + thread] = i * 10000 + thread;
}

SAMPLE(add, float* out, const float* x, float factor, int count) {
  int i = (int)(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < count) {
    out[i] = fmaf(factor, x[i], out[i]);
  }
}

/* Sums of blocks of 256: by shuffles, then by shared memory. */
extern "C" __global__ void __launch_bounds__(256) vesalius_sample_sum(float* out, const float* x) {
  __shared__ float parts[8];
  float sum = x[blockIdx.x * 256 + threadIdx.x];
  for (int step = 16; step > 0; step /= 2) {
    sum += __shfl_xor_sync(ALL_LANES, sum, step);
  }
  if (threadIdx.x % WARP == 0) {
    parts[threadIdx.x / WARP] = sum;
  }
  __syncthreads();
  if (threadIdx.x < 8) {
    float part = parts[threadIdx.x];
    for (int step = 4; step > 0; step /= 2) {
      part += __shfl_down_sync(0xffu, part, step, 8);
    }
    if (threadIdx.x == 0) {
      out[blockIdx.x] = part;
    }
  }
}

/* kind, mask, argument, width: what every lane gets when it brings 100 + lane. */
SAMPLE(shuffle, int* out, int kind, unsigned mask, int argument, int width) {
  int lane = (int)threadIdx.x, value = 100 + lane, result = -1;
  if (mask >> lane & 1) {
    switch (kind) {
      case 0: result = __shfl_sync(mask, value, argument + lane, width); break;
      case 1: result = __shfl_up_sync(mask, value, (unsigned)argument, width); break;
      case 2: result = __shfl_down_sync(mask, value, (unsigned)argument, width); break;
      default: result = __shfl_xor_sync(mask, value, argument, width); break;
    }
  }
  out[lane] = result;
}

SAMPLE(ballot, unsigned* out) {
  unsigned odd = __ballot_sync(ALL_LANES, threadIdx.x & 1);
  unsigned half = threadIdx.x < 16 ? __ballot_sync(0xffffu, threadIdx.x < 3) : __ballot_sync(0xffff0000u, threadIdx.x > 29);
  __syncwarp();
  out[threadIdx.x] = odd ^ half;
}

/* Neighbours through shared memory of the launch, many times. */
SAMPLE(rotate, int* data, int rounds) {
  SHARED_BUFFER(int, buffer);
  int threads = (int)blockDim.x, i = (int)threadIdx.x;
  int value = data[blockIdx.x * blockDim.x + threadIdx.x];
  for (int round = 0; round < rounds; round++) {
    buffer[i] = value;
    __syncthreads();
    value = buffer[(i + 1) % threads];
    __syncthreads();
  }
  data[blockIdx.x * blockDim.x + threadIdx.x] = value;
}

/* The same with one barrier missing. */
SAMPLE(race, int* data) {
  __shared__ int buffer[256];
  buffer[threadIdx.x] = data[threadIdx.x];
  data[threadIdx.x] = buffer[255 - threadIdx.x];
}

SAMPLE(counting, int* count, unsigned* largest, float* sum, int* last) {
  int i = (int)(blockIdx.x * blockDim.x + threadIdx.x);
  atomicAdd(count, 1);
  atomicMax(largest, (unsigned)i);
  atomicAdd(sum, 0.5f);
  atomicCAS(last, i, i + 1);
}

SAMPLE(mma, float* d, const unsigned* a, const unsigned* b) {
  float sums[4];
  for (int i = 0; i < 4; i++) {
    sums[i] = d[threadIdx.x * 4 + i];
  }
  mma_bf16(sums, a + threadIdx.x * 4, b + threadIdx.x * 2);
  for (int i = 0; i < 4; i++) {
    d[threadIdx.x * 4 + i] = sums[i];
  }
}

SAMPLE(mma_integers, int* d, const unsigned* a, const unsigned* b) {
  int sums[4];
  for (int i = 0; i < 4; i++) {
    sums[i] = d[threadIdx.x * 4 + i];
  }
  mma_s8(sums, a + threadIdx.x * 4, b + threadIdx.x * 2);
  for (int i = 0; i < 4; i++) {
    d[threadIdx.x * 4 + i] = sums[i];
  }
}

/* by_halves: as GPUs without units for E4M3 do it. */
SAMPLE(mma_e4m3, float* d, const unsigned* a, const unsigned* b, int by_halves) {
  float sums[4];
  for (int i = 0; i < 4; i++) {
    sums[i] = d[threadIdx.x * 4 + i];
  }
  if (by_halves != 0) {
    mma_e4m3_by_halves(sums, a + threadIdx.x * 4, b + threadIdx.x * 2);
  } else {
    mma_e4m3(sums, a + threadIdx.x * 4, b + threadIdx.x * 2);
  }
  for (int i = 0; i < 4; i++) {
    d[threadIdx.x * 4 + i] = sums[i];
  }
}

/* Numbers to E4M3 and back. */
SAMPLE(e4m3, unsigned char* out, float* back, const float* x, int count) {
  int i = (int)(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < count) {
    out[i] = e4m3_from_float(x[i]);
    back[i] = float_from_e4m3(out[i]);
  }
}

/*
 * c = a * b of 16 x 16 by 16 x 8 numbers in BF16, all row by row: a and b come by background copies and load_matrix. b's rows
 * are loaded transposed; both halves of a warp's addresses serve it.
 */
SAMPLE(product, float* c, const unsigned short* a, const unsigned short* b) {
  __shared__ __align__(16) unsigned short rows[16 * 16];
  __shared__ __align__(16) unsigned short columns[16 * 8];
  int lane = (int)threadIdx.x;
  copy_async_16(rows + lane * 8, a + lane * 8, true);
  copy_async_commit();
  if (lane < 16) {
    copy_async_16(columns + lane * 8, b + lane * 8, true);
  }
  copy_async_commit();
  copy_async_wait<0>();
  __syncwarp();
  unsigned x[4], y[4];
  load_matrix_x4(x, rows + lane % 16 * 16 + lane / 16 * 8);
  load_matrix_x4_trans(y, columns + lane % 16 * 8);
  float sums[4] = {};
  mma_bf16(sums, x, y);
  int g = lane / 4, t = lane % 4;
  for (int i = 0; i < 4; i++) {
    c[(g + 8 * (i / 2)) * 8 + 2 * t + i % 2] = sums[i];
  }
}

/* Copies in groups; `waits`: how many groups may still be under way when all is read. */
SAMPLE(copies, int* out, const int* in, int waits) {
  __shared__ __align__(16) int buffer[12];
  for (int i = 0; i < 12; i++) {
    buffer[i] = -1;
  }
  for (int i = 0; i < 3; i++) {
    copy_async_16(buffer + 4 * i, in + 4 * i, i != 1);
    copy_async_commit();
  }
  switch (waits) {
    case 0: copy_async_wait<0>(); break;
    case 1: copy_async_wait<1>(); break;
    default: copy_async_wait<2>(); break;
  }
  for (int i = 0; i < 12; i++) {
    out[i] = buffer[i];
  }
  copy_async_wait<0>();
}

SAMPLE(misaligned, int* out, const char* in) {
  __shared__ __align__(16) char buffer[16];
  copy_async_16(buffer, in + 4, true);
  copy_async_commit();
  copy_async_wait<0>();
  out[0] = buffer[0];
}

/* ---- what must be found ---- */

SAMPLE(some_leave, int* out) {
  if (threadIdx.x == 3) {
    return;
  }
  __syncthreads();
  out[threadIdx.x] = 1;
}

SAMPLE(two_barriers, int* out) {
  if (threadIdx.x < 32) {
    __syncthreads();
    __syncthreads();
  } else {
    __syncthreads();
  }
  out[threadIdx.x] = 1;
}

SAMPLE(shuffle_of_ended, int* out) {
  if (threadIdx.x >= 16) {
    return;
  }
  out[threadIdx.x] = __shfl_sync(ALL_LANES, (int)threadIdx.x, 0);
}

SAMPLE(masks_differ, int* out) {
  unsigned mask = threadIdx.x == 0 ? ALL_LANES : 0xfffffffeu;
  out[threadIdx.x] = __shfl_sync(mask, (int)threadIdx.x, 1);
}

SAMPLE(steps_differ, int* out) {
  out[threadIdx.x] = threadIdx.x < 5 ? __shfl_xor_sync(ALL_LANES, 1, 1) : (int)__ballot_sync(ALL_LANES, 1);
}

SAMPLE(outside_mask, int* out) { out[threadIdx.x] = __shfl_sync(1u, 1, 0); }

SAMPLE(warp_and_block, int* out) {
  if (threadIdx.x == 0) {
    __syncwarp();
  } else {
    __syncthreads();
  }
  out[threadIdx.x] = 1;
}

SAMPLE(write, int* out, long index) {
  if (threadIdx.x == 2) {
    out[index] = 1;
  }
}

SAMPLE(write_through, int* const* out) { out[0][0] = 1; }

SAMPLE(write_shared, int* out, int index) {
  SHARED_BUFFER(int, buffer);
  buffer[index] = 1;
  out[0] = buffer[index];
}

/* More local memory than a thread of the simulated device has. */
SAMPLE(large, int* out, int count) {
  volatile int local[40000];
  for (int i = 0; i < count; i++) {
    local[i] = i;
  }
  out[0] = local[count / 2];
}

SAMPLE(divide, int* out, int x, int y) { out[0] = x / y; }

SAMPLE(misaligned_vector, float4* out, const float* in) { out[0] = *(const float4*)(in + 1); }

SAMPLE(beyond_array, int* out, int index) {
  __shared__ int buffer[4][8];
  buffer[1][index] = 1;
  out[0] = buffer[1][index];
}

SAMPLE(shift, int* out, int bits) { out[0] = 1 << bits; }

SAMPLE(convert, int* out, float x) { out[0] = (int)x; }

/* Uninitialised shared memory. */
SAMPLE(unset, float* out) {
  SHARED_BUFFER(float, buffer);
  out[threadIdx.x] = buffer[threadIdx.x];
}

/* ---- for measuring ---- */

SAMPLE(barriers, int* out, int rounds) {
  for (int i = 0; i < rounds; i++) {
    __syncthreads();
  }
  out[threadIdx.x] = rounds;
}

SAMPLE(shuffles, int* out, int rounds) {
  int value = (int)threadIdx.x;
  for (int i = 0; i < rounds; i++) {
    value = __shfl_xor_sync(ALL_LANES, value, 1) + 1;
  }
  out[threadIdx.x] = value;
}

SAMPLE(products, float* out, int rounds) {
  float sums[4] = {};
  unsigned a[4] = {0x3f803f80, 0x3f803f80, 0x3f803f80, 0x3f803f80}, b[2] = {0x3f803f80, 0x3f803f80};
  for (int i = 0; i < rounds; i++) {
    mma_bf16(sums, a, b);
  }
  out[threadIdx.x] = sums[0];
}

SAMPLE(slow, int* out, int rounds) {
  volatile int x = 0;
  for (int i = 0; i < rounds; i++) {
    x = x + 1;
  }
  out[0] = x;
}
