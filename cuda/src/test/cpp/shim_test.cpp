/* Tests the shim alone: what threads of a block do with each other, and what must be found wrong. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <string>
#include <vector>

#include "check.h"
#include "launch.h"

using simt::Fault;

/* Runs a sample with its arguments. */
template <typename... Arguments>
static Fault run(const char* name, dim3 blocks, dim3 threads, size_t shared_bytes, Arguments... arguments) {
  std::string full = std::string("vesalius_sample_") + name;
  const simt::Kernel* kernel = simt::find_kernel(full.c_str());
  if (kernel == nullptr) {
    return {1, "no kernel " + full};
  }
  void* pointers[] = {(void*)&arguments...};
  std::vector<uint64_t> copied(kernel->bytes / 8 + 1);
  kernel->copy(copied.data(), pointers);
  return simt::run({kernel, blocks, threads, shared_bytes, copied.data()});
}

static void expect_fault(const Fault& fault, int error, const char* words) {
  check(fault.error == error && fault.message.find(words) != std::string::npos, "expected error %d with \"%s\", found %d: %s", error,
        words, fault.error, fault.message.c_str());
}

static void expect_fine(const Fault& fault) { check(fault.error == 0, "%s", fault.message.c_str()); }

static void test_places() {
  for (dim3 threads : {dim3{1, 1, 1}, dim3{7, 3, 2}, dim3{1024, 1, 1}, dim3{4, 4, 64}}) {
    int size = (int)(threads.x * threads.y * threads.z);
    std::vector<int> out(30 * (size_t)size, -1);
    expect_fine(run("index", {5, 3, 2}, threads, 0, out.data()));
    bool same = true;
    for (int i = 0; i < 30 * size; i++) {
      same = same && out[(size_t)i] == i / size * 10000 + i % size;
    }
    check(same, "%d threads", size);
  }
}

static void test_shuffles() {
  for (int kind = 0; kind < 4; kind++) {
    for (int width : {4, 8, 32}) {
      for (int argument = 0; argument < width; argument++) {
        std::vector<int> out(32);
        expect_fine(run("shuffle", {1}, {32}, 0, out.data(), kind, ~0u, argument, width));
        for (int i = 0; i < 32; i++) {
          int begin = i / width * width, place = i - begin;
          int from = kind == 0   ? begin + (argument + i) % width
                     : kind == 1 ? (place >= argument ? i - argument : i)
                     : kind == 2 ? (place + argument < width ? i + argument : i)
                                 : i ^ argument;
          check(out[(size_t)i] == 100 + from, "kind %d, width %d, argument %d, lane %d: %d", kind, width, argument, i, out[(size_t)i]);
        }
      }
    }
  }
  std::vector<int> out(32);
  expect_fine(run("shuffle", {1}, {32}, 0, out.data(), 3, 0x00ff00ffu, 1, 32));
  for (int i = 0; i < 32; i++) {
    check(out[(size_t)i] == (0x00ff00ff >> i & 1 ? 100 + (i ^ 1) : -1), "part of a warp, lane %d: %d", i, out[(size_t)i]);
  }
  std::vector<unsigned> votes(32);
  expect_fine(run("ballot", {1}, {32}, 0, votes.data()));
  for (int i = 0; i < 32; i++) {
    check(votes[(size_t)i] == (0xaaaaaaaau ^ (i < 16 ? 7u : 0xc0000000u)), "votes of lane %d: %x", i, votes[(size_t)i]);
  }
}

static void test_barriers() {
  std::vector<float> x(256 * 50), sums(50);
  for (size_t i = 0; i < x.size(); i++) {
    x[i] = (float)(i % 97);
  }
  expect_fine(run("sum", {50}, {256}, 0, sums.data(), (const float*)x.data()));
  for (size_t b = 0; b < 50; b++) {
    float sum = 0;
    for (size_t i = 0; i < 256; i++) {
      sum += x[b * 256 + i];
    }
    check(sums[b] == sum, "block %zu: %g instead of %g", b, sums[b], sum);
  }
  for (unsigned threads : {1u, 32u, 33u, 1000u, 1024u}) {
    std::vector<int> data(threads * 3);
    for (size_t i = 0; i < data.size(); i++) {
      data[i] = (int)i;
    }
    expect_fine(run("rotate", {3}, {threads}, threads * 4, data.data(), 100));
    bool same = true;
    for (unsigned i = 0; i < data.size(); i++) {
      same = same && data[i] == (int)(i / threads * threads + (i % threads + 100) % threads);
    }
    check(same, "%u threads", threads);
  }
  int count = 0, last = 0;
  unsigned largest = 0;
  float sum = 0;
  expect_fine(run("counting", {500}, {100}, 0, &count, &largest, &sum, &last));
  check(count == 50000 && largest == 49999 && sum == 25000 && last > 0, "atomics: %d, %u, %g, %d", count, largest, sum, last);
}

static uint16_t brain(float x) { return simt::bf16_from_float(x); }

static float value(uint16_t x) { return simt::bits<float>((uint32_t)x << 16); }

static void test_matrices() {
  srand(7);
  uint16_t a[16][16], b[16][8];
  float c[16][8];
  double expected[16][8];
  for (auto& row : a) {
    for (auto& x : row) {
      x = brain((float)(rand() % 2001 - 1000) / 64);
    }
  }
  for (auto& row : b) {
    for (auto& x : row) {
      x = brain((float)(rand() % 2001 - 1000) / 64);
    }
  }
  for (int i = 0; i < 16; i++) {
    for (int j = 0; j < 8; j++) {
      c[i][j] = (float)(i - j);
      expected[i][j] = c[i][j];
      for (int k = 0; k < 16; k++) {
        expected[i][j] += (double)value(a[i][k]) * value(b[k][j]);
      }
    }
  }
  /* Fragments by the tables of the PTX ISA: row and column of element i of a lane. */
  unsigned fragment_a[32][4] = {}, fragment_b[32][2] = {};
  float fragment_d[32][4];
  for (int lane = 0; lane < 32; lane++) {
    int group = lane >> 2, in_group = lane % 4;
    for (int i = 0; i < 8; i++) {
      int row = i < 2 || (i >= 4 && i < 6) ? group : group + 8;
      int column = in_group * 2 + (i & 1) + (i >= 4 ? 8 : 0);
      fragment_a[lane][i / 2] |= (unsigned)a[row][column] << 16 * (i % 2);
    }
    for (int i = 0; i < 4; i++) {
      fragment_b[lane][i / 2] |= (unsigned)b[in_group * 2 + (i & 1) + (i >= 2 ? 8 : 0)][group] << 16 * (i % 2);
      fragment_d[lane][i] = c[i < 2 ? group : group + 8][in_group * 2 + (i & 1)];
    }
  }
  expect_fine(run("mma", {1}, {32}, 0, &fragment_d[0][0], (const unsigned*)fragment_a, (const unsigned*)fragment_b));
  for (int lane = 0; lane < 32; lane++) {
    for (int i = 0; i < 4; i++) {
      double want = expected[i < 2 ? lane >> 2 : (lane >> 2) + 8][lane % 4 * 2 + (i & 1)];
      check(fabs(fragment_d[lane][i] - want) <= 17 * 0x1p-24 * 16 * 16 * 16, "lane %d, %d: %g instead of %g", lane, i,
            fragment_d[lane][i], want);
    }
  }
  float product[16][8];
  expect_fine(run("product", {1}, {32}, 0, &product[0][0], (const uint16_t*)a, (const uint16_t*)b));
  for (int i = 0; i < 16; i++) {
    for (int j = 0; j < 8; j++) {
      double want = expected[i][j] - c[i][j];
      check(fabs(product[i][j] - want) <= 17 * 0x1p-24 * 16 * 16 * 16, "row %d, column %d: %g instead of %g", i, j, product[i][j],
            want);
    }
  }

  int8_t p[16][32], q[32][8];
  unsigned packed_p[32][4] = {}, packed_q[32][2] = {};
  int sums[32][4];
  for (auto& row : p) {
    for (auto& x : row) {
      x = (int8_t)(rand() % 256 - 128);
    }
  }
  for (auto& row : q) {
    for (auto& x : row) {
      x = (int8_t)(rand() % 256 - 128);
    }
  }
  for (int lane = 0; lane < 32; lane++) {
    int group = lane >> 2, in_group = lane % 4;
    for (int i = 0; i < 16; i++) {
      int row = i < 4 || (i >= 8 && i < 12) ? group : group + 8;
      int column = in_group * 4 + (i & 3) + (i >= 8 ? 16 : 0);
      packed_p[lane][i / 4] |= (unsigned)(uint8_t)p[row][column] << 8 * (i % 4);
    }
    for (int i = 0; i < 8; i++) {
      packed_q[lane][i / 4] |= (unsigned)(uint8_t)q[in_group * 4 + (i & 3) + (i >= 4 ? 16 : 0)][group] << 8 * (i % 4);
    }
    for (int i = 0; i < 4; i++) {
      sums[lane][i] = lane * 4 + i;
    }
  }
  expect_fine(run("mma_integers", {1}, {32}, 0, &sums[0][0], (const unsigned*)packed_p, (const unsigned*)packed_q));
  for (int lane = 0; lane < 32; lane++) {
    for (int i = 0; i < 4; i++) {
      int row = i < 2 ? lane >> 2 : (lane >> 2) + 8, column = lane % 4 * 2 + (i & 1), want = lane * 4 + i;
      for (int k = 0; k < 32; k++) {
        want += p[row][k] * q[k][column];
      }
      check(sums[lane][i] == want, "integers, lane %d, %d: %d instead of %d", lane, i, sums[lane][i], want);
    }
  }
}

/* The number of a byte in E4M3, which is no NaN. */
static double from_e4m3(uint8_t x) {
  int exponent = x >> 3 & 15;
  double magnitude = exponent == 0 ? ldexp(x & 7, -9) : ldexp(8 + (x & 7), exponent - 10);
  return x & 0x80 ? -magnitude : magnitude;
}

/* `mask`: the bits that bytes may have. Sums of subnormal numbers and the smallest normal ones, 0x8f, are exact. */
static void test_e4m3(int mask, bool by_halves) {
  srand(8);
  auto draw = [mask] {
    int x = rand() & mask;
    return (uint8_t)((x & 0x7f) == 0x7f ? x ^ 1 : x);
  };
  uint8_t a[16][32], b[32][8];
  unsigned packed_a[32][4] = {}, packed_b[32][2] = {};
  float sums[32][4];
  for (auto& row : a) {
    for (auto& x : row) {
      x = draw();
    }
  }
  for (auto& row : b) {
    for (auto& x : row) {
      x = draw();
    }
  }
  /* Fragments by the tables of the PTX ISA. */
  for (int lane = 0; lane < 32; lane++) {
    int group = lane >> 2, in_group = lane % 4;
    for (int i = 0; i < 16; i++) {
      int row = i < 4 || (i >= 8 && i < 12) ? group : group + 8;
      int column = in_group * 4 + (i & 3) + (i >= 8 ? 16 : 0);
      packed_a[lane][i / 4] |= (unsigned)a[row][column] << 8 * (i % 4);
    }
    for (int i = 0; i < 8; i++) {
      packed_b[lane][i / 4] |= (unsigned)b[in_group * 4 + (i & 3) + (i >= 4 ? 16 : 0)][group] << 8 * (i % 4);
    }
    for (int i = 0; i < 4; i++) {
      sums[lane][i] = (float)(lane - 8 * i) / 16;
    }
  }
  expect_fine(run("mma_e4m3", {1}, {32}, 0, &sums[0][0], (const unsigned*)packed_a, (const unsigned*)packed_b, (int)by_halves));
  for (int lane = 0; lane < 32; lane++) {
    for (int i = 0; i < 4; i++) {
      int row = i < 2 ? lane >> 2 : (lane >> 2) + 8, column = lane % 4 * 2 + (i & 1);
      double want = (double)(lane - 8 * i) / 16, magnitude = fabs(want);
      for (int k = 0; k < 32; k++) {
        want += from_e4m3(a[row][k]) * from_e4m3(b[k][column]);
        magnitude += fabs(from_e4m3(a[row][k]) * from_e4m3(b[k][column]));
      }
      double error = mask == 0x8f ? 0 : 34 * 0x1p-24 * magnitude;
      check(fabs(sums[lane][i] - want) <= error, "E4M3 %s, bits 0x%x, lane %d, %d: %.9g instead of %.9g", by_halves ? "by halves" : "at once", mask,
            lane, i, sums[lane][i], want);
    }
  }
}

/* The nearest byte by comparing with all. */
static uint8_t nearest_e4m3(float x) {
  int best = 0;
  for (int i = 1; i <= 0x7e; i++) {
    double difference = fabs(fabs((double)x) - from_e4m3((uint8_t)i)), least = fabs(fabs((double)x) - from_e4m3((uint8_t)best));
    if (difference < least || (difference == least && i % 2 == 0)) {
      best = i;
    }
  }
  return (uint8_t)(best | (signbit(x) ? 0x80 : 0));
}

static void test_e4m3_numbers() {
  std::vector<float> x = {465, 480, 496, 1e5f, 3.4e38f, 0x1p-149f, 0x1p-126f, 1e-20f, 0x1p-10f, 0x1.000002p-10f};
  for (int i = 0; i < 0x7f; i++) {
    /* A number, the middle to the next one, and the floats beside them; 464 is where the NaN would begin. */
    double number = from_e4m3((uint8_t)i), next = i == 0x7e ? 480 : from_e4m3((uint8_t)(i + 1));
    for (float middle : {(float)number, (float)((number + next) / 2)}) {
      x.insert(x.end(), {middle, nextafterf(middle, 1e9f), nextafterf(middle, -1e9f)});
    }
  }
  for (int i = 0; i < 20000; i++) {
    x.push_back(ldexpf((float)(rand() % 0x1000000), -20 - rand() % 20));
  }
  for (size_t i = 0, count = x.size(); i < count; i++) {
    x.push_back(-x[i]);
  }
  int count = (int)x.size();
  std::vector<uint8_t> out(x.size());
  std::vector<float> back(x.size());
  expect_fine(run("e4m3", {(unsigned)count / 256 + 1}, {256}, 0, out.data(), back.data(), (const float*)x.data(), count));
  for (size_t i = 0; i < x.size(); i++) {
    uint8_t want = nearest_e4m3(x[i]);
    check(out[i] == want && back[i] == (float)from_e4m3(want) && signbit(back[i]) == signbit(x[i]), "%.9g in E4M3: 0x%02x, %g, instead of 0x%02x",
          x[i], out[i], back[i], want);
  }
}

static void test_copies() {
  begin_group("copies in the background");
  alignas(16) int in[12];
  int out[12];
  for (int i = 0; i < 12; i++) {
    in[i] = i + 1;
  }
  for (int waits = 0; waits < 3; waits++) {
    expect_fine(run("copies", {1}, {1}, 0, &out[0], (const int*)in, waits));
    for (int i = 0; i < 12; i++) {
      int want = i / 4 >= 3 - waits ? -1 : i / 4 == 1 ? 0 : i + 1;
      check(out[i] == want, "%d groups under way: number %d is %d instead of %d", waits, i, out[i], want);
    }
  }
  expect_fault(run("misaligned", {1}, {1}, 0, &out[0], (const char*)in), simt::MISALIGNED_ADDRESS, "multiple of 16");
}

static void test_numbers() {
  begin_group("numbers");
  check(__dp4a(0x80ff7f01, 0x80ff7f02, 5) == 5 + 16384 + 1 + 16129 + 2, "__dp4a");
  check(__float2int_rn(2.5f) == 2 && __float2int_rn(3.5f) == 4 && __float2int_rn(-2.5f) == -2 && __float2int_rn(1e10f) == INT32_MAX &&
            __float2int_rn(NAN) == 0 && __float2int_rz(-2.9f) == -2,
        "conversions to integers");
  check(brain(1.00390625f) == 0x3f80 && brain(1.01171875f) == 0x3f82 && brain(NAN) == 0x7fff && brain(INFINITY) == 0x7f80 &&
            brain(-3.4e38f) == 0xff80,
        "conversions to BF16");
  long wrong = 0;
  for (int x = 0; x < 0x10000; x++) {
    int exponent = x >> 10 & 31;
    double fraction = x & 0x3ff;
    double want = exponent == 31 ? (fraction == 0 ? INFINITY : NAN)
                                 : exponent == 0 ? ldexp(fraction, -24) : ldexp(1024 + fraction, exponent - 25);
    want = x & 0x8000 ? -want : want;
    float found = simt::float_from_half((uint16_t)x);
    wrong += !(isnan(want) ? isnan(found) : found == want && signbit(found) == signbit(want));
  }
  check(wrong == 0, "%ld halves are converted wrong", wrong);
}

static void test_mistakes() {
  begin_group("what threads do wrong");
  std::vector<int> out(1024);
  int* o = out.data();
  expect_fault(run("some_leave", {1}, {64}, 0, o), simt::LAUNCH_FAILED, "kernel vesalius_sample_some_leave, block (0, 0, 0)");
  expect_fault(run("some_leave", {1}, {64}, 0, o), simt::LAUNCH_FAILED, "__syncthreads");
  expect_fault(run("two_barriers", {1}, {64}, 0, o), simt::LAUNCH_FAILED, "32 threads of the block have ended");
  expect_fault(run("shuffle_of_ended", {1}, {32}, 0, o), simt::LAUNCH_FAILED, "0xffff0000 have ended");
  expect_fault(run("shuffle_of_ended", {1}, {16}, 0, o), simt::LAUNCH_FAILED, "has only the lanes 0x0000ffff");
  expect_fault(run("masks_differ", {1}, {32}, 0, o), simt::LAUNCH_FAILED, "__shfl_sync");
  expect_fault(run("steps_differ", {1}, {32}, 0, o), simt::LAUNCH_FAILED, "wait in __shfl_xor_sync");
  expect_fault(run("outside_mask", {1}, {32}, 0, o), simt::LAUNCH_FAILED, "in which lane 1 is not");
  expect_fault(run("shuffle", {1}, {32}, 0, o, 3, 0x00ffffffu, 16, 32), simt::LAUNCH_FAILED, "asks lane 24, which is not in it");
  expect_fault(run("warp_and_block", {1}, {64}, 0, o), simt::LAUNCH_FAILED, "threads wait for each other");
  expect_fault(run("write", {1}, {64}, 0, (int*)nullptr, 5L), simt::ILLEGAL_ADDRESS, "thread (2, 0, 0): touches the address 0x14");
  expect_fault(run("write_shared", {1}, {1}, 64, o, 16), simt::ILLEGAL_ADDRESS, "touches byte 64 of 64 of the launch's shared memory");
  expect_fine(run("write_shared", {1}, {1}, 64, o, 15));
  expect_fault(run("large", {1}, {1}, 0, o, 40000), simt::ILLEGAL_ADDRESS, "stack is too small");
  expect_fault(run("divide", {1}, {1}, 0, o, 1, 0), simt::LAUNCH_FAILED, "divided by zero");
  /* After all that, it still works. */
  expect_fine(run("rotate", {1}, {1024}, 4096, o, 3));
  std::vector<float> floats(64);
  expect_fine(run("unset", {1}, {64}, 256, floats.data()));
  check(isnan(floats[0]) && isnan(floats[63]), "shared memory has no content at first");
}

/* The compiler's checks, where kernels have them. */
static void test_checks() {
#ifdef VESALIUS_CHECKS
  begin_group("what the compiler checks");
  alignas(16) float in[8] = {};
  alignas(16) float out[8];
  int o[1];
  expect_fault(run("misaligned_vector", {1}, {1}, 0, (float4*)out, (const float*)in), simt::MISALIGNED_ADDRESS, "is not a multiple of 16");
  expect_fine(run("misaligned_vector", {1}, {1}, 0, (float4*)out, (const float*)in + 3));
  expect_fault(run("misaligned_vector", {1}, {1}, 0, (float4*)(out + 1), (const float*)in + 3), simt::MISALIGNED_ADDRESS, "samples.cu:");
  expect_fault(run("beyond_array", {1}, {1}, 0, o, 8), simt::ILLEGAL_ADDRESS, "the index 8 is beyond the array");
  expect_fine(run("beyond_array", {1}, {1}, 0, o, 7));
  expect_fault(run("shift", {1}, {1}, 0, o, 32), simt::LAUNCH_FAILED, "a shift by 32 bits");
  expect_fine(run("shift", {1}, {1}, 0, o, 31));
  expect_fault(run("convert", {1}, {1}, 0, o, 3e9f), simt::LAUNCH_FAILED, "an integer that cannot hold it");
  expect_fine(run("convert", {1}, {1}, 0, o, -2e9f));
#endif
}

static std::vector<int> race() {
  std::vector<int> data(256);
  for (size_t i = 0; i < 256; i++) {
    data[i] = (int)i;
  }
  expect_fine(run("race", {1}, {256}, 0, data.data()));
  return data;
}

/* What is right comes out the same in every order, a missing barrier shows. */
static void test_orders() {
  begin_group("shuffled orders");
  std::vector<int> reversed(256);
  for (size_t i = 0; i < 256; i++) {
    reversed[i] = 255 - (int)i;
  }
  int races = 0;
  std::vector<std::vector<int>> results;
  for (int seed : {1, 2, 3, 4, 5, 1}) {
    setenv("VESALIUS_SIMULATED_ORDER", std::to_string(seed).c_str(), 1);
    results.push_back(race());
    races += results.back() != reversed;
    test_shuffles();
    test_barriers();
    test_matrices();
    test_e4m3(0xff, true);
  }
  unsetenv("VESALIUS_SIMULATED_ORDER");
  check(races == 6, "a missing barrier showed %d times of 6", races);
  check(results[0] != results[1] && results[0] == results[5], "a seed is an order");
}

void test_shim() {
  simt::catch_illegal_accesses();
  begin_group("places in grid and block");
  test_places();
  begin_group("shuffles and votes");
  test_shuffles();
  begin_group("barriers");
  test_barriers();
  begin_group("matrices by a warp");
  test_matrices();
  begin_group("E4M3");
  for (bool by_halves : {false, true}) {
    for (int mask : {0xff, 0xbf, 0x8f}) {
      test_e4m3(mask, by_halves);
    }
  }
  test_e4m3_numbers();
  test_copies();
  test_numbers();
  test_mistakes();
  test_checks();
  test_orders();
}

/* Of this thread's processor time, since other processes may take the processor. */
static double nanoseconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

void measure_shim() {
  constexpr int ROUNDS = 2000;
  std::vector<int> out(1024);
  std::vector<float> floats(1024);
  setenv("VESALIUS_SIMULATED_THREADS", "1", 1);
  for (unsigned threads : {32u, 256u, 1024u}) {
    double least[4] = {1e9, 1e9, 1e9, 1e9};
    for (int i = 0; i < 5; i++) {
      double times[5] = {nanoseconds()};
      run("barriers", {1}, {threads}, 0, out.data(), ROUNDS);
      times[1] = nanoseconds();
      run("shuffles", {1}, {threads}, 0, out.data(), ROUNDS);
      times[2] = nanoseconds();
      run("products", {1}, {threads}, 0, floats.data(), ROUNDS);
      times[3] = nanoseconds();
      run("add", {ROUNDS}, {threads}, 0, floats.data(), (const float*)floats.data(), 1.0f, 0);
      times[4] = nanoseconds();
      for (int j = 0; j < 4; j++) {
        double each = (times[j + 1] - times[j]) / ROUNDS / (j == 2 ? threads / 32 : threads);
        least[j] = each < least[j] ? each : least[j];
      }
    }
    printf("%4u threads: %.1f ns per thread and barrier, %.1f ns per thread and shuffle, %.0f ns per warp and mma_bf16, %.1f ns per "
           "thread that does nothing\n",
           threads, least[0], least[1], least[2], least[3]);
  }
}
