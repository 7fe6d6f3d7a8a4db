/* Tests faults of the driver: those of kernels, and those that a test wants. */
#include <math.h>
#include <stdlib.h>

#include "api.h"
#include "check.h"

static void expect_message(const char* words) {
  check(last_message().find(words) != std::string::npos, "expected \"%s\" in: %s", words, last_message().c_str());
}

/* A kernel that breaks its context: the error comes with a call that waits, and stays. */
void test_faults() {
  begin_group("faults of kernels");
  struct Case {
    const char* kernel;
    unsigned threads;
    int error;
    const char* words;
  };
  for (const Case& one : {Case{"some_leave", 64, 719, "kernel vesalius_sample_some_leave, block (0, 0, 0)"},
                          Case{"shuffle_of_ended", 32, 719, "have ended"}}) {
    Session s;
    Memory out(4096);
    FINE(s.launch(one.kernel, {1, 1, 1}, {one.threads, 1, 1}, 0, s.stream, out.as<int>()));
    EXPECT(cuStreamSynchronize(s.stream), one.error);
    expect_message(one.words);
    EXPECT(cuStreamSynchronize(s.stream), one.error);
    int back = 0;
    EXPECT(cuMemcpyDtoH_v2(&back, out.pointer, 4), one.error);
    EXPECT(cuMemFree_v2(out.pointer), one.error);
    out.pointer = 0;
  }
  for (const char* guard : {"0", "1"}) {
    setenv("VESALIUS_SIMULATED_GUARD", guard, 1);
    bool guarded = *guard == '1';
    Session s;
    Memory out(4000);
    /* The last number, and one behind it; without the guard only what lies beyond the page is found. */
    FINE(s.launch("write", {1, 1, 1}, {32, 1, 1}, 0, s.stream, out.as<int>(), 999L));
    FINE(cuStreamSynchronize(s.stream));
    FINE(s.launch("write", {1, 1, 1}, {32, 1, 1}, 0, s.stream, out.as<int>(), guarded ? 1000L : 1024L));
    EXPECT(cuCtxSynchronize(), 700);
    expect_message(guarded ? "thread (2, 0, 0): touches the address" : "vesalius_sample_write");
    expect_message(guarded ? "0 bytes behind an allocation of 4000 bytes" : "96 bytes behind an allocation of 4000 bytes");
    Session t;
    Memory before(4096);
    FINE(t.launch("write", {1, 1, 1}, {32, 1, 1}, 0, t.stream, before.as<int>(), -1L));
    EXPECT(cuStreamSynchronize(t.stream), 700);
    expect_message("4 bytes before an allocation of 4096 bytes");
  }
  {
    Session s;
    Memory fresh(64);
    std::vector<float> back(16);
    FINE(cuMemcpyDtoH_v2(back.data(), fresh.pointer, 64));
    check(isnan(back[0]) && isnan(back[15]), "guarded memory has no numbers at first");
  }
  unsetenv("VESALIUS_SIMULATED_GUARD");
  Session s;
  Pointer freed = 0;
  Memory holder(64);
  FINE(cuMemAlloc_v2(&freed, 4096));
  FINE(cuMemcpyHtoD_v2(holder.pointer, &freed, 8));
  FINE(cuMemFree_v2(freed));
  FINE(s.launch("write_through", {1, 1, 1}, {1, 1, 1}, 0, s.stream, (int* const*)holder.pointer));
  EXPECT(cuStreamSynchronize(s.stream), 700);
}

void test_injection() {
  begin_group("injected faults");
  Session s;
  Pointer pointer = 0;
  vesalius_simulated_fail("alloc", 1, 2);
  FINE(cuMemAlloc_v2(&pointer, 64));
  Pointer none = 0;
  EXPECT(cuMemAlloc_v2(&none, 64), 2);
  FINE(cuMemAlloc_v2(&none, 64));
  void* made = nullptr;
  vesalius_simulated_fail("event", 0, 2);
  EXPECT(cuEventCreate(&made, 0), 2);
  vesalius_simulated_fail("stream", 0, 2);
  EXPECT(cuStreamCreate(&made, 0), 2);
  vesalius_simulated_fail("module", 0, 209);
  EXPECT(cuModuleLoadData(&made, "vesalius simulated image"), 209);
  vesalius_simulated_fail("get_function", 0, 500);
  EXPECT(cuModuleGetFunction(&made, s.module, "vesalius_sample_index"), 500);
  vesalius_simulated_fail("copy", 0, 999);
  EXPECT(cuMemcpyHtoD_v2(pointer, &made, 8), 999);
  vesalius_simulated_fail("host_alloc", 0, 2);
  EXPECT(cuMemHostAlloc(&made, 64, 0), 2);
  vesalius_simulated_fail("init", 0, 803);
  EXPECT(cuInit(0), 803);
  vesalius_simulated_fail("launch_call", 0, 701);
  EXPECT(s.launch("index", {1, 1, 1}, {1, 1, 1}, 0, s.stream, (int*)pointer), 701);
  vesalius_simulated_fail("free", 0, 1);
  vesalius_simulated_fail(nullptr, 0, 0);
  FINE(cuMemFree_v2(none));

  int wrong[2] = {0, 0};
  vesalius_simulated_wrong("vesalius_sample_index");
  FINE(s.launch("index", {1, 1, 1}, {2, 1, 1}, 0, s.stream, (int*)pointer));
  FINE(cuStreamSynchronize(s.stream));
  vesalius_simulated_wrong(nullptr);
  FINE(cuMemcpyDtoH_v2(wrong, pointer, 8));
  check(wrong[0] == 1 << 30 && wrong[1] == 1, "the first number is wrong and no other: %d, %d", wrong[0], wrong[1]);
  FINE(s.launch("index", {1, 1, 1}, {2, 1, 1}, 0, s.stream, (int*)pointer));
  FINE(cuStreamSynchronize(s.stream));
  FINE(cuMemcpyDtoH_v2(wrong, pointer, 8));
  check(wrong[0] == 0, "nothing is wrong any more: %d", wrong[0]);

  vesalius_simulated_fail("launch:vesalius_sample_rotate", 1, 700);
  FINE(s.launch("rotate", {1, 1, 1}, {1, 1, 1}, 4, s.stream, (int*)pointer, 1));
  FINE(s.launch("index", {1, 1, 1}, {1, 1, 1}, 0, s.stream, (int*)pointer));
  FINE(cuStreamSynchronize(s.stream));
  FINE(s.launch("rotate", {1, 1, 1}, {1, 1, 1}, 4, s.stream, (int*)pointer, 1));
  EXPECT(cuStreamSynchronize(s.stream), 700);
  EXPECT(cuMemAlloc_v2(&none, 64), 700);
  expect_message("vesalius_sample_rotate");
}
