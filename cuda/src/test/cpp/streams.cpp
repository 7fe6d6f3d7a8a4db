/* Streams, events, and what waits for what. */
#include "driver.h"

namespace driver {

Stream::Stream(Context& context, unsigned flags, int priority)
    : context(context), flags(flags), priority(priority), health_(context.health) {
  thread_ = std::thread([this] { serve(); });
}

Stream::~Stream() {
  abandon(*this);
  {
    std::lock_guard<std::mutex> hold(progress->lock);
    stopped_ = true;
    progress->changed.notify_all();
  }
  thread_.join();
}

void Stream::push(WorkPointer work) {
  std::lock_guard<std::mutex> hold(progress->lock);
  queue_.push_back(std::move(work));
  enqueued++;
  progress->changed.notify_all();
}

void Stream::serve() {
  std::unique_lock<std::mutex> hold(progress->lock);
  for (;;) {
    progress->changed.wait(hold, [this] { return stopped_ || !queue_.empty(); });
    if (queue_.empty()) {
      return;
    }
    WorkPointer work = std::move(queue_.front());
    queue_.pop_front();
    hold.unlock();
    if (*health_ == SUCCESS || work->always()) {
      Fault fault = work->run();
      Status fine = SUCCESS;
      if (fault.error != SUCCESS && health_->compare_exchange_strong(fine, fault.error)) {
        remember(fault);
      }
    }
    work.reset();
    hold.lock();
    progress->completed++;
    progress->changed.notify_all();
  }
}

namespace {

/* Waits for another stream. */
struct Waiting : Work {
  MomentPointer moment;
  explicit Waiting(MomentPointer moment) : Work(6), moment(std::move(moment)) {}
  Fault run() override {
    moment->wait();
    return {};
  }
  bool always() const override { return true; }
};

/* Notes the time. */
struct Recording : Work {
  MomentPointer moment;
  explicit Recording(MomentPointer moment) : Work(7), moment(std::move(moment)) {}
  Fault run() override {
    moment->time = std::chrono::steady_clock::now();
    return {};
  }
  bool always() const override { return true; }
};

struct Calling : Work {
  void (*function)(void*);
  void* argument;
  Calling(void (*function)(void*), void* argument) : Work(3), function(function), argument(argument) {}
  Fault run() override {
    function(argument);
    return {};
  }
};

/* Of the older kind: it learns of errors. */
struct CallingBack : Work {
  void (*function)(void*, Status, void*);
  void* stream;
  void* argument;
  Health health;
  CallingBack(void (*function)(void*, Status, void*), void* stream, void* argument, Health health)
      : Work(3), function(function), stream(stream), argument(argument), health(std::move(health)) {}
  Fault run() override {
    function(stream, *health, argument);
    return {};
  }
  bool always() const override { return true; }
};

}  // namespace

WorkPointer waiting_for(MomentPointer moment) { return std::make_shared<Waiting>(std::move(moment)); }

/* The legacy stream waits for all streams that have not asked to be left alone, and these for it. */
static void keep_legacy_order(Stream& stream) {
  Context& context = stream.context;
  if (&stream == context.legacy.get()) {
    for (auto& other : context.streams) {
      if (other->blocking() && !other->idle()) {
        stream.push(waiting_for(other->now()));
      }
    }
  } else if (stream.blocking() && context.legacy != nullptr && stream.waits_for_legacy < context.legacy->enqueued) {
    stream.waits_for_legacy = context.legacy->enqueued;
    stream.push(waiting_for(context.legacy->now()));
  }
}

Status submit(Stream& stream, WorkPointer work) {
  if (&stream == stream.context.legacy.get()) {
    if (Status error = forbid_legacy(stream.context)) {
      return error;
    }
  }
  if (Status error = work->check(stream.context)) {
    return error;
  }
  if (stream.capture != nullptr) {
    return capture(stream, std::move(work));
  }
  keep_legacy_order(stream);
  stream.push(std::move(work));
  return SUCCESS;
}

void wait_for(const std::vector<MomentPointer>& moments) {
  for (const MomentPointer& moment : moments) {
    moment->wait();
  }
}

}  // namespace driver

using namespace driver;

API cuStreamCreateWithPriority(void** out, unsigned flags, int priority) {
  return in_context("stream", [&](Context& context) -> Status {
    if (out == nullptr || (flags & ~1u) != 0) {
      return INVALID_VALUE;
    }
    auto made = context.streams.insert(std::make_unique<Stream>(context, flags, priority));
    *out = made.first->get();
    count("streams", 1);
    return SUCCESS;
  });
}

API cuStreamCreate(void** out, unsigned flags) { return cuStreamCreateWithPriority(out, flags, 0); }

API cuStreamDestroy_v2(void* handle) {
  std::unique_ptr<Stream> gone;
  Guard guard;
  Context* context = current_context();
  if (context == nullptr) {
    return INVALID_CONTEXT;
  }
  auto found = find_handle(context->streams, handle);
  if (found == context->streams.end()) {
    return INVALID_HANDLE;
  }
  /* Its work is done first. */
  gone = std::move(context->streams.extract(found).value());
  count("streams", -1);
  return SUCCESS;
}

API cuStreamSynchronize(void* handle) {
  MomentPointer moment;
  Health health;
  Status status = in_stream("synchronize", handle, [&](Context& context, Stream& stream) -> Status {
    if (Status error = forbid_in(stream)) {
      return error;
    }
    if (&stream == context.legacy.get()) {
      keep_legacy_order(stream);
    }
    moment = stream.now();
    health = context.health;
    return SUCCESS;
  });
  if (status != SUCCESS) {
    return status;
  }
  moment->wait();
  return *health;
}

API cuStreamQuery(void* handle) {
  return in_stream("synchronize", handle, [&](Context&, Stream& stream) -> Status {
    if (Status error = forbid_in(stream)) {
      return error;
    }
    return stream.idle() ? SUCCESS : NOT_READY;
  });
}

API cuStreamWaitEvent(void* handle, void* event_handle, unsigned) {
  return in_stream("event", handle, [&](Context&, Stream& stream) -> Status {
    /* An event of another context will do. */
    Event* event = (Event*)event_handle;
    if (event == nullptr || !is_context(&event->context) || !is_event(event->context, event)) {
      return INVALID_HANDLE;
    }
    if (stream.capture != nullptr || event->captured != nullptr) {
      return capture_wait(stream, *event);
    }
    return event->moment == nullptr ? SUCCESS : submit(stream, waiting_for(event->moment));
  });
}

API cuStreamGetCtx(void* handle, void** out) {
  return in_stream("stream", handle, [&](Context& context, Stream&) -> Status {
    *out = &context;
    return SUCCESS;
  });
}

API cuStreamGetFlags(void* handle, unsigned* out) {
  return in_stream("stream", handle, [&](Context&, Stream& stream) -> Status {
    *out = stream.flags;
    return SUCCESS;
  });
}

API cuStreamGetPriority(void* handle, int* out) {
  return in_stream("stream", handle, [&](Context&, Stream& stream) -> Status {
    *out = stream.priority;
    return SUCCESS;
  });
}

API cuLaunchHostFunc(void* handle, void (*function)(void*), void* argument) {
  return in_stream("launch_call", handle, [&](Context&, Stream& stream) -> Status {
    return function == nullptr ? INVALID_VALUE : submit(stream, std::make_shared<Calling>(function, argument));
  });
}

API cuStreamAddCallback(void* handle, void (*function)(void*, Status, void*), void* argument, unsigned flags) {
  return in_stream("launch_call", handle, [&](Context& context, Stream& stream) -> Status {
    if (function == nullptr || flags != 0) {
      return INVALID_VALUE;
    }
    if (stream.capture != nullptr) {
      return forbid_in(stream);
    }
    return submit(stream, std::make_shared<CallingBack>(function, handle, argument, context.health));
  });
}

API cuEventCreate(void** out, unsigned flags) {
  return in_context("event", [&](Context& context) -> Status {
    if (out == nullptr) {
      return INVALID_VALUE;
    }
    auto made = context.events.insert(std::unique_ptr<Event>(new Event{context, flags, nullptr, nullptr}));
    *out = made.first->get();
    count("events", 1);
    return SUCCESS;
  });
}

API cuEventDestroy_v2(void* handle) {
  Guard guard;
  Context* context = current_context();
  if (context == nullptr) {
    return INVALID_CONTEXT;
  }
  auto found = find_handle(context->events, handle);
  if (found == context->events.end()) {
    return INVALID_HANDLE;
  }
  context->events.erase(found);
  count("events", -1);
  return SUCCESS;
}

API cuEventRecord(void* event_handle, void* handle) {
  return in_stream("event", handle, [&](Context& context, Stream& stream) -> Status {
    if (!is_event(context, event_handle)) {
      return INVALID_HANDLE;
    }
    Event& event = *(Event*)event_handle;
    if (stream.capture != nullptr) {
      return capture_record(stream, event);
    }
    event.captured = nullptr;
    auto moment = std::make_shared<Moment>(Moment{stream.progress, 0, {}});
    Status status = submit(stream, std::make_shared<Recording>(moment));
    if (status == SUCCESS) {
      moment->number = stream.enqueued;
      event.moment = moment;
    }
    return status;
  });
}

API cuEventRecordWithFlags(void* event, void* stream, unsigned flags) {
  return flags != 0 ? NOT_SUPPORTED : cuEventRecord(event, stream);
}

/* The moment of an event that may be waited for; null where it was never recorded. */
static Status moment_of(void* handle, MomentPointer* moment, Health* health) {
  return in_context("synchronize", [&](Context& context) -> Status {
    if (!is_event(context, handle)) {
      return INVALID_HANDLE;
    }
    Event& event = *(Event*)handle;
    if (event.captured != nullptr) {
      event.captured->invalid = true;
      return CAPTURED_EVENT;
    }
    if (Status error = forbid_while_capturing()) {
      return error;
    }
    *moment = event.moment;
    *health = context.health;
    return SUCCESS;
  });
}

API cuEventQuery(void* handle) {
  MomentPointer moment;
  Health health;
  if (Status status = moment_of(handle, &moment, &health)) {
    return status;
  }
  return moment == nullptr || moment->reached() ? SUCCESS : NOT_READY;
}

API cuEventSynchronize(void* handle) {
  MomentPointer moment;
  Health health;
  if (Status status = moment_of(handle, &moment, &health)) {
    return status;
  }
  if (moment != nullptr) {
    moment->wait();
  }
  return *health;
}

API cuEventElapsedTime(float* out, void* first, void* second) {
  return in_context("event", [&](Context& context) -> Status {
    if (!is_event(context, first) || !is_event(context, second)) {
      return INVALID_HANDLE;
    }
    const Event& a = *(Event*)first;
    const Event& b = *(Event*)second;
    constexpr unsigned DISABLE_TIMING = 2;
    if (((a.flags | b.flags) & DISABLE_TIMING) != 0 || a.moment == nullptr || b.moment == nullptr) {
      return INVALID_HANDLE;
    }
    if (!a.moment->reached() || !b.moment->reached()) {
      return NOT_READY;
    }
    *out = std::chrono::duration<float, std::milli>(b.moment->time - a.moment->time).count();
    return SUCCESS;
  });
}
