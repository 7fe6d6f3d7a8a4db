package org.vesalius.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class Float8Test {

  @Test
  void valuesAreTheStandards() {
    // Table 2 of OFP8: largest, largest and smallest subnormal, smallest normal number.
    assertEquals(448, Float8.value((byte) 0x7e));
    assertEquals(-448, Float8.value((byte) 0xfe));
    assertEquals(0x1p-6f, Float8.value((byte) 0x08));
    assertEquals(0.875f * 0x1p-6f, Float8.value((byte) 0x07));
    assertEquals(0x1p-9f, Float8.value((byte) 0x01));
    assertEquals(1, Float8.value((byte) 0x38));
    assertTrue(Float.isNaN(Float8.value((byte) 0x7f)) && Float.isNaN(Float8.value((byte) 0xff)));
    assertEquals(Float.floatToRawIntBits(-0f), Float.floatToRawIntBits(Float8.value((byte) 0x80)));
    for (int bits = 1; bits < 0x7f; bits++) {
      assertTrue(Float8.value((byte) bits) > Float8.value((byte) (bits - 1)), "" + bits);
      assertEquals(-Float8.value((byte) bits), Float8.value((byte) (bits | 0x80)));
    }
  }

  /** Beside a search among all numbers. */
  private static byte nearest(float x) {
    int best = 0;
    for (int bits = 0; bits < 0x7f; bits++) {
      double distance = Math.abs(Math.abs((double) x) - Float8.value((byte) bits));
      double least = Math.abs(Math.abs((double) x) - Float8.value((byte) best));
      if (distance < least || (distance == least && bits % 2 == 0)) {
        best = bits;
      }
    }
    return (byte) (best | (Float.floatToRawIntBits(x) < 0 ? 0x80 : 0));
  }

  private static void check(float x) {
    assertEquals(nearest(x), Float8.round(x), "" + x);
    assertEquals(nearest(-x), Float8.round(-x), "" + -x);
  }

  @Test
  void roundingTakesTheNearest() {
    for (int bits = 0; bits < 0x7f; bits++) {
      float value = Float8.value((byte) bits);
      check(value);
      if (bits < 0x7e) {
        float middle = (value + Float8.value((byte) (bits + 1))) / 2;
        check(middle);
        check(Math.nextDown(middle));
        check(Math.nextUp(middle));
      }
    }
    Samples samples = new Samples(31);
    for (double deviation : new double[] {1e-4, 0.01, 1, 100, 1000}) {
      for (float x : samples.normal(2000, deviation)) {
        check(x);
      }
    }
    for (float x : new float[] {448, 464, 480, 1e30f, Float.MAX_VALUE, Float.MIN_VALUE, 1e-30f}) {
      check(x);
    }
    assertEquals((byte) 0x7e, Float8.round(Float.POSITIVE_INFINITY));
    assertEquals((byte) 0xfe, Float8.round(Float.NEGATIVE_INFINITY));
    assertEquals((byte) Float8.NAN, Float8.round(Float.NaN));
  }

  /** 896 makes the scale 2: what is between two numbers goes up, down, or to the even one. */
  @Test
  void tokensShareAScale() {
    float[] x = {9, 896, -2.2f, 2.1f, 2.125f, 0, 7};
    Float8.roundToken(x, 1, 6);
    assertArrayEquals(new float[] {9, 896, -2.25f, 2, 2, 0, 7}, x);
    float[] small = {448 * Float.MIN_NORMAL / 4, 0, 448 * Float.MIN_NORMAL, 0};
    Float8.roundToken(small, 0, 2);
    Float8.roundToken(small, 2, 4);
    assertArrayEquals(new float[] {0, 0, 448 * Float.MIN_NORMAL, 0}, small);
    for (float wrong : new float[] {Float.NaN, Float.NEGATIVE_INFINITY}) {
      float[] spoilt = {1, wrong, -3};
      Float8.roundToken(spoilt, 0, 3);
      assertArrayEquals(new float[] {Float.NaN, Float.NaN, Float.NaN}, spoilt);
    }
  }

  private static Weight.Fp8 matrix(float... scales) {
    MemorySegment data = Arena.ofAuto().allocate(254L * scales.length);
    for (int row = 0; row < scales.length; row++) {
      for (int i = 0; i < 127; i++) {
        data.set(ValueLayout.JAVA_BYTE, 254L * row + 2L * i, (byte) i);
        data.set(ValueLayout.JAVA_BYTE, 254L * row + 2L * i + 1, (byte) (i | 0x80));
      }
    }
    MemorySegment factors = Arena.ofAuto().allocateFrom(ValueLayout.JAVA_FLOAT, scales);
    return new Weight.Fp8(data, factors, scales.length, 254);
  }

  /** Every number of every scale that the quantizer makes is one of bfloat16. */
  @Test
  void widenedToBfloat16Exactly() {
    float[] scales = {0x1p-100f, 0x1p-9f, 1, 0, 0x1p100f};
    Weight.BF16 wide =
        assertInstanceOf(Weight.BF16.class, Float8.widened(matrix(scales), Arena.ofAuto()));
    for (int i = 0; i < 254 * scales.length; i++) {
      int column = i % 254;
      float value = Float8.value((byte) (column / 2 | column % 2 << 7));
      short bits = wide.data().get(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i);
      assertEquals(value * scales[i / 254], Bfloat16.value(bits));
    }
  }

  @Test
  void widenedToFloatElsewhere() {
    for (float[] scales : new float[][] {{1, 0.3f}, {0x1p-101f}, {0x1p101f}, {-1}}) {
      Weight.F32 wide =
          assertInstanceOf(Weight.F32.class, Float8.widened(matrix(scales), Arena.ofAuto()));
      for (int i = 0; i < 254 * scales.length; i++) {
        int column = i % 254;
        float value = Float8.value((byte) (column / 2 | column % 2 << 7));
        assertEquals(
            value * scales[i / 254], wide.data().get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * i));
      }
    }
  }
}
