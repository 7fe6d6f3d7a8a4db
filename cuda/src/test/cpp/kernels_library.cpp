/* Opens the library of kernels that lies beside libcuda.so.1. */
#include <dlfcn.h>
#include <stdio.h>

#include <string>

#include "driver.h"

namespace driver {

static Status open_kernels() {
  static void* library = [] {
    Dl_info own;
    dladdr((void*)open_kernels, &own);
    std::string path = own.dli_fname;
    path = path.substr(0, path.rfind('/') + 1) + "libvesalius_simulated_kernels.so";
    void* opened = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (opened == nullptr) {
      fprintf(stderr, "simulated device: %s\n", dlerror());
    }
    return opened;
  }();
  return library == nullptr ? SHARED_OBJECT_INIT_FAILED : SUCCESS;
}

static const bool set = (prepare_kernels = open_kernels, true);

}  // namespace driver
