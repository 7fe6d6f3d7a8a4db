/* Allocating device memory, copies and fills. */
#include <string.h>

#include "driver.h"

namespace driver {

namespace {

/* Rows of bytes from one place to another. */
struct Copying : Work {
  char* to;
  const char* from;
  size_t to_pitch;
  size_t from_pitch;
  size_t width;
  size_t rows;
  bool to_device;
  bool from_device;
  std::vector<char> staged; /* what `from` was at the call, where it is not pinned */

  Copying(void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width, size_t rows, bool to_device, bool from_device)
      : Work(1),
        to((char*)to),
        from((const char*)from),
        to_pitch(to_pitch),
        from_pitch(from_pitch),
        width(width),
        rows(rows),
        to_device(to_device),
        from_device(from_device) {}

  size_t extent(size_t pitch) const { return (rows - 1) * pitch + width; }

  void stage() {
    staged.resize(width * rows);
    for (size_t r = 0; r < rows; r++) {
      memcpy(staged.data() + r * width, from + r * from_pitch, width);
    }
    from = staged.data();
    from_pitch = width;
  }

  Status check(const Context& context) const override {
    bool fine = (!to_device || place_of(context, to, extent(to_pitch)) == Place::DEVICE) &&
                (!from_device || place_of(context, from, extent(from_pitch)) == Place::DEVICE);
    return fine ? SUCCESS : INVALID_VALUE;
  }

  Fault run() override {
    for (size_t r = 0; r < rows; r++) {
      memmove(to + r * to_pitch, from + r * from_pitch, width);
    }
    std::string what = std::string(from_device ? "device" : "host") + (to_device ? "_to_device" : "_to_host");
    count(what, 1);
    count(what + "_bytes", (int64_t)(width * rows));
    return {};
  }
};

struct Filling : Work {
  char* to;
  uint32_t value;
  size_t size; /* of the value */
  size_t number;

  Filling(DevicePointer to, uint32_t value, size_t size, size_t number)
      : Work(2), to((char*)to), value(value), size(size), number(number) {}

  Status check(const Context& context) const override {
    bool fine = (uintptr_t)to % size == 0 && place_of(context, to, size * number) != Place::NOWHERE;
    return fine ? SUCCESS : INVALID_VALUE;
  }

  Fault run() override {
    for (size_t i = 0; i < number; i++) {
      memcpy(to + i * size, &value, size);
    }
    count("memsets", 1);
    return {};
  }
};

struct Freeing : Work {
  DevicePointer pointer;
  explicit Freeing(DevicePointer pointer) : Work(11), pointer(pointer) {}
  Fault run() override {
    release(pointer);
    return {};
  }
  bool always() const override { return true; }
};

/* Which of the two sides are device memory; UNIFIED is left to the address. */
enum class Side { HOST, DEVICE, UNIFIED };

bool is_device(const Context& context, Side side, const void* address) {
  return side == Side::DEVICE || (side == Side::UNIFIED && place_of(context, address, 0) == Place::DEVICE);
}

}  // namespace

/*
 * As CUDA does it: from pageable memory, what is there at the call is copied; into pageable memory, the call waits; between
 * pinned and device memory all is left to the stream. A copy that is not asynchronous goes to the legacy stream and waits.
 */
static Status copy(void* handle, bool asynchronous, void* to, size_t to_pitch, Side to_side, const void* from, size_t from_pitch,
                   Side from_side, size_t width, size_t rows) {
  MomentPointer pending;
  Health health;
  Status status = in_stream("copy", handle, [&](Context& context, Stream& stream) -> Status {
    if (width == 0 || rows == 0) {
      return SUCCESS;
    }
    if (to == nullptr || from == nullptr || to_pitch < width || from_pitch < width) {
      return INVALID_VALUE;
    }
    if (!asynchronous) {
      if (Status error = forbid_while_capturing()) {
        return error;
      }
    }
    auto work = std::make_shared<Copying>(to, to_pitch, from, from_pitch, width, rows, is_device(context, to_side, to),
                                          is_device(context, from_side, from));
    bool pageable_from = !work->from_device && place_of(context, from, work->extent(from_pitch)) != Place::PINNED;
    bool pageable_to = !work->to_device && place_of(context, to, work->extent(to_pitch)) != Place::PINNED;
    if (stream.capture != nullptr && (pageable_from || pageable_to)) {
      return forbid_in(stream);
    }
    if (Status error = work->check(context)) {
      return error;
    }
    if (pageable_from && asynchronous) {
      work->stage();
    }
    Status submitted = submit(stream, work);
    if (submitted == SUCCESS && (!asynchronous || pageable_to)) {
      pending = stream.now();
      health = context.health;
    }
    return submitted;
  });
  if (pending != nullptr) {
    pending->wait();
    return *health;
  }
  return status;
}

static Status copy(void* handle, bool asynchronous, void* to, Side to_side, const void* from, Side from_side, size_t bytes) {
  return copy(handle, asynchronous, to, bytes, to_side, from, bytes, from_side, bytes, 1);
}

static Status fill(void* handle, bool asynchronous, DevicePointer to, uint32_t value, size_t size, size_t number) {
  return in_stream("memset", handle, [&](Context&, Stream& stream) -> Status {
    if (!asynchronous) {
      if (Status error = forbid_while_capturing()) {
        return error;
      }
    }
    return number == 0 ? SUCCESS : submit(stream, std::make_shared<Filling>(to, value, size, number));
  });
}

/* CUDA_MEMCPY2D: of each side x in bytes, y, the kind of memory, and where it lies. */
struct Rectangle {
  struct Corner {
    size_t x, y;
    int type;
    const void* host;
    DevicePointer device;
    void* array;
    size_t pitch;
  } from, to;
  size_t width, rows;
};

static_assert(sizeof(Rectangle) == 128, "as the driver's clients lay it out");

static Status copy_rectangle(void* handle, bool asynchronous, const Rectangle* r) {
  if (r == nullptr) {
    return INVALID_VALUE;
  }
  const void* at[2];
  Side side[2];
  size_t pitch[2];
  int i = 0;
  for (const Rectangle::Corner* corner : {&r->from, &r->to}) {
    constexpr int HOST = 1, DEVICE = 2, UNIFIED = 4;
    if (corner->type != HOST && corner->type != DEVICE && corner->type != UNIFIED) {
      return NOT_SUPPORTED;
    }
    side[i] = corner->type == HOST ? Side::HOST : corner->type == DEVICE ? Side::DEVICE : Side::UNIFIED;
    pitch[i] = corner->pitch == 0 ? r->width : corner->pitch;
    at[i] = (const char*)(corner->type == HOST ? corner->host : (const void*)corner->device) + corner->y * pitch[i] + corner->x;
    i++;
  }
  return copy(handle, asynchronous, (void*)at[1], pitch[1], side[1], at[0], pitch[0], side[0], r->width, r->rows);
}

}  // namespace driver

using namespace driver;

API cuMemAlloc_v2(DevicePointer* out, size_t bytes) {
  return in_context("alloc", [&](Context& context) -> Status {
    if (Status error = forbid_while_capturing()) {
      return error;
    }
    return allocate(context, bytes, out);
  });
}

API cuMemFree_v2(DevicePointer pointer) {
  std::vector<MomentPointer> pending;
  Status status = in_context("free", [&](Context& context) -> Status {
    if (Status error = forbid_while_capturing()) {
      return error;
    }
    pending = moments(context);
    return pointer == 0 ? SUCCESS : retire(pointer);
  });
  if (status != SUCCESS || pointer == 0) {
    return status;
  }
  /* What is under way may still use it. */
  wait_for(pending);
  return release(pointer);
}

API cuMemAllocAsync(DevicePointer* out, size_t bytes, void* handle) {
  return in_stream("alloc", handle, [&](Context& context, Stream& stream) -> Status {
    if (stream.capture != nullptr) {
      forbid_in(stream);
      return NOT_SUPPORTED;
    }
    Status status = allocate(context, bytes, out);
    if (status == OUT_OF_MEMORY) {
      /* What the stream frees before can be had again. */
      stream.now()->wait();
      status = allocate(context, bytes, out);
    }
    return status;
  });
}

API cuMemFreeAsync(DevicePointer pointer, void* handle) {
  return in_stream("free", handle, [&](Context&, Stream& stream) -> Status {
    if (stream.capture != nullptr) {
      forbid_in(stream);
      return NOT_SUPPORTED;
    }
    if (pointer == 0) {
      return INVALID_VALUE;
    }
    Status status = retire(pointer);
    return status == SUCCESS ? submit(stream, std::make_shared<Freeing>(pointer)) : status;
  });
}

API cuMemGetInfo_v2(size_t* free, size_t* total) {
  return in_context("get", [&](Context& context) -> Status {
    *total = memory_limit();
    *free = *total - std::min<uint64_t>(*total, context.device.used);
    return SUCCESS;
  });
}

API cuMemGetAddressRange_v2(DevicePointer* begin, size_t* bytes, DevicePointer pointer) {
  return in_context("get", [&](Context&) -> Status {
    Allocation found;
    if (!find_allocation(pointer, &found)) {
      return NOT_FOUND;
    }
    if (begin != nullptr) {
      *begin = found.begin;
    }
    if (bytes != nullptr) {
      *bytes = found.bytes;
    }
    return SUCCESS;
  });
}

API cuPointerGetAttribute(void* out, int attribute, DevicePointer pointer) {
  return in_context("get", [&](Context& context) -> Status {
    enum { CONTEXT = 1, MEMORY_TYPE = 2, DEVICE_POINTER = 3, DEVICE_ORDINAL = 9, RANGE_BEGIN = 11, RANGE_SIZE = 12 };
    Allocation found = {};
    Place place = place_of(context, (void*)pointer, 0);
    bool is_device = find_allocation(pointer, &found);
    if (place == Place::NOWHERE && !is_device) {
      return INVALID_VALUE;
    }
    switch (attribute) {
      case CONTEXT:
        *(void**)out = is_device ? found.context : nullptr;
        return SUCCESS;
      case MEMORY_TYPE:
        *(unsigned*)out = is_device ? 2 : 1;
        return SUCCESS;
      case DEVICE_POINTER:
        *(DevicePointer*)out = pointer;
        return SUCCESS;
      case DEVICE_ORDINAL:
        *(int*)out = is_device ? found.context->device.number : context.device.number;
        return SUCCESS;
      case RANGE_BEGIN:
        *(DevicePointer*)out = found.begin;
        return is_device ? SUCCESS : NOT_SUPPORTED;
      case RANGE_SIZE:
        *(size_t*)out = found.bytes;
        return is_device ? SUCCESS : NOT_SUPPORTED;
      default:
        return NOT_SUPPORTED;
    }
  });
}

API cuMemcpyHtoD_v2(DevicePointer to, const void* from, size_t bytes) {
  return copy(nullptr, false, (void*)to, Side::DEVICE, from, Side::HOST, bytes);
}
API cuMemcpyDtoH_v2(void* to, DevicePointer from, size_t bytes) {
  return copy(nullptr, false, to, Side::HOST, (void*)from, Side::DEVICE, bytes);
}
/* Between device memory, CUDA does not wait either. */
API cuMemcpyDtoD_v2(DevicePointer to, DevicePointer from, size_t bytes) {
  return copy(nullptr, true, (void*)to, Side::DEVICE, (void*)from, Side::DEVICE, bytes);
}
API cuMemcpy(DevicePointer to, DevicePointer from, size_t bytes) {
  return copy(nullptr, false, (void*)to, Side::UNIFIED, (void*)from, Side::UNIFIED, bytes);
}
API cuMemcpyHtoDAsync_v2(DevicePointer to, const void* from, size_t bytes, void* stream) {
  return copy(stream, true, (void*)to, Side::DEVICE, from, Side::HOST, bytes);
}
API cuMemcpyDtoHAsync_v2(void* to, DevicePointer from, size_t bytes, void* stream) {
  return copy(stream, true, to, Side::HOST, (void*)from, Side::DEVICE, bytes);
}
API cuMemcpyDtoDAsync_v2(DevicePointer to, DevicePointer from, size_t bytes, void* stream) {
  return copy(stream, true, (void*)to, Side::DEVICE, (void*)from, Side::DEVICE, bytes);
}
API cuMemcpyAsync(DevicePointer to, DevicePointer from, size_t bytes, void* stream) {
  return copy(stream, true, (void*)to, Side::UNIFIED, (void*)from, Side::UNIFIED, bytes);
}

/* Without access to each other too; then through the host. */
static Status copy_between(void* handle, DevicePointer to, void* to_context, DevicePointer from, void* from_context, size_t bytes) {
  return in_stream("copy", handle, [&](Context&, Stream& stream) -> Status {
    if (!is_context((Context*)to_context) || !is_context((Context*)from_context)) {
      return INVALID_CONTEXT;
    }
    if (place_of(*(Context*)to_context, (void*)to, bytes) != Place::DEVICE ||
        place_of(*(Context*)from_context, (void*)from, bytes) != Place::DEVICE) {
      return INVALID_VALUE;
    }
    if (bytes == 0) {
      return SUCCESS;
    }
    struct Between : Copying {
      using Copying::Copying;
      Status check(const Context&) const override { return SUCCESS; }
    };
    return submit(stream, std::make_shared<Between>((void*)to, bytes, (const void*)from, bytes, bytes, 1, true, true));
  });
}

API cuMemcpyPeerAsync(DevicePointer to, void* to_context, DevicePointer from, void* from_context, size_t bytes, void* stream) {
  return copy_between(stream, to, to_context, from, from_context, bytes);
}
API cuMemcpyPeer(DevicePointer to, void* to_context, DevicePointer from, void* from_context, size_t bytes) {
  return copy_between(nullptr, to, to_context, from, from_context, bytes);
}

API cuMemcpy2D_v2(const Rectangle* r) { return copy_rectangle(nullptr, false, r); }
API cuMemcpy2DUnaligned_v2(const Rectangle* r) { return copy_rectangle(nullptr, false, r); }
API cuMemcpy2DAsync_v2(const Rectangle* r, void* stream) { return copy_rectangle(stream, true, r); }

API cuMemsetD8_v2(DevicePointer to, unsigned char value, size_t number) { return fill(nullptr, false, to, value, 1, number); }
API cuMemsetD16_v2(DevicePointer to, unsigned short value, size_t number) { return fill(nullptr, false, to, value, 2, number); }
API cuMemsetD32_v2(DevicePointer to, unsigned value, size_t number) { return fill(nullptr, false, to, value, 4, number); }
API cuMemsetD8Async(DevicePointer to, unsigned char value, size_t number, void* stream) { return fill(stream, true, to, value, 1, number); }
API cuMemsetD16Async(DevicePointer to, unsigned short value, size_t number, void* stream) {
  return fill(stream, true, to, value, 2, number);
}
API cuMemsetD32Async(DevicePointer to, unsigned value, size_t number, void* stream) { return fill(stream, true, to, value, 4, number); }
