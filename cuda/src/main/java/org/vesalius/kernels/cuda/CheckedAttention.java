package org.vesalius.kernels.cuda;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.ActivationRounding;
import org.vesalius.kernels.AttentionShape;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.kernels.KeyValues;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.Tolerance;

/** The {@link SelfCheck} of attention, and of the way into the cache. */
final class CheckedAttention {
  private static final int KV_HEADS = 2;
  private static final int HEADS = 4;

  private final Comparison comparison;

  private CheckedAttention(Comparison comparison) {
    this.comparison = comparison;
  }

  static void run(Comparison comparison) {
    CheckedAttention check = new CheckedAttention(comparison);
    for (CacheFormat format : CacheFormat.values()) {
      check.rotateAndCache(format, 64, format == CacheFormat.BF16);
    }
    // As vision encoders do: nothing remembered, in both directions.
    for (int size : new int[] {32, 64, 80, 96, 128, 256}) {
      check.attention(AttentionShape.full(2, size), null, false, 3, 3, 6, 6);
    }
    // As prompts do, the first in pieces.
    check.attention(causal(72, 0), CacheFormat.BF16, false, 20, 9, 5, 5);
    check.attention(causal(128, 8), CacheFormat.INT8, false, 20, 9, 5, 5);
    check.attention(causal(64, 0), CacheFormat.F32, true, 20, 9, 5, 5);
    check.attention(causal(64, 6), CacheFormat.BF16, true, 20, 9, 5, 5);
    // As steps do, one token each; the first has so many keys that several blocks share them.
    check.attention(causal(32, 0), CacheFormat.BF16, false, 530, 1, 7, 1);
    check.attention(causal(128, 0), CacheFormat.INT8, false, 20, 1, 7, 1);
    check.attention(causal(64, 0), CacheFormat.INT8, false, 20, 1, 7, 1);
    check.attention(causal(80, 9), CacheFormat.BF16, false, 20, 1, 7, 1);
    check.attention(causal(96, 0), CacheFormat.INT8, false, 20, 1, 7, 1);
    check.attention(causal(256, 0), CacheFormat.BF16, false, 20, 1, 7, 1);
    check.attention(causal(128, 0), CacheFormat.F32, false, 20, 1, 7, 1);
    // Of a cache in F32 a block takes 128 keys at a time.
    check.attention(causal(64, 0), CacheFormat.F32, false, 300, 1, 7, 1);
    check.attention(causal(64, 140), CacheFormat.F32, false, 300, 2, 7, 1);
  }

  private static AttentionShape causal(int size, int window) {
    return new AttentionShape(HEADS, KV_HEADS, size, (float) (1 / Math.sqrt(size)), true, window);
  }

  /**
   * Magnitudes that are summed into element {@code i} of rotated rows of {@code width}: {@code |a
   * cos| + |b sin|}.
   */
  static double turned(float[] x, float[] cos, float[] sin, int pairs, int width, int i) {
    int place = i % width % (2 * pairs);
    int angle = i / width * pairs + place % pairs;
    float other = x[place < pairs ? i + pairs : i - pairs];
    return Math.abs((double) x[i] * cos[angle]) + Math.abs((double) other * sin[angle]);
  }

  private void attention(
      AttentionShape shape, @Nullable CacheFormat format, boolean grouped, int... counts) {
    AttentionSample sample = AttentionSample.of(comparison, shape, format, grouped, counts);
    String what = "attention " + sample;
    // The definition is given what the device rounds first; what is left is within the bound.
    ActivationRounding rounding = sample.rounding(comparison);
    AttentionSample rounded = sample.rounded(rounding);
    float[] magnitudes = comparison.defined(rounded.magnitudes()::attend);
    double[] scores = rounded.largestScores();
    Comparison.compare(
        what,
        comparison.defined(rounded::attend),
        comparison.found(what, sample::attend),
        i ->
            Tolerance.attention(
                rounding,
                shape.headSize(),
                sample.longest(),
                scores[i / shape.headSize()],
                magnitudes[i]));
  }

  /**
   * Queries and keys are within their bounds, and the cache holds exactly what its format makes of
   * the keys and values that came back.
   */
  private void rotateAndCache(CacheFormat format, int size, boolean gains) {
    int tokens = 5;
    int pairs = size / 2;
    int[] slots = {17, 3, 0, 22, 9};
    float[] q = comparison.normal(tokens * HEADS * size);
    float[] k = comparison.normal(tokens * KV_HEADS * size);
    float[] v = comparison.normal(tokens * KV_HEADS * size);
    float[] cos = comparison.normal(tokens * pairs);
    float[] sin = comparison.normal(tokens * pairs);
    float[] gain = gains ? comparison.normal(size) : null;
    String what =
        "rotateAndCache in "
            + format
            + " ("
            + tokens
            + ", "
            + HEADS * size
            + ")"
            + (gains ? " with norms" : "");
    Into into = new Into(format, size, slots, cos, sin, gain);
    float[] expected = comparison.defined(trial -> into.store(trial, q, k, v));
    float[] found = comparison.found(what, trial -> into.store(trial, q, k, v));
    float[] plainQ = gain == null ? q : comparison.defined(trial -> norm(trial, q, gain));
    float[] plainK = gain == null ? k : comparison.defined(trial -> norm(trial, k, gain));
    int keys = q.length + k.length;
    Comparison.compare(
        what,
        Arrays.copyOf(expected, keys + v.length),
        Arrays.copyOf(found, keys + v.length),
        i -> {
          if (i >= keys) {
            return 0;
          }
          boolean key = i >= q.length;
          int width = (key ? KV_HEADS : HEADS) * size;
          double magnitudes =
              turned(key ? plainK : plainQ, cos, sin, pairs, width, key ? i - q.length : i);
          return Tolerance.rotation(magnitudes)
              + (gain == null ? 0 : Tolerance.norm(size, magnitudes));
        });
    // Turned by nothing, so that storing is all that is left.
    float[] ones = new float[cos.length];
    Arrays.fill(ones, 1);
    Into only = new Into(format, size, slots, ones, new float[sin.length], null);
    float[] storedK = Arrays.copyOfRange(found, q.length, keys);
    float[] stored = comparison.defined(trial -> only.store(trial, q, storedK, v));
    Comparison.compare(
        what + ", the cache",
        Arrays.copyOfRange(stored, keys + v.length, stored.length),
        Arrays.copyOfRange(found, keys + v.length, found.length),
        _ -> 0);
  }

  private static float[] norm(Trial trial, float[] x, float[] gain) {
    int size = gain.length;
    Tensor out = trial.zeros(x.length / size, size);
    trial
        .kernels()
        .rmsNorm(out, trial.of(x.length / size, size, x), trial.of(1, size, gain), Into.EPSILON);
    return trial.read(out);
  }

  /** A call of {@code rotateAndCache} into a cache of two slabs of two pages. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Into(
      CacheFormat format,
      int size,
      int[] slots,
      float[] cos,
      float[] sin,
      float @Nullable [] gain) {
    static final float EPSILON = 1e-6f;
    private static final int PAGES_PER_SLAB = 2;
    private static final int PAGE = 6;
    private static final int SLAB_ROWS = PAGES_PER_SLAB * PAGE * KV_HEADS;

    /** Queries, keys and values, then the cache. */
    float[] store(Trial trial, float[] q, float[] k, float[] v) {
      int tokens = slots.length;
      Tensor queries = trial.of(tokens, HEADS * size, q);
      Tensor keys = trial.of(tokens, KV_HEADS * size, k);
      Tensor values = trial.of(tokens, KV_HEADS * size, v);
      List<Tensor> keySlabs = slabs(trial);
      List<Tensor> valueSlabs = slabs(trial);
      List<Tensor> keyScales = scales(trial);
      List<Tensor> valueScales = scales(trial);
      KeyValues.Paged cache =
          new KeyValues.Paged(
              keySlabs,
              valueSlabs,
              keyScales,
              valueScales,
              KV_HEADS,
              PAGE,
              PAGES_PER_SLAB,
              trial.integers(1, 1, 0),
              trial.integers(1, 1, 0));
      trial
          .kernels()
          .rotateAndCache(
              queries,
              keys,
              values,
              gain == null ? null : trial.of(1, size, gain),
              gain == null ? null : trial.of(1, size, gain),
              EPSILON,
              trial.of(tokens, size / 2, cos),
              trial.of(tokens, size / 2, sin),
              cache,
              trial.integers(1, tokens, slots));
      ArrayList<Tensor> all = new ArrayList<>(List.of(queries, keys, values));
      for (List<Tensor> part : List.of(keySlabs, valueSlabs, keyScales, valueScales)) {
        all.addAll(part);
      }
      return trial.read(all);
    }

    private List<Tensor> slabs(Trial trial) {
      return List.of(
          trial.allocate(format.elementType(), SLAB_ROWS, size),
          trial.allocate(format.elementType(), SLAB_ROWS, size));
    }

    private List<Tensor> scales(Trial trial) {
      return format.scaled()
          ? List.of(trial.zeros(1, SLAB_ROWS), trial.zeros(1, SLAB_ROWS))
          : List.of();
    }
  }
}
