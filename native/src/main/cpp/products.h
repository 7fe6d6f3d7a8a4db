/* Matrix products of a tier: which way a weight goes. */
#include "dense.h"

#include "strips.h"

#include "transposed.h"

#include "quantized.h"

#include "panels.h"

#include "brain.h"

#include "tiles.h"

namespace vesalius {
namespace VESALIUS_TIER {

/* How a product is computed: by the format of its weight, what the tier has, and the number of tokens. */
enum Way { FLOATS, STRIPS, TRANSPOSED, INTS, INT_PANELS, BRAIN, BRAIN_TILES, BYTE_TILES };

VESALIUS_INLINE Way way_of(const vesalius_weight* w, int64_t tokens) {
  if (w->format == VESALIUS_INT8 || w->format == VESALIUS_INT4) {
#if defined(__AMX_TILE__)
    return tokens > few_tokens(w->format) ? BYTE_TILES : INTS;
#else
    return tokens > few_tokens(w->format) ? INT_PANELS : INTS;
#endif
  }
  if (w->transposed) {
    return TRANSPOSED;
  }
#if defined(__AMX_TILE__)
  if (w->format == VESALIUS_BF16) {
    return BRAIN_TILES;
  }
#elif defined(__AVX512BF16__)
  if (w->format == VESALIUS_BF16) {
    return BRAIN;
  }
#endif
  return tokens < LEAST_STRIP_TOKENS ? FLOATS : STRIPS;
}

/* Whether activations come in the order in which a format is read that is INTERLEAVED. */
VESALIUS_INLINE bool interleaved(const vesalius_weight* w) {
  return StoredBF16::INTERLEAVED && w->format == VESALIUS_BF16 && !w->transposed;
}

static int32_t rounding_of(int32_t format, int32_t transposed) {
  vesalius_weight w = {nullptr, nullptr, nullptr, 1, 1, format, transposed};
  switch (way_of(&w, 1)) {
    case INTS:
    case INT_PANELS:
    case BYTE_TILES:
      return VESALIUS_ROUND_INT8;
    case BRAIN:
    case BRAIN_TILES:
      return VESALIUS_ROUND_BF16;
    default:
      return VESALIUS_ROUND_NONE;
  }
}

static int64_t product_scratch(const vesalius_weight* w) {
  int64_t most = 64;
  /* One token and many may go different ways. */
  for (int64_t tokens = 1; tokens <= 1024; tokens += 1023) {
    int64_t bytes = 64;
    switch (way_of(w, tokens)) {
      case STRIPS:
        bytes = STRIP_SCRATCH;
        break;
      case TRANSPOSED:
        bytes = TRANSPOSED_SCRATCH;
        break;
      case INT_PANELS:
        bytes = (int64_t)sizeof(PanelScratch);
        break;
      case FLOATS:
      case INTS:
        break;
#if defined(__AVX512BF16__)
      case BRAIN:
        bytes = (int64_t)sizeof(BrainBlock);
        break;
#endif
#if defined(__AMX_TILE__)
      case BRAIN_TILES:
        bytes = (int64_t)sizeof(BrainScratch);
        break;
      case BYTE_TILES:
        bytes = (int64_t)sizeof(ByteScratch);
        break;
#else
      default:
        break;
#endif
    }
    most = bytes > most ? bytes : most;
  }
  return most;
}

static int64_t prepare_grain(const vesalius_weight* w) { return way_of(w, 1) == FLOATS ? 2 * STRIP_TOKENS : 16; }

static int64_t prepared_bytes(const vesalius_weight* w, int64_t tokens) {
  switch (way_of(w, tokens)) {
    case STRIPS:
      return PreparedStrips{nullptr, tokens, w->columns}.bytes();
    case INTS:
      return PreparedInts{nullptr, tokens, w->columns, group_of(w)}.bytes();
    case INT_PANELS:
      return prepared_panels(w, nullptr, tokens).bytes();
#if defined(__AVX512BF16__)
    case BRAIN:
      return PreparedBrain{nullptr, tokens, w->columns}.bytes();
#endif
#if defined(__AMX_TILE__)
    case BRAIN_TILES:
      return brain_tiles(w, nullptr, tokens).bytes();
    case BYTE_TILES:
      return PreparedByteTiles(nullptr, w, tokens).bytes();
#endif
    default:
      return prepared_floats_bytes(w->columns, tokens);
  }
}

static void prepare(const vesalius_weight* w, void* prepared, int64_t tokens, const float* x, int64_t x_stride, int64_t from,
                    int64_t to) {
  switch (way_of(w, tokens)) {
    case STRIPS:
      prepare_strips({(float*)prepared, tokens, w->columns}, interleaved(w), x, x_stride, from, to);
      break;
    case INTS:
      prepare_ints({(uint8_t*)prepared, tokens, w->columns, group_of(w)}, x, x_stride, from, to);
      break;
    case INT_PANELS:
      prepare_panels(prepared_panels(w, prepared, tokens), x, x_stride, from, to);
      break;
#if defined(__AVX512BF16__)
    case BRAIN:
      prepare_brain({(uint16_t*)prepared, tokens, w->columns}, x, x_stride, from, to);
      break;
#endif
#if defined(__AMX_TILE__)
    case BRAIN_TILES:
      prepare_brain_tiles(brain_tiles(w, prepared, tokens), w->columns, x, x_stride, from, to);
      break;
    case BYTE_TILES:
      prepare_byte_tiles(PreparedByteTiles(prepared, w, tokens), x, x_stride, from, to);
      break;
#endif
    default:
      prepare_floats({(float*)prepared, tokens, w->columns}, interleaved(w), x, x_stride, from, to);
  }
}

static int64_t multiply_grain(const vesalius_weight* w) {
  Way way = way_of(w, 1);
  return way == FLOATS || way == BRAIN ? BLOCK_ROWS : way == INTS ? PANELS * PANEL_ROWS : 32;
}

template <typename Stored>
static void multiply_stored(const vesalius_weight* w, float* out, int64_t out_stride, const float* prepared, int64_t tokens,
                            const float* bias, int64_t from, int64_t to, void* scratch) {
  if (w->transposed) {
    multiply_transposed<Stored>(w, out, out_stride, prepared, tokens, bias, from, to, scratch);
  } else if (way_of(w, tokens) == STRIPS) {
    multiply_strips<Stored>(w, out, out_stride, {(float*)prepared, tokens, w->columns}, bias, from, to, scratch);
  } else {
    multiply_dense<Stored>(w, out, out_stride, prepared, tokens, bias, from, to);
  }
}

static void multiply(const vesalius_weight* w, float* out, int64_t out_stride, const void* prepared, int64_t tokens,
                     const float* bias, int64_t from, int64_t to, void* scratch) {
  if (from >= to || tokens == 0) {
    return;
  }
  if (w->columns == 0) {
    for (int64_t t = 0; t < tokens; t++) {
      for (int64_t r = from; r < to; r++) {
        out[t * out_stride + r] = bias == nullptr ? 0 : bias[r];
      }
    }
    return;
  }
  switch (way_of(w, tokens)) {
    case INTS:
      multiply_ints(w, out, out_stride, {(uint8_t*)prepared, tokens, w->columns, group_of(w)}, bias, from, to);
      return;
    case INT_PANELS:
      multiply_int_panels(w, out, out_stride, prepared_panels(w, (void*)prepared, tokens), bias, from, to, (PanelScratch*)scratch);
      return;
#if defined(__AVX512BF16__)
    case BRAIN:
      multiply_brain(w, out, out_stride, {(uint16_t*)prepared, tokens, w->columns}, bias, from, to, (BrainBlock*)scratch);
      return;
#endif
#if defined(__AMX_TILE__)
    case BRAIN_TILES: {
      PreparedTiles x = brain_tiles(w, prepared, tokens);
      if (tokens <= TILE) {
        stream_brain_tiles(w, out, out_stride, x, bias, from, to, (BrainScratch*)scratch);
      } else {
        multiply_brain_tiles(w, out, out_stride, x, bias, from, to, (BrainScratch*)scratch);
      }
      return;
    }
    case BYTE_TILES: {
      PreparedByteTiles x((void*)prepared, w, tokens);
      if (w->format == VESALIUS_INT8) {
        multiply_byte_tiles<false>(w, out, out_stride, x, bias, from, to, (ByteScratch*)scratch);
      } else {
        multiply_byte_tiles<true>(w, out, out_stride, x, bias, from, to, (ByteScratch*)scratch);
      }
      return;
    }
#endif
    default:
      break;
  }
  const float* x = (const float*)prepared;
  switch (w->format) {
    case VESALIUS_F32:
      multiply_stored<StoredF32>(w, out, out_stride, x, tokens, bias, from, to, scratch);
      break;
    case VESALIUS_F16:
      multiply_stored<StoredF16>(w, out, out_stride, x, tokens, bias, from, to, scratch);
      break;
    default:
      multiply_stored<StoredBF16>(w, out, out_stride, x, tokens, bias, from, to, scratch);
  }
}

}  // namespace VESALIUS_TIER
}  // namespace vesalius
