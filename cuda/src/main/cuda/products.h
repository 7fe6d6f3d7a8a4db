/* What the products share: whose rows a block computes. */
#ifndef VESALIUS_PRODUCTS_H
#define VESALIUS_PRODUCTS_H

#include "common.h"

/* Tokens that are multiplied with one weight: that of an expert, or all with the only one. */
struct Group {
  int expert;
  int first;
  int count;
};

/* Whether the group is where it should be; the last thread to find out reports. */
VESALIUS_INLINE bool is_group(const int* starts, int expert, int experts, int tokens, int* fault, bool reporter) {
  int first = starts[expert];
  int end = starts[expert + 1];
  bool valid = first >= 0 && first <= end && end <= tokens && (expert > 0 || first == 0) && (expert < experts - 1 || end == tokens);
  if (!valid && reporter) {
    report(fault, VESALIUS_FAULT_EXPERT_STARTS, expert, first, tokens);
  }
  return valid;
}

/* The group of expert blockIdx.y; empty where there is nothing to do. */
VESALIUS_INLINE Group whole_group(const int* starts, int experts, int tokens, int* fault) {
  int expert = (int)blockIdx.y;
  if (starts == nullptr) {
    return {0, 0, tokens};
  }
  if (!is_group(starts, expert, experts, tokens, fault, blockIdx.x == 0 && threadIdx.x == 0)) {
    return {expert, 0, 0};
  }
  return {expert, starts[expert], starts[expert + 1] - starts[expert]};
}

/*
 * The part of a group, of up to TILE tokens, that is number blockIdx.y of all; empty beyond the last. Every warp finds it by
 * itself: groups are counted 32 at a time.
 */
template <int TILE>
VESALIUS_INLINE Group tile_of_group(const int* starts, int experts, int tokens, int* fault) {
  int tile = (int)blockIdx.y;
  if (starts == nullptr) {
    return {0, tile * TILE, least(TILE, tokens - tile * TILE)};
  }
  int lane = (int)threadIdx.x % WARP;
  int before = 0;
  for (int base = 0; base < experts; base += WARP) {
    int expert = base + lane;
    bool valid = expert >= experts || is_group(starts, expert, experts, tokens, fault, blockIdx.x == 0 && threadIdx.x < WARP);
    if (__ballot_sync(ALL_LANES, !valid) != 0) {
      return {0, 0, 0};
    }
    int tiles = expert < experts ? blocks(starts[expert + 1] - starts[expert], TILE) : 0;
    /* Tiles up to and with this lane's. */
    int sum = tiles;
    for (int distance = 1; distance < WARP; distance *= 2) {
      int other = __shfl_sync(ALL_LANES, sum, most(lane - distance, 0));
      sum += lane >= distance ? other : 0;
    }
    unsigned beyond = __ballot_sync(ALL_LANES, before + sum > tile);
    if (beyond != 0) {
      int found = __ffs((int)beyond) - 1;
      int index = tile - before - __shfl_sync(ALL_LANES, sum - tiles, found);
      int first = starts[base + found] + index * TILE;
      return {base + found, first, least(TILE, starts[base + found + 1] - first)};
    }
    before += __shfl_sync(ALL_LANES, sum, WARP - 1);
  }
  return {0, 0, 0};
}

/* The expert's weight, or the only one. */
template <typename T>
VESALIUS_INLINE const T* weight_of(const T* weight, const void* const* weights, int expert) {
  return weights == nullptr ? weight : (const T*)weights[expert];
}

#endif
