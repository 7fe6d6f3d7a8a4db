/* The choice of tokens from logits. */
#include "common.h"

typedef unsigned long long u64;

namespace {

constexpr int THREADS = 1024;
constexpr int WARPS = THREADS / WARP;

/* A number of a row and where it is. */
struct Place {
  float x;
  int column;
};

/* Whether one place comes before another: its number is larger, or as large and further left. */
__device__ bool is_before(Place a, Place b) { return a.x > b.x || (a.x == b.x && a.column < b.column); }

/* The first of the places of all threads, in every thread. `scratch` holds one for each warp, and is free for use again at return. */
__device__ Place first_of_block(Place mine, Place* scratch) {
  for (int distance = WARP / 2; distance > 0; distance /= 2) {
    Place other = {__shfl_xor_sync(ALL_LANES, mine.x, distance), __shfl_xor_sync(ALL_LANES, mine.column, distance)};
    mine = is_before(other, mine) ? other : mine;
  }
  if (threadIdx.x % WARP == 0) {
    scratch[threadIdx.x / WARP] = mine;
  }
  __syncthreads();
  for (int w = 0; w < WARPS; w++) {
    mine = is_before(scratch[w], mine) ? scratch[w] : mine;
  }
  __syncthreads();
  return mine;
}

/* Wins against everything: no number is larger, and no column is further left. */
__device__ Place not_finite() { return {infinity(), -1}; }

/* ---- what sampling is defined by: SamplingRule and TokenWeight, operation for operation ---- */

constexpr int WEIGHT_BITS = 40;

/* The order of rows of the parameters. */
enum { TEMPERATURE, TOP_P, MIN_P, REPETITION, PRESENCE, FREQUENCY, TOP_K, HISTORY_ROW, RANDOM_HIGH, RANDOM_LOW };

struct Rule {
  float temperature;
  int top_k;
  float top_p;
  float min_p;
  float repetition;
  float presence;
  float frequency;
};

__device__ bool is_valid(Rule r) {
  return r.temperature >= 0 && r.temperature < infinity() && r.top_k >= 0 && r.top_p >= 0 && r.top_p <= 1 && r.min_p >= 0 &&
         r.min_p <= 1 && r.repetition > 0 && r.repetition < infinity() && fabsf(r.presence) < infinity() &&
         fabsf(r.frequency) < infinity();
}

constexpr float LARGEST_FLOAT = 0x1.fffffep127f;

__device__ float finite(float x) { return fmaxf(-LARGEST_FLOAT, fminf(LARGEST_FLOAT, x)); }

__device__ float penalize(float x, int history, Rule rule) {
  if (history != 0) {
    x = finite(x < 0 ? __fmul_rn(x, rule.repetition) : __fdiv_rn(x, rule.repetition));
  }
  int count = history >> 1;
  if (count > 0) {
    x = finite(__fsub_rn(x, __fadd_rn(rule.presence, __fmul_rn(rule.frequency, __int2float_rn(count)))));
  }
  return __fadd_rn(x, 0.0f);
}

__device__ float factor_of(float temperature) { return fminf(__fdiv_rn(0x1.715476p0f, temperature), LARGEST_FLOAT); }

__device__ u64 weigh(float x, float top, float factor) {
  float t = __fmul_rn(__fsub_rn(x, top), factor);
  if (t < -(float)WEIGHT_BITS) {
    return 0;
  }
  float n = rintf(t);
  float f = __fsub_rn(t, n);
  float power = 0x1.41fbb8p-13f;
  power = __fadd_rn(__fmul_rn(power, f), 0x1.5f3e54p-10f);
  power = __fadd_rn(__fmul_rn(power, f), 0x1.3b2d4cp-7f);
  power = __fadd_rn(__fmul_rn(power, f), 0x1.c6aee8p-5f);
  power = __fadd_rn(__fmul_rn(power, f), 0x1.ebfbdcp-3f);
  power = __fadd_rn(__fmul_rn(power, f), 0x1.62e430p-1f);
  power = __fadd_rn(__fmul_rn(power, f), 1.0f);
  return (u64)__fmul_rn(power, __int_as_float(((int)n + WEIGHT_BITS + 127) << 23));
}

/* Unsigned integers in the order of the numbers, none of which is a negative zero; and back. */
__device__ unsigned key_of(float x) {
  unsigned bits = __float_as_uint(x);
  return bits >> 31 != 0 ? ~bits : bits | 0x80000000u;
}

__device__ float number_of(unsigned key) { return __uint_as_float(key >> 31 != 0 ? key & 0x7fffffffu : ~key); }

/* ---- a row, by all threads of a block ---- */

struct Row {
  const float* logits;
  const int* history; /* or null */
  int width;
  Rule rule;
  float top;
  float factor;

  __device__ float at(int c) const {
    return history == nullptr ? __fadd_rn(logits[c], 0.0f) : penalize(logits[c], history[c], rule);
  }
  __device__ u64 weight(float x) const { return weigh(x, top, factor); }
};

/* The columns of a warp: all before those of the next one. */
struct Range {
  int begin;
  int end;
};

__device__ Range range_of_warp(int width) {
  int size = blocks(width, THREADS) * WARP;
  int begin = least(width, (int)threadIdx.x / WARP * size);
  return {begin, least(width, begin + size)};
}

/* The sum of a value over all columns, in every thread; `of_warp` gets those over the columns of each warp. */
template <typename Value>
__device__ u64 sum_columns(int width, u64* of_warp, Value value) {
  Range range = range_of_warp(width);
  u64 sum = 0;
  for (int c = range.begin + (int)threadIdx.x % WARP; c < range.end; c += WARP) {
    sum += value(c);
  }
  sum = warp_sum(sum);
  if (threadIdx.x % WARP == 0) {
    of_warp[threadIdx.x / WARP] = sum;
  }
  __syncthreads();
  sum = 0;
  for (int w = 0; w < WARPS; w++) {
    sum += of_warp[w];
  }
  return sum;
}

/* The inclusive sums of a value of each lane. */
__device__ u64 warp_scan(u64 x) {
  for (int distance = 1; distance < WARP; distance *= 2) {
    u64 before = __shfl_up_sync(ALL_LANES, x, (unsigned)distance);
    x += (int)threadIdx.x % WARP >= distance ? before : 0;
  }
  return x;
}

/*
 * The first column at which the values up to and with it sum up to more than a target, which is less than the sum of all; in every
 * thread. `of_warp` is by sum_columns, and free for use again at return.
 */
template <typename Value>
__device__ int column_at(int width, const u64* of_warp, u64 target, int* found, Value value) {
  int warp = 0;
  while (target >= of_warp[warp]) {
    target -= of_warp[warp++];
  }
  if ((int)threadIdx.x / WARP == warp) {
    Range range = range_of_warp(width);
    for (int c = range.begin; c < range.end; c += WARP) {
      int mine = c + (int)threadIdx.x % WARP;
      u64 sum = warp_scan(mine < range.end ? value(mine) : 0);
      unsigned beyond = __ballot_sync(ALL_LANES, sum > target);
      if (beyond != 0) {
        *found = c + __ffs((int)beyond) - 1;
        break;
      }
      target -= __shfl_sync(ALL_LANES, sum, WARP - 1);
    }
  }
  __syncthreads();
  return *found;
}

/* ---- where top-k and top-p end ---- */

/* A key has three digits. */
constexpr int LEVELS = 3;
constexpr int MOST_DIGITS = 2048;
__device__ int shift_of(int level) { return level == 0 ? 21 : level == 1 ? 10 : 0; }
__device__ int digits_of(int level) { return level == 2 ? 1024 : 2048; }

/* How many tokens have each digit, and their weights, in halves because there is no atomic addition of 64 bits in shared memory. */
struct Histogram {
  unsigned count[MOST_DIGITS];
  unsigned low[MOST_DIGITS];
  unsigned high[MOST_DIGITS];

  __device__ u64 weight(int digit) const { return (u64)high[digit] << 32 | low[digit]; }
};

/* Of the tokens whose digits before agree with `key`. */
__device__ void fill(Histogram* histogram, const Row& row, int level, unsigned key, bool weighed) {
  for (int d = (int)threadIdx.x; d < MOST_DIGITS; d += THREADS) {
    histogram->count[d] = 0;
    histogram->low[d] = 0;
    histogram->high[d] = 0;
  }
  __syncthreads();
  int shift = shift_of(level);
  unsigned mask = (unsigned)digits_of(level) - 1;
  for (int c = (int)threadIdx.x; c < row.width; c += THREADS) {
    float x = row.at(c);
    unsigned other = key_of(x);
    if (level > 0 && other >> shift_of(level - 1) != key) {
      continue;
    }
    unsigned digit = other >> shift & mask;
    atomicAdd(&histogram->count[digit], 1u);
    u64 weight = weighed ? row.weight(x) : 0;
    unsigned low = (unsigned)weight;
    unsigned high = (unsigned)(weight >> 32);
    if (low != 0) {
      unsigned before = atomicAdd(&histogram->low[digit], low);
      high += before + low < before ? 1u : 0u;
    }
    if (high != 0) {
      atomicAdd(&histogram->high[digit], high);
    }
  }
  __syncthreads();
}

/* What a block shares while it samples a row. */
struct Shared {
  Place place_of_warp[WARPS];
  u64 of_warp[WARPS];
  int column;
  int digit;
  u64 before;
  u64 weight_before;
};

/* The sum over all threads before this one. */
__device__ u64 sum_before(u64 mine, u64* of_warp) {
  u64 sum = warp_scan(mine);
  if (threadIdx.x % WARP == WARP - 1) {
    of_warp[threadIdx.x / WARP] = sum;
  }
  __syncthreads();
  sum -= mine;
  for (int w = 0; w < (int)threadIdx.x / WARP; w++) {
    sum += of_warp[w];
  }
  __syncthreads();
  return sum;
}

/*
 * Finds the digit at which, the largest first, the count or the weights reach a target of at least 1 and at most all:
 * shared->digit, with what comes before it in shared->before and the weights of that in shared->weight_before.
 */
__device__ void find_digit(const Histogram& histogram, int level, bool by_count, u64 target, Shared* shared) {
  int each = digits_of(level) / THREADS;
  int first = digits_of(level) - 1 - (int)threadIdx.x * each;
  u64 weight = 0;
  u64 count = 0;
  for (int i = 0; i < each; i++) {
    weight += histogram.weight(first - i);
    count += histogram.count[first - i];
  }
  u64 weight_before = sum_before(weight, shared->of_warp);
  u64 before = by_count ? sum_before(count, shared->of_warp) : weight_before;
  if (before < target && before + (by_count ? count : weight) >= target) {
    int digit = first;
    u64 here = by_count ? histogram.count[digit] : histogram.weight(digit);
    while (before + here < target) {
      before += here;
      weight_before += histogram.weight(digit);
      digit--;
      here = by_count ? histogram.count[digit] : histogram.weight(digit);
    }
    shared->digit = digit;
    shared->before = before;
    shared->weight_before = weight_before;
  }
  __syncthreads();
}

/* Where a list of tokens, the likeliest first, ends: what has a smaller key is not in it, and of those with this one the first. */
struct End {
  unsigned key;
  u64 ties;
  u64 weight; /* of the list */
};

/*
 * The end of the list whose tokens, or whose weights, are as many as a target. `first` is filled for level 0, `other` is
 * overwritten.
 */
__device__ End find_end(const Row& row, bool by_count, u64 target, const Histogram* first, Histogram* other, bool weighed,
                        Shared* shared) {
  End end = {0, 0, 0};
  for (int level = 0; level < LEVELS; level++) {
    if (level > 0) {
      fill(other, row, level, end.key, weighed);
    }
    find_digit(level == 0 ? *first : *other, level, by_count, target, shared);
    end.key = level == 0 ? (unsigned)shared->digit : end.key << (shift_of(level - 1) - shift_of(level)) | (unsigned)shared->digit;
    end.weight += shared->weight_before;
    target -= shared->before;
    /* Before the next level writes there. */
    __syncthreads();
  }
  /* All tokens with this key weigh the same. */
  u64 weight = row.weight(number_of(end.key));
  end.ties = by_count ? target : (target + weight - 1) / weight;
  end.weight += end.ties * weight;
  return end;
}

/* What stays of the tokens of a row: of the likeliest up to an end, those up to a column of the last key, if they weigh enough. */
struct Kept {
  unsigned key;
  int last_column;
  u64 minimum;
};

__device__ u64 ceil_product(float share, u64 whole) { return (u64)ceil((double)share * (double)whole); }

VESALIUS_APART Kept list_tokens(Row row, Histogram* first, Histogram* other, Shared* shared) {
  bool counted = row.rule.top_k > 0 && row.rule.top_k < row.width;
  bool weighed = row.rule.top_p < 1;
  Kept kept = {0, row.width, ceil_product(row.rule.min_p, (u64)1 << WEIGHT_BITS)};
  if (!counted && !weighed) {
    return kept;
  }
  fill(first, row, 0, 0, weighed);
  End end;
  u64 total;
  if (counted) {
    end = find_end(row, true, (u64)row.rule.top_k, first, other, weighed, shared);
    total = end.weight;
  } else {
    total = 0;
    for (int d = (int)threadIdx.x; d < MOST_DIGITS; d += THREADS) {
      total += first->weight(d);
    }
    total = warp_sum(total);
    if (threadIdx.x % WARP == 0) {
      shared->of_warp[threadIdx.x / WARP] = total;
    }
    __syncthreads();
    total = 0;
    for (int w = 0; w < WARPS; w++) {
      total += shared->of_warp[w];
    }
    __syncthreads();
  }
  if (weighed) {
    /* The list for a part of the weights of a shorter list is within that. */
    u64 limit = most<u64>(1, least(total, ceil_product(row.rule.top_p, total)));
    end = find_end(row, false, limit, first, other, true, shared);
  }
  kept.key = end.key;
  auto is_last = [&](int c) { return (u64)(key_of(row.at(c)) == end.key); };
  if (sum_columns(row.width, shared->of_warp, is_last) > end.ties) {
    kept.last_column = column_at(row.width, shared->of_warp, end.ties - 1, &shared->column, is_last);
  }
  __syncthreads();
  return kept;
}

__device__ int draw(const Row& row, u64 random, Histogram* first, Histogram* other, Shared* shared) {
  Kept kept = list_tokens(row, first, other, shared);
  auto weight = [&](int c) {
    float x = row.at(c);
    unsigned key = key_of(x);
    if (key < kept.key || (key == kept.key && c > kept.last_column)) {
      return (u64)0;
    }
    u64 w = row.weight(x);
    return w < kept.minimum ? (u64)0 : w;
  };
  u64 sum = sum_columns(row.width, shared->of_warp, weight);
  return column_at(row.width, shared->of_warp, __umul64hi(random, sum), &shared->column, weight);
}

}  // namespace

extern "C" __global__ void __launch_bounds__(THREADS) vesalius_argmax(
    int* out, const float* x, int x_stride, int /*rows*/, int width) {
  __shared__ Place place_of_warp[WARPS];
  const float* row = x + (size_t)blockIdx.x * x_stride;
  Place best = {-infinity(), width};
  bool is_finite = true;
  for (int c = (int)threadIdx.x; c < width; c += THREADS) {
    Place here = {row[c], c};
    is_finite = is_finite && fabsf(here.x) < infinity();
    best = is_before(here, best) ? here : best;
  }
  best = first_of_block(is_finite ? best : not_finite(), place_of_warp);
  if (threadIdx.x == 0) {
    out[blockIdx.x] = best.column < width ? best.column : -1;
  }
}

extern "C" __global__ void __launch_bounds__(THREADS) vesalius_sample(
    int* out, const float* logits, int logits_stride, int /*rows*/, int width, const int* parameters, int parameters_stride,
    int* history, int history_stride, int history_rows, int* fault) {
  SHARED_BUFFER(Histogram, histograms);
  __shared__ Shared shared;
  int r = (int)blockIdx.x;
  auto integer = [&](int which) { return parameters[(size_t)which * parameters_stride + r]; };
  auto number = [&](int which) { return __int_as_float(integer(which)); };
  Row row;
  row.logits = logits + (size_t)r * logits_stride;
  row.width = width;
  row.rule = {number(TEMPERATURE), integer(TOP_K), number(TOP_P), number(MIN_P), number(REPETITION), number(PRESENCE), number(FREQUENCY)};
  int history_row = integer(HISTORY_ROW);
  bool known = history_row == -1 || within(history_row, history_rows, fault, VESALIUS_FAULT_HISTORY, r, threadIdx.x == 0);
  int* own = known && history_row >= 0 ? history + (size_t)history_row * history_stride : nullptr;
  row.history = own;

  Place best = {-infinity(), width};
  bool is_finite = known && is_valid(row.rule);
  for (int c = (int)threadIdx.x; is_finite && c < width; c += THREADS) {
    is_finite = fabsf(row.logits[c]) < infinity();
    Place here = {row.at(c), c};
    best = is_before(here, best) ? here : best;
  }
  best = first_of_block(is_finite ? best : not_finite(), shared.place_of_warp);
  int token = best.column < width ? best.column : -1;
  if (token >= 0 && row.rule.temperature > 0) {
    row.top = best.x;
    row.factor = factor_of(row.rule.temperature);
    u64 random = (u64)(unsigned)integer(RANDOM_HIGH) << 32 | (unsigned)integer(RANDOM_LOW);
    token = draw(row, random, &histograms[0], &histograms[1], &shared);
  }
  if (threadIdx.x == 0) {
    out[r] = token;
    if (token >= 0 && own != nullptr) {
      own[token] += 2;
    }
  }
}
