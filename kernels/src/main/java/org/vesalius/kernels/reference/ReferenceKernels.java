package org.vesalius.kernels.reference;

import java.lang.foreign.ValueLayout;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.Activation;
import org.vesalius.kernels.AttentionShape;
import org.vesalius.kernels.Contents;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.ExpertRouting;
import org.vesalius.kernels.HostMemory;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.KeyValues;
import org.vesalius.kernels.Rotary;
import org.vesalius.kernels.Sampling;
import org.vesalius.kernels.Shapes;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.Weight;
import org.vesalius.kernels.WorkerPool;

/** Every operation as its definition: scalar loops, sums in double, one rounding at the end. */
final class ReferenceKernels implements Kernels {
  private final HostMemory memory = new HostMemory();
  private final WorkerPool pool;

  ReferenceKernels(KernelOptions options) {
    pool = new WorkerPool(options.threads());
  }

  @Override
  public String description() {
    return "reference (scalar Java, " + pool.threads() + " threads)";
  }

  @Override
  public Tensor allocate(ElementType type, int rows, int columns) {
    return memory.allocate(type, rows, columns);
  }

  @Override
  public Weight place(Weight stored) {
    return stored;
  }

  @Override
  public void write(Tensor out, float[] values) {
    HostMemory.write(out, values);
  }

  @Override
  public void write(Tensor out, int[] values) {
    HostMemory.write(out, values);
  }

  @Override
  public void read(float[] out, Tensor x) {
    HostMemory.read(out, x);
  }

  @Override
  public void read(int[] out, Tensor x) {
    HostMemory.read(out, x);
  }

  @Override
  public void embed(Tensor out, Weight table, Tensor ids) {
    Shapes.embed(out, table, ids);
    Contents.indices("embed", ids, table.rows());
    double[] row = new double[table.columns()];
    for (int t = 0; t < out.rows(); t++) {
      WeightRows.read(row, table, Contents.integer(ids, 0, t));
      for (int c = 0; c < row.length; c++) {
        set(out, t, c, row[c]);
      }
    }
  }

  @Override
  public void gatherRows(Tensor out, Tensor x, Tensor index) {
    Shapes.moveRows("gatherRows", out, x, index);
    Contents.indices("gatherRows", index, x.rows());
    for (int r = 0; r < out.rows(); r++) {
      int from = Contents.integer(index, 0, r);
      for (int c = 0; c < out.columns(); c++) {
        set(out, r, c, get(x, from, c));
      }
    }
  }

  @Override
  public void scatterRows(Tensor out, Tensor x, Tensor index) {
    Shapes.moveRows("scatterRows", x, out, index);
    Contents.indices("scatterRows", index, out.rows());
    for (int r = 0; r < x.rows(); r++) {
      int to = Contents.integer(index, 0, r);
      for (int c = 0; c < x.columns(); c++) {
        set(out, to, c, get(x, r, c));
      }
    }
  }

  @Override
  public void addRows(Tensor out, Tensor x, Tensor index) {
    Shapes.moveRows("addRows", x, out, index);
    Contents.indices("addRows", index, out.rows());
    for (int r = 0; r < x.rows(); r++) {
      int to = Contents.integer(index, 0, r);
      for (int c = 0; c < x.columns(); c++) {
        set(out, to, c, get(out, to, c) + get(x, r, c));
      }
    }
  }

  @Override
  public void mixRows(Tensor out, Tensor x, Tensor index, Tensor shares) {
    Shapes.mixRows(out, x, index, shares);
    Contents.indices("mixRows", index, x.rows());
    for (int r = 0; r < out.rows(); r++) {
      for (int c = 0; c < out.columns(); c++) {
        double sum = 0;
        for (int k = 0; k < index.rows(); k++) {
          sum += get(shares, k, r) * get(x, Contents.integer(index, k, r), c);
        }
        set(out, r, c, sum);
      }
    }
  }

  @Override
  public void linear(Tensor out, Tensor x, Weight weight, @Nullable Tensor bias) {
    Shapes.linear(out, x, weight, bias);
    double[][] rows = new double[x.rows()][x.columns()];
    for (int t = 0; t < rows.length; t++) {
      get(rows[t], x, t, 0);
    }
    pool.run(
        weight.rows(),
        8,
        (from, to) -> {
          double[] row = new double[weight.columns()];
          for (int r = from; r < to; r++) {
            WeightRows.read(row, weight, r);
            for (int t = 0; t < rows.length; t++) {
              set(out, t, r, (bias == null ? 0 : get(bias, 0, r)) + dot(rows[t], row));
            }
          }
        });
  }

  @Override
  public void route(ExpertRouting routing, Tensor logits, boolean renormalise) {
    Shapes.route(routing, logits);
    new ExpertChoice(routing, logits).choose(renormalise);
  }

  @Override
  public void expertLinear(Tensor out, Tensor x, List<Weight> experts, Tensor starts) {
    Shapes.expertLinear(out, x, experts, starts);
    Contents.starts("expertLinear", starts, x.rows());
    for (int e = 0; e < experts.size(); e++) {
      int first = Contents.integer(starts, 0, e);
      int count = Contents.integer(starts, 0, e + 1) - first;
      if (count > 0) {
        linear(out.rows(first, count), x.rows(first, count), experts.get(e), null);
      }
    }
  }

  @Override
  public void argmax(Tensor out, Tensor x) {
    Shapes.argmax(out, x);
    for (int r = 0; r < x.rows(); r++) {
      int best = -1;
      for (int c = 0; c < x.columns(); c++) {
        if (!Double.isFinite(get(x, r, c))) {
          best = -1;
          break;
        }
        if (best < 0 || get(x, r, c) > get(x, r, best)) {
          best = c;
        }
      }
      out.data().set(ValueLayout.JAVA_INT, 4L * r, best);
    }
  }

  @Override
  public void sample(Tensor out, Tensor logits, Sampling sampling) {
    sampling.checkShapes(out, logits);
    sampling.checkContents();
    for (int r = 0; r < logits.rows(); r++) {
      float[] row = new float[logits.columns()];
      HostMemory.read(row, logits.rows(r, 1));
      int[] history = new int[row.length];
      int historyRow = sampling.historyRow(r);
      if (historyRow >= 0) {
        HostMemory.read(history, sampling.history().rows(historyRow, 1));
      }
      int token = TokenChoice.choose(row, history, sampling.rule(r), sampling.random(r));
      out.data().set(ValueLayout.JAVA_INT, 4L * r, token);
      if (token >= 0 && historyRow >= 0) {
        history[token] += Sampling.OCCURRENCE;
        HostMemory.write(sampling.history().rows(historyRow, 1), history);
      }
    }
  }

  @Override
  public void add(Tensor out, Tensor x) {
    Shapes.same("add", out, x);
    for (int r = 0; r < out.rows(); r++) {
      for (int c = 0; c < out.columns(); c++) {
        set(out, r, c, get(out, r, c) + get(x, r, c));
      }
    }
  }

  @Override
  public void rmsNorm(Tensor out, Tensor x, Tensor gain, float epsilon) {
    Shapes.norm(out, x, gain);
    for (int r = 0; r < x.rows(); r++) {
      norm(out, x, r, 0, gain, epsilon);
    }
  }

  @Override
  public void addRmsNorm(Tensor out, Tensor residual, Tensor delta, Tensor gain, float epsilon) {
    Shapes.same("addRmsNorm", residual, delta);
    Shapes.norm(out, residual, gain);
    add(residual, delta);
    rmsNorm(out, residual, gain, epsilon);
  }

  @Override
  public void layerNorm(Tensor out, Tensor x, Tensor gain, Tensor bias, float epsilon) {
    Shapes.layerNorm(out, x, gain, bias);
    int width = x.columns();
    for (int r = 0; r < x.rows(); r++) {
      double mean = 0;
      for (int c = 0; c < width; c++) {
        mean += get(x, r, c) / width;
      }
      double variance = 0;
      for (int c = 0; c < width; c++) {
        variance += (get(x, r, c) - mean) * (get(x, r, c) - mean) / width;
      }
      double factor = 1 / Math.sqrt(variance + epsilon);
      for (int c = 0; c < width; c++) {
        set(out, r, c, (get(x, r, c) - mean) * factor * get(gain, 0, c) + get(bias, 0, c));
      }
    }
  }

  @Override
  public void scale(Tensor x, float factor) {
    Shapes.scale(x);
    for (int r = 0; r < x.rows(); r++) {
      for (int c = 0; c < x.columns(); c++) {
        set(x, r, c, get(x, r, c) * factor);
      }
    }
  }

  @Override
  public void activate(Tensor x, Activation activation) {
    Shapes.activate(x);
    for (int r = 0; r < x.rows(); r++) {
      for (int c = 0; c < x.columns(); c++) {
        set(x, r, c, apply(activation, get(x, r, c)));
      }
    }
  }

  @Override
  public void gatedActivation(Tensor gate, Tensor up, Activation activation) {
    Shapes.same("gatedActivation", gate, up);
    for (int r = 0; r < gate.rows(); r++) {
      for (int c = 0; c < gate.columns(); c++) {
        set(gate, r, c, apply(activation, get(gate, r, c)) * get(up, r, c));
      }
    }
  }

  @Override
  public void rotaryTable(Tensor cos, Tensor sin, Tensor positions, Rotary rotary) {
    Shapes.rotaryTable(cos, sin, positions, rotary);
    Contents.indices("rotaryTable", rotary.axis(), positions.rows());
    for (int t = 0; t < cos.rows(); t++) {
      for (int i = 0; i < rotary.pairs(); i++) {
        int position = Contents.integer(positions, Contents.integer(rotary.axis(), 0, i), t);
        float angle = (float) position * (float) get(rotary.inverseFrequencies(), 0, i);
        set(cos, t, i, (float) Math.cos(angle) * rotary.scaling());
        set(sin, t, i, (float) Math.sin(angle) * rotary.scaling());
      }
    }
  }

  @Override
  public void rotate(Tensor x, Tensor cos, Tensor sin) {
    Shapes.rotate(x, cos, sin);
    int half = cos.columns();
    for (int t = 0; t < x.rows(); t++) {
      for (int first = 0; first < x.columns(); first += 2 * half) {
        for (int i = 0; i < half; i++) {
          double a = get(x, t, first + i);
          double b = get(x, t, first + i + half);
          set(x, t, first + i, a * get(cos, t, i) - b * get(sin, t, i));
          set(x, t, first + i + half, b * get(cos, t, i) + a * get(sin, t, i));
        }
      }
    }
  }

  @Override
  public void rotateAndCache(
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
    Shapes.rotateAndCache(q, k, v, qGain, kGain, cos, sin, cache, slots);
    Contents.slots("rotateAndCache", slots, cache);
    normHeads(q, qGain, epsilon);
    normHeads(k, kGain, epsilon);
    rotate(q, cos, sin);
    rotate(k, cos, sin);
    store(k, CachedRows.keys(cache), slots, cache.kvHeads());
    store(v, CachedRows.values(cache), slots, cache.kvHeads());
  }

  private static void store(Tensor x, CachedRows rows, Tensor slots, int heads) {
    float[] row = new float[x.columns() / heads];
    for (int t = 0; t < x.rows(); t++) {
      for (int head = 0; head < heads; head++) {
        for (int i = 0; i < row.length; i++) {
          row[i] = (float) get(x, t, head * row.length + i);
        }
        rows.store(Contents.integer(slots, 0, t), head, row);
      }
    }
  }

  @Override
  public void attention(
      Tensor out,
      Tensor q,
      KeyValues keyValues,
      Tensor starts,
      AttentionShape shape,
      @Nullable Tensor groups) {
    Shapes.attention(out, q, keyValues, starts, shape, groups);
    Contents.attention(q, keyValues, starts);
    if (groups != null) {
      Contents.groups(groups, keyValues, starts);
    }
    new ReferenceAttention(out, q, keyValues, starts, shape, groups).compute(pool);
  }

  private static void normHeads(Tensor x, @Nullable Tensor gain, float epsilon) {
    if (gain != null) {
      for (int t = 0; t < x.rows(); t++) {
        for (int first = 0; first < x.columns(); first += gain.columns()) {
          norm(x, x, t, first, gain, epsilon);
        }
      }
    }
  }

  /** Norm of the {@code gain.columns} elements of row {@code r} from column {@code first}. */
  private static void norm(Tensor out, Tensor x, int r, int first, Tensor gain, float epsilon) {
    int width = gain.columns();
    double squares = 0;
    for (int c = 0; c < width; c++) {
      squares += get(x, r, first + c) * get(x, r, first + c);
    }
    double factor = 1 / Math.sqrt(squares / width + epsilon);
    for (int c = 0; c < width; c++) {
      set(out, r, first + c, get(x, r, first + c) * factor * get(gain, 0, c));
    }
  }

  private static double apply(Activation activation, double x) {
    return switch (activation) {
      case SILU -> x / (1 + Math.exp(-x));
      case GELU -> 0.5 * x * (1 + ErrorFunction.erf(x / Math.sqrt(2)));
      case GELU_TANH ->
          0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
      case QUICK_GELU -> x / (1 + Math.exp(-1.702 * x));
    };
  }

  static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  /** Elements of a row from a column. */
  static void get(double[] out, Tensor x, int row, int column) {
    StoredNumbers.floats(out, x.data(), (long) row * x.stride() + column);
  }

  static double get(Tensor x, int row, int column) {
    return x.data().get(ValueLayout.JAVA_FLOAT, 4 * ((long) row * x.stride() + column));
  }

  static void set(Tensor x, int row, int column, double value) {
    x.data().set(ValueLayout.JAVA_FLOAT, 4 * ((long) row * x.stride() + column), (float) value);
  }

  @Override
  public void close() {
    pool.close();
    memory.close();
  }
}
