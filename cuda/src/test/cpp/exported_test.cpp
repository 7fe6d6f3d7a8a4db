/*
 * Tests the libraries from outside, as a JVM opens them: libcuda.so.1 and its list of symbols, libcublas.so.12 and its, and
 * libcublasLt.so.12. Every symbol must be there, those of cuBLAS with their version; a device opens, has kernels, and ends without a context.
 */
#include <dlfcn.h>
#include <stdio.h>

#include <fstream>
#include <string>

static int failed = 0, passed = 0;

static void check(bool holds, const char* what, const char* detail) {
  (holds ? passed : failed)++;
  if (!holds) {
    printf("  FAILED %s: %s\n", what, detail == nullptr ? "" : detail);
  }
}

static void check_symbols(void* library, const char* list, const char* version) {
  std::ifstream file(list);
  int count = 0;
  for (std::string name; std::getline(file, name); count++) {
    void* found = version == nullptr ? dlsym(library, name.c_str()) : dlvsym(library, name.c_str(), version);
    check(found != nullptr, "a symbol is missing", name.c_str());
  }
  check(count > 300, "the list of symbols is short", list);
}

template <typename... Arguments>
static int call(void* library, const char* name, Arguments... arguments) {
  auto* function = (int (*)(Arguments...))dlsym(library, name);
  return function == nullptr ? -1 : function(arguments...);
}

int main(int count, char** arguments) {
  if (count != 6) {
    printf("usage: exported_test libcuda.so.1 SYMBOLS libcublas.so.12 SYMBOLS libcublasLt.so.12\n");
    return 1;
  }
  void* cuda = dlopen(arguments[1], RTLD_NOW | RTLD_GLOBAL);
  check(cuda != nullptr, "libcuda.so.1", cuda == nullptr ? dlerror() : "");
  void* cublas = dlopen(arguments[3], RTLD_NOW);
  check(cublas != nullptr, "libcublas.so.12", cublas == nullptr ? dlerror() : "");
  void* light = dlopen(arguments[5], RTLD_NOW);
  check(light != nullptr, "libcublasLt.so.12", light == nullptr ? dlerror() : "");
  if (cuda == nullptr || cublas == nullptr || light == nullptr) {
    return 1;
  }
  check_symbols(cuda, arguments[2], nullptr);
  check_symbols(cublas, arguments[4], "libcublas.so.12");
  check(dlvsym(light, "cublasLtMatmul", "libcublasLt.so.12") != nullptr, "cublasLtMatmul", "libcublasLt.so.12");
  void *context = nullptr, *module = nullptr, *function = nullptr;
  check(call(cuda, "cuInit", 0u) == 0, "cuInit", nullptr);
  check(call(cuda, "cuTexRefCreate", &function) == 801, "what is not implemented says so", nullptr);
  check(call(cublas, "cublasZgemm_v2", function) == 15, "what is not implemented says so", nullptr);
  check(call(cuda, "cuCtxCreate_v2", &context, 0u, 0) == 0, "cuCtxCreate", nullptr);
  check(call(cuda, "cuModuleLoadData", &module, "vesalius simulated image") == 0, "cuModuleLoadData", nullptr);
  check(call(cuda, "cuModuleGetFunction", &function, module, "vesalius_none") == 500, "a kernel that is not there", nullptr);
  check(call(cublas, "cublasCreate_v2", &function) == 0, "cublasCreate", nullptr);
  check(call(cublas, "cublasDestroy_v2", function) == 0, "cublasDestroy", nullptr);
  check(call(light, "cublasLtCreate", &function) == 0, "cublasLtCreate", nullptr);
  check(call(light, "cublasLtDestroy", function) == 0, "cublasLtDestroy", nullptr);
  check(call(cuda, "cuCtxDestroy_v2", context) == 0, "cuCtxDestroy", nullptr);
  check(call(cublas, "cublasCreate_v2", &function) == 1, "cublasCreate without a context", nullptr);
  printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
