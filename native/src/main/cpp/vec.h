/*
 * Vectors of one tier. A tier file defines VESALIUS_TIER (its namespace) and VESALIUS_LANES (floats of a vector), then includes
 * what it is made of. Everything here is internal to the tier file: an inline function with external linkage would be merged
 * by the linker with the copy of another tier, and run instructions that the processor may not have.
 */
#include <stdint.h>
#include <string.h>

#include "vesalius.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#define VESALIUS_INLINE static inline __attribute__((always_inline))

namespace vesalius {
namespace VESALIUS_TIER {

constexpr int64_t LANES = VESALIUS_LANES;

typedef float Floats __attribute__((vector_size(LANES * 4)));
typedef int32_t Ints __attribute__((vector_size(LANES * 4)));
typedef uint32_t Words __attribute__((vector_size(LANES * 4)));
typedef uint16_t Halves __attribute__((vector_size(LANES * 2)));

template <typename V>
VESALIUS_INLINE V load(const void* p) {
  V v;
  memcpy(&v, p, sizeof v);
  return v;
}

template <typename V>
VESALIUS_INLINE void store(void* p, V v) {
  memcpy(p, &v, sizeof v);
}

/* Less zero is any number itself, and no instruction; plus zero is an addition, for the sake of -0. */
VESALIUS_INLINE Floats splat(float x) { return x - Floats{}; }

/* a * b + c; rounded once where the tier has a fused multiply-add. */
VESALIUS_INLINE Floats fma(Floats a, Floats b, Floats c) {
#if defined(__AVX512F__) && VESALIUS_LANES == 16
  return (Floats)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__FMA__) && VESALIUS_LANES == 8
  return (Floats)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#elif defined(__aarch64__) && VESALIUS_LANES == 4
  return (Floats)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
#else
  return a * b + c;
#endif
}

/* sum += a * b, as fma() has it, where sums and operands are all that the registers hold: compilers move sums about then. */
VESALIUS_INLINE void add_product(Floats& sum, Floats a, Floats b) {
#if defined(__FMA__) && VESALIUS_LANES == 8
  __asm__("vfmadd231ps %2, %1, %0" : "+x"(sum) : "x"(a), "x"(b));
#else
  sum = fma(a, b, sum);
#endif
}

/* One number, rounded as a lane of the vector form is. */
VESALIUS_INLINE float fma1(float a, float b, float c) {
#if defined(__FMA__) || defined(__aarch64__)
  return __builtin_fmaf(a, b, c);
#else
  return a * b + c;
#endif
}

/* Keeps a vector in a register: the compiler would rather load it again for each of its uses, and loads are the limit then. */
template <typename V>
VESALIUS_INLINE void keep(V& v) {
#if defined(__x86_64__)
  __asm__("" : "+v"(v));
#elif defined(__aarch64__)
  __asm__("" : "+w"(v));
#endif
}

VESALIUS_INLINE Floats max(Floats a, Floats b) { return a > b ? a : b; }
VESALIUS_INLINE Floats min(Floats a, Floats b) { return a < b ? a : b; }

/* The sum of all lanes, halves first: one order for every use. */
VESALIUS_INLINE float sum(Floats v) {
  float lane[LANES];
  memcpy(lane, &v, sizeof v);
  for (int64_t half = LANES / 2; half > 0; half /= 2) {
    for (int64_t i = 0; i < half; i++) {
      lane[i] += lane[i + half];
    }
  }
  return lane[0];
}

VESALIUS_INLINE float largest(Floats v) {
  float lane[LANES];
  memcpy(lane, &v, sizeof v);
  float most = lane[0];
  for (int64_t i = 1; i < LANES; i++) {
    most = lane[i] > most ? lane[i] : most;
  }
  return most;
}

/* The first n numbers, zeros after them; reads nothing beyond. */
VESALIUS_INLINE Floats load_first(const float* p, int64_t n) {
  Floats v{};
  memcpy(&v, p, n * sizeof(float));
  return v;
}

VESALIUS_INLINE void store_first(float* p, Floats v, int64_t n) { memcpy(p, &v, n * sizeof(float)); }

/* ---- bfloat16 and float16 ---- */

VESALIUS_INLINE float bf16_to_float(uint16_t x) {
  uint32_t word = (uint32_t)x << 16;
  float value;
  memcpy(&value, &word, sizeof value);
  return value;
}

/* To the nearest, ties to even; a NaN stays one. */
VESALIUS_INLINE uint16_t bf16_of_float(float x) {
  uint32_t word;
  memcpy(&word, &x, sizeof word);
  if ((word & 0x7fffffff) > 0x7f800000) {
    return (uint16_t)(word >> 16 | 0x40);
  }
  return (uint16_t)((word + 0x7fff + (word >> 16 & 1)) >> 16);
}

VESALIUS_INLINE float f16_to_float(uint16_t x) {
#if defined(__F16C__)
  return _cvtsh_ss(x);
#elif defined(__aarch64__)
  __fp16 half;
  memcpy(&half, &x, sizeof half);
  return (float)half;
#else
  uint32_t sign = (uint32_t)(x & 0x8000) << 16;
  uint32_t rest = x & 0x7fff;
  uint32_t word;
  if (rest >= 0x7c00) {
    word = sign | 0x7f800000 | (rest & 0x3ff) << 13 | (rest > 0x7c00 ? 0x400000 : 0);
  } else if (rest >= 0x400) {
    word = sign | ((rest << 13) + 0x38000000);
  } else {
    /* A subnormal is its integer times 2^-24, exactly. */
    float value = (float)rest * 0x1p-24f;
    memcpy(&word, &value, sizeof word);
    word |= sign;
  }
  float value;
  memcpy(&value, &word, sizeof value);
  return value;
#endif
}

VESALIUS_INLINE Floats bf16_to_floats(Halves x) {
#if defined(__AVX512F__) && VESALIUS_LANES == 16
  return (Floats)_mm512_slli_epi32(_mm512_cvtepu16_epi32((__m256i)x), 16);
#elif defined(__AVX2__) && VESALIUS_LANES == 8
  return (Floats)_mm256_slli_epi32(_mm256_cvtepu16_epi32((__m128i)x), 16);
#else
  return (Floats)(__builtin_convertvector(x, Words) << 16);
#endif
}

VESALIUS_INLINE Halves bf16_of_floats(Floats x) {
  Words word = (Words)x;
  Words rounded = (word + 0x7fff + (word >> 16 & 1)) >> 16;
  Words nan = word >> 16 | 0x40;
  Words result = (word & 0x7fffffff) > 0x7f800000 ? nan : rounded;
  return __builtin_convertvector(result, Halves);
}

#if defined(__F16C__) || defined(__aarch64__)
VESALIUS_INLINE
#else
/* Not inlined: it is long, and takes the compiler half a minute in loops that are unrolled. */
static __attribute__((noinline))
#endif
Floats f16_to_floats(Halves x) {
#if defined(__AVX512F__) && VESALIUS_LANES == 16
  return (Floats)_mm512_cvtph_ps((__m256i)x);
#elif defined(__F16C__) && VESALIUS_LANES == 8
  return (Floats)_mm256_cvtph_ps((__m128i)x);
#else
  Floats v;
  for (int64_t i = 0; i < LANES; i++) {
    v[i] = f16_to_float(x[i]);
  }
  return v;
#endif
}

/*
 * How one stored number format is read: a number, the vector at an address, and the vectors `half` 0 and 1 of the PAIR numbers
 * at an address. These are the lower and the upper half, or the even and the odd ones where the format is INTERLEAVED.
 */
constexpr int64_t PAIR = 2 * LANES;

struct StoredF32 {
  typedef float Element;
  static constexpr bool INTERLEAVED = false;
  static inline __attribute__((always_inline)) float one(float x) { return x; }
  static inline __attribute__((always_inline)) Floats read(const void* p) { return load<Floats>(p); }
  static inline __attribute__((always_inline)) Floats read(const void* p, int64_t half) {
    return load<Floats>((const float*)p + half * LANES);
  }
};

struct StoredF16 {
  typedef uint16_t Element;
  static constexpr bool INTERLEAVED = false;
  static inline __attribute__((always_inline)) float one(uint16_t x) { return f16_to_float(x); }
  static inline __attribute__((always_inline)) Floats read(const void* p) { return f16_to_floats(load<Halves>(p)); }
  static inline __attribute__((always_inline)) Floats read(const void* p, int64_t half) {
    return read((const uint16_t*)p + half * LANES);
  }
};

struct StoredBF16 {
  typedef uint16_t Element;
  static constexpr bool INTERLEAVED = true;
  static inline __attribute__((always_inline)) float one(uint16_t x) { return bf16_to_float(x); }
  static inline __attribute__((always_inline)) Floats read(const void* p) { return bf16_to_floats(load<Halves>(p)); }
  /* A word holds two numbers, each at the upper end of one of the same value: one instruction, where widening takes two. */
  static inline __attribute__((always_inline)) Floats read(const void* p, int64_t half) {
    return (Floats)(half == 0 ? load<Words>(p) << 16 : upper() & load<Words>(p));
  }
  /* Loaded anew each time: products have no register to keep it in. */
  static inline __attribute__((always_inline)) Words upper() {
    static const volatile Words mask = Words{} + 0xffff0000u;
    return mask;
  }
};

/* One number at any address. */
template <typename Stored>
VESALIUS_INLINE float read_one(const void* p) {
  typename Stored::Element element;
  memcpy(&element, p, sizeof element);
  return Stored::one(element);
}

/* The first n numbers, zeros after them; reads nothing beyond. */
template <typename Stored>
VESALIUS_INLINE Floats read_first(const void* p, int64_t n) {
  typename Stored::Element elements[LANES] = {};
  memcpy(elements, p, n * sizeof(typename Stored::Element));
  return Stored::read(elements);
}

/* One half of PAIR numbers, zeros after the first n; reads nothing beyond. */
template <typename Stored>
VESALIUS_INLINE Floats read_first(const void* p, int64_t half, int64_t n) {
  if (n >= PAIR) {
    return Stored::read(p, half);
  }
  typename Stored::Element elements[PAIR] = {};
  memcpy(elements, p, n * sizeof(typename Stored::Element));
  return Stored::read(elements, half);
}

VESALIUS_INLINE int64_t round_up(int64_t n, int64_t multiple) { return (n + multiple - 1) / multiple * multiple; }
VESALIUS_INLINE int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

}  // namespace VESALIUS_TIER
}  // namespace vesalius
