package org.vesalius.kernels;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Weights as a checkpoint stores them, at any byte of native memory or of a mapped file. */
public final class StoredWeights {
  /** How numbers are stored. */
  public enum Format {
    /** Single precision. */
    F32(4),
    /** Half precision. */
    F16(2),
    /** Upper half of single precision. */
    BF16(2);

    final int byteSize;

    Format(int byteSize) {
      this.byteSize = byteSize;
    }
  }

  /** Where they are stored. */
  public enum Place {
    /** Native memory at a multiple of 64 bytes. */
    ALIGNED,
    /** Native memory at an odd address. */
    ODD,
    /** A mapped file at an odd offset. */
    MAPPED
  }

  /** In which order they are stored. */
  public enum Order {
    /** Row by row. */
    ROWS,
    /** Column by column: {@link Weight.Transposed}. */
    COLUMNS
  }

  private StoredWeights() {}

  /** As {@link #of(Arena, Format, Place, int, int, float...)}, in either order. */
  public static Weight of(
      Arena arena,
      Format format,
      Place place,
      Order order,
      int rows,
      int columns,
      float... values) {
    if (order == Order.ROWS) {
      return of(arena, format, place, rows, columns, values);
    }
    float[] turned = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      turned[i % columns * rows + i / columns] = values[i];
    }
    return new Weight.Transposed(of(arena, format, place, columns, rows, turned));
  }

  /** Stores {@code rows * columns} numbers, rounded towards zero for BF16. */
  public static Weight of(
      Arena arena, Format format, Place place, int rows, int columns, float... values) {
    long size = (long) rows * columns * format.byteSize;
    int shift = place == Place.ALIGNED ? 0 : 3;
    MemorySegment memory =
        place == Place.MAPPED
            ? mapped(arena, size + shift)
            : arena.allocate(Math.max(1, size + shift), 64);
    MemorySegment data = memory.asSlice(shift, size);
    for (int i = 0; i < rows * columns; i++) {
      put(data, format, i, values[i]);
    }
    return switch (format) {
      case F32 -> new Weight.F32(data, rows, columns);
      case F16 -> new Weight.F16(data, rows, columns);
      case BF16 -> new Weight.BF16(data, rows, columns);
    };
  }

  private static void put(MemorySegment data, Format format, int i, float value) {
    switch (format) {
      case F32 -> data.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * i, value);
      case F16 -> data.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i, Float.floatToFloat16(value));
      case BF16 ->
          data.set(
              ValueLayout.JAVA_SHORT_UNALIGNED,
              2L * i,
              (short) (Float.floatToRawIntBits(value) >>> 16));
    }
  }

  private static MemorySegment mapped(Arena arena, long size) {
    try {
      Path file = Files.createTempFile("weights", ".bin");
      try (FileChannel channel =
          FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
        return channel.map(FileChannel.MapMode.READ_WRITE, 0, Math.max(1, size), arena);
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
