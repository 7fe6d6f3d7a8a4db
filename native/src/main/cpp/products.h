/* Matrix products of a tier: which way a weight goes. */
#include "dense.h"

#include "transposed.h"

#include "quantized.h"

namespace vesalius {
namespace VESALIUS_TIER {

static int32_t rounding_of(int32_t format, int32_t) {
  return format == VESALIUS_INT8 || format == VESALIUS_INT4 ? VESALIUS_ROUND_INT8 : VESALIUS_ROUND_NONE;
}

VESALIUS_INLINE bool is_quantized(const vesalius_weight* w) {
  return w->format == VESALIUS_INT8 || w->format == VESALIUS_INT4;
}

static int64_t product_scratch(const vesalius_weight* w) {
  return is_quantized(w) ? (int64_t)sizeof(Panel) : w->transposed ? TRANSPOSED_SCRATCH : DENSE_SCRATCH;
}

static int64_t prepare_grain(const vesalius_weight*) { return 1; }

static int64_t prepared_bytes(const vesalius_weight* w, int64_t tokens) {
  return is_quantized(w) ? PreparedInts{nullptr, tokens, w->columns, group_of(w)}.bytes()
                         : prepared_floats_bytes(w->columns, tokens);
}

static void prepare(const vesalius_weight* w, void* prepared, int64_t tokens, const float* x, int64_t x_stride, int64_t from,
                    int64_t to) {
  if (is_quantized(w)) {
    prepare_ints({(uint8_t*)prepared, tokens, w->columns, group_of(w)}, x, x_stride, from, to);
  } else {
    prepare_floats({(float*)prepared, tokens, w->columns}, x, x_stride, from, to);
  }
}

static int64_t multiply_grain(const vesalius_weight* w) {
  return is_quantized(w) ? PANEL_ROWS : w->transposed ? PANEL_ROWS : BLOCK_ROWS;
}

template <typename Stored>
static void multiply_stored(const vesalius_weight* w, float* out, int64_t out_stride, const float* prepared, int64_t tokens,
                            const float* bias, int64_t from, int64_t to, void* scratch) {
  if (w->transposed) {
    multiply_transposed<Stored>(w, out, out_stride, prepared, tokens, bias, from, to, scratch);
  } else {
    multiply_dense<Stored>(w, out, out_stride, prepared, tokens, bias, from, to, scratch);
  }
}

static void multiply(const vesalius_weight* w, float* out, int64_t out_stride, const void* prepared, int64_t tokens,
                     const float* bias, int64_t from, int64_t to, void* scratch) {
  if (from >= to || tokens == 0) {
    return;
  }
  switch (w->format) {
    case VESALIUS_F32:
      multiply_stored<StoredF32>(w, out, out_stride, (const float*)prepared, tokens, bias, from, to, scratch);
      break;
    case VESALIUS_F16:
      multiply_stored<StoredF16>(w, out, out_stride, (const float*)prepared, tokens, bias, from, to, scratch);
      break;
    case VESALIUS_BF16:
      multiply_stored<StoredBF16>(w, out, out_stride, (const float*)prepared, tokens, bias, from, to, scratch);
      break;
    default:
      multiply_quantized(w, out, out_stride, prepared, tokens, bias, from, to, scratch);
  }
}

}  // namespace VESALIUS_TIER
}  // namespace vesalius
