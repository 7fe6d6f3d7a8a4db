package org.vesalius.kernels.cuda;

import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.Activation;
import org.vesalius.kernels.Sampling;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.Weight;

/** Operations that compute each row by itself. Shapes have been checked. */
final class DeviceRows {
  private static final int THREADS = 256;

  /** Threads that a long row has to itself. */
  private static final int ROW_THREADS = 1024;

  /** Shared memory of {@code vesalius_sample}. */
  private static final int SAMPLE_SHARED = 2 * 3 * 2048 * Integer.BYTES;

  /** Columns of a block. */
  private static final int WIDTH = 1024;

  private final DeviceMemory memory;
  private final Launcher launcher;
  private final long fault;
  private final Launcher.Function embedSingle;
  private final Launcher.Function embedHalf;
  private final Launcher.Function embedBrain;
  private final Launcher.Function embedBytes;
  private final Launcher.Function embedNibbles;
  private final Launcher.Function embedSmall;
  private final Launcher.Function gather;
  private final Launcher.Function scatter;
  private final Launcher.Function addRows;
  private final Launcher.Function mix;
  private final Launcher.Function add;
  private final Launcher.Function scale;
  private final Launcher.Function activate;
  private final Launcher.Function gatedActivation;
  private final Launcher.Function rmsNorm;
  private final Launcher.Function addRmsNorm;
  private final Launcher.Function layerNorm;
  private final Launcher.Function argmax;
  private final Launcher.Function sample;

  DeviceRows(DeviceMemory memory, Launcher launcher, Faults faults) {
    this.memory = memory;
    this.launcher = launcher;
    fault = faults.record();
    embedSingle = launcher.function("embed_f32");
    embedHalf = launcher.function("embed_f16");
    embedBrain = launcher.function("embed_bf16");
    embedBytes = launcher.function("embed_int8");
    embedNibbles = launcher.function("embed_int4");
    embedSmall = launcher.function("embed_fp8");
    gather = launcher.function("gather_rows");
    scatter = launcher.function("scatter_rows");
    addRows = launcher.function("add_rows");
    mix = launcher.function("mix_rows");
    add = launcher.function("add");
    scale = launcher.function("scale");
    activate = launcher.function("activate");
    gatedActivation = launcher.function("gated_activation");
    rmsNorm = launcher.function("rms_norm");
    addRmsNorm = launcher.function("add_rms_norm");
    layerNorm = launcher.function("layer_norm");
    argmax = launcher.function("argmax");
    sample = launcher.function("sample");
  }

  private void byColumns(Launcher.Function function, int rows, int width) {
    launcher.run(function, rows, Launcher.blocks(width, WIDTH), THREADS);
  }

  void embed(Tensor out, Weight table, Tensor ids) {
    launcher.begin();
    launcher.rows(out).with(DeviceWeights.address(memory, table.data()));
    Launcher.Function function =
        switch (table) {
          case Weight.F32 _ -> embedSingle;
          case Weight.F16 _ -> embedHalf;
          case Weight.BF16 _ -> embedBrain;
          case Weight.Int8 eight -> {
            launcher.with(DeviceWeights.address(memory, eight.scales()));
            yield embedBytes;
          }
          case Weight.Fp8 small -> {
            launcher.with(DeviceWeights.address(memory, small.scales()));
            yield embedSmall;
          }
          case Weight.Int4 four -> {
            launcher
                .with(DeviceWeights.address(memory, four.scales()))
                .with(DeviceWeights.address(memory, four.minimums()));
            yield embedNibbles;
          }
          case Weight.Transposed _ -> throw new IllegalArgumentException("embed: " + table);
        };
    launcher.with(table.rows()).with(ids).with(out.rows()).with(out.columns()).with(fault);
    byColumns(function, out.rows(), out.columns());
  }

  void gather(Tensor out, Tensor x, Tensor index) {
    launcher.begin();
    launcher.rows(out).rows(x).with(x.rows()).with(index);
    launcher.with(out.rows()).with(out.columns()).with(fault);
    byColumns(gather, out.rows(), out.columns());
  }

  void scatter(Tensor out, Tensor x, Tensor index) {
    place(scatter, out, x, index);
  }

  void addRows(Tensor out, Tensor x, Tensor index) {
    place(addRows, out, x, index);
  }

  private void place(Launcher.Function function, Tensor out, Tensor x, Tensor index) {
    launcher.begin();
    launcher.rows(out).with(out.rows()).rows(x).with(index);
    launcher.with(x.rows()).with(x.columns()).with(fault);
    byColumns(function, x.rows(), x.columns());
  }

  void mix(Tensor out, Tensor x, Tensor index, Tensor shares) {
    launcher.begin();
    launcher.rows(out).rows(x).with(x.rows()).rows(index).rows(shares).with(index.rows());
    launcher.with(out.rows()).with(out.columns()).with(fault);
    byColumns(mix, out.rows(), out.columns());
  }

  void argmax(Tensor out, Tensor x) {
    launcher.begin();
    launcher.with(out).rows(x).with(x.rows()).with(x.columns());
    launcher.run(argmax, x.rows(), 1, ROW_THREADS);
  }

  void sample(Tensor out, Tensor logits, Sampling sampling) {
    launcher.begin();
    launcher.with(out).rows(logits).with(logits.rows()).with(logits.columns());
    launcher.rows(sampling.parameters());
    launcher.rows(sampling.history()).with(sampling.history().rows()).with(fault);
    launcher.run(sample, logits.rows(), 1, 1, ROW_THREADS, SAMPLE_SHARED);
  }

  void add(Tensor out, Tensor x) {
    launcher.begin();
    launcher.rows(out).rows(x).with(out.rows()).with(out.columns());
    byColumns(add, out.rows(), out.columns());
  }

  void scale(Tensor x, float factor) {
    launcher.begin();
    launcher.rows(x).with(x.rows()).with(x.columns()).with(factor);
    byColumns(scale, x.rows(), x.columns());
  }

  /** {@code x = activation(x)}, times {@code up} where given. */
  void activate(Tensor x, @Nullable Tensor up, Activation activation) {
    launcher.begin();
    launcher.rows(x);
    if (up != null) {
      launcher.rows(up);
    }
    launcher.with(x.rows()).with(x.columns()).with(number(activation));
    byColumns(up == null ? activate : gatedActivation, x.rows(), x.columns());
  }

  /** {@code enum VesaliusActivation}. */
  private static int number(Activation activation) {
    return switch (activation) {
      case SILU -> 0;
      case GELU -> 1;
      case GELU_TANH -> 2;
      case QUICK_GELU -> 3;
    };
  }

  void rmsNorm(Tensor out, Tensor x, Tensor gain, float epsilon) {
    launcher.begin();
    launcher.rows(out).rows(x).with(gain).with(x.rows()).with(x.columns()).with(epsilon);
    launcher.run(rmsNorm, x.rows(), 1, THREADS);
  }

  void addRmsNorm(Tensor out, Tensor residual, Tensor delta, Tensor gain, float epsilon) {
    launcher.begin();
    launcher.rows(out).rows(residual).rows(delta).with(gain);
    launcher.with(out.rows()).with(out.columns()).with(epsilon);
    launcher.run(addRmsNorm, out.rows(), 1, THREADS);
  }

  void layerNorm(Tensor out, Tensor x, Tensor gain, Tensor bias, float epsilon) {
    launcher.begin();
    launcher.rows(out).rows(x).with(gain).with(bias);
    launcher.with(x.rows()).with(x.columns()).with(epsilon);
    launcher.run(layerNorm, x.rows(), 1, THREADS);
  }
}
