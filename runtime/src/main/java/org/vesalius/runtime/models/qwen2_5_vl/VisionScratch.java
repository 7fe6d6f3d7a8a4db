package org.vesalius.runtime.models.qwen2_5_vl;

import java.util.ArrayList;
import java.util.List;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.Tensor;
import org.vesalius.runtime.vision.TensorPool;

/**
 * The activations of the tower for one image, borrowed from a pool. Those of the whole image are
 * {@code (patches, ...)}, the others hold a slice of {@link #SLICE} rows.
 */
final class VisionScratch implements AutoCloseable {
  /** Rows that the position-wise layers work on at a time. */
  static final int SLICE = 512;

  /** Work on the rows {@code from} to {@code from + count}. */
  interface Slice {
    void run(int from, int count);
  }

  private final List<TensorPool.Loan> loans = new ArrayList<>();
  private final TensorPool pool;
  private final Tensor stream;
  private final Tensor qkv;
  private final Tensor mixed;
  private final Tensor cos;
  private final Tensor sin;
  private final Tensor normed;
  private final Tensor delta;
  private final Tensor gated;
  private final Tensor raised;

  VisionScratch(TensorPool pool, VisionConfig config, int patches) {
    this.pool = pool;
    int slice = Math.min(SLICE, patches);
    int pairs = config.headSize() / 2;
    stream = borrow(patches, config.width());
    qkv = borrow(patches, 3 * config.width());
    mixed = borrow(patches, config.width());
    cos = borrow(patches, pairs);
    sin = borrow(patches, pairs);
    normed = borrow(slice, config.width());
    delta = borrow(slice, config.width());
    gated = borrow(slice, config.innerWidth());
    raised = borrow(slice, config.innerWidth());
  }

  Tensor borrow(int rows, int columns) {
    return borrow(ElementType.F32, rows, columns);
  }

  Tensor borrow(ElementType type, int rows, int columns) {
    TensorPool.Loan loan = pool.borrow(type, rows, columns);
    loans.add(loan);
    return loan.tensor();
  }

  void slices(int rows, Slice slice) {
    for (int from = 0; from < rows; from += SLICE) {
      slice.run(from, Math.min(SLICE, rows - from));
    }
  }

  /** The tower's residual stream. */
  Tensor stream() {
    return stream;
  }

  Tensor qkv() {
    return qkv;
  }

  /** Output of attention before its projection. */
  Tensor mixed() {
    return mixed;
  }

  Tensor cos() {
    return cos;
  }

  Tensor sin() {
    return sin;
  }

  Tensor normed() {
    return normed;
  }

  Tensor delta() {
    return delta;
  }

  Tensor gated() {
    return gated;
  }

  Tensor raised() {
    return raised;
  }

  @Override
  public void close() {
    loans.forEach(TensorPool.Loan::close);
  }
}
