package org.vesalius.bench;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.vesalius.bench.onednn.NumberType;
import org.vesalius.bench.onednn.OneDnn;
import org.vesalius.bench.onednn.Product;
import org.vesalius.bench.onednn.Way;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.Weight;

/**
 * One linear layer on random data, ready to be computed by us and by oneDNN. Both go round as many
 * copies of the weight as no cache holds, as the layers of a model do. We get activations in F32
 * and convert them in each call; oneDNN gets them in the format that it wants.
 */
final class GemmCase implements AutoCloseable {
  /** Bytes of all copies of a weight together: more than the caches of large processors. */
  static final long WORKING_SET = 512L << 20;

  private static final long SEED = 5;
  private static final long TRIAL_NANOS = 30_000_000;

  private final Kernels kernels;
  private final Arena arena = Arena.ofShared();
  private final List<Weight> weights = new ArrayList<>();
  private final Tensor x;
  private final Tensor out;
  private final @Nullable Product peer;
  private final List<Product.Weights> peerWeights = new ArrayList<>();
  private int next;
  private int peerNext;

  /**
   * Fills the memory.
   *
   * @param kernels of this case alone, closed by the caller: they own the activations
   * @param oneDnn the peer, or null to do without
   * @param workingSet bytes that all copies of the weight together have at least
   */
  GemmCase(
      Kernels kernels,
      @Nullable OneDnn oneDnn,
      WeightFormat format,
      LinearShape shape,
      int tokens,
      long workingSet) {
    this.kernels = kernels;
    Weight first = format.random(arena, shape.rows(), shape.columns(), SEED);
    List<Weight> stored = new ArrayList<>(List.of(first));
    for (long bytes = first.byteSize(); bytes < workingSet; bytes += first.byteSize()) {
      stored.add(format.random(arena, shape.rows(), shape.columns(), SEED + stored.size()));
    }
    stored.forEach(weight -> weights.add(kernels.place(weight)));
    x = kernels.allocate(ElementType.F32, tokens, shape.columns());
    out = kernels.allocate(ElementType.F32, tokens, shape.rows());
    float[] values = wholeNumbers(tokens * shape.columns());
    kernels.write(x, values);
    peer = oneDnn == null ? null : fastest(oneDnn, format, first, values, tokens).orElse(null);
    if (peer != null) {
      stored.forEach(weight -> peerWeights.add(place(peer, format, weight)));
    }
  }

  /** Whole numbers from 0 to 127, which all formats of activations hold exactly. */
  private static float[] wholeNumbers(int count) {
    SplittableRandom random = new SplittableRandom(SEED);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = random.nextInt(128);
    }
    return values;
  }

  /** Tries all ways that the library has and keeps the one that takes the least time. */
  private static Optional<Product> fastest(
      OneDnn oneDnn, WeightFormat format, Weight weight, float[] x, int tokens) {
    Product best = null;
    double least = Double.POSITIVE_INFINITY;
    for (Way way : format.peerWays()) {
      Optional<Product> prepared =
          Product.prepare(oneDnn, way, tokens, weight.rows(), weight.columns());
      if (prepared.isEmpty()) {
        continue;
      }
      Product product = prepared.get();
      if (product.slow()) {
        product.close();
        continue;
      }
      product.source(x);
      Product.Weights placed = place(product, format, weight);
      double seconds = Alternation.turn(() -> product.run(placed), TRIAL_NANOS);
      if (seconds < least) {
        if (best != null) {
          best.close();
        }
        best = product;
        least = seconds;
      } else {
        product.close();
      }
    }
    return Optional.ofNullable(best);
  }

  private static Product.Weights place(Product product, WeightFormat format, Weight weight) {
    // Our nibbles lie in another order than the library's; of random ones no bit differs in kind.
    return format.peerType() == NumberType.U4
        ? product.randomWeights(SEED)
        : product.weights(format.peerType(), weight.data());
  }

  /** Our product. */
  void ours() {
    kernels.linear(out, x, weights.get(next), null);
    next = (next + 1) % weights.size();
  }

  /**
   * oneDNN's product.
   *
   * @throws IllegalStateException if there is none
   */
  void peer() {
    if (peer == null) {
      throw new IllegalStateException("oneDNN has no optimized code for this here");
    }
    peer.run(peerWeights.get(peerNext));
    peerNext = (peerNext + 1) % peerWeights.size();
  }

  /** What oneDNN computes with; empty where it has no optimized code. */
  Optional<String> peerDescription() {
    return peer == null ? Optional.empty() : Optional.of(peer.description());
  }

  /** Our last result. */
  float[] ourResult() {
    float[] values = new float[out.rows() * out.columns()];
    kernels.read(values, out);
    return values;
  }

  /** oneDNN's last result. */
  float[] peerResult() {
    return peer == null ? new float[0] : peer.read();
  }

  /** Bytes that a product reads and writes at least. */
  double bytes() {
    return weights.getFirst().byteSize() + 4.0 * x.rows() * (x.columns() + out.columns());
  }

  /** Multiplications and additions of a product. */
  double operations() {
    return 2.0 * x.rows() * x.columns() * out.columns();
  }

  @Override
  public void close() {
    if (peer != null) {
      peer.close();
    }
    arena.close();
  }
}
