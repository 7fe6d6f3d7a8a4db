/* Rotary position embeddings (Su et al. 2021), and what goes with them before a decoder's attention: norms of heads, the cache. */
#include "common.h"

namespace {

constexpr int HEADS_A_BLOCK = 4;
constexpr float SMALLEST_NORMAL = 1.17549435e-38f;

/*
 * Cosine and sine, to about 1e-10, of an angle below 2^31. The angle less the nearest multiple of pi / 2 is taken in three
 * parts, of which n times the first two is exact; polynomials are Taylor's. CUDA's own are as good, but keep a table of pi's
 * digits in local memory for angles that no position has.
 */
__device__ void cos_sin(double angle, double* cos, double* sin) {
  double n = rint(angle * 0.63661977236758134);
  double r = angle - n * 0x1.921fbp+0;
  r -= n * 0x1.5110ap-22;
  r -= n * 0x1.4611a62633146p-42;
  int quadrant = (int)((long long)n & 3);
  double z = r * r;
  double s = r + r * z * (-1.0 / 6 + z * (1.0 / 120 + z * (-1.0 / 5040 + z * (1.0 / 362880 - z * (1.0 / 39916800)))));
  double c = 1 + z * (-0.5 + z * (1.0 / 24 + z * (-1.0 / 720 + z * (1.0 / 40320 + z * (-1.0 / 3628800 + z / 479001600)))));
  double first = (quadrant & 1) != 0 ? s : c;
  double second = (quadrant & 1) != 0 ? c : s;
  *cos = ((quadrant + 1) & 2) != 0 ? -first : first;
  *sin = (quadrant & 2) != 0 ? -second : second;
}

/* One head by one warp, in place; gain and the rotation may be missing. A lane keeps to its own numbers. */
__device__ void turn(float* x, const float* gain, float epsilon, const float* cos, const float* sin, int pairs) {
  int lane = (int)threadIdx.x % WARP;
  float factor = 1;
  if (gain != nullptr) {
    double squares = 0;
    for (int i = lane; i < 2 * pairs; i += WARP) {
      squares = fma((double)x[i], (double)x[i], squares);
    }
    factor = (float)(1.0 / sqrt(warp_sum(squares) / (2 * pairs) + epsilon));
  }
  /* In a norm's loop a lane read numbers that another one changes now. */
  __syncwarp(ALL_LANES);
  for (int i = lane; i < pairs; i += WARP) {
    float a = x[i];
    float b = x[i + pairs];
    if (gain != nullptr) {
      a = a * factor * gain[i];
      b = b * factor * gain[i + pairs];
    }
    x[i] = fmaf(a, cos[i], -(b * sin[i]));
    x[i + pairs] = fmaf(b, cos[i], a * sin[i]);
  }
}

/* The bits of the largest magnitude; as integers, so that what is not a number is the largest of all. */
__device__ unsigned largest_bits(const float* x, int pairs) {
  unsigned largest = 0;
  for (int i = (int)threadIdx.x % WARP; i < pairs; i += WARP) {
    largest = most(largest, __float_as_uint(fabsf(x[i])));
    largest = most(largest, __float_as_uint(fabsf(x[i + pairs])));
  }
  for (int distance = WARP / 2; distance > 0; distance /= 2) {
    largest = most(largest, __shfl_xor_sync(ALL_LANES, largest, distance));
  }
  return largest;
}

/* Stores one head of a token by one warp, of whose numbers each lane reads those that it wrote in `turn`. */
__device__ void store(void* slab, float* scales, long long row, int format, const float* x, int pairs) {
  int lane = (int)threadIdx.x % WARP;
  size_t first = (size_t)row * 2 * pairs;
  if (format == VESALIUS_PAGES_I8) {
    float scale = __uint_as_float(largest_bits(x, pairs)) / 127.0f;
    if (scale < SMALLEST_NORMAL) {
      scale = 0;
    }
    /* x / scale is no finite number then, or zero. */
    bool zero = scale == 0 || !(scale < infinity());
    signed char* to = (signed char*)slab + first;
    for (int i = lane; i < pairs; i += WARP) {
      to[i] = zero ? (signed char)0 : (signed char)rintf(x[i] / scale);
      to[i + pairs] = zero ? (signed char)0 : (signed char)rintf(x[i + pairs] / scale);
    }
    if (lane == 0) {
      scales[row] = scale;
    }
    return;
  }
  for (int i = lane; i < pairs; i += WARP) {
    if (format == VESALIUS_PAGES_BF16) {
      ((vesalius_bf16*)slab)[first + i] = bf16_from_float(x[i]);
      ((vesalius_bf16*)slab)[first + i + pairs] = bf16_from_float(x[i + pairs]);
    } else {
      ((float*)slab)[first + i] = x[i];
      ((float*)slab)[first + i + pairs] = x[i + pairs];
    }
  }
}

}  // namespace

extern "C" __global__ void __launch_bounds__(64) vesalius_rotary_table(
    float* cos, int cos_stride, float* sin, int sin_stride, const int* positions, int positions_stride, int axes,
    const float* inverse_frequencies, const int* axis, int /*tokens*/, int pairs, float scaling, int* fault) {
  int i = (int)(blockIdx.y * blockDim.x + threadIdx.x);
  int token = (int)blockIdx.x;
  if (i >= pairs || !within(axis[i], axes, fault, VESALIUS_FAULT_ROTARY_AXIS, i, token == 0)) {
    return;
  }
  /* In single precision, as models were trained. */
  float angle = (float)positions[(size_t)axis[i] * positions_stride + token] * inverse_frequencies[i];
  double c;
  double s;
  cos_sin(angle, &c, &s);
  cos[(size_t)token * cos_stride + i] = (float)c * scaling;
  sin[(size_t)token * sin_stride + i] = (float)s * scaling;
}

extern "C" __global__ void __launch_bounds__(HEADS_A_BLOCK* WARP) vesalius_rotate(
    float* x, int x_stride, const float* cos, int cos_stride, const float* sin, int sin_stride, int /*tokens*/, int heads,
    int pairs) {
  size_t token = blockIdx.x;
  int head = (int)(blockIdx.y * HEADS_A_BLOCK + threadIdx.x / WARP);
  if (head < heads) {
    turn(x + token * x_stride + (size_t)head * 2 * pairs, nullptr, 0, cos + token * cos_stride, sin + token * sin_stride, pairs);
  }
}

extern "C" __global__ void __launch_bounds__(HEADS_A_BLOCK* WARP) vesalius_rotate_and_cache(
    float* q, int q_stride, float* k, int k_stride, const float* v, int v_stride, const float* q_gain, const float* k_gain,
    float epsilon, const float* cos, int cos_stride, const float* sin, int sin_stride, void* const* keys, void* const* values,
    float* const* key_scales, float* const* value_scales, int format, int slabs, int pages_per_slab, int page_size,
    const int* slots, int /*tokens*/, int heads, int kv_heads, int pairs, int* fault) {
  size_t token = blockIdx.x;
  int head = (int)(blockIdx.y * HEADS_A_BLOCK + threadIdx.x / WARP);
  long long room = (long long)slabs * pages_per_slab * page_size;
  int bound = (int)least(room, 0x7fffffffll);
  int slot = slots[token];
  if (!within(slot, bound, fault, VESALIUS_FAULT_SLOTS, (int)token, blockIdx.y == 0 && threadIdx.x == 0) ||
      head >= heads + 2 * kv_heads) {
    return;
  }
  const float* cosines = cos + token * cos_stride;
  const float* sines = sin + token * sin_stride;
  int size = 2 * pairs;
  if (head < heads) {
    turn(q + token * q_stride + (size_t)head * size, q_gain, epsilon, cosines, sines, pairs);
    return;
  }
  bool key = head < heads + kv_heads;
  int kv_head = key ? head - heads : head - heads - kv_heads;
  const float* x = v + token * v_stride + (size_t)kv_head * size;
  if (key) {
    float* turned = k + token * k_stride + (size_t)kv_head * size;
    turn(turned, k_gain, epsilon, cosines, sines, pairs);
    x = turned;
  }
  int page = slot / page_size;
  int slab = page / pages_per_slab;
  long long row = ((long long)(page % pages_per_slab) * kv_heads + kv_head) * page_size + slot % page_size;
  float* const* scales = key ? key_scales : value_scales;
  store(key ? keys[slab] : values[slab], format == VESALIUS_PAGES_I8 ? scales[slab] : nullptr, row, format, x, pairs);
}
