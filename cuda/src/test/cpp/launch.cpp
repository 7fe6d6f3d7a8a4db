/* Launches: kernels by name, blocks spread over host threads, and illegal accesses as faults of the launch. */
#include "launch.h"

#include <signal.h>
#include <stdlib.h>
#include <ucontext.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <thread>

#include "fibers.h"

namespace simt {

static std::map<std::string, const Kernel*>& kernels() {
  static auto* all = new std::map<std::string, const Kernel*>;
  return *all;
}

void add_kernel(const Kernel* kernel) { kernels()[kernel->name] = kernel; }

const Kernel* find_kernel(const char* name) {
  auto found = kernels().find(name);
  return found == kernels().end() ? nullptr : found->second;
}

struct SharedVariables {
  char* (*begin)();
  char* (*end)();
};

static std::vector<SharedVariables>& shared_variables() {
  static auto* all = new std::vector<SharedVariables>;
  return *all;
}

void add_shared_variables(char* (*begin)(), char* (*end)()) { shared_variables().push_back({begin, end}); }

void clear_shared_variables() {
  for (const SharedVariables& some : shared_variables()) {
    memset(some.begin(), 0xff, (size_t)(some.end() - some.begin()));
  }
}

/* ---- several host threads ---- */

static unsigned long number(const char* variable, unsigned long otherwise) {
  const char* text = getenv(variable);
  return text == nullptr || *text == 0 ? otherwise : strtoul(text, nullptr, 10);
}

static uint64_t order_seed() { return number("VESALIUS_SIMULATED_ORDER", 0); }

namespace {

/* One more host thread, that helps whoever has most to do. It lives as long as the process. */
class Helper {
 public:
  Helper() { std::thread([this] { serve(); }).detach(); }

  /* Takes part in a job that the caller goes on with too; does nothing where the helper is busy. */
  bool begin(const std::function<void()>* job) {
    std::lock_guard<std::mutex> hold(lock_);
    if (job_ != nullptr) {
      return false;
    }
    job_ = job;
    changed_.notify_all();
    return true;
  }

  void end() {
    std::unique_lock<std::mutex> hold(lock_);
    changed_.wait(hold, [this] { return job_ == nullptr; });
  }

 private:
  std::mutex lock_;
  std::condition_variable changed_;
  const std::function<void()>* job_ = nullptr;

  void serve() {
    std::unique_lock<std::mutex> hold(lock_);
    for (;;) {
      changed_.wait(hold, [this] { return job_ != nullptr; });
      const std::function<void()>* job = job_;
      hold.unlock();
      (*job)();
      hold.lock();
      job_ = nullptr;
      changed_.notify_all();
    }
  }
};

}  // namespace

static Helper* helper() {
  static Helper* one = number("VESALIUS_SIMULATED_THREADS", std::thread::hardware_concurrency()) > 1 ? new Helper : nullptr;
  return one;
}

void spread(uint64_t pieces, const std::function<bool(uint64_t)>& piece) {
  std::atomic<uint64_t> next{0};
  std::function<void()> work = [&] {
    for (uint64_t i; (i = next.fetch_add(1)) < pieces;) {
      if (!piece(i)) {
        next.store(pieces);
      }
    }
  };
  /* Alone at first: waking another thread takes longer than most kernels. */
  constexpr auto ALONE = std::chrono::microseconds(40);
  auto begin = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - begin < ALONE) {
    uint64_t i = next.fetch_add(1);
    if (i >= pieces) {
      return;
    }
    if (!piece(i)) {
      return;
    }
  }
  bool helped = pieces - next.load() > 1 && helper() != nullptr && helper()->begin(&work);
  work();
  if (helped) {
    helper()->end();
  }
}

/* ---- illegal accesses ---- */

static std::string nothing_known(const void*) { return ""; }

std::string (*describe_address)(const void*) = nothing_known;

static struct sigaction previous[NSIG];
static thread_local std::unique_ptr<Host> own_host;

/* Where a kernel goes on that touched what it must not: still on its own stack, or on the signals' if that is full. */
static __thread int fault_signal __attribute__((tls_model("initial-exec")));
static __thread void* fault_address __attribute__((tls_model("initial-exec")));

static void fail_for_signal() {
  if (fault_signal == SIGFPE) {
    fail(LAUNCH_FAILED, "an integer is divided by zero");
  }
  const Host* h = host;
  const char* address = (const char*)fault_address;
  if (address >= h->stacks && address < h->stacks + MOST_THREADS * STACK_STRIDE) {
    fail(ILLEGAL_ADDRESS, "the thread's stack is too small for its local arrays");
  }
  if (address >= h->shared_end && address < h->shared_end + PAGE) {
    fail(ILLEGAL_ADDRESS, "touches byte %ld of %zu of the launch's shared memory", (long)(address - h->shared),
         h->launch->shared_bytes);
  }
  fail(ILLEGAL_ADDRESS, "touches the address %p%s", fault_address, describe_address(fault_address).c_str());
}

static void pass_on(int signal, siginfo_t* info, void* context) {
  const struct sigaction& old = previous[signal];
  if (old.sa_flags & SA_SIGINFO) {
    old.sa_sigaction(signal, info, context);
  } else if (old.sa_handler == SIG_DFL || old.sa_handler == SIG_IGN) {
    /* The instruction runs again, and the system does what it does by default. */
    struct sigaction standard = {};
    standard.sa_handler = SIG_DFL;
    sigaction(signal, &standard, nullptr);
  } else {
    old.sa_handler(signal);
  }
}

static void on_signal(int signal, siginfo_t* info, void* context) {
  if (host == nullptr || !host->running) {
    pass_on(signal, info, context);
    return;
  }
  fault_signal = signal;
  fault_address = info->si_addr;
  /* The kernel's stack is given up, so its upper end is as good as any to go on from. */
  auto* registers = ((ucontext_t*)context)->uc_mcontext.gregs;
  uintptr_t stack = (uintptr_t)lane->stack & ~(uintptr_t)63;
  registers[REG_RSP] = (greg_t)(stack - 8);
  registers[REG_RIP] = (greg_t)(uintptr_t)fail_for_signal;
}

void catch_illegal_accesses() {
  static std::once_flag once;
  std::call_once(once, [] {
    for (int signal : {SIGSEGV, SIGBUS, SIGFPE}) {
      struct sigaction action = {};
      action.sa_sigaction = on_signal;
      action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
      sigfillset(&action.sa_mask);
      sigaction(signal, nullptr, &previous[signal]);
      sigaction(signal, &action, nullptr);
    }
  });
}

/* ---- a launch ---- */

static Host* prepared_host(const Launch& launch, uint64_t seed) {
  if (own_host == nullptr) {
    own_host.reset(new Host);
  }
  host->prepare(launch, seed);
  return host;
}

Fault run(const Launch& launch) {
  uint64_t blocks = (uint64_t)launch.blocks.x * launch.blocks.y * launch.blocks.z;
  Fault fault;
  if (uint64_t seed = order_seed()) {
    /* On one host thread, so that a seed always gives the same order. */
    Host* h = prepared_host(launch, seed);
    uint64_t step = h->draw() % blocks;
    while (std::gcd(step, blocks) != 1) {
      step++;
    }
    uint64_t block = h->draw() % blocks;
    for (uint64_t i = 0; i < blocks; i++, block = (block + step) % blocks) {
      if (!h->run(block)) {
        return h->fault;
      }
    }
    return fault;
  }
  std::mutex lock;
  static std::atomic<uint64_t> launches{1};
  uint64_t launch_number = launches.fetch_add(1);
  static thread_local uint64_t prepared_for = 0;
  spread(blocks, [&](uint64_t block) {
    if (prepared_for != launch_number) {
      prepared_host(launch, 0);
      prepared_for = launch_number;
    }
    if (host->run(block)) {
      return true;
    }
    std::lock_guard<std::mutex> hold(lock);
    if (fault.error == 0) {
      fault = host->fault;
    }
    return false;
  });
  return fault;
}

}  // namespace simt
