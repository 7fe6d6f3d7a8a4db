package org.vesalius.kernels.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.vesalius.kernels.Bfloat16;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.Shapes;
import org.vesalius.kernels.Tensor;

/** Copies between Java arrays and tensors of the device, row by row. */
final class DeviceCopies {
  /** Where the record of faults goes, and how far after it the numbers begin. */
  private static final int AFTER_FAULTS = 64;

  private final Device device;
  private final DeviceMemory memory;
  private final Staging staging;
  private final Faults faults;

  DeviceCopies(Device device, DeviceMemory memory, Staging staging, Faults faults) {
    this.device = device;
    this.memory = memory;
    this.staging = staging;
    this.faults = faults;
  }

  /** A tensor's rows, or all of them as one where nothing is between them. */
  private record Rows(long address, int size, int count, int width, long stride) {

    static Rows of(DeviceMemory memory, Tensor x) {
      boolean whole = x.rows() <= 1 || x.stride() == x.columns();
      return new Rows(
          memory.address(x),
          x.type().byteSize(),
          whole ? 1 : x.rows(),
          whole ? x.rows() * x.columns() : x.columns(),
          x.stride());
    }

    long at(int row, int column) {
      return address + (row * stride + column) * size;
    }
  }

  /** Fills a piece of staging memory from an index of an array. */
  @FunctionalInterface
  private interface Source {
    void fill(MemorySegment piece, int from, int count);
  }

  void write(Tensor out, float[] values) {
    Shapes.copy(out, out.type() != ElementType.I32, values.length, "floats");
    Source source =
        switch (out.type()) {
          case F32 ->
              (piece, from, count) ->
                  MemorySegment.copy(values, from, piece, ValueLayout.JAVA_FLOAT, 0, count);
          case BF16 ->
              (piece, from, count) -> {
                for (int i = 0; i < count; i++) {
                  piece.setAtIndex(ValueLayout.JAVA_SHORT, i, Bfloat16.round(values[from + i]));
                }
              };
          case I8 ->
              (piece, from, count) -> {
                for (int i = 0; i < count; i++) {
                  piece.set(ValueLayout.JAVA_BYTE, i, whole(values[from + i]));
                }
              };
          case I32 -> throw new IllegalArgumentException("copy: floats into " + out.type());
        };
    write(out, source);
  }

  private static byte whole(float value) {
    if ((byte) value != value) {
      throw new IllegalArgumentException(
          "copy: expected whole numbers of 8 bits for a tensor I8, found " + value);
    }
    return (byte) value;
  }

  void write(Tensor out, int[] values) {
    Shapes.copy(out, out.type() == ElementType.I32, values.length, "integers");
    write(
        out,
        (piece, from, count) ->
            MemorySegment.copy(values, from, piece, ValueLayout.JAVA_INT, 0, count));
  }

  private void write(Tensor out, Source source) {
    Rows rows = Rows.of(memory, out);
    int most = Staging.limit() / rows.size;
    for (int r = 0; r < rows.count; r++) {
      for (int c = 0; c < rows.width; c += most) {
        int count = Math.min(most, rows.width - c);
        MemorySegment piece = staging.claim((long) count * rows.size);
        source.fill(piece, r * rows.width + c, count);
        staging.send(rows.at(r, c), piece);
      }
    }
  }

  /** Waits for the tensor, and says what kernels have found wrong by then. */
  void read(float[] out, Tensor x) {
    Shapes.copy(x, x.type() != ElementType.I32, out.length, "floats");
    read(x, (from, count) -> take(out, from, x.type(), count));
  }

  /** As {@link #read(float[], Tensor)}. */
  void read(int[] out, Tensor x) {
    Shapes.copy(x, x.type() == ElementType.I32, out.length, "integers");
    read(
        x,
        (from, count) ->
            MemorySegment.copy(
                staging.fetched(AFTER_FAULTS, (long) count * Integer.BYTES),
                ValueLayout.JAVA_INT,
                0,
                out,
                from,
                count));
  }

  /** Takes fetched numbers out of staging memory, to an index of an array. */
  @FunctionalInterface
  private interface Sink {
    void take(int from, int count);
  }

  private void read(Tensor x, Sink sink) {
    Rows rows = Rows.of(memory, x);
    int room = (Staging.limit() - AFTER_FAULTS) / rows.size;
    int done = 0;
    int fetched = 0;
    for (int r = 0; r < rows.count; r++) {
      int c = 0;
      while (c < rows.width) {
        int count = Math.min(room - fetched, rows.width - c);
        staging.fetch(
            rows.at(r, c), AFTER_FAULTS + (long) fetched * rows.size, (long) count * rows.size);
        fetched += count;
        c += count;
        if (fetched == room) {
          device.finish();
          sink.take(done, fetched);
          done += fetched;
          fetched = 0;
        }
      }
    }
    faults.fetch();
    device.finish();
    sink.take(done, fetched);
    faults.check();
  }

  private void take(float[] out, int from, ElementType type, int count) {
    MemorySegment data = staging.fetched(AFTER_FAULTS, (long) count * type.byteSize());
    switch (type) {
      case F32 -> MemorySegment.copy(data, ValueLayout.JAVA_FLOAT, 0, out, from, count);
      case BF16 -> {
        for (int i = 0; i < count; i++) {
          out[from + i] = Bfloat16.value(data.getAtIndex(ValueLayout.JAVA_SHORT, i));
        }
      }
      case I8 -> {
        for (int i = 0; i < count; i++) {
          out[from + i] = data.get(ValueLayout.JAVA_BYTE, i);
        }
      }
      case I32 -> throw new IllegalArgumentException("copy: integers as floats");
    }
  }
}
