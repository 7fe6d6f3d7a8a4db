/* What tests ask of the simulated device: faults on demand, and counts of what happened. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"

namespace driver {

namespace {

struct Wish {
  std::string what;
  int after;
  Status error;
};

struct Tests {
  std::mutex lock;
  std::vector<Wish> wishes;
  std::map<std::string, int64_t> counts;
  std::string message;
  std::string wrong;
};

}  // namespace

uint64_t setting(const char* variable, uint64_t otherwise) {
  const char* text = getenv(variable);
  return text == nullptr || *text == 0 ? otherwise : strtoull(text, nullptr, 10);
}

/* VESALIUS_SIMULATED_FAIL=WHAT:AFTER:ERROR,...; a kernel's name may follow WHAT with a colon of its own. */
static void read_wishes(std::vector<Wish>& wishes, const char* text) {
  std::string rest = text == nullptr ? "" : text;
  while (!rest.empty()) {
    std::string one = rest.substr(0, rest.find(','));
    rest.erase(0, one.size() + 1);
    size_t second = one.rfind(':');
    size_t first = second == std::string::npos || second == 0 ? std::string::npos : one.rfind(':', second - 1);
    if (first == std::string::npos) {
      fprintf(stderr, "simulated device: VESALIUS_SIMULATED_FAIL: expected WHAT:AFTER:ERROR, found %s\n", one.c_str());
      continue;
    }
    wishes.push_back({one.substr(0, first), atoi(one.c_str() + first + 1), atoi(one.c_str() + second + 1)});
  }
}

static Tests& tests() {
  static Tests* all = [] {
    auto* made = new Tests;
    read_wishes(made->wishes, getenv("VESALIUS_SIMULATED_FAIL"));
    const char* wrong = getenv("VESALIUS_SIMULATED_WRONG");
    made->wrong = wrong == nullptr ? "" : wrong;
    return made;
  }();
  return *all;
}

Status injected(const char* what) {
  Tests& t = tests();
  std::lock_guard<std::mutex> hold(t.lock);
  for (size_t i = 0; i < t.wishes.size(); i++) {
    Wish& wish = t.wishes[i];
    if (wish.what == what && wish.after-- == 0) {
      Status error = wish.error;
      t.wishes.erase(t.wishes.begin() + (long)i);
      return error;
    }
  }
  return SUCCESS;
}

bool is_wrong(const char* name) {
  Tests& t = tests();
  std::lock_guard<std::mutex> hold(t.lock);
  return t.wrong == name;
}

void count(const std::string& what, int64_t by) {
  Tests& t = tests();
  std::lock_guard<std::mutex> hold(t.lock);
  t.counts[what] += by;
}

void remember(const Fault& fault) {
  Tests& t = tests();
  std::lock_guard<std::mutex> hold(t.lock);
  t.message = fault.message;
  fprintf(stderr, "simulated device: error %d: %s\n", fault.error, fault.message.c_str());
}

}  // namespace driver

using namespace driver;

/*
 * Makes a call fail with `error`: after `after` more of its kind have passed, so 0 means the next one; once. `what` is
 *   init, context, alloc, free, host_alloc, copy, memset, stream, event, synchronize, module, get_function, graph, launch_call:
 *     the call itself fails;
 *   launch, launch:NAME: a kernel, in a graph too, fails when it runs, and breaks its context;
 *   cublas: a call of cuBLAS fails, `error` is one of its own;
 * and null, or no error, takes back everything.
 */
extern "C" EXPORTED void vesalius_simulated_fail(const char* what, int after, int error) {
  Tests& t = tests();
  std::lock_guard<std::mutex> hold(t.lock);
  if (what == nullptr || error == SUCCESS) {
    t.wishes.clear();
  } else {
    t.wishes.push_back({what, after, error});
  }
}

/*
 * Makes a kernel, or gemms, write a wrong number every time it runs, in graphs too: the first where it puts its results. Null
 * takes it back.
 */
extern "C" EXPORTED void vesalius_simulated_wrong(const char* name) {
  Tests& t = tests();
  std::lock_guard<std::mutex> hold(t.lock);
  t.wrong = name == nullptr ? "" : name;
}

/*
 * How often something happened, or how much of it there is: launches (kernels that ran, also in graphs), launch:NAME,
 * graph_launches, gemms, host_to_device, device_to_host, device_to_device, host_to_host and each with _bytes, memsets;
 * allocations, allocation_bytes, pinned, pinned_bytes, contexts, streams, events, modules, graphs, graph_execs that are alive.
 * What never happened is 0.
 */
extern "C" EXPORTED int64_t vesalius_simulated_counter(const char* name) {
  Tests& t = tests();
  std::lock_guard<std::mutex> hold(t.lock);
  auto found = t.counts.find(name);
  return found == t.counts.end() ? 0 : found->second;
}

/* What the last asynchronous fault said, cut to `bytes`. */
extern "C" EXPORTED void vesalius_simulated_message(char* out, int64_t bytes) {
  Tests& t = tests();
  std::lock_guard<std::mutex> hold(t.lock);
  snprintf(out, (size_t)bytes, "%s", t.message.c_str());
}

API vesalius_simulated_injected(const char* what) { return injected(what); }
