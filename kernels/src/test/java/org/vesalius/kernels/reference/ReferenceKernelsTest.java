package org.vesalius.kernels.reference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vesalius.kernels.Activation;
import org.vesalius.kernels.AttentionShape;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.KeyValues;
import org.vesalius.kernels.Matrices;
import org.vesalius.kernels.Rotary;
import org.vesalius.kernels.StoredWeights;
import org.vesalius.kernels.StoredWeights.Format;
import org.vesalius.kernels.StoredWeights.Place;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.Tolerance;
import org.vesalius.kernels.Weight;

/** The definition itself, against numbers that a reader can check with pencil and paper. */
class ReferenceKernelsTest {
  private final Kernels kernels = new ReferenceKernels(new KernelOptions(2));

  @AfterEach
  void close() {
    kernels.close();
  }

  private Tensor floats(int rows, int columns, double... values) {
    float[] narrowed = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      narrowed[i] = (float) values[i];
    }
    return Matrices.of(kernels, rows, columns, narrowed);
  }

  private Tensor integers(int... values) {
    return Matrices.integers(kernels, values);
  }

  private Tensor zeros(int rows, int columns) {
    return kernels.allocate(ElementType.F32, rows, columns);
  }

  private void holds(Tensor tensor, double... expected) {
    float[] actual = Matrices.read(kernels, tensor);
    assertEquals(expected.length, actual.length);
    for (int i = 0; i < expected.length; i++) {
      double magnitude = Double.isInfinite(expected[i]) ? 0 : Math.abs(expected[i]);
      assertEquals(expected[i], actual[i], 4 * Tolerance.ROUNDOFF * magnitude, "at " + i);
    }
  }

  @Test
  void linearMultipliesWithRowsOfTheWeight() {
    for (Format format : Format.values()) {
      for (Place place : Place.values()) {
        Weight weight = StoredWeights.of(Arena.ofAuto(), format, place, 2, 3, 1, 2, 3, 0.5f, -1, 4);
        Tensor out = zeros(2, 2);
        kernels.linear(out, floats(2, 3, 1, 1, 1, 2, 0, -1), weight, null);
        holds(out, 6, 3.5, -1, -3);
        kernels.linear(out, floats(2, 3, 1, 1, 1, 2, 0, -1), weight, floats(1, 2, 10, 20));
        holds(out, 16, 23.5, 9, 17);
      }
    }
  }

  @Test
  void embedReadsRowsInEveryFormat() {
    for (Format format : Format.values()) {
      Weight table =
          StoredWeights.of(Arena.ofAuto(), format, Place.ODD, 3, 2, 1, 2, -3, 4, 0.5f, -0.25f);
      Tensor out = zeros(4, 2);
      kernels.embed(out, table, integers(2, 0, 2, 1));
      holds(out, 0.5, -0.25, 1, 2, 0.5, -0.25, -3, 4);
    }
  }

  @Test
  void halfPrecisionHasSubnormalNumbers() {
    // 2^-24 is the smallest half precision number, 65504 the largest.
    Weight table =
        StoredWeights.of(Arena.ofAuto(), Format.F16, Place.ALIGNED, 1, 2, 0x1p-24f, 65504);
    Tensor out = zeros(1, 2);
    kernels.embed(out, table, integers(0));
    holds(out, 0x1p-24, 65504);
  }

  @Test
  void rowsMove() {
    Tensor x = floats(3, 2, 1, 2, 3, 4, 5, 6);
    Tensor gathered = zeros(2, 2);
    kernels.gatherRows(gathered, x, integers(2, 0));
    holds(gathered, 5, 6, 1, 2);
    Tensor scattered = floats(4, 2, 9, 9, 9, 9, 9, 9, 9, 9);
    kernels.scatterRows(scattered, gathered, integers(3, 1));
    holds(scattered, 9, 9, 1, 2, 9, 9, 5, 6);
  }

  @Test
  void normDividesByTheRootOfTheMeanSquare() {
    // The mean square of (1, 7) is 25; with epsilon 11 it is 36.
    Tensor out = zeros(1, 2);
    kernels.rmsNorm(out, floats(1, 2, 1, 7), floats(1, 2, 1, 10), 0);
    holds(out, 0.2, 14);
    kernels.rmsNorm(out, floats(1, 2, 1, 7), floats(1, 2, 1, 10), 11);
    holds(out, 1 / 6.0, 70 / 6.0);
    Tensor residual = floats(1, 2, 3, 3);
    kernels.addRmsNorm(out, residual, floats(1, 2, -2, 4), floats(1, 2, 1, 10), 0);
    holds(residual, 1, 7);
    holds(out, 0.2, 14);
  }

  @Test
  void activationsAtOne() {
    // Values from tables of the logistic function and the normal distribution.
    double logistic = 0.7310585786300049;
    double normal = 0.8413447460685429;
    for (Activation activation : Activation.values()) {
      double expected =
          switch (activation) {
            case SILU -> logistic;
            case GELU -> normal;
            // 0.5 (1 + tanh(0.833572)) and 1 / (1 + exp(-1.702))
            case GELU_TANH -> 0.8411919906082768;
            case QUICK_GELU -> 0.8457957659328212;
          };
      Tensor x = floats(1, 3, 1, -1, 0);
      kernels.activate(x, activation);
      holds(x, expected, expected - 1, 0);
      Tensor gate = floats(1, 3, 1, -1, 0);
      kernels.gatedActivation(gate, floats(1, 3, 4, 2, 5), activation);
      holds(gate, 4 * expected, 2 * (expected - 1), 0);
    }
  }

  @Test
  void rotationTurnsHalvesOfAHead() {
    // Two heads of four: pair 0 by a quarter turn, pair 1 by the angle of (0.6, 0.8).
    Tensor x = floats(1, 8, 1, 10, 2, 20, 3, 30, 4, 40);
    kernels.rotate(x, floats(1, 2, 0, 0.6), floats(1, 2, 1, 0.8));
    holds(x, -2, -10, 1, 20, -4, -14, 3, 48);
  }

  @Test
  void rotaryAnglesFollowTheirAxis() {
    Rotary rotary = new Rotary(floats(1, 3, 1, 0.5, 0.25), integers(0, 1, 1), 2);
    Tensor cos = zeros(2, 3);
    Tensor sin = zeros(2, 3);
    Tensor positions = kernels.allocate(ElementType.I32, 2, 2);
    kernels.write(positions, new int[] {0, 3, 2, 4});
    kernels.rotaryTable(cos, sin, positions, rotary);
    holds(
        cos,
        2,
        2 * Math.cos(1),
        2 * Math.cos(0.5),
        2 * Math.cos(3),
        2 * Math.cos(2),
        2 * Math.cos(1));
    holds(
        sin,
        0,
        2 * Math.sin(1),
        2 * Math.sin(0.5),
        2 * Math.sin(3),
        2 * Math.sin(2),
        2 * Math.sin(1));
  }

  @Test
  void attentionWeighsByTheExponentOfScores() {
    // Scores of the second query are scale * (0, ln 3): weights 1/4 and 3/4.
    double score = Math.log(3) / 2;
    AttentionShape shape = new AttentionShape(1, 1, 2, 2, true, 0);
    Tensor q = floats(2, 2, 1, 0, 1, 0);
    Tensor k = floats(2, 2, 0, 5, score, 7);
    Tensor v = floats(2, 2, 4, 8, 8, -8);
    Tensor out = zeros(2, 2);
    kernels.attention(out, q, new KeyValues.Ragged(k, v), integers(0, 2), shape);
    assertAttention(out, 4, 8, 7, -4);
    AttentionShape full = new AttentionShape(1, 1, 2, 2, false, 0);
    kernels.attention(out, q, new KeyValues.Ragged(k, v), integers(0, 2), full);
    assertAttention(out, 7, -4, 7, -4);
    AttentionShape window = new AttentionShape(1, 1, 2, 2, true, 1);
    kernels.attention(out, q, new KeyValues.Ragged(k, v), integers(0, 2), window);
    assertAttention(out, 4, 8, 8, -8);
    kernels.attention(out, q, new KeyValues.Ragged(k, v), integers(0, 1, 2), full);
    assertAttention(out, 4, 8, 8, -8);
  }

  private void assertAttention(Tensor out, double... expected) {
    float[] actual = Matrices.read(kernels, out);
    for (int i = 0; i < expected.length; i++) {
      // ln 3 is rounded to a float before it is used.
      assertEquals(expected[i], actual[i], Tolerance.attention(2, 2, 2, 16), "at " + i);
    }
  }

  @Test
  void groupsShareKeysAndPagesAreFoundByTheTable() {
    // Four query heads on two key/value heads of size one; equal scores, so that values average.
    // Two slabs of two pages of two tokens; sequence 0 has tokens 0..2 in pages 3 and 0, sequence 1
    // one token in page 2. Row of a slab: (page % 2 * 2 + head) * 2 + slot.
    Tensor keys = zeros(8, 1);
    Tensor first = floats(8, 1, 5, 0, 50, 0, 0, 0, 0, 0);
    Tensor second = floats(8, 1, 100, 0, 200, 0, 1, 3, 10, 30);
    Tensor table = kernels.allocate(ElementType.I32, 2, 2);
    kernels.write(table, new int[] {3, 0, 2, 0});
    KeyValues.Paged paged =
        new KeyValues.Paged(
            List.of(keys, keys), List.of(first, second), 2, 2, 2, table, integers(3, 1));
    AttentionShape shape = new AttentionShape(4, 2, 1, 1, true, 0);
    // Sequence 0 asks with its last two tokens, sequence 1 with its only one.
    Tensor out = zeros(3, 4);
    kernels.attention(
        out, floats(3, 4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1), paged, integers(0, 2, 3), shape);
    holds(out, 2, 2, 20, 20, 3, 3, 30, 30, 100, 100, 200, 200);
  }

  @Test
  void rotateAndCacheNormalisesRotatesAndStores() {
    // One token, one head of two, a quarter turn. The root mean square of (1, 7) is 5.
    Tensor q = floats(1, 4, 1, 7, 7, 1);
    Tensor k = floats(1, 2, 1, 7);
    Tensor keys = zeros(4, 2);
    Tensor values = zeros(4, 2);
    KeyValues.Paged cache =
        new KeyValues.Paged(List.of(keys), List.of(values), 1, 2, 2, integers(0), integers(1));
    kernels.rotateAndCache(
        q,
        k,
        floats(1, 2, 8, 9),
        floats(1, 2, 1, 1),
        floats(1, 2, 10, 100),
        0,
        floats(1, 1, 0),
        floats(1, 1, 1),
        cache,
        integers(3));
    holds(q, -1.4, 0.2, -0.2, 1.4);
    holds(k, -140, 2);
    holds(keys, 0, 0, 0, 0, 0, 0, -140, 2);
    holds(values, 0, 0, 0, 0, 0, 0, 8, 9);
  }

  private void cached(CacheFormat format, double[] values, double scale, double... expected) {
    int size = values.length;
    Tensor zero = zeros(1, size);
    List<Tensor> keys = List.of(kernels.allocate(format.elementType(), 2, size));
    List<Tensor> slab = List.of(kernels.allocate(format.elementType(), 2, size));
    List<Tensor> scales = format.scaled() ? List.of(zeros(1, 2)) : List.of();
    kernels.rotateAndCache(
        zero,
        zero,
        floats(1, size, values),
        null,
        null,
        0,
        zeros(1, size / 2),
        zeros(1, size / 2),
        new KeyValues.Paged(
            keys,
            slab,
            List.of(zeros(1, 2)).subList(0, scales.size()),
            scales,
            1,
            2,
            1,
            integers(0),
            integers(1)),
        integers(1));
    double[] rows = new double[2 * size];
    System.arraycopy(expected, 0, rows, size, size);
    holds(slab.getFirst(), rows);
    if (format.scaled()) {
      holds(scales.getFirst(), 0, scale);
    }
  }

  @Test
  void theCacheRoundsToTheNearestAndTiesToEven() {
    // Steps of 2 above 256 and of 1 below.
    cached(CacheFormat.BF16, new double[] {257, 259, 255.4, -3}, 1, 256, 260, 255, -3);
    cached(CacheFormat.BF16, new double[] {0x1.fep127, 0x1.ffp127}, 1, 0x1.fep127, 1 / 0.0);
    cached(CacheFormat.INT8, new double[] {254, -254, 1, 3, 5, -1.01}, 2, 127, -127, 0, 2, 2, -1);
    cached(CacheFormat.INT8, new double[] {0, 0}, 0, 0, 0);
    cached(CacheFormat.INT8, new double[] {1e-36, -1e-37}, 0, 0, 0);
  }

  @Test
  void attentionReadsWhatTheCacheHolds() {
    Tensor keys = kernels.allocate(ElementType.I8, 2, 2);
    Tensor values = kernels.allocate(ElementType.I8, 2, 2);
    kernels.write(keys, new float[] {0, 0, 1, 0});
    kernels.write(values, new float[] {100, -8, -4, 8});
    AttentionShape shape = new AttentionShape(1, 1, 2, 1, true, 0);
    Tensor out = zeros(1, 2);
    // Weights 1/4 and 3/4, because the second key is ln 3.
    kernels.attention(
        out,
        floats(1, 2, 1, 0),
        new KeyValues.Paged(
            List.of(keys),
            List.of(values),
            List.of(floats(1, 2, 5, (float) Math.log(3))),
            List.of(floats(1, 2, 0.5f, 2)),
            1,
            2,
            1,
            integers(0),
            integers(2)),
        integers(0, 1),
        shape);
    assertAttention(out, 0.25 * 50 - 0.75 * 8, -0.25 * 4 + 0.75 * 16);
  }

  @Test
  void errorFunction() {
    // Abramowitz and Stegun, table 7.1.
    double[][] table = {
      {0, 0}, {0.1, 0.1124629160}, {0.5, 0.5204998778}, {1, 0.8427007929}, {2, 0.9953222650}
    };
    for (double[] row : table) {
      assertEquals(row[1], ErrorFunction.erf(row[0]), 5e-11);
      assertEquals(-row[1], ErrorFunction.erf(-row[0]), 5e-11);
    }
    assertEquals(1 - 2.209049699858544e-5, ErrorFunction.erf(3), 1e-15);
    assertEquals(1, ErrorFunction.erf(100));
    assertEquals(Double.NaN, ErrorFunction.erf(Double.NaN));
  }

  @Test
  void copiesKeepBits() {
    float[] values = {Float.MIN_VALUE, -0f, Float.NEGATIVE_INFINITY, 3};
    Tensor x = Matrices.of(kernels, 2, 2, values);
    assertArrayEquals(values, Matrices.read(kernels, x));
  }
}
