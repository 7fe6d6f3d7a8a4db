package org.vesalius.kernels.cuda;

import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.KeyValues;
import org.vesalius.kernels.Rotary;
import org.vesalius.kernels.Tensor;

/** Rotary position embeddings and the way into the cache. Shapes have been checked. */
final class DeviceRotations {
  private static final int TABLE_THREADS = 64;

  private static final int THREADS = 128;

  /** Heads of a block. */
  private static final int HEADS = 4;

  private final Launcher launcher;
  private final AddressTables tables;
  private final long fault;
  private final Launcher.Function table;
  private final Launcher.Function rotate;
  private final Launcher.Function rotateAndCache;

  DeviceRotations(Launcher launcher, AddressTables tables, Faults faults) {
    this.launcher = launcher;
    this.tables = tables;
    fault = faults.record();
    table = launcher.function("rotary_table");
    rotate = launcher.function("rotate");
    rotateAndCache = launcher.function("rotate_and_cache");
  }

  void table(Tensor cos, Tensor sin, Tensor positions, Rotary rotary) {
    launcher.begin();
    launcher.rows(cos).rows(sin).rows(positions).with(positions.rows());
    launcher.with(rotary.inverseFrequencies()).with(rotary.axis());
    launcher.with(cos.rows()).with(rotary.pairs()).with(rotary.scaling()).with(fault);
    launcher.run(table, cos.rows(), Launcher.blocks(rotary.pairs(), TABLE_THREADS), TABLE_THREADS);
  }

  void rotate(Tensor x, Tensor cos, Tensor sin) {
    int heads = x.columns() / (2 * cos.columns());
    launcher.begin();
    launcher.rows(x).rows(cos).rows(sin).with(x.rows()).with(heads).with(cos.columns());
    launcher.run(rotate, x.rows(), Launcher.blocks(heads, HEADS), THREADS);
  }

  void rotateAndCache(
      Tensor q,
      Tensor k,
      Tensor v,
      @Nullable Tensor qGain,
      @Nullable Tensor kGain,
      float epsilon,
      Tensor cos,
      Tensor sin,
      KeyValues.Paged cache,
      Tensor slots) {
    int heads = q.columns() / (2 * cos.columns());
    launcher.begin();
    CachePointers pointers = CachePointers.of(tables, cache);
    launcher.rows(q).rows(k).rows(v).with(qGain).with(kGain).with(epsilon).rows(cos).rows(sin);
    launcher.with(pointers.keys()).with(pointers.values());
    launcher.with(pointers.keyScales()).with(pointers.valueScales());
    launcher.with(pointers.format()).with(cache.keys().size());
    launcher.with(cache.pagesPerSlab()).with(cache.pageSize()).with(slots);
    launcher.with(q.rows()).with(heads).with(cache.kvHeads()).with(cos.columns()).with(fault);
    launcher.run(
        rotateAndCache, q.rows(), Launcher.blocks(heads + 2L * cache.kvHeads(), HEADS), THREADS);
  }
}
