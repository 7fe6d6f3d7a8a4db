/* Tiles of bytes in shared memory for the matrix units, and how they come there. */
#ifndef VESALIUS_TILES_H
#define VESALIUS_TILES_H

#include "products.h"

constexpr int PIECE = 16; /* bytes of a copy, and of a row of a matrix that is loaded */

/*
 * Where a piece of a row lies in a tile whose rows have ROW_BYTES: pieces are exchanged by row, so that eight rows of one column
 * lie in all 32 banks.
 */
template <int ROW_BYTES>
VESALIUS_INLINE int place_in_tile(int row, int piece) {
  static_assert(ROW_BYTES == 128 || ROW_BYTES == 64, "rows of a whole or half a line of banks");
  if constexpr (ROW_BYTES == 128) {
    return row * 128 + (piece ^ (row & 7)) * PIECE;
  }
  return row * 64 + (piece ^ (row >> 1 & 3)) * PIECE;
}

/*
 * Begins to copy ROWS rows of ROW_BYTES bytes from byte `first` on of a matrix whose rows have `size` bytes and lie `stride` bytes
 * apart. What is beyond `rows` and `size` becomes zero. `vectors`: whether all rows begin at multiples of 16 and `size` is one.
 */
template <int ROWS, int ROW_BYTES, int THREADS>
VESALIUS_INLINE void copy_tile(char* tile, const char* matrix, size_t stride, int rows, int first, int size, bool vectors) {
  constexpr int PIECES = ROW_BYTES / PIECE;
#pragma unroll
  for (int i = 0; i < ROWS * PIECES / THREADS; i++) {
    int at = (int)threadIdx.x + i * THREADS;
    int row = at / PIECES;
    int piece = at % PIECES;
    int byte = first + piece * PIECE;
    char* to = tile + place_in_tile<ROW_BYTES>(row, piece);
    bool there = row < rows && byte < size;
    const char* from = there ? matrix + row * stride + byte : matrix;
    if (vectors) {
      copy_async_16(to, from, there);
      continue;
    }
    unsigned words[4] = {};
    for (int j = 0; j < PIECE; j++) {
      if (there && byte + j < size) {
        words[j / 4] |= (unsigned)(unsigned char)from[j] << j % 4 * 8;
      }
    }
    *(uint4*)to = make_uint4(words[0], words[1], words[2], words[3]);
  }
}

/* The two pieces of 16 rows that are a factor's rows 0 to 15, as fragment of a; `half` is the first piece. */
template <int ROW_BYTES>
VESALIUS_INLINE void load_left(unsigned a[4], const char* tile, int row, int half) {
  int lane = (int)threadIdx.x % WARP;
  load_matrix_x4(a, tile + place_in_tile<ROW_BYTES>(row + lane % 16, half + lane / 16));
}

/* The same 16 rows as columns of b: two fragments. */
template <int ROW_BYTES>
VESALIUS_INLINE void load_right(unsigned b[4], const char* tile, int row, int half) {
  int lane = (int)threadIdx.x % WARP;
  load_matrix_x4(b, tile + place_in_tile<ROW_BYTES>(row + lane / 16 * 8 + lane % 8, half + lane / 8 % 2));
}

/* Two neighbouring numbers of a row of the result. */
VESALIUS_INLINE void store_two(float* out, float first, float second, int row, int rows, const float* bias) {
  if (bias != nullptr) {
    first += row < rows ? bias[row] : 0.0f;
    second += row + 1 < rows ? bias[row + 1] : 0.0f;
  }
  if (row + 1 < rows && aligned(out + row, 8)) {
    *(float2*)(out + row) = make_float2(first, second);
    return;
  }
  if (row < rows) {
    out[row] = first;
  }
  if (row + 1 < rows) {
    out[row + 1] = second;
  }
}

#endif
