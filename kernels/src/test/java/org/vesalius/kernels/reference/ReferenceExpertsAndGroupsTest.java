package org.vesalius.kernels.reference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vesalius.kernels.AttentionShape;
import org.vesalius.kernels.Contents;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.ExpertRouting;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.KeyValues;
import org.vesalius.kernels.Matrices;
import org.vesalius.kernels.StoredWeights;
import org.vesalius.kernels.StoredWeights.Format;
import org.vesalius.kernels.StoredWeights.Place;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.Tolerance;
import org.vesalius.kernels.Weight;

/** Norms with a mean, mixtures, experts and groups, against numbers that fit on paper. */
class ReferenceExpertsAndGroupsTest {
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

  private Tensor zeros(int rows, int columns) {
    return kernels.allocate(ElementType.F32, rows, columns);
  }

  private void holds(Tensor tensor, double... expected) {
    float[] actual = Matrices.read(kernels, tensor);
    assertEquals(expected.length, actual.length);
    for (int i = 0; i < expected.length; i++) {
      double allowed = 4 * Tolerance.ROUNDOFF * Math.abs(expected[i]);
      assertEquals(expected[i], actual[i], allowed, "at " + i);
    }
  }

  private static void holdsIntegers(Tensor tensor, int... expected) {
    int[] actual = new int[tensor.rows() * tensor.columns()];
    for (int i = 0; i < actual.length; i++) {
      actual[i] = Contents.integer(tensor, i / tensor.columns(), i % tensor.columns());
    }
    assertArrayEquals(expected, actual);
  }

  @Test
  void layerNormTakesTheMeanAwayAndDividesByTheDeviation() {
    // Mean 4, variance 9; with epsilon 16 the divisor is 5.
    Tensor out = zeros(1, 2);
    kernels.layerNorm(out, floats(1, 2, 1, 7), floats(1, 2, 1, 10), floats(1, 2, 0.5, 2), 0);
    holds(out, -0.5, 12);
    Tensor x = floats(1, 2, 1, 7);
    kernels.layerNorm(x, x, floats(1, 2, 1, 10), floats(1, 2, 0.5, 2), 16);
    holds(x, -0.1, 8);
  }

  @Test
  void rowsAreScaledAddedAndMixed() {
    Tensor x = floats(3, 2, 1, 2, 3, 4, 5, 6);
    kernels.scale(x.rows(1, 1), -0.5f);
    holds(x, 1, 2, -1.5, -2, 5, 6);
    Tensor sums = floats(3, 2, 10, 20, 30, 40, 50, 60);
    kernels.addRows(sums, x.firstRows(2), Matrices.integers(kernels, 2, 0));
    holds(sums, 8.5, 18, 30, 40, 51, 62);
    Tensor mixed = zeros(2, 2);
    kernels.mixRows(
        mixed, x, Matrices.integerRows(kernels, 2, 2, 0, 2, 2, 2), floats(2, 2, 0.25, 1, 0.75, -3));
    holds(mixed, 4, 5, -10, -12);
  }

  @Test
  void routingTakesTheLargestSharesAndTheFirstOfEqualOnes() {
    // Shares of eighths: 1 2 4 1, then 3 1 1 3.
    Tensor logits = floats(2, 4, 0, Math.log(2), Math.log(4), 0, Math.log(3), 0, 0, Math.log(3));
    ExpertRouting routing = ExpertRouting.allocate(kernels, 2, 4, 2);
    kernels.route(routing, logits, false);
    holdsIntegers(routing.starts(), 0, 1, 2, 3, 4);
    holdsIntegers(routing.rows(), 1, 0, 0, 1);
    holdsIntegers(routing.places(), 2, 0, 1, 3);
    holds(routing.shares(), 4 / 8.0, 3 / 8.0, 2 / 8.0, 3 / 8.0);
    kernels.route(routing, logits, true);
    holdsIntegers(routing.places(), 2, 0, 1, 3);
    holds(routing.shares(), 2 / 3.0, 1 / 2.0, 1 / 3.0, 1 / 2.0);

    // A third expert of token 1 ties between 1 and 2; of token 0 between 0 and 3.
    ExpertRouting three = ExpertRouting.allocate(kernels, 2, 4, 3);
    kernels.route(three, logits, false);
    holdsIntegers(three.starts(), 0, 2, 4, 5, 6);
    holdsIntegers(three.rows(), 0, 1, 0, 1, 0, 1);
    holdsIntegers(three.places(), 4, 1, 2, 5, 0, 3);

    ExpertRouting all = ExpertRouting.allocate(kernels, 2, 4, 4);
    kernels.route(all, logits, true);
    holdsIntegers(all.starts(), 0, 2, 4, 6, 8);
    holdsIntegers(all.places(), 4, 1, 2, 7, 0, 3, 6, 5);
    holds(all.shares(), 4 / 8.0, 3 / 8.0, 2 / 8.0, 3 / 8.0, 1 / 8.0, 1 / 8.0, 1 / 8.0, 1 / 8.0);
  }

  @Test
  void expertsMultiplyTheirRows() {
    for (Format format : Format.values()) {
      Weight first = StoredWeights.of(Arena.ofAuto(), format, Place.ODD, 1, 2, 1, 2);
      Weight idle = StoredWeights.of(Arena.ofAuto(), format, Place.ODD, 1, 2, 100, 100);
      Weight last = StoredWeights.of(Arena.ofAuto(), format, Place.ODD, 1, 2, -4, 0.5f);
      Tensor out = zeros(3, 1);
      kernels.expertLinear(
          out,
          floats(3, 2, 1, 1, 3, -1, 2, 8),
          List.of(first, idle, last),
          Matrices.integers(kernels, 0, 2, 2, 3));
      holds(out, 3, 1, -4);
    }
  }

  @Test
  void transposedWeightsMultiplyWithTheirColumns() {
    for (Format format : Format.values()) {
      // Stored (2, 3): three outputs of two inputs.
      Weight stored =
          StoredWeights.of(Arena.ofAuto(), format, Place.ODD, 2, 3, 1, 2, 3, 10, 20, 30);
      Tensor out = zeros(1, 3);
      kernels.linear(
          out, floats(1, 2, 2, -1), new Weight.Transposed(stored), floats(1, 3, 0, 0, 100));
      holds(out, -8, -16, 76);
    }
  }

  @Test
  void groupsSeeEachOtherInBothDirections() {
    // Equal scores, so that the values 1, 2, 4, 8, 16 average. Tokens 1 to 3 are a group.
    Tensor q = floats(5, 1, 1, 1, 1, 1, 1);
    KeyValues keyValues = new KeyValues.Ragged(zeros(5, 1), floats(5, 1, 1, 2, 4, 8, 16));
    Tensor starts = Matrices.integers(kernels, 0, 5);
    Tensor groups = Matrices.integerRows(kernels, 2, 5, 0, 1, 1, 1, 4, 1, 4, 4, 4, 5);
    Tensor out = zeros(5, 1);
    kernels.attention(out, q, keyValues, starts, AttentionShape.causal(1, 1, 1), groups);
    holds(out, 1, 15 / 4.0, 15 / 4.0, 15 / 4.0, 31 / 5.0);
    // A window of two reaches back to token 0 from token 1 only.
    AttentionShape window = new AttentionShape(1, 1, 1, 1, true, 2);
    kernels.attention(out, q, keyValues, starts, window, groups);
    holds(out, 1, 15 / 4.0, 14 / 3.0, 14 / 3.0, 12);
  }
}
