/*
 * Products with int8 and int4 weights. Activations are rounded to int8 per token and group of columns; the dot product of a
 * group is an integer, exact whatever the order, and the groups' contributions are added in their order with one fused
 * multiply-add each (int4: a second one for the minimum). So every path, every tier and every batch gives the same bits.
 *
 * Here is what all paths share, and that of few tokens: lanes are columns, rows are read straight from storage. Many tokens go
 * the way of panels.h.
 */
namespace vesalius {
namespace VESALIUS_TIER {

/* Up to so many tokens, weights of a format are read as a stream. */
constexpr int64_t few_tokens(int32_t format) {
#if defined(__AVX2__) && VESALIUS_LANES == 8
  /* With more, panels were faster on Zen 3: nibbles cost a stream more to read, and panels less to multiply. */
  return format == VESALIUS_INT8 ? 4 : 2;
#else
  (void)format;
  return 2 * TILE_TOKENS;
#endif
}

typedef int32_t QuadInts __attribute__((vector_size(16)));

/*
 * a * b + c, rounded once also where the tier has no such instruction: the product is exact in double, the sum is rounded there
 * to odd, and rounding that to single then gives what a single rounding gives (Boldo and Melquiond 2008).
 */
VESALIUS_INLINE float fused(float a, float b, float c) {
#if defined(__FMA__) || defined(__aarch64__)
  return __builtin_fmaf(a, b, c);
#else
  double product = (double)a * b;
  double sum = product + c;
  double part = sum - product;
  double error = (product - (sum - part)) + (c - part);
  uint64_t bits;
  memcpy(&bits, &sum, sizeof bits);
  /* The error of an infinite sum is no number, and is neither above nor below zero. */
  if ((error > 0 || error < 0) && (bits & 1) == 0) {
    bits += (error > 0) == (sum > 0) ? 1 : -1;
    memcpy(&sum, &bits, sizeof sum);
  }
  return (float)sum;
#endif
}

#if !defined(__FMA__) && !defined(__aarch64__)
/* Not inlined: it is long, is used everywhere, and takes the compiler seconds otherwise. */
static __attribute__((noinline)) Quad fused_lanes(Quad a, Quad b, Quad c) {
  for (int i = 0; i < 4; i++) {
    c[i] = fused(a[i], b[i], c[i]);
  }
  return c;
}
#endif

VESALIUS_INLINE Quad fused(Quad a, Quad b, Quad c) {
#if defined(__FMA__)
  return (Quad)_mm_fmadd_ps((__m128)a, (__m128)b, (__m128)c);
#elif defined(__aarch64__)
  return (Quad)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
#else
  return fused_lanes(a, b, c);
#endif
}

#if VESALIUS_LANES > 4
VESALIUS_INLINE Floats fused(Floats a, Floats b, Floats c) { return fma(a, b, c); }
#endif

constexpr int64_t INT8_GROUP = 256;
constexpr int64_t INT4_GROUP = 64;

/* VNNI multiplies unsigned by signed bytes: signed weights get 128 added, which the sum of the activations takes back. */
#if defined(__AVX512VNNI__)
constexpr int32_t WEIGHT_OFFSET = 128;
#else
constexpr int32_t WEIGHT_OFFSET = 0;
#endif

/* Rounded activations: the scales and the sums of all tokens' groups, then the integers, one token after the other. */
struct PreparedInts {
  uint8_t* data;
  int64_t tokens;
  int64_t columns;
  int64_t group;

  int64_t groups() const { return (columns + group - 1) / group; }
  int64_t padded() const { return groups() * group; }
  /* Columns of the stretch that begins at one. */
  int64_t depth(int64_t column) const { return least(DEPTH, padded() - column); }
  float* scales(int64_t token) const { return (float*)data + token * groups(); }
  int32_t* sums(int64_t token) const { return (int32_t*)scales(tokens) + token * groups(); }
  uint8_t* integers() const { return data + head(); }
  uint8_t* at(int64_t token, int64_t column) const { return integers() + token * padded() + column; }
  int64_t head() const { return round_up(tokens * groups() * (int64_t)(sizeof(float) + sizeof(int32_t)), 64); }
  int64_t bytes() const { return head() + tokens * padded(); }
};

VESALIUS_INLINE int64_t group_of(const vesalius_weight* w) {
  return w->format == VESALIUS_INT8 ? INT8_GROUP : INT4_GROUP;
}

typedef int8_t LaneBytes __attribute__((vector_size(LANES)));

/* The nearest integer, ties to even, of numbers of small magnitude: adding 1.5 * 2^23 leaves no bit for a fraction. */
VESALIUS_INLINE Ints nearest(Floats x) {
  return __builtin_convertvector((x + 12582912.0f) - 12582912.0f, Ints);
}

/* One group of one token; columns beyond `count` become zeros. Returns the sum of the integers. */
static int32_t round_group(uint8_t* out, int64_t group, const float* x, int64_t count, float* scale) {
  /* Magnitudes are ordered as their bits are, with what is not a number above all. */
  Ints most{};
  for (int64_t i = 0; i < count; i += LANES) {
    Floats v = i + LANES <= count ? load<Floats>(x + i) : load_first(x + i, count - i);
    Ints bits = (Ints)v & 0x7fffffff;
    most = bits > most ? bits : most;
  }
  int32_t largest_bits = 0;
  for (int64_t i = 0; i < LANES; i++) {
    largest_bits = most[i] > largest_bits ? most[i] : largest_bits;
  }
  float largest_magnitude;
  memcpy(&largest_magnitude, &largest_bits, sizeof largest_magnitude);
  *scale = largest_magnitude / 127.0f;
  /* An infinity or what is not a number stays in the scale, and so in the result. */
  bool usable = largest_bits < 0x7f800000 && *scale > 0;
  Ints sum{};
  for (int64_t i = 0; i < group; i += LANES) {
    Ints q{};
    if (usable && i < count) {
      Floats v = i + LANES <= count ? load<Floats>(x + i) : load_first(x + i, count - i);
      q = nearest(v / *scale);
      /* A subnormal scale is coarse enough to be exceeded. */
      q = q > 127 ? Ints{} + 127 : q < -127 ? Ints{} - 127 : q;
    }
    sum += q;
    store(out + i, __builtin_convertvector(q, LaneBytes));
  }
  int32_t total = 0;
  for (int64_t i = 0; i < LANES; i++) {
    total += sum[i];
  }
  return total;
}

static void prepare_ints(const PreparedInts& prepared, const float* x, int64_t x_stride, int64_t from, int64_t to) {
  for (int64_t t = from; t < to; t++) {
    for (int64_t g = 0; g < prepared.groups(); g++) {
      int64_t begin = g * prepared.group;
      prepared.sums(t)[g] = round_group(prepared.at(t, begin), prepared.group, x + t * x_stride + begin,
                                        least(prepared.group, prepared.columns - begin), prepared.scales(t) + g);
    }
  }
}

/* ---- few tokens: lanes are columns ---- */

/* Columns of one step. */
#if defined(__AVX512VNNI__)
constexpr int64_t STEP = 64;
#elif defined(__AVX2__)
constexpr int64_t STEP = 32;
#elif defined(__aarch64__)
constexpr int64_t STEP = 16;
#else
constexpr int64_t STEP = 8;
#endif

/* Activations of one step. */
struct StepInts {
#if defined(__AVX512VNNI__)
  __m512i v;
#elif defined(__AVX2__)
  __m256i v;
#elif defined(__SSE2__)
  __m128i v;
#elif defined(__aarch64__)
  int8x16_t v;
#else
  int8_t v[STEP];
#endif
};

VESALIUS_INLINE StepInts load_step(const uint8_t* x) {
  StepInts s;
#if defined(__AVX512VNNI__)
  s.v = _mm512_loadu_si512(x);
#elif defined(__AVX2__)
  s.v = _mm256_loadu_si256((const __m256i*)x);
#elif defined(__SSE2__)
  __m128i bytes = _mm_loadl_epi64((const __m128i*)x);
  s.v = _mm_srai_epi16(_mm_unpacklo_epi8(bytes, bytes), 8);
#elif defined(__aarch64__)
  s.v = vld1q_s8((const int8_t*)x);
#else
  memcpy(s.v, x, STEP);
#endif
  return s;
}

/* sums + int8 weights * activations. */
VESALIUS_INLINE Ints step_int8(Ints sums, const uint8_t* w, StepInts x) {
#if defined(__AVX512VNNI__)
  __m512i shifted = _mm512_xor_si512(_mm512_loadu_si512(w), _mm512_set1_epi8((char)0x80));
  return (Ints)_mm512_dpbusd_epi32((__m512i)sums, shifted, x.v);
#elif defined(__AVX2__)
  /* |w| * (x with the sign of w): two products of at most 127 * 127 fit 16 bits. */
  __m256i weights = _mm256_loadu_si256((const __m256i*)w);
  __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(weights), _mm256_sign_epi8(x.v, weights));
  return sums + (Ints)_mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
#elif defined(__SSE2__)
  __m128i bytes = _mm_loadl_epi64((const __m128i*)w);
  return sums + (Ints)_mm_madd_epi16(_mm_srai_epi16(_mm_unpacklo_epi8(bytes, bytes), 8), x.v);
#elif defined(__ARM_FEATURE_DOTPROD)
  return (Ints)vdotq_s32((int32x4_t)sums, vld1q_s8((const int8_t*)w), x.v);
#else
  for (int64_t i = 0; i < STEP; i++) {
    sums[i % LANES] += (int8_t)w[i] * x.v[i];
  }
  return sums;
#endif
}

/* Activations of a group of int4 weights as their products want them. */
struct NibbleInts {
#if defined(__AVX512VNNI__)
  __m512i v;
#elif defined(__AVX2__)
  __m256i low, high;
#else
  const int8_t* v;
#endif
};

VESALIUS_INLINE NibbleInts load_nibbles(const uint8_t* x) {
  NibbleInts s;
#if defined(__AVX512VNNI__)
  s.v = _mm512_loadu_si512(x);
#elif defined(__AVX2__)
  s.low = _mm256_loadu_si256((const __m256i*)x);
  s.high = _mm256_loadu_si256((const __m256i*)(x + 32));
#else
  s.v = (const int8_t*)x;
#endif
  return s;
}

#if defined(__AVX2__) && VESALIUS_LANES == 8
/* Sixteen sums of one group of int4 weights * activations, of four products each: at most 4 * 15 * 127. */
VESALIUS_INLINE __m256i pairs_int4(const uint8_t* w, NibbleInts x) {
  __m256i bytes = _mm256_loadu_si256((const __m256i*)w);
  __m256i nibble = _mm256_set1_epi8(15);
  __m256i low = _mm256_maddubs_epi16(_mm256_and_si256(bytes, nibble), x.low);
  __m256i high = _mm256_maddubs_epi16(_mm256_and_si256(_mm256_srli_epi16(bytes, 4), nibble), x.high);
  return _mm256_add_epi16(low, high);
}
#endif

/* Lane sums of one group of int4 weights * activations. */
VESALIUS_INLINE Ints dot_int4(const uint8_t* w, NibbleInts x) {
#if defined(__AVX512VNNI__)
  __m256i bytes = _mm256_loadu_si256((const __m256i*)w);
  __m512i pairs = _mm512_inserti64x4(_mm512_castsi256_si512(bytes), _mm256_srli_epi16(bytes, 4), 1);
  return (Ints)_mm512_dpbusd_epi32(_mm512_setzero_si512(), _mm512_and_si512(pairs, _mm512_set1_epi8(15)), x.v);
#elif defined(__AVX2__)
  return (Ints)_mm256_madd_epi16(pairs_int4(w, x), _mm256_set1_epi16(1));
#elif defined(__SSE2__)
  __m128i sums = _mm_setzero_si128();
  __m128i nibble = _mm_set1_epi16(15);
  for (int i = 0; i < 32; i += 8) {
    __m128i bytes = _mm_unpacklo_epi8(_mm_loadl_epi64((const __m128i*)(w + i)), _mm_setzero_si128());
    __m128i low = load_step((const uint8_t*)x.v + i).v;
    __m128i high = load_step((const uint8_t*)x.v + 32 + i).v;
    sums = _mm_add_epi32(sums, _mm_madd_epi16(_mm_and_si128(bytes, nibble), low));
    sums = _mm_add_epi32(sums, _mm_madd_epi16(_mm_srli_epi16(bytes, 4), high));
  }
  return (Ints)sums;
#elif defined(__ARM_FEATURE_DOTPROD)
  int32x4_t sums = vdupq_n_s32(0);
  for (int i = 0; i < 32; i += 16) {
    uint8x16_t bytes = vld1q_u8(w + i);
    sums = vdotq_s32(sums, vreinterpretq_s8_u8(vandq_u8(bytes, vdupq_n_u8(15))), vld1q_s8(x.v + i));
    sums = vdotq_s32(sums, vreinterpretq_s8_u8(vshrq_n_u8(bytes, 4)), vld1q_s8(x.v + 32 + i));
  }
  return (Ints)sums;
#else
  Ints sums{};
  for (int i = 0; i < 32; i++) {
    sums[i % LANES] += (w[i] & 15) * x.v[i] + (w[i] >> 4) * x.v[32 + i];
  }
  return sums;
#endif
}

/* Lane sums of four vectors of integers. */
VESALIUS_INLINE QuadInts sum4(Ints a, Ints b, Ints c, Ints d) {
#if VESALIUS_LANES == 16
  __m256i q[4];
  Ints v[4] = {a, b, c, d};
  for (int i = 0; i < 4; i++) {
    q[i] = _mm256_add_epi32(_mm512_castsi512_si256((__m512i)v[i]), _mm512_extracti64x4_epi64((__m512i)v[i], 1));
  }
  __m256i s = _mm256_hadd_epi32(_mm256_hadd_epi32(q[0], q[1]), _mm256_hadd_epi32(q[2], q[3]));
  return (QuadInts)_mm_add_epi32(_mm256_castsi256_si128(s), _mm256_extracti128_si256(s, 1));
#elif VESALIUS_LANES == 8
  __m256i s = _mm256_hadd_epi32(_mm256_hadd_epi32((__m256i)a, (__m256i)b), _mm256_hadd_epi32((__m256i)c, (__m256i)d));
  return (QuadInts)_mm_add_epi32(_mm256_castsi256_si128(s), _mm256_extracti128_si256(s, 1));
#else
  QuadInts ab = __builtin_shuffle(a, b, QuadInts{0, 4, 1, 5}) + __builtin_shuffle(a, b, QuadInts{2, 6, 3, 7});
  QuadInts cd = __builtin_shuffle(c, d, QuadInts{0, 4, 1, 5}) + __builtin_shuffle(c, d, QuadInts{2, 6, 3, 7});
  return __builtin_shuffle(ab, cd, QuadInts{0, 1, 4, 5}) + __builtin_shuffle(ab, cd, QuadInts{2, 3, 6, 7});
#endif
}

template <typename Q>
VESALIUS_INLINE void transpose4(Q (&q)[4]) {
  Q ab_low = __builtin_shuffle(q[0], q[1], QuadInts{0, 4, 1, 5});
  Q ab_high = __builtin_shuffle(q[0], q[1], QuadInts{2, 6, 3, 7});
  Q cd_low = __builtin_shuffle(q[2], q[3], QuadInts{0, 4, 1, 5});
  Q cd_high = __builtin_shuffle(q[2], q[3], QuadInts{2, 6, 3, 7});
  q[0] = __builtin_shuffle(ab_low, cd_low, QuadInts{0, 1, 4, 5});
  q[1] = __builtin_shuffle(ab_low, cd_low, QuadInts{2, 3, 6, 7});
  q[2] = __builtin_shuffle(ab_high, cd_high, QuadInts{0, 1, 4, 5});
  q[3] = __builtin_shuffle(ab_high, cd_high, QuadInts{2, 3, 6, 7});
}

/* Four consecutive float16 numbers. */
VESALIUS_INLINE Quad read_halves4(const uint8_t* p) {
#if defined(__F16C__)
  return (Quad)_mm_cvtph_ps(_mm_loadl_epi64((const __m128i*)p));
#elif defined(__aarch64__)
  float16x4_t h;
  memcpy(&h, p, sizeof h);
  return (Quad)vcvt_f32_f16(h);
#else
  Quad q;
  for (int i = 0; i < 4; i++) {
    q[i] = read_one<StoredF16>(p + 2 * i);
  }
  return q;
#endif
}

/* Four numbers of a row of scales, from number `g` on; those from `groups` on are not there. */
template <typename Stored>
VESALIUS_INLINE Quad scales4(const void* data, int64_t row, int64_t groups, int64_t g) {
  const uint8_t* p = (const uint8_t*)data + (row * groups + g) * sizeof(typename Stored::Element);
  Quad q{};
  if (g + 4 > groups) {
    for (int64_t i = 0; i < groups - g; i++) {
      q[i] = read_one<Stored>(p + i * sizeof(typename Stored::Element));
    }
  } else if constexpr (sizeof(typename Stored::Element) == 4) {
    q = load<Quad>(p);
  } else {
    q = read_halves4(p);
  }
  return q;
}


/* Lane sums of group g of four rows. */
static inline QuadInts dots_int8(const uint8_t* const* rows, const uint8_t* x, int64_t g, int64_t columns) {
  int64_t k = g * INT8_GROUP;
  int64_t end = least(k + INT8_GROUP, columns);
  Ints sums[4] = {};
  for (; k + 64 <= end; k += 64) {
#pragma GCC unroll 4
    for (int64_t r = 0; r < 4; r++) {
      __builtin_prefetch(rows[r] + k + FETCH_AHEAD);
    }
#pragma GCC unroll 8
    for (int64_t i = k; i < k + 64; i += STEP) {
      StepInts step = load_step(x + i);
#pragma GCC unroll 4
      for (int64_t r = 0; r < 4; r++) {
        sums[r] = step_int8(sums[r], rows[r] + i, step);
      }
    }
  }
  for (; k < end; k += STEP) {
    StepInts step = load_step(x + k);
    for (int64_t r = 0; r < 4; r++) {
      uint8_t rest[64] = {};
      memcpy(rest, rows[r] + k, least(STEP, end - k));
      sums[r] = step_int8(sums[r], rest, step);
    }
  }
  return sum4(sums[0], sums[1], sums[2], sums[3]);
}

static inline QuadInts dots_int4(const uint8_t* const* rows, const uint8_t* x, int64_t g) {
  NibbleInts nibbles = load_nibbles(x + g * INT4_GROUP);
  Ints sums[4];
#pragma GCC unroll 4
  for (int64_t r = 0; r < 4; r++) {
    sums[r] = dot_int4(rows[r] + g * 32, nibbles);
  }
  return sum4(sums[0], sums[1], sums[2], sums[3]);
}

#if defined(__AVX2__) && VESALIUS_LANES == 8

/* Groups that the rows below take at once: as many as a vector has scales. */
constexpr int64_t BLOCK_GROUPS = 8;

/* Number i of four rows in the lower half, number i + 4 in the upper one, from eight numbers of each row. */
struct BlockScales {
  Floats v[4];

  inline __attribute__((always_inline)) BlockScales(const void* data, const int64_t (&rows)[4], int64_t groups, int64_t first) {
    __m256 r[4];
#pragma GCC unroll 4
    for (int64_t i = 0; i < 4; i++) {
      r[i] = (__m256)StoredF16::read((const uint16_t*)data + rows[i] * groups + first);
    }
    __m256 low01 = _mm256_unpacklo_ps(r[0], r[1]);
    __m256 low23 = _mm256_unpacklo_ps(r[2], r[3]);
    __m256 high01 = _mm256_unpackhi_ps(r[0], r[1]);
    __m256 high23 = _mm256_unpackhi_ps(r[2], r[3]);
    v[0] = (Floats)_mm256_shuffle_ps(low01, low23, 0x44);
    v[1] = (Floats)_mm256_shuffle_ps(low01, low23, 0xee);
    v[2] = (Floats)_mm256_shuffle_ps(high01, high23, 0x44);
    v[3] = (Floats)_mm256_shuffle_ps(high01, high23, 0xee);
  }
};

/*
 * Integers of one group of four rows, in each half those of half of the columns. Four of a row's sums are added in 16 bits,
 * which hold four times what each is at most.
 */
VESALIUS_INLINE __m256i half_dots(const uint8_t* const (&rows)[4], int64_t at, NibbleInts x) {
  __m256i sums[4];
#pragma GCC unroll 4
  for (int64_t r = 0; r < 4; r++) {
    sums[r] = pairs_int4(rows[r] + at, x);
  }
  /* Two neighbouring sums stay beside each other to the end, where one instruction adds them and has 32 bits. */
  __m256i a = _mm256_add_epi16(_mm256_unpacklo_epi32(sums[0], sums[1]), _mm256_unpackhi_epi32(sums[0], sums[1]));
  __m256i b = _mm256_add_epi16(_mm256_unpacklo_epi32(sums[2], sums[3]), _mm256_unpackhi_epi32(sums[2], sums[3]));
  __m256i four = _mm256_add_epi16(_mm256_unpacklo_epi64(a, b), _mm256_unpackhi_epi64(a, b));
  return _mm256_madd_epi16(four, _mm256_set1_epi16(1));
}

/* Number I of each half, everywhere in that half. */
template <int I>
VESALIUS_INLINE Floats everywhere(Floats v) {
  return (Floats)_mm256_permute_ps((__m256)v, I * 0x55);
}

VESALIUS_INLINE Quad half_of(Floats v, int64_t upper) {
  return (Quad)(upper == 0 ? _mm256_castps256_ps128((__m256)v) : _mm256_extractf128_ps((__m256)v, 1));
}

/* Adds BLOCK_GROUPS groups of int4 weights of four rows, from group `first` on, to their totals, in the order of the groups. */
static inline Quad add_block(const vesalius_weight* w, const int64_t (&numbers)[4], const uint8_t* const (&rows)[4],
                             const uint8_t* x, const float* scales_of_x, const int32_t* sums_of_x, int64_t groups,
                             int64_t first, Quad total) {
  Floats of_x = load<Floats>(scales_of_x + first);
  Floats shift = __builtin_convertvector(load<Ints>(sums_of_x + first), Floats) * of_x;
  Floats dots[4];
#pragma GCC unroll 4
  for (int64_t i = 0; i < 4; i++) {
    __builtin_prefetch(rows[i] + first * 32 + FETCH_AHEAD);
    __builtin_prefetch(rows[i] + first * 32 + FETCH_AHEAD + 64);
    __builtin_prefetch(rows[i] + first * 32 + FETCH_AHEAD + 128);
    __builtin_prefetch(rows[i] + first * 32 + FETCH_AHEAD + 192);
    __m256i a = half_dots(rows, (first + i) * 32, load_nibbles(x + (first + i) * INT4_GROUP));
    __m256i b = half_dots(rows, (first + i + 4) * 32, load_nibbles(x + (first + i + 4) * INT4_GROUP));
    Ints both = (Ints)_mm256_permute2x128_si256(a, b, 0x20) + (Ints)_mm256_permute2x128_si256(a, b, 0x31);
    dots[i] = __builtin_convertvector(both, Floats);
  }
  BlockScales scales(w->scales, numbers, groups, first);
  BlockScales minimums(w->minimums, numbers, groups, first);
  Floats factors[4] = {scales.v[0] * everywhere<0>(of_x), scales.v[1] * everywhere<1>(of_x), scales.v[2] * everywhere<2>(of_x),
                       scales.v[3] * everywhere<3>(of_x)};
  Floats shifts[4] = {everywhere<0>(shift), everywhere<1>(shift), everywhere<2>(shift), everywhere<3>(shift)};
#pragma GCC unroll 2
  for (int64_t upper = 0; upper < 2; upper++) {
#pragma GCC unroll 4
    for (int64_t i = 0; i < 4; i++) {
      total = fused(half_of(dots[i], upper), half_of(factors[i], upper), total);
      total = fused(half_of(minimums.v[i], upper), half_of(shifts[i], upper), total);
    }
  }
  return total;
}

#endif

#if defined(__AVX512VNNI__)

/* Groups that the rows below take at once: what four rows have of them fills a vector. */
constexpr int64_t BLOCK_GROUPS = 4;

/* Number i of four rows in quarter i of a vector, from four numbers of each row. */
VESALIUS_INLINE Floats block_scales(const void* data, const int64_t (&rows)[4], int64_t groups, int64_t first) {
  uint64_t words[4];
#pragma GCC unroll 4
  for (int64_t r = 0; r < 4; r++) {
    memcpy(&words[r], (const uint16_t*)data + rows[r] * groups + first, sizeof words[r]);
  }
  __m256i halves = _mm256_set_epi64x((int64_t)words[3], (int64_t)words[2], (int64_t)words[1], (int64_t)words[0]);
  __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return (Floats)_mm512_permutexvar_ps(order, _mm512_cvtph_ps(halves));
}

/* Number i everywhere in quarter i. */
VESALIUS_INLINE Floats quarters_of(Quad v) {
  __m512i order = _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
  return (Floats)_mm512_permutexvar_ps(order, _mm512_castps128_ps512((__m128)v));
}

template <int I>
VESALIUS_INLINE Quad quarter(Floats v) {
  return (Quad)_mm512_extractf32x4_ps((__m512)v, I);
}

/* The next group's part of four rows' totals, then that of the groups after it. */
template <int I>
VESALIUS_INLINE Quad add_quarters_from(Quad total, Floats dots, Floats factors, Floats minimums, Quad shifts) {
  total = fused(quarter<I>(dots), quarter<I>(factors), total);
  total = fused(quarter<I>(minimums), Quad{} + shifts[I], total);
  if constexpr (I < 3) {
    total = add_quarters_from<I + 1>(total, dots, factors, minimums, shifts);
  }
  return total;
}

/* Integers of two groups of four rows: in each quarter a part of a group's, of which the lower half belongs to the first. */
VESALIUS_INLINE __m512i quarter_dots(const uint8_t* const (&rows)[4], int64_t at, const uint8_t* x) {
  __m512i first = _mm512_loadu_si512(x);
  __m512i second = _mm512_loadu_si512(x + INT4_GROUP);
  /* Lower nibbles of a group's 32 bytes are its first 32 columns. */
  __m512i lower = _mm512_shuffle_i64x2(first, second, 0x44);
  __m512i upper = _mm512_shuffle_i64x2(first, second, 0xee);
  __m512i nibble = _mm512_set1_epi8(15);
  __m512i sums[4];
#pragma GCC unroll 4
  for (int64_t r = 0; r < 4; r++) {
    __m512i bytes = _mm512_loadu_si512(rows[r] + at);
    sums[r] = _mm512_dpbusd_epi32(_mm512_setzero_si512(), _mm512_and_si512(bytes, nibble), lower);
    sums[r] = _mm512_dpbusd_epi32(sums[r], _mm512_and_si512(_mm512_srli_epi16(bytes, 4), nibble), upper);
  }
  __m512i a = _mm512_add_epi32(_mm512_unpacklo_epi32(sums[0], sums[1]), _mm512_unpackhi_epi32(sums[0], sums[1]));
  __m512i b = _mm512_add_epi32(_mm512_unpacklo_epi32(sums[2], sums[3]), _mm512_unpackhi_epi32(sums[2], sums[3]));
  return _mm512_add_epi32(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
}

/* Adds BLOCK_GROUPS groups of int4 weights of four rows, from group `first` on, to their totals, in the order of the groups. */
static inline Quad add_block(const vesalius_weight* w, const int64_t (&numbers)[4], const uint8_t* const (&rows)[4],
                             const uint8_t* x, const float* scales_of_x, const int32_t* sums_of_x, int64_t groups,
                             int64_t first, Quad total) {
#pragma GCC unroll 4
  for (int64_t r = 0; r < 4; r++) {
    __builtin_prefetch(rows[r] + first * 32 + FETCH_AHEAD);
    __builtin_prefetch(rows[r] + first * 32 + FETCH_AHEAD + 64);
  }
  __m512i a = quarter_dots(rows, first * 32, x + first * INT4_GROUP);
  __m512i b = quarter_dots(rows, (first + 2) * 32, x + (first + 2) * INT4_GROUP);
  __m512i dots = _mm512_add_epi32(_mm512_shuffle_i32x4(a, b, 0x88), _mm512_shuffle_i32x4(a, b, 0xdd));
  Quad of_x = load<Quad>(scales_of_x + first);
  Quad shifts = __builtin_convertvector(load<QuadInts>(sums_of_x + first), Quad) * of_x;
  Floats factors = block_scales(w->scales, numbers, groups, first) * quarters_of(of_x);
  Floats minimums = block_scales(w->minimums, numbers, groups, first);
  return add_quarters_from<0>(total, (Floats)_mm512_cvtepi32_ps(dots), factors, minimums, shifts);
}

#endif

/*
 * The rows `row`, `row + apart`, `row + 2 apart` and `row + 3 apart` by one token; those from `to` on repeat the last, and
 * their results are dropped.
 */
template <bool MINIMUM>
static void stream_quantized(const vesalius_weight* w, float* out, const PreparedInts& x, int64_t token, const float* bias,
                             int64_t row, int64_t apart, int64_t to) {
  int64_t groups = x.groups();
  int64_t row_bytes = MINIMUM ? groups * 32 : w->columns;
  int64_t numbers[4];
  const uint8_t* rows[4];
  for (int64_t r = 0; r < 4; r++) {
    numbers[r] = least(row + r * apart, to - 1);
    rows[r] = (const uint8_t*)w->data + numbers[r] * row_bytes;
  }
  const uint8_t* in = x.at(token, 0);
  const float* scales = x.scales(token);
  const int32_t* sums_of_x = x.sums(token);
  Quad total{};
  int64_t first = 0;
#if defined(__AVX512VNNI__) || (defined(__AVX2__) && VESALIUS_LANES == 8)
  for (; MINIMUM && first + BLOCK_GROUPS <= groups; first += BLOCK_GROUPS) {
    total = add_block(w, numbers, rows, in, scales, sums_of_x, groups, first, total);
  }
#endif
  for (; first < groups; first += 4) {
    int64_t count = least(4, groups - first);
    QuadInts dots[4];
    Quad scale[4], minimum[4];
#pragma GCC unroll 4
    for (int64_t r = 0; r < 4; r++) {
      if (MINIMUM) {
        __builtin_prefetch(rows[r] + first * 32 + FETCH_AHEAD);
        __builtin_prefetch(rows[r] + first * 32 + FETCH_AHEAD + 64);
        scale[r] = scales4<StoredF16>(w->scales, numbers[r], groups, first);
        minimum[r] = scales4<StoredF16>(w->minimums, numbers[r], groups, first);
      } else {
        scale[r] = scales4<StoredF32>(w->scales, numbers[r], groups, first);
      }
    }
    for (int64_t i = 0; i < count; i++) {
      dots[i] = MINIMUM ? dots_int4(rows, in, first + i) : dots_int8(rows, in, first + i, w->columns);
    }
    transpose4(scale);
    if (MINIMUM) {
      transpose4(minimum);
    }
    for (int64_t i = 0; i < count; i++) {
      int64_t group = first + i;
      QuadInts dot = dots[i];
      if (!MINIMUM && WEIGHT_OFFSET != 0) {
        /* Every column that a step covered counts, and those beyond the last have activations of zero. */
        dot = dot - WEIGHT_OFFSET * sums_of_x[group];
      }
      total = fused(__builtin_convertvector(dot, Quad), scale[i] * scales[group], total);
      if (MINIMUM) {
        total = fused(minimum[i], Quad{} + (float)sums_of_x[group] * scales[group], total);
      }
    }
  }
  for (int64_t r = 0; r < 4; r++) {
    if (row + r * apart < to) {
      out[numbers[r]] = bias == nullptr ? total[r] : total[r] + bias[numbers[r]];
    }
  }
}

/*
 * Few tokens: four rows from the four quarters of the range at a time, so that each quarter is one stream from its first
 * byte to its last. Neighbouring rows side by side would be several streams in a page, which prefetching does not follow.
 */
template <bool MINIMUM>
static void stream_quarters(const vesalius_weight* w, float* out, int64_t out_stride, const PreparedInts& x,
                            const float* bias, int64_t from, int64_t to) {
  int64_t quarter = (to - from + 3) / 4;
  for (int64_t row = from; row < from + quarter; row++) {
    for (int64_t t = 0; t < x.tokens; t++) {
      stream_quantized<MINIMUM>(w, out + t * out_stride, x, t, bias, row, quarter, to);
    }
  }
}

static void multiply_ints(const vesalius_weight* w, float* out, int64_t out_stride, const PreparedInts& x, const float* bias,
                          int64_t from, int64_t to) {
  if (w->format == VESALIUS_INT8) {
    stream_quarters<false>(w, out, out_stride, x, bias, from, to);
  } else {
    stream_quarters<true>(w, out, out_stride, x, bias, from, to);
  }
}

}  // namespace VESALIUS_TIER
}  // namespace vesalius
