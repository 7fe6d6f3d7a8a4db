/*
 * The C interface of the native kernels. Every function that computes is a single-thread leaf: it works on a range of rows
 * that the caller chose, allocates nothing, keeps nothing, and cannot fail; shapes and indices are checked before the call.
 *
 * Matrices are row-major float32 unless said otherwise: `x, x_stride` is the address of the first element and the distance
 * of two rows in elements. Ranges `from` (inclusive) to `to` (exclusive) count rows of the output.
 */
#ifndef VESALIUS_H
#define VESALIUS_H

#include <stdint.h>

#if defined(__GNUC__)
#define VESALIUS_API __attribute__((visibility("default")))
#else
#define VESALIUS_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Changes whenever a signature or a struct below does. */
#define VESALIUS_ABI_VERSION 2

/* The caller compares this with the version that it was written for before it calls anything else. */
VESALIUS_API int32_t vesalius_abi_version(void);

/*
 * Chooses the instruction set, once: the best one that this processor and operating system have, capped by the environment
 * variable VESALIUS_ISA (baseline, avx2, avx512, amx; neon on AArch64). Returns null, or why that cannot be: a text that
 * lives as long as the library. Nothing but vesalius_abi_version may be called before it has returned null.
 */
VESALIUS_API const char* vesalius_open(void);

/* Name of the chosen instruction set. */
VESALIUS_API const char* vesalius_isa(void);

/* Names of all instruction sets of this build that would work here, the best last, separated by commas. */
VESALIUS_API const char* vesalius_isas(void);

/* ---- matrix products -------------------------------------------------------------------------------------------- */

enum vesalius_format {
  VESALIUS_F32 = 0,
  VESALIUS_F16 = 1,
  VESALIUS_BF16 = 2,
  VESALIUS_INT8 = 3, /* signed bytes; scales: float32 (rows, ceil(columns / 256)) */
  VESALIUS_INT4 = 4, /* nibbles in groups of 64 columns, 32 bytes each; scales, minimums: float16 (rows, ceil(columns / 64)) */
};

/* A weight as it is stored. No alignment is promised for any address. */
typedef struct vesalius_weight {
  const void* data;
  const void* scales;   /* null unless quantized */
  const void* minimums; /* null unless INT4 */
  int64_t rows;         /* outputs */
  int64_t columns;      /* inputs */
  int32_t format;       /* enum vesalius_format */
  int32_t transposed;   /* 1: stored as (columns, rows); never with a quantized format */
} vesalius_weight;

enum vesalius_rounding {
  VESALIUS_ROUND_NONE = 0, /* activations are used as they are */
  VESALIUS_ROUND_BF16 = 1, /* to the nearest bfloat16, ties to even */
  VESALIUS_ROUND_INT8 = 2, /* per token and group of the weight: scale = absmax / 127, to the nearest integer, ties to even */
};

/* How products with this format round activations. */
VESALIUS_API int32_t vesalius_rounding_of(int32_t format, int32_t transposed);

/* Bytes of scratch memory, aligned to 64 bytes, that each thread brings along to a product with this weight. */
VESALIUS_API int64_t vesalius_product_scratch(const vesalius_weight* weight);

/* Tokens that one call of vesalius_prepare should at least get; its ranges begin at multiples of it. */
VESALIUS_API int64_t vesalius_prepare_grain(const vesalius_weight* weight);

/* Bytes, aligned to 64, that `tokens` rows of activations take when prepared for this weight. */
VESALIUS_API int64_t vesalius_prepared_bytes(const vesalius_weight* weight, int64_t tokens);

/* Lays the tokens `from` to `to` of x (tokens, columns) out as vesalius_multiply wants them. */
VESALIUS_API void vesalius_prepare(const vesalius_weight* weight, void* prepared, int64_t tokens, const float* x,
                                   int64_t x_stride, int64_t from, int64_t to);

/* Rows of the weight in whose multiples ranges of vesalius_multiply should begin, for speed. */
VESALIUS_API int64_t vesalius_multiply_grain(const vesalius_weight* weight);

/* out (tokens, rows): columns `from` to `to` become x * weight^T + bias. `bias` may be null. */
VESALIUS_API void vesalius_multiply(const vesalius_weight* weight, float* out, int64_t out_stride, const void* prepared,
                                    int64_t tokens, const float* bias, int64_t from, int64_t to, void* scratch);

/* ---- rows ------------------------------------------------------------------------------------------------------- */

/* out[t] = table[ids[t]], from any format but a transposed one. */
VESALIUS_API void vesalius_embed(float* out, int64_t out_stride, const vesalius_weight* table, const int32_t* ids,
                                 int64_t from, int64_t to);

/* out[i] = sum over k of shares[k][i] * x[index[k][i]]. */
VESALIUS_API void vesalius_mix_rows(float* out, int64_t out_stride, const float* x, int64_t x_stride, const int32_t* index,
                                    int64_t index_stride, const float* shares, int64_t shares_stride, int64_t parts,
                                    int64_t width, int64_t from, int64_t to);

/* out[index[i]] += x[i] for `from` <= i < `to`; out[i] += x[i] where index is null. */
VESALIUS_API void vesalius_add_rows(float* out, int64_t out_stride, const float* x, int64_t x_stride, const int32_t* index,
                                    int64_t width, int64_t from, int64_t to);

/* delta may be null; otherwise x += delta first. out may be x. */
VESALIUS_API void vesalius_rms_norm(float* out, int64_t out_stride, float* x, int64_t x_stride, const float* delta,
                                    int64_t delta_stride, const float* gain, float epsilon, int64_t width, int64_t from,
                                    int64_t to);

VESALIUS_API void vesalius_layer_norm(float* out, int64_t out_stride, const float* x, int64_t x_stride, const float* gain,
                                      const float* bias, float epsilon, int64_t width, int64_t from, int64_t to);

VESALIUS_API void vesalius_scale(float* x, int64_t x_stride, float factor, int64_t width, int64_t from, int64_t to);

enum vesalius_activation { VESALIUS_SILU = 0, VESALIUS_GELU = 1, VESALIUS_GELU_TANH = 2, VESALIUS_QUICK_GELU = 3 };

/* gate = activation(gate) * up, or activation(gate) where up is null. */
VESALIUS_API void vesalius_activate(float* gate, int64_t gate_stride, const float* up, int64_t up_stride, int32_t activation,
                                    int64_t width, int64_t from, int64_t to);

/* cos, sin (tokens, pairs) of the float32 angle positions[axis[i]][t] * inverse_frequencies[i], times scaling. */
VESALIUS_API void vesalius_rotary_table(float* cos, int64_t cos_stride, float* sin, int64_t sin_stride,
                                        const int32_t* positions, int64_t positions_stride, const float* inverse_frequencies,
                                        const int32_t* axis, float scaling, int64_t pairs, int64_t from, int64_t to);

/* Normalises each head where gain is not null, then rotates it, in place; cos and sin may both be null: only normalised. */
VESALIUS_API void vesalius_rotate(float* x, int64_t x_stride, int64_t heads, int64_t head_size, const float* gain,
                                  float epsilon, const float* cos, int64_t cos_stride, const float* sin, int64_t sin_stride,
                                  int64_t from, int64_t to);

/* ---- keys and values -------------------------------------------------------------------------------------------- */

enum vesalius_cache_format { VESALIUS_CACHE_F32 = 0, VESALIUS_CACHE_BF16 = 1, VESALIUS_CACHE_INT8 = 2 };

/*
 * Where attention reads keys and values. Paged: page p lies in slab p / pages_per_slab, and inside a slab row
 * ((p % pages_per_slab) * kv_heads + head) * page_size + slot holds head_size numbers of one head of one token; rows are
 * contiguous. INT8 has a float32 scale per row beside. Ragged (page_size 0): keys[0] and values[0] are float32 matrices
 * (tokens, kv_heads * head_size) with the strides below.
 */
typedef struct vesalius_key_values {
  const void* const* keys;           /* one address per slab */
  const void* const* values;
  const void* const* key_scales;     /* null unless INT8 */
  const void* const* value_scales;
  const int32_t* page_table;         /* (sequences, pages) */
  int64_t page_table_stride;
  int64_t page_size;
  int64_t pages_per_slab;
  int64_t key_stride;                /* ragged only */
  int64_t value_stride;
  int32_t format;                    /* enum vesalius_cache_format; F32 when ragged */
  int32_t kv_heads;
  int32_t head_size;
  int32_t reserved;
} vesalius_key_values;

/* Stores the keys (value = 0) or values (value = 1) of the tokens `from` to `to` at their slots. */
VESALIUS_API void vesalius_store(const vesalius_key_values* cache, int32_t value, const float* x, int64_t x_stride,
                                 const int32_t* slots, int64_t from, int64_t to);

/*
 * A block of consecutive queries of one sequence, with all query heads that share one key/value head, attending to a range
 * of the sequence's keys.
 */
typedef struct vesalius_attention_block {
  const float* q;          /* first query row of the block, first head of the group: (queries, group * head_size) */
  float* out;              /* same place in the output */
  const int32_t* see_from; /* null, or per query: it also sees keys see_from[i] <= key < see_to[i] */
  const int32_t* see_to;
  int64_t q_stride;
  int64_t out_stride;
  int64_t queries;
  int64_t group;           /* query heads per key/value head */
  int64_t position;        /* of the first query in the sequence */
  int64_t length;          /* keys of the sequence */
  int64_t sequence;        /* row of the page table */
  int64_t start;           /* ragged: row of the sequence's first key */
  int64_t kv_head;
  int64_t window;          /* 0: unlimited */
  int64_t key_from;        /* split over keys: only these, a multiple of vesalius_attention_split; 0 and length for all */
  int64_t key_to;
  float* partial;          /* null: out is final; else (queries * group, head_size + 2): unnormalised sums, maximum, total */
  float scale;
  int32_t causal;
} vesalius_attention_block;

/*
 * How attention with keys and values of this format rounds what it multiplies: VESALIUS_ROUND_NONE, or VESALIUS_ROUND_BF16 for
 * queries after the scale, for weights (with a value's scale in INT8), whose exponentials then err by up to 2^-17 of
 * themselves, and for ragged keys and values. Those of a cache are used as they are stored.
 */
VESALIUS_API int32_t vesalius_attention_rounding(int32_t format, int32_t paged);

/* Scratch bytes, aligned to 64, per thread for blocks of up to so many query rows (queries * group). */
VESALIUS_API int64_t vesalius_attention_scratch(int64_t rows, int64_t head_size);

/* Query rows (queries * group) that a block should have for speed. */
VESALIUS_API int64_t vesalius_attention_rows(int64_t head_size);

/*
 * Keys in whose multiples attention is split over threads. A row's result must not depend on the batch: whether and where
 * the keys of a query are split is a function of the query's own position alone, so partial results of the same pieces are
 * combined in the same order in a prefill and in decode.
 */
VESALIUS_API int64_t vesalius_attention_split(void);

VESALIUS_API void vesalius_attention(const vesalius_key_values* cache, const vesalius_attention_block* block, void* scratch);

/* Combines the partial results of `parts` splits, `part_stride` floats apart, in their order, into out. */
VESALIUS_API void vesalius_attention_combine(const float* partial, int64_t part_stride, int64_t parts, float* out,
                                             int64_t out_stride, int64_t queries, int64_t group, int64_t head_size);

/* ---- limits of the machine -------------------------------------------------------------------------------------- */

/* Reads `bytes` bytes and returns something that depends on all of them. */
VESALIUS_API int64_t vesalius_read_memory(const void* data, int64_t bytes);

/*
 * Multiply-adds on operands in registers or the first-level cache with the instructions that a product of this format uses,
 * about `steps` times a fixed amount; returns operations done (a multiply-add counts as two). `scratch` as for a product.
 */
VESALIUS_API double vesalius_compute(int32_t format, int64_t steps, void* scratch);

#ifdef __cplusplus
}
#endif

#endif
