/* The functions of one tier, behind the exported ones. */
#ifndef VESALIUS_TIER_H
#define VESALIUS_TIER_H

#include "vesalius.h"

namespace vesalius {

struct Tier {
  const char* name;
  decltype(&vesalius_rounding_of) rounding_of;
  decltype(&vesalius_product_scratch) product_scratch;
  decltype(&vesalius_prepare_grain) prepare_grain;
  decltype(&vesalius_prepared_bytes) prepared_bytes;
  decltype(&vesalius_prepare) prepare;
  decltype(&vesalius_multiply_grain) multiply_grain;
  decltype(&vesalius_multiply) multiply;
  decltype(&vesalius_embed) embed;
  decltype(&vesalius_mix_rows) mix_rows;
  decltype(&vesalius_add_rows) add_rows;
  decltype(&vesalius_rms_norm) rms_norm;
  decltype(&vesalius_layer_norm) layer_norm;
  decltype(&vesalius_scale) scale;
  decltype(&vesalius_activate) activate;
  decltype(&vesalius_rotary_table) rotary_table;
  decltype(&vesalius_rotate) rotate;
  decltype(&vesalius_store) store;
  decltype(&vesalius_attention_rounding) attention_rounding;
  decltype(&vesalius_attention_scratch) attention_scratch;
  decltype(&vesalius_attention_rows) attention_rows;
  decltype(&vesalius_attention_split) attention_split;
  decltype(&vesalius_attention) attention;
  decltype(&vesalius_attention_combine) attention_combine;
  decltype(&vesalius_read_memory) read_memory;
  decltype(&vesalius_compute) compute;
};

#if defined(__x86_64__)
extern const Tier TIER_BASELINE;
extern const Tier TIER_AVX2;
extern const Tier TIER_AVX512;
extern const Tier TIER_AMX;
#elif defined(__aarch64__)
extern const Tier TIER_NEON;
#else
extern const Tier TIER_BASELINE;
#endif

}  // namespace vesalius

#endif
