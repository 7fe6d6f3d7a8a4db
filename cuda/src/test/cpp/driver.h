/*
 * The simulated driver: devices, contexts, memory, streams. One lock, `Guard`, protects all of it but the work of streams:
 * every stream has a host thread of its own, so what does not wait really does not wait.
 */
#ifndef VESALIUS_DRIVER_H
#define VESALIUS_DRIVER_H

#include <stdint.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "errors.h"
#include "launch.h"

#define EXPORTED __attribute__((visibility("default")))
#define API extern "C" EXPORTED ::driver::Status

namespace driver {

using DevicePointer = uint64_t;
using simt::Fault;

struct Context;
struct Stream;
struct Capture;

/* ---- settings of the environment, and what tests ask for: injection.cpp ---- */

uint64_t setting(const char* variable, uint64_t otherwise);
/* The error that a test wants of this call, or SUCCESS. */
Status injected(const char* what);
/* Whether a test wants what this kernel or library computes to be wrong. */
bool is_wrong(const char* name);
void count(const std::string& what, int64_t by);
/* Keeps and prints what an asynchronous fault says. */
void remember(const Fault& fault);

/* ---- memory: memory.cpp ---- */

struct Allocation {
  uintptr_t begin;
  size_t bytes;
  Context* context;
  bool freed; /* in the order of a stream: no longer to be used by new calls */
};

enum class Place { NOWHERE, DEVICE, PINNED };

Status allocate(Context& context, size_t bytes, DevicePointer* out);
/* Not the allocation itself, but what may still be done with it. */
Status retire(DevicePointer pointer);
Status release(DevicePointer pointer);
void release_all(const Context& context);
bool find_allocation(DevicePointer pointer, Allocation* found);
/* Where all `bytes` from an address on lie; device memory counts if the context may use it. */
Place place_of(const Context& context, const void* address, size_t bytes);
std::string describe(const void* address);

/* ---- work of streams: streams.cpp ---- */

/* What a stream does, and what a graph's node is. */
struct Work {
  int type; /* CUgraphNodeType */
  explicit Work(int type) : type(type) {}
  virtual ~Work() = default;
  /* Whether it may be done, as far as that can be seen at the call. */
  virtual Status check(const Context&) const { return SUCCESS; }
  virtual Fault run() = 0;
  /* Also in a context that is broken: others wait for it. */
  virtual bool always() const { return false; }
};

using WorkPointer = std::shared_ptr<Work>;

/* How far a stream's thread has come. */
struct Progress {
  std::mutex lock;
  std::condition_variable changed;
  uint64_t completed = 0;
};

/* A point in a stream's work. */
struct Moment {
  std::shared_ptr<Progress> progress;
  uint64_t number;
  std::chrono::steady_clock::time_point time;

  bool reached() const {
    std::lock_guard<std::mutex> hold(progress->lock);
    return progress->completed >= number;
  }

  void wait() const {
    std::unique_lock<std::mutex> hold(progress->lock);
    progress->changed.wait(hold, [this] { return progress->completed >= number; });
  }
};

using MomentPointer = std::shared_ptr<Moment>;

/* A context's first asynchronous error; it stays. */
using Health = std::shared_ptr<std::atomic<Status>>;

struct Stream {
  Context& context;
  const unsigned flags;
  const int priority;
  std::shared_ptr<Progress> progress = std::make_shared<Progress>();
  uint64_t enqueued = 0;
  uint64_t waits_for_legacy = 0;
  std::shared_ptr<Capture> capture;

  Stream(Context& context, unsigned flags, int priority);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  bool blocking() const { return !(flags & 1); }
  MomentPointer now() const { return std::make_shared<Moment>(Moment{progress, enqueued, {}}); }
  bool idle() const { return now()->reached(); }
  void push(WorkPointer work);

 private:
  std::deque<WorkPointer> queue_;
  bool stopped_ = false;
  Health health_;
  std::thread thread_;

  void serve();
};

/* Gives work to a stream, or to the graph that it captures; the legacy stream's waits for others are added. */
Status submit(Stream& stream, WorkPointer work);
WorkPointer waiting_for(MomentPointer moment);

struct Event {
  Context& context;
  unsigned flags;
  MomentPointer moment;
  std::shared_ptr<Capture> captured; /* in which it was last recorded */
  Stream* captured_in = nullptr;
  uint64_t captured_at = 0;
};

/* ---- capturing: graphs.cpp ---- */

struct Graph {
  std::vector<WorkPointer> nodes;
};

struct Capture {
  Stream* origin; /* null: it has ended */
  int mode;
  std::thread::id thread;
  Graph graph;
  bool invalid = false;
  /* Other streams that take part: the number of nodes when each last got one, and whether what came of it is waited for. */
  struct Branch {
    uint64_t last;
    bool joined;
  };
  std::map<Stream*, Branch> branches;
};

Status capture(Stream& stream, WorkPointer work);
Status capture_record(Stream& stream, Event& event);
Status capture_wait(Stream& stream, Event& event);
/* What some calls are while something is captured: an error, which ends the capture. */
Status forbid_while_capturing();
Status forbid_in(Stream& stream);
Status forbid_legacy(const Context& context);
/* A stream goes while it captures. */
void abandon(Stream& stream);

/* ---- devices and contexts: devices.cpp, contexts.cpp ---- */

struct Module;

struct Function {
  Module* module;
  const simt::Kernel* kernel;
  int most_shared_bytes;
};

struct Module {
  std::map<std::string, std::unique_ptr<Function>> functions;
};

struct Device {
  int number;
  uint64_t used = 0;
  Context* primary = nullptr;
  int retained = 0;
};

struct Context {
  Device& device;
  unsigned flags;
  Health health = std::make_shared<std::atomic<Status>>(SUCCESS);
  std::set<Context*> peers;
  std::unique_ptr<Stream> legacy;
  std::set<std::unique_ptr<Stream>> streams;
  std::set<std::unique_ptr<Event>> events;
  std::set<std::unique_ptr<Module>> modules;
  std::set<const Function*> functions; /* of all modules */

  Context(Device& device, unsigned flags) : device(device), flags(flags) {}
};

uint64_t memory_limit();
int capability();
int driver_version();
int most_shared_bytes();

/* Holds the driver's lock. */
struct Guard {
  std::lock_guard<std::recursive_mutex> hold;
  Guard();
};

/* Brings the kernels, where these are not linked in. */
extern Status (*prepare_kernels)();
bool initialized();
int device_count();
Device* device(int number);
bool is_context(const Context* context);
Context* current_context();
/* The stream of a handle: null and 1 are the legacy one. Null where there is none. */
Stream* stream_of(Context& context, void* handle);
bool is_event(const Context& context, const void* handle);
/* Everything that a context's streams have to do now. */
std::vector<MomentPointer> moments(const Context& context);
void wait_for(const std::vector<MomentPointer>& moments);

/* A call that needs a context in order: `body` gets it, under the lock. */
template <typename Body>
Status in_context(const char* what, Body body) {
  Guard guard;
  if (!initialized()) {
    return NOT_INITIALIZED;
  }
  Context* context = current_context();
  if (context == nullptr) {
    return INVALID_CONTEXT;
  }
  if (Status error = *context->health) {
    return error;
  }
  if (Status error = injected(what)) {
    return error;
  }
  return body(*context);
}

/* The same with a stream. */
template <typename Body>
Status in_stream(const char* what, void* handle, Body body) {
  return in_context(what, [&](Context& context) {
    Stream* stream = stream_of(context, handle);
    return stream == nullptr ? INVALID_HANDLE : body(context, *stream);
  });
}

/* A call about a device, under the lock. */
template <typename Body>
Status on_device(int number, Body body) {
  Guard guard;
  if (!initialized()) {
    return NOT_INITIALIZED;
  }
  Device* found = device(number);
  return found == nullptr ? INVALID_DEVICE : body(*found);
}

/* Finds a handle among what is alive. */
template <typename T>
auto find_handle(std::set<std::unique_ptr<T>>& alive, const void* handle) {
  auto it = alive.begin();
  while (it != alive.end() && it->get() != handle) {
    ++it;
  }
  return it;
}

}  // namespace driver

#endif
