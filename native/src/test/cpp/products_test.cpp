/* Matrix products against sums in double precision, and against the definition of rounded activations to the bit. */
#include "check.h"

namespace {

const int64_t INT8_GROUP = 256;
const int64_t INT4_GROUP = 64;

int64_t group_of(int format) { return format == VESALIUS_INT8 ? INT8_GROUP : INT4_GROUP; }

/* A random weight in memory that ends where nothing may be read any more. */
struct Stored {
  Buffer<uint8_t> data, scales, minimums;
  Buffer<double> values; /* (rows, columns) */
  vesalius_weight weight;

  static int64_t groups_of(int format, int64_t columns) {
    return format < VESALIUS_INT8 ? 0 : (columns + group_of(format) - 1) / group_of(format);
  }

  static int64_t bytes_of(int format, int64_t rows, int64_t columns) {
    switch (format) {
      case VESALIUS_F32:
        return rows * columns * 4;
      case VESALIUS_INT8:
        return rows * columns;
      case VESALIUS_INT4:
        return rows * groups_of(format, columns) * 32;
      default:
        return rows * columns * 2;
    }
  }

  /* `extreme`: quantized weights are the largest that their bits can be. */
  Stored(Random& random, int format, bool transposed, int64_t rows, int64_t columns, bool extreme = false)
      : data(bytes_of(format, rows, columns)),
        scales(rows * groups_of(format, columns) * (format == VESALIUS_INT8 ? 4 : 2)),
        minimums(format == VESALIUS_INT4 ? rows * groups_of(format, columns) * 2 : 0),
        values(rows * columns) {
    int64_t groups = groups_of(format, columns);
    bool quantized = format >= VESALIUS_INT8;
    weight = {data.data(), quantized ? scales.data() : nullptr, format == VESALIUS_INT4 ? minimums.data() : nullptr,
              rows, columns, format, transposed ? 1 : 0};
    for (int64_t i = 0; quantized && i < rows * groups; i++) {
      if (format == VESALIUS_INT8) {
        float scale = 0.001f + 0.01f * (float)random.uniform();
        memcpy(scales.data() + 4 * i, &scale, 4);
      } else {
        uint16_t scale = (uint16_t)(0x2000 + random.below(0x800));
        uint16_t minimum = (uint16_t)(0xa800 + random.below(0x800));
        memcpy(scales.data() + 2 * i, &scale, 2);
        memcpy(minimums.data() + 2 * i, &minimum, 2);
      }
    }
    for (int64_t r = 0; r < rows; r++) {
      for (int64_t c = 0; c < columns; c++) {
        int64_t at = transposed ? c * rows + r : r * columns + c;
        double& value = values[r * columns + c];
        switch (format) {
          case VESALIUS_F32: {
            float f = (float)random.normal();
            memcpy(data.data() + 4 * at, &f, 4);
            value = f;
            break;
          }
          case VESALIUS_F16: {
            uint16_t h = (uint16_t)(random.below(2) << 15 | random.below(0x4c00));
            memcpy(data.data() + 2 * at, &h, 2);
            value = f16_value(h);
            break;
          }
          case VESALIUS_BF16: {
            uint16_t b = bf16_nearest((float)random.normal());
            memcpy(data.data() + 2 * at, &b, 2);
            value = bf16_value(b);
            break;
          }
          case VESALIUS_INT8: {
            int8_t q = extreme ? (int8_t)(random.below(2) == 0 ? -128 : 127) : (int8_t)(random.below(255) - 127);
            memcpy(data.data() + at, &q, 1);
            value = q;
            break;
          }
          default: {
            int q = extreme ? 15 : (int)random.below(16);
            uint8_t& byte = data[(r * groups + c / 64) * 32 + c % 32];
            byte = (uint8_t)(c % 64 < 32 ? (byte & 0xf0) | q : (byte & 0x0f) | q << 4);
            value = q;
          }
        }
      }
    }
  }
};

/* What the native code computes, with the rows split at `split`. */
void product(const Stored& stored, const float* x, int64_t x_stride, int64_t tokens, const float* bias, float* out,
             int64_t out_stride, int64_t split) {
  const vesalius_weight* w = &stored.weight;
  Scratch prepared(vesalius_prepared_bytes(w, tokens));
  Scratch scratch(vesalius_product_scratch(w));
  int64_t grain = vesalius_prepare_grain(w);
  for (int64_t t = 0; t < tokens; t += grain) {
    vesalius_prepare(w, prepared.data(), tokens, x, x_stride, t, t + grain < tokens ? t + grain : tokens);
  }
  vesalius_multiply(w, out, out_stride, prepared.data(), tokens, bias, 0, split, scratch.data());
  vesalius_multiply(w, out, out_stride, prepared.data(), tokens, bias, split, w->rows, scratch.data());
}

/* The definition of a product with rounded activations, operation by operation. */
float rounded_product(const Stored& stored, const float* x, int64_t row) {
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
      memcpy(&of_row, stored.scales.data() + 4 * (row * groups + g), 4);
    } else {
      uint16_t h;
      memcpy(&h, stored.scales.data() + 2 * (row * groups + g), 2);
      of_row = f16_value(h);
    }
    float factor = of_row * scale;
    total = fmaf((float)dot, factor, total);
    if (w->format == VESALIUS_INT4) {
      uint16_t h;
      memcpy(&h, stored.minimums.data() + 2 * (row * groups + g), 2);
      float minimum = f16_value(h);
      float of_x = (float)sum * scale;
      total = fmaf(minimum, of_x, total);
    }
  }
  return total;
}

void check_case(Random& random, int format, bool transposed, int64_t tokens, int64_t rows, int64_t columns,
                bool extreme = false) {
  Stored stored(random, format, transposed, rows, columns, extreme);
  int rounding = vesalius_rounding_of(format, transposed);
  int64_t x_stride = columns + random.below(3);
  int64_t out_stride = rows + random.below(3);
  Buffer<float> x(tokens == 0 ? 0 : (tokens - 1) * x_stride + columns);
  Buffer<float> bias(rows);
  Buffer<float> out(tokens == 0 ? 0 : (tokens - 1) * out_stride + rows);
  Buffer<float> single(rows);
  random.fill_normal(x, 1);
  random.fill_normal(bias, 1);
  if (extreme) {
    /* Every activation rounds to the largest integer, mostly of one sign: sums of products are as large as can be. */
    for (int64_t i = 0; i < x.count(); i++) {
      x[i] = random.below(64) == 0 ? -1.0f : 1.0f;
    }
  }
  bool biased = random.below(2) == 0;
  const float* added = biased ? bias.data() : nullptr;
  memset(out.data(), 0xff, (size_t)out.bytes());
  product(stored, x.data(), x_stride, tokens, added, out.data(), out_stride, random.below(rows + 1));
  char name[160];
  snprintf(name, sizeof name, "format %d%s, %lld tokens, (%lld, %lld)", format, transposed ? " transposed" : "",
           (long long)tokens, (long long)rows, (long long)columns);
  for (int64_t t = 0; t < tokens; t++) {
    const float* in = &x[t * x_stride];
    auto bias_of = [&](int64_t r) { return biased ? bias[r] : 0.0f; };
    if (rounding == VESALIUS_ROUND_INT8) {
      check_close(
          &out[t * out_stride], rows,
          [&](int64_t r) {
            float expected = rounded_product(stored, in, r);
            return (double)(biased ? expected + bias_of(r) : expected);
          },
          [](int64_t) { return 0.0; }, name);
    } else {
      auto product_of = [&](int64_t r, int64_t c) {
        double v = rounding == VESALIUS_ROUND_BF16 ? bf16_value(bf16_nearest(in[c])) : in[c];
        return stored.values[r * columns + c] * v;
      };
      check_close(
          &out[t * out_stride], rows,
          [&](int64_t r) {
            double sum = bias_of(r);
            for (int64_t c = 0; c < columns; c++) {
              sum += product_of(r, c);
            }
            return sum;
          },
          [&](int64_t r) {
            double magnitude = fabs(bias_of(r));
            for (int64_t c = 0; c < columns; c++) {
              magnitude += fabs(product_of(r, c));
            }
            return sum_bound(columns + 1) * magnitude + 0x1p-120;
          },
          name);
    }
    if (t % 5 == 0 || t + 1 == tokens) {
      product(stored, in, columns, 1, added, single.data(), rows, rows);
      check_same(&out[t * out_stride], single.data(), rows * 4, name);
    }
  }
}

}  // namespace

void test_products() {
  const char* names[] = {"products, F32", "products, F16", "products, BF16", "products, int8", "products, int4"};
  /* An emulated processor takes minutes for what a real one does in a second. */
  bool few = getenv("VESALIUS_TEST_FEW") != nullptr;
  Random random(11);
  const int64_t columns[] = {1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 127, 255, 256, 257, 300, 511, 512, 513, 1029};
  const int64_t rows[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 65, 130};
  const int64_t tokens[] = {1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 14, 17, 33, 48, 50};
  for (int format = VESALIUS_F32; format <= VESALIUS_INT4; format++) {
    begin_group(names[format]);
    for (int transposed = 0; transposed <= (format >= VESALIUS_INT8 ? 0 : 1); transposed++) {
      for (int64_t c : columns) {
        for (int i = 0; i < (few ? 1 : 4); i++) {
          check_case(random, format, transposed == 1, tokens[random.below(15)], rows[random.below(15)], c);
        }
      }
      if (!few) {
        check_case(random, format, transposed == 1, 70, 67, 1280);
        check_case(random, format, transposed == 1, 19, 70, 3420);
      }
      /* Every number of tokens up to where the last way of multiplying begins, with more rows than a block has. */
      for (int64_t t = 1; t <= 50; t += few ? 7 : 1) {
        check_case(random, format, transposed == 1, t, 101, 70);
      }
      for (int64_t t = 1; format >= VESALIUS_INT8 && t <= 17; t += 4) {
        check_case(random, format, false, t, 33, 640, true);
      }
      check_case(random, format, transposed == 1, 1, 37, 2048);
      check_case(random, format, transposed == 1, 70, 67, 256);
      check_case(random, format, transposed == 1, 3, 9, 0);
      check_case(random, format, transposed == 1, 40, 9, 0);
      check_case(random, format, transposed == 1, 0, 9, 40);
    }
  }
}
