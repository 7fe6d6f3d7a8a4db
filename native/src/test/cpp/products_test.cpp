/* Matrix products against sums in double precision, and against the definition of rounded activations to the bit. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "vesalius.h"

namespace {

const int64_t INT8_GROUP = 256;
const int64_t INT4_GROUP = 64;

float bf16_to_float(uint16_t x) {
  uint32_t word = (uint32_t)x << 16;
  float value;
  memcpy(&value, &word, sizeof value);
  return value;
}

uint16_t float_to_bf16(float x) {
  uint32_t word;
  memcpy(&word, &x, sizeof word);
  return (uint16_t)((word + 0x7fff + (word >> 16 & 1)) >> 16);
}

/* Halves with a few bits of mantissa: enough to tell numbers apart, exact in double. */
double half_value(uint16_t h) {
  int exponent = h >> 10 & 31;
  int mantissa = h & 1023;
  double magnitude = exponent == 0 ? mantissa * 0x1p-24 : (1024 + mantissa) * pow(2.0, exponent - 25);
  return h & 0x8000 ? -magnitude : magnitude;
}

int64_t group_of(int format) { return format == VESALIUS_INT8 ? INT8_GROUP : INT4_GROUP; }

/* A random weight in memory that ends where nothing may be read any more. */
struct Stored {
  Guarded data, scales, minimums;
  vesalius_weight weight;
  double* values; /* (rows, columns) */

  Stored(Random& random, int format, bool transposed, int64_t rows, int64_t columns) {
    int64_t group = group_of(format);
    int64_t groups = (columns + group - 1) / group;
    bool quantized = format >= VESALIUS_INT8;
    int64_t bytes = format == VESALIUS_F32    ? rows * columns * 4
                    : format == VESALIUS_INT8 ? rows * columns
                    : format == VESALIUS_INT4 ? rows * groups * 32
                                              : rows * columns * 2;
    data.allocate(bytes);
    scales.allocate(quantized ? rows * groups * (format == VESALIUS_INT8 ? 4 : 2) : 0);
    minimums.allocate(format == VESALIUS_INT4 ? rows * groups * 2 : 0);
    values = (double*)malloc(sizeof(double) * (size_t)(rows * columns + 1));
    weight = {data.bytes, quantized ? scales.bytes : nullptr, format == VESALIUS_INT4 ? minimums.bytes : nullptr,
              rows, columns, format, transposed ? 1 : 0};
    for (int64_t i = 0; quantized && i < rows * groups; i++) {
      if (format == VESALIUS_INT8) {
        float scale = 0.001f + 0.01f * random.unit();
        memcpy(scales.bytes + 4 * i, &scale, 4);
      } else {
        uint16_t scale = (uint16_t)(0x2000 + random.below(0x800));
        uint16_t minimum = (uint16_t)(0xa800 + random.below(0x800));
        memcpy(scales.bytes + 2 * i, &scale, 2);
        memcpy(minimums.bytes + 2 * i, &minimum, 2);
      }
    }
    for (int64_t r = 0; r < rows; r++) {
      for (int64_t c = 0; c < columns; c++) {
        int64_t at = transposed ? c * rows + r : r * columns + c;
        double& value = values[r * columns + c];
        switch (format) {
          case VESALIUS_F32: {
            float f = random.normal();
            memcpy(data.bytes + 4 * at, &f, 4);
            value = f;
            break;
          }
          case VESALIUS_F16: {
            uint16_t h = (uint16_t)(random.below(2) << 15 | random.below(0x4c00));
            memcpy(data.bytes + 2 * at, &h, 2);
            value = half_value(h);
            break;
          }
          case VESALIUS_BF16: {
            uint16_t b = float_to_bf16(random.normal());
            memcpy(data.bytes + 2 * at, &b, 2);
            value = bf16_to_float(b);
            break;
          }
          case VESALIUS_INT8: {
            int8_t q = (int8_t)(random.below(255) - 127);
            memcpy(data.bytes + at, &q, 1);
            value = q;
            break;
          }
          default: {
            int q = random.below(16);
            uint8_t& byte = data.bytes[(r * groups + c / 64) * 32 + c % 32];
            byte = (uint8_t)(c % 64 < 32 ? (byte & 0xf0) | q : (byte & 0x0f) | q << 4);
            value = q;
          }
        }
      }
    }
  }

  ~Stored() { free(values); }

  Stored(const Stored&) = delete;
  Stored& operator=(const Stored&) = delete;
};

/* What the native code computes, with the rows split at `split`. */
void product(const Stored& stored, const float* x, int64_t x_stride, int64_t tokens, const float* bias, float* out,
             int64_t out_stride, int64_t split) {
  const vesalius_weight* w = &stored.weight;
  void* prepared = aligned_alloc(64, (size_t)((vesalius_prepared_bytes(w, tokens) + 127) / 64 * 64));
  void* scratch = aligned_alloc(64, (size_t)((vesalius_product_scratch(w) + 127) / 64 * 64));
  int64_t grain = vesalius_prepare_grain(w);
  for (int64_t t = 0; t < tokens; t += grain) {
    vesalius_prepare(w, prepared, tokens, x, x_stride, t, t + grain < tokens ? t + grain : tokens);
  }
  vesalius_multiply(w, out, out_stride, prepared, tokens, bias, 0, split, scratch);
  vesalius_multiply(w, out, out_stride, prepared, tokens, bias, split, w->rows, scratch);
  free(prepared);
  free(scratch);
}

/* The definition of a product with rounded activations, operation by operation. */
float rounded_product(const Stored& stored, const float* x, int64_t row, bool fused) {
  const vesalius_weight* w = &stored.weight;
  int64_t group = group_of(w->format);
  int64_t groups = (w->columns + group - 1) / group;
  float total = 0;
  for (int64_t g = 0; g < groups; g++) {
    int64_t begin = g * group;
    int64_t end = begin + group < w->columns ? begin + group : w->columns;
    float most = 0;
    for (int64_t c = begin; c < end; c++) {
      most = fmaxf(most, fabsf(x[c]));
    }
    float scale = most / 127.0f;
    int32_t dot = 0, sum = 0;
    for (int64_t c = begin; c < end; c++) {
      int32_t q = scale > 0 ? (int32_t)rintf(x[c] / scale) : 0;
      dot += q * (int32_t)stored.values[row * w->columns + c];
      sum += q;
    }
    float of_row;
    if (w->format == VESALIUS_INT8) {
      memcpy(&of_row, stored.scales.bytes + 4 * (row * groups + g), 4);
    } else {
      uint16_t h;
      memcpy(&h, stored.scales.bytes + 2 * (row * groups + g), 2);
      of_row = (float)half_value(h);
    }
    float factor = of_row * scale;
    total = fused ? fmaf((float)dot, factor, total) : (float)dot * factor + total;
    if (w->format == VESALIUS_INT4) {
      uint16_t h;
      memcpy(&h, stored.minimums.bytes + 2 * (row * groups + g), 2);
      float minimum = (float)half_value(h);
      float of_x = (float)sum * scale;
      total = fused ? fmaf(minimum, of_x, total) : minimum * of_x + total;
    }
  }
  return total;
}

void check_case(Checks& checks, Random& random, int format, bool transposed, int64_t tokens, int64_t rows, int64_t columns) {
  Stored stored(random, format, transposed, rows, columns);
  bool fused = strcmp(vesalius_isa(), "baseline") != 0;
  int rounding = vesalius_rounding_of(format, transposed);
  int64_t x_stride = columns + random.below(3);
  int64_t out_stride = rows + random.below(3);
  Guarded x, bias, out, single;
  x.allocate(tokens == 0 ? 0 : ((tokens - 1) * x_stride + columns) * 4);
  bias.allocate(rows * 4);
  out.allocate(tokens == 0 ? 0 : ((tokens - 1) * out_stride + rows) * 4);
  single.allocate(rows * 4);
  float* in = (float*)x.bytes;
  for (int64_t i = 0; i < x.size / 4; i++) {
    in[i] = random.normal();
  }
  bool biased = random.below(2) == 0;
  for (int64_t r = 0; r < rows; r++) {
    ((float*)bias.bytes)[r] = random.normal();
  }
  const float* added = biased ? (const float*)bias.bytes : nullptr;
  float* result = (float*)out.bytes;
  memset(out.bytes, 0xff, (size_t)out.size);
  product(stored, in, x_stride, tokens, added, result, out_stride, random.below((int)rows + 1));
  char name[160];
  snprintf(name, sizeof name, "format %d%s, %lld tokens, (%lld, %lld)", format, transposed ? " transposed" : "",
           (long long)tokens, (long long)rows, (long long)columns);
  for (int64_t t = 0; t < tokens; t++) {
    const float* row_in = in + t * x_stride;
    for (int64_t r = 0; r < rows; r++) {
      float found = result[t * out_stride + r];
      float with_bias = biased ? ((float*)bias.bytes)[r] : 0;
      if (rounding == VESALIUS_ROUND_INT8) {
        float expected = rounded_product(stored, row_in, r, fused);
        expected = biased ? expected + with_bias : expected;
        checks.equal(name, expected, found);
      } else {
        double sum = with_bias, magnitude = fabs(with_bias);
        for (int64_t c = 0; c < columns; c++) {
          double v = rounding == VESALIUS_ROUND_BF16 ? bf16_to_float(float_to_bf16(row_in[c])) : row_in[c];
          double p = stored.values[r * columns + c] * v;
          sum += p;
          magnitude += fabs(p);
        }
        checks.close(name, sum, found, ((double)columns + 2) * 0x1p-24 * 1.01 * magnitude + 1e-37);
      }
    }
    if (t % 5 == 0 || t + 1 == tokens) {
      product(stored, row_in, columns, 1, added, (float*)single.bytes, rows, rows);
      checks.same_bits(name, single.bytes, result + t * out_stride, rows * 4);
    }
  }
}

}  // namespace

void test_products(Checks& checks) {
  Random random(11);
  const int64_t columns[] = {1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 127, 255, 256, 257, 300, 511, 512, 513, 1029};
  const int64_t rows[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 65, 130};
  const int64_t tokens[] = {1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 14, 17, 32, 33, 50};
  for (int format = VESALIUS_F32; format <= VESALIUS_INT4; format++) {
    for (int transposed = 0; transposed <= (format >= VESALIUS_INT8 ? 0 : 1); transposed++) {
      for (int64_t c : columns) {
        for (int i = 0; i < 4; i++) {
          check_case(checks, random, format, transposed == 1, tokens[random.below(15)], rows[random.below(15)], c);
        }
      }
      check_case(checks, random, format, transposed == 1, 1, 37, 2048);
      check_case(checks, random, format, transposed == 1, 70, 67, 1280);
      check_case(checks, random, format, transposed == 1, 19, 70, 3420);
      check_case(checks, random, format, transposed == 1, 3, 9, 0);
      check_case(checks, random, format, transposed == 1, 40, 9, 0);
      check_case(checks, random, format, transposed == 1, 0, 9, 40);
    }
  }
}
