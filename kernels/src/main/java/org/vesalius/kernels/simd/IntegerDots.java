package org.vesalius.kernels.simd;

import static org.vesalius.kernels.simd.Lanes.ORDER;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;
import org.vesalius.kernels.Weight;

/**
 * The inner loops of the product of one token with weights of integers: exact dot products of
 * groups of columns, straight from the stored weight, in 16-bit lanes. Two products of 8-bit
 * integers fit such a lane, and eight with a 4-bit one. Bodies call the Vector API directly, as in
 * {@link DotTiles}; four rows at a time share the loads of activations and the gathering of lanes.
 */
final class IntegerDots {
  /** Rows of a loop. */
  static final int ROWS = 4;

  /** At most as wide as a group of 4-bit integers. */
  private static final int BITS = Math.min(Lanes.BITS, 8 * Weight.Int4.GROUP_BYTES);

  private static final VectorSpecies<Short> SHORTS =
      BITS == 128 ? ShortVector.SPECIES_128 : ShortVector.SPECIES_256;
  private static final VectorSpecies<Integer> INTS =
      BITS == 128 ? IntVector.SPECIES_128 : IntVector.SPECIES_256;
  private static final VectorSpecies<Float> FLOATS =
      BITS == 128 ? FloatVector.SPECIES_128 : FloatVector.SPECIES_256;

  /** 32-bit lanes: the distance of two groups in the results. */
  static final int COUNT = BITS / 32;

  /** Bytes of a vector, and 8-bit columns of two vectors of activations. */
  static final int BYTES = BITS / 8;

  private static final short NIBBLE = 15;

  private static final VectorMask<Integer> ODD = VectorMask.fromLong(INTS, 0xAA);
  private static final VectorMask<Integer> UPPER = VectorMask.fromLong(INTS, 0xCC);
  private static final VectorShuffle<Integer> PAIRS = VectorShuffle.fromOp(INTS, i -> i ^ 2);
  private static final VectorShuffle<Integer> HALVES =
      VectorShuffle.fromOp(INTS, i -> (i + 4) % COUNT);

  /** The columns of a group of 8-bit integers in the order of {@link #bytes}. */
  private static final int[] BYTE_ORDER = byteOrder();

  /** The columns of a group of 4-bit integers in the order of {@link #nibbles}. */
  private static final int[] NIBBLE_ORDER = nibbleOrder();

  private IntegerDots() {}

  /** Of a vector of bytes the even ones, then the odd ones. */
  private static int[] byteOrder() {
    int[] order = new int[Weight.Int8.GROUP];
    for (int i = 0; i < order.length; i++) {
      int inside = i % BYTES;
      order[i - inside + inside % 2 * BYTES / 2 + inside / 2] = i;
    }
    return order;
  }

  /** Of a vector of bytes the lower and upper halves of the even ones, then of the odd ones. */
  private static int[] nibbleOrder() {
    int[] order = new int[Weight.Int4.GROUP];
    for (int i = 0; i < order.length; i++) {
      int pair = i % Weight.Int4.GROUP_BYTES;
      int vector = pair / BYTES * 4 + pair % 2 * 2 + i / Weight.Int4.GROUP_BYTES;
      order[vector * BYTES / 2 + pair % BYTES / 2] = i;
    }
    return order;
  }

  /**
   * Brings integers into the order in which they are multiplied, two of 16 bits in the bits of a
   * float.
   *
   * @param x integers as floats, from {@code from}
   * @param to where the narrow ones go
   * @param bytes whether they meet 8-bit integers
   */
  static void narrow(float[] x, int from, int to, int groups, boolean bytes) {
    int[] order = bytes ? BYTE_ORDER : NIBBLE_ORDER;
    for (int g = 0; g < groups; g++) {
      int first = from + g * order.length;
      int out = to + g * order.length / 2;
      for (int i = 0; i < order.length; i += 2) {
        int low = (int) x[first + order[i]] & 0xFFFF;
        int high = (int) x[first + order[i + 1]] << 16;
        x[out + i / 2] = Float.intBitsToFloat(low | high);
      }
    }
  }

  /**
   * The dot products of groups of 8-bit integers of four rows.
   *
   * @param w0 byte offset of the first row
   * @param stride bytes from row to row
   * @param x activations from {@link #narrow}
   * @param columns a multiple of {@link #BYTES}; the last group may be cut
   * @param dots those of a group side by side, groups {@link #COUNT} apart
   */
  static void bytes(
      MemorySegment weight, long w0, long stride, float[] x, int at, int columns, int[] dots) {
    long w1 = w0 + stride;
    long w2 = w1 + stride;
    long w3 = w2 + stride;
    IntVector s0 = IntVector.zero(INTS);
    IntVector s1 = s0;
    IntVector s2 = s0;
    IntVector s3 = s0;
    int last = columns - BYTES;
    for (int j = 0; j < columns; j += BYTES) {
      int i = at + (j >> 1);
      ShortVector even = FloatVector.fromArray(FLOATS, x, i).reinterpretAsShorts();
      ShortVector odd = FloatVector.fromArray(FLOATS, x, i + COUNT).reinterpretAsShorts();
      ShortVector v;
      IntVector p;
      v = ShortVector.fromMemorySegment(SHORTS, weight, w0 + j, ORDER);
      p =
          v.lanewise(VectorOperators.LSHL, 8)
              .lanewise(VectorOperators.ASHR, 8)
              .mul(even)
              .add(v.lanewise(VectorOperators.ASHR, 8).mul(odd))
              .reinterpretAsInts();
      s0 =
          s0.add(p.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 16))
              .add(p.lanewise(VectorOperators.ASHR, 16));
      v = ShortVector.fromMemorySegment(SHORTS, weight, w1 + j, ORDER);
      p =
          v.lanewise(VectorOperators.LSHL, 8)
              .lanewise(VectorOperators.ASHR, 8)
              .mul(even)
              .add(v.lanewise(VectorOperators.ASHR, 8).mul(odd))
              .reinterpretAsInts();
      s1 =
          s1.add(p.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 16))
              .add(p.lanewise(VectorOperators.ASHR, 16));
      v = ShortVector.fromMemorySegment(SHORTS, weight, w2 + j, ORDER);
      p =
          v.lanewise(VectorOperators.LSHL, 8)
              .lanewise(VectorOperators.ASHR, 8)
              .mul(even)
              .add(v.lanewise(VectorOperators.ASHR, 8).mul(odd))
              .reinterpretAsInts();
      s2 =
          s2.add(p.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 16))
              .add(p.lanewise(VectorOperators.ASHR, 16));
      v = ShortVector.fromMemorySegment(SHORTS, weight, w3 + j, ORDER);
      p =
          v.lanewise(VectorOperators.LSHL, 8)
              .lanewise(VectorOperators.ASHR, 8)
              .mul(even)
              .add(v.lanewise(VectorOperators.ASHR, 8).mul(odd))
              .reinterpretAsInts();
      s3 =
          s3.add(p.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 16))
              .add(p.lanewise(VectorOperators.ASHR, 16));
      if ((j & (Weight.Int8.GROUP - 1)) == Weight.Int8.GROUP - BYTES || j == last) {
        IntVector a =
            s0.add(s0.reinterpretAsLongs().lanewise(VectorOperators.LSHR, 32).reinterpretAsInts())
                .blend(
                    s1.add(
                        s1.reinterpretAsLongs()
                            .lanewise(VectorOperators.LSHL, 32)
                            .reinterpretAsInts()),
                    ODD);
        IntVector b =
            s2.add(s2.reinterpretAsLongs().lanewise(VectorOperators.LSHR, 32).reinterpretAsInts())
                .blend(
                    s3.add(
                        s3.reinterpretAsLongs()
                            .lanewise(VectorOperators.LSHL, 32)
                            .reinterpretAsInts()),
                    ODD);
        a = a.add(a.rearrange(PAIRS)).blend(b.add(b.rearrange(PAIRS)), UPPER);
        a = COUNT == 4 ? a : a.add(a.rearrange(HALVES));
        a.intoArray(dots, j / Weight.Int8.GROUP * COUNT);
        s0 = IntVector.zero(INTS);
        s1 = s0;
        s2 = s0;
        s3 = s0;
      }
    }
  }

  /** As {@link #bytes} for 4-bit integers. */
  static void nibbles(
      MemorySegment weight, long w0, long stride, float[] x, int at, int groups, int[] dots) {
    long w1 = w0 + stride;
    long w2 = w1 + stride;
    long w3 = w2 + stride;
    IntVector s0 = IntVector.zero(INTS);
    IntVector s1 = s0;
    IntVector s2 = s0;
    IntVector s3 = s0;
    int end = groups * Weight.Int4.GROUP_BYTES;
    for (int j = 0; j < end; j += BYTES) {
      int i = at + j;
      ShortVector x0 = FloatVector.fromArray(FLOATS, x, i).reinterpretAsShorts();
      ShortVector x1 = FloatVector.fromArray(FLOATS, x, i + COUNT).reinterpretAsShorts();
      ShortVector x2 = FloatVector.fromArray(FLOATS, x, i + 2 * COUNT).reinterpretAsShorts();
      ShortVector x3 = FloatVector.fromArray(FLOATS, x, i + 3 * COUNT).reinterpretAsShorts();
      ShortVector v;
      IntVector p;
      v = ShortVector.fromMemorySegment(SHORTS, weight, w0 + j, ORDER);
      p =
          v.and(NIBBLE)
              .mul(x0)
              .add(v.lanewise(VectorOperators.LSHR, 4).and(NIBBLE).mul(x1))
              .add(v.lanewise(VectorOperators.LSHR, 8).and(NIBBLE).mul(x2))
              .add(v.lanewise(VectorOperators.LSHR, 12).mul(x3))
              .reinterpretAsInts();
      s0 =
          s0.add(p.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 16))
              .add(p.lanewise(VectorOperators.ASHR, 16));
      v = ShortVector.fromMemorySegment(SHORTS, weight, w1 + j, ORDER);
      p =
          v.and(NIBBLE)
              .mul(x0)
              .add(v.lanewise(VectorOperators.LSHR, 4).and(NIBBLE).mul(x1))
              .add(v.lanewise(VectorOperators.LSHR, 8).and(NIBBLE).mul(x2))
              .add(v.lanewise(VectorOperators.LSHR, 12).mul(x3))
              .reinterpretAsInts();
      s1 =
          s1.add(p.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 16))
              .add(p.lanewise(VectorOperators.ASHR, 16));
      v = ShortVector.fromMemorySegment(SHORTS, weight, w2 + j, ORDER);
      p =
          v.and(NIBBLE)
              .mul(x0)
              .add(v.lanewise(VectorOperators.LSHR, 4).and(NIBBLE).mul(x1))
              .add(v.lanewise(VectorOperators.LSHR, 8).and(NIBBLE).mul(x2))
              .add(v.lanewise(VectorOperators.LSHR, 12).mul(x3))
              .reinterpretAsInts();
      s2 =
          s2.add(p.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 16))
              .add(p.lanewise(VectorOperators.ASHR, 16));
      v = ShortVector.fromMemorySegment(SHORTS, weight, w3 + j, ORDER);
      p =
          v.and(NIBBLE)
              .mul(x0)
              .add(v.lanewise(VectorOperators.LSHR, 4).and(NIBBLE).mul(x1))
              .add(v.lanewise(VectorOperators.LSHR, 8).and(NIBBLE).mul(x2))
              .add(v.lanewise(VectorOperators.LSHR, 12).mul(x3))
              .reinterpretAsInts();
      s3 =
          s3.add(p.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 16))
              .add(p.lanewise(VectorOperators.ASHR, 16));
      if ((j & (Weight.Int4.GROUP_BYTES - 1)) == Weight.Int4.GROUP_BYTES - BYTES) {
        IntVector a =
            s0.add(s0.reinterpretAsLongs().lanewise(VectorOperators.LSHR, 32).reinterpretAsInts())
                .blend(
                    s1.add(
                        s1.reinterpretAsLongs()
                            .lanewise(VectorOperators.LSHL, 32)
                            .reinterpretAsInts()),
                    ODD);
        IntVector b =
            s2.add(s2.reinterpretAsLongs().lanewise(VectorOperators.LSHR, 32).reinterpretAsInts())
                .blend(
                    s3.add(
                        s3.reinterpretAsLongs()
                            .lanewise(VectorOperators.LSHL, 32)
                            .reinterpretAsInts()),
                    ODD);
        a = a.add(a.rearrange(PAIRS)).blend(b.add(b.rearrange(PAIRS)), UPPER);
        a = COUNT == 4 ? a : a.add(a.rearrange(HALVES));
        a.intoArray(dots, j / Weight.Int4.GROUP_BYTES * COUNT);
        s0 = IntVector.zero(INTS);
        s1 = s0;
        s2 = s0;
        s3 = s0;
      }
    }
  }
}
