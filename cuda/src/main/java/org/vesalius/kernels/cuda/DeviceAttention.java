package org.vesalius.kernels.cuda;

import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.AttentionShape;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.kernels.KeyValues;
import org.vesalius.kernels.Tensor;

/** Attention. Shapes have been checked. */
final class DeviceAttention {
  private static final int[] SIZES = {32, 64, 80, 96, 128, 256};

  /** Shared memory of the kernel of each size. */
  private static final int[] SHARED = {21_504, 37_888, 46_080, 54_272, 70_656, 68_096};

  private static final int LARGEST_SINGLE = 1024;
  private static final int THREADS = 128;
  private static final int COMBINE_THREADS = 64;
  private static final int PACK_THREADS = 256;
  private static final int PACK_WIDTH = 1024;

  /** Query rows of a block, of a kernel that takes all keys and of one that shares them out. */
  private static final int QUERIES = 64;

  private static final int FEW_QUERIES = 16;

  /** Keys of a piece. */
  private static final int PIECE = 512;

  /** Blocks below which a device has idle processors; it has some hundred. */
  private static final int FILLED = 256;

  /** Partial results beyond this are slower to write than processors are idle. */
  private static final long MOST_PARTIAL = 64L << 20;

  private static final int PACKED = 0;

  private final Launcher launcher;
  private final AddressTables tables;
  private final long fault;
  private final DeviceBuffer packedKeys;
  private final DeviceBuffer packedValues;
  private final DeviceBuffer partial;
  private final Launcher.Function[] whole = new Launcher.Function[SIZES.length];
  private final Launcher.Function[] split = new Launcher.Function[SIZES.length];
  private final Launcher.Function single;
  private final Launcher.Function combine;
  private final Launcher.Function pack;

  DeviceAttention(DeviceMemory memory, Launcher launcher, AddressTables tables, Faults faults) {
    this.launcher = launcher;
    this.tables = tables;
    fault = faults.record();
    packedKeys = new DeviceBuffer(memory, "the keys of a batch in BF16");
    packedValues = new DeviceBuffer(memory, "the values of a batch in BF16");
    partial = new DeviceBuffer(memory, "the pieces of attention");
    for (int i = 0; i < SIZES.length; i++) {
      whole[i] = launcher.function("attention_" + SIZES[i]);
      split[i] = launcher.function("attention_split_" + SIZES[i]);
    }
    single = launcher.function("attention_f32");
    combine = launcher.function("attention_combine");
    pack = launcher.function("pack_heads");
  }

  /** One call, and where its keys and values are. */
  private record Call(
      Tensor out,
      Tensor q,
      Tensor starts,
      AttentionShape shape,
      @Nullable Tensor groups,
      CachePointers pointers,
      KeyValues.@Nullable Paged cache,
      int keyRows) {

    int sequences() {
      return starts.columns() - 1;
    }

    /** Pieces that the longest possible sequence is cut into. */
    int pieces() {
      long keys = cache == null ? keyRows : (long) cache.pageTable().columns() * cache.pageSize();
      return Math.max(1, Launcher.blocks(keys, PIECE));
    }

    /** Blocks of rows: the queries of a head of keys, of each sequence by itself. */
    int blocks(int rows) {
      return Launcher.blocks((long) q.rows() * shape.group(), rows) + sequences();
    }

    long partialBytes() {
      return (long) q.rows() * shape.heads() * pieces() * (shape.headSize() + 2L) * Float.BYTES;
    }

    /** Whether sharing out keys pays: few queries, or too few blocks for the device. */
    boolean isSplit() {
      boolean few = (long) q.rows() * shape.group() <= (long) FEW_QUERIES * sequences();
      boolean idle = (long) blocks(QUERIES) * shape.kvHeads() < FILLED;
      return pieces() > 1 && (few || idle) && partialBytes() <= MOST_PARTIAL;
    }
  }

  void attend(
      Tensor out,
      Tensor q,
      KeyValues keyValues,
      Tensor starts,
      AttentionShape shape,
      @Nullable Tensor groups) {
    if (q.rows() == 0) {
      return;
    }
    launcher.begin();
    boolean single =
        keyValues instanceof KeyValues.Paged paged && paged.format() == CacheFormat.F32;
    requireSize(shape.headSize(), single ? LARGEST_SINGLE : SIZES[SIZES.length - 1]);
    Call call =
        switch (keyValues) {
          case KeyValues.Ragged(Tensor keys, Tensor values) ->
              new Call(
                  out,
                  q,
                  starts,
                  shape,
                  groups,
                  new CachePointers(
                      pack(packedKeys, keys, shape),
                      pack(packedValues, values, shape),
                      0,
                      0,
                      PACKED),
                  null,
                  keys.rows());
          case KeyValues.Paged paged ->
              new Call(out, q, starts, shape, groups, CachePointers.of(tables, paged), paged, 0);
        };
    if (single) {
      inSinglePrecision(call);
    } else {
      rounded(call);
    }
  }

  private static void requireSize(int size, int most) {
    if (size > most) {
      throw new IllegalArgumentException(
          "attention: expected heads of at most " + most + " on this device, found " + size);
    }
  }

  private long pack(DeviceBuffer to, Tensor x, AttentionShape shape) {
    int padded = Launcher.blocks(shape.headSize(), 16) * 16;
    int width = shape.kvHeads() * padded;
    long address = to.address((long) x.rows() * width * Short.BYTES);
    launcher.with(address).rows(x).with(x.rows()).with(shape.kvHeads());
    launcher.with(shape.headSize()).with(padded);
    launcher.run(pack, x.rows(), Launcher.blocks(width, PACK_WIDTH), PACK_THREADS);
    return address;
  }

  private void inSinglePrecision(Call call) {
    int shared = 4 * Float.BYTES * (call.shape.headSize() + 2);
    launcher.rows(call.out);
    arguments(call, 0);
    launcher.run(single, call.q.rows(), call.shape.heads(), 1, THREADS, shared);
  }

  private void rounded(Call call) {
    int size = 0;
    while (SIZES[size] < call.shape.headSize()) {
      size++;
    }
    int kvHeads = call.shape.kvHeads();
    if (!call.isSplit()) {
      launcher.rows(call.out);
      arguments(call, 0);
      launcher.run(whole[size], call.blocks(QUERIES), kvHeads, 1, THREADS, SHARED[size]);
      return;
    }
    long pieces = partial.address(call.partialBytes());
    launcher.with(0L).with(0);
    arguments(call, pieces);
    launcher.run(
        split[size], call.blocks(FEW_QUERIES), kvHeads, call.pieces(), THREADS, SHARED[size]);
    launcher.rows(call.out).with(pieces).with(call.pieces());
    launcher.with(call.cache == null ? null : call.cache.lengths()).with(call.starts);
    launcher.with(call.sequences()).with(call.q.rows()).with(call.shape.heads());
    launcher.with(call.shape.headSize());
    launcher.run(combine, call.q.rows(), call.shape.heads(), COMBINE_THREADS);
  }

  /** {@code VESALIUS_ATTENTION_ARGUMENTS} after the output. */
  private void arguments(Call call, long pieces) {
    CachePointers pointers = call.pointers;
    KeyValues.Paged cache = call.cache;
    launcher.rows(call.q);
    launcher.with(pointers.keys()).with(pointers.values());
    launcher.with(pointers.keyScales()).with(pointers.valueScales()).with(pointers.format());
    if (cache == null) {
      launcher.with(0).with(0).with(0).with(0L).with(0).with(0).with(0L);
    } else {
      Tensor table = cache.pageTable();
      launcher.with(cache.keys().size()).with(cache.pagesPerSlab()).with(cache.pageSize());
      launcher.rows(table).with(table.columns()).with(cache.lengths());
    }
    launcher.with(call.starts).with(call.sequences()).with(call.q.rows()).with(call.keyRows);
    AttentionShape shape = call.shape;
    launcher.with(shape.heads()).with(shape.kvHeads()).with(shape.headSize());
    launcher.with(shape.scale()).with(shape.causal() ? 1 : 0).with(shape.window());
    if (call.groups == null) {
      launcher.with(0L).with(0);
    } else {
      launcher.rows(call.groups);
    }
    launcher.with(pieces).with(fault);
  }
}
