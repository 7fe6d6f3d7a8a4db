package org.vesalius.kernels.quantize;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.vesalius.kernels.Weight;

/**
 * Reads rows of a stored matrix in single precision. Loops are over arrays and plain, so that the
 * compiler turns them into vector instructions.
 */
final class StoredRows {
  private final Weight stored;
  private final boolean transposed;

  StoredRows(Weight source) {
    transposed = source instanceof Weight.Transposed;
    stored = source instanceof Weight.Transposed(Weight inner) ? inner : source;
    switch (stored) {
      case Weight.F32 _, Weight.F16 _, Weight.BF16 _ -> {}
      case Weight.Int8 _, Weight.Int4 _, Weight.Fp8 _, Weight.Transposed _ ->
          throw new IllegalArgumentException("quantize: the matrix is quantized already");
    }
  }

  /** Reads rows one after the other. */
  void read(float[] out, int first, int count) {
    int columns = stored.columns();
    if (!transposed) {
      numbers(out, (long) first * columns, count * columns);
      return;
    }
    int width = stored.rows();
    float[] part = new float[count];
    for (int c = 0; c < width; c++) {
      numbers(part, (long) c * columns + first, count);
      for (int r = 0; r < count; r++) {
        out[r * width + c] = part[r];
      }
    }
  }

  /** Reads {@code count} stored numbers from the {@code index}-th on. */
  private void numbers(float[] out, long index, int count) {
    MemorySegment data = stored.data();
    switch (stored) {
      case Weight.F32 _ ->
          MemorySegment.copy(data, ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * index, out, 0, count);
      case Weight.F16 _ -> {
        short[] bits = bits(data, index, count);
        for (int i = 0; i < count; i++) {
          out[i] = Float.float16ToFloat(bits[i]);
        }
      }
      case Weight.BF16 _ -> {
        short[] bits = bits(data, index, count);
        for (int i = 0; i < count; i++) {
          out[i] = Float.intBitsToFloat(bits[i] << 16);
        }
      }
      case Weight.Int8 _, Weight.Int4 _, Weight.Fp8 _, Weight.Transposed _ ->
          throw new IllegalStateException("refused by the constructor");
    }
  }

  private static short[] bits(MemorySegment data, long index, int count) {
    short[] bits = new short[count];
    MemorySegment.copy(data, ValueLayout.JAVA_SHORT_UNALIGNED, 2 * index, bits, 0, count);
    return bits;
  }
}
