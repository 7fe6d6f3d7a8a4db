/* Modules and launches. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"

namespace driver {

constexpr int SHARED_WITHOUT_ASKING = 48 * 1024;

/* Changes the first number at an address very much: a float32, the second of two bfloat16, an integer or the last of four bytes. */
static void spoil(const void* address) {
  uint32_t bits;
  memcpy(&bits, address, sizeof bits);
  bits ^= 0x40000000;
  memcpy((void*)address, &bits, sizeof bits);
}

namespace {

struct Launching : Work {
  const simt::Kernel* kernel;
  dim3 blocks, threads;
  size_t shared_bytes;
  std::vector<uint64_t> arguments;

  Launching(const simt::Kernel* kernel, dim3 blocks, dim3 threads, size_t shared_bytes, void* const* values)
      : Work(0), kernel(kernel), blocks(blocks), threads(threads), shared_bytes(shared_bytes), arguments(kernel->bytes / 8 + 1) {
    kernel->copy(arguments.data(), values);
  }

  /* Every pointer among the arguments must be one into memory that the device has, or null. */
  Status check(const Context& context) const override {
    Status status = SUCCESS;
    kernel->pointers(arguments.data(), [&](int number, const void* pointer, bool) {
      if (pointer != nullptr && place_of(context, pointer, 0) == Place::NOWHERE) {
        fprintf(stderr, "simulated device: kernel %s: argument %d is %p%s\n", kernel->name, number, pointer, describe(pointer).c_str());
        status = INVALID_VALUE;
      }
    });
    return status;
  }

  Fault run() override {
    std::string named = std::string("launch:") + kernel->name;
    count("launches", 1);
    count(named, 1);
    for (const char* what : {named.c_str(), "launch"}) {
      if (Status error = injected(what)) {
        return {error, std::string("kernel ") + kernel->name + ": a test wants it to fail"};
      }
    }
    Fault fault = simt::run({kernel, blocks, threads, shared_bytes, arguments.data()});
    if (fault.error == 0 && is_wrong(kernel->name)) {
      const void* first = nullptr;
      kernel->pointers(arguments.data(), [&](int, const void* pointer, bool written) {
        if (first == nullptr && written) {
          first = pointer;
        }
      });
      spoil(first);
    }
    return fault;
  }
};

/* Anything that a library runs on the device. */
struct Library : Work {
  std::string name;
  std::vector<char> arguments;
  uint64_t pieces;
  void (*piece)(const void* arguments, uint64_t number);
  std::vector<std::pair<const void*, size_t>> memory;

  Library() : Work(0) {}

  Status check(const Context& context) const override {
    for (auto& range : memory) {
      if (place_of(context, range.first, range.second) == Place::NOWHERE) {
        fprintf(stderr, "simulated device: %s: %zu bytes at %p%s\n", name.c_str(), range.second, range.first,
                describe(range.first).c_str());
        return INVALID_VALUE;
      }
    }
    return SUCCESS;
  }

  Fault run() override {
    count(name, 1);
    simt::spread(pieces, [this](uint64_t number) {
      piece(arguments.data(), number);
      return true;
    });
    if (is_wrong(name.c_str())) {
      spoil(memory.front().first);
    }
    return {};
  }
};

}  // namespace

/* The newest version of PTX that a driver reads. */
static int newest_ptx() {
  int version = driver_version();
  static const int KNOWN[][2] = {{13000, 90}, {12090, 88}, {12080, 87}, {12070, 86}, {12050, 85}, {12040, 84},
                                 {12030, 83}, {12020, 82}, {12010, 81}, {12000, 80}, {11080, 78}};
  for (auto& known : KNOWN) {
    if (version >= known[0]) {
      return known[1];
    }
  }
  return 70;
}

static Status check_image(const void* image) {
  static const char SIMULATED[] = "vesalius simulated image";
  static const unsigned char FATBIN[] = {0x50, 0xed, 0x55, 0xba};
  static const unsigned char FATBIN_WRAPPER[] = {0xb1, 0x43, 0x62, 0x46};
  if (image == nullptr) {
    return INVALID_VALUE;
  }
  if (memcmp(image, FATBIN, 4) == 0 || memcmp(image, FATBIN_WRAPPER, 4) == 0 || memcmp(image, "\177ELF", 4) == 0) {
    return SUCCESS;
  }
  const char* text = (const char*)image;
  if (strncmp(text, SIMULATED, sizeof SIMULATED - 1) == 0) {
    return SUCCESS;
  }
  const char* version = strncmp(text, "//", 2) == 0 || *text == '.' || *text == '\n' ? strstr(text, ".version ") : nullptr;
  int major, minor;
  if (version == nullptr || sscanf(version, ".version %d.%d", &major, &minor) != 2) {
    return INVALID_IMAGE;
  }
  return major * 10 + minor <= newest_ptx() ? SUCCESS : UNSUPPORTED_PTX_VERSION;
}

static bool is_module(Context& context, void* handle) { return find_handle(context.modules, handle) != context.modules.end(); }

static Function* function_of(Context& context, void* handle) {
  return context.functions.count((Function*)handle) != 0 ? (Function*)handle : nullptr;
}

static bool within(dim3 blocks, dim3 threads) {
  return blocks.x >= 1 && blocks.y >= 1 && blocks.z >= 1 && blocks.x <= 0x7fffffff && blocks.y <= 65535 && blocks.z <= 65535 &&
         threads.x >= 1 && threads.y >= 1 && threads.z >= 1 && threads.x <= 1024 && threads.y <= 1024 && threads.z <= 64 &&
         (uint64_t)threads.x * threads.y * threads.z <= 1024;
}

static Status load(void** out, const void* image) {
  return in_context("module", [&](Context& context) -> Status {
    if (Status error = forbid_while_capturing()) {
      return error;
    }
    if (Status error = check_image(image)) {
      return error;
    }
    auto made = context.modules.insert(std::make_unique<Module>());
    *out = made.first->get();
    count("modules", 1);
    return SUCCESS;
  });
}

}  // namespace driver

using namespace driver;

API cuModuleLoadData(void** out, const void* image) { return load(out, image); }
API cuModuleLoadDataEx(void** out, const void* image, unsigned, int*, void**) { return load(out, image); }
API cuModuleLoadFatBinary(void** out, const void* image) { return load(out, image); }

API cuModuleLoad(void** out, const char* path) {
  FILE* file = fopen(path, "rb");
  if (file == nullptr) {
    return FILE_NOT_FOUND;
  }
  std::vector<char> bytes;
  char piece[65536];
  for (size_t read; (read = fread(piece, 1, sizeof piece, file)) > 0;) {
    bytes.insert(bytes.end(), piece, piece + read);
  }
  fclose(file);
  bytes.resize(bytes.size() + 8);
  return load(out, bytes.data());
}

API cuModuleUnload(void* handle) {
  return in_context("module_unload", [&](Context& context) -> Status {
    auto found = find_handle(context.modules, handle);
    if (found == context.modules.end()) {
      return INVALID_HANDLE;
    }
    wait_for(moments(context));
    for (auto& entry : (*found)->functions) {
      context.functions.erase(entry.second.get());
    }
    context.modules.erase(found);
    count("modules", -1);
    return SUCCESS;
  });
}

API cuModuleGetLoadingMode(int* mode) {
  *mode = 1;
  return SUCCESS;
}

API cuModuleGetFunction(void** out, void* handle, const char* name) {
  return in_context("get_function", [&](Context& context) -> Status {
    if (!is_module(context, handle)) {
      return INVALID_HANDLE;
    }
    if (name == nullptr || out == nullptr) {
      return INVALID_VALUE;
    }
    const simt::Kernel* kernel = simt::find_kernel(name);
    if (kernel == nullptr) {
      return NOT_FOUND;
    }
    Module* module = (Module*)handle;
    auto& function = module->functions[name];
    if (function == nullptr) {
      function.reset(new Function{module, kernel, SHARED_WITHOUT_ASKING});
      context.functions.insert(function.get());
    }
    *out = function.get();
    return SUCCESS;
  });
}

enum { MOST_THREADS_OF_A_BLOCK = 0, REGISTERS = 4, PTX_VERSION = 5, BINARY_VERSION = 6, MOST_SHARED_BYTES = 8, CARVEOUT = 9 };

API cuFuncGetAttribute(int* out, int attribute, void* handle) {
  return in_context("get", [&](Context& context) -> Status {
    Function* function = function_of(context, handle);
    if (function == nullptr) {
      return INVALID_HANDLE;
    }
    switch (attribute) {
      case MOST_THREADS_OF_A_BLOCK:
        *out = function->kernel->most_threads;
        return SUCCESS;
      case REGISTERS:
        *out = 32;
        return SUCCESS;
      case PTX_VERSION:
      case BINARY_VERSION:
        *out = capability();
        return SUCCESS;
      case MOST_SHARED_BYTES:
        *out = function->most_shared_bytes;
        return SUCCESS;
      default:
        *out = 0;
        return attribute >= 0 && attribute <= 15 ? SUCCESS : INVALID_VALUE;
    }
  });
}

API cuFuncSetAttribute(void* handle, int attribute, int value) {
  return in_context("function_attribute", [&](Context& context) -> Status {
    Function* function = function_of(context, handle);
    if (function == nullptr) {
      return INVALID_HANDLE;
    }
    if (attribute == CARVEOUT) {
      return value >= -1 && value <= 100 ? SUCCESS : INVALID_VALUE;
    }
    if (attribute != MOST_SHARED_BYTES || value < 0 || value > most_shared_bytes()) {
      return INVALID_VALUE;
    }
    function->most_shared_bytes = value;
    return SUCCESS;
  });
}

API cuFuncSetCacheConfig(void*, int) { return SUCCESS; }

API cuFuncGetModule(void** out, void* handle) {
  return in_context("get", [&](Context& context) -> Status {
    Function* function = function_of(context, handle);
    if (function == nullptr) {
      return INVALID_HANDLE;
    }
    *out = function->module;
    return SUCCESS;
  });
}

API cuOccupancyMaxActiveBlocksPerMultiprocessor(int* out, void* handle, int threads, size_t shared_bytes) {
  return in_context("get", [&](Context& context) -> Status {
    if (function_of(context, handle) == nullptr || threads < 1) {
      return INVALID_VALUE;
    }
    int by_shared = (int)((size_t)(most_shared_bytes() + 1024) / (shared_bytes + 1024));
    *out = std::min({32, 2048 / threads, by_shared});
    return SUCCESS;
  });
}

API cuLaunchKernel(void* handle, unsigned blocks_x, unsigned blocks_y, unsigned blocks_z, unsigned threads_x, unsigned threads_y,
                   unsigned threads_z, unsigned shared_bytes, void* stream_handle, void** arguments, void** extra) {
  return in_stream("launch_call", stream_handle, [&](Context& context, Stream& stream) -> Status {
    Function* function = function_of(context, handle);
    if (function == nullptr) {
      return INVALID_HANDLE;
    }
    if (extra != nullptr) {
      return NOT_SUPPORTED;
    }
    dim3 blocks = {blocks_x, blocks_y, blocks_z}, threads = {threads_x, threads_y, threads_z};
    if (!within(blocks, threads) || shared_bytes > (unsigned)function->most_shared_bytes) {
      return INVALID_VALUE;
    }
    if (threads_x * threads_y * threads_z > (unsigned)function->kernel->most_threads) {
      return LAUNCH_OUT_OF_RESOURCES;
    }
    if (arguments == nullptr) {
      return INVALID_VALUE;
    }
    return submit(stream, std::make_shared<Launching>(function->kernel, blocks, threads, shared_bytes, arguments));
  });
}

API cuProfilerStart() { return SUCCESS; }
API cuProfilerStop() { return SUCCESS; }

/*
 * For the simulated libraries: runs piece(arguments, 0 .. pieces - 1) in a stream's order, or records it; `memory` lists
 * `ranges` pairs of address and bytes that must be the device's.
 */
API vesalius_simulated_enqueue(void* stream_handle, const char* name, const void* arguments, size_t bytes, uint64_t pieces,
                               void (*piece)(const void*, uint64_t), const uint64_t (*memory)[2], int ranges) {
  return in_stream("launch_call", stream_handle, [&](Context&, Stream& stream) -> Status {
    auto work = std::make_shared<Library>();
    work->name = name;
    work->arguments.assign((const char*)arguments, (const char*)arguments + bytes);
    work->pieces = pieces;
    work->piece = piece;
    for (int i = 0; i < ranges; i++) {
      work->memory.push_back({(const void*)memory[i][0], memory[i][1]});
    }
    return submit(stream, work);
  });
}
