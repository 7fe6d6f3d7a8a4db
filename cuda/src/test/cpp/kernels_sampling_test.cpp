/* The choice of tokens: against the definition with everything sorted. */
#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels_test.h"

static Random random_numbers{5};

static void test_argmax() {
  begin_group("argmax");
  for (int width : {1, 2, 31, 1024, 5000}) {
    Memory<float> x(random_numbers.normals((size_t)4 * width));
    for (int c = 0; c < width; c++) {
      x[(size_t)width + c] = rintf(x[(size_t)width + c]);
      x[2 * (size_t)width + c] = c % 3 == 1 ? NAN : x[2 * (size_t)width + c];
    }
    x[3 * (size_t)width + (size_t)width / 2] = -INFINITY;
    Memory<int> out(4);
    launch("vesalius_argmax", {4}, {1024}, 0, out.get(), x.get(), width, 4, width);
    for (int r = 0; r < 4; r++) {
      int best = 0;
      for (int c = 1; c < width; c++) {
        if (x[(size_t)r * width + c] > x[(size_t)r * width + best]) {
          best = c;
        }
      }
      for (int c = 0; c < width; c++) {
        best = isfinite(x[(size_t)r * width + c]) ? best : -1;
      }
      check(out[r] == best, "width %d row %d: %d instead of %d", width, r, out[r], best);
    }
  }
}

struct Rule {
  float temperature, top_p, min_p, repetition, presence, frequency;
  int top_k, history_row;
  uint64_t random;
};

static float finite(float x) { return std::min(3.4028234663852886e38f, std::max(-3.4028234663852886e38f, x)); }

static float penalize(float x, int history, const Rule& rule) {
  if (history != 0) {
    x = finite(x < 0 ? x * rule.repetition : x / rule.repetition);
  }
  if (history / 2 > 0) {
    float count = (float)(history / 2);
    float times = rule.frequency * count;
    x = finite(x - (rule.presence + times));
  }
  return x;
}

/* Three roundings of binary32, then a polynomial of which each step is rounded too; see TokenWeight. */
static uint64_t weigh(float x, float top, float temperature) {
  float factor = std::min(1.44269502162933349609375f / temperature, 3.4028234663852886e38f);
  float difference = x - top;
  float t = difference * factor;
  if (t < -40) {
    return 0;
  }
  double n = std::nearbyint((double)t);
  float f = (float)(t - n);
  float sum = 0;
  for (float coefficient : {0x1.41fbb8p-13f, 0x1.5f3e54p-10f, 0x1.3b2d4cp-7f, 0x1.c6aee8p-5f, 0x1.ebfbdcp-3f, 0x1.62e430p-1f, 1.0f}) {
    float product = sum * f;
    sum = product + coefficient;
  }
  return (uint64_t)std::floor(std::ldexp((double)sum, 40 + (int)n));
}

static int choose(const float* logits, const int* history, int width, const Rule& rule) {
  std::vector<float> x((size_t)width);
  for (int c = 0; c < width; c++) {
    if (!std::isfinite(logits[c])) {
      return -1;
    }
    x[c] = penalize(logits[c], history == nullptr ? 0 : history[c], rule);
  }
  std::vector<int> order((size_t)width);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return x[a] > x[b]; });
  if (rule.temperature == 0) {
    return order[0];
  }
  size_t length = rule.top_k == 0 ? order.size() : std::min(order.size(), (size_t)rule.top_k);
  std::vector<uint64_t> weights;
  uint64_t total = 0;
  for (size_t i = 0; i < length; i++) {
    weights.push_back(weigh(x[order[i]], x[order[0]], rule.temperature));
    total += weights[i];
  }
  if (rule.top_p < 1) {
    uint64_t limit = std::max<uint64_t>(1, std::min(total, (uint64_t)std::ceil((double)rule.top_p * (double)total)));
    uint64_t reached = 0;
    for (length = 0; reached < limit; length++) {
      reached += weights[length];
    }
  }
  std::vector<uint64_t> kept((size_t)width);
  total = 0;
  for (size_t i = 0; i < length; i++) {
    kept[order[i]] = weights[i] < (uint64_t)std::ceil((double)rule.min_p * 0x1p40) ? 0 : weights[i];
    total += kept[order[i]];
  }
  uint64_t target = (uint64_t)((unsigned __int128)rule.random * total >> 64);
  uint64_t reached = 0;
  for (int c = 0; c < width; c++) {
    reached += kept[c];
    if (reached > target) {
      return c;
    }
  }
  return -2;
}

static Memory<int>* parameters_of(const std::vector<Rule>& rules, int stride) {
  auto* memory = new Memory<int>((size_t)9 * stride + rules.size(), -1);
  for (size_t r = 0; r < rules.size(); r++) {
    const Rule& rule = rules[r];
    float numbers[] = {rule.temperature, rule.top_p, rule.min_p, rule.repetition, rule.presence, rule.frequency};
    int integers[] = {rule.top_k, rule.history_row, (int)(rule.random >> 32), (int)rule.random};
    for (int i = 0; i < 6; i++) {
      memcpy(&(*memory)[(size_t)i * stride + r], &numbers[i], 4);
    }
    for (int i = 0; i < 4; i++) {
      (*memory)[(size_t)(6 + i) * stride + r] = integers[i];
    }
  }
  return memory;
}

template <typename T>
static T any(std::initializer_list<T> choices) {
  return choices.begin()[random_numbers.below((int)choices.size())];
}

static void test_draws() {
  begin_group("sample");
  for (int width : {1, 2, 33, 1000, 1025, 4099, 40000}) {
    int rows = width > 5000 ? 8 : 40;
    int stride = width + random_numbers.below(3);
    int history_stride = width + random_numbers.below(3);
    std::vector<float> logits((size_t)rows * stride);
    std::vector<int> history((size_t)rows * history_stride, 0);
    std::vector<Rule> rules;
    for (int r = 0; r < rows; r++) {
      float spread = any({4.0f, 1.0f, 0.0f, 1e-3f, 1e37f});
      bool whole = random_numbers.below(3) == 0;
      for (int c = 0; c < width; c++) {
        float x = random_numbers.normal() * spread;
        logits[(size_t)r * stride + c] = whole ? rintf(x) : x;
        history[(size_t)r * history_stride + c] = random_numbers.below(4) == 0 ? random_numbers.below(9) : 0;
      }
      if (random_numbers.below(10) == 0) {
        logits[(size_t)r * stride + random_numbers.below(width)] = any({(float)NAN, (float)INFINITY, (float)-INFINITY});
      }
      rules.push_back({any({1.0f, 0.7f, 0.0f, 3.0f, 1e-3f, 1e-45f, 1e30f}), any({1.0f, 1.0f, 0.9f, 0.3f, 0.0f, 0.9999f}),
                       any({0.0f, 0.0f, 0.1f, 1.0f}), any({1.0f, 1.2f, 0.3f, 1e30f}), any({0.0f, 0.5f, 3e38f}),
                       any({0.0f, -0.2f, 3e38f}), any({0, 0, 1, 5, width / 2, width, width + 1}), any({-1, rows - 1 - r}),
                       any({(uint64_t)0, ~(uint64_t)0, random_numbers.next(), random_numbers.next()})});
    }
    Memory<float> x(logits);
    Memory<int> kept(history);
    Memory<int> out((size_t)rows, -7);
    Memory<int> fault(4);
    int parameters_stride = rows + 3;
    Memory<int>* parameters = parameters_of(rules, parameters_stride);
    launch("vesalius_sample", {as(rows)}, {1024}, 49152, out.get(), (const float*)x.get(), stride, rows, width,
           (const int*)parameters->get(), parameters_stride, kept.get(), history_stride, rows, fault.get());
    delete parameters;
    for (int r = 0; r < rows; r++) {
      const Rule& rule = rules[r];
      int* own = rule.history_row < 0 ? nullptr : &history[(size_t)rule.history_row * history_stride];
      int expected = choose(&logits[(size_t)r * stride], own, width, rule);
      check(out[r] == expected, "width %d row %d: %d instead of %d (temperature %g, k %d, p %g, min %g)", width, r, out[r], expected,
            rule.temperature, rule.top_k, rule.top_p, rule.min_p);
      if (own != nullptr && expected >= 0) {
        own[expected] += 2;
      }
    }
    check(kept.copy() == history, "width %d: history", width);
    check(fault[0] == 0, "fault %d", fault[0]);
  }
}

static void test_refusals() {
  begin_group("sample: what is out of range");
  int width = 50;
  Rule right = {1, 1, 0, 1, 0, 0, 0, 1, 12345};
  std::vector<Rule> rules;
  for (float wrong : {-1.0f, (float)NAN, (float)INFINITY}) {
    rules.insert(rules.end(), 4, right);
    Rule* added = &rules[rules.size() - 4];
    added[0].temperature = wrong;
    added[1].top_p = wrong;
    added[2].min_p = wrong;
    added[3].repetition = wrong;
  }
  for (float wrong : {(float)NAN, (float)INFINITY, (float)-INFINITY}) {
    rules.insert(rules.end(), 2, right);
    rules[rules.size() - 2].presence = wrong;
    rules[rules.size() - 1].frequency = wrong;
  }
  rules.push_back(right);
  rules.back().top_k = -1;
  for (int wrong : {-2, 2, 0x7fffffff}) {
    rules.push_back(right);
    rules.back().history_row = wrong;
  }
  int rows = (int)rules.size() + 1;
  rules.push_back(right);
  Memory<float> x(random_numbers.normals((size_t)rows * width));
  Memory<int> out((size_t)rows, -7), fault(4), history((size_t)2 * width);
  Memory<int>* parameters = parameters_of(rules, rows);
  launch("vesalius_sample", {as(rows)}, {1024}, 49152, out.get(), (const float*)x.get(), width, rows, width,
         (const int*)parameters->get(), rows, history.get(), width, 2, fault.get());
  delete parameters;
  for (int r = 0; r < rows - 1; r++) {
    check(out[r] == -1, "row %d: %d", r, out[r]);
  }
  int token = out[rows - 1];
  check(token >= 0 && token < width, "the row beside them: %d", token);
  for (int c = 0; c < width; c++) {
    check(history[c] == 0 && history[width + c] == (c == token ? 2 : 0), "history of %d", c);
  }
  int where = fault[1];
  check(fault[0] == VESALIUS_FAULT_HISTORY && where >= rows - 4 && where < rows - 1 && fault[2] == rules[where].history_row && fault[3] == 2,
        "fault %d %d %d %d", fault[0], fault[1], fault[2], fault[3]);
}

void test_sampling() {
  test_argmax();
  test_draws();
  test_refusals();
}
