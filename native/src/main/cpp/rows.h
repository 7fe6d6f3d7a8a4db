/* Operations on rows of activations. Every number of a row is computed in one way, whatever range of rows a call gets. */
#include "vesalius.h"

#include "exponential.h"

namespace vesalius {
namespace VESALIUS_TIER {

/* Half a vector of floats fills a vector of doubles. */
constexpr int64_t DOUBLES = LANES / 2;
typedef float HalfFloats __attribute__((vector_size(LANES * 2)));
typedef double Doubles __attribute__((vector_size(LANES * 4)));
typedef int8_t Bytes __attribute__((vector_size(LANES)));

VESALIUS_INLINE Doubles to_doubles(HalfFloats x) { return __builtin_convertvector(x, Doubles); }
VESALIUS_INLINE HalfFloats to_floats(Doubles x) { return __builtin_convertvector(x, HalfFloats); }

VESALIUS_INLINE HalfFloats load_half(const float* p, int64_t n) {
  HalfFloats v{};
  memcpy(&v, p, n * sizeof(float));
  return v;
}

VESALIUS_INLINE double sum(Doubles v) {
  double total = 0;
  for (int64_t i = 0; i < DOUBLES; i++) {
    total += v[i];
  }
  return total;
}

/* Signed bytes as floats. */
VESALIUS_INLINE Floats bytes_to_floats(const void* p) {
#if defined(__AVX512F__) && VESALIUS_LANES == 16
  __m128i bytes = _mm_loadu_si128((const __m128i*)p);
  return __builtin_convertvector((Ints)_mm512_maskz_cvtepi8_epi32(0xffff, bytes), Floats);
#elif defined(__AVX2__) && VESALIUS_LANES == 8
  return (Floats)_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i*)p)));
#elif defined(__x86_64__) && VESALIUS_LANES == 4
  int32_t four;
  memcpy(&four, p, sizeof four);
  __m128i bytes = _mm_cvtsi32_si128(four);
  __m128i doubled = _mm_unpacklo_epi8(bytes, bytes);
  return (Floats)_mm_cvtepi32_ps(_mm_srai_epi32(_mm_unpacklo_epi16(doubled, doubled), 24));
#else
  return __builtin_convertvector(load<Bytes>(p), Floats);
#endif
}

struct StoredI8 {
  typedef int8_t Element;
  static inline __attribute__((always_inline)) float one(int8_t x) { return x; }
  static inline __attribute__((always_inline)) Floats read(const void* p) { return bytes_to_floats(p); }
};

/* ---- embedding ---- */

template <typename Stored>
VESALIUS_INLINE void widen(float* out, const void* row, int64_t n) {
  const char* p = (const char*)row;
  constexpr int64_t SIZE = sizeof(typename Stored::Element);
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    store(out + i, Stored::read(p + i * SIZE));
  }
  if (i < n) {
    store_first(out + i, read_first<Stored>(p + i * SIZE, n - i), n - i);
  }
}

static void widen_int8(float* out, const int8_t* row, const char* scales, int64_t n) {
  constexpr int64_t GROUP = 256;
  for (int64_t group = 0; group < n; group += GROUP, scales += sizeof(float)) {
    float scale;
    memcpy(&scale, scales, sizeof scale);
    int64_t end = least(n, group + GROUP);
    widen<StoredI8>(out + group, row + group, end - group);
    for (int64_t i = group; i < end; i++) {
      out[i] *= scale;
    }
  }
}

/* Four bits times eleven are exact in a float, so that the sum alone is rounded. */
static void widen_int4(float* out, const uint8_t* row, const char* scales, const char* minimums, int64_t n) {
  constexpr int64_t GROUP = 64;
  for (int64_t group = 0; group < n; group += GROUP, row += GROUP / 2, scales += 2, minimums += 2) {
    float scale = read_one<StoredF16>(scales);
    float minimum = read_one<StoredF16>(minimums);
    float* to = out + group;
    int64_t count = least(n - group, GROUP);
    int64_t low = least(count, GROUP / 2);
    for (int64_t i = 0; i < low; i++) {
      to[i] = (float)(row[i] & 15) * scale + minimum;
    }
    for (int64_t i = GROUP / 2; i < count; i++) {
      to[i] = (float)(row[i - GROUP / 2] >> 4) * scale + minimum;
    }
  }
}

static void embed(float* out, int64_t out_stride, const vesalius_weight* table, const int32_t* ids, int64_t from,
                  int64_t to) {
  const char* data = (const char*)table->data;
  const char* scales = (const char*)table->scales;
  const char* minimums = (const char*)table->minimums;
  int64_t n = table->columns;
  for (int64_t t = from; t < to; t++) {
    float* row = out + t * out_stride;
    int64_t id = ids[t];
    switch (table->format) {
      case VESALIUS_F32:
        memcpy(row, data + id * n * 4, n * sizeof(float));
        break;
      case VESALIUS_F16:
        widen<StoredF16>(row, data + id * n * 2, n);
        break;
      case VESALIUS_BF16:
        widen<StoredBF16>(row, data + id * n * 2, n);
        break;
      case VESALIUS_INT8:
        widen_int8(row, (const int8_t*)data + id * n, scales + id * ((n + 255) / 256) * 4, n);
        break;
      case VESALIUS_INT4: {
        int64_t groups = (n + 63) / 64;
        widen_int4(row, (const uint8_t*)data + id * groups * 32, scales + id * groups * 2, minimums + id * groups * 2, n);
        break;
      }
    }
  }
}

/* ---- sums of rows ---- */

static void mix_rows(float* out, int64_t out_stride, const float* x, int64_t x_stride, const int32_t* index,
                     int64_t index_stride, const float* shares, int64_t shares_stride, int64_t parts, int64_t width,
                     int64_t from, int64_t to) {
  constexpr int64_t STEP = 4 * LANES;
  for (int64_t r = from; r < to; r++) {
    float* row = out + r * out_stride;
    int64_t c = 0;
    for (; c + STEP <= width; c += STEP) {
      Floats total[4] = {};
      for (int64_t k = 0; k < parts; k++) {
        const float* part = x + index[k * index_stride + r] * x_stride + c;
        Floats share = splat(shares[k * shares_stride + r]);
        for (int64_t j = 0; j < 4; j++) {
          total[j] = fma(share, load<Floats>(part + j * LANES), total[j]);
        }
      }
      for (int64_t j = 0; j < 4; j++) {
        store(row + c + j * LANES, total[j]);
      }
    }
    for (; c < width; c += LANES) {
      int64_t count = least(LANES, width - c);
      Floats total{};
      for (int64_t k = 0; k < parts; k++) {
        const float* part = x + index[k * index_stride + r] * x_stride + c;
        total = fma(splat(shares[k * shares_stride + r]), load_first(part, count), total);
      }
      store_first(row + c, total, count);
    }
  }
}

VESALIUS_INLINE void add_row(float* out, const float* x, int64_t width) {
  for (int64_t i = 0; i < width; i++) {
    out[i] += x[i];
  }
}

static void add_rows(float* out, int64_t out_stride, const float* x, int64_t x_stride, const int32_t* index, int64_t width,
                     int64_t from, int64_t to) {
  for (int64_t r = from; r < to; r++) {
    add_row(out + (index == nullptr ? r : index[r]) * out_stride, x + r * x_stride, width);
  }
}

static void scale(float* x, int64_t x_stride, float factor, int64_t width, int64_t from, int64_t to) {
  for (int64_t r = from; r < to; r++) {
    float* row = x + r * x_stride;
    for (int64_t i = 0; i < width; i++) {
      row[i] *= factor;
    }
  }
}

/* ---- norms: sums in double, because squares leave the range of floats early ---- */

/* Sum of f(number) over a row, in two vectors of doubles. */
template <typename F>
VESALIUS_INLINE double sum_of(const float* x, int64_t width, F f) {
  Doubles even{}, odd{};
  int64_t i = 0;
  for (; i + LANES <= width; i += LANES) {
    even += f(to_doubles(load<HalfFloats>(x + i)));
    odd += f(to_doubles(load<HalfFloats>(x + i + DOUBLES)));
  }
  double total = sum(even + odd);
  for (; i < width; i++) {
    total += f(Doubles{} + (double)x[i])[0];
  }
  return total;
}

VESALIUS_INLINE double inverse_deviation(double squares, int64_t width, float epsilon) {
  return 1 / __builtin_sqrt(squares / (double)width + (double)epsilon);
}

VESALIUS_INLINE void rms_row(float* out, const float* x, const float* gain, float epsilon, int64_t width) {
  double squares = sum_of(x, width, [](Doubles v) { return v * v; });
  double factor = inverse_deviation(squares, width, epsilon);
  int64_t i = 0;
  for (; i + DOUBLES <= width; i += DOUBLES) {
    store(out + i, to_floats(to_doubles(load<HalfFloats>(x + i)) * factor) * load<HalfFloats>(gain + i));
  }
  for (; i < width; i++) {
    out[i] = (float)((double)x[i] * factor) * gain[i];
  }
}

static void rms_norm(float* out, int64_t out_stride, float* x, int64_t x_stride, const float* delta, int64_t delta_stride,
                     const float* gain, float epsilon, int64_t width, int64_t from, int64_t to) {
  for (int64_t r = from; r < to; r++) {
    float* row = x + r * x_stride;
    if (delta != nullptr) {
      add_row(row, delta + r * delta_stride, width);
    }
    rms_row(out + r * out_stride, row, gain, epsilon, width);
  }
}

static void layer_norm(float* out, int64_t out_stride, const float* x, int64_t x_stride, const float* gain, const float* bias,
                       float epsilon, int64_t width, int64_t from, int64_t to) {
  for (int64_t r = from; r < to; r++) {
    const float* row = x + r * x_stride;
    double mean = sum_of(row, width, [](Doubles v) { return v; }) / (double)width;
    double squares = sum_of(row, width, [mean](Doubles v) { return (v - mean) * (v - mean); });
    double factor = inverse_deviation(squares, width, epsilon);
    float* target = out + r * out_stride;
    int64_t i = 0;
    for (; i + DOUBLES <= width; i += DOUBLES) {
      HalfFloats normal = to_floats((to_doubles(load<HalfFloats>(row + i)) - mean) * factor);
      store(target + i, normal * load<HalfFloats>(gain + i) + load<HalfFloats>(bias + i));
    }
    for (; i < width; i++) {
      target[i] = (float)(((double)row[i] - mean) * factor) * gain[i] + bias[i];
    }
  }
}

/* ---- activations ---- */

template <typename F>
VESALIUS_INLINE void activate_rows(float* gate, int64_t gate_stride, const float* up, int64_t up_stride, int64_t width,
                                   int64_t from, int64_t to, F f) {
  for (int64_t r = from; r < to; r++) {
    float* row = gate + r * gate_stride;
    const float* factors = up == nullptr ? nullptr : up + r * up_stride;
    for (int64_t i = 0; i < width; i += LANES) {
      int64_t count = least(LANES, width - i);
      if (count == LANES) {
        Floats y = f(load<Floats>(row + i));
        store(row + i, factors == nullptr ? y : y * load<Floats>(factors + i));
      } else {
        Floats y = f(load_first(row + i, count));
        store_first(row + i, factors == nullptr ? y : y * load_first(factors + i, count), count);
      }
    }
  }
}

static void activate(float* gate, int64_t gate_stride, const float* up, int64_t up_stride, int32_t activation, int64_t width,
                     int64_t from, int64_t to) {
  switch (activation) {
    case VESALIUS_SILU:
      activate_rows(gate, gate_stride, up, up_stride, width, from, to, [](Floats x) { return times_logistic(x, x); });
      break;
    case VESALIUS_GELU:
      activate_rows(gate, gate_stride, up, up_stride, width, from, to, [](Floats x) { return times_normal(x); });
      break;
    case VESALIUS_GELU_TANH:
      /* 1 + tanh(z) is twice the logistic function of 2 z, z = sqrt(2 / pi) (x + 0.044715 x^3). */
      activate_rows(gate, gate_stride, up, up_stride, width, from, to, [](Floats x) {
        Floats slope = fma(x * x, splat(0.0713548162726f), splat(1.59576912161f));
        return times_logistic(x, x * slope);
      });
      break;
    case VESALIUS_QUICK_GELU:
      activate_rows(gate, gate_stride, up, up_stride, width, from, to,
                    [](Floats x) { return times_logistic(x, x * 1.702f); });
      break;
  }
}

}  // namespace VESALIUS_TIER
}  // namespace vesalius

#include "rotary.h"

#include "cache.h"
