/* Attention with a cache of float32, of which no digit is given away, and the merging of pieces of attention_split. */
#include "attention.h"

namespace {

constexpr int WARPS = 4;
constexpr int TURN = WARPS * WARP; /* keys that the warps take at a time */
constexpr int LANES_PER_KEY = 4;   /* which read 64 bytes of it together, two sectors of memory */

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

/* What the lanes of a warp tell each other of their keys. */
struct Weighed {
  const float* keys[WARP]; /* null: not seen */
  const float* values[WARP];
  float weight[WARP];
};

/* Of the product of x and y what falls to one of LANES_PER_KEY lanes: every so many four numbers. */
__device__ float part_of_dot(const float* x, const float* y, int n, int part) {
  float sums[4] = {};
  for (int i = part * 4; i < n; i += LANES_PER_KEY * 4) {
    Four a = load_four(x + i, n - i);
    Four b = load_four(y + i, n - i);
#pragma unroll
    for (int j = 0; j < 4; j++) {
      sums[j] = fmaf(a.v[j], b.v[j], sums[j]);
    }
  }
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

/*
 * One query head: keys are dealt to the warps by their number in the sequence, so that it depends on nothing else who has which. A
 * warp reads eight of its 32 keys at once, with four lanes each, until every lane has the score of one; of what comes of the values a
 * lane has every 32nd number of the head.
 */
template <int PARTS>
__device__ void attend(const Attention& a, float* shared, Weighed& weighed, const Sequence& sequence, const Seen& seen, size_t token,
                       int head) {
  constexpr int KEYS = WARP / LANES_PER_KEY;
  int lane = (int)threadIdx.x % WARP;
  int warp = (int)threadIdx.x / WARP;
  int kv_head = head / a.group();
  int part = lane % LANES_PER_KEY;
  int own = part * KEYS + lane / LANES_PER_KEY; /* the key whose score is this lane's */
  const float* q = a.q + token * a.q_stride + (size_t)head * a.head_size;
  float sums[PARTS] = {};
  float maximum = -infinity();
  float total = 0;
  for (int base = seen.first / TURN * TURN + warp * WARP; base < seen.end; base += TURN) {
    int key = base + lane;
    weighed.keys[lane] = nullptr;
    weighed.values[lane] = nullptr;
    if (key >= seen.first && key < seen.end) {
      Slot slot = slot_of(a, sequence.number, key, kv_head);
      if (slot.slab >= 0) {
        weighed.keys[lane] = ((const float* const*)a.keys)[slot.slab] + (size_t)slot.row * a.head_size;
        weighed.values[lane] = ((const float* const*)a.values)[slot.slab] + (size_t)slot.row * a.head_size;
      }
    }
    __syncwarp();
    int count = seen.end - base < WARP ? seen.end - base : WARP;
    float score = 0;
    for (int i = 0; i < blocks(count, KEYS); i++) {
      const float* row = weighed.keys[i * KEYS + lane / LANES_PER_KEY];
      float sum = row == nullptr ? 0.0f : part_of_dot(q, row, a.head_size, part);
#pragma unroll
      for (int distance = 1; distance < LANES_PER_KEY; distance *= 2) {
        sum += __shfl_xor_sync(ALL_LANES, sum, distance);
      }
      score = i == part ? sum : score;
    }
    score = weighed.keys[own] == nullptr ? -infinity() : score * a.scale;
    float most_now = fmaxf(maximum, warp_max(score));
    float factor = maximum == most_now ? 1.0f : expf(maximum - most_now);
    maximum = most_now;
    float weight = score == -infinity() ? 0.0f : expf(score - maximum);
    total = total * factor + weight;
    weighed.weight[own] = weight;
#pragma unroll
    for (int p = 0; p < PARTS; p++) {
      sums[p] *= factor;
    }
    __syncwarp();
    for (int j = 0; j < count; j++) {
      const float* row = weighed.values[j];
      if (row != nullptr) {
        float share = weighed.weight[j];
#pragma unroll
        for (int p = 0; p < PARTS; p++) {
          int i = p * WARP + lane;
          sums[p] = i < a.head_size ? fmaf(share, row[i], sums[p]) : 0.0f;
        }
      }
    }
    __syncwarp();
  }
  total = warp_sum(total);
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
  __shared__ Weighed weighed[WARPS];
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
    attend<2>(a, shared, weighed[threadIdx.x / WARP], sequence, seen, token, head);
  } else if (head_size <= 4 * WARP) {
    attend<4>(a, shared, weighed[threadIdx.x / WARP], sequence, seen, token, head);
  } else if (head_size <= 8 * WARP) {
    attend<8>(a, shared, weighed[threadIdx.x / WARP], sequence, seen, token, head);
  } else {
    attend<32>(a, shared, weighed[threadIdx.x / WARP], sequence, seen, token, head);
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
