/* The threads of a running block, and what they wait for. Only the shim's own sources include this. */
#ifndef VESALIUS_FIBERS_H
#define VESALIUS_FIBERS_H

#include <vector>

#include "launch.h"
#include "simt.h"

namespace simt {

constexpr int LANES = 32;
constexpr int MOST_THREADS = 1024;
constexpr int MOST_WARPS = MOST_THREADS / LANES;

struct Warp;

struct Copy {
  void* to;
  const void* from; /* null: zeros */
  int group;
};

/* The background copies that a thread has begun. */
struct Copies {
  int groups = 0; /* that it has ended */
  std::vector<Copy> pending;
};

/* A thread of the block. */
struct alignas(64) Lane {
  uint3 index;
  int number; /* in its warp */
  Warp* warp;
  char* stack;         /* null: has not begun, or has ended */
  void* stack_pointer; /* while it waits */
  Copies* copies;      /* null: none yet */
};

/* Lanes that wait for each other at one kind of step. */
struct Meeting {
  unsigned mask;
  unsigned arrived;
  const char* step;
};

struct Warp {
  Lane* lanes;
  int number;
  unsigned exists;
  unsigned runnable;
  unsigned ended;
  unsigned at_barrier;
  int meetings;
  Meeting meeting[LANES];
  /* What lanes brought to a step, and what each is to take away. */
  uint64_t value[LANES];
  unsigned argument[LANES];
  uint64_t result[LANES];
  struct {
    void* out;
    const void* a;
    const void* b;
  } operands[LANES];
};

/* What a host thread has for running blocks. */
struct Host {
  Lane lanes[MOST_THREADS];
  Warp warps[MOST_WARPS];
  Copies copies[MOST_THREADS];
  const Launch* launch;
  unsigned runnable_warps;
  int threads;
  int ended;
  int at_barrier;
  void* main_pointer;
  char* signal_stack; /* a kernel that ran off its stack cannot take a signal on it */
  bool running; /* a kernel's code: an illegal access is then the kernel's */
  bool shuffled;
  bool guarded;
  uint64_t random;
  Fault fault;
  char* stacks;
  std::vector<char*> free_stacks;
  char* shared_begin;
  char* shared_end;
  char* shared;

  Host();
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;
  void prepare(const Launch& launch, uint64_t seed);
  /* Whether the block came to its end. */
  bool run(uint64_t block);
  uint64_t draw();

 private:
  void forget_fibers();
};

/* A stack has an inaccessible page below it. An odd number of pages, and tops that differ, keep the stacks of a warp from
   meeting in the same lines of the processor's cache. */
constexpr size_t PAGE = 4096;
constexpr size_t STACK_BYTES = 16 * PAGE;
constexpr size_t STACK_STRIDE = STACK_BYTES + PAGE;

extern __thread Lane* lane __attribute__((tls_model("initial-exec")));
extern __thread Host* host __attribute__((tls_model("initial-exec")));

/* What only this library's own sources use. */
#pragma GCC visibility push(hidden)

/* Fills the shared variables of all kernels with what is no number. */
void clear_shared_variables();
/* Whose turn it is where a warp has nobody next, or in an order of chance; null where all have ended or wait. */
Lane* next_lane_elsewhere();
Lane* any_lane();
/* Ends the launch: nobody can run, but some have not ended. */
[[noreturn]] void fail_deadlocked();
/* A fresh stack for a lane, to be switched to. */
void* begin(Lane* next);

#pragma GCC visibility pop

/* Saves what a function must keep, and the stack; goes on with another stack. */
extern "C" __attribute__((visibility("hidden"))) void simt_switch(void** from, void* to);

/* Whose turn it is, the next one's of the warp if possible. */
inline Lane* next_lane(Lane* self) {
  Warp* warp = self->warp;
  unsigned after = warp->runnable & ~1u << self->number;
  if (__builtin_expect(after != 0 && !host->shuffled, 1)) {
    return &warp->lanes[__builtin_ctz(after)];
  }
  return next_lane_elsewhere();
}

inline void hand_over(void** from, Lane* next) {
  lane = next;
  thread_index = &next->index;
  simt_switch(from, __builtin_expect(next->stack == nullptr, 0) ? begin(next) : next->stack_pointer);
}

/* Lets other fibers run until this lane is runnable again. */
inline void wait(Lane* self) {
  Warp* warp = self->warp;
  warp->runnable &= ~(1u << self->number);
  if (warp->runnable == 0) {
    host->runnable_warps &= ~(1u << warp->number);
  }
  Lane* next = next_lane(self);
  if (next == nullptr) {
    fail_deadlocked();
  }
  hand_over(&self->stack_pointer, next);
}

}  // namespace simt

#endif
