/*
 * What the compiler's checks of kernels call: a misaligned address, an index beyond an array, a shift by more than there are
 * bits, a float32 beyond the integers. The processor of the host would let all of it pass, or do something else than a GPU.
 */
#include "simt.h"

struct Source {
  const char* file;
  unsigned line;
  unsigned column;
};

struct Misaligned {
  Source source;
  const void* type;
  unsigned char alignment; /* its logarithm */
  unsigned char kind;
};

#define CHECK extern "C" __attribute__((visibility("default"))) void

static const char* name_of(const Source& source) {
  const char* slash = strrchr(source.file, '/');
  return slash == nullptr ? source.file : slash + 1;
}

CHECK __ubsan_handle_type_mismatch_v1_abort(void* data, void* address) {
  const Misaligned* what = (const Misaligned*)data;
  simt::fail(simt::MISALIGNED_ADDRESS, "%s:%u: the address %p is not a multiple of %u", name_of(what->source), what->source.line, address,
             1u << what->alignment);
}

CHECK __ubsan_handle_out_of_bounds_abort(void* data, void* index) {
  const Source* source = (const Source*)data;
  simt::fail(simt::ILLEGAL_ADDRESS, "%s:%u: the index %lld is beyond the array", name_of(*source), source->line, (long long)index);
}

CHECK __ubsan_handle_shift_out_of_bounds_abort(void* data, void*, void* bits) {
  const Source* source = (const Source*)data;
  simt::fail(simt::LAUNCH_FAILED, "%s:%u: a shift by %lld bits", name_of(*source), source->line, (long long)bits);
}

CHECK __ubsan_handle_float_cast_overflow_abort(void* data, void*) {
  const Source* source = (const Source*)data;
  simt::fail(simt::LAUNCH_FAILED, "%s:%u: a float32 becomes an integer that cannot hold it", name_of(*source), source->line);
}
