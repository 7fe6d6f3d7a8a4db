package org.vesalius.kernels;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.vesalius.kernels.Matrices.Framed;

/** Every backend's {@link Kernels#rotateAndCache} against the definition. */
class RotateAndCacheContractTest {
  private static final int PAGES_PER_SLAB = 3;

  /** A batch of tokens on its way into a cache of two slabs. */
  private static final class Batch {
    final int heads;
    final int kvHeads;
    final int headSize;
    final int pageSize;
    final int[] slots;
    final float[] q;
    final float[] k;
    final float[] v;
    final float[] cos;
    final float[] sin;
    final float @Nullable [] qGain;
    final float @Nullable [] kGain;

    Batch(Samples samples, int group, int headSize, int pageSize, int tokens, boolean norm) {
      kvHeads = 1 + samples.below(3);
      heads = group * kvHeads;
      this.headSize = headSize;
      this.pageSize = pageSize;
      slots = Arrays.copyOf(samples.permutation(2 * PAGES_PER_SLAB * pageSize), tokens);
      q = samples.normal(tokens * heads * headSize, 3);
      k = samples.normal(tokens * kvHeads * headSize, 3);
      v = samples.normal(tokens * kvHeads * headSize, 3);
      cos = samples.normal(tokens * headSize / 2, 1);
      sin = samples.normal(tokens * headSize / 2, 1);
      qGain = norm ? samples.normal(headSize, 1) : null;
      kGain = norm ? samples.normal(headSize, 1) : null;
    }

    private static @Nullable Tensor gain(Kernels kernels, float @Nullable [] values) {
      return values == null ? null : Matrices.of(kernels, 1, values.length, values);
    }

    /** Queries, keys, and both halves of the cache, one after the other. */
    List<float[]> run(Kernels kernels) {
      int tokens = slots.length;
      Framed queries = Framed.of(kernels, tokens, heads * headSize, q);
      Framed keys = Framed.of(kernels, tokens, kvHeads * headSize, k);
      Framed values = Framed.of(kernels, tokens, kvHeads * headSize, v);
      List<Framed> store = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        store.add(Framed.of(kernels, PAGES_PER_SLAB * kvHeads * pageSize, headSize));
      }
      KeyValues.Paged cache =
          new KeyValues.Paged(
              List.of(store.get(0).view(), store.get(1).view()),
              List.of(store.get(2).view(), store.get(3).view()),
              kvHeads,
              pageSize,
              PAGES_PER_SLAB,
              Matrices.integers(kernels, 0),
              Matrices.integers(kernels, 0));
      kernels.rotateAndCache(
          queries.view(),
          keys.view(),
          values.view(),
          gain(kernels, qGain),
          gain(kernels, kGain),
          1e-6f,
          Framed.of(kernels, tokens, headSize / 2, cos).view(),
          Framed.of(kernels, tokens, headSize / 2, sin).view(),
          cache,
          Matrices.integers(kernels, slots));
      List<float[]> results = new ArrayList<>();
      results.add(queries.read("q"));
      results.add(keys.read("k"));
      results.add(values.read("v"));
      store.forEach(part -> results.add(part.read("cache")));
      return results;
    }

    /** The allowed error of rotated rows. */
    float[] allowed(Kernels reference, float[] x, float @Nullable [] gain) {
      float[] normal = x;
      if (gain != null) {
        int rows = x.length / headSize;
        Tensor out = reference.allocate(ElementType.F32, rows, headSize);
        reference.rmsNorm(
            out,
            Matrices.of(reference, rows, headSize, x),
            Matrices.of(reference, 1, headSize, gain),
            1e-6f);
        normal = Matrices.read(reference, out);
      }
      int half = headSize / 2;
      int width = x.length / slots.length;
      float[] allowed = new float[x.length];
      for (int i = 0; i < x.length; i++) {
        int angle = i / width * half + i % half;
        double own = Math.abs(normal[i]);
        double other = Math.abs(normal[i % headSize < half ? i + half : i - half]);
        double magnitudes = own * Math.abs(cos[angle]) + other * Math.abs(sin[angle]);
        allowed[i] =
            (float)
                (Tolerance.rotation(magnitudes)
                    + (gain == null ? 0 : Tolerance.norm(headSize, magnitudes)));
      }
      return allowed;
    }
  }

  private static void check(String backend, String what, Batch batch) {
    try (Kernels reference = BackendsUnderTest.reference();
        Kernels tested = BackendsUnderTest.open(backend, 2)) {
      List<float[]> expected = batch.run(reference);
      List<float[]> actual = batch.run(tested);
      float[] queries = batch.allowed(reference, batch.q, batch.qGain);
      float[] keys = batch.allowed(reference, batch.k, batch.kGain);
      Matrices.assertClose(what + " q", expected.get(0), actual.get(0), i -> queries[i]);
      Matrices.assertClose(what + " k", expected.get(1), actual.get(1), i -> keys[i]);
      float largest = 0;
      for (float key : keys) {
        largest = Math.max(largest, key);
      }
      float any = largest;
      for (int i = 2; i < expected.size(); i++) {
        boolean ofKeys = i == 3 || i == 4;
        Matrices.assertClose(
            what + " result " + i, expected.get(i), actual.get(i), _ -> ofKeys ? any : 0);
      }
      // The cache holds the very keys that were returned.
      for (int t = 0; t < batch.slots.length; t++) {
        int page = batch.slots[t] / batch.pageSize;
        for (int head = 0; head < batch.kvHeads; head++) {
          int row =
              (page % PAGES_PER_SLAB * batch.kvHeads + head) * batch.pageSize
                  + batch.slots[t] % batch.pageSize;
          int source = (t * batch.kvHeads + head) * batch.headSize;
          Matrices.assertIdentical(
              what + " cached key of token " + t,
              Arrays.copyOfRange(actual.get(1), source, source + batch.headSize),
              Arrays.copyOfRange(
                  actual.get(3 + page / PAGES_PER_SLAB),
                  row * batch.headSize,
                  (row + 1) * batch.headSize));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void everyHeadSizeWithAndWithoutNorms(String backend) {
    Samples samples = new Samples(51);
    for (int headSize : new int[] {2, 8, 10, 12, 14, 16, 32, 36, 64, 72, 80, 128, 256}) {
      for (boolean norm : new boolean[] {false, true}) {
        int group = 1 + samples.below(3);
        int pageSize = new int[] {1, 5, 16}[samples.below(3)];
        int tokens = 1 + samples.below(6 * pageSize);
        check(
            backend,
            backend + " rotateAndCache " + headSize + (norm ? " with norms" : ""),
            new Batch(samples, group, headSize, pageSize, tokens, norm));
      }
    }
  }
}
