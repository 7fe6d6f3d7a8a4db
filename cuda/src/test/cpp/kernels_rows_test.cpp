/* Rows, norms, rotations, integers, experts. */
#include "kernels_test.h"

static Random random_numbers{1};

static dim3 row_blocks(int rows, int width) { return {as(rows), as(up(width, 1024)), 1}; }

static void test_moving() {
  begin_group("moving rows");
  for (int width : {1, 3, 4, 61, 1028, 2051}) {
    int stride = width + random_numbers.below(3);
    int rows = 5;
    Memory<float> x(random_numbers.normals((size_t)rows * stride));
    Memory<int> index(std::vector<int>{4, 0, 2});
    Memory<int> fault(4);
    Memory<float> out(3 * (size_t)width, 7);
    launch("vesalius_gather_rows", row_blocks(3, width), {256}, 0, out.get(), width, x.get(), stride, rows, index.get(), 3, width,
           fault.get());
    Memory<float> scattered((size_t)rows * stride, 7), added(x.copy());
    launch("vesalius_scatter_rows", row_blocks(3, width), {256}, 0, scattered.get(), stride, rows, out.get(), width, index.get(), 3,
           width, fault.get());
    launch("vesalius_add_rows", row_blocks(3, width), {256}, 0, added.get(), stride, rows, out.get(), width, index.get(), 3, width,
           fault.get());
    Memory<int> parts(std::vector<int>{1, 2, 4, 0});
    Memory<float> shares(std::vector<float>{0.5f, 2, -1, 3});
    Memory<float> mixed(2 * (size_t)width);
    launch("vesalius_mix_rows", row_blocks(2, width), {256}, 0, mixed.get(), width, x.get(), stride, rows, parts.get(), 2, shares.get(),
           2, 2, 2, width, fault.get());
    bool fine = fault[0] == 0;
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < width; c++) {
        size_t at = (size_t)r * stride + c;
        bool named = r == 4 || r == 0 || r == 2;
        fine = fine && scattered[at] == (named ? x[at] : 7) && added[at] == (named ? x[at] + x[at] : x[at]);
      }
    }
    for (int i = 0; i < 2; i++) {
      for (int c = 0; c < width; c++) {
        float expected = fmaf(shares[2 + i], x[(size_t)parts[2 + i] * stride + c], shares[i] * x[(size_t)parts[i] * stride + c]);
        fine = fine && mixed[(size_t)i * width + c] == expected;
      }
    }
    for (int i = 0; i < 3; i++) {
      fine = fine && memcmp(&out[(size_t)i * width], &x[(size_t)index[i] * stride], width * 4) == 0;
    }
    check(fine, "width %d", width);
    index[1] = 5;
    launch("vesalius_scatter_rows", row_blocks(3, width), {256}, 0, scattered.get(), stride, rows, out.get(), width, index.get(), 3,
           width, fault.get());
    check(fault[0] == VESALIUS_FAULT_SCATTER_ROWS && fault[1] == 1 && fault[2] == 5 && fault[3] == 5, "fault %d %d %d %d", fault[0],
          fault[1], fault[2], fault[3]);
    Memory<uint16_t> turned((size_t)rows * width);
    Memory<uint16_t> stored((size_t)rows * width);
    for (size_t i = 0; i < stored.size(); i++) {
      stored[i] = (uint16_t)i;
    }
    launch("vesalius_transpose_16", {as(up(width, 32)), as(up(rows, 32))}, {256}, 0, turned.get(), stored.get(), rows, width);
    fine = true;
    for (int i = 0; i < rows * width; i++) {
      fine = fine && turned[(size_t)i] == stored[(size_t)(i % rows * width + i / rows)];
    }
    check(fine, "transposed %d", width);
    int padded = up(width, 8) * 8;
    Memory<uint16_t> brains((size_t)rows * padded);
    launch("vesalius_to_bf16", row_blocks(rows, padded), {256}, 0, brains.get(), padded, x.get(), stride, rows, width, padded);
    fine = true;
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < padded; c++) {
        fine = fine && brains[(size_t)r * padded + c] == (c < width ? to_brain(x[(size_t)r * stride + c]) : 0);
      }
    }
    check(fine, "bf16 %d", width);
  }
}

static void test_embedding() {
  begin_group("rows of a table in E4M3");
  for (int width : {1, 3, 61, 1028, 2051}) {
    int vocabulary = 6, rows = 5, stride = width + 1;
    Memory<unsigned char> table((size_t)vocabulary * width);
    for (size_t i = 0; i < table.size(); i++) {
      /* Every number but the NaN. */
      table[i] = (unsigned char)(i % 0x7f | (i / 0x7f % 2) << 7);
    }
    Memory<float> scales(random_numbers.normals(vocabulary)), out((size_t)rows * stride, 7);
    Memory<int> ids(std::vector<int>{5, 0, 6, 2, -1}), fault(4);
    launch("vesalius_embed_fp8", row_blocks(rows, width), {256}, 0, out.get(), stride, (const unsigned char*)table.get(), (const float*)scales.get(),
           vocabulary, (const int*)ids.get(), rows, width, fault.get());
    bool fine = true;
    for (int r = 0; r < rows; r++) {
      bool there = r != 2 && r != 4;
      for (int c = 0; c < stride; c++) {
        float expected = there && c < width ? from_e4m3(table[(size_t)ids[r] * width + c]) * scales[ids[r]] : 7;
        fine = fine && same_bits(out[(size_t)r * stride + c], expected);
      }
    }
    check(fine, "width %d", width);
    check(fault[0] == VESALIUS_FAULT_EMBED && ((fault[1] == 2 && fault[2] == 6) || (fault[1] == 4 && fault[2] == -1)) && fault[3] == 6,
          "fault %d %d %d %d", fault[0], fault[1], fault[2], fault[3]);
  }
}

static double activated(int activation, double x) {
  switch (activation) {
    case VESALIUS_SILU: return x / (1 + exp(-x));
    case VESALIUS_GELU: return 0.5 * x * erfc(-x / sqrt(2.0));
    case VESALIUS_GELU_TANH: return x / (1 + exp(-2 * sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    default: return x / (1 + exp(-1.702 * x));
  }
}

static double exponent(int activation, double x) {
  switch (activation) {
    case VESALIUS_SILU: return fabs(x);
    case VESALIUS_GELU: return x * x / 2;
    case VESALIUS_GELU_TANH: return fabs(x) * (1.6 + 0.072 * x * x);
    default: return 1.702 * fabs(x);
  }
}

static void test_activations() {
  begin_group("activations");
  std::vector<float> x;
  for (float v = -30; v < 30; v += 0.037f) {
    x.push_back(v);
  }
  for (float v : {0.0f, 1e-30f, -1e-30f, 1e10f, -1e10f, 1e30f, -1e30f, INFINITY}) {
    x.push_back(v);
  }
  int width = (int)x.size();
  for (int activation = 0; activation < 4; activation++) {
    Memory<float> out(x), gate(x), up_numbers(std::vector<float>(x.size(), 3));
    launch("vesalius_activate", row_blocks(1, width), {256}, 0, out.get(), width, 1, width, activation);
    launch("vesalius_gated_activation", row_blocks(1, width), {256}, 0, gate.get(), width, up_numbers.get(), width, 1, width, activation);
    for (size_t i = 0; i < x.size(); i++) {
      double expected = activated(activation, x[i]);
      double error = 0x1p-24 * (10 + 5 * fmin(exponent(activation, x[i]), 100)) * fabs(expected) + 1.2e-38 * fmax(1, fabs(x[i])) + 0x1p-52 * fabs(x[i]);
      bool close = isinf(x[i]) ? isinf(out[i]) : fabs(out[i] - expected) <= error && gate[i] == out[i] * 3;
      check(close, "activation %d of %g: %g instead of %g", activation, x[i], out[i], expected);
    }
  }
}

static void test_norms() {
  begin_group("norms");
  for (int width : {1, 7, 256, 1027, 3584}) {
    for (float magnitude : {1.0f, 1e-18f, 1e25f}) {
      int rows = 3, stride = width + 1;
      Memory<float> x(random_numbers.normals((size_t)rows * stride, magnitude)), delta(random_numbers.normals((size_t)rows * width, magnitude));
      Memory<float> gain(random_numbers.normals(width)), bias(random_numbers.normals(width));
      Memory<float> rms((size_t)rows * width), layer((size_t)rows * width), residual(x.copy()), sum((size_t)rows * width);
      float epsilon = 1e-6f;
      launch("vesalius_rms_norm", {as(rows)}, {256}, 0, rms.get(), width, x.get(), stride, gain.get(), rows, width, epsilon);
      launch("vesalius_layer_norm", {as(rows)}, {256}, 0, layer.get(), width, x.get(), stride, gain.get(), bias.get(), rows, width, epsilon);
      launch("vesalius_add_rms_norm", {as(rows)}, {256}, 0, sum.get(), width, residual.get(), stride, delta.get(), width, gain.get(), rows,
             width, epsilon);
      for (int r = 0; r < rows; r++) {
        double squares = 0, mean = 0, variance = 0, sums = 0;
        for (int c = 0; c < width; c++) {
          double v = x[(size_t)r * stride + c];
          squares += v * v;
          mean += v / width;
          double s = x[(size_t)r * stride + c] + delta[(size_t)r * width + c];
          s = (float)s;
          check(residual[(size_t)r * stride + c] == (float)s, "residual");
          sums += s * s;
        }
        for (int c = 0; c < width; c++) {
          variance += pow(x[(size_t)r * stride + c] - mean, 2) / width;
        }
        for (int c = 0; c < width; c++) {
          size_t at = (size_t)r * width + c;
          double v = x[(size_t)r * stride + c];
          double expected = v / sqrt(squares / width + epsilon) * gain[c];
          check(fabs(rms[at] - expected) <= 6 * 0x1p-24 * fabs(expected) + 1e-38, "rms of %d: %g instead of %g", width, rms[at], expected);
          expected = residual[(size_t)r * stride + c] / sqrt(sums / width + epsilon) * gain[c];
          check(fabs(sum[at] - expected) <= 6 * 0x1p-24 * fabs(expected) + 1e-38, "sum: %g instead of %g", sum[at], expected);
          double scaled = (v - mean) / sqrt(variance + epsilon) * gain[c];
          check(fabs(layer[at] - scaled - bias[c]) <= 4 * 0x1p-24 * (fabs(scaled) + fabs(bias[c])) + 1e-38, "layer of %d at %g: %g instead of %g", width, magnitude, layer[at],
                scaled + bias[c]);
        }
      }
    }
  }
}

static void test_scales() {
  begin_group("scales of sums of E4M3");
  for (int width : {1, 6, 1028}) {
    for (bool biased : {false, true}) {
      int rows = 3, stride = width + 3;
      Memory<float> x(random_numbers.normals((size_t)rows * stride, 1000)), before(x.copy());
      Memory<float> x_scales(random_numbers.normals(rows)), scales(random_numbers.normals(width)), bias(random_numbers.normals(width));
      launch("vesalius_scale_fp8", row_blocks(rows, width), {256}, 0, x.get(), stride, x_scales.get(), scales.get(),
             biased ? bias.get() : nullptr, rows, width);
      for (int r = 0; r < rows; r++) {
        for (int c = 0; c < stride; c++) {
          size_t at = (size_t)r * stride + c;
          double product = c < width ? (double)before[at] * x_scales[r] * scales[c] : before[at];
          double added = c < width && biased ? bias[c] : 0;
          double bound = c < width ? 2 * 0x1p-24 * fabs(product) + 0x1p-24 * fabs(product + added) + 1e-38 : 0;
          check(fabs(x[at] - product - added) <= bound * (1 + 1e-6), "%d, %d: %g instead of %g", r, c, x[at], product + added);
        }
      }
    }
  }
}

static void test_rotations() {
  begin_group("rotations and the cache");
  for (int format : {VESALIUS_PAGES_BF16, VESALIUS_PAGES_I8, VESALIUS_PAGES_F32}) {
    for (int pairs : {1, 5, 32, 36, 64}) {
      int tokens = 4, heads = 3, kv_heads = 2, size = 2 * pairs, page_size = 3, pages_per_slab = 2, slabs = 2;
      Memory<int> positions(std::vector<int>{0, 1, 70000, 12345});
      Memory<int> axis(pairs, 0), fault(4);
      Memory<float> frequencies(pairs), cos_table((size_t)tokens * pairs), sin_table((size_t)tokens * pairs);
      for (int i = 0; i < pairs; i++) {
        frequencies[i] = (float)pow(10000, -(double)i / pairs);
      }
      launch("vesalius_rotary_table", {as(tokens), as(up(pairs, 64))}, {64}, 0, cos_table.get(), pairs, sin_table.get(), pairs, positions.get(),
             tokens, 1, frequencies.get(), axis.get(), tokens, pairs, 1.25f, fault.get());
      for (int t = 0; t < tokens; t++) {
        for (int i = 0; i < pairs; i++) {
          float angle = (float)positions[t] * frequencies[i];
          size_t at = (size_t)t * pairs + i;
          check(fabs(cos_table[at] - 1.25 * cos((double)angle)) <= 5 * 0x1p-24 && fabs(sin_table[at] - 1.25 * sin((double)angle)) <= 5 * 0x1p-24,
                "angle %g: %g %g", angle, cos_table[at], sin_table[at]);
        }
      }
      Memory<float> q(random_numbers.normals((size_t)tokens * heads * size)), k(random_numbers.normals((size_t)tokens * kv_heads * size)),
          v(random_numbers.normals((size_t)tokens * kv_heads * size)), gain(random_numbers.normals(size));
      std::vector<float> q_before = q.copy(), k_before = k.copy();
      int bytes = format == VESALIUS_PAGES_I8 ? 1 : format == VESALIUS_PAGES_BF16 ? 2 : 4;
      int rows = pages_per_slab * kv_heads * page_size;
      Memory<char> keys0((size_t)rows * size * bytes), keys1((size_t)rows * size * bytes), values0((size_t)rows * size * bytes), values1((size_t)rows * size * bytes);
      Memory<float> ks0(rows), ks1(rows), vs0(rows), vs1(rows);
      Memory<void*> keys(std::vector<void*>{keys0.get(), keys1.get()}), values(std::vector<void*>{values0.get(), values1.get()});
      Memory<float*> key_scales(std::vector<float*>{ks0.get(), ks1.get()}), value_scales(std::vector<float*>{vs0.get(), vs1.get()});
      Memory<int> slots(std::vector<int>{11, 0, 7, 12});
      float epsilon = 1e-6f;
      launch("vesalius_rotate_and_cache", {as(tokens), as(up(heads + 2 * kv_heads, 4))}, {128}, 0, q.get(), heads * size, k.get(), kv_heads * size,
             (const float*)v.get(), kv_heads * size, (const float*)nullptr, (const float*)gain.get(), epsilon, cos_table.get(), pairs, sin_table.get(), pairs,
             keys.get(), values.get(), key_scales.get(), value_scales.get(), format, slabs, pages_per_slab, page_size, slots.get(), tokens, heads,
             kv_heads, pairs, fault.get());
      check(fault[0] == VESALIUS_FAULT_SLOTS && fault[1] == 3 && fault[2] == 12 && fault[3] == 12, "fault %d", fault[0]);
      for (int t = 0; t < 3; t++) {
        const float* c = &cos_table[(size_t)t * pairs];
        const float* s = &sin_table[(size_t)t * pairs];
        for (int h = 0; h < heads; h++) {
          for (int i = 0; i < pairs; i++) {
            size_t at = ((size_t)t * heads + h) * size + i;
            double a = q_before[at], b = q_before[at + pairs];
            check(fabs(q[at] - (a * c[i] - b * s[i])) <= 3 * 0x1p-24 * (fabs(a * c[i]) + fabs(b * s[i])), "q");
            check(fabs(q[at + pairs] - (b * c[i] + a * s[i])) <= 3 * 0x1p-24 * (fabs(b * c[i]) + fabs(a * s[i])), "q's other half");
          }
        }
        for (int h = 0; h < kv_heads; h++) {
          double squares = 0;
          size_t first = ((size_t)t * kv_heads + h) * size;
          for (int i = 0; i < size; i++) {
            squares += (double)k_before[first + i] * k_before[first + i];
          }
          double factor = 1 / sqrt(squares / size + epsilon);
          for (int i = 0; i < pairs; i++) {
            double a = k_before[first + i] * factor * gain[i], b = k_before[first + i + pairs] * factor * gain[i + pairs];
            check(fabs(k[first + i] - (a * c[i] - b * s[i])) <= 8 * 0x1p-24 * (fabs(a * c[i]) + fabs(b * s[i])), "k: %g instead of %g", k[first + i], a * c[i] - b * s[i]);
          }
          int page = slots[t] / page_size, slab = page / pages_per_slab;
          int row = (page % pages_per_slab * kv_heads + h) * page_size + slots[t] % page_size;
          for (int value = 0; value < 2; value++) {
            const float* x = value ? &v[first] : &k[first];
            const char* stored = (const char*)(value ? values : keys)[slab] + (size_t)row * size * bytes;
            float largest = 0;
            for (int i = 0; i < size; i++) {
              largest = fmaxf(largest, fabsf(x[i]));
            }
            float scale = largest / 127;
            bool fine = format != VESALIUS_PAGES_I8 || (value ? value_scales : key_scales)[slab][row] == scale;
            for (int i = 0; i < size; i++) {
              fine = fine && (format == VESALIUS_PAGES_F32    ? ((const float*)stored)[i] == x[i]
                              : format == VESALIUS_PAGES_BF16 ? ((const uint16_t*)stored)[i] == to_brain(x[i])
                                                              : stored[i] == (char)rintf(x[i] / scale));
            }
            check(fine, "stored in format %d, %d pairs", format, pairs);
          }
        }
      }
      check(memcmp(&q[3 * (size_t)heads * size], &q_before[3 * (size_t)heads * size], (size_t)heads * size * 4) == 0, "a token with a wrong slot");
    }
  }
}

static void test_experts() {
  begin_group("experts");
  for (int experts : {1, 3, 32, 128}) {
    for (int tokens : {1, 7, 300}) {
      int per_token = experts < 4 ? experts : 4;
      Memory<float> logits(random_numbers.normals((size_t)tokens * experts, 2));
      for (size_t i = 0; i < logits.size(); i += 3) {
        logits[i] = rintf(logits[i]);
      }
      if (tokens == 7) {
        logits[(size_t)experts] = NAN;
      }
      Memory<int> chosen((size_t)tokens * per_token), starts(experts + 1), rows((size_t)tokens * per_token), places((size_t)tokens * per_token);
      Memory<float> shares((size_t)tokens * per_token);
      launch("vesalius_route", {as(tokens)}, {32}, (size_t)8 * experts, chosen.get(), shares.get(), tokens, logits.get(), experts, tokens, experts,
             per_token, 1);
      launch("vesalius_group_choices", {as(experts)}, {256}, 0, starts.get(), rows.get(), places.get(), tokens, chosen.get(), tokens, experts,
             per_token);
      for (int t = 0; t < tokens; t++) {
        std::vector<double> share(experts);
        double largest = -INFINITY, total = 0, taken = 0;
        bool number = true;
        for (int e = 0; e < experts; e++) {
          largest = fmax(largest, logits[(size_t)t * experts + e]);
          number = number && !isnan(logits[(size_t)t * experts + e]);
        }
        for (int e = 0; e < experts; e++) {
          total += share[e] = exp(logits[(size_t)t * experts + e] - largest);
        }
        std::vector<bool> used(experts);
        for (int k = 0; k < per_token; k++) {
          int best = -1;
          for (int e = 0; e < experts; e++) {
            if (!used[e] && (best < 0 || (number && share[e] > share[best]))) {
              best = e;
            }
          }
          used[best] = true;
          taken += share[best];
          check(chosen[(size_t)t * per_token + k] == best, "token %d chose %d instead of %d", t, chosen[(size_t)t * per_token + k], best);
        }
        for (int k = 0; k < per_token; k++) {
          double expected = share[chosen[(size_t)t * per_token + k]] / taken;
          float found = shares[(size_t)k * tokens + t];
          check(number ? fabs(found - expected) <= 0x1p-23 * expected : isnan(found), "share %g instead of %g", found, expected);
        }
      }
      int place = 0;
      for (int e = 0; e < experts; e++) {
        check(starts[e] == place, "start of %d: %d instead of %d", e, starts[e], place);
        for (int i = 0; i < tokens * per_token; i++) {
          if (chosen[i] == e) {
            check(rows[place] == i / per_token && places[(size_t)(i % per_token) * tokens + i / per_token] == place, "choice %d", i);
            place++;
          }
        }
      }
      check(starts[experts] == place, "end");
    }
  }
}

void test_rows() {
  test_moving();
  test_embedding();
  test_activations();
  test_scales();
  test_norms();
  test_rotations();
  test_experts();
}
