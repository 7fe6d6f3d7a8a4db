package org.vesalius.kernels.simd;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.Activation;
import org.vesalius.kernels.ActivationRounding;
import org.vesalius.kernels.AttentionShape;
import org.vesalius.kernels.Contents;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.ExpertChoice;
import org.vesalius.kernels.ExpertRouting;
import org.vesalius.kernels.Float8;
import org.vesalius.kernels.HostMemory;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.KeyValues;
import org.vesalius.kernels.Likeliest;
import org.vesalius.kernels.Rotary;
import org.vesalius.kernels.Sampling;
import org.vesalius.kernels.Shapes;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.TokenSampler;
import org.vesalius.kernels.Weight;
import org.vesalius.kernels.WorkerPool;

/** Checks what is asked for and hands it to the class that computes it. */
final class SimdKernels implements Kernels {
  private final HostMemory memory = new HostMemory();
  private final WorkerPool pool;
  private final MatrixProduct product;
  private final Elementwise elementwise;
  private final RowNorms norms;
  private final Rotations rotations;
  private final CacheRows cacheRows = new CacheRows();
  private final FlashAttention attention;
  private final ExpertChoice choice = new ExpertChoice();
  private final TokenSampler sampler = new TokenSampler();

  SimdKernels(KernelOptions options) {
    pool = new WorkerPool(options.threads());
    product = new MatrixProduct(pool);
    elementwise = new Elementwise(pool);
    norms = new RowNorms(pool);
    rotations = new Rotations(pool);
    attention = new FlashAttention(pool);
  }

  @Override
  public String description() {
    return "simd ("
        + Lanes.BITS
        + "-bit vectors, "
        + pool.threads()
        + (pool.threads() == 1 ? " thread)" : " threads)");
  }

  @Override
  public Tensor allocate(ElementType type, int rows, int columns) {
    return memory.allocate(type, rows, columns);
  }

  @Override
  public ActivationRounding rounding(Weight weight) {
    return switch (weight) {
      case Weight.Int8 _, Weight.Int4 _ -> ActivationRounding.INT8;
      case Weight.F32 _, Weight.F16 _, Weight.BF16 _, Weight.Fp8 _, Weight.Transposed _ ->
          ActivationRounding.NONE;
    };
  }

  /** The weight as it is, but one of FP8 as the wider numbers that kernels take. */
  @Override
  public Weight place(Weight stored) {
    return stored instanceof Weight.Fp8 small ? Float8.widened(small, memory.weights()) : stored;
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
  public void argmax(Tensor out, Tensor x) {
    Shapes.argmax(out, x);
    Likeliest.choose(out, x);
  }

  @Override
  public void sample(Tensor out, Tensor logits, Sampling sampling) {
    sampling.checkShapes(out, logits);
    sampling.checkContents();
    sampler.sample(out, logits, sampling);
  }

  @Override
  public void embed(Tensor out, Weight table, Tensor ids) {
    Shapes.embed(out, table, ids);
    Contents.indices("embed", ids, table.rows());
    pool.run(
        out.rows(),
        Math.max(1, 8192 / Math.max(1, out.columns())),
        (from, to) -> {
          for (int t = from; t < to; t++) {
            int id = Contents.integer(ids, 0, t);
            long row = 4L * t * out.stride();
            for (int c = 0; c < out.columns(); c++) {
              out.data().set(ValueLayout.JAVA_FLOAT, row + 4L * c, Panels.number(table, id, c));
            }
          }
        });
  }

  @Override
  public void gatherRows(Tensor out, Tensor x, Tensor index) {
    Shapes.moveRows("gatherRows", out, x, index);
    Contents.indices("gatherRows", index, x.rows());
    for (int r = 0; r < out.rows(); r++) {
      copyRow(out, r, x, Contents.integer(index, 0, r));
    }
  }

  @Override
  public void scatterRows(Tensor out, Tensor x, Tensor index) {
    Shapes.moveRows("scatterRows", x, out, index);
    Contents.indices("scatterRows", index, out.rows());
    for (int r = 0; r < x.rows(); r++) {
      copyRow(out, Contents.integer(index, 0, r), x, r);
    }
  }

  @Override
  public void addRows(Tensor out, Tensor x, Tensor index) {
    Shapes.moveRows("addRows", x, out, index);
    Contents.indices("addRows", index, out.rows());
    elementwise.addRows(out, x, index);
  }

  @Override
  public void mixRows(Tensor out, Tensor x, Tensor index, Tensor shares) {
    Shapes.mixRows(out, x, index, shares);
    Contents.indices("mixRows", index, x.rows());
    elementwise.mixRows(out, x, index, shares);
  }

  private static void copyRow(Tensor out, int to, Tensor x, int from) {
    MemorySegment.copy(
        x.data(), 4L * from * x.stride(), out.data(), 4L * to * out.stride(), 4L * x.columns());
  }

  @Override
  public void linear(Tensor out, Tensor x, Weight weight, @Nullable Tensor bias) {
    Shapes.linear(out, x, weight, bias);
    product.multiply(out, x, weight, bias);
  }

  @Override
  public void route(ExpertRouting routing, Tensor logits, boolean renormalise) {
    Shapes.route(routing, logits);
    choice.choose(routing, logits, renormalise);
  }

  @Override
  public void expertLinear(Tensor out, Tensor x, List<Weight> experts, Tensor starts) {
    Shapes.expertLinear(out, x, experts, starts);
    Contents.starts("expertLinear", starts, x.rows());
    product.multiplyGroups(out, x, experts, starts);
  }

  @Override
  public void add(Tensor out, Tensor x) {
    Shapes.same("add", out, x);
    elementwise.add(out, x);
  }

  @Override
  public void rmsNorm(Tensor out, Tensor x, Tensor gain, float epsilon) {
    Shapes.norm(out, x, gain);
    norms.normalise(out, x, gain, epsilon);
  }

  @Override
  public void addRmsNorm(Tensor out, Tensor residual, Tensor delta, Tensor gain, float epsilon) {
    Shapes.same("addRmsNorm", residual, delta);
    Shapes.norm(out, residual, gain);
    elementwise.add(residual, delta);
    norms.normalise(out, residual, gain, epsilon);
  }

  @Override
  public void layerNorm(Tensor out, Tensor x, Tensor gain, Tensor bias, float epsilon) {
    Shapes.layerNorm(out, x, gain, bias);
    norms.normalise(out, x, gain, bias, epsilon);
  }

  @Override
  public void scale(Tensor x, float factor) {
    Shapes.scale(x);
    elementwise.scale(x, factor);
  }

  @Override
  public void activate(Tensor x, Activation activation) {
    Shapes.activate(x);
    elementwise.activate(x, null, activation);
  }

  @Override
  public void gatedActivation(Tensor gate, Tensor up, Activation activation) {
    Shapes.same("gatedActivation", gate, up);
    elementwise.activate(gate, up, activation);
  }

  @Override
  public void rotaryTable(Tensor cos, Tensor sin, Tensor positions, Rotary rotary) {
    Shapes.rotaryTable(cos, sin, positions, rotary);
    Contents.indices("rotaryTable", rotary.axis(), positions.rows());
    rotations.table(cos, sin, positions, rotary);
  }

  @Override
  public void rotate(Tensor x, Tensor cos, Tensor sin) {
    Shapes.rotate(x, cos, sin);
    rotations.rotate(x, cos, sin);
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
    if (qGain != null) {
      norms.normalise(q, q, qGain, epsilon);
    }
    if (kGain != null) {
      norms.normalise(k, k, kGain, epsilon);
    }
    rotations.rotate(q, cos, sin);
    rotations.rotate(k, cos, sin);
    cacheRows.store(k, v, cache, slots);
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
    attention.attend(out, q, keyValues, starts, shape, groups);
  }

  @Override
  public void close() {
    pool.close();
    memory.close();
  }
}
