/* What the tests of the kernels share: memory with guards, launches that have to succeed, random numbers, formats. */
#ifndef VESALIUS_KERNELS_TEST_H
#define VESALIUS_KERNELS_TEST_H

#include <math.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <algorithm>
#include <string>
#include <vector>

#include "check.h"
#include "launch.h"

#include "kernels.h"

/* Memory of a kernel that ends, up to its alignment of 16, at a page that no one may touch. */
template <typename T>
class Memory {
 public:
  explicit Memory(size_t count, T value = T()) : count_(count) {
    size_t bytes = (count * sizeof(T) + 15) / 16 * 16;
    size_t pages = (bytes + PAGE - 1) / PAGE * PAGE;
    mapped_ = pages + PAGE;
    base_ = (char*)mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(base_ + pages, PAGE, PROT_NONE);
    data_ = (T*)(base_ + pages - bytes);
    for (size_t i = 0; i < count; i++) {
      data_[i] = value;
    }
  }
  Memory(const std::vector<T>& values) : Memory(values.size()) {
    for (size_t i = 0; i < values.size(); i++) {
      data_[i] = values[i];
    }
  }
  Memory(const Memory& other) = delete;
  Memory& operator=(const Memory& other) = delete;
  ~Memory() { munmap(base_, mapped_); }

  T* get() const { return data_; }
  T& operator[](size_t i) const { return data_[i]; }
  size_t size() const { return count_; }
  std::vector<T> copy() const { return std::vector<T>(data_, data_ + count_); }

 private:
  static constexpr size_t PAGE = 4096;
  size_t count_;
  size_t mapped_;
  char* base_;
  T* data_;
};

inline unsigned as(int x) { return (unsigned)x; }

/* Runs a kernel; arguments have to have the kernel's own types. */
template <typename... Arguments>
void launch(const char* name, dim3 blocks, dim3 threads, size_t shared, Arguments... arguments) {
  const simt::Kernel* kernel = simt::find_kernel(name);
  check(kernel != nullptr, "no kernel %s", name);
  if (kernel == nullptr || blocks.x == 0 || blocks.y == 0 || blocks.z == 0) {
    return;
  }
  void* pointers[] = {(void*)&arguments...};
  std::vector<uint64_t> copied(kernel->bytes / 8 + 1);
  kernel->copy(copied.data(), pointers);
  simt::Fault fault = simt::run({kernel, blocks, threads, shared, copied.data()});
  check(fault.error == 0, "%s: %s", name, fault.message.c_str());
}

inline int up(int n, int size) { return (n + size - 1) / size; }

struct Random {
  uint64_t state;

  uint64_t next() {
    state += 0x9e3779b97f4a7c15u;
    uint64_t z = state;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
  }
  int below(int bound) { return (int)(next() % (uint64_t)bound); }
  float normal() {
    double u = (double)(next() >> 11) * 0x1p-53 + 0x1p-54;
    double v = (double)(next() >> 11) * 0x1p-53;
    return (float)(sqrt(-2 * log(u)) * cos(6.283185307179586 * v));
  }
  std::vector<float> normals(size_t n, float factor = 1) {
    std::vector<float> x(n);
    for (float& value : x) {
      value = normal() * factor;
    }
    return x;
  }
};

inline float bits_to_float(uint32_t bits) {
  float x;
  memcpy(&x, &bits, 4);
  return x;
}

inline uint32_t float_to_bits(float x) {
  uint32_t bits;
  memcpy(&bits, &x, 4);
  return bits;
}

inline uint16_t to_brain(float x) {
  uint32_t bits = float_to_bits(x);
  return x != x ? 0x7fff : (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

inline float brain(uint16_t x) { return bits_to_float((uint32_t)x << 16); }
inline uint16_t to_half(float x) {
  _Float16 half = (_Float16)x;
  uint16_t bits;
  memcpy(&bits, &half, 2);
  return bits;
}
inline float half(uint16_t bits) {
  _Float16 x;
  memcpy(&x, &bits, 2);
  return (float)x;
}

/* Of a byte in E4M3, which is no NaN. */
inline float from_e4m3(uint8_t x) {
  int exponent = x >> 3 & 15;
  float magnitude = ldexpf((float)(exponent == 0 ? x & 7 : 8 + (x & 7)), exponent == 0 ? -9 : exponent - 10);
  return x & 0x80 ? -magnitude : magnitude;
}

/* The nearest: the number of middles between neighbours that are below, and an even number's middle itself. */
inline uint8_t to_e4m3(float x) {
  static const std::vector<float> middles = [] {
    std::vector<float> all;
    for (int i = 0; i < 0x7e; i++) {
      all.push_back((from_e4m3((uint8_t)i) + from_e4m3((uint8_t)(i + 1))) / 2);
    }
    return all;
  }();
  size_t i = (size_t)(std::lower_bound(middles.begin(), middles.end(), fabsf(x)) - middles.begin());
  bool tie = i < middles.size() && middles[i] == fabsf(x);
  return (uint8_t)((tie ? (i + 1) / 2 * 2 : i) | (signbit(x) ? 0x80 : 0));
}

inline bool same_bits(float a, float b) { return float_to_bits(a) == float_to_bits(b) || (a != a && b != b); }

/* Roundoff of a sum of n products, see Tolerance.java. */
inline double sum_error(int n) { return 0x1p-24 * fmin(n + 1.0, 2 + 6 * sqrt(n)); }

void test_rows();
void test_products();
void test_attention();
void test_sampling();

#endif
