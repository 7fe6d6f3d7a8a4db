package org.vesalius.nativekernels;

import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.Activation;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.Weight;
import org.vesalius.kernels.WorkerPool;

/** Operations that compute each row by itself, split over threads by rows. */
final class NativeRows implements AutoCloseable {
  private static final int CHEAP = 1;
  private static final int NORM = 2;
  private static final int EXPONENTIAL = 4;

  private final WorkerPool pool;
  private final WeightStructs table = new WeightStructs();

  NativeRows(WorkerPool pool) {
    this.pool = pool;
  }

  void embed(Tensor out, Weight weight, Tensor ids) {
    table.require(1);
    table.write(0, weight);
    long to = Addresses.of(out);
    long from = table.address(0);
    long chosen = Addresses.of(ids);
    RowLoop.run(
        pool,
        out.rows(),
        out.columns(),
        CHEAP,
        (first, end) -> NativeLibrary.embed(to, out.stride(), from, chosen, first, end));
  }

  /** {@code out[index[i]] += x[i]}, or {@code out += x}. */
  void add(Tensor out, Tensor x, @Nullable Tensor index) {
    long to = Addresses.of(out);
    long from = Addresses.of(x);
    long rows = Addresses.of(index);
    RowLoop.run(
        pool,
        x.rows(),
        x.columns(),
        CHEAP,
        (first, end) ->
            NativeLibrary.addRows(
                to, out.stride(), from, x.stride(), rows, x.columns(), first, end));
  }

  void mix(Tensor out, Tensor x, Tensor index, Tensor shares) {
    long to = Addresses.of(out);
    long from = Addresses.of(x);
    long rows = Addresses.of(index);
    long factors = Addresses.of(shares);
    RowLoop.run(
        pool,
        out.rows(),
        out.columns(),
        Math.max(1, index.rows()),
        (first, end) ->
            NativeLibrary.mixRows(
                to,
                out.stride(),
                from,
                x.stride(),
                rows,
                index.stride(),
                factors,
                shares.stride(),
                index.rows(),
                out.columns(),
                first,
                end));
  }

  /** Adds {@code delta} to {@code x} first, where there is one. */
  void rmsNorm(Tensor out, Tensor x, @Nullable Tensor delta, Tensor gain, float epsilon) {
    long to = Addresses.of(out);
    long from = Addresses.of(x);
    long added = Addresses.of(delta);
    int addedStride = delta == null ? 0 : delta.stride();
    long gains = Addresses.of(gain);
    RowLoop.run(
        pool,
        x.rows(),
        x.columns(),
        NORM,
        (first, end) ->
            NativeLibrary.rmsNorm(
                to,
                out.stride(),
                from,
                x.stride(),
                added,
                addedStride,
                gains,
                epsilon,
                x.columns(),
                first,
                end));
  }

  void layerNorm(Tensor out, Tensor x, Tensor gain, Tensor bias, float epsilon) {
    long to = Addresses.of(out);
    long from = Addresses.of(x);
    long gains = Addresses.of(gain);
    long biases = Addresses.of(bias);
    RowLoop.run(
        pool,
        x.rows(),
        x.columns(),
        NORM,
        (first, end) ->
            NativeLibrary.layerNorm(
                to,
                out.stride(),
                from,
                x.stride(),
                gains,
                biases,
                epsilon,
                x.columns(),
                first,
                end));
  }

  void scale(Tensor x, float factor) {
    long at = Addresses.of(x);
    RowLoop.run(
        pool,
        x.rows(),
        x.columns(),
        CHEAP,
        (first, end) -> NativeLibrary.scale(at, x.stride(), factor, x.columns(), first, end));
  }

  /** {@code gate = activation(gate)}, times {@code up} where given. */
  void activate(Tensor gate, @Nullable Tensor up, Activation activation) {
    long at = Addresses.of(gate);
    long factors = Addresses.of(up);
    int factorStride = up == null ? 0 : up.stride();
    int function = number(activation);
    RowLoop.run(
        pool,
        gate.rows(),
        gate.columns(),
        EXPONENTIAL,
        (first, end) ->
            NativeLibrary.activate(
                at, gate.stride(), factors, factorStride, function, gate.columns(), first, end));
  }

  /** {@code enum vesalius_activation}. */
  private static int number(Activation activation) {
    return switch (activation) {
      case SILU -> 0;
      case GELU -> 1;
      case GELU_TANH -> 2;
      case QUICK_GELU -> 3;
    };
  }

  @Override
  public void close() {
    table.close();
  }
}
