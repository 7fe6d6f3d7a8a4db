/* Tests the driver API: devices, memory, launches and their limits, the order of streams. */
#include "api.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <thread>

#include "check.h"

void test_faults();
void test_injection();

void expect_status(int status, int expected, const char* what) {
  const char* name = nullptr;
  cuGetErrorName(status, &name);
  check(status == expected, "%s: %d (%s) instead of %d", what, status, name == nullptr ? "unknown" : name, expected);
}

Session::Session(int device) {
  FINE(cuInit(0));
  FINE(cuCtxCreate_v2(&context, 0, device));
  FINE(cuModuleLoadData(&module, "vesalius simulated image"));
  FINE(cuStreamCreate(&stream, 1));
}

Session::~Session() { FINE(cuCtxDestroy_v2(context)); }

void* Session::function(const char* name) const {
  void* found = nullptr;
  FINE(cuModuleGetFunction(&found, module, (std::string("vesalius_sample_") + name).c_str()));
  return found;
}

Memory::Memory(size_t bytes) { FINE(cuMemAlloc_v2(&pointer, bytes)); }
/* In a broken context, nothing can be freed; it goes with the context. */
Memory::~Memory() { cuMemFree_v2(pointer); }
PinnedMemory::PinnedMemory(size_t bytes) { FINE(cuMemHostAlloc(&data, bytes, 0)); }
PinnedMemory::~PinnedMemory() { cuMemFreeHost(data); }

std::string last_message() {
  char text[1000];
  vesalius_simulated_message(text, sizeof text);
  return text;
}

static int64_t counter(const char* name) { return vesalius_simulated_counter(name); }

static void test_devices() {
  begin_group("devices and contexts");
  void* context = nullptr;
  FINE(cuInit(0));
  EXPECT(cuInit(1), 1);
  int value = 0;
  FINE(cuDriverGetVersion(&value));
  check(value == 12060, "driver version %d", value);
  FINE(cuDeviceGetCount(&value));
  check(value == 2, "%d devices", value);
  EXPECT(cuDeviceGet(&value, 2), 101);
  int major = 0, minor = 0;
  FINE(cuDeviceComputeCapability(&major, &minor, 1));
  check(major == 9 && minor == 0, "capability %d.%d", major, minor);
  FINE(cuDeviceGetAttribute(&value, 97, 0));
  check(value == 232448, "%d bytes of shared memory", value);
  size_t bytes = 0;
  FINE(cuDeviceTotalMem_v2(&bytes, 0));
  check(bytes == 4ull << 30, "%zu bytes of memory", bytes);

  Pointer pointer = 0;
  EXPECT(cuMemAlloc_v2(&pointer, 16), 201);
  FINE(cuDevicePrimaryCtxRetain(&context, 0));
  void* again = nullptr;
  FINE(cuDevicePrimaryCtxRetain(&again, 0));
  check(context == again, "one primary context");
  FINE(cuCtxSetCurrent(context));
  EXPECT(cuCtxDestroy_v2(context), 201);
  FINE(cuMemAlloc_v2(&pointer, 16));
  FINE(cuDevicePrimaryCtxRelease_v2(0));
  check(counter("allocations") == 1, "%ld allocations", (long)counter("allocations"));
  FINE(cuDevicePrimaryCtxRelease_v2(0));
  check(counter("allocations") == 0, "memory goes with its context");
  EXPECT(cuDevicePrimaryCtxRelease_v2(0), 201);
  EXPECT(cuMemAlloc_v2(&pointer, 16), 201);
  FINE(cuCtxSetCurrent(nullptr));

  void* first = nullptr;
  FINE(cuCtxCreate_v2(&first, 0, 0));
  void* second = nullptr;
  FINE(cuCtxCreate_v2(&second, 0, 1));
  FINE(cuCtxPopCurrent_v2(&again));
  check(again == second, "contexts are a stack");
  FINE(cuCtxGetCurrent(&again));
  check(again == first, "contexts are a stack");
  FINE(cuCtxPushCurrent_v2(second));
  FINE(cuCtxDestroy_v2(second));
  FINE(cuCtxDestroy_v2(first));
  EXPECT(cuCtxPushCurrent_v2(first), 201);
  check(counter("contexts") == 0, "contexts are counted");
  const char* text = nullptr;
  FINE(cuGetErrorString(719, &text));
  check(strcmp(text, "unspecified launch failure") == 0, "error 719 is %s", text);
  EXPECT(cuGetErrorName(12345, &text), 1);
}

static void test_memory() {
  begin_group("memory");
  Session s;
  size_t free = 0, total = 0;
  FINE(cuMemGetInfo_v2(&free, &total));
  check(free == total && total == 4ull << 30, "%zu of %zu bytes are free", free, total);
  Pointer pointer = 0, other = 0;
  EXPECT(cuMemAlloc_v2(&pointer, 0), 1);
  FINE(cuMemAlloc_v2(&pointer, 3ull << 30));
  check(pointer % 256 == 0, "allocations are aligned");
  EXPECT(cuMemAlloc_v2(&other, (1ull << 30) + 1), 2);
  FINE(cuMemAlloc_v2(&other, 1ull << 30));
  FINE(cuMemGetInfo_v2(&free, &total));
  check(free == 0, "%zu bytes are free", free);
  FINE(cuMemFree_v2(other));
  EXPECT(cuMemFree_v2(other), 1);
  EXPECT(cuMemFree_v2(pointer + 16), 1);
  FINE(cuMemFree_v2(pointer));
  FINE(cuMemFree_v2(0));

  std::vector<int> numbers(1000);
  for (size_t i = 0; i < 1000; i++) {
    numbers[i] = (int)i;
  }
  Memory a(4000), b(4000);
  FINE(cuMemcpyHtoD_v2(a.pointer, numbers.data(), 4000));
  EXPECT(cuMemcpyHtoD_v2(a.pointer, numbers.data(), 4001), 1);
  EXPECT(cuMemcpyHtoD_v2(a.pointer + 1, numbers.data(), 4000), 1);
  EXPECT(cuMemcpyHtoD_v2((Pointer)numbers.data(), numbers.data(), 4), 1);
  EXPECT(cuMemcpyDtoH_v2(numbers.data(), (Pointer)numbers.data(), 4), 1);
  FINE(cuMemcpyHtoD_v2(a.pointer + 4000, numbers.data(), 0));
  FINE(cuMemcpyDtoDAsync_v2(b.pointer + 400, a.pointer, 3600, s.stream));
  FINE(cuMemsetD32Async(b.pointer, 7, 100, s.stream));
  FINE(cuMemsetD8Async(b.pointer + 4, 1, 4, s.stream));
  EXPECT(cuMemsetD32Async(b.pointer + 2, 7, 1, s.stream), 1);
  EXPECT(cuMemsetD32Async(b.pointer, 7, 1001, s.stream), 1);
  FINE(cuStreamSynchronize(s.stream));
  std::vector<int> back(1000);
  FINE(cuMemcpyDtoH_v2(back.data(), b.pointer, 4000));
  check(back[0] == 7 && back[1] == 0x01010101 && back[99] == 7 && back[100] == 0 && back[999] == 899, "copies and fills");

  /* Rows of 3 numbers out of rows of 10, from the second number of the fifth row on. */
  struct {
    size_t x, y;
    int type;
    const void* host;
    Pointer device;
    void* array;
    size_t pitch;
    struct {
      size_t x, y;
      int type;
      void* host;
      Pointer device;
      void* array;
      size_t pitch;
    } to;
    size_t width, rows;
  } rectangle = {4, 5, 2, nullptr, a.pointer, nullptr, 40, {0, 0, 1, back.data(), 0, nullptr, 12}, 12, 4};
  FINE(cuMemcpy2DAsync_v2(&rectangle, s.stream));
  check(back[0] == 51 && back[2] == 53 && back[3] == 61 && back[11] == 83, "copies of rows");
  rectangle.rows = 96;
  EXPECT(cuMemcpy2DAsync_v2(&rectangle, s.stream), 1);

  int64_t copies = counter("host_to_device"), bytes = counter("host_to_device_bytes");
  FINE(cuMemcpyHtoD_v2(a.pointer, numbers.data(), 4000));
  check(counter("host_to_device") == copies + 1 && counter("host_to_device_bytes") == bytes + 4000, "copies are counted");

  /* Freed in the order of a stream: no longer there for later calls, but for earlier ones. */
  FINE(cuMemAllocAsync(&pointer, 4000, s.stream));
  FINE(s.launch("slow", {1, 1, 1}, {1, 1, 1}, 0, s.stream, (int*)pointer, 20000000));
  FINE(cuMemFreeAsync(pointer, s.stream));
  EXPECT(s.launch("index", {1, 1, 1}, {1, 1, 1}, 0, s.stream, (int*)pointer), 1);
  EXPECT(cuMemFreeAsync(pointer, s.stream), 1);
  FINE(cuStreamSynchronize(s.stream));
  int type = 0;
  FINE(cuPointerGetAttribute(&type, 2, a.pointer));
  check(type == 2, "memory type %d", type);
  EXPECT(cuPointerGetAttribute(&type, 2, (Pointer)numbers.data()), 1);
  FINE(cuMemHostRegister_v2(numbers.data(), 4000, 0));
  FINE(cuPointerGetAttribute(&type, 2, (Pointer)numbers.data()));
  check(type == 1, "memory type %d", type);
  EXPECT(cuMemHostRegister_v2(numbers.data() + 1, 8, 0), 712);
  FINE(cuMemHostUnregister(numbers.data()));
  EXPECT(cuMemHostUnregister(numbers.data()), 713);
}

static void test_launches() {
  begin_group("launches and their limits");
  Session s;
  Memory out(1 << 20);
  void* function = nullptr;
  EXPECT(cuModuleGetFunction(&function, s.module, "vesalius_sample_nothing"), 500);
  EXPECT(cuModuleGetFunction(&function, s.context, "vesalius_sample_index"), 400);
  void* module = nullptr;
  EXPECT(cuModuleLoadData(&module, "garbage"), 200);
  FINE(cuModuleLoadData(&module, "//\n.version 8.4\n.target sm_80\n"));
  FINE(cuModuleUnload(module));
  EXPECT(cuModuleUnload(module), 400);
  EXPECT(cuModuleLoadData(&module, "//\n.version 9.0\n.target sm_80\n"), 222);
  setenv("VESALIUS_SIMULATED_DRIVER", "13000", 1);
  FINE(cuModuleLoadData(&module, "//\n.version 9.0\n.target sm_80\n"));
  unsetenv("VESALIUS_SIMULATED_DRIVER");

  FINE(s.launch("index", {3, 2, 2}, {8, 4, 2}, 0, s.stream, out.as<int>()));
  std::vector<int> back(12 * 64);
  FINE(cuMemcpyDtoHAsync_v2(back.data(), out.pointer, back.size() * 4, s.stream));
  bool same = true;
  for (size_t i = 0; i < back.size(); i++) {
    same = same && back[i] == (int)(i / 64 * 10000 + i % 64);
  }
  check(same, "every thread ran once");

  int* o = out.as<int>();
  EXPECT(s.launch("index", {0, 1, 1}, {1, 1, 1}, 0, s.stream, o), 1);
  EXPECT(s.launch("index", {1, 1, 1}, {0, 1, 1}, 0, s.stream, o), 1);
  EXPECT(s.launch("index", {1, 1, 1}, {1025, 1, 1}, 0, s.stream, o), 1);
  EXPECT(s.launch("index", {1, 1, 1}, {32, 33, 1}, 0, s.stream, o), 1);
  EXPECT(s.launch("index", {1, 1, 1}, {1, 1, 65}, 0, s.stream, o), 1);
  EXPECT(s.launch("index", {1, 65536, 1}, {1, 1, 1}, 0, s.stream, o), 1);
  EXPECT(s.launch("index", {1, 1, 65536}, {1, 1, 1}, 0, s.stream, o), 1);
  FINE(s.launch("index", {65536, 1, 1}, {1, 1, 1}, 0, s.stream, o));
  EXPECT(s.launch("sum", {1, 1, 1}, {257, 1, 1}, 0, s.stream, out.as<float>(), (const float*)out.pointer), 701);
  EXPECT(cuLaunchKernel(nullptr, 1, 1, 1, 1, 1, 1, 0, s.stream, nullptr, nullptr), 400);
  EXPECT(s.launch("index", {1, 1, 1}, {1, 1, 1}, 0, (void*)0x1234, o), 400);

  function = s.function("rotate");
  FINE(s.launch("rotate", {1, 1, 1}, {32, 1, 1}, 49152, s.stream, o, 1));
  EXPECT(s.launch("rotate", {1, 1, 1}, {32, 1, 1}, 49153, s.stream, o, 1), 1);
  EXPECT(cuFuncSetAttribute(function, 8, 232449), 1);
  FINE(cuFuncSetAttribute(function, 8, 232448));
  FINE(s.launch("rotate", {1, 1, 1}, {32, 1, 1}, 232448, s.stream, o, 1));
  int value = 0;
  FINE(cuFuncGetAttribute(&value, 8, function));
  check(value == 232448, "%d bytes", value);
  FINE(cuFuncGetAttribute(&value, 0, s.function("sum")));
  check(value == 256, "the bound of threads is %d", value);
  setenv("VESALIUS_SIMULATED_CAPABILITY", "86", 1);
  EXPECT(cuFuncSetAttribute(function, 8, 101377), 1);
  FINE(cuFuncSetAttribute(function, 8, 101376));
  unsetenv("VESALIUS_SIMULATED_CAPABILITY");

  std::vector<int> host(100);
  EXPECT(s.launch("index", {1, 1, 1}, {1, 1, 1}, 0, s.stream, host.data()), 1);
  EXPECT(s.launch("index", {1, 1, 1}, {1, 1, 1}, 0, s.stream, (int*)(out.pointer + (1 << 20) + 1)), 1);
  FINE(cuStreamSynchronize(s.stream));
  PinnedMemory pinned(400);
  FINE(s.launch("index", {1, 1, 1}, {100, 1, 1}, 0, s.stream, pinned.as<int>()));
  FINE(cuStreamSynchronize(s.stream));
  check(pinned.as<int>()[99] == 99, "kernels reach pinned memory");
  int64_t launches = counter("launches"), of_index = counter("launch:vesalius_sample_index");
  FINE(s.launch("index", {1, 1, 1}, {1, 1, 1}, 0, s.stream, o));
  FINE(s.launch("rotate", {1, 1, 1}, {1, 1, 1}, 4, s.stream, o, 1));
  FINE(cuStreamSynchronize(s.stream));
  check(counter("launches") == launches + 2 && counter("launch:vesalius_sample_index") == of_index + 1, "launches are counted");
}

static void slowly(void* flag) {
  usleep(30000);
  *(volatile int*)flag = 1;
}

static void test_order() {
  begin_group("streams and events");
  Session s;
  void* other = nullptr;
  void* blocking = nullptr;
  FINE(cuStreamCreate(&other, 1));
  FINE(cuStreamCreate(&blocking, 0));
  EXPECT(cuStreamCreate(&other, 2), 1);
  Memory out(4096);
  PinnedMemory pinned(4096);
  int* numbers = pinned.as<int>();
  int flag = 0;

  /* Whatever does not wait is early. */
  numbers[0] = 1;
  FINE(cuLaunchHostFunc(s.stream, slowly, &flag));
  FINE(cuMemcpyHtoDAsync_v2(out.pointer, numbers, 4, s.stream));
  EXPECT(cuStreamQuery(s.stream), 600);
  check(*(volatile int*)&flag == 0, "a stream goes on by itself");
  numbers[0] = 2;
  FINE(cuStreamSynchronize(s.stream));
  FINE(cuStreamQuery(s.stream));
  int back = 0;
  FINE(cuMemcpyDtoH_v2(&back, out.pointer, 4));
  check(back == 2, "a copy out of pinned memory is made when its turn comes, %d", back);

  /* Pageable memory is read at the call. */
  int pageable = 3;
  FINE(cuLaunchHostFunc(s.stream, slowly, &flag));
  FINE(cuMemcpyHtoDAsync_v2(out.pointer, &pageable, 4, s.stream));
  pageable = 4;
  FINE(cuMemcpyDtoHAsync_v2(&back, out.pointer, 4, s.stream));
  check(back == 3, "copies of pageable memory: %d", back);

  /* Events. */
  void* event = nullptr;
  void* later = nullptr;
  FINE(cuEventCreate(&event, 0));
  FINE(cuEventCreate(&later, 0));
  FINE(cuEventQuery(event));
  FINE(cuStreamWaitEvent(other, event, 0));
  FINE(cuEventRecord(event, s.stream));
  flag = 0;
  FINE(cuLaunchHostFunc(s.stream, slowly, &flag));
  FINE(cuMemsetD32Async(out.pointer, 5, 1, s.stream));
  FINE(cuEventRecord(later, s.stream));
  EXPECT(cuEventQuery(later), 600);
  FINE(cuStreamWaitEvent(other, later, 0));
  FINE(cuMemcpyDtoHAsync_v2(numbers, out.pointer, 4, other));
  FINE(cuStreamSynchronize(other));
  check(numbers[0] == 5, "a stream waits for an event of another, %d", numbers[0]);
  FINE(cuEventSynchronize(later));
  float milliseconds = 0;
  FINE(cuEventElapsedTime(&milliseconds, event, later));
  check(milliseconds >= 30 && milliseconds < 3000, "%g ms between events", milliseconds);
  void* untimed = nullptr;
  FINE(cuEventCreate(&untimed, 2));
  FINE(cuEventRecord(untimed, s.stream));
  FINE(cuEventSynchronize(untimed));
  EXPECT(cuEventElapsedTime(&milliseconds, event, untimed), 400);
  FINE(cuEventDestroy_v2(untimed));
  EXPECT(cuEventDestroy_v2(untimed), 400);

  /* Without an event the other stream is too early. */
  FINE(cuMemsetD32_v2(out.pointer, 6, 1));
  FINE(cuCtxSynchronize());
  FINE(cuLaunchHostFunc(s.stream, slowly, &flag));
  FINE(cuMemsetD32Async(out.pointer, 7, 1, s.stream));
  FINE(cuMemcpyDtoHAsync_v2(numbers, out.pointer, 4, other));
  FINE(cuStreamSynchronize(other));
  check(numbers[0] == 6, "a missing wait shows, %d", numbers[0]);
  FINE(cuCtxSynchronize());

  /* The legacy stream waits for blocking streams, and they for it. */
  FINE(cuLaunchHostFunc(blocking, slowly, &flag));
  FINE(cuMemsetD32Async(out.pointer, 8, 1, blocking));
  FINE(cuMemcpyDtoH_v2(&back, out.pointer, 4));
  check(back == 8, "the legacy stream waits, %d", back);
  FINE(cuLaunchHostFunc(nullptr, slowly, &flag));
  FINE(cuMemsetD32Async(out.pointer, 9, 1, nullptr));
  FINE(cuMemcpyDtoHAsync_v2(numbers, out.pointer, 4, blocking));
  FINE(cuStreamSynchronize(blocking));
  check(numbers[0] == 9, "blocking streams wait for the legacy one, %d", numbers[0]);

  /* Several host threads. */
  std::vector<std::thread> threads;
  std::vector<int> sums(4);
  for (size_t t = 0; t < 4; t++) {
    threads.emplace_back([&, t] {
      cuCtxSetCurrent(s.context);
      void* own = nullptr;
      Pointer memory = 0;
      cuStreamCreate(&own, 1);
      cuMemAlloc_v2(&memory, 4096);
      int result[2] = {};
      for (int i = 0; i < 50; i++) {
        cuMemsetD32Async(memory, (unsigned)i, 1024, own);
        s.launch("rotate", {1, 1, 1}, {1024, 1, 1}, 4096, own, (int*)memory, 3);
        cuMemcpyDtoHAsync_v2(result, memory + 4088, 8, own);
        sums[t] += result[1];
      }
      cuMemFree_v2(memory);
      cuStreamDestroy_v2(own);
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  check(sums[0] == 1225 && sums[1] == 1225 && sums[2] == 1225 && sums[3] == 1225, "threads with a stream each");
  FINE(cuStreamDestroy_v2(other));
  EXPECT(cuStreamDestroy_v2(other), 400);
}

static void test_peers() {
  begin_group("two devices");
  Session first(0);
  Session second(1);
  Memory there(400);
  FINE(cuMemsetD32_v2(there.pointer, 11, 100));
  FINE(cuCtxSynchronize());
  FINE(cuCtxPushCurrent_v2(first.context));
  Memory here(400);
  EXPECT(first.launch("index", {1, 1, 1}, {1, 1, 1}, 0, first.stream, there.as<int>()), 1);
  FINE(cuMemcpyPeerAsync(here.pointer, first.context, there.pointer, second.context, 400, first.stream));
  std::vector<int> back(100);
  FINE(cuMemcpyDtoHAsync_v2(back.data(), here.pointer, 400, first.stream));
  check(back[99] == 11, "copies between devices");
  FINE(cuCtxEnablePeerAccess(second.context, 0));
  EXPECT(cuCtxEnablePeerAccess(second.context, 0), 704);
  FINE(first.launch("index", {1, 1, 1}, {1, 1, 1}, 0, first.stream, there.as<int>()));
  FINE(cuCtxSynchronize());
  size_t free = 0, total = 0;
  FINE(cuMemGetInfo_v2(&free, &total));
  check(total - free == 400, "each device has its memory");
  FINE(cuMemFree_v2(here.pointer));
  here.pointer = 0;
  FINE(cuCtxPopCurrent_v2(nullptr));
}

void test_driver() {
  test_devices();
  test_memory();
  test_launches();
  test_order();
  test_peers();
  test_faults();
  test_injection();
  begin_group("nothing is left");
  for (const char* what : {"allocations", "allocation_bytes", "pinned", "contexts", "streams", "events", "modules"}) {
    check(counter(what) == 0, "%s: %ld", what, (long)counter(what));
  }
}
