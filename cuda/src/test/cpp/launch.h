/* Kernels and launches, as the driver sees them. */
#ifndef VESALIUS_LAUNCH_H
#define VESALIUS_LAUNCH_H

#include <stdint.h>

#include <functional>
#include <new>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "simt.h"

namespace simt __attribute__((visibility("default"))) {

/* How an asynchronous operation ended. */
struct Fault {
  int error = 0;
  std::string message;
};

struct Kernel {
  const char* name;
  int most_threads;
  size_t bytes; /* of the arguments, as `copy` lays them out */
  void (*copy)(void* to, void* const* arguments);
  void (*call)(const void* arguments);
  /* Calls for every argument that is a pointer: its number, and whether the kernel may write there. */
  void (*pointers)(const void* arguments, const std::function<void(int, const void*, bool)>& visit);
};

struct Launch {
  const Kernel* kernel;
  dim3 blocks;
  dim3 threads;
  size_t shared_bytes;
  const void* arguments;
};

/* Runs all blocks. */
Fault run(const Launch& launch);

/* Runs `piece` for 0 to pieces - 1, where it takes long on several host threads. Pieces return whether to go on. */
void spread(uint64_t pieces, const std::function<bool(uint64_t)>& piece);

/* Says where an address is, to explain a fault; the driver sets it. */
extern std::string (*describe_address)(const void* address);

/* Makes an access of a kernel to memory that it does not have a fault of the launch. */
void catch_illegal_accesses();

const Kernel* find_kernel(const char* name);
void add_kernel(const Kernel* kernel);
/* Around the shared variables of kernels that are linked together, as the calling thread has them. */
void add_shared_variables(char* (*begin)(), char* (*end)());

template <typename... Arguments>
struct Signature {
  using Tuple = std::tuple<std::remove_cv_t<Arguments>...>;

  template <size_t... I>
  static void copy_each(Tuple& to, void* const* from, std::index_sequence<I...>) {
    (memcpy(&std::get<I>(to), from[I], sizeof(std::get<I>(to))), ...);
  }

  static void copy(void* to, void* const* from) { copy_each(*new (to) Tuple, from, std::index_sequence_for<Arguments...>()); }

  template <size_t I, typename T>
  static void visit_one(const T& argument, const std::function<void(int, const void*, bool)>& visit) {
    if constexpr (std::is_pointer_v<T>) {
      visit((int)I, (const void*)argument, !std::is_const_v<std::remove_pointer_t<T>>);
    }
  }

  template <size_t... I>
  static void visit_each(const Tuple& arguments, const std::function<void(int, const void*, bool)>& visit, std::index_sequence<I...>) {
    (visit_one<I>(std::get<I>(arguments), visit), ...);
  }

  static void pointers(const void* arguments, const std::function<void(int, const void*, bool)>& visit) {
    visit_each(*(const Tuple*)arguments, visit, std::index_sequence_for<Arguments...>());
  }
};

/* A kernel that is found by its name as long as this lives. */
template <auto function>
struct Registration;

template <typename... Arguments, void (*function)(Arguments...)>
struct Registration<function> {
  using Types = Signature<Arguments...>;
  Kernel kernel;

  static void call(const void* arguments) { std::apply(function, *(const typename Types::Tuple*)arguments); }

  Registration(const char* name, int most_threads)
      : kernel{name, most_threads, sizeof(typename Types::Tuple), Types::copy, call, Types::pointers} {
    add_kernel(&kernel);
  }
};

}  // namespace simt

#endif
