/*
 * Every kernel of the backend: what its arguments are and how it is launched. The contract between the .cu files and Java.
 *
 * Throughout:
 * - A matrix of float32 is a pointer to its first number, its rows `stride` numbers apart. Pointers to numbers are aligned to
 *   these; more is used where it is there. Weights, scratch memory and slabs begin at multiples of 16 bytes.
 * - Outputs come first and overlap no input where nothing else is said.
 * - No grid depends on contents. A grid with a zero is not launched. `blocks(n, m)` is n / m rounded up.
 * - A row's result depends on nothing of the other rows.
 * - `shared` is the dynamic shared memory of a launch in bytes; none where nothing is said. Where it is said, the function's limit
 *   has to be raised to it first.
 * - `fault` is the record of the first integer out of bounds that was met since it was zeroed. What needs the integer is left
 *   undone; nothing out of bounds is read or written.
 */
#ifndef VESALIUS_KERNELS_H
#define VESALIUS_KERNELS_H

/* int32 [4]: the operation, where in the tensor of integers, which value, and the bound that it should be below. */
enum VesaliusFault {
  VESALIUS_FAULT_NONE = 0,
  VESALIUS_FAULT_EMBED = 1,
  VESALIUS_FAULT_GATHER_ROWS = 2,
  VESALIUS_FAULT_SCATTER_ROWS = 3,
  VESALIUS_FAULT_ADD_ROWS = 4,
  VESALIUS_FAULT_MIX_ROWS = 5,
  VESALIUS_FAULT_ROTARY_AXIS = 6,    /* position: the pair; value: the axis; bound: axes */
  VESALIUS_FAULT_SLOTS = 7,          /* rotateAndCache; position: the token */
  VESALIUS_FAULT_STARTS = 8,         /* attention: starts do not ascend within the rows. position: the sequence; bound: rows */
  VESALIUS_FAULT_LENGTH = 9,         /* attention: position: the sequence; value: its length; bound: room of the page table + 1 */
  VESALIUS_FAULT_PAGES = 10,         /* attention: position: index in the row of the page table; bound: pages */
  VESALIUS_FAULT_GROUPS = 11,        /* attention: position: the token; value: the group's first key or end; bound: the length + 1 */
  VESALIUS_FAULT_EXPERT_STARTS = 12, /* expertLinear: position: the expert; bound: rows */
  VESALIUS_FAULT_HISTORY = 13,       /* sample: position: the row; value: its row of the history, from -1 */
};

enum VesaliusActivation {
  VESALIUS_SILU = 0,
  VESALIUS_GELU = 1,
  VESALIUS_GELU_TANH = 2,
  VESALIUS_QUICK_GELU = 3,
};

/* How keys and values lie in memory. */
enum VesaliusKeyValues {
  VESALIUS_PACKED = 0,     /* of a ragged batch, by vesalius_pack_heads: BF16 (rows, kv_heads, padded head size) */
  VESALIUS_PAGES_BF16 = 1, /* see KeyValues.Paged: device arrays of the addresses of slabs */
  VESALIUS_PAGES_I8 = 2,
  VESALIUS_PAGES_F32 = 3,
};

typedef unsigned short vesalius_half; /* the bits of a binary16 */
typedef unsigned short vesalius_bf16; /* the bits of a bfloat16 */

extern "C" {

/* ==== rows.cu, embed.cu: grid (rows, blocks(width, 1024)), block 256 ==== */

/* out[t] = table[ids[t]] for `rows` tokens. table (vocabulary, width), contiguous; of int8, int4 and fp8 as in Weight. */
__global__ void vesalius_embed_f32(float* out, int out_stride, const float* table, int vocabulary, const int* ids, int rows,
                                   int width, int* fault);
__global__ void vesalius_embed_f16(float* out, int out_stride, const vesalius_half* table, int vocabulary, const int* ids, int rows,
                                   int width, int* fault);
__global__ void vesalius_embed_bf16(float* out, int out_stride, const vesalius_bf16* table, int vocabulary, const int* ids, int rows,
                                    int width, int* fault);
__global__ void vesalius_embed_int8(float* out, int out_stride, const signed char* table, const float* scales, int vocabulary,
                                    const int* ids, int rows, int width, int* fault);
__global__ void vesalius_embed_int4(float* out, int out_stride, const unsigned char* table, const vesalius_half* scales,
                                    const vesalius_half* minimums, int vocabulary, const int* ids, int rows, int width, int* fault);
__global__ void vesalius_embed_fp8(float* out, int out_stride, const unsigned char* table, const float* scales, int vocabulary,
                                   const int* ids, int rows, int width, int* fault);

/* out[i] = x[index[i]]; `rows` of out and index, `x_rows` of x. */
__global__ void vesalius_gather_rows(float* out, int out_stride, const float* x, int x_stride, int x_rows, const int* index,
                                     int rows, int width, int* fault);
/* out[index[i]] = x[i]; `rows` of x and index, `out_rows` of out. */
__global__ void vesalius_scatter_rows(float* out, int out_stride, int out_rows, const float* x, int x_stride, const int* index,
                                      int rows, int width, int* fault);
/* out[index[i]] += x[i]. */
__global__ void vesalius_add_rows(float* out, int out_stride, int out_rows, const float* x, int x_stride, const int* index, int rows,
                                  int width, int* fault);
/* out[i] = sum over k < parts of shares[k][i] * x[index[k][i]], in the order of k. */
__global__ void vesalius_mix_rows(float* out, int out_stride, const float* x, int x_stride, int x_rows, const int* index,
                                  int index_stride, const float* shares, int shares_stride, int parts, int rows, int width,
                                  int* fault);
/* out += x. out may be x. */
__global__ void vesalius_add(float* out, int out_stride, const float* x, int x_stride, int rows, int width);
/* x[r] += bias. */
__global__ void vesalius_add_bias(float* x, int x_stride, const float* bias, int rows, int width);
/* x[r][c] = x[r][c] * (scales[c] * x_scales[r]) + bias[c], what is left to do for sums of products in E4M3. bias may be null. */
__global__ void vesalius_scale_fp8(float* x, int x_stride, const float* x_scales, const float* scales, const float* bias, int rows,
                                   int width);
__global__ void vesalius_scale(float* x, int x_stride, int rows, int width, float factor);
/* activation: VesaliusActivation. */
__global__ void vesalius_activate(float* x, int x_stride, int rows, int width, int activation);
/* gate = activation(gate) * up. */
__global__ void vesalius_gated_activation(float* gate, int gate_stride, const float* up, int up_stride, int rows, int width,
                                          int activation);
/* Sets the 32 bits of every number. */
__global__ void vesalius_fill(unsigned* x, int x_stride, int rows, int width, unsigned bits);
/*
 * To the nearest bfloat16: the activations of products. Columns `width` to before `padded` become zero; grid (rows,
 * blocks(padded, 1024)). Products want out_stride = padded = blocks(width, 8) * 8.
 */
__global__ void vesalius_to_bf16(vesalius_bf16* out, int out_stride, const float* x, int x_stride, int rows, int width, int padded);

/*
 * out (columns, rows) = the transposed of x (rows, columns), both contiguous: what a Weight.Transposed is placed as, so that no
 * product ever sees one. grid (blocks(columns, 32), blocks(rows, 32)) with rows at most 2,097,120, block 256.
 */
__global__ void vesalius_transpose_16(unsigned short* out, const unsigned short* x, int rows, int columns);
__global__ void vesalius_transpose_32(unsigned* out, const unsigned* x, int rows, int columns);

/* ==== norms.cu: grid (rows), block 256 ==== */

/* out may be x. */
__global__ void vesalius_rms_norm(float* out, int out_stride, const float* x, int x_stride, const float* gain, int rows, int width,
                                  float epsilon);
/* residual += delta, then out = norm(residual). out may be delta. */
__global__ void vesalius_add_rms_norm(float* out, int out_stride, float* residual, int residual_stride, const float* delta,
                                      int delta_stride, const float* gain, int rows, int width, float epsilon);
/* out may be x. */
__global__ void vesalius_layer_norm(float* out, int out_stride, const float* x, int x_stride, const float* gain, const float* bias,
                                    int rows, int width, float epsilon);

/* ==== rotary.cu ==== */

/*
 * cos, sin (tokens, pairs); positions (axes, tokens); inverse_frequencies, axis (pairs). grid (tokens, blocks(pairs, 64)), block
 * 64.
 */
__global__ void vesalius_rotary_table(float* cos, int cos_stride, float* sin, int sin_stride, const int* positions,
                                      int positions_stride, int axes, const float* inverse_frequencies, const int* axis, int tokens,
                                      int pairs, float scaling, int* fault);
/* x (tokens, heads * 2 * pairs) in place. grid (tokens, blocks(heads, 4)), block 128: a warp a head. */
__global__ void vesalius_rotate(float* x, int x_stride, const float* cos, int cos_stride, const float* sin, int sin_stride,
                                int tokens, int heads, int pairs);
/*
 * See Kernels.rotateAndCache. q_gain and k_gain may be null. format: VESALIUS_PAGES_*; keys, values and, of I8, key_scales and
 * value_scales are device arrays of `slabs` addresses. grid (tokens, blocks(heads + 2 * kv_heads, 4)), block 128: a warp a head.
 */
__global__ void vesalius_rotate_and_cache(float* q, int q_stride, float* k, int k_stride, const float* v, int v_stride,
                                          const float* q_gain, const float* k_gain, float epsilon, const float* cos, int cos_stride,
                                          const float* sin, int sin_stride, void* const* keys, void* const* values,
                                          float* const* key_scales, float* const* value_scales, int format, int slabs,
                                          int pages_per_slab, int page_size, const int* slots, int tokens, int heads, int kv_heads,
                                          int pairs, int* fault);

/* ==== quantize.cu ==== */

/*
 * Activations as ActivationRounding.INT8. group: 256 (Int8) or 64 (Int4); groups = blocks(columns, group). out (rows, groups *
 * group) contiguous, zeros behind the last column; scales (rows, groups) contiguous; sums, the integers' sums, likewise.
 * grid (blocks(rows * groups, 8)), block 256: a warp a group.
 */
__global__ void vesalius_quantize(signed char* out, float* scales, int* sums, const float* x, int x_stride, int rows, int columns,
                                  int group);
/*
 * Activations as ActivationRounding.FP8: a scale per row. out (rows, blocks(columns, 128) * 128) contiguous, E4M3, zeros behind the
 * last column; scales (rows). grid (rows), block 256.
 */
__global__ void vesalius_quantize_fp8(unsigned char* out, float* scales, const float* x, int x_stride, int rows, int columns);

/* ==== products: out = x * weight^T + bias ====
 *
 * A weight has `rows` outputs and `columns` inputs. bias may be null. All take groups of tokens with a weight each (experts):
 * then `starts` (experts + 1) is not null, expert e has the rows starts[e] to before starts[e + 1] of x and out, and instead of
 * `weight` (null) there is a device array `weights` of addresses, of quantized weights also `scales_of` and `minimums_of`. For one
 * weight, starts and the arrays are null, and experts is 1. bias is the same for all experts.
 *
 * few_*: memory-bound, for up to about 8 tokens (of each expert); more are right too, but read the weights once for every 8.
 * A token's sums do not depend on the others. grid (blocks(rows, 16), experts), block 256.
 * tiled_*: for more. For one weight grid.y is blocks(tokens, T), for experts it is blocks(tokens, T) + experts.
 * few_int8 and tiled_int8 compute the same bits, and few_int4 and tiled_int4; few_fp8 and tiled_fp8 do not, nor do those of floats.
 */

/* x of float32 as it is: true float32 products. */
__global__ void vesalius_few_f32(float* out, int out_stride, const float* x, int x_stride, const float* weight,
                                 const void* const* weights, const int* starts, int experts, const float* bias, int tokens, int rows,
                                 int columns, int* fault);
__global__ void vesalius_few_f16(float* out, int out_stride, const float* x, int x_stride, const vesalius_half* weight,
                                 const void* const* weights, const int* starts, int experts, const float* bias, int tokens, int rows,
                                 int columns, int* fault);
/* x of float32, rounded to bfloat16 on the way. */
__global__ void vesalius_few_bf16(float* out, int out_stride, const float* x, int x_stride, const vesalius_bf16* weight,
                                  const void* const* weights, const int* starts, int experts, const float* bias, int tokens, int rows,
                                  int columns, int* fault);
/* x, x_scales and x_sums by vesalius_quantize with the weight's group; scales and minimums as in Weight. */
__global__ void vesalius_few_int8(float* out, int out_stride, const signed char* x, const float* x_scales, const int* x_sums,
                                  const signed char* weight, const float* scales, const void* const* weights,
                                  const void* const* scales_of, const int* starts, int experts, const float* bias, int tokens,
                                  int rows, int columns, int* fault);
__global__ void vesalius_few_int4(float* out, int out_stride, const signed char* x, const float* x_scales, const int* x_sums,
                                  const unsigned char* weight, const vesalius_half* scales, const vesalius_half* minimums,
                                  const void* const* weights, const void* const* scales_of, const void* const* minimums_of,
                                  const int* starts, int experts, const float* bias, int tokens, int rows, int columns, int* fault);
/* x and x_scales by vesalius_quantize_fp8; weight in E4M3 without NaN, a scale per row as in Weight. */
__global__ void vesalius_few_fp8(float* out, int out_stride, const unsigned char* x, const float* x_scales,
                                 const unsigned char* weight, const float* scales, const void* const* weights,
                                 const void* const* scales_of, const int* starts, int experts, const float* bias, int tokens,
                                 int rows, int columns, int* fault);

/* T = 64. grid (blocks(rows, 64), ...), block 256. */
__global__ void vesalius_tiled_f32(float* out, int out_stride, const float* x, int x_stride, const float* weight,
                                   const void* const* weights, const int* starts, int experts, const float* bias, int tokens,
                                   int rows, int columns, int* fault);
__global__ void vesalius_tiled_f16(float* out, int out_stride, const float* x, int x_stride, const vesalius_half* weight,
                                   const void* const* weights, const int* starts, int experts, const float* bias, int tokens,
                                   int rows, int columns, int* fault);
/*
 * T = 128. x in BF16 by vesalius_to_bf16, contiguous with x_stride = blocks(columns, 8) * 8. grid (blocks(rows, 128), ...), block
 * 256, shared 98,304.
 */
__global__ void vesalius_tiled_bf16(float* out, int out_stride, const vesalius_bf16* x, int x_stride, const vesalius_bf16* weight,
                                    const void* const* weights, const int* starts, int experts, const float* bias, int tokens,
                                    int rows, int columns, int* fault);
/* T = 64. grid (blocks(rows, 128), ...), block 256, shared 76,032 (int8), 58,368 (int4), 73,728 (fp8). Other arguments as few_*. */
__global__ void vesalius_tiled_int8(float* out, int out_stride, const signed char* x, const float* x_scales, const int* x_sums,
                                    const signed char* weight, const float* scales, const void* const* weights,
                                    const void* const* scales_of, const int* starts, int experts, const float* bias, int tokens,
                                    int rows, int columns, int* fault);
__global__ void vesalius_tiled_int4(float* out, int out_stride, const signed char* x, const float* x_scales, const int* x_sums,
                                    const unsigned char* weight, const vesalius_half* scales, const vesalius_half* minimums,
                                    const void* const* weights, const void* const* scales_of, const void* const* minimums_of,
                                    const int* starts, int experts, const float* bias, int tokens, int rows, int columns, int* fault);
__global__ void vesalius_tiled_fp8(float* out, int out_stride, const unsigned char* x, const float* x_scales,
                                   const unsigned char* weight, const float* scales, const void* const* weights,
                                   const void* const* scales_of, const int* starts, int experts, const float* bias, int tokens,
                                   int rows, int columns, int* fault);

/* ==== attention ====
 *
 * Query heads h of a token attend to the keys of head h / (heads / kv_heads). With format PACKED `keys` and `values` are matrices
 * of `key_rows` rows, sequence s has the rows starts[s] to before starts[s + 1] of them; slabs, pages, page_table and lengths are
 * not used (0, null). Otherwise they are device arrays of the addresses of `slabs` slabs, see KeyValues.Paged, key_scales and
 * value_scales for I8 only; key_rows is not used. `tokens` are the rows of q and out. groups (2, tokens) is null or as in Kernels.attention.
 * causal is 0 or 1. out must not be q.
 *
 * attention_SIZE and attention_split_SIZE round as ActivationRounding.BF16 says and serve head sizes up to SIZE (32, 64, 80, 96,
 * 128, 256): take the smallest that holds it. They compute the same bits, so either may be chosen for any batch:
 * attention_SIZE: for many queries a sequence. grid (blocks(tokens * group, 64) + sequences, kv_heads), block 128; partial is null.
 * attention_split_SIZE: for few, keys of a sequence are shared out over blocks. grid (blocks(tokens * group, 16) + sequences,
 *   kv_heads, pieces) with pieces = blocks(page_table_width * page_size, 512), for PACKED blocks(key_rows, 512); block 128; then
 *   vesalius_attention_combine. partial: scratch of tokens * heads * pieces * (head_size + 2) floats. out is not used (null).
 * group = heads / kv_heads. shared: 21,504 (32), 37,888 (64), 46,080 (80), 54,272 (96), 70,656 (128), 68,096 (256).
 *
 * attention_f32: PAGES_F32, nothing rounded, any head size to 1,024. grid (tokens, heads), block 128, shared 4 * 4 * (head_size +
 * 2) bytes; partial is null.
 */
#define VESALIUS_ATTENTION_ARGUMENTS                                                                                              \
  float *out, int out_stride, const float *q, int q_stride, const void *keys, const void *values, const void *key_scales,         \
      const void *value_scales, int format, int slabs, int pages_per_slab, int page_size, const int *page_table,                  \
      int page_table_stride, int page_table_width, const int *lengths, const int *starts, int sequences, int tokens, int key_rows, \
      int heads, int kv_heads, int head_size, float scale, int causal, int window, const int *groups, int groups_stride,           \
      float *partial, int *fault
__global__ void vesalius_attention_32(VESALIUS_ATTENTION_ARGUMENTS);
__global__ void vesalius_attention_64(VESALIUS_ATTENTION_ARGUMENTS);
__global__ void vesalius_attention_80(VESALIUS_ATTENTION_ARGUMENTS);
__global__ void vesalius_attention_96(VESALIUS_ATTENTION_ARGUMENTS);
__global__ void vesalius_attention_128(VESALIUS_ATTENTION_ARGUMENTS);
__global__ void vesalius_attention_256(VESALIUS_ATTENTION_ARGUMENTS);
__global__ void vesalius_attention_split_32(VESALIUS_ATTENTION_ARGUMENTS);
__global__ void vesalius_attention_split_64(VESALIUS_ATTENTION_ARGUMENTS);
__global__ void vesalius_attention_split_80(VESALIUS_ATTENTION_ARGUMENTS);
__global__ void vesalius_attention_split_96(VESALIUS_ATTENTION_ARGUMENTS);
__global__ void vesalius_attention_split_128(VESALIUS_ATTENTION_ARGUMENTS);
__global__ void vesalius_attention_split_256(VESALIUS_ATTENTION_ARGUMENTS);
__global__ void vesalius_attention_f32(VESALIUS_ATTENTION_ARGUMENTS);

/*
 * Merges the pieces of attention_split. lengths is null for PACKED. grid (tokens, heads), block 64.
 */
__global__ void vesalius_attention_combine(float* out, int out_stride, const float* partial, int pieces, const int* lengths,
                                           const int* starts, int sequences, int tokens, int heads, int head_size);

/*
 * Rows of heads to BF16, each padded with zeros to `padded` numbers, a multiple of 16 and at least head_size: the keys or values of
 * a ragged batch. out (rows, heads, padded) contiguous. padded = blocks(head_size, 16) * 16. grid (rows, blocks(heads * padded,
 * 1024)), block 256.
 */
__global__ void vesalius_pack_heads(vesalius_bf16* out, const float* x, int x_stride, int rows, int heads, int head_size, int padded);

/* ==== experts.cu ==== */

/*
 * chosen (tokens, per_token): the experts of each token, largest share first; shares (per_token, tokens). renormalise: 0 or 1.
 * grid (tokens), block 32, shared 8 * experts.
 */
__global__ void vesalius_route(int* chosen, float* shares, int shares_stride, const float* logits, int logits_stride, int tokens,
                               int experts, int per_token, int renormalise);
/*
 * Groups what vesalius_route chose: starts (experts + 1), rows (tokens * per_token), places (per_token, tokens). grid (experts),
 * block 256.
 */
__global__ void vesalius_group_choices(int* starts, int* rows, int* places, int places_stride, const int* chosen, int tokens,
                                       int experts, int per_token);

/* ==== sample.cu ==== */

/* out[r] = the lowest column of the largest number of row r, or -1 if one is not finite or there is none. grid (rows), block 1024. */
__global__ void vesalius_argmax(int* out, const float* x, int x_stride, int rows, int width);
/*
 * See Kernels.sample and Sampling. parameters (10, rows), history (history_rows, width). grid (rows), block 1024, shared 49,152.
 */
__global__ void vesalius_sample(int* out, const float* logits, int logits_stride, int rows, int width, const int* parameters,
                                int parameters_stride, int* history, int history_stride, int history_rows, int* fault);

} /* extern "C" */

#endif
