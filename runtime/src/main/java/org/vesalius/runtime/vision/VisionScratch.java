package org.vesalius.runtime.vision;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Tensor;
import org.vesalius.runtime.layers.MlpScratch;

/**
 * The activations of a vision tower for one picture, borrowed from a pool. Those of the whole
 * picture are {@code (patches, ...)}, the others hold a slice of {@link #SLICE} rows.
 */
public final class VisionScratch implements AutoCloseable {
  /** Rows that the position-wise layers work on at a time. */
  public static final int SLICE = 512;

  /** Work on the rows {@code from} to {@code from + count}. */
  public interface Slice {
    /** Does the work. */
    void run(int from, int count);
  }

  private final List<TensorPool.Loan> loans = new ArrayList<>();
  private final TensorPool pool;
  private final Kernels kernels;
  private final Tensor stream;
  private final Tensor qkv;
  private final Tensor mixed;
  private final Tensor cos;
  private final Tensor sin;
  private final Tensor normed;
  private final Tensor delta;
  private final MlpScratch mlp;

  /** Borrows scratch for so many patches. */
  public VisionScratch(Kernels kernels, TensorPool pool, VisionSizes sizes, int patches) {
    this.kernels = kernels;
    this.pool = pool;
    int slice = Math.min(SLICE, patches);
    stream = borrow(patches, sizes.width());
    qkv = borrow(patches, 3 * sizes.width());
    mixed = borrow(patches, sizes.width());
    cos = borrow(patches, sizes.headSize() / 2);
    sin = borrow(patches, sizes.headSize() / 2);
    normed = borrow(slice, sizes.width());
    delta = borrow(slice, sizes.width());
    mlp =
        new MlpScratch(
            borrow(slice, sizes.innerWidth()), borrow(slice, sizes.innerWidth()), Optional.empty());
  }

  /** Borrows further memory until this is closed. */
  public Tensor borrow(int rows, int columns) {
    return borrow(ElementType.F32, rows, columns);
  }

  private Tensor borrow(ElementType type, int rows, int columns) {
    TensorPool.Loan loan = pool.borrow(type, rows, columns);
    loans.add(loan);
    return loan.tensor();
  }

  /** Borrows a tensor for these rows of integers. */
  public Tensor integers(int[]... rows) {
    Tensor tensor = borrow(ElementType.I32, rows.length, rows[0].length);
    for (int r = 0; r < rows.length; r++) {
      kernels.write(tensor.rows(r, 1), rows[r]);
    }
    return tensor;
  }

  /** Borrows a tensor for these rows of numbers. */
  public Tensor numbers(float[]... rows) {
    Tensor tensor = borrow(ElementType.F32, rows.length, rows[0].length);
    for (int r = 0; r < rows.length; r++) {
      kernels.write(tensor.rows(r, 1), rows[r]);
    }
    return tensor;
  }

  /** Runs over {@code rows} rows slice by slice. */
  public void slices(int rows, Slice slice) {
    for (int from = 0; from < rows; from += SLICE) {
      slice.run(from, Math.min(SLICE, rows - from));
    }
  }

  /** The tower's residual stream. */
  public Tensor stream() {
    return stream;
  }

  /** Queries, keys and values side by side. */
  public Tensor qkv() {
    return qkv;
  }

  /** Output of attention before its projection; free between blocks. */
  public Tensor mixed() {
    return mixed;
  }

  /** Cosines of the patches' rotation, where the tower has one. */
  public Tensor cos() {
    return cos;
  }

  /** Sines of the patches' rotation, where the tower has one. */
  public Tensor sin() {
    return sin;
  }

  /** A slice of normalised rows. */
  Tensor normed() {
    return normed;
  }

  /** A slice of a sublayer's output. */
  Tensor delta() {
    return delta;
  }

  /** A slice of the feed-forward network's activations. */
  MlpScratch mlp() {
    return mlp;
  }

  @Override
  public void close() {
    loans.forEach(TensorPool.Loan::close);
  }
}
