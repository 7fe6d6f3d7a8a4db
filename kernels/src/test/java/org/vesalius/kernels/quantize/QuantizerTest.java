package org.vesalius.kernels.quantize;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.vesalius.kernels.Float8;
import org.vesalius.kernels.Samples;
import org.vesalius.kernels.StoredWeights;
import org.vesalius.kernels.StoredWeights.Format;
import org.vesalius.kernels.StoredWeights.Order;
import org.vesalius.kernels.StoredWeights.Place;
import org.vesalius.kernels.Weight;
import org.vesalius.kernels.WorkerPool;

class QuantizerTest {
  private static final int[] COLUMNS = {1, 63, 64, 65, 255, 256, 257, 700};

  private static SegmentAllocator memory() {
    return Arena.ofAuto();
  }

  private static Weight stored(Format format, Order order, int rows, int columns, float... values) {
    return StoredWeights.of(Arena.ofAuto(), format, Place.ODD, order, rows, columns, values);
  }

  private static float half(MemorySegment data, long index) {
    return Float.float16ToFloat(data.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * index));
  }

  private static float number(Weight.Int8 w, int row, int column) {
    long group = (long) row * w.groups() + column / 256;
    byte q = w.data().get(ValueLayout.JAVA_BYTE, (long) row * w.columns() + column);
    return q * w.scales().get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * group);
  }

  private static int integer(Weight.Int4 w, int row, int column) {
    long group = (long) row * w.groups() + column / 64;
    int pair = w.data().get(ValueLayout.JAVA_BYTE, group * 32 + column % 32);
    return column % 64 < 32 ? pair & 15 : pair >> 4 & 15;
  }

  private static double number(Weight.Int4 w, int row, int column) {
    long group = (long) row * w.groups() + column / 64;
    return (double) integer(w, row, column) * half(w.scales(), group) + half(w.minimums(), group);
  }

  @Test
  void brainFloatsAreTheNearest() {
    Samples samples = new Samples(101);
    float[] values = samples.normal(3000, 1e-3);
    values[0] = 1 + 0x1p-8f;
    values[1] = 1 + 0x3p-8f;
    values[2] = -0f;
    values[3] = Float.MAX_VALUE;
    values[4] = Float.NEGATIVE_INFINITY;
    values[5] = Float.intBitsToFloat(0x7F800001);
    values[6] = 1e-40f;
    try (WorkerPool pool = new WorkerPool(2)) {
      Weight.BF16 found =
          new Quantizer(pool).bf16(stored(Format.F32, Order.ROWS, 30, 100, values), memory());
      for (int i = 0; i < values.length; i++) {
        int bits = found.data().get(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i);
        float rounded = Float.intBitsToFloat(bits << 16);
        String what = "number " + i + ", seed 101";
        if (Float.isNaN(values[i])) {
          assertTrue(Float.isNaN(rounded), what);
          continue;
        }
        // The neighbours on both sides are not nearer.
        double error = Math.abs((double) rounded - values[i]);
        for (int step : new int[] {-1, 1}) {
          double other = Float.intBitsToFloat((bits + step) << 16);
          double away = Math.abs(other - values[i]);
          assertTrue(
              Double.isNaN(away)
                  || error < away
                  || (error == away && (bits & 1) == 0)
                  || values[i] == rounded
                  || !Double.isFinite(error),
              what);
        }
      }
      assertEquals(Float.POSITIVE_INFINITY, brain(found, 3));
      assertEquals(1f, brain(found, 0));
      assertEquals(1 + 0x1p-6f, brain(found, 1));
    }
  }

  private static float brain(Weight.BF16 weight, int i) {
    return Float.intBitsToFloat(weight.data().get(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i) << 16);
  }

  @Test
  void bytesAreWithinHalfAStep() {
    Samples samples = new Samples(102);
    try (WorkerPool pool = new WorkerPool(2)) {
      for (int columns : COLUMNS) {
        int rows = 19;
        float[] values = samples.normal(rows * columns, 0.02);
        Weight.Int8 found =
            new Quantizer(pool)
                .int8(stored(Format.F32, Order.ROWS, rows, columns, values), memory());
        for (int r = 0; r < rows; r++) {
          for (int c = 0; c < columns; c++) {
            float largest = 0;
            int first = c / 256 * 256;
            for (int j = first; j < Math.min(columns, first + 256); j++) {
              largest = Math.max(largest, Math.abs(values[r * columns + j]));
            }
            float value = values[r * columns + c];
            double error = Math.abs((double) number(found, r, c) - value);
            String what = "row " + r + ", column " + c + " of " + columns + ", seed 102";
            assertTrue(error <= largest / 254 * (1 + 1e-5), what);
            boolean extreme = Math.abs(value) == largest;
            int q = found.data().get(ValueLayout.JAVA_BYTE, (long) r * columns + c);
            assertTrue(extreme ? Math.abs(q) == 127 : Math.abs(q) <= 127, what);
          }
        }
      }
    }
  }

  /** Squared errors of rounding between the extremes, as the format holds them. */
  private static double plain(float[] values, int from, int to) {
    float low = Float.POSITIVE_INFINITY;
    float high = Float.NEGATIVE_INFINITY;
    for (int i = from; i < to; i++) {
      low = Math.min(low, values[i]);
      high = Math.max(high, values[i]);
    }
    float scale = Float.float16ToFloat(Float.floatToFloat16((high - low) / 15));
    float minimum = Float.float16ToFloat(Float.floatToFloat16(low));
    double sum = 0;
    for (int i = from; i < to; i++) {
      double q = scale == 0 ? 0 : Math.clamp(Math.rint((values[i] - minimum) / scale), 0, 15);
      double error = values[i] - (q * scale + minimum);
      sum += error * error;
    }
    return sum;
  }

  @Test
  void nibblesAreBetterThanPlainRounding() {
    Samples samples = new Samples(103);
    try (WorkerPool pool = new WorkerPool(2)) {
      for (int columns : COLUMNS) {
        for (double skew : new double[] {0, 0.5}) {
          int rows = 70;
          float[] values = samples.normal(rows * columns, 0.02);
          for (int i = 0; i < values.length; i++) {
            values[i] += (float) (skew * Math.abs(values[i]));
          }
          Weight.Int4 found =
              new Quantizer(pool)
                  .int4(stored(Format.F32, Order.ROWS, rows, columns, values), memory());
          double ours = 0;
          double plain = 0;
          for (int r = 0; r < rows; r++) {
            for (int first = 0; first < columns; first += 64) {
              int end = Math.min(columns, first + 64);
              double group = 0;
              for (int c = first; c < end; c++) {
                double error = values[r * columns + c] - number(found, r, c);
                group += error * error;
              }
              double simple = plain(values, r * columns + first, r * columns + end);
              String what = "row " + r + ", column " + first + " of " + columns + ", seed 103";
              // The search works in single precision, and is as exact as that in its comparison.
              double roundoff = 1e-5 * energy(values, r * columns + first, r * columns + end);
              assertTrue(
                  group <= simple * (1 + 1e-5) + roundoff, what + ": " + group + " > " + simple);
              ours += group;
              plain += simple;
            }
          }
          if (columns >= 64) {
            assertTrue(ours < 0.88 * plain, columns + " columns: " + ours / plain + ", seed 103");
          }
        }
      }
    }
  }

  private static double energy(float[] values, int from, int to) {
    double mean = 0;
    for (int i = from; i < to; i++) {
      mean += values[i] / (to - from);
    }
    double sum = 0;
    for (int i = from; i < to; i++) {
      sum += (values[i] - mean) * (values[i] - mean);
    }
    return sum;
  }

  /** What 16 steps of a binary16 scale can hold, comes back as it was; constants too. */
  @Test
  void exactNumbersStayExact() {
    Samples samples = new Samples(104);
    int columns = 200;
    float[] values = new float[40 * columns];
    for (int i = 0; i < values.length; i++) {
      boolean constant = i / columns % 3 == 2;
      int inside = i % columns % 64;
      int q = inside == 0 ? 0 : inside == 1 ? 15 : samples.below(16);
      values[i] = constant ? -0.375f : 0.25f * q - 1.5f;
    }
    try (WorkerPool pool = new WorkerPool(1)) {
      Weight source = stored(Format.F32, Order.ROWS, 40, columns, values);
      Weight.Int4 found = new Quantizer(pool).int4(source, memory());
      Weight.Int8 bytes =
          new Quantizer(pool)
              .int8(stored(Format.F32, Order.ROWS, 40, columns, new float[8000]), memory());
      for (int i = 0; i < values.length; i++) {
        assertEquals(values[i], number(found, i / columns, i % columns), "number " + i);
        assertEquals(0f, number(bytes, i / columns, i % columns), "zero " + i);
      }
    }
  }

  /** Columns beyond the last are 0 in the file, so that files of equal weights are equal. */
  @Test
  void paddingIsZero() {
    Samples samples = new Samples(105);
    float[] values = samples.normal(5 * 70, 1);
    try (WorkerPool pool = new WorkerPool(1)) {
      Weight.Int4 found =
          new Quantizer(pool).int4(stored(Format.F32, Order.ROWS, 5, 70, values), memory());
      for (int r = 0; r < 5; r++) {
        for (int c = 70; c < 128; c++) {
          assertEquals(0, integer(found, r, c), "row " + r + ", column " + c);
        }
      }
    }
  }

  /** Neither storage nor order nor threads change a bit. */
  @Test
  void everyStorageGivesTheSame() {
    Samples samples = new Samples(106);
    int rows = 83;
    int columns = 330;
    float[] values = samples.normal(rows * columns, 0.1);
    for (int i = 0; i < values.length; i++) {
      // Eight bits of fraction: what every format stores exactly.
      values[i] = Float.intBitsToFloat(Float.floatToRawIntBits(values[i]) & 0xFFFF0000);
      values[i] = Math.abs(values[i]) < 0x1p-14f ? 0 : values[i];
    }
    byte[][] expected = null;
    for (Format format : Format.values()) {
      for (Order order : Order.values()) {
        for (int threads = 1; threads <= 3; threads++) {
          try (WorkerPool pool = new WorkerPool(threads)) {
            Quantizer quantizer = new Quantizer(pool);
            Weight source = stored(format, order, rows, columns, values);
            Weight.Int8 int8 = quantizer.int8(source, memory());
            Weight.Int4 int4 = quantizer.int4(source, memory());
            byte[][] found = {
              bytes(quantizer.bf16(source, memory()).data()),
              bytes(int8.data()),
              bytes(int8.scales()),
              bytes(int4.data()),
              bytes(int4.scales()),
              bytes(int4.minimums())
            };
            expected = expected == null ? found : expected;
            for (int i = 0; i < found.length; i++) {
              String what = format + " " + order + ", " + threads + " threads, part " + i;
              assertArrayEquals(expected[i], found[i], what);
            }
          }
        }
      }
    }
  }

  private static byte[] bytes(MemorySegment data) {
    return data.toArray(ValueLayout.JAVA_BYTE);
  }

  @Test
  void numbersThatDoNotFitAreRefused() {
    try (WorkerPool pool = new WorkerPool(2)) {
      Quantizer quantizer = new Quantizer(pool);
      for (float wrong : new float[] {Float.NaN, Float.NEGATIVE_INFINITY, 1e6f}) {
        float[] values = new Samples(107).normal(20 * 300, 1);
        values[17 * 300 + 299] = wrong;
        Weight source = stored(Format.F32, Order.ROWS, 20, 300, values);
        var e =
            assertThrows(IllegalArgumentException.class, () -> quantizer.int4(source, memory()));
        assertTrue(String.valueOf(e.getMessage()).contains("row 17"), e.getMessage());
        if (!(wrong == 1e6f)) {
          assertThrows(IllegalArgumentException.class, () -> quantizer.int8(source, memory()));
        }
      }
      Weight quantized =
          quantizer.int8(stored(Format.F32, Order.ROWS, 1, 4, new float[4]), memory());
      assertThrows(IllegalArgumentException.class, () -> quantizer.int4(quantized, memory()));
    }
  }

  @Test
  void emptyMatrices() {
    try (WorkerPool pool = new WorkerPool(2)) {
      Quantizer quantizer = new Quantizer(pool);
      assertEquals(0, quantizer.int4(stored(Format.BF16, Order.ROWS, 0, 64), memory()).rows());
      assertEquals(0, quantizer.int8(stored(Format.BF16, Order.ROWS, 3, 0), memory()).columns());
      assertEquals(0, quantizer.int4(stored(Format.BF16, Order.ROWS, 3, 0), memory()).columns());
    }
  }

  private static float number(Weight.Fp8 w, int row, int column) {
    byte bits = w.data().get(ValueLayout.JAVA_BYTE, (long) row * w.columns() + column);
    return Float8.value(bits) * w.scales().get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * row);
  }

  /** Every number is the nearest, and the scale the smallest power of two that will do. */
  @Test
  void smallFloatsAreTheNearest() {
    Samples samples = new Samples(141);
    try (WorkerPool pool = new WorkerPool(2)) {
      Quantizer quantizer = new Quantizer(pool);
      for (int columns : COLUMNS) {
        int rows = 37;
        float[] values = samples.normal(rows * columns, 0.02);
        values[0] = 448;
        values[columns] = Math.nextUp(448f);
        Weight.Fp8 found =
            quantizer.fp8(stored(Format.F32, Order.ROWS, rows, columns, values), memory());
        for (int r = 0; r < rows; r++) {
          float scale = found.scales().get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * r);
          float largest = 0;
          for (int c = 0; c < columns; c++) {
            float value = values[r * columns + c];
            largest = Math.max(largest, Math.abs(value));
            assertEquals(
                Float8.value(Float8.round(value / scale)) * scale, number(found, r, c), "" + value);
          }
          assertEquals(0, Float.floatToRawIntBits(scale) & 0x7fffff, "a power of two");
          assertTrue(largest <= 448 * scale && largest > 224 * scale, largest + " by " + scale);
        }
        assertEquals(1, found.scales().get(ValueLayout.JAVA_FLOAT_UNALIGNED, 0));
        assertEquals(2, found.scales().get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4));
        Weight.Fp8 turned =
            quantizer.fp8(stored(Format.F32, Order.COLUMNS, rows, columns, values), memory());
        assertEquals(-1, found.data().mismatch(turned.data()));
        assertEquals(-1, found.scales().mismatch(turned.scales()));
      }
    }
  }

  @Test
  void smallFloatsOfNothingAndOfTooMuch() {
    try (WorkerPool pool = new WorkerPool(1)) {
      Quantizer quantizer = new Quantizer(pool);
      float[] values = {0, -0f, 1e-30f, 2e-30f, 1, -3};
      Weight.Fp8 found = quantizer.fp8(stored(Format.F32, Order.ROWS, 3, 2, values), memory());
      assertEquals(0, found.scales().get(ValueLayout.JAVA_FLOAT_UNALIGNED, 0));
      assertEquals(0, found.scales().get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4));
      assertEquals(-3, number(found, 2, 1));
      for (float wrong : new float[] {Float.NaN, Float.NEGATIVE_INFINITY, 1e31f}) {
        values[5] = wrong;
        Weight source = stored(Format.F32, Order.ROWS, 3, 2, values);
        String message =
            String.valueOf(
                assertThrows(IllegalArgumentException.class, () -> quantizer.fp8(source, memory()))
                    .getMessage());
        assertTrue(
            message.startsWith("quantize: row 2: expected numbers of at most 2^100, found "),
            message);
      }
    }
  }
}
