package org.vesalius.kernels.cuda;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.ActivationRounding;
import org.vesalius.kernels.Bfloat16;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.Float8;
import org.vesalius.kernels.Recording;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.Tolerance;
import org.vesalius.kernels.Weight;

/** The {@link SelfCheck} of matrix products of every format, and of recorded steps. */
final class CheckedProducts {
  private static final int ROWS = 18;
  private static final int FEW = 3;
  private static final int MANY = 9;

  private final Comparison comparison;
  private final Arena arena;

  private CheckedProducts(Comparison comparison, Arena arena) {
    this.comparison = comparison;
    this.arena = arena;
  }

  static void run(Comparison comparison) {
    try (Arena arena = Arena.ofConfined()) {
      CheckedProducts products = new CheckedProducts(comparison, arena);
      StoredFormat.common().forEach(products::format);
      products.transposed(StoredFormat.F32);
      products.transposed(StoredFormat.BF16);
      products.nothing();
      products.recorded();
    }
  }

  /** Of {@link Weight.Fp8} alone. */
  static void runSmall(Comparison comparison) {
    try (Arena arena = Arena.ofConfined()) {
      CheckedProducts products = new CheckedProducts(comparison, arena);
      products.format(StoredFormat.FP8);
      // As a library takes them.
      Weight even = StoredFormat.FP8.random(arena, comparison, 32, 144);
      for (int tokens : new int[] {MANY, 64}) {
        products.linear(StoredFormat.FP8.toString(), StoredFormat.FP8, even, tokens);
      }
    }
  }

  private void format(StoredFormat format) {
    // More than a group of columns, and no multiple of anything.
    int columns = format.group() > 1 ? format.group() + 10 : 138;
    linear(format, FEW, columns);
    linear(format, MANY, columns);
    experts(format, columns, 2, 0, 5);
    experts(format, columns, 6, 0, 7);
  }

  /** Activations as the device rounds them, for the definition to multiply. */
  private float[] rounded(float[] x, Weight weight, StoredFormat format) {
    float[] rounded = x.clone();
    ActivationRounding rounding = comparison.device().rounding(weight);
    int columns = weight.columns();
    for (int i = 0; i < x.length; i++) {
      switch (rounding) {
        case NONE -> {}
        case BF16 -> rounded[i] = Bfloat16.value(Bfloat16.round(x[i]));
        case INT8 -> {
          int row = i - i % columns;
          int first = row + (i - row) / format.group() * format.group();
          int end = Math.min(first + format.group(), row + columns);
          float scale = ActivationRounding.largest(x, first, end) / 127;
          rounded[i] = (float) Math.rint(x[i] / scale) * scale;
        }
        case FP8 -> {
          if (i % columns == 0) {
            Float8.roundToken(rounded, i, i + columns);
          }
        }
      }
    }
    return rounded;
  }

  /**
   * The bound of a product, what the rounded activations themselves lost, and what units for small
   * numbers may lose.
   */
  private static double allowed(StoredFormat format, int columns, double magnitudes) {
    ActivationRounding rounding =
        format == StoredFormat.FP8 ? ActivationRounding.FP8 : ActivationRounding.NONE;
    return Tolerance.dot(format.terms() * columns + 1, magnitudes)
        + (Tolerance.ROUNDOFF + Tolerance.units(rounding)) * magnitudes;
  }

  private static float[] multiply(Trial trial, Weight weight, float[] x, float @Nullable [] bias) {
    int tokens = x.length / weight.columns();
    Tensor out = trial.zeros(tokens, weight.rows());
    Tensor in = trial.of(tokens, weight.columns(), x);
    Tensor added = bias == null ? null : trial.of(1, bias.length, bias);
    trial.kernels().linear(out, in, trial.place(weight), added);
    return trial.read(out);
  }

  private void linear(StoredFormat format, int tokens, int columns) {
    linear(format.toString(), format, format.random(arena, comparison, ROWS, columns), tokens);
  }

  private void linear(String name, StoredFormat format, Weight weight, int tokens) {
    int columns = weight.columns();
    float[] x = comparison.normal(tokens * columns);
    float[] bias = comparison.normal(weight.rows());
    float[] rounded = rounded(x, weight, format);
    Weight absolute = StoredFormat.magnitudes(arena, weight);
    float[] magnitudes =
        comparison.defined(trial ->
            multiply(trial, absolute, Comparison.magnitudes(rounded), Comparison.magnitudes(bias)));
    String what = "linear " + name + " (" + tokens + ", " + columns + ") to " + weight.rows();
    Comparison.compare(
        what,
        comparison.defined(trial -> multiply(trial, weight, rounded, bias)),
        comparison.found(what, trial -> multiply(trial, weight, x, bias)),
        i -> allowed(format, columns, magnitudes[i]));
  }

  /** A weight that is stored by columns is turned once. */
  private void transposed(StoredFormat format) {
    Weight stored = format.random(arena, comparison, 70, ROWS);
    linear(format + " by columns", format, new Weight.Transposed(stored), FEW);
  }

  /** A sum of nothing is the bias, or zero. */
  private void nothing() {
    Weight weight = StoredFormat.F32.random(arena, comparison, ROWS, 0);
    float[] bias = comparison.normal(ROWS);
    float[] before = comparison.normal(2 * ROWS);
    for (float @Nullable [] added : new float @Nullable [][] {null, bias}) {
      comparison.checkExactly(
          "linear F32 (2, 0) to " + ROWS,
          trial -> {
            Tensor out = trial.of(2, ROWS, before);
            Tensor sum = added == null ? null : trial.of(1, ROWS, added);
            trial.kernels().linear(out, trial.zeros(2, 0), trial.place(weight), sum);
            return trial.read(out);
          });
    }
  }

  private static float[] multiply(Trial trial, List<Weight> experts, float[] x, int[] starts) {
    int columns = experts.getFirst().columns();
    int tokens = x.length / columns;
    Tensor out = trial.zeros(tokens, ROWS);
    trial
        .kernels()
        .expertLinear(
            out,
            trial.of(tokens, columns, x),
            experts.stream().map(trial::place).toList(),
            trial.integers(1, starts.length, starts));
    return trial.read(out);
  }

  private void experts(StoredFormat format, int columns, int... counts) {
    int[] starts = new int[counts.length + 1];
    List<Weight> experts = new ArrayList<>();
    List<Weight> absolute = new ArrayList<>();
    for (int e = 0; e < counts.length; e++) {
      starts[e + 1] = starts[e] + counts[e];
      experts.add(format.random(arena, comparison, ROWS, columns));
      absolute.add(StoredFormat.magnitudes(arena, experts.getLast()));
    }
    int tokens = starts[counts.length];
    float[] x = comparison.normal(tokens * columns);
    float[] rounded = rounded(x, experts.getFirst(), format);
    float[] magnitudes =
        comparison.defined(
            trial -> multiply(trial, absolute, Comparison.magnitudes(rounded), starts));
    String what =
        "expertLinear "
            + format
            + " ("
            + tokens
            + ", "
            + columns
            + ") to "
            + ROWS
            + ", groups "
            + Arrays.toString(counts);
    Comparison.compare(
        what,
        comparison.defined(trial -> multiply(trial, experts, rounded, starts)),
        comparison.found(what, trial -> multiply(trial, experts, x, starts)),
        i -> allowed(format, columns, magnitudes[i]));
  }

  /** A step that is repeated with other contents: as it is told, while recorded, and replayed. */
  private void recorded() {
    int columns = 40;
    int vocabulary = 9;
    Weight weight = StoredFormat.BF16.random(arena, comparison, ROWS, columns);
    Weight absolute = StoredFormat.magnitudes(arena, weight);
    float[] table = comparison.normal(vocabulary * columns);
    int[][] steps = {{1, 2}, {6, 6}, {8, 0}};
    String what = "a recorded step (2, " + columns + ") to " + ROWS;
    float[] found = comparison.found(what, trial -> replay(trial, table, weight, steps));
    int each = 2 * ROWS + 2;
    for (int s = 0; s < steps.length; s++) {
      float[] x = new float[2 * columns];
      for (int t = 0; t < 2; t++) {
        System.arraycopy(table, steps[s][t] * columns, x, t * columns, columns);
      }
      float[] rounded = rounded(x, weight, StoredFormat.BF16);
      float[] magnitudes =
          comparison.defined(
              trial -> multiply(trial, absolute, Comparison.magnitudes(rounded), null));
      float[] logits = Arrays.copyOfRange(found, s * each, s * each + 2 * ROWS);
      String step = what + ", run " + (s + 1);
      Comparison.compare(
          step,
          comparison.defined(trial -> multiply(trial, weight, rounded, null)),
          logits,
          i -> allowed(StoredFormat.BF16, columns, magnitudes[i]));
      Comparison.compare(
          step + ", argmax",
          comparison.defined(trial -> {
            Tensor likeliest = trial.allocate(ElementType.I32, 1, 2);
            trial.kernels().argmax(likeliest, trial.of(2, ROWS, logits));
            return trial.read(likeliest);
          }),
          Arrays.copyOfRange(found, s * each + 2 * ROWS, (s + 1) * each),
          _ -> 0);
    }
  }

  private static float[] replay(Trial trial, float[] table, Weight weight, int[][] steps) {
    int columns = weight.columns();
    Tensor rows = trial.of(table.length / columns, columns, table);
    Tensor ids = trial.allocate(ElementType.I32, 1, 2);
    Tensor x = trial.zeros(2, columns);
    Tensor logits = trial.zeros(2, ROWS);
    Tensor likeliest = trial.allocate(ElementType.I32, 1, 2);
    Weight placed = trial.place(weight);
    Runnable operations =
        () -> {
          trial.kernels().gatherRows(x, rows, ids);
          trial.kernels().linear(logits, x, placed, null);
          trial.kernels().argmax(likeliest, logits);
        };
    int each = 2 * ROWS + 2;
    float[] found = new float[steps.length * each];
    try (Recording recording = trial.kernels().record(operations)) {
      for (int s = 0; s < steps.length; s++) {
        trial.kernels().write(ids, steps[s]);
        recording.run();
        System.arraycopy(trial.read(List.of(logits, likeliest)), 0, found, s * each, each);
      }
    }
    return found;
  }
}
