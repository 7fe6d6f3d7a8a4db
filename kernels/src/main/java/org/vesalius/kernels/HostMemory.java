package org.vesalius.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
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

  /** Memory for a weight that has to be stored otherwise here. */
  public SegmentAllocator weights() {
    return arena;
  }

  /** Copies floats in, row by row; rounded for BF16, whole numbers for I8. */
  public static void write(Tensor out, float[] values) {
    Shapes.copy(out, out.type() != ElementType.I32, values.length, "floats");
    for (int r = 0; r < out.rows(); r++) {
      writeRow(out, (long) r * out.stride(), values, r * out.columns());
    }
  }

  private static void writeRow(Tensor out, long index, float[] values, int from) {
    MemorySegment data = out.data();
    int count = out.columns();
    if (out.type() == ElementType.F32) {
      MemorySegment.copy(values, from, data, ValueLayout.JAVA_FLOAT, 4 * index, count);
      return;
    }
    for (int c = 0; c < count; c++) {
      float value = values[from + c];
      if (out.type() == ElementType.BF16) {
        data.set(ValueLayout.JAVA_SHORT, 2 * (index + c), Bfloat16.round(value));
      } else if ((byte) value == value) {
        data.set(ValueLayout.JAVA_BYTE, index + c, (byte) value);
      } else {
        throw new IllegalArgumentException(
            "copy: expected whole numbers of 8 bits for a tensor I8, found " + value);
      }
    }
  }

  /** Copies integers in, row by row. */
  public static void write(Tensor out, int[] values) {
    Shapes.copy(out, out.type() == ElementType.I32, values.length, "integers");
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

  /** Copies floats, or what BF16 and I8 hold, out as floats, row by row. */
  public static void read(float[] out, Tensor x) {
    Shapes.copy(x, x.type() != ElementType.I32, out.length, "floats");
    for (int r = 0; r < x.rows(); r++) {
      readRow(out, r * x.columns(), x, (long) r * x.stride());
    }
  }

  /** Copies integers out, row by row. */
  public static void read(int[] out, Tensor x) {
    Shapes.copy(x, x.type() == ElementType.I32, out.length, "integers");
    for (int r = 0; r < x.rows(); r++) {
      MemorySegment.copy(
          x.data(), ValueLayout.JAVA_INT, 4L * r * x.stride(), out, r * x.columns(), x.columns());
    }
  }

  private static void readRow(float[] out, int to, Tensor x, long index) {
    MemorySegment data = x.data();
    int count = x.columns();
    if (x.type() == ElementType.F32) {
      MemorySegment.copy(data, ValueLayout.JAVA_FLOAT, 4 * index, out, to, count);
      return;
    }
    for (int c = 0; c < count; c++) {
      out[to + c] =
          x.type() == ElementType.BF16
              ? Bfloat16.value(data.get(ValueLayout.JAVA_SHORT, 2 * (index + c)))
              : data.get(ValueLayout.JAVA_BYTE, index + c);
    }
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
