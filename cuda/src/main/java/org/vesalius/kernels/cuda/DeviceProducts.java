package org.vesalius.kernels.cuda;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.Weight;

/**
 * Matrix products. Shapes have been checked.
 *
 * <p>Up to {@value #FEW} tokens are as fast as the weight is read, by kernels that do nothing else.
 * More are cuBLAS' work for BF16 and F32, cuBLASLt's for FP8 where it is good for that, and that of
 * tiled kernels for other formats and for groups of rows with a weight each.
 */
final class DeviceProducts {
  /** Most tokens for which a kernel reads a weight once. */
  static final int FEW = 8;

  private static final int THREADS = 256;
  private static final int FEW_ROWS = 16;
  private static final int WARPS = 8;
  private static final int WIDTH = 1024;
  private static final int WORD = 8;

  /** Columns to whose multiple activations in FP8 are filled up. */
  private static final int SMALL_COLUMNS = 128;

  /** A kernel of tiles: weight rows and tokens of a tile, and its shared memory. */
  private record Tiles(Launcher.Function function, int rows, int tokens, int shared) {}

  private final DeviceMemory memory;
  private final Launcher launcher;
  private final AddressTables tables;
  private final MatrixProducts library;
  private final SmallFloats small;
  private final long fault;
  private final DeviceBuffer rounded;
  private final DeviceBuffer integers;
  private final DeviceBuffer scales;
  private final DeviceBuffer sums;
  private final Launcher.Function toBrain;
  private final Launcher.Function quantize;
  private final Launcher.Function quantizeSmall;
  private final Launcher.Function addBias;
  private final Launcher.Function fill;
  private final Launcher.Function fewSingle;
  private final Launcher.Function fewHalf;
  private final Launcher.Function fewBrain;
  private final Launcher.Function fewBytes;
  private final Launcher.Function fewNibbles;
  private final Launcher.Function fewSmall;
  private final Tiles tiledSingle;
  private final Tiles tiledHalf;
  private final Tiles tiledBrain;
  private final Tiles tiledBytes;
  private final Tiles tiledNibbles;
  private final Tiles tiledSmall;
  private final Launcher.Function scaleSmall;

  DeviceProducts(
      DeviceMemory memory,
      Launcher launcher,
      AddressTables tables,
      MatrixProducts library,
      SmallFloats small,
      Faults faults) {
    this.memory = memory;
    this.launcher = launcher;
    this.tables = tables;
    this.library = library;
    this.small = small;
    fault = faults.record();
    rounded = new DeviceBuffer(memory, "activations in BF16");
    integers = new DeviceBuffer(memory, "activations in 8 bits");
    scales = new DeviceBuffer(memory, "scales of activations");
    sums = new DeviceBuffer(memory, "sums of activations");
    toBrain = launcher.function("to_bf16");
    quantize = launcher.function("quantize");
    quantizeSmall = launcher.function("quantize_fp8");
    addBias = launcher.function("add_bias");
    fill = launcher.function("fill");
    fewSingle = launcher.function("few_f32");
    fewHalf = launcher.function("few_f16");
    fewBrain = launcher.function("few_bf16");
    fewBytes = launcher.function("few_int8");
    fewNibbles = launcher.function("few_int4");
    fewSmall = launcher.function("few_fp8");
    tiledSingle = new Tiles(launcher.function("tiled_f32"), 64, 64, 0);
    tiledHalf = new Tiles(launcher.function("tiled_f16"), 64, 64, 0);
    tiledBrain = new Tiles(launcher.function("tiled_bf16"), 128, 128, 98_304);
    tiledBytes = new Tiles(launcher.function("tiled_int8"), 128, 64, 76_032);
    tiledNibbles = new Tiles(launcher.function("tiled_int4"), 128, 64, 58_368);
    tiledSmall = new Tiles(launcher.function("tiled_fp8"), 128, 64, 73_728);
    scaleSmall = launcher.function("scale_fp8");
  }

  /** The weights of a call: one, or those of experts with the rows of each. */
  private record Factor(Weight first, List<Weight> experts, @Nullable Tensor starts) {

    static Factor of(Weight weight) {
      if (weight instanceof Weight.Transposed) {
        throw new IllegalArgumentException(
            "cuda: expected a weight from Kernels.place, found " + weight);
      }
      return new Factor(weight, List.of(), null);
    }

    int count() {
      return starts == null ? 1 : experts.size();
    }
  }

  /** {@code out = x * weightᵀ + bias}. */
  void multiply(Tensor out, Tensor x, Weight weight, @Nullable Tensor bias) {
    launcher.begin();
    if (out.rows() == 0 || out.columns() == 0) {
      return;
    }
    if (x.columns() == 0) {
      fillZero(out);
      addBias(out, bias);
      return;
    }
    boolean few = x.rows() <= FEW;
    switch (weight) {
      case Weight.F32 _ when !few -> {
        library.multiply(
            MatrixProducts.Factors.F32,
            memory.address(out),
            out.stride(),
            memory.address(x),
            x.stride(),
            DeviceWeights.address(memory, weight.data()),
            x.rows(),
            weight.rows(),
            weight.columns());
        addBias(out, bias);
      }
      case Weight.BF16 _ when !few -> {
        int stride = padded(x);
        library.multiply(
            MatrixProducts.Factors.BF16,
            memory.address(out),
            out.stride(),
            toBrain(x),
            stride,
            DeviceWeights.address(memory, weight.data()),
            x.rows(),
            weight.rows(),
            weight.columns());
        addBias(out, bias);
      }
      default -> ours(out, x, Factor.of(weight), bias, few);
    }
  }

  /** {@code out[r] = x[r] * experts[e]ᵀ} for the rows of each expert. */
  void multiplyGroups(Tensor out, Tensor x, List<Weight> experts, Tensor starts) {
    launcher.begin();
    if (experts.isEmpty() || out.rows() == 0 || out.columns() == 0) {
      return;
    }
    if (x.columns() == 0) {
      fillZero(out);
      return;
    }
    Weight first = Factor.of(experts.getFirst()).first();
    for (Weight expert : experts) {
      if (expert.getClass() != first.getClass()) {
        throw new IllegalArgumentException(
            "expertLinear: expected experts of one format, found "
                + first.getClass().getSimpleName()
                + " and "
                + expert.getClass().getSimpleName());
      }
    }
    // On average; an expert that has more tokens is read once for every eight.
    boolean few = x.rows() <= FEW / 2 * experts.size();
    ours(out, x, new Factor(first, experts, starts), null, few);
  }

  private void ours(Tensor out, Tensor x, Factor factor, @Nullable Tensor bias, boolean few) {
    switch (factor.first) {
      case Weight.F32 _ -> numbers(out, x, factor, bias, few ? fewSingle : null, tiledSingle);
      case Weight.F16 _ -> numbers(out, x, factor, bias, few ? fewHalf : null, tiledHalf);
      case Weight.BF16 _ -> numbers(out, x, factor, bias, few ? fewBrain : null, tiledBrain);
      case Weight.Int8 _ ->
          groups(out, x, factor, bias, Weight.Int8.GROUP, few ? fewBytes : null, tiledBytes);
      case Weight.Int4 _ ->
          groups(out, x, factor, bias, Weight.Int4.GROUP, few ? fewNibbles : null, tiledNibbles);
      case Weight.Fp8 _ -> small(out, x, factor, bias, few ? fewSmall : null);
      case Weight.Transposed other -> throw new IllegalArgumentException("linear: " + other);
    }
  }

  private void numbers(
      Tensor out,
      Tensor x,
      Factor factor,
      @Nullable Tensor bias,
      Launcher.@Nullable Function few,
      Tiles tiles) {
    boolean rounds = few == null && factor.first instanceof Weight.BF16;
    long from = rounds ? toBrain(x) : memory.address(x);
    launcher.rows(out).with(from).with(rounds ? padded(x) : x.stride());
    weights(factor);
    run(out, factor, x, bias, few, tiles);
  }

  private void groups(
      Tensor out,
      Tensor x,
      Factor factor,
      @Nullable Tensor bias,
      int group,
      Launcher.@Nullable Function few,
      Tiles tiles) {
    int perRow = Launcher.blocks(x.columns(), group);
    long all = (long) x.rows() * perRow;
    long bytes = integers.address(all * group);
    long factors = scales.address(all * Float.BYTES);
    long totals = sums.address(all * Integer.BYTES);
    launcher.with(bytes).with(factors).with(totals).rows(x);
    launcher.with(x.rows()).with(x.columns()).with(group);
    launcher.run(quantize, Launcher.blocks(all, WARPS), 1, THREADS);
    launcher.rows(out).with(bytes).with(factors).with(totals);
    weights(factor);
    run(out, factor, x, bias, few, tiles);
  }

  private void small(
      Tensor out, Tensor x, Factor factor, @Nullable Tensor bias, Launcher.@Nullable Function few) {
    int filled = Launcher.blocks(x.columns(), SMALL_COLUMNS) * SMALL_COLUMNS;
    long bytes = integers.address((long) x.rows() * filled);
    long factors = scales.address((long) x.rows() * Float.BYTES);
    launcher.with(bytes).with(factors).rows(x).with(x.rows()).with(x.columns());
    launcher.run(quantizeSmall, x.rows(), 1, THREADS);
    if (few == null
        && factor.first instanceof Weight.Fp8 weight
        && multiplied(out, x, factor, bytes, filled)) {
      launcher.rows(out).with(factors).with(DeviceWeights.address(memory, weight.scales()));
      launcher.with(bias).with(out.rows()).with(out.columns());
      launcher.run(scaleSmall, out.rows(), Launcher.blocks(out.columns(), WIDTH), THREADS);
      return;
    }
    launcher.rows(out).with(bytes).with(factors);
    weights(factor);
    run(out, factor, x, bias, few, tiledSmall);
  }

  /** Lets the library sum the products of bytes, which leaves scales and bias to be done. */
  private boolean multiplied(Tensor out, Tensor x, Factor factor, long bytes, int stride) {
    LightProducts light = small.library();
    return light != null
        && factor.starts == null
        && light.multiply(
            memory.address(out),
            out.stride(),
            bytes,
            stride,
            DeviceWeights.address(memory, factor.first.data()),
            x.rows(),
            out.columns(),
            x.columns());
  }

  /** Addresses of one weight's parts, then those of the lists of addresses of experts'. */
  private void weights(Factor factor) {
    boolean grouped = factor.starts != null;
    long list = grouped ? tables.of(factor.experts) : 0;
    long next = (long) factor.experts.size() * Long.BYTES;
    int parts =
        switch (factor.first) {
          case Weight.Int8 _, Weight.Fp8 _ -> 2;
          case Weight.Int4 _ -> 3;
          case Weight.F32 _, Weight.F16 _, Weight.BF16 _, Weight.Transposed _ -> 1;
        };
    launcher.with(grouped ? 0 : DeviceWeights.address(memory, factor.first.data()));
    switch (factor.first) {
      case Weight.Int8 eight ->
          launcher.with(grouped ? 0 : DeviceWeights.address(memory, eight.scales()));
      case Weight.Fp8 small ->
          launcher.with(grouped ? 0 : DeviceWeights.address(memory, small.scales()));
      case Weight.Int4 four ->
          launcher
              .with(grouped ? 0 : DeviceWeights.address(memory, four.scales()))
              .with(grouped ? 0 : DeviceWeights.address(memory, four.minimums()));
      case Weight.F32 _, Weight.F16 _, Weight.BF16 _, Weight.Transposed _ -> {}
    }
    for (int part = 0; part < parts; part++) {
      launcher.with(grouped ? list + part * next : 0);
    }
  }

  private void run(
      Tensor out,
      Factor factor,
      Tensor x,
      @Nullable Tensor bias,
      Launcher.@Nullable Function few,
      Tiles tiles) {
    launcher.with(factor.starts).with(factor.count()).with(bias);
    launcher.with(x.rows()).with(out.columns()).with(x.columns()).with(fault);
    if (few != null) {
      launcher.run(few, Launcher.blocks(out.columns(), FEW_ROWS), factor.count(), THREADS);
      return;
    }
    int tokens =
        Launcher.blocks(x.rows(), tiles.tokens) + (factor.starts == null ? 0 : factor.count());
    launcher.run(
        tiles.function,
        Launcher.blocks(out.columns(), tiles.rows),
        tokens,
        1,
        THREADS,
        tiles.shared);
  }

  private static int padded(Tensor x) {
    return Launcher.blocks(x.columns(), WORD) * WORD;
  }

  private long toBrain(Tensor x) {
    int padded = padded(x);
    long address = rounded.address((long) x.rows() * padded * Short.BYTES);
    launcher.with(address).with(padded).rows(x).with(x.rows()).with(x.columns()).with(padded);
    launcher.run(toBrain, x.rows(), Launcher.blocks(padded, WIDTH), THREADS);
    return address;
  }

  private void addBias(Tensor out, @Nullable Tensor bias) {
    if (bias != null) {
      launcher.rows(out).with(bias).with(out.rows()).with(out.columns());
      launcher.run(addBias, out.rows(), Launcher.blocks(out.columns(), WIDTH), THREADS);
    }
  }

  private void fillZero(Tensor out) {
    launcher.rows(out).with(out.rows()).with(out.columns()).with(0);
    launcher.run(fill, out.rows(), Launcher.blocks(out.columns(), WIDTH), THREADS);
  }
}
