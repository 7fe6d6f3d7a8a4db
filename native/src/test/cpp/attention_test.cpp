/*
 * Attention against its definition in double precision, and against itself: to the bit, a query's result is the same with
 * whatever other queries, heads, pages and threads it is computed.
 */
#include "check.h"

namespace {

/* Fewer shapes where instructions are emulated. */
const bool FEW = getenv("VESALIUS_TEST_FEW") != nullptr;

/* Keys, values and queries of one sequence, and what queries see. */
struct Shape {
  int64_t group = 1;
  int64_t kv_heads = 1;
  int64_t head_size = 16;
  int64_t length = 64;
  bool causal = true;
  int64_t window = 0;
  double deviation = 1;
};

int64_t number_size(int32_t format) { return format == VESALIUS_CACHE_F32 ? 4 : format == VESALIUS_CACHE_BF16 ? 2 : 1; }

struct Numbers {
  Shape shape;
  Buffer<float> q, k, v; /* (length, heads * head_size), (length, kv_heads * head_size) */
  Buffer<int32_t> see_from, see_to;
  bool groups = false;

  Numbers(Random& random, const Shape& s)
      : shape(s),
        q(s.length * s.group * s.kv_heads * s.head_size),
        k(s.length * s.kv_heads * s.head_size),
        v(s.length * s.kv_heads * s.head_size),
        see_from(s.length),
        see_to(s.length) {
    random.fill_normal(q, s.deviation);
    random.fill_normal(k, s.deviation);
    random.fill_normal(v, 1);
  }

  int64_t q_width() const { return shape.group * shape.kv_heads * shape.head_size; }
  int64_t kv_width() const { return shape.kv_heads * shape.head_size; }

  /* Tokens from..to see each other. */
  void see(int64_t from, int64_t to) {
    if (!groups) {
      for (int64_t i = 0; i < shape.length; i++) {
        see_from[i] = (int32_t)i;
        see_to[i] = (int32_t)i + 1;
      }
      groups = true;
    }
    for (int64_t i = from; i < to; i++) {
      see_from[i] = (int32_t)from;
      see_to[i] = (int32_t)to;
    }
  }

  float scale() const { return (float)(1 / sqrt((double)shape.head_size)); }
};

constexpr int64_t SLABS = 3;

/* The keys and values of some numbers as a cache holds them; what no key is in holds NaN. */
class Store {
 public:
  /* With page_size 0 they lie in the batch, `lead` rows after its begin. */
  Store(Random& random, Numbers& numbers, int32_t format, int64_t page_size, int64_t lead = 0)
      : numbers_(numbers),
        format_(format),
        page_size_(page_size),
        pages_(page_size == 0 ? 0 : (numbers.shape.length + page_size - 1) / page_size),
        per_slab_(page_size == 0 ? 0 : (pages_ + SLABS - 1) / SLABS),
        rows_(page_size == 0 ? lead + numbers.shape.length : per_slab_ * numbers.shape.kv_heads * page_size),
        row_bytes_(page_size == 0 ? (numbers.kv_width() + RAGGED_GAP) * 4 : numbers.shape.head_size * number_size(format)),
        data_{slab(), slab(), slab(), slab(), slab(), slab()},
        scales_{scales(), scales(), scales(), scales(), scales(), scales()},
        table_(2 * pages_ + 3) {
    for (int i = 0; i < 2 * SLABS; i++) {
      memset(data_[i].data(), 0xff, data_[i].count());
      memset(scales_[i].data(), 0xff, scales_[i].bytes());
      addresses_[i] = data_[i].data();
      scale_addresses_[i] = scales_[i].data();
    }
    cache.keys = addresses_;
    cache.values = addresses_ + SLABS;
    cache.format = format;
    cache.kv_heads = (int32_t)numbers.shape.kv_heads;
    cache.head_size = (int32_t)numbers.shape.head_size;
    if (page_size == 0) {
      cache.key_stride = numbers.kv_width() + RAGGED_GAP;
      cache.value_stride = cache.key_stride;
      start = lead;
      for (int64_t t = 0; t < numbers.shape.length; t++) {
        memcpy(data_[0].data() + (lead + t) * row_bytes_, &numbers.k[t * numbers.kv_width()], numbers.kv_width() * 4);
        memcpy(data_[SLABS].data() + (lead + t) * row_bytes_, &numbers.v[t * numbers.kv_width()], numbers.kv_width() * 4);
      }
      return;
    }
    if (format == VESALIUS_CACHE_INT8) {
      cache.key_scales = scale_addresses_;
      cache.value_scales = scale_addresses_ + SLABS;
    }
    cache.page_size = page_size;
    cache.pages_per_slab = per_slab_;
    cache.page_table = table_.data();
    cache.page_table_stride = pages_ + 3;
    sequence = 1;
    Buffer<int32_t> order(SLABS * per_slab_);
    random.permute(order.data(), order.count());
    memset(table_.data(), 0x7f, table_.bytes());
    memcpy(table_.data() + cache.page_table_stride, order.data(), pages_ * sizeof(int32_t));
    Buffer<int32_t> slots(numbers.shape.length);
    for (int64_t t = 0; t < numbers.shape.length; t++) {
      slots[t] = (int32_t)(order[t / page_size] * page_size + t % page_size);
    }
    vesalius_store(&cache, 0, numbers.k.data(), numbers.kv_width(), slots.data(), 0, numbers.shape.length);
    vesalius_store(&cache, 1, numbers.v.data(), numbers.kv_width(), slots.data(), 0, numbers.shape.length);
  }

  /* A stored number of a key or a value. */
  double number(bool value, int64_t token, int64_t head, int64_t i) const {
    int first = value ? SLABS : 0;
    if (page_size_ == 0) {
      float x;
      memcpy(&x, data_[first].data() + (start + token) * row_bytes_ + (head * numbers_.shape.head_size + i) * 4, 4);
      return x;
    }
    int64_t page = table_[cache.page_table_stride + token / page_size_];
    int64_t row = (page % per_slab_ * cache.kv_heads + head) * page_size_ + token % page_size_;
    const char* p = data_[first + page / per_slab_].data() + row * row_bytes_ + i * number_size(format_);
    if (format_ == VESALIUS_CACHE_F32) {
      float x;
      memcpy(&x, p, 4);
      return x;
    }
    if (format_ == VESALIUS_CACHE_BF16) {
      uint16_t x;
      memcpy(&x, p, 2);
      return bf16_value(x);
    }
    return (double)*(const signed char*)p * scales_[first + page / per_slab_][row];
  }

  vesalius_key_values cache = {};
  int64_t sequence = 0;
  int64_t start = 0;

 private:
  static constexpr int64_t RAGGED_GAP = 1;

  Buffer<char> slab() const {
    /* The gap after the last row belongs to nobody. */
    return Buffer<char>(rows_ * row_bytes_ - (page_size_ == 0 ? RAGGED_GAP * 4 : 0));
  }

  Buffer<float> scales() const { return Buffer<float>(rows_); }

  Numbers& numbers_;
  int32_t format_;
  int64_t page_size_, pages_, per_slab_, rows_, row_bytes_;
  Buffer<char> data_[2 * SLABS];
  Buffer<float> scales_[2 * SLABS];
  const void* addresses_[2 * SLABS];
  const void* scale_addresses_[2 * SLABS];
  Buffer<int32_t> table_;
};

vesalius_attention_block block_of(Numbers& n, const Store& store, int64_t kv_head, int64_t from, int64_t to, float* out,
                                  int64_t out_stride) {
  int64_t at = kv_head * n.shape.group * n.shape.head_size;
  vesalius_attention_block block = {};
  block.q = n.q.data() + from * n.q_width() + at;
  block.q_stride = n.q_width();
  block.out = out + from * out_stride + at;
  block.out_stride = out_stride;
  block.see_from = n.groups ? &n.see_from[from] : nullptr;
  block.see_to = n.groups ? &n.see_to[from] : nullptr;
  block.queries = to - from;
  block.group = n.shape.group;
  block.position = from;
  block.length = n.shape.length;
  block.sequence = store.sequence;
  block.start = store.start;
  block.kv_head = kv_head;
  block.window = n.shape.window;
  block.key_to = n.shape.length;
  block.scale = n.scale();
  block.causal = n.shape.causal;
  return block;
}

void attend(const Store& store, const vesalius_attention_block& block) {
  Scratch scratch(vesalius_attention_scratch(block.queries * block.group, store.cache.head_size));
  vesalius_attention(&store.cache, &block, scratch.data());
}

/* All queries, in blocks of so many. */
void attend_all(Numbers& n, const Store& store, int64_t queries, Buffer<float>& result, const char* what) {
  Framed out(n.shape.length, n.q_width());
  for (int64_t head = 0; head < n.shape.kv_heads; head++) {
    for (int64_t from = 0; from < n.shape.length; from += queries) {
      int64_t to = from + queries < n.shape.length ? from + queries : n.shape.length;
      attend(store, block_of(n, store, head, from, to, out.data(), out.stride()));
    }
  }
  out.read(result, what);
}

/* The keys that a query sees. */
void range(const Numbers& n, int64_t query, int64_t* from, int64_t* to) {
  *to = n.shape.causal ? query + 1 : n.shape.length;
  *from = n.shape.window == 0 || query + 1 < n.shape.window ? 0 : query + 1 - n.shape.window;
  if (n.groups) {
    *from = n.see_from[query] < *from ? n.see_from[query] : *from;
    *to = n.see_to[query] > *to ? n.see_to[query] : *to;
  }
}

/* Half a step of BF16, as a share of the number; and what a weight's exponential may err by where weights are rounded. */
constexpr double HALF_STEP = 0x1p-8;
constexpr double EXPONENTIAL = 0x1p-17;

/*
 * Checks some queries. What attention says that it rounds is rounded here as well before the definition takes it, except for
 * weights: from half a step of each, the result moves by as much as the value is away from it, unless the value's scale is
 * rounded too and the weights' total is not. Few of the errors pile up, as in sum_bound. A score's error becomes a relative
 * error of the weights, in numerator and denominator.
 */
void check_defined(const Numbers& n, const Store& store, const Buffer<float>& result, int64_t step, const char* what) {
  const int64_t size = n.shape.head_size;
  const bool paged = store.cache.page_size != 0;
  const bool rounds = vesalius_attention_rounding(store.cache.format, paged) == VESALIUS_ROUND_BF16;
  const bool scaled = store.cache.format == VESALIUS_CACHE_INT8;
  auto number = [&](bool value, int64_t key, int64_t head, int64_t i) {
    double x = store.number(value, key, head / n.shape.group, i);
    return rounds && !paged ? bf16_value(bf16_nearest((float)x)) : x;
  };
  Buffer<double> weights(n.shape.length), q(size);
  Buffer<float> found(size);
  Buffer<double> expected(size), allowed(size);
  for (int64_t query = n.shape.length - 1; query >= 0; query -= step) {
    int64_t from, to;
    range(n, query, &from, &to);
    for (int64_t head = 0; head < n.shape.kv_heads * n.shape.group; head++) {
      for (int64_t i = 0; i < size; i++) {
        float x = n.q[query * n.q_width() + head * size + i];
        q[i] = rounds ? bf16_value(bf16_nearest(x * n.scale())) : (double)x * n.scale();
      }
      double most = -INFINITY, magnitude = 0, total = 0;
      for (int64_t key = from; key < to; key++) {
        double dot = 0, sum = 0;
        for (int64_t i = 0; i < size; i++) {
          double product = q[i] * number(false, key, head, i);
          dot += product;
          sum += fabs(product);
        }
        weights[key] = dot;
        most = dot > most ? dot : most;
        magnitude = fmax(magnitude, sum);
      }
      for (int64_t key = from; key < to; key++) {
        weights[key] = exp(weights[key] - most);
        total += weights[key];
      }
      double score = (sum_bound(size) + 4 * ROUNDOFF) * magnitude + 4 * ROUNDOFF;
      double relative = expm1(2 * score) + 2 * sum_bound(to - from) + 8 * ROUNDOFF + (rounds ? 2 * EXPONENTIAL : 0);
      for (int64_t i = 0; i < size; i++) {
        double sum = 0, values = 0, moved = 0, squares = 0;
        for (int64_t key = from; key < to; key++) {
          double value = weights[key] / total * number(true, key, head, i);
          sum += value;
          values += fabs(value);
        }
        for (int64_t key = from; rounds && key < to; key++) {
          double value = weights[key] / total * (number(true, key, head, i) - (scaled ? 0 : sum));
          moved += fabs(value);
          squares += value * value;
        }
        double rounding = HALF_STEP / (1 - HALF_STEP) * fmin(moved, 6 * sqrt(squares)) * exp(2 * score);
        expected[i] = sum;
        /* Every factor and every sum may lose a subnormal number. */
        double vanishing = 0x1p-126 * (double)(to - from) * (rounds ? 3 : 1);
        allowed[i] = relative * values * (1 + 2 * HALF_STEP) + rounding + vanishing;
        found[i] = result[query * n.q_width() + head * size + i];
      }
      check_close(
          found.data(), size, [&](int64_t i) { return expected[i]; }, [&](int64_t i) { return allowed[i]; }, what);
    }
  }
}

struct Text {
  char text[160];

  Text(const Shape& s, int32_t format, int64_t page_size) {
    snprintf(text, sizeof text, "group %d of %d heads of %d, %d keys%s, window %d, format %d, pages of %d", (int)s.group,
             (int)s.kv_heads, (int)s.head_size, (int)s.length, s.causal ? ", causal" : "", (int)s.window, (int)format,
             (int)page_size);
  }

  operator const char*() const { return text; }
};

/* Compares with the definition, and all ways of cutting the queries with each other. */
void check_case(Random& random, Numbers& n, int32_t format, int64_t page_size, int64_t step = 1) {
  Store store(random, n, format, page_size, random.below(5));
  Text what(n.shape, format, page_size);
  Buffer<float> whole(n.q.count()), parts(n.q.count());
  attend_all(n, store, n.shape.length, whole, what);
  check_defined(n, store, whole, step, what);
  for (int64_t queries : {(int64_t)1, (int64_t)2, 3 + random.below(40)}) {
    if (FEW && queries == 2) {
      continue;
    }
    attend_all(n, store, queries, parts, what);
    check_same(parts.data(), whole.data(), whole.bytes(), what);
  }
}

/* What stands for all of them, where instructions are emulated. */
bool left_out(int64_t x, std::initializer_list<int64_t> few) {
  for (int64_t one : few) {
    if (x == one) {
      return false;
    }
  }
  return FEW;
}

void test_shapes() {
  begin_group("attention: shapes and formats");
  Random random(21);
  for (int64_t size : {1, 2, 7, 8, 15, 16, 17, 32, 36, 64, 72, 80, 96, 128, 256}) {
    if (left_out(size, {7, 16, 36, 64, 72, 80, 128})) {
      continue;
    }
    for (int32_t format = VESALIUS_CACHE_F32; format <= VESALIUS_CACHE_INT8; format++) {
      Shape shape;
      shape.head_size = size;
      shape.group = 1 + random.below(9);
      shape.kv_heads = 1 + random.below(2);
      shape.length = 1 + random.below(150);
      shape.causal = random.below(3) > 0;
      Numbers n(random, shape);
      const int64_t pages[] = {1, 5, 16, 32, 100};
      check_case(random, n, format, pages[random.below(5)], 5);
      if (format == VESALIUS_CACHE_F32) {
        check_case(random, n, format, 0, 5);
      }
    }
  }
  for (int64_t length : {1, 2, 3, 4, 5, 63, 64, 65, 127, 128, 129, 191}) {
    if (left_out(length, {1, 4, 63, 65, 129})) {
      continue;
    }
    for (int64_t group : {1, 2, 7, 8, 9, 10, 12}) {
      Shape shape;
      shape.group = group;
      shape.length = length;
      shape.causal = group % 2 == 0;
      Numbers n(random, shape);
      check_case(random, n, VESALIUS_CACHE_BF16, 32, 7);
      check_case(random, n, VESALIUS_CACHE_F32, 0, 7);
    }
  }
}

void test_windows() {
  begin_group("attention: windows");
  Random random(22);
  for (int64_t window : {1, 2, 8, 40, 63, 64, 65, 200, 1000}) {
    if (left_out(window, {1, 40, 65, 200})) {
      continue;
    }
    for (int64_t group : {1, 2, 7}) {
      if (left_out(group, {window == 65 ? 7 : 1})) {
        continue;
      }
      Shape shape;
      shape.group = group;
      shape.head_size = 24;
      shape.length = 230;
      shape.window = window;
      Numbers n(random, shape);
      check_case(random, n, (int32_t)random.below(3), 16, 11);
      check_case(random, n, VESALIUS_CACHE_F32, 0, 11);
    }
  }
}

void test_groups() {
  begin_group("attention: tokens that see each other");
  Random random(23);
  for (int64_t window : {0, 1, 8, 40, 200}) {
    for (int64_t group : {1, 2, 8}) {
      if (left_out(group, {window == 40 ? 8 : 1})) {
        continue;
      }
      Shape shape;
      shape.group = group;
      shape.head_size = 12;
      shape.length = 150;
      shape.window = window;
      Numbers n(random, shape);
      n.see(0, 9);
      n.see(9, 12);
      n.see(30, 95);
      n.see(100, 101);
      n.see(120, 150);
      check_case(random, n, (int32_t)random.below(3), 5, 3);
      check_case(random, n, VESALIUS_CACHE_F32, 0, 3);
    }
  }
}

void test_extremes() {
  begin_group("attention: extreme scores");
  Random random(24);
  for (bool causal : {true, false}) {
    Shape shape;
    shape.group = 2;
    shape.head_size = 36;
    shape.length = 150;
    shape.causal = causal;
    shape.deviation = 60; /* nearly all weights vanish, and maxima move late */
    Numbers large(random, shape);
    check_case(random, large, VESALIUS_CACHE_F32, 0);
    shape.deviation = 0;
    Numbers equal(random, shape);
    check_case(random, equal, VESALIUS_CACHE_INT8, 16);
    shape.deviation = 1;
    Numbers rising(random, shape);
    for (int64_t j = 0; j < shape.length; j++) {
      for (int64_t i = 0; i < shape.head_size; i++) {
        rising.q[j * rising.q_width() + i] = 3;
        rising.k[j * rising.kv_width() + i] = (j % 7 == 0 ? (float)j : -1e4f) * 0.4f;
      }
    }
    check_case(random, rising, VESALIUS_CACHE_F32, 16);
    Numbers negative(random, shape);
    for (int64_t i = 0; i < negative.q.count(); i++) {
      negative.q[i] = 100 + negative.q[i] / 100;
    }
    for (int64_t i = 0; i < negative.k.count(); i++) {
      negative.k[i] = -100 + negative.k[i] / 100;
    }
    check_case(random, negative, VESALIUS_CACHE_BF16, 16);
    /* Shares of one value: the weights' rounding must not show. */
    Numbers alike(random, shape);
    for (int64_t i = 0; i < alike.v.count(); i++) {
      alike.v[i] = alike.v[i % alike.kv_width()];
    }
    check_case(random, alike, VESALIUS_CACHE_BF16, 16, 7);
    check_case(random, alike, VESALIUS_CACHE_F32, 0, 7);
    /* Sums that become subnormal when a new maximum brings them down, and products that are. */
    for (int exponent : {-124, -118}) {
      Numbers tiny(random, shape);
      for (int64_t i = 0; i < tiny.v.count(); i++) {
        tiny.v[i] = ldexpf(tiny.v[i], exponent);
      }
      check_case(random, tiny, VESALIUS_CACHE_BF16, 16, 7);
      check_case(random, tiny, VESALIUS_CACHE_F32, 0, 7);
    }
  }
}

/* Keys that a query does not see may hold anything, and it may be anything itself. */
void check_unseen(Random& random, const Shape& shape, int32_t format, int64_t page_size) {
  Numbers n(random, shape), poisoned(random, shape);
  Store clean(random, n, format, page_size);
  memcpy(poisoned.q.data(), n.q.data(), n.q.bytes());
  memcpy(poisoned.k.data(), n.k.data(), n.k.bytes());
  memcpy(poisoned.v.data(), n.v.data(), n.v.bytes());
  const int64_t bad = 97;
  for (int64_t i = 0; i < n.kv_width(); i++) {
    poisoned.k[bad * n.kv_width() + i] = i % 2 ? NAN : INFINITY;
    poisoned.v[bad * n.kv_width() + i] = i % 2 ? -INFINITY : NAN;
  }
  Store dirty(random, poisoned, format, page_size);
  for (int64_t queries : {1, 5, 140}) {
    Buffer<float> expected(n.q.count()), found(n.q.count());
    Text what(shape, format, page_size);
    attend_all(n, clean, queries, expected, what);
    attend_all(poisoned, dirty, queries, found, what);
    check_same(found.data(), expected.data(), bad * n.q_width() * 4, what);
    int64_t after = (bad + shape.window) * n.q_width();
    /* The first query whose window has left the key behind. */
    if (after < n.q.count()) {
      check_same(&found[after], &expected[after], (n.q.count() - after) * 4, what);
    }
    check(isnan(found[bad * n.q_width()]), "%s: a NaN that is seen is lost", (const char*)what);
  }
}

void test_unseen() {
  begin_group("attention: what is not seen has no effect");
  Random random(25);
  for (int64_t size : {16, 20, 64}) {
    for (int64_t group : {1, 3, 8}) {
      if (left_out(group, {size == 64 ? 3 : 1})) {
        continue;
      }
      Shape shape;
      shape.group = group;
      shape.head_size = size;
      shape.length = 150;
      shape.window = 50;
      for (int32_t format = VESALIUS_CACHE_F32; format <= VESALIUS_CACHE_INT8; format++) {
        check_unseen(random, shape, format, 16);
      }
      check_unseen(random, shape, VESALIUS_CACHE_F32, 0);
    }
  }
}

/* Long sequences: pieces computed apart and combined, prefill against decode, one head against its group. */
void test_pieces() {
  begin_group("attention: pieces, prefill and decode to the bit");
  Random random(26);
  const int64_t split = vesalius_attention_split();
  for (int way = 0; way < 4; way++) {
    /* The three formats in pages, and what lies in the batch. */
    const int32_t format = way == 3 ? VESALIUS_CACHE_F32 : way;
    const int64_t page_size = way == 3 ? 0 : 32;
    for (int64_t size : {20, 64, 128}) {
      if (left_out(size, {way == VESALIUS_CACHE_BF16 ? 128 : 20, way == VESALIUS_CACHE_BF16 ? 64 : 20})) {
        continue;
      }
      Shape shape;
      shape.group = size == 64 ? 7 : size == 128 ? 8 : 1;
      shape.head_size = size;
      shape.length = 2 * split + 300;
      shape.window = size == 20 ? split + 100 : 0;
      Numbers n(random, shape);
      Store store(random, n, format, page_size);
      Text what(shape, format, page_size);
      const int64_t from = shape.length - 29, last = shape.length - 1, count = shape.length - from;
      const int64_t width = n.q_width(), rows = count * shape.group;
      Buffer<float> out(n.q.count()), other(n.q.count());
      vesalius_attention_block prefill = block_of(n, store, 0, from, shape.length, out.data(), width);
      attend(store, prefill);
      check_defined(n, store, out, shape.length, what);

      /* One query at a time, each with only the keys that exist then. */
      for (int64_t query = from; query < shape.length; query += 7) {
        vesalius_attention_block decode = block_of(n, store, 0, query, query + 1, other.data(), width);
        decode.length = query + 1;
        decode.key_to = query + 1;
        attend(store, decode);
        check_same(&other[query * width], &out[query * width], width * 4, what);
      }

      /* Pieces apart, with more rows than fit the streaming loops and with one. */
      for (int64_t first : {from, last}) {
        const int64_t parts = (shape.length + split - 1) / split;
        const int64_t queries = shape.length - first, part = queries * shape.group * (size + 2);
        Buffer<float> partial(parts * part);
        memset(partial.data(), 0xff, partial.bytes());
        for (int64_t p = 0; p < parts; p++) {
          vesalius_attention_block piece = block_of(n, store, 0, first, shape.length, nullptr, 0);
          piece.out = nullptr;
          piece.key_from = p * split;
          piece.key_to = (p + 1) * split < shape.length ? (p + 1) * split : shape.length;
          piece.partial = &partial[p * part];
          attend(store, piece);
        }
        memset(other.data(), 0, other.bytes());
        vesalius_attention_combine(partial.data(), part, parts, &other[first * width], width, queries, shape.group, size);
        check_same(&other[first * width], &out[first * width], queries * width * 4, what);
      }

      /* Each head of the group alone. */
      for (int64_t head = 0; head < shape.group; head++) {
        vesalius_attention_block alone = block_of(n, store, 0, last, shape.length, other.data(), width);
        alone.q += head * size;
        alone.out += head * size;
        alone.group = 1;
        attend(store, alone);
        check_same(&other[last * width + head * size], &out[last * width + head * size], size * 4, what);
      }
      check(rows > 8, "%s: too few rows for both ways", (const char*)what);
    }
  }
}

/* Where keys lie makes no difference, unless those in pages of float32 are rounded less than those in the batch. */
void test_places() {
  begin_group("attention: pages and ragged to the bit");
  Random random(27);
  for (int64_t group : {1, 5}) {
    Shape shape;
    shape.group = group;
    shape.kv_heads = 2;
    shape.head_size = 32;
    shape.length = 210;
    Numbers n(random, shape);
    /* Numbers that each format but integers holds. */
    for (Buffer<float>* x : {&n.k, &n.v}) {
      for (int64_t i = 0; i < x->count(); i++) {
        (*x)[i] = bf16_value(bf16_nearest((*x)[i]));
      }
    }
    Store ragged(random, n, VESALIUS_CACHE_F32, 0, 3);
    Buffer<float> expected(n.q.count()), found(n.q.count());
    for (int32_t format = VESALIUS_CACHE_F32; format <= VESALIUS_CACHE_INT8; format++) {
      Text what(shape, format, 0);
      attend_all(n, ragged, 70, expected, what);
      bool same = format != VESALIUS_CACHE_INT8 &&
                  vesalius_attention_rounding(format, 1) == vesalius_attention_rounding(VESALIUS_CACHE_F32, 0);
      for (int64_t page_size : {1, 7, 16, 32, 64, 300}) {
        if (left_out(page_size, {7, 16, 64})) {
          continue;
        }
        Store paged(random, n, format, page_size);
        attend_all(n, paged, same ? 1 + random.below(210) : 70, found, what);
        if (same) {
          check_same(found.data(), expected.data(), expected.bytes(), what);
        } else {
          memcpy(expected.data(), found.data(), found.bytes());
          same = true;
        }
      }
    }
  }
}

}  // namespace

void test_attention() {
  test_shapes();
  test_windows();
  test_groups();
  test_extremes();
  test_unseen();
  test_pieces();
  test_places();
}
