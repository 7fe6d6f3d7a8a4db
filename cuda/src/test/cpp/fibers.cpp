/*
 * Fibers: the threads of a block take turns on one host thread. A thread runs until it must wait, and then hands over to
 * another one, directly. A thread that never waits runs to its end on the stack that the one before it ran on.
 */
#include "fibers.h"

#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

__asm__(
    ".pushsection .text\n"
    ".globl simt_switch\n"
    ".hidden simt_switch\n"
    ".type simt_switch, @function\n"
    "simt_switch:\n"
    "  pushq %rbp\n"
    "  pushq %rbx\n"
    "  pushq %r12\n"
    "  pushq %r13\n"
    "  pushq %r14\n"
    "  pushq %r15\n"
    "  movq %rsp, (%rdi)\n"
    "  movq %rsi, %rsp\n"
    "  popq %r15\n"
    "  popq %r14\n"
    "  popq %r13\n"
    "  popq %r12\n"
    "  popq %rbx\n"
    "  popq %rbp\n"
    "  ret\n"
    ".size simt_switch, . - simt_switch\n"
    ".popsection\n");

namespace simt {

__thread const uint3* thread_index __attribute__((tls_model("initial-exec")));
__thread Place place __attribute__((tls_model("initial-exec")));
__thread Lane* lane __attribute__((tls_model("initial-exec")));
__thread Host* host __attribute__((tls_model("initial-exec")));

/* As on a device of capability 9.0. */
constexpr size_t MOST_SHARED_BYTES = 227 * 1024;
constexpr size_t SIGNAL_STACK_BYTES = 64 * 1024;

static char* map_or_die(size_t bytes) {
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) {
    perror("simulated device: memory for stacks");
    abort();
  }
  return (char*)memory;
}

static void protect(char* page) {
  if (mprotect(page, PAGE, PROT_NONE) != 0) {
    perror("simulated device: inaccessible page");
    abort();
  }
}

Host::Host() {
  stacks = map_or_die(MOST_THREADS * STACK_STRIDE);
  for (int i = 0; i < MOST_THREADS; i++) {
    protect(stacks + i * STACK_STRIDE);
  }
  size_t shared_bytes = (MOST_SHARED_BYTES + PAGE - 1) / PAGE * PAGE;
  shared_begin = map_or_die(shared_bytes + 2 * PAGE);
  shared_end = shared_begin + PAGE + shared_bytes;
  protect(shared_begin);
  protect(shared_end);
  for (int w = 0; w < MOST_WARPS; w++) {
    warps[w].number = w;
    warps[w].lanes = lanes + w * LANES;
  }
  for (int i = 0; i < MOST_THREADS; i++) {
    lanes[i].number = i % LANES;
    lanes[i].warp = &warps[i / LANES];
  }
  forget_fibers();
  running = false;
  signal_stack = map_or_die(SIGNAL_STACK_BYTES);
  stack_t stack = {};
  stack.ss_sp = signal_stack;
  stack.ss_size = SIGNAL_STACK_BYTES;
  sigaltstack(&stack, nullptr);
  host = this;
}

Host::~Host() {
  host = nullptr;
  stack_t stack = {};
  stack.ss_flags = SS_DISABLE;
  sigaltstack(&stack, nullptr);
  munmap(signal_stack, SIGNAL_STACK_BYTES);
  munmap(stacks, MOST_THREADS * STACK_STRIDE);
  munmap(shared_begin, (size_t)(shared_end - shared_begin) + PAGE);
}

/* Whatever they were doing. */
void Host::forget_fibers() {
  free_stacks.clear();
  for (int i = MOST_THREADS - 1; i >= 0; i--) {
    free_stacks.push_back(stacks + (i + 1) * STACK_STRIDE - (size_t)(i % 13) * 320);
    lanes[i].stack = nullptr;
    lanes[i].copies = nullptr;
  }
}

/* xorshift64* (Vigna 2016). */
uint64_t Host::draw() {
  random ^= random >> 12;
  random ^= random << 25;
  random ^= random >> 27;
  return random * 0x2545f4914f6cdd1d;
}

void Host::prepare(const Launch& next, uint64_t seed) {
  launch = &next;
  shuffled = seed != 0;
  guarded = shuffled || getenv("VESALIUS_SIMULATED_GUARD") != nullptr;
  random = seed * 0x9e3779b97f4a7c15 + 1;
  place.threads = {next.threads.x, next.threads.y, next.threads.z};
  place.blocks = {next.blocks.x, next.blocks.y, next.blocks.z};
  threads = (int)(next.threads.x * next.threads.y * next.threads.z);
  uint3 index = {0, 0, 0};
  for (int i = 0; i < threads; i++) {
    lanes[i].index = index;
    if (++index.x == next.threads.x) {
      index.x = 0;
      if (++index.y == next.threads.y) {
        index.y = 0;
        index.z++;
      }
    }
  }
  shared = shared_end - (next.shared_bytes + 15) / 16 * 16;
  fault = {};
}

Lane* any_lane() {
  Host* h = host;
  uint64_t bits = h->draw();
  int first = (int)(bits & 31);
  unsigned warps = h->runnable_warps >> first << first;
  Warp* warp = &h->warps[__builtin_ctz(warps != 0 ? warps : h->runnable_warps)];
  first = (int)(bits >> 5 & 31);
  unsigned some = warp->runnable >> first << first;
  return &warp->lanes[__builtin_ctz(some != 0 ? some : warp->runnable)];
}

Lane* next_lane_elsewhere() {
  Host* h = host;
  if (h->runnable_warps == 0) {
    return nullptr;
  }
  if (h->shuffled) {
    return any_lane();
  }
  Warp* warp = lane->warp;
  if (warp->runnable == 0) {
    warp = &h->warps[__builtin_ctz(h->runnable_warps)];
  }
  return &warp->lanes[__builtin_ctz(warp->runnable)];
}

static std::string lanes_text(unsigned mask) {
  char text[16];
  snprintf(text, sizeof text, "0x%08x", mask);
  return text;
}

void fail_deadlocked() {
  Host* h = host;
  std::string text;
  for (int w = 0; w * LANES < h->threads; w++) {
    Warp& warp = h->warps[w];
    if (warp.at_barrier != 0) {
      text += "; warp " + std::to_string(w) + ": lanes " + lanes_text(warp.at_barrier) + " wait in __syncthreads";
    }
    for (int i = 0; i < warp.meetings; i++) {
      text += "; warp " + std::to_string(w) + ": lanes " + lanes_text(warp.meeting[i].arrived) + " wait in " + warp.meeting[i].step +
              " for lanes " + lanes_text(warp.meeting[i].mask & ~warp.meeting[i].arrived);
    }
    if (warp.ended != 0) {
      text += "; warp " + std::to_string(w) + ": lanes " + lanes_text(warp.ended) + " have ended";
    }
    if (text.size() > 400) {
      text += "; ...";
      break;
    }
  }
  fail(LAUNCH_FAILED, "threads wait for each other without end%s", text.c_str());
}

static inline void end_lane(Lane* self) {
  Host* h = host;
  Warp* warp = self->warp;
  unsigned bit = 1u << self->number;
  warp->runnable &= ~bit;
  warp->ended |= bit;
  h->ended++;
  if (warp->runnable == 0) {
    h->runnable_warps &= ~(1u << warp->number);
  }
  self->stack = nullptr;
  self->copies = nullptr;
}

static void* unused_pointer;

/* What a fresh stack begins with. */
static void fiber() {
  for (;;) {
    Lane* self = lane;
    char* stack = self->stack;
    host->launch->kernel->call(host->launch->arguments);
    end_lane(self);
    Lane* next = next_lane(self);
    if (next == nullptr && host->ended < host->threads) {
      fail_deadlocked();
    }
    if (next != nullptr && next->stack == nullptr) {
      next->stack = stack;
      lane = next;
      thread_index = &next->index;
      continue;
    }
    host->free_stacks.push_back(stack);
    if (next == nullptr) {
      simt_switch(&unused_pointer, host->main_pointer);
    }
    lane = next;
    thread_index = &next->index;
    simt_switch(&unused_pointer, next->stack_pointer);
  }
}

/* A stack that goes on in fiber(), as if that had been called. */
void* begin(Lane* next) {
  next->stack = host->free_stacks.back();
  host->free_stacks.pop_back();
  void** top = (void**)((uintptr_t)next->stack & ~(uintptr_t)63);
  *--top = nullptr;
  *--top = (void*)fiber;
  for (int i = 0; i < 6; i++) {
    *--top = nullptr;
  }
  return top;
}

void yield() {
  if (host->shuffled) {
    Lane* self = lane;
    Lane* next = any_lane();
    if (next != self) {
      hand_over(&self->stack_pointer, next);
    }
  }
}

void* shared_buffer() { return host->shared; }

void block_barrier() {
  Host* h = host;
  if (h->ended > 0) {
    fail(LAUNCH_FAILED, "__syncthreads, but %d threads of the block have ended and never reach it", h->ended);
  }
  Lane* self = lane;
  Warp* warp = self->warp;
  unsigned bit = 1u << self->number;
  if (++h->at_barrier < h->threads) {
    warp->at_barrier |= bit;
    wait(self);
    return;
  }
  h->at_barrier = 0;
  for (int w = 0; w * LANES < h->threads; w++) {
    h->warps[w].at_barrier = 0;
    h->warps[w].runnable = h->warps[w].exists;
    h->runnable_warps |= 1u << w;
  }
  yield();
}

bool Host::run(uint64_t block) {
  const Launch& l = *launch;
  place.block = {(unsigned)(block % l.blocks.x), (unsigned)(block / l.blocks.x % l.blocks.y),
                 (unsigned)(block / l.blocks.x / l.blocks.y)};
  /* Shared memory has no content at first; not a number is the one that shows best. */
  memset(shared, 0xff, (size_t)(shared_end - shared));
  if (guarded) {
    clear_shared_variables();
  }
  runnable_warps = 0;
  for (int w = 0; w * LANES < threads; w++) {
    int count = std::min(threads - w * LANES, LANES);
    Warp& warp = warps[w];
    warp.exists = count == LANES ? ~0u : (1u << count) - 1;
    warp.runnable = warp.exists;
    warp.ended = 0;
    warp.at_barrier = 0;
    warp.meetings = 0;
    runnable_warps |= 1u << w;
  }
  ended = 0;
  at_barrier = 0;
  lane = &lanes[0];
  Lane* first = shuffled ? any_lane() : lane;
  running = true;
  hand_over(&main_pointer, first);
  running = false;
  if (fault.error == 0) {
    return true;
  }
  forget_fibers();
  return false;
}

void fail(int error, const char* format, ...) {
  char text[600];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  char head[200];
  snprintf(head, sizeof head, "kernel %s, block (%u, %u, %u), thread (%u, %u, %u): ", host->launch->kernel->name, place.block.x,
           place.block.y, place.block.z, lane->index.x, lane->index.y, lane->index.z);
  host->fault = {error, std::string(head) + text};
  simt_switch(&unused_pointer, host->main_pointer);
  __builtin_unreachable();
}

}  // namespace simt
