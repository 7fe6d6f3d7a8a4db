/* Attention with a cache of float32, of which no digit is given away, and the merging of pieces of attention_split. */
#include "attention.h"

namespace {

constexpr int WARPS = 4;
constexpr int TOGETHER = 4; /* neighbouring keys of a warp */

/* The sequence of a token; none has no queries. Every warp looks for itself. */
__device__ Sequence sequence_of_token(const Attention& a, int token) {
  int lane = (int)threadIdx.x % WARP;
  bool reporter = blockIdx.x == 0 && blockIdx.y == 0 && threadIdx.x < WARP;
  Sequence result = {0, 0, 0, 0, 0};
  for (int base = 0; base < a.sequences; base += WARP) {
    Sequence mine = {0, 0, 0, 0, 0};
    if (base + lane < a.sequences) {
      mine = sequence_at(a, base + lane, reporter);
    }
    unsigned found = __ballot_sync(ALL_LANES, token >= mine.start && token < mine.start + mine.queries);
    if (found != 0) {
      int owner = __ffs((int)found) - 1;
      result = {base + owner, __shfl_sync(ALL_LANES, mine.start, owner), __shfl_sync(ALL_LANES, mine.queries, owner),
                __shfl_sync(ALL_LANES, mine.length, owner), 0};
    }
  }
  return result;
}

/*
 * One query head: keys are dealt to the warps four at a time, by their number in the sequence, so that it depends on nothing else who
 * has which. A lane has every 32nd number of a head.
 */
template <int PARTS>
__device__ void attend(const Attention& a, float* shared, const Sequence& sequence, const Seen& seen, size_t token, int head) {
  int lane = (int)threadIdx.x % WARP;
  int warp = (int)threadIdx.x / WARP;
  int kv_head = head / a.group();
  float q[PARTS];
  float sums[PARTS];
#pragma unroll
  for (int p = 0; p < PARTS; p++) {
    int i = p * WARP + lane;
    q[p] = i < a.head_size ? a.q[token * a.q_stride + (size_t)head * a.head_size + i] : 0.0f;
    sums[p] = 0;
  }
  float maximum = -infinity();
  float total = 0;
  for (int base = seen.first / (WARPS * TOGETHER) * (WARPS * TOGETHER) + warp * TOGETHER; base < seen.end; base += WARPS * TOGETHER) {
    const float* values[TOGETHER];
    float scores[TOGETHER];
#pragma unroll
    for (int j = 0; j < TOGETHER; j++) {
      int key = base + j;
      values[j] = nullptr;
      scores[j] = 0;
      if (key >= seen.first && key < seen.end) {
        Slot slot = slot_of(a, sequence.number, key, kv_head);
        if (slot.slab >= 0) {
          const float* keys = ((const float* const*)a.keys)[slot.slab] + (size_t)slot.row * a.head_size;
          values[j] = ((const float* const*)a.values)[slot.slab] + (size_t)slot.row * a.head_size;
#pragma unroll
          for (int p = 0; p < PARTS; p++) {
            int i = p * WARP + lane;
            scores[j] = i < a.head_size ? fmaf(q[p], keys[i], scores[j]) : scores[j];
          }
        }
      }
    }
    float most_now = maximum;
#pragma unroll
    for (int j = 0; j < TOGETHER; j++) {
      scores[j] = warp_sum(scores[j]) * a.scale;
      scores[j] = values[j] == nullptr ? -infinity() : scores[j];
      most_now = fmaxf(most_now, scores[j]);
    }
    float factor = maximum == most_now ? 1.0f : expf(maximum - most_now);
    maximum = most_now;
    total *= factor;
#pragma unroll
    for (int p = 0; p < PARTS; p++) {
      sums[p] *= factor;
    }
#pragma unroll
    for (int j = 0; j < TOGETHER; j++) {
      if (values[j] != nullptr) {
        float weight = scores[j] == -infinity() ? 0.0f : expf(scores[j] - maximum);
        total += weight;
#pragma unroll
        for (int p = 0; p < PARTS; p++) {
          int i = p * WARP + lane;
          sums[p] = i < a.head_size ? fmaf(weight, values[j][i], sums[p]) : 0.0f;
        }
      }
    }
  }
  float* mine = shared + warp * (a.head_size + 2);
#pragma unroll
  for (int p = 0; p < PARTS; p++) {
    if (p * WARP + lane < a.head_size) {
      mine[p * WARP + lane] = sums[p];
    }
  }
  if (lane == 0) {
    mine[a.head_size] = maximum;
    mine[a.head_size + 1] = total;
  }
  __syncthreads();
  for (int i = (int)threadIdx.x; i < a.head_size; i += WARPS * WARP) {
    float most_of_all = -infinity();
    for (int w = 0; w < WARPS; w++) {
      most_of_all = fmaxf(most_of_all, shared[w * (a.head_size + 2) + a.head_size]);
    }
    float sum = 0;
    float all = 0;
    for (int w = 0; w < WARPS; w++) {
      const float* part = shared + w * (a.head_size + 2);
      if (part[a.head_size + 1] != 0) {
        float share = expf(part[a.head_size] - most_of_all);
        sum = fmaf(share, part[i], sum);
        all = fmaf(share, part[a.head_size + 1], all);
      }
    }
    a.out[token * a.out_stride + (size_t)head * a.head_size + i] = sum / all;
  }
}

}  // namespace

extern "C" __global__ void __launch_bounds__(128) vesalius_attention_f32(
    VESALIUS_ATTENTION_ARGUMENTS) {
  SHARED_BUFFER(float, shared);
  const Attention a = VESALIUS_ATTENTION_VALUES;
  int token = (int)blockIdx.x;
  int head = (int)blockIdx.y;
  Sequence sequence = sequence_of_token(a, token);
  if (sequence.queries == 0) {
    return;
  }
  Seen seen = seen_by(a, sequence, token - sequence.start, head == 0 && threadIdx.x == 0);
  if (seen.first >= seen.end) {
    return;
  }
  if (head_size <= 2 * WARP) {
    attend<2>(a, shared, sequence, seen, token, head);
  } else if (head_size <= 4 * WARP) {
    attend<4>(a, shared, sequence, seen, token, head);
  } else if (head_size <= 8 * WARP) {
    attend<8>(a, shared, sequence, seen, token, head);
  } else {
    attend<32>(a, shared, sequence, seen, token, head);
  }
}

extern "C" __global__ void __launch_bounds__(64) vesalius_attention_combine(
    float* out, int out_stride, const float* partial, int pieces, const int* lengths, const int* starts, int sequences,
    int /*tokens*/, int heads, int head_size) {
  int token = (int)blockIdx.x;
  int head = (int)blockIdx.y;
  int lane = (int)threadIdx.x % WARP;
  int length = 0;
  for (int base = 0; base < sequences; base += WARP) {
    int s = base + lane;
    bool mine = s < sequences && token >= starts[s] && token < starts[s + 1];
    unsigned found = __ballot_sync(ALL_LANES, mine);
    if (found != 0) {
      int owner = base + __ffs((int)found) - 1;
      length = lengths == nullptr ? starts[owner + 1] - starts[owner] : lengths[owner];
    }
  }
  int count = blocks(length, PIECE_KEYS);
  /* More than there is room for: attention_split has reported it. */
  if (count > pieces) {
    return;
  }
  int size = head_size + 2;
  const float* from = partial + ((size_t)token * heads + head) * pieces * size;
  for (int i = (int)threadIdx.x; i < head_size && count > 0; i += (int)blockDim.x) {
    State merged = {0, 0};
    float result = 0;
    for (int p = 0; p < count; p++) {
      const float* piece = from + (size_t)p * size;
      bool began = merged.total != 0;
      Merge m = merge(&merged, {piece[head_size], piece[head_size + 1]});
      result = began ? fmaf(m.share, piece[i], m.kept * result) : piece[i];
    }
    out[(size_t)token * out_stride + (size_t)head * head_size + i] =
        merged.total == 0 ? __int_as_float(0x7fc00000) : result / merged.total;
  }
}
