/* Tests capturing and graphs: what is recorded, what replays, and what is not allowed meanwhile. */
#include <thread>

#include "api.h"
#include "check.h"

static int64_t counter(const char* name) { return vesalius_simulated_counter(name); }

/* A graph of what was captured, made executable. */
static void* end(void* stream) {
  void* graph = nullptr;
  void* executable = nullptr;
  FINE(cuStreamEndCapture(stream, &graph));
  FINE(cuGraphInstantiateWithFlags(&executable, graph, 0));
  FINE(cuGraphDestroy(graph));
  return executable;
}

static void test_replay() {
  begin_group("graphs");
  Session s;
  Memory x(400), y(400);
  PinnedMemory in(400), out(400);
  for (int i = 0; i < 100; i++) {
    in.as<float>()[i] = (float)i;
  }
  FINE(cuStreamBeginCapture_v2(s.stream, 0));
  EXPECT(cuStreamBeginCapture_v2(s.stream, 0), 1);
  int status = 0;
  FINE(cuStreamIsCapturing(s.stream, &status));
  check(status == 1, "capturing: %d", status);
  FINE(cuMemcpyHtoDAsync_v2(x.pointer, in.data, 400, s.stream));
  FINE(cuMemsetD32Async(y.pointer, 0x3f800000, 100, s.stream));
  float factor = 2;
  FINE(s.launch("add", {1, 1, 1}, {128, 1, 1}, 0, s.stream, y.as<float>(), (const float*)x.pointer, factor, 100));
  FINE(cuMemcpyDtoHAsync_v2(out.data, y.pointer, 400, s.stream));
  int64_t launches = counter("launches");
  void* graph = nullptr;
  FINE(cuStreamEndCapture(s.stream, &graph));
  check(counter("launches") == launches, "nothing runs while it is captured");
  size_t nodes = 0;
  FINE(cuGraphGetNodes(graph, nullptr, &nodes));
  check(nodes == 4, "%zu nodes", nodes);
  void* four[4];
  FINE(cuGraphGetNodes(graph, four, &nodes));
  static const int TYPES[] = {1, 2, 0, 1};
  for (int i = 0; i < 4; i++) {
    int type = -1;
    FINE(cuGraphNodeGetType(four[i], &type));
    check(type == TYPES[i], "node %d has type %d", i, type);
  }
  void* executable = nullptr;
  FINE(cuGraphInstantiateWithFlags(&executable, graph, 0));
  FINE(cuGraphDestroy(graph));
  for (int round = 1; round <= 3; round++) {
    /* New contents, the same graph. */
    in.as<float>()[7] = (float)round;
    FINE(cuGraphLaunch(executable, s.stream));
    FINE(cuStreamSynchronize(s.stream));
    check(out.as<float>()[7] == (float)(1 + 2 * round) && out.as<float>()[99] == 199, "round %d: %g", round, out.as<float>()[7]);
  }
  check(counter("launches") == launches + 3 && counter("graph_launches") == 3, "replays are counted");

  /* Memory that is gone is found at the launch; a fault inside breaks the context. */
  {
    Pointer gone = 0;
    FINE(cuMemAlloc_v2(&gone, 400));
    FINE(cuStreamBeginCapture_v2(s.stream, 0));
    FINE(s.launch("index", {1, 1, 1}, {1, 1, 1}, 0, s.stream, (int*)gone));
    void* other = end(s.stream);
    FINE(cuGraphLaunch(other, s.stream));
    FINE(cuMemFree_v2(gone));
    EXPECT(cuGraphLaunch(other, s.stream), 1);
    FINE(cuGraphExecDestroy(other));
    EXPECT(cuGraphLaunch(other, s.stream), 1);
  }
  vesalius_simulated_fail("launch:vesalius_sample_add", 1, 719);
  FINE(cuGraphLaunch(executable, s.stream));
  FINE(cuStreamSynchronize(s.stream));
  FINE(cuGraphLaunch(executable, s.stream));
  EXPECT(cuStreamSynchronize(s.stream), 719);
  FINE(cuGraphExecDestroy(executable));
}

static void test_forks() {
  begin_group("captured forks");
  Session s;
  void* other = nullptr;
  void* fork = nullptr;
  void* join = nullptr;
  FINE(cuStreamCreate(&other, 1));
  FINE(cuEventCreate(&fork, 2));
  FINE(cuEventCreate(&join, 2));
  Memory x(400), y(400);
  PinnedMemory out(8);
  void* graph = nullptr;
  for (bool joined : {true, false}) {
    FINE(cuStreamBeginCapture_v2(s.stream, 1));
    FINE(cuMemsetD32Async(x.pointer, 1, 100, s.stream));
    FINE(cuEventRecord(fork, s.stream));
    FINE(cuStreamWaitEvent(other, fork, 0));
    FINE(cuMemsetD32Async(y.pointer, 2, 100, other));
    FINE(cuEventRecord(join, other));
    EXPECT(cuStreamEndCapture(other, &graph), 903);
    if (!joined) {
      /* What comes after the event is not waited for. */
      FINE(cuMemsetD32Async(y.pointer, 3, 1, other));
    }
    FINE(cuStreamWaitEvent(s.stream, join, 0));
    FINE(cuMemcpyDtoHAsync_v2(out.data, y.pointer, 4, s.stream));
    if (joined) {
      void* executable = end(s.stream);
      FINE(cuGraphLaunch(executable, s.stream));
      FINE(cuStreamSynchronize(s.stream));
      check(out.as<int>()[0] == 2, "work of both streams is in the graph");
      FINE(cuGraphExecDestroy(executable));
    } else {
      EXPECT(cuStreamEndCapture(s.stream, &graph), 904);
    }
    FINE(cuStreamQuery(other));
  }
  EXPECT(cuEventQuery(join), 907);
  FINE(cuEventRecord(join, other));
  FINE(cuEventSynchronize(join));

  /* An event from outside. */
  FINE(cuStreamBeginCapture_v2(s.stream, 1));
  EXPECT(cuStreamWaitEvent(s.stream, join, 0), 905);
  EXPECT(cuStreamEndCapture(s.stream, &graph), 901);
}

static void test_forbidden() {
  begin_group("what ends a capture");
  Session s;
  void* other = nullptr;
  void* event = nullptr;
  FINE(cuStreamCreate(&other, 1));
  FINE(cuEventCreate(&event, 0));
  Memory x(400);
  Pointer more = 0;
  int pageable[100] = {};
  void* graph = nullptr;

  auto forbidden = [&](int status, int expected, const char* what) {
    expect_status(status, expected, what);
    EXPECT(s.launch("index", {1, 1, 1}, {1, 1, 1}, 0, s.stream, x.as<int>()), 901);
    EXPECT(cuStreamEndCapture(s.stream, &graph), 901);
    FINE(cuStreamSynchronize(s.stream));
  };
#define FORBIDDEN(call, expected)            \
  FINE(cuStreamBeginCapture_v2(s.stream, 0)); \
  forbidden(call, expected, #call)
  FORBIDDEN(cuStreamSynchronize(s.stream), 900);
  FORBIDDEN(cuStreamQuery(s.stream), 900);
  FORBIDDEN(cuCtxSynchronize(), 900);
  FORBIDDEN(cuMemAlloc_v2(&more, 64), 900);
  FORBIDDEN(cuMemFree_v2(x.pointer), 900);
  FORBIDDEN(cuEventQuery(event), 900);
  FORBIDDEN(cuMemcpyHtoD_v2(x.pointer, pageable, 400), 900);
  FORBIDDEN(cuMemcpyHtoDAsync_v2(x.pointer, pageable, 400, s.stream), 900);
  FORBIDDEN(cuMemcpyDtoHAsync_v2(pageable, x.pointer, 400, s.stream), 900);
  FORBIDDEN((cuEventRecord(event, s.stream), cuEventSynchronize(event)), 907);
#undef FORBIDDEN

  /* What is recorded wrong leaves the capture as it is. */
  FINE(cuEventRecord(event, other));
  FINE(cuStreamBeginCapture_v2(s.stream, 1));
  EXPECT(cuMemsetD32Async(x.pointer, 0, 101, s.stream), 1);
  FINE(cuMemsetD32Async(x.pointer, 0, 100, s.stream));
  FINE(cuGraphExecDestroy(end(s.stream)));

  /* Another thread: allowed where only this one captures, and forbidden where all do. */
  for (int mode : {0, 1, 2}) {
    FINE(cuStreamBeginCapture_v2(s.stream, mode));
    int status = -1, ended = -1;
    std::thread([&] {
      cuCtxSetCurrent(s.context);
      Pointer memory = 0;
      status = cuMemAlloc_v2(&memory, 64);
      if (mode == 1) {
        ended = cuStreamEndCapture(s.stream, &graph);
      }
    }).join();
    check(status == (mode == 0 ? 900 : 0), "an allocation by another thread, mode %d: %d", mode, status);
    check(mode != 1 || ended == 908, "another thread ends the capture: %d", ended);
    if (mode == 2) {
      FINE(cuMemAlloc_v2(&more, 64));
    }
    EXPECT(cuStreamEndCapture(s.stream, &graph), mode == 0 ? 901 : 0);
    if (mode != 0) {
      FINE(cuGraphDestroy(graph));
    }
  }
  int mode = 2;
  FINE(cuStreamBeginCapture_v2(s.stream, 0));
  FINE(cuThreadExchangeStreamCaptureMode(&mode));
  check(mode == 0, "threads begin in mode %d", mode);
  FINE(cuMemAlloc_v2(&more, 64));
  FINE(cuThreadExchangeStreamCaptureMode(&mode));
  FINE(cuGraphExecDestroy(end(s.stream)));

  EXPECT(cuStreamEndCapture(s.stream, &graph), 1);
  EXPECT(cuStreamBeginCapture_v2(nullptr, 0), 900);
  void* blocking = nullptr;
  FINE(cuStreamCreate(&blocking, 0));
  FINE(cuStreamBeginCapture_v2(blocking, 2));
  EXPECT(cuMemsetD32Async(x.pointer, 0, 1, nullptr), 906);
  EXPECT(cuStreamEndCapture(blocking, &graph), 901);
  FINE(cuStreamBeginCapture_v2(other, 0));
  FINE(cuStreamDestroy_v2(other));
  FINE(cuMemFree_v2(more));
}

void test_capture() {
  test_replay();
  test_forks();
  test_forbidden();
  begin_group("nothing is left of graphs");
  check(counter("graphs") == 0 && counter("graph_execs") == 0, "%ld graphs, %ld executable", (long)counter("graphs"),
        (long)counter("graph_execs"));
}
