/* Products with every format of weights: few tokens, many, groups of experts. */
#include "kernels_test.h"

#include <stdlib.h>

static Random random_numbers{2};

/* Weights of several experts in one format, and the numbers that they stand for. */
struct Weights {
  std::vector<Memory<char>*> data, scales, minimums;
  std::vector<const void*> data_of, scales_of, minimums_of;
  std::vector<std::vector<double>> numbers;

  ~Weights() {
    for (auto* all : {&data, &scales, &minimums}) {
      for (Memory<char>* memory : *all) {
        delete memory;
      }
    }
  }
};

static const char* const FORMATS[] = {"f32", "f16", "bf16", "int8", "int4", "fp8"};
static constexpr int INT8 = 3, INT4 = 4, FP8 = 5;

static void add_weight(Weights* w, int format, int rows, int columns) {
  int group = format == INT8 ? 256 : format == FP8 ? columns : 64;
  int groups = up(columns, group);
  size_t count = (size_t)rows * columns;
  size_t row_bytes = format == 0 ? 4 * (size_t)columns : format <= 2 ? 2 * (size_t)columns : format == INT4 ? (size_t)groups * 32 : columns;
  auto* data = new Memory<char>(rows * row_bytes);
  bool wide = format == INT8 || format == FP8;
  auto* scales = new Memory<char>(wide ? (size_t)4 * rows * groups : (size_t)2 * rows * groups);
  auto* minimums = new Memory<char>((size_t)2 * rows * groups);
  std::vector<double> numbers(count);
  for (int i = 0; i < rows * groups; i++) {
    float scale = (0.5f + (float)random_numbers.below(1000) / 1000) / 64;
    float minimum = -8 * scale + random_numbers.normal() / 100;
    if (wide) {
      memcpy(scales->get() + 4 * i, &scale, 4);
    } else {
      uint16_t bits = to_half(scale);
      memcpy(scales->get() + 2 * i, &bits, 2);
      bits = to_half(minimum);
      memcpy(minimums->get() + 2 * i, &bits, 2);
    }
  }
  for (int r = 0; r < rows; r++) {
    for (int c = 0; c < columns; c++) {
      size_t at = (size_t)r * columns + c;
      size_t g = (size_t)r * groups + c / group;
      float x = random_numbers.normal();
      if (format == 0) {
        memcpy(data->get() + 4 * at, &x, 4);
        numbers[at] = x;
      } else if (format <= 2) {
        uint16_t bits = format == 1 ? to_half(x) : to_brain(x);
        memcpy(data->get() + 2 * at, &bits, 2);
        numbers[at] = format == 1 ? half(bits) : brain(bits);
      } else if (format == INT8) {
        int q = random_numbers.below(255) - 127;
        data->get()[at] = (char)q;
        numbers[at] = q;
      } else if (format == FP8) {
        int q = random_numbers.below(0x7f) | random_numbers.below(2) << 7;
        data->get()[at] = (char)q;
        numbers[at] = from_e4m3((uint8_t)q);
      } else {
        int q = random_numbers.below(16);
        int place = c % 64;
        data->get()[g * 32 + place % 32] |= (char)(place < 32 ? q : q << 4);
        numbers[at] = q;
      }
    }
  }
  for (size_t i = data->size(); format == FP8 && i % 16 != 0; i++) {
    /* Up to the memory's alignment: a NaN, which times nothing is not nothing. */
    data->get()[i] = 0x7f;
  }
  w->data.push_back(data);
  w->scales.push_back(scales);
  w->minimums.push_back(minimums);
  w->data_of.push_back(data->get());
  w->scales_of.push_back(scales->get());
  w->minimums_of.push_back(minimums->get());
  w->numbers.push_back(numbers);
}

struct Case {
  int format;
  int experts; /* 0: one weight without groups */
  int rows;
  int columns;
  std::vector<int> starts;
  bool biased;

  int tokens() const { return starts.back(); }
};

/* Activations as the integer products take them. */
struct Quantized {
  Memory<signed char> numbers;
  Memory<float> scales;
  Memory<int> sums;

  Quantized(const Memory<float>& x, int stride, int tokens, int columns, int group)
      : numbers((size_t)tokens * up(columns, group) * group, 55), scales((size_t)tokens * up(columns, group)), sums(scales.size()) {
    int groups = up(columns, group);
    launch("vesalius_quantize", {as(up(tokens * groups, 8))}, {256}, 0, numbers.get(), scales.get(), sums.get(), (const float*)x.get(), stride,
           tokens, columns, group);
    for (int t = 0; t < tokens; t++) {
      for (int g = 0; g < groups; g++) {
        float largest = 0;
        bool finite = true;
        for (int c = g * group; c < columns && c < (g + 1) * group; c++) {
          largest = fmaxf(largest, fabsf(x[(size_t)t * stride + c]));
          finite = finite && isfinite(x[(size_t)t * stride + c]);
        }
        float scale = largest / 127;
        size_t at = (size_t)t * groups + g;
        check(finite ? scales[at] == (scale < 0x1p-126f ? 0 : scale) : isnan(scales[at]), "scale %g instead of %g", scales[at], scale);
        int sum = 0;
        bool fine = true;
        for (int c = g * group; c < (g + 1) * group; c++) {
          float value = c < columns && scales[at] > 0 ? rintf(x[(size_t)t * stride + c] / scale) : 0;
          fine = fine && numbers[at * group + c - g * group] == (signed char)value;
          sum += (int)value;
        }
        check(fine && sums[at] == sum, "integers of token %d, group %d of %d", t, g, group);
      }
    }
  }
};

/* Activations as products of E4M3 take them. */
struct Rounded {
  Memory<uint8_t> numbers;
  Memory<float> scales;

  Rounded(const Memory<float>& x, int stride, int tokens, int columns) : numbers((size_t)tokens * up(columns, 128) * 128, 55), scales(tokens) {
    launch("vesalius_quantize_fp8", {as(tokens)}, {256}, 0, numbers.get(), scales.get(), (const float*)x.get(), stride, tokens, columns);
    int padded = up(columns, 128) * 128;
    for (int t = 0; t < tokens; t++) {
      const float* row = x.get() + (size_t)t * stride;
      float scale = scale_of(row, columns);
      check(same_bits(scales[t], scale), "scale %g instead of %g", scales[t], scale);
      bool fine = true;
      for (int c = 0; c < padded; c++) {
        fine = fine && numbers[(size_t)t * padded + c] == (c < columns && scale > 0 ? to_e4m3(row[c] / scale) : 0);
      }
      check(fine, "numbers in E4M3 of token %d, %d columns", t, columns);
    }
  }

  static float scale_of(const float* row, int columns) {
    float largest = 0;
    for (int c = 0; c < columns; c++) {
      largest = isfinite(row[c]) ? fmaxf(largest, fabsf(row[c])) : NAN;
      if (isnan(largest)) {
        return NAN;
      }
    }
    return largest / 448 < 0x1p-126f ? 0 : largest / 448;
  }
};

/* Launches the kernel of a kind, few or tiled. */
static void multiply(const Case& c, bool few, const Weights& w, float* out, int out_stride, const Memory<float>& x, int x_stride,
                     const float* bias, int* fault, int first, int count) {
  std::string name = std::string(few ? "vesalius_few_" : "vesalius_tiled_") + FORMATS[c.format];
  bool grouped = c.experts > 0;
  Memory<int> starts(c.starts);
  Memory<const void*> data(w.data_of), scales(w.scales_of), minimums(w.minimums_of);
  const int* s = grouped ? starts.get() : nullptr;
  const void* const* d = grouped ? data.get() : nullptr;
  const void* one = grouped ? nullptr : w.data_of[0];
  int experts = grouped ? c.experts : 1;
  int tile = few ? 16 : c.format <= 1 ? 64 : 128;
  int token_tile = c.format == 2 ? 128 : 64;
  dim3 grid = {as(up(c.rows, tile)), as(few ? experts : up(count, token_tile) + (grouped ? experts : 0))};
  const float* from = x.get() + (size_t)first * x_stride;
  if (c.format == INT8 || c.format == INT4) {
    int group = c.format == INT8 ? 256 : 64;
    int groups = up(c.columns, group);
    Quantized q(x, x_stride, first + count, c.columns, group);
    const signed char* numbers = q.numbers.get() + (size_t)first * groups * group;
    const float* x_scales = q.scales.get() + (size_t)first * groups;
    const int* x_sums = q.sums.get() + (size_t)first * groups;
    const void* const* so = grouped ? scales.get() : nullptr;
    const void* const* mo = grouped ? minimums.get() : nullptr;
    const void* scale = grouped ? nullptr : w.scales_of[0];
    const void* minimum = grouped ? nullptr : w.minimums_of[0];
    if (c.format == INT8) {
      launch(name.c_str(), grid, {256}, few ? 0 : 76032, out, out_stride, numbers, x_scales, x_sums, (const signed char*)one, (const float*)scale, d,
             so, s, experts, bias, count, c.rows, c.columns, fault);
    } else {
      launch(name.c_str(), grid, {256}, few ? 0 : 58368, out, out_stride, numbers, x_scales, x_sums, (const unsigned char*)one,
             (const uint16_t*)scale, (const uint16_t*)minimum, d, so, mo, s, experts, bias, count, c.rows, c.columns, fault);
    }
    return;
  }
  if (c.format == FP8) {
    Rounded q(x, x_stride, first + count, c.columns);
    const uint8_t* numbers = q.numbers.get() + (size_t)first * up(c.columns, 128) * 128;
    const float* x_scales = q.scales.get() + first;
    launch(name.c_str(), grid, {256}, few ? 0 : 73728, out, out_stride, numbers, x_scales, (const uint8_t*)one,
           (const float*)(grouped ? nullptr : w.scales_of[0]), d, grouped ? (const void* const*)scales.get() : nullptr, s, experts, bias, count,
           c.rows, c.columns, fault);
    return;
  }
  if (c.format == 2 && !few) {
    int padded = up(c.columns, 8) * 8;
    Memory<uint16_t> brains((size_t)count * padded);
    launch("vesalius_to_bf16", {as(count), as(up(padded, 1024))}, {256}, 0, brains.get(), padded, from, x_stride, count, c.columns, padded);
    launch(name.c_str(), grid, {256}, 98304, out, out_stride, (const uint16_t*)brains.get(), padded, (const uint16_t*)one, d, s, experts, bias,
           count, c.rows, c.columns, fault);
    return;
  }
  launch(name.c_str(), grid, {256}, 0, out, out_stride, from, x_stride, (const float*)one, d, s, experts, bias, count, c.rows, c.columns, fault);
}

/* What an integer product has to be, bit by bit. */
static float integer_product(const Case& c, const Weights& w, int expert, int row, const float* x, float bias) {
  int group = c.format == INT8 ? 256 : 64;
  int groups = up(c.columns, group);
  float sum = 0;
  for (int g = 0; g < groups; g++) {
    float largest = 0;
    for (int i = g * group; i < c.columns && i < (g + 1) * group; i++) {
      largest = fmaxf(largest, fabsf(x[i]));
    }
    float scale = largest / 127 < 0x1p-126f ? 0 : largest / 127;
    int isum = 0, xsum = 0;
    for (int i = g * group; i < c.columns && i < (g + 1) * group && scale > 0; i++) {
      int q = (int)rintf(x[i] / scale);
      isum += q * (int)w.numbers[expert][(size_t)row * c.columns + i];
      xsum += q;
    }
    size_t at = (size_t)row * groups + g;
    if (c.format == INT8) {
      sum = fmaf((float)isum, ((const float*)w.scales_of[expert])[at] * scale, sum);
    } else {
      sum = fmaf((float)isum, half(((const uint16_t*)w.scales_of[expert])[at]) * scale, sum);
      sum = fmaf(half(((const uint16_t*)w.minimums_of[expert])[at]), (float)xsum * scale, sum);
    }
  }
  return c.biased ? sum + bias : sum;
}

static void test(const Case& c) {
  Weights w;
  for (int e = 0; e < (c.experts == 0 ? 1 : c.experts); e++) {
    add_weight(&w, c.format, c.rows, c.columns);
  }
  int tokens = c.tokens();
  int x_stride = c.columns + random_numbers.below(3), out_stride = c.rows + random_numbers.below(2);
  Memory<float> x(random_numbers.normals((size_t)tokens * x_stride));
  if (tokens > 2) {
    /* What is no finite number stays in its row; and one row of nothing but tiny numbers. */
    x[(size_t)2 * x_stride + c.columns / 2] = INFINITY;
    for (int i = 0; i < c.columns; i++) {
      x[i] *= 1e-42f;
    }
  }
  Memory<float> bias(random_numbers.normals(c.rows));
  const float* b = c.biased ? bias.get() : nullptr;
  Memory<int> fault(4);
  std::vector<float> few_result;
  for (bool few : {true, false}) {
    Memory<float> out((size_t)tokens * out_stride, 99);
    multiply(c, few, w, out.get(), out_stride, x, x_stride, b, fault.get(), 0, tokens);
    check(fault[0] == 0, "fault %d", fault[0]);
    int expert = 0;
    for (int t = 0; t < tokens; t++) {
      while (c.experts > 0 && t >= c.starts[expert + 1]) {
        expert++;
      }
      const float* row = x.get() + (size_t)t * x_stride;
      for (int r = 0; r < c.rows; r++) {
        float found = out[(size_t)t * out_stride + r];
        if (t == 2) {
          check(!isfinite(found), "an infinity: %g", found);
          continue;
        }
        if (c.format == INT8 || c.format == INT4) {
          float expected = integer_product(c, w, expert, r, row, bias[r]);
          check(same_bits(found, expected), "%s %s (%d, %d) token %d of %d, row %d: %.9g instead of %.9g", few ? "few" : "tiled", FORMATS[c.format],
                c.rows, c.columns, t, tokens, r, found, expected);
          continue;
        }
        double sum = c.biased ? bias[r] : 0, magnitude = fabs(sum);
        const double* weights = w.numbers[expert].data() + (size_t)r * c.columns;
        float scale = c.format == FP8 ? Rounded::scale_of(row, c.columns) : 0;
        double factor = c.format == FP8 ? ((const float*)w.scales_of[expert])[r] * scale : 1;
        for (int i = 0; i < c.columns; i++) {
          double number = c.format == 2     ? brain(to_brain(row[i]))
                          : c.format != FP8 ? row[i]
                          : scale > 0       ? from_e4m3(to_e4m3(row[i] / scale))
                                            : 0;
          double product = weights[i] * number * factor;
          sum += product;
          magnitude += fabs(product);
        }
        /* Of E4M3 one rounding more: by the scales. */
        double error = (sum_error(c.columns) + (c.format == FP8 ? 2 : 1) * 0x1p-24) * magnitude + c.columns * 1.4e-45;
        check(fabs(found - sum) <= error, "%s %s (%d, %d) token %d of %d, row %d: %g instead of %g", few ? "few" : "tiled", FORMATS[c.format], c.rows,
              c.columns, t, tokens, r, found, sum);
      }
      for (int r = c.rows; r < out_stride; r++) {
        check(out[(size_t)t * out_stride + r] == 99, "behind a row");
      }
    }
    if (c.experts == 0) {
      /* A token alone. */
      int alone = tokens - 1;
      Memory<float> single(out_stride, 99);
      multiply(c, few, w, single.get(), out_stride, x, x_stride, b, fault.get(), alone, 1);
      bool same = true;
      for (int r = 0; r < c.rows; r++) {
        same = same && same_bits(single[r], out[(size_t)alone * out_stride + r]);
      }
      check(same, "%s %s (%d, %d): a token alone has other bits", few ? "few" : "tiled", FORMATS[c.format], c.rows, c.columns);
    }
  }
}

static void test_wrong_starts() {
  for (std::vector<int> starts : {std::vector<int>{0, 3, 2, 5}, {1, 2, 3, 5}, {0, 2, 3, 4}, {0, 2, 9, 5}, {0, -1, 3, 5}}) {
    for (int format : {2, FP8}) {
      for (bool few : {true, false}) {
        Case c = {format, 3, 20, 40, starts, false};
        Weights w;
        for (int e = 0; e < 3; e++) {
          add_weight(&w, c.format, c.rows, c.columns);
        }
        Memory<float> x(random_numbers.normals(5 * 40)), out(5 * 20);
        Memory<int> fault(4);
        multiply(c, few, w, out.get(), 20, x, 40, nullptr, fault.get(), 0, 5);
        check(fault[0] == VESALIUS_FAULT_EXPERT_STARTS, "wrong starts");
      }
    }
  }
}

/* Rows that are rounded with known scales, checked by Rounded: 448 in each makes the scale `factor`, a power of two. */
static void test_rounding() {
  std::vector<float> all;
  for (int i = 0; i <= 0x7e; i++) {
    /* A number, the middle to the next one, and the floats beside them; none but 448 is behind 448. */
    float number = from_e4m3((uint8_t)i), next = from_e4m3((uint8_t)(i == 0x7e ? i : i + 1));
    for (float x : {number, (number + next) / 2}) {
      for (float near : {x, nextafterf(x, 0), i == 0x7e ? x : nextafterf(x, 1e9f)}) {
        all.push_back(near);
        all.push_back(-near);
      }
    }
  }
  for (float factor : {1.0f, 0x1p-126f, 0x1p-119f, 0x1p100f}) {
    /* At an odd width too, and at every place of a group of four; a smaller scale loses bits of numbers before they are rounded. */
    for (int shift = 0; shift < 4; shift++) {
      std::vector<float> x((size_t)shift, 3 * factor);
      for (float number : all) {
        x.push_back(number * factor);
      }
      int columns = (int)x.size();
      Memory<float> row(x);
      Rounded rounded(row, columns, 1, columns);
      check(rounded.scales[0] == factor, "scale %g instead of %g", rounded.scales[0], factor);
    }
  }
  for (int i = 0; i < 20; i++) {
    /* Right at and beside what a scale makes a middle, where only a true division rounds as it should. */
    float largest = fabsf(random_numbers.normal()) + 1e-3f;
    std::vector<float> x = {largest};
    for (int n = 0; n < 0x7e; n++) {
      float middle = (from_e4m3((uint8_t)n) + from_e4m3((uint8_t)(n + 1))) / 2 * (largest / 448);
      x.insert(x.end(), {middle, -nextafterf(middle, 0), nextafterf(middle, 1e9f)});
    }
    Memory<float> row(x);
    Rounded rounded(row, (int)x.size(), 1, (int)x.size());
  }
  for (int columns : {1, 3, 4, 127, 128, 129, 1024, 1025, 2500}) {
    int stride = columns + 3, rows = 11;
    std::vector<float> x = random_numbers.normals((size_t)rows * stride, 3);
    for (int c = 0; c < columns; c++) {
      x[(size_t)stride + c] = 0;
      x[(size_t)2 * stride + c] *= 1e-37f;
      x[(size_t)3 * stride + c] *= 1e-36f;
      x[(size_t)4 * stride + c] *= 1e37f;
    }
    /* Not finite, at the begin, the end and in between; beside a larger finite number too. What is behind a row says nothing. */
    x[(size_t)5 * stride] = INFINITY;
    x[(size_t)6 * stride + columns - 1] = -INFINITY;
    x[(size_t)7 * stride + columns / 2] = NAN;
    x[(size_t)8 * stride + columns / 2] = bits_to_float(0xff800001u);
    x[(size_t)9 * stride + columns] = NAN;
    /* Nothing at the end but what makes the scale. */
    x[(size_t)10 * stride + columns - 1] = -3.4e38f;
    Memory<float> memory(x);
    Rounded rounded(memory, stride, rows, columns);
    for (int r : {5, 6, 7, 8}) {
      check(isnan(rounded.scales[r]), "row %d of %d is not finite: scale %g", r, columns, rounded.scales[r]);
    }
    check(rounded.scales[1] == 0 && rounded.scales[9] > 0 && rounded.scales[10] == 3.4e38f / 448, "scales of %d columns", columns);
  }
}

void test_products() {
  /* Threads in another order take three times as long, and shapes say nothing new there. */
  bool few = getenv("VESALIUS_TEST_FEW") != nullptr;
  for (int format = 0; format <= FP8; format++) {
    begin_group(FORMATS[format]);
    for (int columns : few ? std::vector<int>{61, 512, 1107} : std::vector<int>{1, 8, 61, 64, 203, 256, 512, 1107, 2400}) {
      for (int tokens : few ? std::vector<int>{2, 70} : std::vector<int>{1, 2, 5, 8, 9, 70}) {
        test({format, 0, columns > 1000 ? 19 : 37, columns, {0, tokens}, tokens % 2 == 1});
      }
    }
    test({format, 0, 150, 320, {0, 130}, true});
    test({format, 4, 33, 136, {0, 3, 3, 10, 11}, false});
    test({format, 40, 18, 72, {0, 0, 0, 0, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 90, 90, 91, 91, 91, 91, 91, 100}, true});
  }
  begin_group("rounding to E4M3");
  test_rounding();
  begin_group("starts of experts");
  test_wrong_starts();
}
