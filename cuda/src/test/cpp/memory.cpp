/*
 * Device memory: host memory in a range of addresses of its own. Between allocations lie pages that nobody may touch, and
 * freed addresses are not given out again for long, so what is touched wrongly is an illegal access. With
 * VESALIUS_SIMULATED_GUARD=1 an allocation ends right before such a page and begins with no number in it.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "driver.h"

namespace driver {

constexpr size_t PAGE = 4096;
constexpr size_t ALIGN = 256;
/* Without a byte behind it: what any kernel may load at once. */
constexpr size_t GUARDED_ALIGN = 16;
/* Less where the system gives no more. */
constexpr size_t MOST_RANGE = 1ull << 38;
constexpr size_t LEAST_RANGE = 1ull << 33;

namespace {

struct Pinned {
  size_t bytes;
  unsigned flags;
  bool registered; /* and not allocated by the driver */
};

struct Memory {
  std::mutex lock;
  uintptr_t begin;
  size_t range = MOST_RANGE;
  uintptr_t cursor;
  std::map<uintptr_t, Allocation> allocations;
  std::map<uintptr_t, Pinned> pinned;

  Memory() {
    void* reserved = MAP_FAILED;
    while ((reserved = mmap(nullptr, range, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)) == MAP_FAILED) {
      range /= 2;
      if (range < LEAST_RANGE) {
        perror("simulated device: a range of addresses");
        abort();
      }
    }
    begin = (uintptr_t)reserved;
    cursor = begin + PAGE;
  }
};

}  // namespace

static Memory& memory() {
  static auto* all = new Memory;
  return *all;
}

static uintptr_t page_of(uintptr_t address) { return address & ~(PAGE - 1); }
static size_t pages_of(const Allocation& a) { return page_of(a.begin + a.bytes + PAGE - 1) - page_of(a.begin); }

/* Addresses for whole pages with one behind them that stays inaccessible; 0 where there are none. */
static uintptr_t find_room(Memory& m, size_t bytes) {
  for (int turn = 0; turn < 2; turn++) {
    auto it = m.allocations.lower_bound(m.cursor);
    for (;;) {
      uintptr_t end = it == m.allocations.end() ? m.begin + m.range : page_of(it->first);
      if (m.cursor + bytes + PAGE <= end) {
        return m.cursor;
      }
      if (it == m.allocations.end()) {
        break;
      }
      m.cursor = page_of(it->first) + pages_of(it->second) + PAGE;
      ++it;
    }
    m.cursor = m.begin + PAGE;
  }
  return 0;
}

Status allocate(Context& context, size_t bytes, DevicePointer* out) {
  if (bytes == 0 || out == nullptr) {
    return INVALID_VALUE;
  }
  Memory& m = memory();
  std::lock_guard<std::mutex> hold(m.lock);
  if (bytes > memory_limit() || context.device.used > memory_limit() - bytes) {
    return OUT_OF_MEMORY;
  }
  bool guarded = setting("VESALIUS_SIMULATED_GUARD", 0) != 0;
  size_t align = guarded ? GUARDED_ALIGN : ALIGN;
  size_t inside = (bytes + PAGE - 1) & ~(PAGE - 1);
  uintptr_t room = find_room(m, inside);
  if (room == 0 || mprotect((void*)room, inside, PROT_READ | PROT_WRITE) != 0) {
    return OUT_OF_MEMORY;
  }
  m.cursor = room + inside + PAGE;
  uintptr_t begin = guarded ? (room + inside - bytes) & ~(align - 1) : room;
  if (guarded) {
    memset((void*)room, 0xff, inside);
  }
  m.allocations[begin] = {begin, bytes, &context, false};
  context.device.used += bytes;
  count("allocations", 1);
  count("allocation_bytes", (int64_t)bytes);
  *out = begin;
  return SUCCESS;
}

static void drop(Memory& m, std::map<uintptr_t, Allocation>::iterator it) {
  const Allocation& a = it->second;
  mmap((void*)page_of(a.begin), pages_of(a), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  a.context->device.used -= a.bytes;
  count("allocations", -1);
  count("allocation_bytes", -(int64_t)a.bytes);
  m.allocations.erase(it);
}

Status retire(DevicePointer pointer) {
  Memory& m = memory();
  std::lock_guard<std::mutex> hold(m.lock);
  auto it = m.allocations.find(pointer);
  if (it == m.allocations.end() || it->second.freed) {
    return INVALID_VALUE;
  }
  it->second.freed = true;
  return SUCCESS;
}

Status release(DevicePointer pointer) {
  Memory& m = memory();
  std::lock_guard<std::mutex> hold(m.lock);
  auto it = m.allocations.find(pointer);
  if (it == m.allocations.end()) {
    return INVALID_VALUE;
  }
  drop(m, it);
  return SUCCESS;
}

void release_all(const Context& context) {
  Memory& m = memory();
  std::lock_guard<std::mutex> hold(m.lock);
  for (auto it = m.allocations.begin(); it != m.allocations.end();) {
    auto next = std::next(it);
    if (it->second.context == &context) {
      drop(m, it);
    }
    it = next;
  }
}

static const Allocation* find(Memory& m, uintptr_t address) {
  auto it = m.allocations.upper_bound(address);
  if (it == m.allocations.begin()) {
    return nullptr;
  }
  const Allocation& a = (--it)->second;
  return address <= a.begin + a.bytes ? &a : nullptr;
}

bool find_allocation(DevicePointer pointer, Allocation* found) {
  Memory& m = memory();
  std::lock_guard<std::mutex> hold(m.lock);
  const Allocation* a = find(m, pointer);
  if (a == nullptr || a->freed) {
    return false;
  }
  *found = *a;
  return true;
}

static bool may_use(const Context& context, const Context& owner) {
  if (&context.device == &owner.device) {
    return true;
  }
  for (const Context* peer : context.peers) {
    if (&peer->device == &owner.device) {
      return true;
    }
  }
  return false;
}

Place place_of(const Context& context, const void* address, size_t bytes) {
  Memory& m = memory();
  std::lock_guard<std::mutex> hold(m.lock);
  uintptr_t begin = (uintptr_t)address;
  const Allocation* a = find(m, begin);
  if (a != nullptr) {
    bool inside = !a->freed && bytes <= a->begin + a->bytes - begin;
    return inside && may_use(context, *a->context) ? Place::DEVICE : Place::NOWHERE;
  }
  auto it = m.pinned.upper_bound(begin);
  if (it == m.pinned.begin()) {
    return Place::NOWHERE;
  }
  --it;
  return begin <= it->first + it->second.bytes && bytes <= it->first + it->second.bytes - begin ? Place::PINNED : Place::NOWHERE;
}

std::string describe(const void* address) {
  Memory& m = memory();
  std::lock_guard<std::mutex> hold(m.lock);
  uintptr_t at = (uintptr_t)address;
  if (at < m.begin || at >= m.begin + m.range) {
    return ", which is no device memory";
  }
  auto after = m.allocations.upper_bound(at);
  std::string text;
  if (after != m.allocations.begin()) {
    const Allocation& a = std::prev(after)->second;
    if (at < a.begin + a.bytes) {
      std::string place = ", byte " + std::to_string(at - a.begin) + " of an allocation of " + std::to_string(a.bytes) + " bytes";
      return place + (a.freed ? ", which is freed in a stream's order" : " of device " + std::to_string(a.context->device.number));
    }
    text += ", " + std::to_string(at - a.begin - a.bytes) + " bytes behind an allocation of " + std::to_string(a.bytes) + " bytes";
  }
  if (after != m.allocations.end()) {
    text += ", " + std::to_string(after->first - at) + " bytes before an allocation of " + std::to_string(after->second.bytes) + " bytes";
  }
  return text.empty() ? ", which is freed device memory" : text;
}

/* ---- pinned host memory ---- */

static bool overlaps(Memory& m, uintptr_t begin, size_t bytes) {
  auto it = m.pinned.lower_bound(begin + bytes);
  if (it == m.pinned.begin()) {
    return false;
  }
  --it;
  return it->first + it->second.bytes > begin;
}

static void pin(Memory& m, uintptr_t begin, Pinned pinned) {
  m.pinned[begin] = pinned;
  count("pinned", 1);
  count("pinned_bytes", (int64_t)pinned.bytes);
}

static Status unpin(void* address, bool registered) {
  Memory& m = memory();
  std::lock_guard<std::mutex> hold(m.lock);
  auto it = m.pinned.find((uintptr_t)address);
  if (it == m.pinned.end() || it->second.registered != registered) {
    return registered ? HOST_MEMORY_NOT_REGISTERED : INVALID_VALUE;
  }
  count("pinned", -1);
  count("pinned_bytes", -(int64_t)it->second.bytes);
  if (!registered) {
    munmap(address, (it->second.bytes + PAGE - 1) & ~(PAGE - 1));
  }
  m.pinned.erase(it);
  return SUCCESS;
}

}  // namespace driver

using namespace driver;

API cuMemHostAlloc(void** out, size_t bytes, unsigned flags) {
  return in_context("host_alloc", [&](Context&) -> Status {
    if (Status error = forbid_while_capturing()) {
      return error;
    }
    if (bytes == 0 || out == nullptr) {
      return INVALID_VALUE;
    }
    size_t inside = (bytes + PAGE - 1) & ~(PAGE - 1);
    void* made = mmap(nullptr, inside, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (made == MAP_FAILED) {
      return OUT_OF_MEMORY;
    }
    Memory& m = memory();
    std::lock_guard<std::mutex> hold(m.lock);
    pin(m, (uintptr_t)made, {bytes, flags, false});
    *out = made;
    return SUCCESS;
  });
}

API cuMemAllocHost_v2(void** out, size_t bytes) { return cuMemHostAlloc(out, bytes, 0); }

API cuMemFreeHost(void* address) {
  std::vector<MomentPointer> pending;
  Status status = in_context("free", [&](Context& context) -> Status {
    if (Status error = forbid_while_capturing()) {
      return error;
    }
    pending = moments(context);
    return SUCCESS;
  });
  if (status != SUCCESS) {
    return status;
  }
  wait_for(pending);
  return unpin(address, false);
}

API cuMemHostRegister_v2(void* address, size_t bytes, unsigned flags) {
  return in_context("host_alloc", [&](Context&) -> Status {
    if (address == nullptr || bytes == 0) {
      return INVALID_VALUE;
    }
    Memory& m = memory();
    std::lock_guard<std::mutex> hold(m.lock);
    if (overlaps(m, (uintptr_t)address, bytes)) {
      return HOST_MEMORY_ALREADY_REGISTERED;
    }
    pin(m, (uintptr_t)address, {bytes, flags, true});
    return SUCCESS;
  });
}

API cuMemHostUnregister(void* address) {
  return in_context("free", [&](Context&) -> Status { return unpin(address, true); });
}

API cuMemHostGetDevicePointer_v2(DevicePointer* out, void* address, unsigned) {
  return in_context("host_pointer", [&](Context& context) -> Status {
    if (place_of(context, address, 1) != Place::PINNED) {
      return INVALID_VALUE;
    }
    *out = (DevicePointer)address;
    return SUCCESS;
  });
}

API cuMemHostGetFlags(unsigned* flags, void* address) {
  return in_context("host_pointer", [&](Context&) -> Status {
    Memory& m = memory();
    std::lock_guard<std::mutex> hold(m.lock);
    auto it = m.pinned.find((uintptr_t)address);
    if (it == m.pinned.end()) {
      return INVALID_VALUE;
    }
    *flags = it->second.flags;
    return SUCCESS;
  });
}
