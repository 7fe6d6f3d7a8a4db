/*
 * The choice of experts, as ExpertChoice defines it: in double precision, because whoever chooses differently computes something
 * else. The grouping asks no atomics for an order: each expert counts for itself what comes before it.
 */
#include "common.h"

namespace {

/* The order of the definition, in which what is not a number comes last, and of equals the first comes first. */
__device__ __forceinline__ bool is_before(double share, int expert, double other, int other_expert) {
  bool number = share == share;
  bool other_number = other == other;
  if (number != other_number) {
    return number;
  }
  return share > other || (!(share < other) && expert < other_expert);
}

constexpr int THREADS = 256;

/* The sum over a block of THREADS threads, the same in every thread. */
__device__ int sum_of_all(int x, int* scratch) {
  x = warp_sum(x);
  if (threadIdx.x % WARP == 0) {
    scratch[threadIdx.x / WARP] = x;
  }
  __syncthreads();
  int total = 0;
  for (int w = 0; w < THREADS / WARP; w++) {
    total += scratch[w];
  }
  __syncthreads();
  return total;
}

}  // namespace

extern "C" __global__ void __launch_bounds__(WARP) vesalius_route(int* chosen, float* shares, int shares_stride,
                                                                  const float* logits, int logits_stride, int /*tokens*/,
                                                                  int experts, int per_token, int renormalise) {
  SHARED_BUFFER(double, all);
  int token = (int)blockIdx.x;
  int lane = (int)threadIdx.x;
  const float* x = logits + (size_t)token * logits_stride;
  float maximum = -infinity();
  bool number = true;
  for (int e = lane; e < experts; e += WARP) {
    maximum = fmaxf(maximum, x[e]);
    number = number && x[e] == x[e];
  }
  maximum = warp_max(maximum);
  if (__ballot_sync(ALL_LANES, !number) != 0) {
    maximum = __int_as_float(0x7fc00000);
  }
  double total = 0;
  for (int e = lane; e < experts; e += WARP) {
    all[e] = exp((double)x[e] - (double)maximum);
    total += all[e];
  }
  total = warp_sum(total);
  for (int e = lane; e < experts; e += WARP) {
    all[e] /= total;
  }
  /* A lane looks at its own experts; behind which of all the next one comes is known to all lanes. */
  double taken = 0;
  double last = 0;
  int last_expert = -1;
  for (int k = 0; k < per_token; k++) {
    double best = 0;
    int best_expert = -1;
    for (int e = lane; e < experts; e += WARP) {
      bool left = last_expert < 0 || is_before(last, last_expert, all[e], e);
      if (left && (best_expert < 0 || is_before(all[e], e, best, best_expert))) {
        best = all[e];
        best_expert = e;
      }
    }
    for (int distance = WARP / 2; distance > 0; distance /= 2) {
      double other = __shfl_xor_sync(ALL_LANES, best, distance);
      int other_expert = __shfl_xor_sync(ALL_LANES, best_expert, distance);
      if (other_expert >= 0 && (best_expert < 0 || is_before(other, other_expert, best, best_expert))) {
        best = other;
        best_expert = other_expert;
      }
    }
    last = best;
    last_expert = best_expert;
    taken += best;
    if (lane == 0) {
      chosen[(size_t)token * per_token + k] = best_expert;
    }
  }
  __syncwarp(ALL_LANES);
  for (int k = lane; k < per_token; k += WARP) {
    double share = all[chosen[(size_t)token * per_token + k]];
    shares[(size_t)k * shares_stride + token] = (float)(renormalise != 0 ? share / taken : share);
  }
}

extern "C" __global__ void __launch_bounds__(THREADS) vesalius_group_choices(
    int* starts, int* rows, int* places, int places_stride, const int* chosen, int tokens, int experts, int per_token) {
  __shared__ int counts[THREADS / WARP];
  int expert = (int)blockIdx.x;
  int thread = (int)threadIdx.x;
  int choices = tokens * per_token;
  int before = 0;
  int same = 0;
  for (int i = thread; i < choices; i += THREADS) {
    before += chosen[i] < expert ? 1 : 0;
    same += chosen[i] == expert ? 1 : 0;
  }
  int place = sum_of_all(before, counts);
  int end = place + sum_of_all(same, counts);
  if (thread == 0) {
    starts[expert] = place;
    if (expert == experts - 1) {
      starts[experts] = end;
    }
  }
  for (int base = 0; base < choices && place < end; base += THREADS) {
    int i = base + thread;
    bool mine = i < choices && chosen[i] == expert;
    unsigned votes = __ballot_sync(ALL_LANES, mine);
    if (thread % WARP == 0) {
      counts[thread / WARP] = __popc(votes);
    }
    __syncthreads();
    int at = place;
    for (int w = 0; w < THREADS / WARP; w++) {
      at += w < thread / WARP ? counts[w] : 0;
      place += counts[w];
    }
    __syncthreads();
    if (mine) {
      at += __popc(votes & ((1u << thread % WARP) - 1));
      rows[at] = i / per_token;
      places[(size_t)(i % per_token) * places_stride + i / per_token] = at;
    }
  }
}
