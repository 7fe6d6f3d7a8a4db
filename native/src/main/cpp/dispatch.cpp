/* Chooses a tier once and sends every call to it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tier.h"

#if defined(__x86_64__)
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#endif

namespace vesalius {
namespace {

struct Choice {
  const Tier* tier;
  bool (*works)();
};

#if defined(__x86_64__)

unsigned long long enabled_state() {
  unsigned low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (unsigned long long)high << 32 | low;
}

struct Features {
  unsigned long long state = 0;
  unsigned leaf1_c = 0, leaf7_b = 0, leaf7_c = 0, leaf7_d = 0, leaf71_a = 0;

  Features() {
    unsigned a, b, c, d;
    if (__get_cpuid(1, &a, &b, &c, &d)) {
      leaf1_c = c;
      if (c & bit_OSXSAVE) {
        state = enabled_state();
      }
    }
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
      leaf7_b = b;
      leaf7_c = c;
      leaf7_d = d;
      unsigned subleaves = a;
      if (subleaves >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d)) {
        leaf71_a = a;
      }
    }
  }
};

bool always() { return true; }

bool has_avx2() {
  Features f;
  const unsigned wanted = bit_FMA | bit_F16C | bit_AVX;
  return (f.state & 0x6) == 0x6 && (f.leaf1_c & wanted) == wanted && (f.leaf7_b & (1u << 5));
}

bool has_avx512() {
  Features f;
  const unsigned b = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31; /* F, DQ, BW, VL */
  return has_avx2() && (f.state & 0xe6) == 0xe6 && (f.leaf7_b & b) == b && (f.leaf7_c & 1u << 11) /* VNNI */
         && (f.leaf71_a & 1u << 5) /* BF16 */;
}

/* Linux gives the tile registers to a process that asks for them. */
bool tiles_permitted() {
#if defined(__linux__)
  const int request_permission = 0x1023, tile_data = 18;
  return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
#else
  return false;
#endif
}

bool has_amx() {
  Features f;
  const unsigned d = 1u << 22 | 1u << 24 | 1u << 25; /* BF16, TILE, INT8 */
  return has_avx512() && (f.leaf7_d & d) == d && (f.state & 0x60000) == 0x60000 && tiles_permitted();
}

const Choice CHOICES[] = {
    {&TIER_BASELINE, always}, {&TIER_AVX2, has_avx2}, {&TIER_AVX512, has_avx512}, {&TIER_AMX, has_amx}};

#elif defined(__aarch64__)

bool always() { return true; }
const Choice CHOICES[] = {{&TIER_NEON, always}};

#else

bool always() { return true; }
const Choice CHOICES[] = {{&TIER_BASELINE, always}};

#endif

const Tier* active = nullptr;
char failure[256];
char names[64];

const char* choose() {
  const char* cap = getenv("VESALIUS_ISA");
  bool capped = cap != nullptr && *cap != 0;
  const Tier* best = nullptr;
  for (const Choice& choice : CHOICES) {
    bool named = capped && strcmp(cap, choice.tier->name) == 0;
    if (choice.works()) {
      best = choice.tier;
      if (names[0] != 0) {
        strncat(names, ",", sizeof names - strlen(names) - 1);
      }
      strncat(names, choice.tier->name, sizeof names - strlen(names) - 1);
    } else if (named) {
      snprintf(failure, sizeof failure,
               "VESALIUS_ISA asks for %s, which this processor or operating system does not have", cap);
      return failure;
    }
    if (named) {
      active = best;
      return nullptr;
    }
  }
  if (capped) {
    snprintf(failure, sizeof failure, "VESALIUS_ISA is \"%.40s\"; expected one that works here: %s", cap, names);
    return failure;
  }
  active = best;
  return nullptr;
}

/* While the library is loaded, which happens once whatever threads come; a static of a function needs the C++ library. */
const char* const refusal = choose();

}  // namespace
}  // namespace vesalius

using vesalius::active;

extern "C" {

int32_t vesalius_abi_version(void) { return VESALIUS_ABI_VERSION; }

const char* vesalius_open(void) { return vesalius::refusal; }

const char* vesalius_isa(void) { return active->name; }

const char* vesalius_isas(void) { return vesalius::names; }

int32_t vesalius_rounding_of(int32_t format, int32_t transposed) { return active->rounding_of(format, transposed); }

int64_t vesalius_product_scratch(const vesalius_weight* weight) { return active->product_scratch(weight); }

int64_t vesalius_prepare_grain(const vesalius_weight* weight) { return active->prepare_grain(weight); }

int64_t vesalius_prepared_bytes(const vesalius_weight* weight, int64_t tokens) {
  return active->prepared_bytes(weight, tokens);
}

void vesalius_prepare(const vesalius_weight* weight, void* prepared, int64_t tokens, const float* x, int64_t x_stride,
                      int64_t from, int64_t to) {
  active->prepare(weight, prepared, tokens, x, x_stride, from, to);
}

int64_t vesalius_multiply_grain(const vesalius_weight* weight) { return active->multiply_grain(weight); }

void vesalius_multiply(const vesalius_weight* weight, float* out, int64_t out_stride, const void* prepared, int64_t tokens,
                       const float* bias, int64_t from, int64_t to, void* scratch) {
  active->multiply(weight, out, out_stride, prepared, tokens, bias, from, to, scratch);
}

void vesalius_embed(float* out, int64_t out_stride, const vesalius_weight* table, const int32_t* ids, int64_t from,
                    int64_t to) {
  active->embed(out, out_stride, table, ids, from, to);
}

void vesalius_mix_rows(float* out, int64_t out_stride, const float* x, int64_t x_stride, const int32_t* index,
                       int64_t index_stride, const float* shares, int64_t shares_stride, int64_t parts, int64_t width,
                       int64_t from, int64_t to) {
  active->mix_rows(out, out_stride, x, x_stride, index, index_stride, shares, shares_stride, parts, width, from, to);
}

void vesalius_add_rows(float* out, int64_t out_stride, const float* x, int64_t x_stride, const int32_t* index, int64_t width,
                       int64_t from, int64_t to) {
  active->add_rows(out, out_stride, x, x_stride, index, width, from, to);
}

void vesalius_rms_norm(float* out, int64_t out_stride, float* x, int64_t x_stride, const float* delta, int64_t delta_stride,
                       const float* gain, float epsilon, int64_t width, int64_t from, int64_t to) {
  active->rms_norm(out, out_stride, x, x_stride, delta, delta_stride, gain, epsilon, width, from, to);
}

void vesalius_layer_norm(float* out, int64_t out_stride, const float* x, int64_t x_stride, const float* gain,
                         const float* bias, float epsilon, int64_t width, int64_t from, int64_t to) {
  active->layer_norm(out, out_stride, x, x_stride, gain, bias, epsilon, width, from, to);
}

void vesalius_scale(float* x, int64_t x_stride, float factor, int64_t width, int64_t from, int64_t to) {
  active->scale(x, x_stride, factor, width, from, to);
}

void vesalius_activate(float* gate, int64_t gate_stride, const float* up, int64_t up_stride, int32_t activation,
                       int64_t width, int64_t from, int64_t to) {
  active->activate(gate, gate_stride, up, up_stride, activation, width, from, to);
}

void vesalius_rotary_table(float* cos, int64_t cos_stride, float* sin, int64_t sin_stride, const int32_t* positions,
                           int64_t positions_stride, const float* inverse_frequencies, const int32_t* axis, float scaling,
                           int64_t pairs, int64_t from, int64_t to) {
  active->rotary_table(cos, cos_stride, sin, sin_stride, positions, positions_stride, inverse_frequencies, axis, scaling,
                       pairs, from, to);
}

void vesalius_rotate(float* x, int64_t x_stride, int64_t heads, int64_t head_size, const float* gain, float epsilon,
                     const float* cos, int64_t cos_stride, const float* sin, int64_t sin_stride, int64_t from, int64_t to) {
  active->rotate(x, x_stride, heads, head_size, gain, epsilon, cos, cos_stride, sin, sin_stride, from, to);
}

void vesalius_store(const vesalius_key_values* cache, int32_t value, const float* x, int64_t x_stride, const int32_t* slots,
                    int64_t from, int64_t to) {
  active->store(cache, value, x, x_stride, slots, from, to);
}

int32_t vesalius_attention_rounding(int32_t format, int32_t paged) { return active->attention_rounding(format, paged); }

int64_t vesalius_attention_scratch(int64_t rows, int64_t head_size) { return active->attention_scratch(rows, head_size); }

int64_t vesalius_attention_rows(int64_t head_size) { return active->attention_rows(head_size); }

int64_t vesalius_attention_split(void) { return active->attention_split(); }

void vesalius_attention(const vesalius_key_values* cache, const vesalius_attention_block* block, void* scratch) {
  active->attention(cache, block, scratch);
}

void vesalius_attention_combine(const float* partial, int64_t part_stride, int64_t parts, float* out, int64_t out_stride,
                                int64_t queries, int64_t group, int64_t head_size) {
  active->attention_combine(partial, part_stride, parts, out, out_stride, queries, group, head_size);
}

int64_t vesalius_read_memory(const void* data, int64_t bytes) { return active->read_memory(data, bytes); }

double vesalius_compute(int32_t format, int64_t steps, void* scratch) { return active->compute(format, steps, scratch); }
}
