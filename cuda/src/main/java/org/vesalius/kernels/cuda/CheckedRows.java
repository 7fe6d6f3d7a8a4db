package org.vesalius.kernels.cuda;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import org.vesalius.kernels.Activation;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.ExpertRouting;
import org.vesalius.kernels.Rotary;
import org.vesalius.kernels.Sampling;
import org.vesalius.kernels.SamplingRule;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.Tolerance;
import org.vesalius.kernels.Weight;

/** The {@link SelfCheck} of operations on rows, and of the choice of experts. */
final class CheckedRows {
  private static final int ROWS = 3;

  /** More than a block has threads, and no multiple of anything. */
  private static final int WIDTH = 517;

  /** More than a block takes of a row where rows are shared out. */
  private static final int WIDE = 1037;

  private final Comparison comparison;

  private CheckedRows(Comparison comparison) {
    this.comparison = comparison;
  }

  static void run(Comparison comparison) {
    CheckedRows rows = new CheckedRows(comparison);
    for (StoredFormat format : StoredFormat.common()) {
      rows.embed(format);
    }
    rows.moves();
    rows.elements();
    rows.norms();
    rows.likeliest();
    rows.draws();
    rows.rotations();
    rows.routing();
  }

  /** Of {@link Weight.Fp8} alone. */
  static void runSmall(Comparison comparison) {
    new CheckedRows(comparison).embed(StoredFormat.FP8);
  }

  private static String name(String operation, int rows, int columns) {
    return operation + " (" + rows + ", " + columns + ")";
  }

  private void embed(StoredFormat format) {
    int width = 329;
    try (Arena arena = Arena.ofConfined()) {
      Weight table = format.random(arena, comparison, 7, width);
      comparison.checkExactly(
          name("embed " + format, ROWS, width),
          trial -> {
            Tensor out = trial.zeros(ROWS, width);
            trial.kernels().embed(out, trial.place(table), trial.integers(1, ROWS, 6, 0, 6));
            return trial.read(out);
          });
    }
  }

  private void moves() {
    float[] x = comparison.normal(ROWS * WIDE);
    float[] base = comparison.normal(2 * ROWS * WIDE);
    int[] index = {5, 0, 2};
    comparison.checkExactly(
        name("gatherRows", ROWS, WIDE),
        trial -> {
          Tensor out = trial.zeros(ROWS, WIDE);
          Tensor from = trial.of(2 * ROWS, WIDE, base);
          trial.kernels().gatherRows(out, from, trial.integers(1, ROWS, index));
          return trial.read(out);
        });
    comparison.checkExactly(
        name("scatterRows", ROWS, WIDE),
        trial -> {
          Tensor out = trial.of(2 * ROWS, WIDE, base);
          Tensor from = trial.of(ROWS, WIDE, x);
          trial.kernels().scatterRows(out, from, trial.integers(1, ROWS, index));
          return trial.read(out);
        });
    comparison.checkExactly(
        name("addRows", ROWS, WIDE),
        trial -> {
          Tensor out = trial.of(2 * ROWS, WIDE, base);
          Tensor from = trial.of(ROWS, WIDE, x);
          trial.kernels().addRows(out, from, trial.integers(1, ROWS, index));
          return trial.read(out);
        });
    float[] shares = comparison.normal(2 * ROWS);
    int[] mixed = {5, 0, 4, 2, 2, 1};
    float[] magnitudes =
        comparison.defined(
            trial -> mix(trial, Comparison.magnitudes(base), mixed, Comparison.magnitudes(shares)));
    comparison.check(
        name("mixRows", ROWS, WIDE),
        trial -> mix(trial, base, mixed, shares),
        i -> Tolerance.dot(2, magnitudes[i]));
  }

  private static float[] mix(Trial trial, float[] x, int[] index, float[] shares) {
    Tensor out = trial.zeros(ROWS, WIDE);
    trial
        .kernels()
        .mixRows(
            out,
            trial.of(2 * ROWS, WIDE, x),
            trial.integers(2, ROWS, index),
            trial.of(2, ROWS, shares));
    return trial.read(out);
  }

  private void elements() {
    int count = ROWS * WIDTH;
    float[] x = comparison.normal(count);
    float[] y = comparison.normal(count);
    comparison.checkExactly(
        name("add", ROWS, WIDTH),
        trial -> {
          Tensor out = trial.of(ROWS, WIDTH, x);
          trial.kernels().add(out, trial.of(ROWS, WIDTH, y));
          return trial.read(out);
        });
    comparison.checkExactly(
        name("scale", ROWS, WIDTH),
        trial -> {
          Tensor out = trial.of(ROWS, WIDTH, x);
          trial.kernels().scale(out, 45.25f);
          return trial.read(out);
        });
    for (Activation activation : Activation.values()) {
      Comparison.Computation plain =
          trial -> {
            Tensor out = trial.of(ROWS, WIDTH, x);
            trial.kernels().activate(out, activation);
            return trial.read(out);
          };
      float[] activated = comparison.defined(plain);
      comparison.check(
          name("activate " + activation, ROWS, WIDTH),
          plain,
          i -> Tolerance.activation(activation, x[i], activated[i]));
      Comparison.Computation gated =
          trial -> {
            Tensor gate = trial.of(ROWS, WIDTH, x);
            trial.kernels().gatedActivation(gate, trial.of(ROWS, WIDTH, y), activation);
            return trial.read(gate);
          };
      comparison.check(
          name("gatedActivation " + activation, ROWS, WIDTH),
          gated,
          i ->
              Tolerance.activation(activation, x[i], activated[i]) * Math.abs(y[i])
                  + 2 * Tolerance.ROUNDOFF * Math.abs((double) activated[i] * y[i]));
    }
  }

  private void norms() {
    int count = ROWS * WIDTH;
    float epsilon = 1e-6f;
    float[] x = comparison.normal(count);
    float[] delta = comparison.normal(count);
    float[] gain = comparison.normal(WIDTH);
    float[] bias = comparison.normal(WIDTH);
    Comparison.Computation norm =
        trial -> {
          Tensor out = trial.zeros(ROWS, WIDTH);
          trial.kernels().rmsNorm(out, trial.of(ROWS, WIDTH, x), trial.of(1, WIDTH, gain), epsilon);
          return trial.read(out);
        };
    float[] normed = comparison.defined(norm);
    comparison.check(name("rmsNorm", ROWS, WIDTH), norm, i -> Tolerance.norm(WIDTH, normed[i]));
    Comparison.Computation added =
        trial -> {
          Tensor out = trial.zeros(ROWS, WIDTH);
          Tensor residual = trial.of(ROWS, WIDTH, x);
          trial
              .kernels()
              .addRmsNorm(
                  out, residual, trial.of(ROWS, WIDTH, delta), trial.of(1, WIDTH, gain), epsilon);
          return trial.read(List.of(out, residual));
        };
    float[] both = comparison.defined(added);
    comparison.check(
        name("addRmsNorm", ROWS, WIDTH),
        added,
        i -> i < count ? Tolerance.norm(WIDTH, both[i]) : 0);
    double[][] moments = new double[ROWS][];
    for (int r = 0; r < ROWS; r++) {
      moments[r] = moments(Arrays.copyOfRange(x, r * WIDTH, (r + 1) * WIDTH));
    }
    comparison.check(
        name("layerNorm", ROWS, WIDTH),
        trial -> {
          Tensor out = trial.zeros(ROWS, WIDTH);
          trial
              .kernels()
              .layerNorm(
                  out,
                  trial.of(ROWS, WIDTH, x),
                  trial.of(1, WIDTH, gain),
                  trial.of(1, WIDTH, bias),
                  epsilon);
          return trial.read(out);
        },
        i -> {
          double[] of = moments[i / WIDTH];
          return Tolerance.layerNorm(
              WIDTH,
              of[1],
              of[2] + epsilon,
              Math.abs(x[i] - of[0]),
              gain[i % WIDTH],
              bias[i % WIDTH]);
        });
  }

  /** Mean, mean of magnitudes and variance. */
  private static double[] moments(float[] row) {
    double sum = 0;
    double magnitudes = 0;
    for (float value : row) {
      sum += value;
      magnitudes += Math.abs(value);
    }
    double mean = sum / row.length;
    double squares = 0;
    for (float value : row) {
      squares += (value - mean) * (value - mean);
    }
    return new double[] {mean, magnitudes / row.length, squares / row.length};
  }

  private void likeliest() {
    float[] x = comparison.normal(ROWS * WIDE);
    x[WIDE - 1] = 9;
    x[3] = 9;
    x[WIDE + 700] = Float.NaN;
    comparison.checkExactly(
        name("argmax", ROWS, WIDE),
        trial -> {
          Tensor out = trial.allocate(ElementType.I32, 1, ROWS);
          trial.kernels().argmax(out, trial.of(ROWS, WIDE, x));
          return trial.read(out);
        });
  }

  /** One rule a row, and what it writes into the history. */
  private void draws() {
    List<SamplingRule> rules =
        List.of(
            SamplingRule.greedy(),
            new SamplingRule(1, 0, 1, 0, 1, 0, 0),
            new SamplingRule(0.7f, 50, 1, 0, 1.5f, 0, 0),
            new SamplingRule(1.5f, 0, 0.8f, 0, 1, 0.5f, 0.25f),
            new SamplingRule(2, 200, 0.9f, 0.05f, 1.1f, 0, 0),
            new SamplingRule(0, 0, 1, 0, 1.3f, 1, 1));
    int count = rules.size();
    float[] x = comparison.normal(count * WIDE);
    int[] parameters = new int[Sampling.PARAMETERS * count];
    int[] history = new int[count * WIDE];
    Arrays.setAll(history, _ -> Math.max(0, comparison.below(12) - 8));
    for (int row = 0; row < count; row++) {
      long random = (long) comparison.below(1 << 30) << 34 | comparison.below(1 << 30);
      int historyRow = rules.get(row).hasPenalties() ? count - 1 - row : -1;
      Sampling.put(parameters, count, row, rules.get(row), historyRow, random);
    }
    comparison.checkExactly(
        name("sample", count, WIDE),
        trial -> {
          Tensor out = trial.allocate(ElementType.I32, 1, count);
          Tensor occurred = trial.integers(count, WIDE, history);
          Tensor drawnBy = trial.integers(Sampling.PARAMETERS, count, parameters);
          trial.kernels().sample(out, trial.of(count, WIDE, x), new Sampling(drawnBy, occurred));
          return trial.read(List.of(out, occurred));
        });
  }

  private void rotations() {
    int pairs = 40;
    int heads = 3;
    int[] axis = new int[pairs];
    int[] positions = new int[3 * ROWS];
    float[] frequencies = new float[pairs];
    for (int i = 0; i < pairs; i++) {
      axis[i] = comparison.below(3);
      frequencies[i] = (float) Math.pow(1e6, -(double) i / pairs);
    }
    for (int i = 0; i < positions.length; i++) {
      positions[i] = comparison.below(i % 2 == 0 ? 50 : 128_000);
    }
    comparison.check(
        name("rotaryTable", ROWS, pairs),
        trial -> {
          Tensor cos = trial.zeros(ROWS, pairs);
          Tensor sin = trial.zeros(ROWS, pairs);
          Rotary rotary =
              new Rotary(trial.of(1, pairs, frequencies), trial.integers(1, pairs, axis), 1.25f);
          trial.kernels().rotaryTable(cos, sin, trial.integers(3, ROWS, positions), rotary);
          return trial.read(List.of(cos, sin));
        },
        _ -> Tolerance.trigonometric(1.25));
    int width = 2 * pairs * heads;
    float[] x = comparison.normal(ROWS * width);
    float[] cos = comparison.normal(ROWS * pairs);
    float[] sin = comparison.normal(ROWS * pairs);
    comparison.check(
        name("rotate", ROWS, width),
        trial -> {
          Tensor out = trial.of(ROWS, width, x);
          trial.kernels().rotate(out, trial.of(ROWS, pairs, cos), trial.of(ROWS, pairs, sin));
          return trial.read(out);
        },
        i -> Tolerance.rotation(CheckedAttention.turned(x, cos, sin, pairs, width, i)));
  }

  private void routing() {
    int tokens = 19;
    int experts = 9;
    int perToken = 3;
    float[] logits = comparison.normal(tokens * experts);
    for (boolean renormalise : new boolean[] {false, true}) {
      int choices = tokens * perToken;
      Comparison.Computation route =
          trial -> {
            ExpertRouting routing = trial.routing(tokens, experts, perToken);
            trial.kernels().route(routing, trial.of(tokens, experts, logits), renormalise);
            return trial.read(
                List.of(routing.shares(), routing.starts(), routing.rows(), routing.places()));
          };
      float[] shares = comparison.defined(route);
      comparison.check(
          name("route, " + perToken + " of", tokens, experts),
          route,
          i -> i < choices ? Tolerance.share(experts) * shares[i] + Float.MIN_NORMAL : 0);
    }
  }
}
