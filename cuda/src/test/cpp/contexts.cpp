/* Devices and contexts. */
#include <stdio.h>
#include <string.h>

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

uint64_t memory_limit() { return setting("VESALIUS_SIMULATED_MEMORY", 4ull << 30); }
int capability() { return (int)setting("VESALIUS_SIMULATED_CAPABILITY", 90); }
int driver_version() { return (int)setting("VESALIUS_SIMULATED_DRIVER", 12060); }

/* What a block may ask for, from the tables of the programming guide. */
int most_shared_bytes() {
  switch (capability()) {
    case 80:
    case 87:
      return 163 * 1024;
    case 86:
    case 89:
    case 120:
      return 99 * 1024;
    case 90:
    case 100:
      return 227 * 1024;
    default:
      return 48 * 1024;
  }
}

bool initialized() { return all().initialized; }

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

static Status with_device(int number, Device** out) {
  if (!initialized()) {
    return NOT_INITIALIZED;
  }
  *out = device(number);
  return *out == nullptr ? INVALID_DEVICE : SUCCESS;
}

/* A call about a device, under the lock. */
template <typename Body>
static Status on_device(int number, Body body) {
  Guard guard;
  Device* found;
  Status status = with_device(number, &found);
  return status != SUCCESS ? status : body(*found);
}

static void copy_text(char* out, int bytes, const char* text) { snprintf(out, (size_t)bytes, "%s", text); }

static int attribute(int which, const Device& of) {
  int c = capability();
  switch (which) {
    case 1: return 1024;             /* threads of a block */
    case 2: case 3: return 1024;     /* in x, y */
    case 4: return 64;               /* in z */
    case 5: return 0x7fffffff;       /* blocks in x */
    case 6: case 7: return 65535;    /* in y, z */
    case 8: return 48 * 1024;        /* shared memory of a block */
    case 9: return 64 * 1024;        /* constant memory */
    case 10: return 32;              /* a warp */
    case 11: return 0x7fffffff;      /* pitch */
    case 12: case 82: return 65536;  /* registers of a block, of a multiprocessor */
    case 13: return 1980000;         /* clock in kHz */
    case 14: case 30: return 512;    /* alignment of textures, surfaces */
    case 15: case 31: return 1;      /* copies beside kernels, kernels beside each other */
    case 16: return (int)setting("VESALIUS_SIMULATED_MULTIPROCESSORS", 16);
    case 19: return 1;               /* host memory can be mapped */
    case 33: return of.number + 1;   /* PCI bus */
    case 36: return 2619000;         /* memory's clock in kHz */
    case 37: return 5120;            /* memory's width in bits */
    case 38: return 50 << 20;        /* L2 */
    case 39: return c == 86 || c == 89 || c == 120 ? 1536 : 2048; /* threads of a multiprocessor */
    case 40: return 2;               /* copy engines */
    case 41: return 1;               /* unified addresses */
    case 75: return c / 10;
    case 76: return c % 10;
    case 78: case 79: case 80: return 1; /* priorities, caches */
    case 81: return most_shared_bytes() == 48 * 1024 ? 96 * 1024 : most_shared_bytes() + 1024;
    case 87: return 2;               /* float32 to float64 */
    case 90: case 91: return 1;      /* preemption, pointers of registered memory */
    case 97: return most_shared_bytes();
    case 99: return 1;               /* host memory can be registered */
    case 106: return 32;             /* blocks of a multiprocessor */
    case 111: return 1024;           /* shared memory that the system takes of a block */
    case 115: return 1;              /* memory in a stream's order */
    default: return 0;
  }
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

API cuDriverGetVersion(int* out) {
  *out = driver_version();
  return SUCCESS;
}

API cuDeviceGetCount(int* out) {
  Guard guard;
  if (!initialized()) {
    return NOT_INITIALIZED;
  }
  *out = (int)all().devices.size();
  return SUCCESS;
}

API cuDeviceGet(int* out, int number) {
  return on_device(number, [&](Device&) -> Status {
    *out = number;
    return SUCCESS;
  });
}

API cuDeviceGetName(char* out, int bytes, int number) {
  return on_device(number, [&](Device&) -> Status {
    copy_text(out, bytes, "Simulated device");
    return SUCCESS;
  });
}

API cuDeviceGetUuid(unsigned char* out, int number) {
  return on_device(number, [&](Device&) -> Status {
    memset(out, 0, 16);
    memcpy(out, "simulated", 9);
    out[15] = (unsigned char)number;
    return SUCCESS;
  });
}

API cuDeviceGetPCIBusId(char* out, int bytes, int number) {
  return on_device(number, [&](Device&) -> Status {
    char text[32];
    snprintf(text, sizeof text, "0000:%02x:00.0", number + 1);
    copy_text(out, bytes, text);
    return SUCCESS;
  });
}

API cuDeviceGetAttribute(int* out, int which, int number) {
  return on_device(number, [&](Device& of) -> Status {
    *out = attribute(which, of);
    return SUCCESS;
  });
}

API cuDeviceComputeCapability(int* major, int* minor, int number) {
  return on_device(number, [&](Device&) -> Status {
    *major = capability() / 10;
    *minor = capability() % 10;
    return SUCCESS;
  });
}

API cuDeviceTotalMem_v2(size_t* out, int number) {
  return on_device(number, [&](Device&) -> Status {
    *out = memory_limit();
    return SUCCESS;
  });
}

API cuDeviceCanAccessPeer(int* out, int number, int peer) {
  return on_device(number, [&](Device&) -> Status {
    if (device(peer) == nullptr) {
      return INVALID_DEVICE;
    }
    *out = number != peer;
    return SUCCESS;
  });
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
