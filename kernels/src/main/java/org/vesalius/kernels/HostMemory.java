package org.vesalius.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Tensor memory for backends that compute on the host: native memory, 64-byte aligned, freed
 * together on close. A backend owns one; it is long-lived, because closing a shared arena stops
 * every thread of the process for a moment.
 */
public final class HostMemory implements AutoCloseable {
  private final Arena arena = Arena.ofShared();

  /** A zero-filled tensor. */
  public Tensor allocate(ElementType type, int rows, int columns) {
    long bytes = (long) rows * columns * type.byteSize();
    return new Tensor(type, arena.allocate(Math.max(bytes, 1), 64), rows, columns, columns);
  }

  /** A copy of what lies elsewhere, such as in the Java heap. */
  public MemorySegment copy(MemorySegment data) {
    MemorySegment copy = arena.allocate(Math.max(data.byteSize(), 1), 64);
    return copy.asSlice(0, data.byteSize()).copyFrom(data);
  }

  /** Copies floats in, row by row. */
  public static void write(Tensor out, float[] values) {
    require(out, ElementType.F32, values.length);
    for (int r = 0; r < out.rows(); r++) {
      MemorySegment.copy(
          values,
          r * out.columns(),
          out.data(),
          ValueLayout.JAVA_FLOAT,
          4L * r * out.stride(),
          out.columns());
    }
  }

  /** Copies integers in, row by row. */
  public static void write(Tensor out, int[] values) {
    require(out, ElementType.I32, values.length);
    for (int r = 0; r < out.rows(); r++) {
      MemorySegment.copy(
          values,
          r * out.columns(),
          out.data(),
          ValueLayout.JAVA_INT,
          4L * r * out.stride(),
          out.columns());
    }
  }

  /** Copies floats out, row by row. */
  public static void read(float[] out, Tensor x) {
    require(x, ElementType.F32, out.length);
    for (int r = 0; r < x.rows(); r++) {
      MemorySegment.copy(
          x.data(), ValueLayout.JAVA_FLOAT, 4L * r * x.stride(), out, r * x.columns(), x.columns());
    }
  }

  private static void require(Tensor tensor, ElementType type, int available) {
    if (tensor.type() != type || (long) tensor.rows() * tensor.columns() > available) {
      throw new IllegalArgumentException(
          "copy: tensor "
              + tensor.type()
              + " "
              + tensor.shape()
              + " does not fit an array of "
              + available
              + " "
              + type);
    }
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
