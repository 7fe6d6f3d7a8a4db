/*
 * Capturing, and graphs. A graph keeps its nodes in the order in which they were captured, and runs them so, which satisfies
 * every dependency between them.
 */
#include "driver.h"

namespace driver {

enum { GLOBAL = 0, THREAD_LOCAL = 1, RELAXED = 2 };

static std::set<std::shared_ptr<Capture>>& captures() {
  static auto* all = new std::set<std::shared_ptr<Capture>>;
  return *all;
}

static thread_local int thread_mode = GLOBAL;

namespace {

struct Executable {
  std::vector<WorkPointer> nodes;
  /* One replay after the other. */
  std::mutex running;
};

struct Replay : Work {
  std::shared_ptr<Executable> executable;
  explicit Replay(std::shared_ptr<Executable> executable) : Work(4), executable(std::move(executable)) {}

  Status check(const Context& context) const override {
    for (const WorkPointer& node : executable->nodes) {
      if (Status error = node->check(context)) {
        return error;
      }
    }
    return SUCCESS;
  }

  Fault run() override {
    std::lock_guard<std::mutex> hold(executable->running);
    for (const WorkPointer& node : executable->nodes) {
      Fault fault = node->run();
      if (fault.error != SUCCESS) {
        return fault;
      }
    }
    return {};
  }
};

using Executables = std::map<void*, std::shared_ptr<Executable>>;

}  // namespace

static std::set<std::unique_ptr<Graph>>& graphs() {
  static auto* all = new std::set<std::unique_ptr<Graph>>;
  return *all;
}

static Executables& executables() {
  static auto* all = new Executables;
  return *all;
}

Status capture(Stream& stream, WorkPointer work) {
  Capture& c = *stream.capture;
  if (c.invalid) {
    return STREAM_CAPTURE_INVALIDATED;
  }
  c.graph.nodes.push_back(std::move(work));
  if (&stream != c.origin) {
    c.branches[&stream] = {c.graph.nodes.size(), false};
  }
  return SUCCESS;
}

Status capture_record(Stream& stream, Event& event) {
  if (stream.capture->invalid) {
    return STREAM_CAPTURE_INVALIDATED;
  }
  event.captured = stream.capture;
  event.captured_in = &stream;
  event.captured_at = stream.capture->graph.nodes.size();
  return SUCCESS;
}

Status capture_wait(Stream& stream, Event& event) {
  if (event.captured == nullptr) {
    /* What was recorded outside cannot be waited for inside. */
    stream.capture->invalid = true;
    return STREAM_CAPTURE_ISOLATION;
  }
  Capture& c = *event.captured;
  if (c.origin == nullptr) {
    return CAPTURED_EVENT;
  }
  if (stream.capture == nullptr) {
    stream.capture = event.captured;
    c.branches[&stream] = {c.graph.nodes.size(), false};
  } else if (stream.capture != event.captured) {
    c.invalid = true;
    stream.capture->invalid = true;
    return STREAM_CAPTURE_ISOLATION;
  }
  if (c.invalid) {
    return STREAM_CAPTURE_INVALIDATED;
  }
  auto branch = c.branches.find(event.captured_in);
  if (branch != c.branches.end() && branch->first != &stream && branch->second.last <= event.captured_at) {
    branch->second.joined = true;
  }
  if (&stream != c.origin) {
    c.branches[&stream].joined = false;
  }
  return SUCCESS;
}

Status forbid_while_capturing() {
  if (thread_mode == RELAXED) {
    return SUCCESS;
  }
  bool found = false;
  for (auto& c : captures()) {
    bool own = c->thread == std::this_thread::get_id();
    if (c->mode != RELAXED && (own || (c->mode == GLOBAL && thread_mode == GLOBAL))) {
      c->invalid = true;
      found = true;
    }
  }
  return found ? STREAM_CAPTURE_UNSUPPORTED : SUCCESS;
}

Status forbid_in(Stream& stream) {
  if (stream.capture != nullptr) {
    stream.capture->invalid = true;
    return STREAM_CAPTURE_UNSUPPORTED;
  }
  return forbid_while_capturing();
}

Status forbid_legacy(const Context& context) {
  for (auto& stream : context.streams) {
    if (stream->capture != nullptr && stream->blocking()) {
      stream->capture->invalid = true;
      return STREAM_CAPTURE_IMPLICIT;
    }
  }
  return SUCCESS;
}

/* Streams and events that took part keep no more of it than that it was. */
static void finish(std::shared_ptr<Capture> c) {
  for (auto& branch : c->branches) {
    branch.first->capture = nullptr;
  }
  c->origin->capture = nullptr;
  c->origin = nullptr;
  captures().erase(c);
}

void abandon(Stream& stream) {
  if (stream.capture != nullptr) {
    if (stream.capture->origin == &stream) {
      finish(stream.capture);
    } else {
      stream.capture->invalid = true;
      stream.capture->branches.erase(&stream);
    }
  }
}

static Graph* keep(std::vector<WorkPointer> nodes) {
  count("graphs", 1);
  return graphs().insert(std::unique_ptr<Graph>(new Graph{std::move(nodes)})).first->get();
}

}  // namespace driver

using namespace driver;

API cuStreamBeginCapture_v2(void* handle, int mode) {
  return in_stream("graph", handle, [&](Context& context, Stream& stream) -> Status {
    if (&stream == context.legacy.get()) {
      return STREAM_CAPTURE_UNSUPPORTED;
    }
    if (mode < GLOBAL || mode > RELAXED || stream.capture != nullptr) {
      return INVALID_VALUE;
    }
    stream.capture = std::make_shared<Capture>(Capture{&stream, mode, std::this_thread::get_id(), {}, false, {}});
    captures().insert(stream.capture);
    return SUCCESS;
  });
}

API cuStreamEndCapture(void* handle, void** out) {
  return in_stream("graph", handle, [&](Context&, Stream& stream) -> Status {
    *out = nullptr;
    std::shared_ptr<Capture> c = stream.capture;
    if (c == nullptr) {
      return INVALID_VALUE;
    }
    if (c->origin != &stream) {
      return STREAM_CAPTURE_UNMATCHED;
    }
    if (c->mode != RELAXED && c->thread != std::this_thread::get_id()) {
      return STREAM_CAPTURE_WRONG_THREAD;
    }
    bool joined = true;
    for (auto& branch : c->branches) {
      joined = joined && branch.second.joined;
    }
    finish(c);
    if (c->invalid) {
      return STREAM_CAPTURE_INVALIDATED;
    }
    if (!joined) {
      return STREAM_CAPTURE_UNJOINED;
    }
    *out = keep(std::move(c->graph.nodes));
    return SUCCESS;
  });
}

API cuStreamIsCapturing(void* handle, int* out) {
  return in_stream("graph", handle, [&](Context& context, Stream& stream) -> Status {
    if (&stream == context.legacy.get()) {
      if (Status error = forbid_legacy(context)) {
        return error;
      }
    }
    *out = stream.capture == nullptr ? 0 : stream.capture->invalid ? 2 : 1;
    return SUCCESS;
  });
}

API cuThreadExchangeStreamCaptureMode(int* mode) {
  if (mode == nullptr || *mode < GLOBAL || *mode > RELAXED) {
    return INVALID_VALUE;
  }
  std::swap(*mode, thread_mode);
  return SUCCESS;
}

API cuGraphCreate(void** out, unsigned flags) {
  return in_context("graph", [&](Context&) -> Status {
    if (out == nullptr || flags != 0) {
      return INVALID_VALUE;
    }
    *out = keep({});
    return SUCCESS;
  });
}

API cuGraphDestroy(void* handle) {
  Guard guard;
  auto found = find_handle(graphs(), handle);
  if (found == graphs().end()) {
    return INVALID_VALUE;
  }
  graphs().erase(found);
  count("graphs", -1);
  return SUCCESS;
}

API cuGraphGetNodes(void* handle, void** nodes, size_t* number) {
  Guard guard;
  auto found = find_handle(graphs(), handle);
  if (found == graphs().end() || number == nullptr) {
    return INVALID_VALUE;
  }
  const auto& all = (*found)->nodes;
  if (nodes != nullptr) {
    for (size_t i = 0; i < *number; i++) {
      nodes[i] = i < all.size() ? all[i].get() : nullptr;
    }
    *number = std::min(*number, all.size());
  } else {
    *number = all.size();
  }
  return SUCCESS;
}

API cuGraphNodeGetType(void* handle, int* type) {
  Guard guard;
  for (auto& graph : graphs()) {
    for (auto& node : graph->nodes) {
      if (node.get() == handle) {
        *type = node->type;
        return SUCCESS;
      }
    }
  }
  return INVALID_VALUE;
}

API cuGraphInstantiateWithFlags(void** out, void* handle, unsigned long long) {
  return in_context("graph", [&](Context&) -> Status {
    auto found = find_handle(graphs(), handle);
    if (found == graphs().end() || out == nullptr) {
      return INVALID_VALUE;
    }
    auto made = std::make_shared<Executable>();
    made->nodes = (*found)->nodes;
    *out = made.get();
    executables()[made.get()] = made;
    count("graph_execs", 1);
    return SUCCESS;
  });
}

API cuGraphExecDestroy(void* handle) {
  Guard guard;
  if (executables().erase(handle) == 0) {
    return INVALID_VALUE;
  }
  count("graph_execs", -1);
  return SUCCESS;
}

API cuGraphUpload(void* handle, void*) {
  return in_context("graph", [&](Context&) -> Status { return executables().count(handle) != 0 ? SUCCESS : INVALID_VALUE; });
}

API cuGraphLaunch(void* handle, void* stream_handle) {
  return in_stream("graph", stream_handle, [&](Context&, Stream& stream) -> Status {
    auto found = executables().find(handle);
    if (found == executables().end()) {
      return INVALID_VALUE;
    }
    Status status = submit(stream, std::make_shared<Replay>(found->second));
    if (status == SUCCESS) {
      count("graph_launches", 1);
    }
    return status;
  });
}
