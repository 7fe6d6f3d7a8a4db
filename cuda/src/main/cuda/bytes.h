/* Bytes of a weight and of tokens as products of few tokens take them into registers. */
#ifndef VESALIUS_BYTES_H
#define VESALIUS_BYTES_H

#include "products.h"

/* Without a name, so that the function apart has one of its own in every source. */
namespace {

/* 256 columns of rows g and g + 8, and of token g, as a lane holds them. Rows of x end with zeros at a multiple of PADDING. */
template <int PADDING>
struct Bytes {
  uint4 weight[4][2];
  uint4 x[4];

  /* Sixteen bytes of a row one by one, zero behind its end. */
  VESALIUS_APART uint4 bytes(const unsigned char* row, int column, int columns) {
    unsigned words[4];
#pragma unroll
    for (int w = 0; w < 4; w++) {
      words[w] = 0;
#pragma unroll 1
      for (int i = 0; i < 4 && column + 4 * w + i < columns; i++) {
        words[w] |= (unsigned)row[column + 4 * w + i] << i * 8;
      }
    }
    return make_uint4(words[0], words[1], words[2], words[3]);
  }

  template <typename T>
  __device__ __forceinline__ void load(const unsigned char* data, int row, int rows, const T* token, bool has_token, int first,
                                       int columns) {
    int place = (int)threadIdx.x % 4 * 16;
    const unsigned char* upper = data + (size_t)row * columns;
    const unsigned char* lower = upper + (size_t)8 * columns;
    bool has_upper = row < rows;
    bool has_lower = row + 8 < rows;
    if (columns % 16 == 0) {
#pragma unroll
      for (int i = 0; i < 4; i++) {
        int column = first + i * 64 + place;
        weight[i][0] = has_upper && column < columns ? load_once_16(upper + column) : uint4{};
        weight[i][1] = has_lower && column < columns ? load_once_16(lower + column) : uint4{};
      }
    } else {
#pragma unroll
      for (int i = 0; i < 4; i++) {
        int column = first + i * 64 + place;
        weight[i][0] = has_upper ? bytes(upper, column, columns) : uint4{};
        weight[i][1] = has_lower ? bytes(lower, column, columns) : uint4{};
      }
    }
#pragma unroll
    for (int i = 0; i < 4; i++) {
      bool there = has_token && first + i * 64 / PADDING * PADDING < columns;
      x[i] = there ? *(const uint4*)(token + first + i * 64 + place) : uint4{};
    }
  }

  /* Calls multiply(a, b) with the fragments of 32 columns, loads `begin` to before `end` of 64. */
  template <typename Multiply>
  __device__ __forceinline__ void each(int begin, int end, Multiply multiply) const {
#pragma unroll
    for (int i = begin; i < end; i++) {
      const unsigned first[4] = {weight[i][0].x, weight[i][1].x, weight[i][0].y, weight[i][1].y};
      const unsigned first_x[2] = {x[i].x, x[i].y};
      multiply(first, first_x);
      const unsigned second[4] = {weight[i][0].z, weight[i][1].z, weight[i][0].w, weight[i][1].w};
      const unsigned second_x[2] = {x[i].z, x[i].w};
      multiply(second, second_x);
    }
  }
};

}  // namespace

#endif
