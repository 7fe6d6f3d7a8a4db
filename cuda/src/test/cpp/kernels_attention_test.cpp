/* Attention of all kinds of caches against the definition, and bit by bit against itself: whole and split, alone and with others. */
#include "kernels_test.h"

#include <stdlib.h>

#include <memory>

static Random random_numbers{3};

struct Shape {
  int heads;
  int kv_heads;
  int size;
  bool causal;
  int window;

  int group() const { return heads / kv_heads; }
};

/* A batch: all keys of each sequence, of whose tokens the last `queries` ask. */
struct Batch {
  Shape shape;
  int format;
  int page_size;
  std::vector<int> lengths;
  std::vector<int> queries;
  bool grouped = false;
  float spread = 1;
};

static int padded_size(const Batch& b) { return up(b.shape.size, 16) * 16; }

/* What the kernels get. */
struct Inputs {
  static constexpr int PAGES_PER_SLAB = 3;
  int tokens = 0;
  int key_rows = 0;
  int pages = 0;
  int width = 1;
  std::vector<int> starts{0};
  std::vector<std::vector<float>> k, v; /* of each sequence (length, kv_heads * size), as they are stored */
  std::unique_ptr<Memory<float>> q;
  std::vector<std::unique_ptr<Memory<char>>> slabs[2];
  std::vector<std::unique_ptr<Memory<float>>> scales[2];
  std::unique_ptr<Memory<const void*>> addresses[2], scale_addresses[2];
  std::unique_ptr<Memory<int>> page_table, groups;
  std::unique_ptr<Memory<uint16_t>> packed[2];
};

/* Stores a number of a row, or, of integers, all of them; gives what was stored. */
static void store_row(const Batch& b, Inputs* in, int half_of, int sequence, int token, int head, const float* x, float* stored) {
  int size = b.shape.size;
  if (b.format == VESALIUS_PACKED) {
    int row = in->starts[sequence] + token;
    for (int i = 0; i < size; i++) {
      stored[i] = brain((*in->packed[half_of])[((size_t)row * b.shape.kv_heads + head) * padded_size(b) + i] = to_brain(x[i]));
    }
    return;
  }
  int page = (*in->page_table)[(size_t)sequence * in->width + token / b.page_size];
  size_t row = ((size_t)(page % Inputs::PAGES_PER_SLAB) * b.shape.kv_heads + head) * b.page_size + token % b.page_size;
  char* slab = in->slabs[half_of][page / Inputs::PAGES_PER_SLAB]->get();
  float largest = 0;
  for (int i = 0; i < size; i++) {
    largest = fmaxf(largest, fabsf(x[i]));
  }
  float scale = largest / 127;
  for (int i = 0; i < size; i++) {
    if (b.format == VESALIUS_PAGES_F32) {
      stored[i] = ((float*)slab)[row * size + i] = x[i];
    } else if (b.format == VESALIUS_PAGES_BF16) {
      stored[i] = brain(((uint16_t*)slab)[row * size + i] = to_brain(x[i]));
    } else {
      stored[i] = ((signed char*)slab)[row * size + i] = (signed char)rintf(scale == 0 ? 0 : x[i] / scale);
      (*in->scales[half_of][page / Inputs::PAGES_PER_SLAB])[row] = scale;
    }
  }
  for (int i = 0; i < size && b.format == VESALIUS_PAGES_I8; i++) {
    stored[i] *= scale;
  }
}

static std::unique_ptr<Inputs> inputs(const Batch& b) {
  auto in = std::make_unique<Inputs>();
  int sequences = (int)b.lengths.size(), row = b.shape.kv_heads * b.shape.size;
  int pages = 0;
  for (int s = 0; s < sequences; s++) {
    in->tokens += b.queries[s];
    in->key_rows += b.lengths[s];
    in->starts.push_back(in->tokens);
    in->width = std::max(in->width, up(b.lengths[s], b.page_size) + 1);
    pages += up(b.lengths[s], b.page_size);
  }
  in->q = std::make_unique<Memory<float>>(random_numbers.normals((size_t)in->tokens * b.shape.heads * b.shape.size, b.spread));
  /* Pages in no order; table entries that are not used name none. */
  int slabs = up(pages, Inputs::PAGES_PER_SLAB);
  in->pages = slabs * Inputs::PAGES_PER_SLAB;
  std::vector<int> free;
  for (int p = 0; p < in->pages; p++) {
    free.insert(free.begin() + random_numbers.below((int)free.size() + 1), p);
  }
  in->page_table = std::make_unique<Memory<int>>((size_t)sequences * in->width, -1);
  int bytes = b.format == VESALIUS_PAGES_I8 ? 1 : b.format == VESALIUS_PAGES_BF16 ? 2 : 4;
  size_t slab_rows = (size_t)Inputs::PAGES_PER_SLAB * b.shape.kv_heads * b.page_size;
  for (int h = 0; h < 2; h++) {
    std::vector<const void*> addresses, scale_addresses;
    for (int i = 0; i < slabs; i++) {
      /* What was never written is no number. */
      in->slabs[h].push_back(std::make_unique<Memory<char>>(slab_rows * b.shape.size * bytes, (char)0xff));
      in->scales[h].push_back(std::make_unique<Memory<float>>(slab_rows, NAN));
      addresses.push_back(in->slabs[h].back()->get());
      scale_addresses.push_back(in->scales[h].back()->get());
    }
    in->addresses[h] = std::make_unique<Memory<const void*>>(addresses);
    in->scale_addresses[h] = std::make_unique<Memory<const void*>>(scale_addresses);
    in->packed[h] = std::make_unique<Memory<uint16_t>>((size_t)in->tokens * b.shape.kv_heads * padded_size(b));
  }
  in->groups = std::make_unique<Memory<int>>(2 * (size_t)in->tokens);
  for (int s = 0; s < sequences; s++) {
    for (int p = 0; p < up(b.lengths[s], b.page_size); p++) {
      (*in->page_table)[(size_t)s * in->width + p] = free.back();
      free.pop_back();
    }
    std::vector<float> k((size_t)b.lengths[s] * row), v(k.size());
    for (int t = 0; t < b.lengths[s]; t++) {
      for (int head = 0; head < b.shape.kv_heads; head++) {
        size_t at = (size_t)t * row + (size_t)head * b.shape.size;
        store_row(b, in.get(), 0, s, t, head, random_numbers.normals(b.shape.size, b.spread).data(), &k[at]);
        store_row(b, in.get(), 1, s, t, head, random_numbers.normals(b.shape.size).data(), &v[at]);
      }
    }
    in->k.push_back(k);
    in->v.push_back(v);
    /* Groups of 20 tokens every 30. */
    for (int t = 0; t < b.queries[s]; t++) {
      int position = b.lengths[s] - b.queries[s] + t;
      bool inside = b.grouped && position % 30 < 20;
      (*in->groups)[in->starts[s] + t] = inside ? position / 30 * 30 : position;
      (*in->groups)[in->tokens + in->starts[s] + t] = inside ? std::min(position / 30 * 30 + 20, b.lengths[s]) : position + 1;
    }
  }
  return in;
}

enum Kind { WHOLE, SPLIT, FLOAT };

/* The output, of the tokens `from` to `to` of a batch of one sequence, or of all. */
static std::vector<float> run(const Batch& b, const Inputs& in, Kind kind, int* fault, int from = 0, int to = -1) {
  const Shape& shape = b.shape;
  int sequences = (int)b.lengths.size();
  bool part = to >= 0;
  int tokens = part ? to - from : in.tokens;
  Memory<int> starts(part ? std::vector<int>{0, tokens} : in.starts);
  std::vector<int> shorter = b.lengths;
  if (part) {
    shorter[0] = b.lengths[0] - in.tokens + to;
  }
  Memory<int> lengths(shorter);
  int row = shape.heads * shape.size;
  Memory<float> out((size_t)tokens * row, 77);
  const float* q = in.q->get() + (size_t)from * row;
  bool packed = b.format == VESALIUS_PACKED;
  int size = 0;
  for (int s : {256, 128, 96, 80, 64, 32}) {
    size = shape.size <= s ? s : size;
  }
  size_t shared = size == 256 ? 68096 : (size_t)128 * (size * 4 + 40);
  int pieces = up(packed ? in.key_rows : in.width * b.page_size, 512);
  Memory<float> partial(kind == SPLIT ? (size_t)tokens * shape.heads * pieces * (shape.size + 2) : 0, NAN);
  std::string name = kind == FLOAT ? "vesalius_attention_f32" : std::string(kind == SPLIT ? "vesalius_attention_split_" : "vesalius_attention_") + std::to_string(size);
  dim3 grid = {as(up(tokens * shape.group(), kind == SPLIT ? 16 : 64) + sequences), as(shape.kv_heads), as(kind == SPLIT ? pieces : 1)};
  if (kind == FLOAT) {
    grid = {as(tokens), as(shape.heads), 1};
    shared = 16 * (size_t)(shape.size + 2);
  }
  Memory<int> groups(std::vector<int>(in.groups->get() + from, in.groups->get() + from + tokens));
  Memory<int> both(2 * (size_t)tokens);
  for (int t = 0; t < tokens; t++) {
    both[t] = (*in.groups)[from + t];
    both[tokens + t] = (*in.groups)[in.tokens + from + t];
  }
  const void* keys = packed ? (const void*)in.packed[0]->get() : in.addresses[0]->get();
  const void* values = packed ? (const void*)in.packed[1]->get() : in.addresses[1]->get();
  float scale = (float)(1 / sqrt(shape.size));
  launch(name.c_str(), grid, {128}, shared, kind == SPLIT ? nullptr : out.get(), row, q, row, keys, values, (const void*)in.scale_addresses[0]->get(),
         (const void*)in.scale_addresses[1]->get(), b.format, (int)in.slabs[0].size(), Inputs::PAGES_PER_SLAB, b.page_size,
         (const int*)in.page_table->get(), in.width, in.width, (const int*)lengths.get(), (const int*)starts.get(), sequences, tokens, in.key_rows, shape.heads,
         shape.kv_heads, shape.size, scale, shape.causal ? 1 : 0, shape.window, b.grouped ? (const int*)both.get() : nullptr, tokens,
         kind == SPLIT ? partial.get() : nullptr, fault);
  if (kind == SPLIT) {
    launch("vesalius_attention_combine", {as(tokens), as(shape.heads)}, {64}, 0, out.get(), row, (const float*)partial.get(), pieces,
           packed ? (const int*)nullptr : (const int*)lengths.get(), (const int*)starts.get(), sequences, tokens, shape.heads, shape.size);
  }
  return out.copy();
}

static void compare(const Batch& b, const Inputs& in, const std::vector<float>& out, bool rounded, const char* what) {
  const Shape& shape = b.shape;
  int row = shape.heads * shape.size, kv_row = shape.kv_heads * shape.size;
  float scale = (float)(1 / sqrt(shape.size));
  double worst = 0;
  for (size_t s = 0; s < b.lengths.size(); s++) {
    for (int t = 0; t < b.queries[s]; t++) {
      int token = in.starts[s] + t;
      int position = b.lengths[s] - b.queries[s] + t;
      int end = shape.causal ? position + 1 : b.lengths[s];
      int first = shape.window == 0 ? 0 : std::max(0, end - shape.window);
      if (b.grouped) {
        first = std::min(first, (*in.groups)[token]);
        end = std::max(end, (*in.groups)[in.tokens + token]);
      }
      for (int head = 0; head < shape.heads; head++) {
        std::vector<double> scores;
        double most = -INFINITY, magnitude = 0, total = 0;
        size_t kv = (size_t)(head / shape.group()) * shape.size;
        for (int j = first; j < end; j++) {
          double dot = 0, sum = 0;
          for (int i = 0; i < shape.size; i++) {
            float x = (*in.q)[(size_t)token * row + head * shape.size + i];
            double q = rounded ? brain(to_brain(x * scale)) : (double)x * scale;
            double product = q * in.k[s][(size_t)j * kv_row + kv + i];
            dot += product;
            sum += fabs(product);
          }
          scores.push_back(dot);
          most = fmax(most, dot);
          magnitude = fmax(magnitude, sum);
        }
        for (double& x : scores) {
          x = exp(x - most);
          total += x;
        }
        double weight = rounded ? 0x1p-8 + 0x1p-17 : 0;
        double score = (sum_error(shape.size) + 4 * 0x1p-24) * magnitude + 4 * 0x1p-24;
        double relative = expm1(2 * score + log1p(weight) - log1p(-weight)) + 2 * sum_error(end - first) + 8 * 0x1p-24;
        for (int i = 0; i < shape.size; i++) {
          double expected = 0, values = 0;
          for (int j = first; j < end; j++) {
            double product = scores[j - first] / total * in.v[s][(size_t)j * kv_row + kv + i];
            expected += product;
            values += fabs(product);
          }
          float found = out[(size_t)token * row + head * shape.size + i];
          double error = relative * values + 1.2e-38 * (end - first);
          worst = fmax(worst, fabs(found - expected) / error);
          check(fabs(found - expected) <= error, "%s: format %d, %d heads by %d of %d, window %d, sequence %d token %d head %d: %g instead of %g", what, b.format,
                shape.heads, shape.kv_heads, shape.size, shape.window, (int)s, t, head, found, expected);
        }
      }
    }
  }
}

static void test(const Batch& b) {
  auto in = inputs(b);
  Memory<int> fault(4);
  if (b.format == VESALIUS_PAGES_F32) {
    compare(b, *in, run(b, *in, FLOAT, fault.get()), false, "float");
    check(fault[0] == 0, "fault %d: %d %d %d", fault[0], fault[1], fault[2], fault[3]);
    return;
  }
  std::vector<float> whole = run(b, *in, WHOLE, fault.get());
  std::vector<float> split = run(b, *in, SPLIT, fault.get());
  check(fault[0] == 0, "fault %d: %d %d %d", fault[0], fault[1], fault[2], fault[3]);
  compare(b, *in, whole, true, "whole");
  bool same = true;
  for (size_t i = 0; i < whole.size(); i++) {
    same = same && same_bits(whole[i], split[i]);
  }
  check(same, "split has other bits: format %d, %d of %d", b.format, b.shape.heads, b.shape.size);
}

static void test_shapes() {
  begin_group("attention");
  for (int size : {1, 8, 10, 12, 14, 16, 32, 36, 64, 72, 80, 96, 128, 256}) {
    test({{2, 2, size, true, 0}, VESALIUS_PACKED, 16, {5, 70}, {5, 70}});
    test({{1, 1, size, false, 0}, VESALIUS_PACKED, 16, {67, 4}, {67, 4}});
    for (int format : {VESALIUS_PAGES_BF16, VESALIUS_PAGES_I8, VESALIUS_PAGES_F32}) {
      test({{4, 2, size, true, 0}, format, 16, {66, 3}, {66, 3}});
    }
  }
  /* Threads in another order take three times as long, and shapes say nothing new there. */
  bool few = getenv("VESALIUS_TEST_FEW") != nullptr;
  for (int group : few ? std::vector<int>{7} : std::vector<int>{1, 2, 7}) {
    for (int page_size : few ? std::vector<int>{5, 16} : std::vector<int>{1, 5, 16, 100}) {
      for (int window : few ? std::vector<int>{0, 7} : std::vector<int>{0, 1, 7, 90}) {
        for (int format : {VESALIUS_PAGES_BF16, VESALIUS_PAGES_I8, VESALIUS_PAGES_F32}) {
          if (random_numbers.below(2) == 0) {
            continue;
          }
          test({{group * 2, 2, 12, true, window}, format, page_size, {6, 130, 300}, {6, 130, 2}, page_size == 5, 2});
        }
      }
    }
  }
  /* Several pieces, and queries that attend back. */
  for (int format : {VESALIUS_PACKED, VESALIUS_PAGES_BF16, VESALIUS_PAGES_I8, VESALIUS_PAGES_F32}) {
    for (int window : {0, 600}) {
      std::vector<int> queries = format == VESALIUS_PACKED ? std::vector<int>{1200, 0, 513} : std::vector<int>{3, 0, 40};
      test({{3, 1, 16, true, window}, format, 16, {1200, 0, 513}, queries, window == 600, 3});
    }
  }
  test({{2, 1, 64, true, 0}, VESALIUS_PAGES_BF16, 16, std::vector<int>(70, 33), std::vector<int>(70, 1)});
  test({{2, 2, 36, false, 0}, VESALIUS_PACKED, 16, {150, 9}, {150, 9}, false, 60});
  test({{28, 4, 128, true, 0}, VESALIUS_PAGES_BF16, 16, {700, 20}, {1, 1}});
}

static void test_chunks() {
  begin_group("attention in chunks");
  for (int format : {VESALIUS_PAGES_BF16, VESALIUS_PAGES_I8, VESALIUS_PAGES_F32}) {
    for (int window : {0, 40, 580}) {
      Batch b = {{4, 2, 16, true, window}, format, 16, {620}, {620}, false, 2};
      auto in = inputs(b);
      Memory<int> fault(4);
      int row = b.shape.heads * b.shape.size;
      Kind kind = format == VESALIUS_PAGES_F32 ? FLOAT : WHOLE;
      std::vector<float> whole = run(b, *in, kind, fault.get());
      for (std::vector<int> chunk : {std::vector<int>{0, 1}, {619, 620}, {10, 17}, {100, 333}, {511, 513}, {333, 620}}) {
        for (Kind k : {kind, kind == FLOAT ? FLOAT : SPLIT}) {
          std::vector<float> part = run(b, *in, k, fault.get(), chunk[0], chunk[1]);
          bool same = true;
          for (size_t i = 0; i < part.size(); i++) {
            same = same && same_bits(part[i], whole[(size_t)chunk[0] * row + i]);
          }
          check(same, "format %d, window %d, tokens %d to %d", format, window, chunk[0], chunk[1]);
        }
      }
      check(fault[0] == 0, "fault");
    }
  }
}

/* A value that is not finite reaches the queries that see it, and no others. */
static void test_infinities() {
  begin_group("attention with infinities");
  for (int format : {VESALIUS_PACKED, VESALIUS_PAGES_BF16, VESALIUS_PAGES_F32}) {
    for (int window : {0, 50}) {
      Batch b = {{2, 1, 32, true, window}, format, 16, {200}, {200}};
      auto in = inputs(b);
      Memory<int> fault(4);
      Kind kind = format == VESALIUS_PAGES_F32 ? FLOAT : WHOLE;
      std::vector<float> clean = run(b, *in, kind, fault.get());
      std::vector<float> row(32, 1.0f), stored(32);
      row[5] = INFINITY;
      row[17] = NAN;
      int at = 101;
      store_row(b, in.get(), 1, 0, at, 0, row.data(), stored.data());
      if (format == VESALIUS_PACKED) {
        row[3] = NAN;
        store_row(b, in.get(), 0, 0, 150, 0, row.data(), stored.data());
      }
      for (Kind k : {kind, kind == FLOAT ? FLOAT : SPLIT}) {
        std::vector<float> out = run(b, *in, k, fault.get());
        for (int t = 0; t < 200; t++) {
          bool sees = t >= at && (window == 0 || t < at + window);
          bool no_number = format == VESALIUS_PACKED && t >= 150 && (window == 0 || t < 150 + window);
          for (int i = 0; i < 64; i++) {
            float x = out[(size_t)t * 64 + i];
            bool right = no_number           ? isnan(x)
                         : !sees             ? same_bits(x, clean[(size_t)t * 64 + i])
                         : i % 32 == 5       ? isinf(x)
                         : i % 32 == 17      ? isnan(x)
                                             : isfinite(x);
            check(right, "format %d, window %d, kind %d, token %d, number %d: %g", format, window, k, t, i, x);
          }
        }
      }
    }
  }
}

static void test_faults() {
  begin_group("attention with wrong integers");
  for (int format : {VESALIUS_PAGES_BF16, VESALIUS_PAGES_I8, VESALIUS_PAGES_F32}) {
    for (Kind kind : {WHOLE, SPLIT}) {
      Batch b = {{2, 1, 16, true, 0}, format, 16, {40, 33}, {7, 33}, true};
      kind = format == VESALIUS_PAGES_F32 ? FLOAT : kind;
      for (int wrong = 0; wrong < 5; wrong++) {
        auto in = inputs(b);
        Memory<int> fault(4);
        Batch asked = b;
        int expected = VESALIUS_FAULT_STARTS;
        if (wrong == 0) {
          in->starts = {0, 41, 40};
        } else if (wrong == 1) {
          in->starts = {-1, 7, 40};
        } else if (wrong == 2) {
          asked.lengths[1] = 32;
          expected = VESALIUS_FAULT_LENGTH;
        } else if (wrong == 3) {
          (*in->page_table)[1] = in->pages;
          expected = VESALIUS_FAULT_PAGES;
        } else {
          (*in->groups)[3] = 100;
          expected = VESALIUS_FAULT_GROUPS;
        }
        run(asked, *in, kind, fault.get());
        check(fault[0] == expected, "fault %d instead of %d, format %d, kind %d", fault[0], expected, format, kind);
      }
    }
  }
}

static void test_packing() {
  begin_group("packed heads");
  for (int size : {1, 10, 16, 72}) {
    int padded = up(size, 16) * 16, heads = 3, rows = 4, stride = heads * size + 1;
    Memory<float> x(random_numbers.normals((size_t)rows * stride));
    Memory<uint16_t> out((size_t)rows * heads * padded, 5);
    launch("vesalius_pack_heads", {as(rows), as(up(heads * padded, 1024))}, {256}, 0, out.get(), (const float*)x.get(), stride, rows, heads, size, padded);
    for (int r = 0; r < rows; r++) {
      for (int i = 0; i < heads * padded; i++) {
        int place = i % padded;
        uint16_t expected = place < size ? to_brain(x[(size_t)r * stride + i / padded * size + place]) : 0;
        check(out[(size_t)r * heads * padded + i] == expected, "size %d", size);
      }
    }
  }
}

void test_attention() {
  test_packing();
  test_shapes();
  test_chunks();
  test_infinities();
  test_faults();
}
