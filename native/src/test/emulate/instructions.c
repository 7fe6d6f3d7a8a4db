/*
 * What the emulator makes of VDPBF16PS, VCVTNEPS2BF16, VPDPBUSD, TDPBF16PS and the four integer tile products, bit by bit
 * against scalar code written from the Intel SDM, volume 2. Exit code 1 when anything differs.
 */
#define _GNU_SOURCE
#include <immintrin.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SEED = 12345 };
static uint64_t state = SEED;
static int faults;

static uint32_t next(void) {
  state = state * 6364136223846793005ull + 1442695040888963407ull;
  return (uint32_t)(state >> 32);
}

static float of_bits(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

static uint32_t to_bits(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

static float of_bf16(uint16_t x) { return of_bits((uint32_t)x << 16); }

/* Of either sign, 2^-8 to 2^8. */
static uint16_t next_bf16(void) {
  uint32_t r = next();
  return (uint16_t)((r & 1) << 15 | (119 + (r >> 1) % 16) << 7 | (r >> 20 & 127));
}

static float next_float(void) { return (float)((int)(next() % 2000) - 1000) / 777.f; }

static void report(const char *what, long wrong, long of) {
  printf("%-62s %ld of %ld differ\n", what, wrong, of);
  faults += wrong != 0;
}

static void expect(const char *what, float actual, float expected) {
  printf("%-62s %a\n", what, actual);
  faults += to_bits(actual) != to_bits(expected);
}

static void dot_products_of_bf16(void) {
  long wrong = 0, count = 0;
  uint16_t a[32], b[32];
  float c[16], d[16];
  for (int t = 0; t < 200; t++) {
    for (int i = 0; i < 32; i++) {
      a[i] = next_bf16();
      b[i] = next_bf16();
    }
    for (int i = 0; i < 16; i++) c[i] = next_float();
    __m512bh x = (__m512bh)_mm512_loadu_si512(a), y = (__m512bh)_mm512_loadu_si512(b);
    _mm512_storeu_ps(d, _mm512_dpbf16_ps(_mm512_loadu_ps(c), x, y));
    for (int i = 0; i < 16; i++, count++) {
      float odd = fmaf(of_bf16(a[2 * i + 1]), of_bf16(b[2 * i + 1]), c[i]);
      wrong += to_bits(d[i]) != to_bits(fmaf(of_bf16(a[2 * i]), of_bf16(b[2 * i]), odd));
    }
  }
  report("vdpbf16ps: fma(even, fma(odd, c))", wrong, count);

  memset(a, 0, sizeof a);
  memset(b, 0, sizeof b);
  memset(c, 0, sizeof c);
  a[0] = 0x0001; /* denormal, times 2^127 */
  b[0] = 0x7f00;
  a[2] = 0x1000; /* 2^-95 * 2^-47 */
  b[2] = 0x2800;
  c[2] = of_bits(1);
  a[6] = b[6] = 0x3f80;
  c[3] = of_bits(0x7fffff);
  __m512bh x = (__m512bh)_mm512_loadu_si512(a), y = (__m512bh)_mm512_loadu_si512(b);
  _mm512_storeu_ps(d, _mm512_dpbf16_ps(_mm512_loadu_ps(c), x, y));
  expect("vdpbf16ps: denormal input * 2^127", d[0], 0);
  expect("vdpbf16ps: denormal product", d[1], 0);
  expect("vdpbf16ps: denormal c + 0", d[2], 0);
  expect("vdpbf16ps: 1 + denormal c", d[3], 1);
}

static void conversions(void) {
  long wrong = 0, count = 0;
  for (int t = 0; t < 2000; t++) {
    float x[16];
    uint16_t y[16];
    for (int i = 0; i < 16; i++) {
      uint32_t bits = next();
      if ((bits >> 23 & 255) == 255) bits ^= 1u << 30;
      if (t < 100) bits &= 0x807fffff; /* denormal */
      x[i] = of_bits(bits);
    }
    _mm256_storeu_si256((__m256i *)y, (__m256i)_mm512_cvtneps_pbh(_mm512_loadu_ps(x)));
    for (int i = 0; i < 16; i++, count++) {
      uint32_t bits = to_bits(x[i]);
      uint32_t expected = (bits & 0x7f800000) == 0 ? bits >> 31 << 15 : (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
      wrong += y[i] != (uint16_t)expected;
    }
  }
  report("vcvtneps2bf16: nearest even, denormals to zero", wrong, count);
}

static void dot_products_of_bytes(void) {
  long wrong = 0, count = 0;
  for (int t = 0; t < 200; t++) {
    uint8_t a[64];
    int8_t b[64];
    int32_t c[16], d[16];
    for (int i = 0; i < 64; i++) {
      a[i] = t == 0 ? 255 : (uint8_t)(next() >> 8);
      b[i] = t == 0 ? 127 : (int8_t)(next() >> 8);
    }
    for (int i = 0; i < 16; i++) c[i] = t == 0 ? INT32_MAX : (int32_t)next();
    _mm512_storeu_si512(d, _mm512_dpbusd_epi32(_mm512_loadu_si512(c), _mm512_loadu_si512(a), _mm512_loadu_si512(b)));
    for (int i = 0; i < 16; i++, count++) {
      uint32_t sum = (uint32_t)c[i];
      for (int k = 4 * i; k < 4 * i + 4; k++) sum += (uint32_t)((int)a[k] * b[k]);
      wrong += sum != (uint32_t)d[i];
    }
  }
  report("vpdpbusd: int32 that wraps", wrong, count);
}

struct configuration {
  uint8_t palette, start, reserved[14];
  uint16_t bytes[16];
  uint8_t rows[16];
};

static const int SHAPES[][3] = {{16, 16, 16}, {1, 16, 16}, {16, 1, 16}, {16, 16, 1}, {3, 5, 7}, {8, 16, 16}};
enum { SHAPE_COUNT = sizeof SHAPES / sizeof *SHAPES };

/* c (m, n) in tile 0, a (m, k) in tile 1, b (k, n) in tile 2, all of 4 bytes an element. */
static void configure(int m, int n, int k) {
  struct configuration c = {.palette = 1, .bytes = {n * 4, k * 4, n * 4}, .rows = {m, m, k}};
  _tile_loadconfig(&c);
}

static void tile_products_of_bf16(void) {
  enum { A = 40, B = 48, C = 20 }; /* elements from row to row */
  static uint16_t a[16 * A], b[16 * B];
  static float c[16 * C], d[16 * C];
  long wrong = 0, count = 0, touched = 0;
  for (int t = 0; t < 20 * SHAPE_COUNT; t++) {
    int rows = SHAPES[t / 20][0], columns = SHAPES[t / 20][1], depth = SHAPES[t / 20][2];
    for (int i = 0; i < 16 * A; i++) a[i] = next_bf16();
    for (int i = 0; i < 16 * B; i++) b[i] = next_bf16();
    for (int i = 0; i < 16 * C; i++) d[i] = c[i] = next_float();
    configure(rows, columns, depth);
    _tile_loadd(0, c, C * 4);
    _tile_loadd(1, a, A * 2);
    _tile_loadd(2, b, B * 2);
    _tile_dpbf16ps(0, 1, 2);
    _tile_stored(0, d, C * 4);
    _tile_release();
    for (int i = 0; i < 16; i++) {
      for (int j = 0; j < C; j++) {
        float expected = c[i * C + j];
        if (i < rows && j < columns) {
          float even = 0, odd = 0;
          for (int k = 0; k < depth; k++) {
            even = fmaf(of_bf16(a[i * A + 2 * k]), of_bf16(b[k * B + 2 * j]), even);
            odd = fmaf(of_bf16(a[i * A + 2 * k + 1]), of_bf16(b[k * B + 2 * j + 1]), odd);
          }
          expected += even + odd;
          wrong += to_bits(expected) != to_bits(d[i * C + j]);
          count++;
        } else {
          touched += to_bits(expected) != to_bits(d[i * C + j]);
        }
      }
    }
  }
  report("tdpbf16ps: c + (sum of even + sum of odd), strides, part tiles", wrong, count);
  report("tilestored: nothing outside the tile", touched, 20 * SHAPE_COUNT);

  memset(a, 0, sizeof a);
  memset(b, 0, sizeof b);
  memset(c, 0, sizeof c);
  a[0] = 0x0001; /* as above */
  b[0] = 0x7f00;
  a[1] = 0x1000;
  b[3] = 0x2800;
  a[2] = b[32 + 4] = 0x3f80;
  c[2] = of_bits(0x7fffff);
  c[3] = of_bits(5);
  configure(1, 16, 16);
  _tile_loadd(0, c, 64);
  _tile_loadd(1, a, 64);
  _tile_loadd(2, b, 64);
  _tile_dpbf16ps(0, 1, 2);
  _tile_stored(0, d, 64);
  _tile_release();
  expect("tdpbf16ps: denormal input * 2^127", d[0], 0);
  expect("tdpbf16ps: denormal product", d[1], 0);
  expect("tdpbf16ps: 1 + denormal c", d[2], 1);
  expect("tdpbf16ps: denormal c + 0", d[3], 0);
}

#define TILE_PRODUCTS_OF_BYTES(NAME, TYPE_A, TYPE_B)                                                                     \
  static void NAME(void) {                                                                                               \
    enum { A = 80, B = 96, C = 16 };                                                                                     \
    static TYPE_A a[16 * A];                                                                                             \
    static TYPE_B b[16 * B];                                                                                             \
    static int32_t c[16 * C], d[16 * C];                                                                                 \
    long wrong = 0, count = 0;                                                                                           \
    for (int t = 0; t < 10 * SHAPE_COUNT; t++) {                                                                         \
      int rows = SHAPES[t / 10][0], columns = SHAPES[t / 10][1], depth = SHAPES[t / 10][2];                              \
      for (int i = 0; i < 16 * A; i++) a[i] = (TYPE_A)(next() >> 8);                                                     \
      for (int i = 0; i < 16 * B; i++) b[i] = (TYPE_B)(next() >> 8);                                                     \
      for (int i = 0; i < 16 * C; i++) c[i] = t % 10 == 0 ? INT32_MAX : (int32_t)next();                                 \
      configure(rows, columns, depth);                                                                                   \
      _tile_loadd(0, c, C * 4);                                                                                          \
      _tile_loadd(1, a, A);                                                                                              \
      _tile_stream_loadd(2, b, B);                                                                                       \
      _tile_##NAME(0, 1, 2);                                                                                             \
      _tile_stored(0, d, C * 4);                                                                                         \
      _tile_release();                                                                                                   \
      for (int i = 0; i < rows; i++) {                                                                                   \
        for (int j = 0; j < columns; j++, count++) {                                                                     \
          uint32_t sum = (uint32_t)c[i * C + j];                                                                         \
          for (int k = 0; k < 4 * depth; k++) sum += (uint32_t)((int)a[i * A + k] * b[k / 4 * B + 4 * j + k % 4]);       \
          wrong += sum != (uint32_t)d[i * C + j];                                                                        \
        }                                                                                                                \
      }                                                                                                                  \
    }                                                                                                                    \
    report("t" #NAME ": int32 that wraps, strides, part tiles", wrong, count);                                           \
  }

TILE_PRODUCTS_OF_BYTES(dpbssd, int8_t, int8_t)
TILE_PRODUCTS_OF_BYTES(dpbusd, uint8_t, int8_t)
TILE_PRODUCTS_OF_BYTES(dpbsud, int8_t, uint8_t)
TILE_PRODUCTS_OF_BYTES(dpbuud, uint8_t, uint8_t)

int main(void) {
  printf("seed %d\n", SEED);
  dot_products_of_bf16();
  conversions();
  dot_products_of_bytes();
  const long request_permission = 0x1023, tile_data = 18;
  if (syscall(SYS_arch_prctl, request_permission, tile_data) != 0) {
    puts("no permission for tiles");
    return 1;
  }
  tile_products_of_bf16();
  dpbssd();
  dpbusd();
  dpbsud();
  dpbuud();
  return faults != 0;
}
