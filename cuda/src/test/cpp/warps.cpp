/*
 * Steps of a warp. Every lane brings what it has; the last one does the step for all, and then each goes on when it is its
 * turn. So a step costs each lane one change of stacks, and the work is done in one loop over lanes.
 */
#include "fibers.h"

namespace simt {

static void remove(Warp* warp, Meeting* meeting) { *meeting = warp->meeting[--warp->meetings]; }

static Meeting* find(Warp* warp, unsigned mask) {
  for (int i = 0; i < warp->meetings; i++) {
    if (warp->meeting[i].mask == mask) {
      return &warp->meeting[i];
    }
  }
  return nullptr;
}

[[noreturn]] static void fail_meeting(unsigned mask, const char* step) {
  Lane* self = lane;
  Warp* warp = self->warp;
  if (!(mask >> self->number & 1)) {
    fail(LAUNCH_FAILED, "%s with the mask 0x%08x, in which lane %d is not", step, mask, self->number);
  }
  if (mask & ~warp->exists) {
    fail(LAUNCH_FAILED, "%s with the mask 0x%08x, but warp %d has only the lanes 0x%08x", step, mask, warp->number, warp->exists);
  }
  fail(LAUNCH_FAILED, "%s with the mask 0x%08x, but its lanes 0x%08x have ended", step, mask, mask & warp->ended);
}

/*
 * Comes to a step of the lanes of `mask`. True for the last one, which does the step for all and then calls `leave`; false for
 * the others, once that is done.
 */
static inline bool meet(unsigned mask, const char* step) {
  Lane* self = lane;
  Warp* warp = self->warp;
  unsigned bit = 1u << self->number;
  if (__builtin_expect(!(mask & bit) || (mask & ~(warp->exists & ~warp->ended)) != 0, 0)) {
    fail_meeting(mask, step);
  }
  Meeting* meeting = find(warp, mask);
  if (meeting == nullptr) {
    if (mask == bit) {
      return true;
    }
    meeting = &warp->meeting[warp->meetings++];
    *meeting = {mask, 0, step};
  }
  if (meeting->step != step) {
    fail(LAUNCH_FAILED, "%s with the mask 0x%08x, but lanes 0x%08x of it wait in %s", step, mask, meeting->arrived, meeting->step);
  }
  meeting->arrived |= bit;
  if (meeting->arrived == mask) {
    remove(warp, meeting);
    return true;
  }
  wait(self);
  return false;
}

/* The step is done: all of its lanes can go on. */
static void leave(unsigned mask) {
  Warp* warp = lane->warp;
  warp->runnable |= mask;
  host->runnable_warps |= 1u << warp->number;
  yield();
}

void warp_barrier(unsigned mask) {
  if (meet(mask, "__syncwarp")) {
    leave(mask);
  }
}

static const char* const NAMES[] = {"__shfl_sync", "__shfl_up_sync", "__shfl_down_sync", "__shfl_xor_sync"};

/* The lane that a lane takes its value from: itself, where that would be outside of its segment. */
static int source(Shuffle kind, int number, unsigned argument, int width) {
  int begin = number & -width;
  switch (kind) {
    case Shuffle::INDEX:
      return begin + (int)(argument & (unsigned)(width - 1));
    case Shuffle::UP:
      return (unsigned)(number - begin) < argument ? number : number - (int)argument;
    case Shuffle::DOWN:
      return argument >= (unsigned)(begin + width - number) ? number : number + (int)argument;
    case Shuffle::XOR: {
      /* Lanes of a later segment cannot be asked, those of an earlier one can. */
      unsigned other = (unsigned)number ^ argument;
      return other >= (unsigned)(begin + width) ? number : (int)other;
    }
  }
  __builtin_unreachable();
}

uint64_t shuffle(unsigned mask, Shuffle kind, uint64_t value, unsigned argument, int width) {
  Lane* self = lane;
  Warp* warp = self->warp;
  const char* name = NAMES[(int)kind];
  if (width <= 0 || width > LANES || (width & (width - 1)) != 0) {
    fail(LAUNCH_FAILED, "%s with the width %d", name, width);
  }
  warp->value[self->number] = value;
  int from = source(kind, self->number, argument, width);
  warp->argument[self->number] = (unsigned)from;
  if (!(mask >> from & 1)) {
    fail(LAUNCH_FAILED, "%s with the mask 0x%08x asks lane %d, which is not in it", name, mask, from);
  }
  if (meet(mask, name)) {
    if (mask == ~0u) {
      for (int i = 0; i < LANES; i++) {
        warp->result[i] = warp->value[warp->argument[i]];
      }
    } else {
      for (unsigned rest = mask; rest != 0; rest &= rest - 1) {
        int i = __builtin_ctz(rest);
        warp->result[i] = warp->value[warp->argument[i]];
      }
    }
    leave(mask);
  }
  return warp->result[self->number];
}

unsigned ballot(unsigned mask, bool vote) {
  Lane* self = lane;
  Warp* warp = self->warp;
  warp->value[self->number] = vote;
  if (meet(mask, "__ballot_sync")) {
    unsigned votes = 0;
    for (unsigned rest = mask; rest != 0; rest &= rest - 1) {
      int i = __builtin_ctz(rest);
      votes |= (unsigned)warp->value[i] << i;
    }
    for (unsigned rest = mask; rest != 0; rest &= rest - 1) {
      warp->result[__builtin_ctz(rest)] = votes;
    }
    leave(mask);
  }
  return (unsigned)warp->result[self->number];
}

/* ---- matrices ---- */

constexpr unsigned ALL = ~0u;
typedef float Floats __attribute__((vector_size(32), may_alias));
typedef int Ints __attribute__((vector_size(32), may_alias));
typedef unsigned Words __attribute__((vector_size(32), may_alias));

static void bring(void* out, const void* a, const void* b) { lane->warp->operands[lane->number] = {out, a, b}; }

/* Fragments of four 32-bit words per lane: word j of a lane belongs to row g or g + 8 and lies in the first or second four. */
static void collect(const Warp* warp, unsigned (*rows)[8], unsigned (*columns)[8], unsigned (*sums)[8]) {
  for (int i = 0; i < LANES; i++) {
    int g = i / 4, t = i % 4;
    const unsigned* x = (const unsigned*)warp->operands[i].a;
    const unsigned* y = (const unsigned*)warp->operands[i].b;
    const unsigned* z = (const unsigned*)warp->operands[i].out;
    rows[g][t] = x[0];
    rows[g + 8][t] = x[1];
    rows[g][t + 4] = x[2];
    rows[g + 8][t + 4] = x[3];
    columns[t][g] = y[0];
    columns[t + 4][g] = y[1];
    memcpy(&sums[g][2 * t], z, 8);
    memcpy(&sums[g + 8][2 * t], z + 2, 8);
  }
}

static void distribute(const Warp* warp, const unsigned (*sums)[8]) {
  for (int i = 0; i < LANES; i++) {
    unsigned* z = (unsigned*)warp->operands[i].out;
    memcpy(z, &sums[i / 4][i % 4 * 2], 8);
    memcpy(z + 2, &sums[i / 4 + 8][i % 4 * 2], 8);
  }
}

static __attribute__((noinline)) void multiply_bf16(const Warp* warp) {
  /* Two numbers to a word: word w of a row is of columns 2w and 2w + 1, and likewise down a column of b. */
  alignas(32) unsigned rows[16][8], columns[8][8], sums[16][8];
  collect(warp, rows, columns, sums);
  alignas(32) float a[16][2][8], b[16][8];
  for (int i = 0; i < 16; i++) {
    Words words = *(const Words*)rows[i];
    *(Words*)a[i][0] = words << 16;
    *(Words*)a[i][1] = words & 0xffff0000u;
  }
  for (int w = 0; w < 8; w++) {
    Words words = *(const Words*)columns[w];
    *(Words*)b[2 * w] = words << 16;
    *(Words*)b[2 * w + 1] = words & 0xffff0000u;
  }
  constexpr int TILE = 8;
  for (int i = 0; i < 16; i += TILE) {
    Floats tile[TILE];
    for (int r = 0; r < TILE; r++) {
      tile[r] = *(const Floats*)sums[i + r];
    }
    for (int w = 0; w < 8; w++) {
      for (int odd = 0; odd < 2; odd++) {
        Floats factors = *(const Floats*)b[2 * w + odd];
#pragma GCC unroll 8
        for (int r = 0; r < TILE; r++) {
          tile[r] += a[i + r][odd][w] * factors;
        }
      }
    }
    for (int r = 0; r < TILE; r++) {
      *(Floats*)sums[i + r] = tile[r];
    }
  }
  distribute(warp, sums);
}

static __attribute__((noinline)) void multiply_s8(const Warp* warp) {
  /* Four numbers to a word. */
  alignas(32) unsigned rows[16][8], columns[8][8], sums[16][8];
  collect(warp, rows, columns, sums);
  alignas(32) int b[8][4][8];
  for (int w = 0; w < 8; w++) {
    Words words = *(const Words*)columns[w];
    for (int n = 0; n < 4; n++) {
      *(Ints*)b[w][n] = (Ints)(words << (24 - 8 * n)) >> 24;
    }
  }
  for (int i = 0; i < 16; i++) {
    Ints sum = *(const Ints*)sums[i];
    for (int w = 0; w < 8; w++) {
#pragma GCC unroll 4
      for (int n = 0; n < 4; n++) {
        sum += (int)(signed char)(rows[i][w] >> 8 * n) * *(const Ints*)b[w][n];
      }
    }
    *(Ints*)sums[i] = sum;
  }
  distribute(warp, sums);
}

/* Numbers of 32 / N bits, N to a word, that `widen` makes floats. */
template <int N, typename Widen>
static inline __attribute__((always_inline)) void multiply_widened(const Warp* warp, Widen widen) {
  alignas(32) unsigned rows[16][8], columns[8][8], sums[16][8];
  collect(warp, rows, columns, sums);
  alignas(32) float b[8][N][8];
  for (int w = 0; w < 8; w++) {
    for (int n = 0; n < N; n++) {
      for (int c = 0; c < 8; c++) {
        b[w][n][c] = widen(columns[w][c] >> 32 / N * n);
      }
    }
  }
  for (int i = 0; i < 16; i++) {
    Floats sum = *(const Floats*)sums[i];
    for (int w = 0; w < 8; w++) {
#pragma GCC unroll 4
      for (int n = 0; n < N; n++) {
        sum += widen(rows[i][w] >> 32 / N * n) * *(const Floats*)b[w][n];
      }
    }
    *(Floats*)sums[i] = sum;
  }
  distribute(warp, sums);
}

static __attribute__((noinline)) void multiply_f16(const Warp* warp) {
  multiply_widened<2>(warp, [](unsigned word) { return float_from_half((unsigned short)word); });
}

/* Every number in E4M3. */
struct Table {
  float number[256];

  Table() {
    for (int i = 0; i < 256; i++) {
      int exponent = i >> 3 & 15, fraction = i & 7;
      float magnitude = exponent == 15 && fraction == 7 ? NAN
                        : exponent == 0                 ? ldexpf((float)fraction, -9)
                                                        : ldexpf((float)(8 + fraction), exponent - 10);
      number[i] = i >= 128 ? -magnitude : magnitude;
    }
  }
};

static const Table table;

static __attribute__((noinline)) void multiply_e4m3(const Warp* warp) {
  multiply_widened<4>(warp, [](unsigned word) { return table.number[word & 255]; });
}

void mma_bf16(float* d, const unsigned* a, const unsigned* b) {
  bring(d, a, b);
  if (meet(ALL, "mma_bf16")) {
    multiply_bf16(lane->warp);
    leave(ALL);
  }
}

void mma_f16(float* d, const unsigned* a, const unsigned* b) {
  bring(d, a, b);
  if (meet(ALL, "mma_f16")) {
    multiply_f16(lane->warp);
    leave(ALL);
  }
}

void mma_s8(int* d, const unsigned* a, const unsigned* b) {
  bring(d, a, b);
  if (meet(ALL, "mma_s8")) {
    multiply_s8(lane->warp);
    leave(ALL);
  }
}

void mma_e4m3(float* d, const unsigned* a, const unsigned* b) {
  bring(d, a, b);
  if (meet(ALL, "mma_e4m3")) {
    multiply_e4m3(lane->warp);
    leave(ALL);
  }
}

static void check_aligned(const void* address, const char* step) {
  if ((uintptr_t)address % 16 != 0) {
    fail(MISALIGNED_ADDRESS, "%s with the address %p, which is not a multiple of 16", step, address);
  }
}

static bool load_matrices(unsigned* r, const void* shared, const char* step) {
  check_aligned(shared, step);
  bring(r, shared, nullptr);
  return meet(ALL, step);
}

void load_matrix_x4(unsigned* r, const void* shared) {
  if (load_matrices(r, shared, "load_matrix_x4")) {
    Warp* warp = lane->warp;
    for (int i = 0; i < LANES; i++) {
#pragma GCC unroll 4
      for (int j = 0; j < 4; j++) {
        memcpy((unsigned*)warp->operands[i].out + j, (const char*)warp->operands[8 * j + i / 4].a + i % 4 * 4, 4);
      }
    }
    leave(ALL);
  }
}

void load_matrix_x4_trans(unsigned* r, const void* shared) {
  if (load_matrices(r, shared, "load_matrix_x4_trans")) {
    Warp* warp = lane->warp;
    for (int i = 0; i < LANES; i++) {
#pragma GCC unroll 4
      for (int j = 0; j < 4; j++) {
        unsigned first = ((const uint16_t*)warp->operands[8 * j + i % 4 * 2].a)[i / 4];
        unsigned second = ((const uint16_t*)warp->operands[8 * j + i % 4 * 2 + 1].a)[i / 4];
        ((unsigned*)warp->operands[i].out)[j] = first | second << 16;
      }
    }
    leave(ALL);
  }
}

/* ---- copies in the background ---- */

static Copies* own_copies() {
  Lane* self = lane;
  if (self->copies == nullptr) {
    self->copies = &host->copies[self - host->lanes];
    self->copies->groups = 0;
    self->copies->pending.clear();
  }
  return self->copies;
}

static void carry_out(const Copy& copy) {
  if (copy.from == nullptr) {
    memset(copy.to, 0, 16);
  } else {
    memcpy(copy.to, copy.from, 16);
  }
}

/* As late as allowed, so that a missing wait shows; in shuffled order sometimes at once, so that a buffer shows that others
   are still reading. */
void copy_async_16(void* shared, const void* global, bool valid) {
  check_aligned(shared, "copy_async_16");
  check_aligned(global, "copy_async_16");
  Copies* copies = own_copies();
  Copy copy = {shared, valid ? global : nullptr, copies->groups};
  if (host->shuffled && (host->draw() & 1)) {
    carry_out(copy);
    return;
  }
  copies->pending.push_back(copy);
}

void copy_async_commit() { own_copies()->groups++; }

void copy_async_wait(int groups) {
  Copies* copies = own_copies();
  auto& pending = copies->pending;
  size_t done = 0;
  while (done < pending.size() && pending[done].group < copies->groups - groups) {
    carry_out(pending[done++]);
  }
  pending.erase(pending.begin(), pending.begin() + (long)done);
}

}  // namespace simt
