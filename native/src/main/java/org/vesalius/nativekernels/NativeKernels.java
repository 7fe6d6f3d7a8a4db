package org.vesalius.nativekernels;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.Activation;
import org.vesalius.kernels.ActivationRounding;
import org.vesalius.kernels.AttentionShape;
import org.vesalius.kernels.CacheFormat;
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

/** Checks what is asked for and hands it to the class that splits it for the native functions. */
final class NativeKernels implements Kernels {
  private final HostMemory memory = new HostMemory();
  private final WorkerPool pool;
  private final NativeProduct product;
  private final NativeRows rows;
  private final NativeRotations rotations;
  private final NativeAttention attention;
  private final ExpertChoice choice = new ExpertChoice();
  private final TokenSampler sampler = new TokenSampler();

  NativeKernels(KernelOptions options) {
    pool = new WorkerPool(options.threads());
    product = new NativeProduct(pool);
    rows = new NativeRows(pool);
    rotations = new NativeRotations(pool);
    attention = new NativeAttention(pool);
  }

  /** What an instruction set and a number of threads are called. */
  static String detail(String isa, int threads) {
    return isa + ", " + threads + (threads == 1 ? " thread" : " threads");
  }

  @Override
  public String description() {
    return "native (" + detail(LoadedLibrary.isa(), pool.threads()) + ")";
  }

  @Override
  public Tensor allocate(ElementType type, int rows, int columns) {
    return memory.allocate(type, rows, columns);
  }

  /**
   * The weight as it is, or where it lies in the Java heap a copy outside; one of FP8 as the wider
   * numbers that kernels take.
   */
  @Override
  public Weight place(Weight stored) {
    return switch (stored) {
      case Weight.F32(MemorySegment data, int rows, int columns) ->
          new Weight.F32(place(data), rows, columns);
      case Weight.F16(MemorySegment data, int rows, int columns) ->
          new Weight.F16(place(data), rows, columns);
      case Weight.BF16(MemorySegment data, int rows, int columns) ->
          new Weight.BF16(place(data), rows, columns);
      case Weight.Int8(MemorySegment data, MemorySegment scales, int rows, int columns) ->
          new Weight.Int8(place(data), place(scales), rows, columns);
      case Weight.Int4 four ->
          new Weight.Int4(
              place(four.data()),
              place(four.scales()),
              place(four.minimums()),
              four.rows(),
              four.columns());
      case Weight.Fp8 small -> Float8.widened(small, memory.weights());
      case Weight.Transposed(Weight turned) -> new Weight.Transposed(place(turned));
    };
  }

  private MemorySegment place(MemorySegment data) {
    return data.isNative() ? data : memory.copy(data);
  }

  @Override
  public ActivationRounding rounding(Weight weight) {
    return rounding(
        NativeLibrary.roundingOf(WeightStructs.format(weight), WeightStructs.transposed(weight)));
  }

  @Override
  public ActivationRounding attentionRounding(KeyValues keyValues) {
    return rounding(
        keyValues instanceof KeyValues.Paged paged
            ? NativeLibrary.attentionRounding(CacheStruct.format(paged.format()), 1)
            : NativeLibrary.attentionRounding(CacheStruct.format(CacheFormat.F32), 0));
  }

  /** {@code enum vesalius_rounding}. */
  private static ActivationRounding rounding(int rounding) {
    return switch (rounding) {
      case 0 -> ActivationRounding.NONE;
      case 1 -> ActivationRounding.BF16;
      case 2 -> ActivationRounding.INT8;
      default -> throw new IllegalStateException("native kernels: unknown rounding " + rounding);
    };
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
    rows.embed(out, table, ids);
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

  private static void copyRow(Tensor out, int to, Tensor x, int from) {
    MemorySegment.copy(
        x.data(), 4L * from * x.stride(), out.data(), 4L * to * out.stride(), 4L * x.columns());
  }

  @Override
  public void addRows(Tensor out, Tensor x, Tensor index) {
    Shapes.moveRows("addRows", x, out, index);
    Contents.indices("addRows", index, out.rows());
    rows.add(out, x, index);
  }

  @Override
  public void mixRows(Tensor out, Tensor x, Tensor index, Tensor shares) {
    Shapes.mixRows(out, x, index, shares);
    Contents.indices("mixRows", index, x.rows());
    rows.mix(out, x, index, shares);
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
    rows.add(out, x, null);
  }

  @Override
  public void rmsNorm(Tensor out, Tensor x, Tensor gain, float epsilon) {
    Shapes.norm(out, x, gain);
    rows.rmsNorm(out, x, null, gain, epsilon);
  }

  @Override
  public void addRmsNorm(Tensor out, Tensor residual, Tensor delta, Tensor gain, float epsilon) {
    Shapes.same("addRmsNorm", residual, delta);
    Shapes.norm(out, residual, gain);
    rows.rmsNorm(out, residual, delta, gain, epsilon);
  }

  @Override
  public void layerNorm(Tensor out, Tensor x, Tensor gain, Tensor bias, float epsilon) {
    Shapes.layerNorm(out, x, gain, bias);
    rows.layerNorm(out, x, gain, bias, epsilon);
  }

  @Override
  public void scale(Tensor x, float factor) {
    Shapes.scale(x);
    rows.scale(x, factor);
  }

  @Override
  public void activate(Tensor x, Activation activation) {
    Shapes.activate(x);
    rows.activate(x, null, activation);
  }

  @Override
  public void gatedActivation(Tensor gate, Tensor up, Activation activation) {
    Shapes.same("gatedActivation", gate, up);
    rows.activate(gate, up, activation);
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
    rotations.rotateAndCache(q, k, v, qGain, kGain, epsilon, cos, sin, cache, slots);
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
    product.close();
    rows.close();
    rotations.close();
    attention.close();
    memory.close();
  }
}
