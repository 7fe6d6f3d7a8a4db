package org.vesalius.kernels;

import static org.junit.jupiter.api.Assertions.assertFalse;

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

    /** What a backend makes of the batch. */
    Result run(Kernels kernels, CacheFormat format) {
      int tokens = slots.length;
      Framed queries = Framed.of(kernels, tokens, heads * headSize, q);
      Framed keys = Framed.of(kernels, tokens, kvHeads * headSize, k);
      Framed values = Framed.of(kernels, tokens, kvHeads * headSize, v);
      int rows = PAGES_PER_SLAB * kvHeads * pageSize;
      List<Framed> slabs = new ArrayList<>();
      List<Framed> scales = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        slabs.add(Framed.contiguous(kernels, format.elementType(), rows, headSize));
        scales.add(Framed.of(kernels, 1, rows));
      }
      KeyValues.Paged cache =
          new KeyValues.Paged(
              List.of(slabs.get(0).view(), slabs.get(1).view()),
              List.of(slabs.get(2).view(), slabs.get(3).view()),
              format.scaled() ? List.of(scales.get(0).view(), scales.get(1).view()) : List.of(),
              format.scaled() ? List.of(scales.get(2).view(), scales.get(3).view()) : List.of(),
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
      return new Result(
          queries.read("q"),
          keys.read("k"),
          values.read("v"),
          slabs.stream().map(slab -> slab.read("cache")).toList(),
          scales.stream().map(scale -> scale.read("scales")).toList());
    }

    /**
     * The slabs and scales that a cache has which held canaries and was given these keys and
     * values.
     */
    List<float[]> cached(Kernels kernels, CacheFormat format, Result result) {
      int rows = PAGES_PER_SLAB * kvHeads * pageSize;
      List<float[]> all = new ArrayList<>();
      for (ElementType type : List.of(format.elementType(), ElementType.F32)) {
        int columns = all.isEmpty() ? headSize : 1;
        for (int i = 0; i < 4; i++) {
          all.add(Framed.of(kernels, type, rows, columns).read("canaries"));
        }
      }
      for (int t = 0; t < slots.length; t++) {
        int page = slots[t] / pageSize;
        for (int head = 0; head < kvHeads; head++) {
          int row = (page % PAGES_PER_SLAB * kvHeads + head) * pageSize + slots[t] % pageSize;
          int from = (t * kvHeads + head) * headSize;
          for (int half = 0; half < 2; half++) {
            float[] x = half == 0 ? result.k : result.v;
            StoredRow stored = StoredRow.of(format, Arrays.copyOfRange(x, from, from + headSize));
            int slab = 2 * half + page / PAGES_PER_SLAB;
            System.arraycopy(stored.elements(), 0, all.get(slab), row * headSize, headSize);
            if (format.scaled()) {
              all.get(4 + slab)[row] = stored.scale();
            }
          }
        }
      }
      return all;
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

  /**
   * What a call leaves behind.
   *
   * @param q rotated
   * @param k rotated
   * @param v as it was
   * @param slabs two of keys and two of values
   * @param scales of their rows
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared as a whole
  private record Result(
      float[] q, float[] k, float[] v, List<float[]> slabs, List<float[]> scales) {}

  /**
   * Queries and keys are within their bounds, and the cache holds the keys and values that were
   * returned, rounded as its format says: so what is stored may differ from the definition by a
   * step where the bound of the key allows it, and nowhere else.
   */
  private static void check(String backend, String what, Batch batch, CacheFormat format) {
    try (Kernels reference = BackendsUnderTest.reference();
        Kernels tested = BackendsUnderTest.open(backend, 2)) {
      Result expected = batch.run(reference, format);
      Result actual = batch.run(tested, format);
      float[] queries = batch.allowed(reference, batch.q, batch.qGain);
      float[] keys = batch.allowed(reference, batch.k, batch.kGain);
      Matrices.assertClose(what + " q", expected.q, actual.q, i -> queries[i]);
      Matrices.assertClose(what + " k", expected.k, actual.k, i -> keys[i]);
      Matrices.assertIdentical(what + " v", batch.v, actual.v);
      List<float[]> cached = batch.cached(reference, format, actual);
      for (int i = 0; i < 4; i++) {
        Matrices.assertIdentical(what + " slab " + i, cached.get(i), actual.slabs.get(i));
        Matrices.assertIdentical(
            what + " scales of slab " + i, cached.get(4 + i), actual.scales.get(i));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#all")
  void everyHeadSizeWithAndWithoutNorms(String backend) {
    Samples samples = new Samples(51);
    for (int headSize : new int[] {2, 8, 10, 12, 14, 16, 32, 36, 64, 72, 80, 128, 256}) {
      for (boolean norm : new boolean[] {false, true}) {
        int group = 1 + samples.below(3);
        int pageSize = new int[] {1, 5, 16}[samples.below(3)];
        int tokens = 1 + samples.below(6 * pageSize);
        Batch batch = new Batch(samples, group, headSize, pageSize, tokens, norm);
        for (CacheFormat format : CacheFormat.values()) {
          check(
              backend,
              backend
                  + " rotateAndCache "
                  + headSize
                  + (norm ? " with norms in " : " in ")
                  + format,
              batch,
              format);
        }
      }
    }
  }

  /** Rows of zeros, of very small and very large numbers, and halves between two steps. */
  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#all")
  void extremesAndTies(String backend) {
    Samples samples = new Samples(52);
    float[] sizes = {0, Float.MIN_VALUE, 0x1p-140f, 1e-36f, 1.5e-36f, 1e-30f, 1e30f, 3.4e38f};
    for (CacheFormat format : CacheFormat.values()) {
      for (int headSize : new int[] {6, 64}) {
        Batch batch = new Batch(samples, 1, headSize, 16, 2 * sizes.length, false);
        for (int i = 0; i < batch.v.length; i++) {
          int token = i / (batch.kvHeads * headSize);
          batch.v[i] =
              token < sizes.length
                  ? sizes[token] * (1 - 2 * samples.below(100) / 99f)
                  // 127 / 127 is the step of such rows, and bfloat16 has none between 128 and 129.
                  : i % headSize == 0 ? 127 : samples.below(254) / 2f;
        }
        check(backend, backend + " rotateAndCache extremes in " + format, batch, format);
      }
    }
  }

  /** What is not a number must not become one in the cache. */
  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#all")
  void notFinite(String backend) {
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      for (CacheFormat format : CacheFormat.values()) {
        Batch batch = new Batch(new Samples(53), 1, 36, 16, 1, false);
        batch.v[35] = bad;
        try (Kernels kernels = BackendsUnderTest.open(backend, 1)) {
          Result result = batch.run(kernels, format);
          int slab = 2 + batch.slots[0] / batch.pageSize / PAGES_PER_SLAB;
          int row =
              batch.slots[0] / batch.pageSize % PAGES_PER_SLAB * batch.kvHeads * batch.pageSize
                  + batch.slots[0] % batch.pageSize;
          float stored =
              format.scaled()
                  ? result.scales.get(slab)[row]
                  : result.slabs.get(slab)[row * batch.headSize + 35];
          assertFalse(
              Float.isFinite(stored), backend + " " + format + ": " + bad + " became " + stored);
        }
      }
    }
  }
}
