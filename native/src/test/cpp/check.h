/*
 * What the contract test is made of: checks that are counted by group, buffers that end at an inaccessible page, seeded
 * numbers, and error bounds computed from lengths and magnitudes.
 */
#ifndef VESALIUS_CHECK_H
#define VESALIUS_CHECK_H

#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <initializer_list>

#include "vesalius.h"

/* ---- checks ---- */

struct Checks {
  const char* group = "";
  long passed = 0;
  long failed = 0;
  long group_passed = 0;
  long group_failed = 0;
};

extern Checks checks;

/* Prints the last group's line and begins another; null ends the last one. */
void begin_group(const char* name);

__attribute__((format(printf, 2, 3))) void check(bool holds, const char* format, ...);

/* Checks that every number is as near as allowed; a NaN only meets a NaN, an infinity itself. */
template <typename Expected, typename Allowed>
void check_close(const float* actual, int64_t count, Expected expected, Allowed allowed, const char* what) {
  double worst = 0;
  for (int64_t i = 0; i < count; i++) {
    double want = expected(i), found = actual[i], bound = allowed(i);
    bool near = isnan(want) ? isnan(found) : want == found || fabs(found - want) <= bound;
    if (!near) {
      check(false, "%s: number %lld of %lld is %.9g; expected %.9g within %.3g", what, (long long)i, (long long)count, found,
            want, bound);
      return;
    }
    if (want != found && bound > 0 && isfinite(want)) {
      double share = fabs(found - want) / bound;
      worst = share > worst ? share : worst;
    }
  }
  check(true, "%s", what);
  if (getenv("VESALIUS_WORST") != nullptr && worst > 0.5) {
    printf("    %s: at most %.2f of the bound\n", what, worst);
  }
}

/* Checks that bits are equal. */
void check_same(const void* actual, const void* expected, int64_t bytes, const char* what);

/* ---- memory ---- */

/* Zeros that lie right before an inaccessible page, and behind one. */
template <typename T>
class Buffer {
 public:
  explicit Buffer(int64_t count, int64_t align = alignof(T)) : count_(count) {
    int64_t page = sysconf(_SC_PAGESIZE);
    int64_t bytes = (count * (int64_t)sizeof(T) + align - 1) / align * align;
    int64_t inside = (bytes + page - 1) / page * page;
    size_ = inside + 2 * page;
    base_ = (char*)mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base_ == MAP_FAILED || mprotect(base_, page, PROT_NONE) != 0 ||
        mprotect(base_ + page + inside, page, PROT_NONE) != 0) {
      perror("guarded memory");
      abort();
    }
    data_ = (T*)(base_ + page + inside - bytes);
  }

  ~Buffer() { munmap(base_, size_); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  T* data() { return data_; }
  const T* data() const { return data_; }
  T& operator[](int64_t i) { return data_[i]; }
  const T& operator[](int64_t i) const { return data_[i]; }
  int64_t count() const { return count_; }
  int64_t bytes() const { return count_ * (int64_t)sizeof(T); }

 private:
  char* base_;
  int64_t size_;
  T* data_;
  int64_t count_;
};

/* Scratch memory as a caller brings it: aligned, and full of NaN. */
class Scratch {
 public:
  explicit Scratch(int64_t bytes) : memory_((bytes + 63) / 64 * 64, 64) { memset(memory_.data(), 0xff, memory_.count()); }
  void* data() { return memory_.data(); }

 private:
  Buffer<char> memory_;
};

/* Rows with numbers between them that nobody may touch. */
class Framed {
 public:
  Framed(int64_t rows, int64_t width) : rows_(rows), width_(width), memory_((rows - 1) * (width + GAP) + width) {
    for (int64_t i = 0; i < memory_.count(); i++) {
      memory_[i] = MARK;
    }
  }

  Framed(int64_t rows, int64_t width, const Buffer<float>& dense) : Framed(rows, width) { write(dense); }

  void write(const Buffer<float>& dense) {
    for (int64_t r = 0; r < rows_; r++) {
      memcpy(row(r), &dense[r * width_], width_ * sizeof(float));
    }
  }

  float* data() { return memory_.data(); }
  float* row(int64_t r) { return memory_.data() + r * stride(); }
  int64_t stride() const { return width_ + GAP; }

  /* Copies the rows out and checks the numbers between them. */
  void read(Buffer<float>& dense, const char* what) {
    bool intact = true;
    for (int64_t r = 0; r < rows_; r++) {
      memcpy(&dense[r * width_], row(r), width_ * sizeof(float));
      for (int64_t i = 0; r + 1 < rows_ && i < GAP; i++) {
        intact = intact && row(r)[width_ + i] == MARK;
      }
    }
    check(intact, "%s: wrote between rows", what);
  }

 private:
  static constexpr int64_t GAP = 3;
  static constexpr float MARK = 12345.678f;
  int64_t rows_;
  int64_t width_;
  Buffer<float> memory_;
};

/* ---- numbers ---- */

/* Seeded numbers (xorshift64*, Vigna 2016). */
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15 + 1) {}

  uint64_t bits() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return state_ * 0x2545f4914f6cdd1d;
  }

  int64_t below(int64_t bound) { return (int64_t)((bits() >> 11) % (uint64_t)bound); }
  double uniform() { return ((double)(bits() >> 11) + 0.5) * 0x1p-53; }
  double normal() { return sqrt(-2 * log(uniform())) * cos(2 * M_PI * uniform()); }

  void fill_normal(Buffer<float>& x, double deviation) {
    for (int64_t i = 0; i < x.count(); i++) {
      x[i] = (float)(deviation * normal());
    }
  }

  /* Every odd number nearly takes its left neighbour away. */
  void fill_cancelling(Buffer<float>& x) {
    fill_normal(x, 1);
    for (int64_t i = 1; i < x.count(); i += 2) {
      x[i] = (float)(-(double)x[i - 1] * (1 + normal() * 1e-4));
    }
  }

  /* Zeros of both signs, subnormal, tiny and large numbers. */
  void fill_extreme(Buffer<float>& x, float most) {
    const float choice[] = {0, 0x1p-149f, 1e-40f, 0x1p-126f, 1e-20f, 1, most};
    for (int64_t i = 0; i < x.count(); i++) {
      x[i] = (below(2) ? 1.0f : -1.0f) * choice[below(7)];
    }
  }

  void permute(int32_t* x, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
      int64_t j = below(i + 1);
      x[i] = x[j];
      x[j] = (int32_t)i;
    }
  }

 private:
  uint64_t state_;
};

float bf16_value(uint16_t x);
uint16_t bf16_nearest(float x);
float f16_value(uint16_t x);

/* ---- error bounds, as in the Java contract test ---- */

constexpr double ROUNDOFF = 0x1p-24;

/* Relative error of a sum of products: the worst case, or six standard deviations (Higham and Mary 2019). */
inline double sum_bound(int64_t length) {
  double worst = (double)length + 1;
  double likely = 2 + 6 * sqrt((double)length);
  return ROUNDOFF * (worst < likely ? worst : likely);
}

inline double norm_bound(int64_t length, double result) {
  return fabs(result) * (sum_bound(length) / 2 + 6 * ROUNDOFF) + 0x1p-126;
}

#endif
