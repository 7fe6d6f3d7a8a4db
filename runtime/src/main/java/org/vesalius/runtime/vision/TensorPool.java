package org.vesalius.runtime.vision;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Tensor;

/**
 * Tensor memory that is borrowed and given back, for sizes that depend on a request, such as those
 * of a picture. Blocks are kept for the next request. Thread-safe.
 */
public final class TensorPool {
  private final Kernels kernels;
  private final List<Tensor> free = new ArrayList<>();

  /** An empty pool on a device. */
  public TensorPool(Kernels kernels) {
    this.kernels = kernels;
  }

  /**
   * Borrowed memory: a tensor of the wanted shape inside a larger block. Contents are arbitrary.
   */
  public final class Loan implements AutoCloseable {
    private final Tensor block;
    private final Tensor tensor;
    private boolean returned;

    private Loan(Tensor block, int rows, int columns) {
      this.block = block;
      this.tensor = new Tensor(block.type(), block.data(), rows, columns, columns);
    }

    /** The tensor, to be used until this is closed. */
    public Tensor tensor() {
      return tensor;
    }

    /** Gives the memory back. Idempotent. */
    @Override
    public void close() {
      synchronized (free) {
        if (!returned) {
          returned = true;
          free.add(block);
        }
      }
    }
  }

  /** Borrows memory for {@code (rows, columns)} elements. */
  public Loan borrow(ElementType type, int rows, int columns) {
    long bytes = Math.max(1, (long) rows * columns * type.byteSize());
    synchronized (free) {
      Optional<Tensor> fitting =
          free.stream()
              .filter(block -> block.type() == type && block.data().byteSize() >= bytes)
              .min(Comparator.comparingLong(block -> block.data().byteSize()));
      if (fitting.isPresent()) {
        free.remove(fitting.get());
        return new Loan(fitting.get(), rows, columns);
      }
    }
    // Rounded up, so that the next picture of about this size fits into the same block.
    int columnsOfBlock = 1024;
    long unit = Math.max(Long.highestOneBit(bytes) / 8, 4096);
    long rounded = Math.ceilDiv(bytes, unit) * unit;
    int rowsOfBlock = Math.toIntExact(rounded / columnsOfBlock / type.byteSize());
    return new Loan(kernels.allocate(type, rowsOfBlock, columnsOfBlock), rows, columns);
  }
}
