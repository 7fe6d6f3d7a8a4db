/*
 * How keys and values come into shared memory for attention by matrix units: a block of keys at a time, each of the two stages while
 * the other one is multiplied. Rows there are 16 bytes longer than a head, which keeps eight of them in different banks.
 */
#ifndef VESALIUS_FLASH_KEYS_H
#define VESALIUS_FLASH_KEYS_H

#include "attention.h"

template <int HEAD>
struct FlashStage {
  static constexpr int KEYS = HEAD <= 128 ? 64 : 32;
  static constexpr int ROW_BYTES = HEAD * 2 + 16;
  char keys[KEYS * ROW_BYTES];
  char values[KEYS * ROW_BYTES];
  float key_scales[KEYS];
  float value_scales[KEYS];
};

/* Where a key and its value lie; null where there is none. */
struct FlashRow {
  const char* key;
  const char* value;
  float key_scale;
  float value_scale;
};

/* TOGETHER: copies that a thread begins without looking up addresses between. */
template <int HEAD, int THREADS, int TOGETHER>
struct FlashKeys {
  static constexpr int KEYS = FlashStage<HEAD>::KEYS;
  static constexpr int ROW_BYTES = FlashStage<HEAD>::ROW_BYTES;
  static_assert(THREADS >= KEYS, "a thread looks up a key");

  const Attention& a;
  Sequence sequence;
  int kv_head;
  int first; /* keys that any row of the block sees */
  int end;

  /* Where the keys of the block at `base` lie, by a thread each. */
  __device__ __forceinline__ void locate(FlashRow* rows, int base, int to) const {
    int i = (int)threadIdx.x;
    if (i >= KEYS) {
      return;
    }
    int key = base + i;
    FlashRow found = {nullptr, nullptr, 0, 0};
    if (key >= first && key < to) {
      if (a.format == VESALIUS_PACKED) {
        int padded = blocks(a.head_size, 16) * 16;
        size_t at = ((size_t)(sequence.start + key) * a.kv_heads + kv_head) * padded * 2;
        found.key = (const char*)a.keys + at;
        found.value = (const char*)a.values + at;
      } else {
        Slot slot = slot_of(a, sequence.number, key, kv_head);
        if (slot.slab >= 0) {
          size_t at = (size_t)slot.row * a.head_size * (a.format == VESALIUS_PAGES_I8 ? 1 : 2);
          found.key = ((const char* const*)a.keys)[slot.slab] + at;
          found.value = ((const char* const*)a.values)[slot.slab] + at;
          if (a.format == VESALIUS_PAGES_I8) {
            found.key_scale = ((const float* const*)a.key_scales)[slot.slab][slot.row];
            found.value_scale = ((const float* const*)a.value_scales)[slot.slab][slot.row];
          }
        }
      }
    }
    rows[i] = found;
  }

  /* Numbers of 16 bits, where the rows are not aligned: one by one. */
  __device__ __forceinline__ void load_singly(FlashStage<HEAD>& stage, const FlashRow* rows) const {
    bool bytes = a.format == VESALIUS_PAGES_I8;
#pragma unroll 1
    for (int at = (int)threadIdx.x; at < KEYS * HEAD; at += THREADS) {
      const FlashRow& from = rows[at / HEAD];
      int i = at % HEAD;
      unsigned short key = 0;
      unsigned short value = 0;
      if (from.key != nullptr && i < a.head_size) {
        key = bytes ? bf16_from_float((float)((const signed char*)from.key)[i]) : ((const vesalius_bf16*)from.key)[i];
        value = bytes ? bf16_from_float((float)((const signed char*)from.value)[i]) : ((const vesalius_bf16*)from.value)[i];
      }
      *(unsigned short*)(stage.keys + at / HEAD * ROW_BYTES + i * 2) = key;
      *(unsigned short*)(stage.values + at / HEAD * ROW_BYTES + i * 2) = value;
    }
  }

  static __device__ __forceinline__ unsigned widen(unsigned word, int i) {
    return bf16_pair((float)(signed char)(word >> i & 0xff), (float)(signed char)(word >> (i + 8) & 0xff));
  }

  /* Eight integers as BF16, in which they are exact. */
  static __device__ __forceinline__ void store_bytes(char* to, uint2 bytes) {
    *(uint4*)to = make_uint4(widen(bytes.x, 0), widen(bytes.x, 16), widen(bytes.y, 0), widen(bytes.y, 16));
  }

  /* Rows of bytes, which have to be widened on the way: some loads ahead, but not in the background. */
  __device__ __forceinline__ void load_bytes(FlashStage<HEAD>& stage, const FlashRow* rows) const {
    constexpr int PIECES = HEAD / 8;
    constexpr int TURNS = KEYS * PIECES / THREADS;
    constexpr int AHEAD = TURNS % 4 == 0 ? 4 : TURNS % 3 == 0 ? 3 : TURNS < 6 ? TURNS : 2;
    static_assert(TURNS % AHEAD == 0, "whole rounds");
#pragma unroll 1
    for (int turn = 0; turn < TURNS; turn += AHEAD) {
      uint2 keys[AHEAD];
      uint2 values[AHEAD];
#pragma unroll
      for (int j = 0; j < AHEAD; j++) {
        int at = (int)threadIdx.x + (turn + j) * THREADS;
        const FlashRow& from = rows[at / PIECES];
        int i = at % PIECES * 8;
        bool there = from.key != nullptr && i < a.head_size;
        keys[j] = there ? *(const uint2*)(from.key + i) : make_uint2(0, 0);
        values[j] = there ? *(const uint2*)(from.value + i) : make_uint2(0, 0);
      }
#pragma unroll
      for (int j = 0; j < AHEAD; j++) {
        int at = (int)threadIdx.x + (turn + j) * THREADS;
        int place = at / PIECES * ROW_BYTES + at % PIECES * 16;
        store_bytes(stage.keys + place, keys[j]);
        store_bytes(stage.values + place, values[j]);
      }
    }
  }

  /* Begins to copy the keys and values of a block into a stage. */
  __device__ __forceinline__ void load(FlashStage<HEAD>& stage, const FlashRow* rows) const {
    constexpr int PIECES = HEAD / 8;
    constexpr int TURNS = KEYS * PIECES / THREADS;
    static_assert(KEYS * PIECES % THREADS == 0, "every thread as many");
    bool packed = a.format == VESALIUS_PACKED;
    if (a.format == VESALIUS_PAGES_I8 && (int)threadIdx.x < KEYS) {
      stage.key_scales[threadIdx.x] = rows[threadIdx.x].key_scale;
      stage.value_scales[threadIdx.x] = rows[threadIdx.x].value_scale;
    }
    if (a.head_size % 8 != 0 && !packed) {
      load_singly(stage, rows);
      return;
    }
    if (a.format == VESALIUS_PAGES_I8) {
      load_bytes(stage, rows);
      return;
    }
    int size = packed ? blocks(a.head_size, 16) * 16 : a.head_size;
#pragma unroll(TOGETHER < TURNS ? TOGETHER : TURNS)
    for (int turn = 0; turn < TURNS; turn++) {
      int at = (int)threadIdx.x + turn * THREADS;
      const FlashRow& from = rows[at / PIECES];
      int i = at % PIECES * 8;
      bool there = from.key != nullptr && i < size;
      int place = at / PIECES * ROW_BYTES + at % PIECES * 16;
      /* What is not read has to be aligned too, and a view of queries need not be. */
      const char* nothing = (const char*)((size_t)a.q & ~(size_t)15);
      copy_async_16(stage.keys + place, there ? from.key + i * 2 : nothing, there);
      copy_async_16(stage.values + place, there ? from.value + i * 2 : nothing, there);
    }
  }
};

#endif
