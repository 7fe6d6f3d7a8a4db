package org.vesalius.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.SplittableRandom;
import org.vesalius.bench.onednn.NumberType;
import org.vesalius.bench.onednn.Way;
import org.vesalius.kernels.Weight;

/** A format of weights, with random weights in it and the ways that oneDNN has to compute with. */
public enum WeightFormat {
  F32(NumberType.F32),
  BF16(NumberType.BF16),
  INT8(NumberType.S8),
  INT4(NumberType.U4);

  /** Of four numbers in BF16 or F16, or two in F32: sign, mantissa and last bit of the exponent. */
  private static final long BF16_RANDOM = 0x80FF_80FF_80FF_80FFL;

  private static final long BF16_ONE = 0x3F00_3F00_3F00_3F00L;
  private static final long F32_RANDOM = 0x80FF_FFFF_80FF_FFFFL;
  private static final long F32_ONE = 0x3F00_0000_3F00_0000L;
  private static final long POSITIVE_F32 = 0x7FFF_FFFF_7FFF_FFFFL;
  private static final long F16_RANDOM = 0x87FF_87FF_87FF_87FFL;
  private static final long F16_ONE = 0x3800_3800_3800_3800L;
  private static final long POSITIVE_F16 = 0x7FFF_7FFF_7FFF_7FFFL;

  private final NumberType peerType;

  WeightFormat(NumberType peerType) {
    this.peerType = peerType;
  }

  /** The same numbers for oneDNN. */
  NumberType peerType() {
    return peerType;
  }

  /** How oneDNN can compute with weights of this format. */
  List<Way> peerWays() {
    return switch (this) {
      case F32 -> Way.f32();
      case BF16 -> Way.bf16();
      case INT8 -> Way.int8();
      case INT4 -> Way.int4();
    };
  }

  /**
   * A weight of random numbers: sign and mantissa random, magnitude from a half to two; integers
   * over their whole range with scales from a half to two.
   */
  Weight random(Arena arena, int rows, int columns, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    long elements = (long) rows * columns;
    return switch (this) {
      case F32 ->
          new Weight.F32(fill(arena, 4 * elements, random, F32_RANDOM, F32_ONE), rows, columns);
      case BF16 ->
          new Weight.BF16(fill(arena, 2 * elements, random, BF16_RANDOM, BF16_ONE), rows, columns);
      case INT8 -> {
        long scales = 4L * rows * Weight.Int8.groups(columns);
        yield new Weight.Int8(
            noLeastByte(fill(arena, elements, random, -1, 0)),
            fill(arena, scales, random, F32_RANDOM & POSITIVE_F32, F32_ONE),
            rows,
            columns);
      }
      case INT4 -> {
        long groups = (long) rows * Weight.Int4.groups(columns);
        yield new Weight.Int4(
            fill(arena, groups * Weight.Int4.GROUP_BYTES, random, -1, 0),
            fill(arena, 2 * groups, random, F16_RANDOM & POSITIVE_F16, F16_ONE),
            fill(arena, 2 * groups, random, F16_RANDOM, F16_ONE),
            rows,
            columns);
      }
    };
  }

  /** The format has no -128. */
  private static MemorySegment noLeastByte(MemorySegment data) {
    for (long i = 0; i < data.byteSize(); i++) {
      if (data.get(ValueLayout.JAVA_BYTE, i) == Byte.MIN_VALUE) {
        data.set(ValueLayout.JAVA_BYTE, i, Byte.MAX_VALUE);
      }
    }
    return data;
  }

  private static MemorySegment fill(
      Arena arena, long bytes, SplittableRandom random, long mask, long base) {
    MemorySegment data = arena.allocate((bytes + 7) & -8, 64);
    for (long i = 0; i < data.byteSize() / 8; i++) {
      data.setAtIndex(ValueLayout.JAVA_LONG, i, (random.nextLong() & mask) | base);
    }
    return data.asSlice(0, bytes);
  }
}
