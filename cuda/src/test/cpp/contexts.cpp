/* Contexts: primary ones and created ones, and which is current. */

#include "driver.h"

namespace driver {

namespace {

struct Driver {
  std::recursive_mutex lock;
  bool initialized = false;
  std::vector<std::unique_ptr<Device>> devices;
  std::set<std::unique_ptr<Context>> contexts;
};

}  // namespace

static Driver& all() {
  static auto* one = new Driver;
  return *one;
}

static thread_local std::vector<Context*> current;

Status (*prepare_kernels)() = nullptr;

Guard::Guard() : hold(all().lock) {}

bool initialized() { return all().initialized; }

int device_count() { return (int)all().devices.size(); }

Device* device(int number) {
  auto& devices = all().devices;
  return number >= 0 && (size_t)number < devices.size() ? devices[(size_t)number].get() : nullptr;
}

bool is_context(const Context* context) { return find_handle(all().contexts, context) != all().contexts.end(); }

Context* current_context() { return current.empty() || !is_context(current.back()) ? nullptr : current.back(); }

Stream* stream_of(Context& context, void* handle) {
  if (handle == nullptr || handle == (void*)1) {
    if (context.legacy == nullptr) {
      context.legacy = std::make_unique<Stream>(context, 0, 0);
    }
    return context.legacy.get();
  }
  auto found = find_handle(context.streams, handle);
  return found == context.streams.end() ? nullptr : found->get();
}

bool is_event(const Context& context, const void* handle) {
  return find_handle(const_cast<Context&>(context).events, handle) != context.events.end();
}

std::vector<MomentPointer> moments(const Context& context) {
  std::vector<MomentPointer> result;
  if (context.legacy != nullptr) {
    result.push_back(context.legacy->now());
  }
  for (auto& stream : context.streams) {
    result.push_back(stream->now());
  }
  return result;
}

static Context* create(Device& on, unsigned flags) {
  auto made = all().contexts.insert(std::make_unique<Context>(on, flags));
  count("contexts", 1);
  return made.first->get();
}

static void destroy(Context* context) {
  for (auto& other : all().contexts) {
    other->peers.erase(context);
  }
  count("streams", -(int64_t)context->streams.size());
  count("events", -(int64_t)context->events.size());
  count("modules", -(int64_t)context->modules.size());
  context->legacy.reset();
  context->streams.clear();
  release_all(*context);
  all().contexts.erase(find_handle(all().contexts, context));
  count("contexts", -1);
}

}  // namespace driver

using namespace driver;

API cuInit(unsigned flags) {
  Guard guard;
  if (flags != 0) {
    return INVALID_VALUE;
  }
  if (Status error = injected("init")) {
    return error;
  }
  uint64_t devices = setting("VESALIUS_SIMULATED_DEVICES", 1);
  if (devices == 0) {
    return NO_DEVICE;
  }
  if (!all().initialized) {
    if (prepare_kernels != nullptr) {
      if (Status error = prepare_kernels()) {
        return error;
      }
    }
    for (uint64_t i = 0; i < devices; i++) {
      all().devices.push_back(std::unique_ptr<Device>(new Device{(int)i}));
    }
    simt::describe_address = describe;
    simt::catch_illegal_accesses();
    all().initialized = true;
  }
  return SUCCESS;
}

API cuDevicePrimaryCtxRetain(void** out, int number) {
  return on_device(number, [&](Device& of) -> Status {
    if (Status error = injected("context")) {
      return error;
    }
    if (of.primary == nullptr) {
      of.primary = create(of, 0);
    }
    of.retained++;
    *out = of.primary;
    return SUCCESS;
  });
}

API cuDevicePrimaryCtxRelease_v2(int number) {
  return on_device(number, [&](Device& of) -> Status {
    if (of.retained == 0) {
      return INVALID_CONTEXT;
    }
    if (--of.retained == 0) {
      destroy(of.primary);
      of.primary = nullptr;
    }
    return SUCCESS;
  });
}

API cuDevicePrimaryCtxReset_v2(int number) {
  return on_device(number, [&](Device& of) -> Status {
    if (of.primary != nullptr) {
      destroy(of.primary);
      of.primary = of.retained > 0 ? create(of, 0) : nullptr;
    }
    return SUCCESS;
  });
}

API cuDevicePrimaryCtxGetState(int number, unsigned* flags, int* active) {
  return on_device(number, [&](Device& of) -> Status {
    *flags = of.primary == nullptr ? 0 : of.primary->flags;
    *active = of.primary != nullptr;
    return SUCCESS;
  });
}

API cuDevicePrimaryCtxSetFlags_v2(int number, unsigned flags) {
  return on_device(number, [&](Device& of) -> Status {
    if (of.primary != nullptr && of.primary->flags != flags) {
      return PRIMARY_CONTEXT_ACTIVE;
    }
    return SUCCESS;
  });
}

API cuCtxCreate_v2(void** out, unsigned flags, int number) {
  return on_device(number, [&](Device& of) -> Status {
    if (Status error = injected("context")) {
      return error;
    }
    Context* made = create(of, flags);
    current.push_back(made);
    *out = made;
    return SUCCESS;
  });
}

API cuCtxDestroy_v2(void* handle) {
  Guard guard;
  Context* context = (Context*)handle;
  if (!is_context(context) || context->device.primary == context) {
    return INVALID_CONTEXT;
  }
  if (!current.empty() && current.back() == context) {
    current.pop_back();
  }
  destroy(context);
  return SUCCESS;
}

API cuCtxPushCurrent_v2(void* handle) {
  Guard guard;
  if (!is_context((Context*)handle)) {
    return INVALID_CONTEXT;
  }
  current.push_back((Context*)handle);
  return SUCCESS;
}

API cuCtxPopCurrent_v2(void** out) {
  Guard guard;
  if (current.empty()) {
    return INVALID_CONTEXT;
  }
  if (out != nullptr) {
    *out = current.back();
  }
  current.pop_back();
  return SUCCESS;
}

API cuCtxSetCurrent(void* handle) {
  Guard guard;
  if (!initialized()) {
    return NOT_INITIALIZED;
  }
  if (handle != nullptr && !is_context((Context*)handle)) {
    return INVALID_CONTEXT;
  }
  if (!current.empty()) {
    current.pop_back();
  }
  if (handle != nullptr) {
    current.push_back((Context*)handle);
  }
  return SUCCESS;
}

API cuCtxGetCurrent(void** out) {
  Guard guard;
  if (!initialized()) {
    return NOT_INITIALIZED;
  }
  *out = current_context();
  return SUCCESS;
}

API cuCtxGetDevice(int* out) {
  Guard guard;
  Context* context = current_context();
  if (context == nullptr) {
    return INVALID_CONTEXT;
  }
  *out = context->device.number;
  return SUCCESS;
}

API cuCtxGetFlags(unsigned* out) {
  return in_context("get", [&](Context& context) -> Status {
    *out = context.flags;
    return SUCCESS;
  });
}

API cuCtxGetApiVersion(void*, unsigned* out) {
  *out = 3020;
  return SUCCESS;
}

API cuCtxGetStreamPriorityRange(int* least, int* greatest) {
  return in_context("get", [&](Context&) -> Status {
    *least = 0;
    *greatest = -5;
    return SUCCESS;
  });
}

API cuCtxSynchronize() {
  std::vector<MomentPointer> pending;
  Health health;
  Status status = in_context("synchronize", [&](Context& context) -> Status {
    if (Status error = forbid_while_capturing()) {
      return error;
    }
    pending = moments(context);
    health = context.health;
    return SUCCESS;
  });
  if (status != SUCCESS) {
    return status;
  }
  wait_for(pending);
  return *health;
}

API cuCtxEnablePeerAccess(void* handle, unsigned flags) {
  return in_context("context", [&](Context& context) -> Status {
    Context* peer = (Context*)handle;
    if (!is_context(peer) || flags != 0) {
      return is_context(peer) ? INVALID_VALUE : INVALID_CONTEXT;
    }
    if (&peer->device == &context.device) {
      return INVALID_DEVICE;
    }
    return context.peers.insert(peer).second ? SUCCESS : PEER_ACCESS_ALREADY_ENABLED;
  });
}

API cuCtxDisablePeerAccess(void* handle) {
  return in_context("context",
                    [&](Context& context) -> Status { return context.peers.erase((Context*)handle) ? SUCCESS : PEER_ACCESS_NOT_ENABLED; });
}
