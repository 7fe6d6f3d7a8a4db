/* Operations on rows against their definition in double precision. */
#include "check.h"

namespace {

const int64_t WIDTHS[] = {1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 61, 127, 128, 255, 256, 257, 576, 1280, 2051};

/* A name for messages. */
struct Name {
  char text[120];

  __attribute__((format(printf, 2, 3))) explicit Name(const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
  }

  operator const char*() const { return text; }
};

double zero(int64_t) { return 0; }

/* ---- embedding ---- */

int64_t stored_row_bytes(int32_t format, int64_t width) {
  switch (format) {
    case VESALIUS_F32: return 4 * width;
    case VESALIUS_INT8: return width;
    case VESALIUS_INT4: return (width + 63) / 64 * 32;
    default: return 2 * width;
  }
}

/* A number of a stored row; its bytes are random. */
double stored_number(const vesalius_weight& table, int64_t row, int64_t column) {
  const uint8_t* data = (const uint8_t*)table.data + row * stored_row_bytes(table.format, table.columns);
  switch (table.format) {
    case VESALIUS_F32: {
      float value;
      memcpy(&value, data + 4 * column, sizeof value);
      return value;
    }
    case VESALIUS_F16:
    case VESALIUS_BF16: {
      uint16_t value;
      memcpy(&value, data + 2 * column, sizeof value);
      return table.format == VESALIUS_F16 ? f16_value(value) : bf16_value(value);
    }
    case VESALIUS_INT8: {
      float scale;
      memcpy(&scale, (const char*)table.scales + 4 * (row * ((table.columns + 255) / 256) + column / 256), sizeof scale);
      return (double)(int8_t)data[column] * scale;
    }
    default: {
      int64_t group = column / 64, place = column % 64;
      uint8_t pair = data[group * 32 + place % 32];
      uint16_t scale, minimum;
      int64_t at = 2 * (row * ((table.columns + 63) / 64) + group);
      memcpy(&scale, (const char*)table.scales + at, sizeof scale);
      memcpy(&minimum, (const char*)table.minimums + at, sizeof minimum);
      return (double)(place < 32 ? pair & 15 : pair >> 4) * f16_value(scale) + f16_value(minimum);
    }
  }
}

void test_embed() {
  begin_group("rows: embed");
  Random random(1);
  const int64_t vocabulary = 23;
  const int32_t chosen[] = {22, 0, 5, 5, 22, 1, 17};
  for (int32_t format = VESALIUS_F32; format <= VESALIUS_INT4; format++) {
    for (int64_t width : WIDTHS) {
      for (int64_t shift = 0; shift < 2; shift++) {
        /* Once up to the inaccessible page, once at an odd address. */
        Buffer<uint8_t> data(vocabulary * stored_row_bytes(format, width) + shift);
        Buffer<uint8_t> scales(vocabulary * ((width + 255) / 256) * 4 + shift);
        Buffer<uint8_t> halves(vocabulary * ((width + 63) / 64) * 2 + shift);
        Buffer<uint8_t> minimums(vocabulary * ((width + 63) / 64) * 2 + shift);
        for (int64_t i = 0; i < data.count(); i++) {
          data[i] = (uint8_t)random.bits();
        }
        for (int64_t i = 0; i < halves.count(); i++) {
          halves[i] = (uint8_t)random.bits();
          minimums[i] = (uint8_t)random.bits();
        }
        for (int64_t i = 0; i + 4 <= scales.count(); i += 4) {
          float scale = (float)exp(5 * random.normal());
          memcpy(&scales[i], &scale, sizeof scale);
        }
        vesalius_weight table = {};
        table.data = data.data();
        table.scales = format == VESALIUS_INT8 ? scales.data() : format == VESALIUS_INT4 ? halves.data() : nullptr;
        table.minimums = format == VESALIUS_INT4 ? minimums.data() : nullptr;
        table.rows = vocabulary;
        table.columns = width;
        table.format = format;
        Buffer<int32_t> ids(7);
        memcpy(ids.data(), chosen, sizeof chosen);
        Framed out(7, width);
        vesalius_embed(out.data(), out.stride(), &table, ids.data(), 3, 7);
        vesalius_embed(out.data(), out.stride(), &table, ids.data(), 0, 3);
        Buffer<float> found(7 * width);
        Name name("embed format %d width %d", format, (int)width);
        out.read(found, name);
        check_close(
            found.data(), found.count(),
            [&](int64_t i) { return (double)(float)stored_number(table, ids[i / width], i % width); }, zero, name);
      }
    }
  }
}

/* ---- sums of rows ---- */

void test_sums() {
  begin_group("rows: mix_rows, add_rows, scale");
  Random random(2);
  for (int64_t width : WIDTHS) {
    const int64_t rows = 9, count = 6;
    Buffer<float> x(rows * width), y(count * width), found(count * width);
    for (int64_t parts : {1, 2, 5, 8}) {
      random.fill_cancelling(x);
      Framed source(rows, width, x), out(count, width);
      Buffer<int32_t> index((parts - 1) * (count + 2) + count);
      Buffer<float> shares((parts - 1) * (count + 1) + count);
      for (int64_t i = 0; i < index.count(); i++) {
        index[i] = (int32_t)random.below(rows);
      }
      random.fill_normal(shares, 1);
      vesalius_mix_rows(out.data(), out.stride(), source.data(), source.stride(), index.data(), count + 2, shares.data(),
                        count + 1, parts, width, 0, 4);
      vesalius_mix_rows(out.data(), out.stride(), source.data(), source.stride(), index.data(), count + 2, shares.data(),
                        count + 1, parts, width, 4, count);
      Name name("mix_rows of %d, width %d", (int)parts, (int)width);
      out.read(found, name);
      auto term = [&](int64_t i, int64_t k) {
        return (double)shares[k * (count + 1) + i / width] *
               x[index[k * (count + 2) + i / width] * width + i % width];
      };
      check_close(
          found.data(), found.count(),
          [&](int64_t i) {
            double sum = 0;
            for (int64_t k = 0; k < parts; k++) {
              sum += term(i, k);
            }
            return sum;
          },
          [&](int64_t i) {
            double sum = 0;
            for (int64_t k = 0; k < parts; k++) {
              sum += fabs(term(i, k));
            }
            return (sum_bound(parts) + ROUNDOFF) * sum + 0x1p-149 * (double)parts;
          },
          name);
    }
    random.fill_extreme(x, 1e38f);
    random.fill_normal(y, 3);
    Buffer<int32_t> places(count);
    const int32_t distinct[] = {8, 0, 4, 5, 1, 2};
    memcpy(places.data(), distinct, sizeof distinct);
    Framed out(rows, width, x), added(count, width, y);
    vesalius_add_rows(out.data(), out.stride(), added.data(), added.stride(), places.data(), width, 0, count);
    vesalius_add_rows(out.data(), out.stride(), added.data(), added.stride(), nullptr, width, 2, count);
    vesalius_scale(out.data(), out.stride(), 1.7f, width, 1, 4);
    Buffer<float> all(rows * width);
    Name name("add_rows and scale, width %d", (int)width);
    out.read(all, name);
    check_close(
        all.data(), all.count(),
        [&](int64_t i) {
          int64_t row = i / width;
          float value = x[i];
          for (int64_t k = 0; k < count; k++) {
            value = places[k] == row ? value + y[k * width + i % width] : value;
          }
          value = row >= 2 && row < count ? value + y[i] : value;
          return (double)(row >= 1 && row < 4 ? value * 1.7f : value);
        },
        zero, name);
  }
}

/* ---- norms ---- */

void check_rms_norm(const Buffer<float>& x, const Buffer<float>& gain, int64_t rows, int64_t width, float epsilon,
                    bool in_place, const Buffer<float>* delta, const char* what) {
  Framed source(rows, width, x), out(rows, width);
  Framed& target = in_place ? source : out;
  Buffer<float> found(rows * width), residual(rows * width), expected(rows * width);
  if (delta != nullptr) {
    Framed added(rows, width, *delta);
    vesalius_rms_norm(target.data(), target.stride(), source.data(), source.stride(), added.data(), added.stride(),
                      gain.data(), epsilon, width, 0, rows);
  } else {
    vesalius_rms_norm(target.data(), target.stride(), source.data(), source.stride(), nullptr, 0, gain.data(), epsilon,
                      width, 0, rows / 2);
    vesalius_rms_norm(target.data(), target.stride(), source.data(), source.stride(), nullptr, 0, gain.data(), epsilon,
                      width, rows / 2, rows);
  }
  target.read(found, what);
  for (int64_t i = 0; i < residual.count(); i++) {
    residual[i] = delta == nullptr ? x[i] : x[i] + (*delta)[i];
  }
  if (!in_place) {
    Buffer<float> left(rows * width);
    source.read(left, what);
    check_same(left.data(), residual.data(), left.bytes(), what);
  }
  for (int64_t r = 0; r < rows; r++) {
    double squares = 0;
    for (int64_t i = 0; i < width; i++) {
      squares += (double)residual[r * width + i] * residual[r * width + i];
    }
    double factor = 1 / sqrt(squares / (double)width + (double)epsilon);
    for (int64_t i = 0; i < width; i++) {
      expected[r * width + i] = (float)(residual[r * width + i] * factor * gain[i]);
    }
  }
  check_close(
      found.data(), found.count(), [&](int64_t i) { return (double)expected[i]; },
      [&](int64_t i) { return norm_bound(width, expected[i]); }, what);
}

void test_rms_norm() {
  begin_group("rows: rms_norm");
  Random random(3);
  for (int64_t width : WIDTHS) {
    const int64_t rows = 4;
    Buffer<float> x(rows * width), delta(rows * width), gain(width);
    random.fill_normal(gain, 1);
    for (int kind = 0; kind < 5; kind++) {
      switch (kind) {
        case 0: random.fill_normal(x, 1); break;
        case 1: random.fill_cancelling(x); break;
        case 2: random.fill_extreme(x, 1e15f); break;
        case 3: random.fill_extreme(x, 3e38f); break;
        default: memset(x.data(), 0, x.bytes()); break;
      }
      for (bool in_place : {false, true}) {
        check_rms_norm(x, gain, rows, width, 1e-6f, in_place, nullptr, Name("rms_norm width %d kind %d", (int)width, kind));
      }
    }
    random.fill_normal(x, 1);
    random.fill_normal(delta, 1);
    check_rms_norm(x, gain, rows, width, 1e-5f, false, &delta, Name("rms_norm with a sum, width %d", (int)width));
  }
}

void test_layer_norm() {
  begin_group("rows: layer_norm");
  Random random(4);
  for (int64_t width : WIDTHS) {
    const int64_t rows = 5;
    Buffer<float> x(rows * width), gain(width), bias(width), found(rows * width), expected(rows * width);
    Buffer<float> allowed(rows * width);
    for (double shift : {0.0, 300.0}) {
      for (bool in_place : {false, true}) {
        random.fill_normal(x, 2);
        random.fill_normal(gain, 1);
        random.fill_normal(bias, 1);
        for (int64_t i = 0; i < x.count(); i++) {
          x[i] += (float)shift;
        }
        Framed source(rows, width, x), out(rows, width);
        Framed& target = in_place ? source : out;
        Name name("layer_norm width %d", (int)width);
        vesalius_layer_norm(target.data(), target.stride(), source.data(), source.stride(), gain.data(), bias.data(), 1e-6f,
                            width, 2, rows);
        vesalius_layer_norm(target.data(), target.stride(), source.data(), source.stride(), gain.data(), bias.data(), 1e-6f,
                            width, 0, 2);
        target.read(found, name);
        for (int64_t r = 0; r < rows; r++) {
          double mean = 0, magnitude = 0, variance = 0;
          for (int64_t i = 0; i < width; i++) {
            mean += x[r * width + i] / (double)width;
            magnitude += fabs(x[r * width + i]) / (double)width;
          }
          for (int64_t i = 0; i < width; i++) {
            double centred = x[r * width + i] - mean;
            variance += centred * centred / (double)width;
          }
          variance += 1e-6f;
          for (int64_t i = 0; i < width; i++) {
            double centred = x[r * width + i] - mean;
            double result = centred / sqrt(variance) * gain[i] + bias[i];
            double moved = (sum_bound(width) + ROUNDOFF) * magnitude;
            double spread = sum_bound(width) + 3 * ROUNDOFF + moved * moved / variance;
            double scaled = fabs(gain[i]) / sqrt(variance);
            expected[r * width + i] = (float)result;
            allowed[r * width + i] =
                (float)(scaled * (moved + fabs(centred) * (spread / 2 + 6 * ROUNDOFF)) +
                        2 * ROUNDOFF * (scaled * fabs(centred) + fabs(bias[i])) + 0x1p-126 + ROUNDOFF * fabs(result));
          }
        }
        check_close(
            found.data(), found.count(), [&](int64_t i) { return (double)expected[i]; },
            [&](int64_t i) { return (double)allowed[i]; }, name);
      }
    }
  }
}

/* ---- activations ---- */

double activation(int32_t kind, double x) {
  switch (kind) {
    case VESALIUS_SILU: return x / (1 + exp(-x));
    case VESALIUS_GELU: return 0.5 * x * (1 + erf(x / sqrt(2.0)));
    case VESALIUS_GELU_TANH: return 0.5 * x * (1 + tanh(sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    default: return x / (1 + exp(-1.702 * x));
  }
}

/* The exponent's rounding errors become relative ones; what is below the smallest normal number may vanish. */
double activation_bound(int32_t kind, double x, double result) {
  double exponent = kind == VESALIUS_SILU          ? fabs(x)
                    : kind == VESALIUS_QUICK_GELU ? 1.702 * fabs(x)
                    : kind == VESALIUS_GELU       ? x * x / 2
                                                  : fabs(x) * (1.6 + 0.072 * x * x);
  double relative = ROUNDOFF * (10 + 5 * fmin(exponent, 100));
  double vanishing = 0x1p-126 * fmax(1, fabs(x)) + 0x1p-52 * fabs(x);
  return relative * fabs(result) + (isfinite(x) ? vanishing : 0);
}

void test_activate() {
  begin_group("rows: activate");
  Random random(5);
  Buffer<float> x(4003);
  for (int64_t i = 0; i < 3000; i++) {
    x[i] = (float)(i - 1500) / 14;
  }
  Buffer<float> normal(900), extreme(100);
  random.fill_normal(normal, 1);
  random.fill_extreme(extreme, 1e25f);
  memcpy(&x[3000], normal.data(), normal.bytes());
  memcpy(&x[3900], extreme.data(), extreme.bytes());
  x[3999] = -INFINITY;
  x[4000] = INFINITY;
  x[4001] = NAN;
  x[4002] = -3.4e38f;
  for (int32_t kind = VESALIUS_SILU; kind <= VESALIUS_QUICK_GELU; kind++) {
    Framed out(1, x.count(), x);
    Buffer<float> found(x.count());
    vesalius_activate(out.data(), out.stride(), nullptr, 0, kind, x.count(), 0, 1);
    out.read(found, "activate");
    check_close(
        found.data(), found.count(), [&](int64_t i) { return (double)(float)activation(kind, x[i]); },
        [&](int64_t i) { return activation_bound(kind, x[i], activation(kind, x[i])); }, Name("activation %d", kind));
    for (int64_t width : WIDTHS) {
      const int64_t rows = 3;
      Buffer<float> gate(rows * width), up(rows * width), product(rows * width);
      random.fill_normal(gate, 4);
      random.fill_normal(up, 2);
      Framed target(rows, width, gate), factors(rows, width, up);
      Name name("gated activation %d width %d", kind, (int)width);
      for (int64_t r = 0; r < rows; r++) {
        vesalius_activate(target.data(), target.stride(), factors.data(), factors.stride(), kind, width, r, r + 1);
      }
      target.read(product, name);
      check_close(
          product.data(), product.count(), [&](int64_t i) { return activation(kind, gate[i]) * up[i]; },
          [&](int64_t i) {
            double result = activation(kind, gate[i]);
            return (activation_bound(kind, gate[i], result) + 2 * ROUNDOFF * fabs(result)) * fabs(up[i]);
          },
          name);
    }
  }
}

/* ---- rotations ---- */

void test_rotary_table() {
  begin_group("rows: rotary_table");
  Random random(6);
  for (int64_t pairs : {1, 5, 20, 40, 64}) {
    const int64_t tokens = 13, axes = 3;
    Buffer<float> frequencies(pairs), found(tokens * pairs);
    Buffer<int32_t> axis(pairs), positions((axes - 1) * (tokens + 4) + tokens);
    for (int64_t i = 0; i < pairs; i++) {
      frequencies[i] = (float)pow(1e6, -(double)i / (double)pairs);
      axis[i] = (int32_t)random.below(axes);
    }
    for (int64_t i = 0; i < positions.count(); i++) {
      positions[i] = (int32_t)random.below(i % 3 == 0 ? 50 : i % 3 == 1 ? 128000 : INT32_MAX);
    }
    Framed cosines(tokens, pairs), sines(tokens, pairs);
    vesalius_rotary_table(cosines.data(), cosines.stride(), sines.data(), sines.stride(), positions.data(), tokens + 4,
                          frequencies.data(), axis.data(), 1.25f, pairs, 0, 5);
    vesalius_rotary_table(cosines.data(), cosines.stride(), sines.data(), sines.stride(), positions.data(), tokens + 4,
                          frequencies.data(), axis.data(), 1.25f, pairs, 5, tokens);
    auto angle = [&](int64_t i) {
      return (double)((float)positions[axis[i % pairs] * (tokens + 4) + i / pairs] * frequencies[i % pairs]);
    };
    auto allowed = [](int64_t) { return 4 * ROUNDOFF * 1.25; };
    Name name("rotary_table %d pairs", (int)pairs);
    cosines.read(found, name);
    check_close(found.data(), found.count(), [&](int64_t i) { return 1.25 * cos(angle(i)); }, allowed, name);
    sines.read(found, name);
    check_close(found.data(), found.count(), [&](int64_t i) { return 1.25 * sin(angle(i)); }, allowed, name);
  }
}

void test_rotate() {
  begin_group("rows: rotate");
  Random random(7);
  for (int64_t half : {1, 4, 5, 6, 7, 8, 16, 17, 18, 32, 36, 40, 64, 128}) {
    for (int kind = 0; kind < 3; kind++) { /* rotated, normalised, both */
      const int64_t heads = 3, tokens = 5, size = 2 * half, width = heads * size;
      Buffer<float> x(tokens * width), c(tokens * half), s(tokens * half), gain(size), found(tokens * width);
      random.fill_normal(x, 2);
      random.fill_normal(gain, 1);
      for (int64_t i = 0; i < c.count(); i++) {
        c[i] = (float)cos((double)i);
        s[i] = (float)sin((double)i);
      }
      Framed out(tokens, width, x), cosines(tokens, half, c), sines(tokens, half, s);
      bool turned = kind != 1, normalised = kind != 0;
      for (int64_t t : {0, 2}) {
        vesalius_rotate(out.data(), out.stride(), heads, size, normalised ? gain.data() : nullptr, 1e-6f,
                        turned ? cosines.data() : nullptr, cosines.stride(), turned ? sines.data() : nullptr,
                        sines.stride(), t, t == 0 ? 2 : tokens);
      }
      Name name("rotate half %d kind %d", (int)half, kind);
      out.read(found, name);
      Buffer<double> normal(tokens * width), moved(tokens * width);
      for (int64_t first = 0; first < x.count(); first += size) {
        double squares = 0;
        for (int64_t i = 0; i < size; i++) {
          squares += (double)x[first + i] * x[first + i];
        }
        double factor = 1 / sqrt(squares / (double)size + (double)1e-6f);
        for (int64_t i = 0; i < size; i++) {
          normal[first + i] = normalised ? x[first + i] * factor * gain[i] : x[first + i];
          moved[first + i] = normalised ? norm_bound(size, normal[first + i]) : 0;
        }
      }
      auto at = [&](int64_t i, double* cosine, double* sine) {
        int64_t angle = i / width * half + i % half;
        *cosine = turned ? c[angle] : 1;
        *sine = turned ? s[angle] : 0;
        return i % size < half ? i + half : i - half;
      };
      check_close(
          found.data(), found.count(),
          [&](int64_t i) {
            double cosine, sine;
            int64_t other = at(i, &cosine, &sine);
            return normal[i] * cosine + (i % size < half ? -1 : 1) * normal[other] * sine;
          },
          [&](int64_t i) {
            double cosine, sine;
            int64_t other = at(i, &cosine, &sine);
            double own = fabs(cosine), others = fabs(sine);
            return 3 * ROUNDOFF * (fabs(normal[i]) * own + fabs(normal[other]) * others) + moved[i] * own +
                   moved[other] * others + 0x1p-126;
          },
          name);
    }
  }
}

/* ---- keys and values ---- */

void check_store(Random& random, int32_t format, int32_t value, int64_t size, int64_t page_size, const Buffer<float>& x,
                 int64_t tokens, int64_t heads, const char* what) {
  const int64_t per_slab = 3, slabs = 2, number = format == VESALIUS_CACHE_F32 ? 4 : format == VESALIUS_CACHE_BF16 ? 2 : 1;
  const int64_t rows = per_slab * heads * page_size;
  Buffer<char> first(rows * size * number), second(rows * size * number);
  Buffer<float> first_scales(rows), second_scales(rows);
  const void* data[] = {first.data(), second.data()};
  const void* scales[] = {first_scales.data(), second_scales.data()};
  memset(first.data(), 0x55, first.count());
  memset(second.data(), 0x55, second.count());
  Buffer<int32_t> slots(tokens), order(slabs * per_slab * page_size);
  random.permute(order.data(), order.count());
  memcpy(slots.data(), order.data(), slots.bytes());
  vesalius_key_values cache = {};
  (value ? cache.values : cache.keys) = data;
  (value ? cache.value_scales : cache.key_scales) = format == VESALIUS_CACHE_INT8 ? scales : nullptr;
  cache.page_size = page_size;
  cache.pages_per_slab = per_slab;
  cache.format = format;
  cache.kv_heads = (int32_t)heads;
  cache.head_size = (int32_t)size;
  Framed source(tokens, heads * size, x);
  vesalius_store(&cache, value, source.data(), source.stride(), slots.data(), 0, tokens / 2);
  vesalius_store(&cache, value, source.data(), source.stride(), slots.data(), tokens / 2, tokens);
  long touched = 0;
  bool exact = true;
  for (int64_t t = 0; t < tokens; t++) {
    for (int64_t head = 0; head < heads; head++) {
      int64_t page = slots[t] / page_size;
      int64_t row = (page % per_slab * heads + head) * page_size + slots[t] % page_size;
      const signed char* stored = (const signed char*)data[page / per_slab] + row * size * number;
      const float* from = &x[(t * heads + head) * size];
      float most = 0;
      for (int64_t i = 0; i < size; i++) {
        most = isnan(from[i]) || isnan(most) ? NAN : fmaxf(most, fabsf(from[i]));
      }
      float scale = most / 127;
      scale = scale < 0x1p-126f ? 0 : scale;
      for (int64_t i = 0; i < size; i++) {
        if (format == VESALIUS_CACHE_F32) {
          exact = exact && memcmp(stored + 4 * i, from + i, 4) == 0;
        } else if (format == VESALIUS_CACHE_BF16) {
          uint16_t expected = bf16_nearest(from[i]);
          exact = exact && memcmp(stored + 2 * i, &expected, 2) == 0;
        } else {
          int expected = scale == 0 || !isfinite(scale) ? 0 : (int)nearbyintf(from[i] / scale);
          exact = exact && stored[i] == expected;
        }
      }
      if (format == VESALIUS_CACHE_INT8) {
        float found = ((const float*)scales[page / per_slab])[row];
        exact = exact && (isnan(scale) ? isnan(found) : found == scale);
      }
      touched += size * number;
    }
  }
  check(exact, "%s: a number is not stored as defined", what);
  long marks = 0;
  for (int64_t i = 0; i < first.count(); i++) {
    marks += (first[i] == 0x55) + (second[i] == 0x55);
  }
  /* A stored number may happen to be the mark. */
  check(marks >= 2 * first.count() - touched, "%s: wrote outside of the slots", what);
}

void test_store() {
  begin_group("rows: store");
  Random random(8);
  for (int32_t format = VESALIUS_CACHE_F32; format <= VESALIUS_CACHE_INT8; format++) {
    for (int64_t size : {1, 2, 7, 8, 16, 17, 36, 72, 80, 128, 256}) {
      for (int64_t page_size : {1, 5, 32}) {
        const int64_t heads = 1 + random.below(3), tokens = page_size == 1 ? 4 : 2 * page_size + 3;
        Buffer<float> x(tokens * heads * size);
        for (int kind = 0; kind < 3; kind++) {
          if (kind == 0) {
            random.fill_normal(x, 3);
          } else {
            random.fill_extreme(x, kind == 1 ? 3e38f : 1e-38f);
          }
          if (kind == 1) {
            x[random.below(x.count())] = NAN;
            x[random.below(x.count())] = -INFINITY;
          }
          check_store(random, format, kind & 1, size, page_size, x, tokens, heads,
                      Name("store format %d head size %d page size %d", format, (int)size, (int)page_size));
        }
      }
    }
  }
}

}  // namespace

void test_rows() {
  test_embed();
  test_sums();
  test_rms_norm();
  test_layer_norm();
  test_activate();
  test_rotary_table();
  test_rotate();
  test_store();
}

void test_limits() {
  begin_group("limits: read_memory, compute");
  Random random(9);
  for (int64_t bytes : {0, 1, 63, 64, 65, 511, 512, 513, 4099}) {
    Buffer<uint8_t> data(bytes == 0 ? 1 : bytes);
    for (int64_t i = 0; i < bytes; i++) {
      data[i] = (uint8_t)random.bits();
    }
    int64_t before = vesalius_read_memory(data.data(), bytes);
    bool depends = true;
    for (int64_t i = 0; i < bytes; i += 1 + bytes / 97) {
      data[i] ^= 64;
      depends = depends && vesalius_read_memory(data.data(), bytes) != before;
      data[i] ^= 64;
    }
    check(depends, "read_memory of %d bytes leaves some out", (int)bytes);
  }
  for (int32_t format = VESALIUS_F32; format <= VESALIUS_INT4; format++) {
    Scratch scratch(1 << 16);
    double once = vesalius_compute(format, 1, scratch.data());
    double thrice = vesalius_compute(format, 3, scratch.data());
    check(once > 0 && thrice == 3 * once, "compute of format %d: %g operations, then %g", format, once, thrice);
  }
}
