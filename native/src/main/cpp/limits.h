/* What the processor and its memory can do at best, as rooflines of the other functions. */
#include "vesalius.h"

namespace vesalius {
namespace VESALIUS_TIER {

/*
 * As products with one token read their weights: several streams, each from its first byte to its last, fetched ahead. How many
 * are the fastest depends on the processors of a tier: on Zen 3 eight, on Zen 5 two and far ahead.
 */
static int64_t read_memory(const void* data, int64_t bytes) {
#if defined(__AVX512BF16__)
  constexpr int64_t PARTS = BRAIN_STREAMS;
  constexpr int64_t AHEAD = BRAIN_AHEAD;
#else
  constexpr int64_t PARTS = STREAMS;
  constexpr int64_t AHEAD = FETCH_AHEAD;
#endif
  const char* p = (const char*)data;
  int64_t part = bytes / PARTS / 64 * 64;
  Words total[PARTS] = {};
  for (int64_t i = 0; i < part; i += 64) {
#pragma GCC unroll 8
    for (int64_t j = 0; j < PARTS; j++) {
      const char* line = p + j * part + i;
      __builtin_prefetch(line + AHEAD);
#pragma GCC unroll 4
      for (int64_t k = 0; k < 64; k += (int64_t)sizeof(Words)) {
        total[j] += load<Words>(line + k);
      }
    }
  }
  int64_t result = 0;
  for (int64_t j = 0; j < PARTS; j++) {
    for (int64_t l = 0; l < LANES; l++) {
      result += total[j][l];
    }
  }
  for (int64_t i = PARTS * part; i < bytes; i++) {
    result += p[i];
  }
  return result;
}

/* Chains of multiply-adds that hide the latency of one: two a cycle, each 6 cycles long. */
constexpr int CHAINS = 12;

/* Products of BF16 take longer than that (Zen 5), and there are registers for more. */
constexpr int BRAIN_CHAINS = 16;

/* Multiply-adds of a chain in a step. */
constexpr int64_t STEP_LENGTH = 1000;

#if defined(__x86_64__)
#define VESALIUS_OPAQUE(v) __asm__ volatile("" : "+v"(v))
#elif defined(__aarch64__)
#define VESALIUS_OPAQUE(v) __asm__ volatile("" : "+w"(v))
#else
#define VESALIUS_OPAQUE(v) (void)(v)
#endif

/* One multiply-add of each chain. No chain's can stand for another's, as the compiler cannot know what a is. */
template <int C, typename Sum, typename Operand, typename F>
VESALIUS_INLINE void add_to_chains(Sum* total, Operand a, Operand b, F f) {
  VESALIUS_OPAQUE(a);
  total[C - 1] = f(total[C - 1], a, b);
  if constexpr (C > 1) {
    add_to_chains<C - 1>(total, a, b, f);
  }
}

/* `operations` of one call of f, which takes a sum and two operands. */
template <typename Sum, int C = CHAINS, typename Operand, typename F>
VESALIUS_INLINE double run_chains(int64_t steps, double operations, Operand a, Operand b, void* scratch, F f) {
  Sum total[C] = {};
  for (int64_t i = 0; i < steps * STEP_LENGTH; i++) {
    add_to_chains<C>(total, a, b, f);
  }
  for (int c = 0; c < C; c++) {
    store((char*)scratch + c * (int64_t)sizeof(Sum), total[c]);
  }
  return operations * C * STEP_LENGTH * (double)steps;
}

static double compute_floats(int64_t steps, void* scratch) {
  return run_chains<Floats>(steps, 2 * LANES, splat(0.75f), splat(0.5f), scratch,
                            [](Floats sum, Floats a, Floats b) { return fma(a, b, sum); });
}

#if defined(__AMX_TILE__)

/* Four sums of two tiles by two, as a product's inner loop has them. */
template <typename F>
VESALIUS_INLINE double run_tiles(int64_t steps, double operations, F f) {
  configure_tiles(TILE);
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  _tile_zero(4);
  _tile_zero(5);
  _tile_zero(6);
  _tile_zero(7);
  for (int64_t i = 0; i < steps * STEP_LENGTH; i++) {
    f();
  }
  _tile_release();
  return operations * STEP_LENGTH * (double)steps;
}

static double compute_bf16(int64_t steps, void*) {
  return run_tiles(steps, 4 * 2.0 * 16 * 16 * 32, [] {
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  });
}

static double compute_int8(int64_t steps, void*) {
  return run_tiles(steps, 4 * 2.0 * 16 * 16 * 64, [] {
    _tile_dpbssd(0, 4, 6);
    _tile_dpbssd(1, 4, 7);
    _tile_dpbssd(2, 5, 6);
    _tile_dpbssd(3, 5, 7);
  });
}

#else

static double compute_bf16(int64_t steps, void* scratch) {
#if defined(__AVX512BF16__) && VESALIUS_LANES == 16
  __m512i ones = _mm512_set1_epi16(0x3f80);
  return run_chains<__m512, BRAIN_CHAINS>(steps, 4 * LANES, ones, ones, scratch, [](__m512 sum, __m512i a, __m512i b) {
    return _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)b);
  });
#else
  return compute_floats(steps, scratch);
#endif
}

static double compute_int8(int64_t steps, void* scratch) {
#if defined(__AVX512VNNI__) && VESALIUS_LANES == 16
  __m512i ones = _mm512_set1_epi8(1);
  return run_chains<__m512i>(steps, 8 * LANES, ones, ones, scratch,
                             [](__m512i sum, __m512i a, __m512i b) { return _mm512_dpbusd_epi32(sum, a, b); });
#elif defined(__AVX2__) && VESALIUS_LANES == 8
  __m256i ones = _mm256_set1_epi8(1);
  return run_chains<__m256i>(steps, 8 * LANES, ones, ones, scratch, [](__m256i sum, __m256i a, __m256i b) {
    __m256i pairs = _mm256_maddubs_epi16(a, b);
    return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
  });
#elif defined(__aarch64__) && defined(__ARM_FEATURE_DOTPROD)
  int8x16_t ones = vdupq_n_s8(1);
  return run_chains<int32x4_t>(steps, 8 * LANES, ones, ones, scratch,
                               [](int32x4_t sum, int8x16_t a, int8x16_t b) { return vdotq_s32(sum, a, b); });
#elif defined(__x86_64__)
  __m128i ones = _mm_set1_epi16(1);
  return run_chains<__m128i>(steps, 4 * LANES, ones, ones, scratch,
                             [](__m128i sum, __m128i a, __m128i b) { return _mm_add_epi32(sum, _mm_madd_epi16(a, b)); });
#else
  return compute_floats(steps, scratch);
#endif
}

#endif

static double compute(int32_t format, int64_t steps, void* scratch) {
  switch (format) {
    case VESALIUS_BF16: return compute_bf16(steps, scratch);
    case VESALIUS_INT8:
    case VESALIUS_INT4: return compute_int8(steps, scratch);
    default: return compute_floats(steps, scratch);
  }
}

}  // namespace VESALIUS_TIER
}  // namespace vesalius
