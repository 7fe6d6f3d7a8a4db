/* Devices, and what they say of themselves. */
#include <stdio.h>
#include <string.h>

#include "driver.h"

namespace driver {

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

API cuDriverGetVersion(int* out) {
  *out = driver_version();
  return SUCCESS;
}

API cuDeviceGetCount(int* out) {
  Guard guard;
  if (!initialized()) {
    return NOT_INITIALIZED;
  }
  *out = device_count();
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
