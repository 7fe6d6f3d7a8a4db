package org.vesalius.nativekernels;

import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.Contents;
import org.vesalius.kernels.KeyValues;
import org.vesalius.kernels.Rotary;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.WorkerPool;

/** Rotary position embedding and the way of keys and values into the cache, token by token. */
final class NativeRotations implements AutoCloseable {
  private static final int ROTATION = 2;
  private static final int SINE = 32;

  private final WorkerPool pool;
  private final CacheStruct struct = new CacheStruct();

  NativeRotations(WorkerPool pool) {
    this.pool = pool;
  }

  void table(Tensor cos, Tensor sin, Tensor positions, Rotary rotary) {
    long cosines = Addresses.of(cos);
    long sines = Addresses.of(sin);
    long at = Addresses.of(positions);
    long frequencies = Addresses.of(rotary.inverseFrequencies());
    long axis = Addresses.of(rotary.axis());
    RowLoop.run(
        pool,
        cos.rows(),
        rotary.pairs(),
        SINE,
        (from, to) ->
            NativeLibrary.rotaryTable(
                cosines,
                cos.stride(),
                sines,
                sin.stride(),
                at,
                positions.stride(),
                frequencies,
                axis,
                rotary.scaling(),
                rotary.pairs(),
                from,
                to));
  }

  void rotate(Tensor x, Tensor cos, Tensor sin) {
    long at = Addresses.of(x);
    long cosines = Addresses.of(cos);
    long sines = Addresses.of(sin);
    RowLoop.run(
        pool,
        x.rows(),
        x.columns(),
        ROTATION,
        (from, to) -> rotate(x, at, 0, 0, cos, cosines, sin, sines, from, to));
  }

  private static void rotate(
      Tensor x,
      long at,
      long gain,
      float epsilon,
      Tensor cos,
      long cosines,
      Tensor sin,
      long sines,
      int from,
      int to) {
    int headSize = 2 * cos.columns();
    NativeLibrary.rotate(
        at,
        x.stride(),
        x.columns() / headSize,
        headSize,
        gain,
        epsilon,
        cosines,
        cos.stride(),
        sines,
        sin.stride(),
        from,
        to);
  }

  /** Norm, rotation and store of a token follow each other, while it is in the nearest cache. */
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
    long queries = Addresses.of(q);
    long keys = Addresses.of(k);
    long values = Addresses.of(v);
    long queryGain = Addresses.of(qGain);
    long keyGain = Addresses.of(kGain);
    long cosines = Addresses.of(cos);
    long sines = Addresses.of(sin);
    long places = Addresses.of(slots);
    long target = struct.write(cache, cache.kvHeads(), 2 * cos.columns());
    // Of two tokens in one slot the later one stays, as in the definition: then one thread stores.
    boolean apart = ascending(slots);
    RowLoop.run(
        pool,
        q.rows(),
        q.columns() + 2 * k.columns(),
        ROTATION,
        (from, to) -> {
          rotate(q, queries, queryGain, epsilon, cos, cosines, sin, sines, from, to);
          rotate(k, keys, keyGain, epsilon, cos, cosines, sin, sines, from, to);
          if (apart) {
            store(target, k, keys, v, values, places, from, to);
          }
        });
    if (!apart) {
      store(target, k, keys, v, values, places, 0, q.rows());
    }
  }

  private static void store(
      long cache, Tensor k, long keys, Tensor v, long values, long slots, int from, int to) {
    NativeLibrary.store(cache, 0, keys, k.stride(), slots, from, to);
    NativeLibrary.store(cache, 1, values, v.stride(), slots, from, to);
  }

  private static boolean ascending(Tensor slots) {
    for (int t = 1; t < slots.columns(); t++) {
      if (Contents.integer(slots, 0, t - 1) >= Contents.integer(slots, 0, t)) {
        return false;
      }
    }
    return true;
  }

  @Override
  public void close() {
    struct.close();
  }
}
