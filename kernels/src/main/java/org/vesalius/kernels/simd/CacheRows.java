package org.vesalius.kernels.simd;

import static org.vesalius.kernels.simd.Lanes.BITS;
import static org.vesalius.kernels.simd.Lanes.COUNT;
import static org.vesalius.kernels.simd.Lanes.FLOATS;
import static org.vesalius.kernels.simd.Lanes.INTS;
import static org.vesalius.kernels.simd.Lanes.ORDER;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;
import org.vesalius.kernels.Bfloat16;
import org.vesalius.kernels.Contents;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.KeyValues;
import org.vesalius.kernels.Tensor;

/** Rows of the cache: the way of keys and values into it, and back to floats. */
final class CacheRows {
  /** As many numbers of 16 bits as a vector has floats. */
  private static final VectorSpecies<Short> SHORTS =
      VectorSpecies.of(short.class, VectorShape.forBitSize(BITS / 2));

  /** As many numbers of 8 bits, or twice as many where vectors of bytes are not that short. */
  private static final VectorSpecies<Byte> BYTES =
      VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, BITS / 4)));

  private static final float LARGEST_INTEGER = 127;

  /**
   * Where floats are whole numbers: added to a smaller one, it rounds it to the nearest, of two
   * equally near the even one, and leaves it in the lowest bits.
   */
  private static final float WHOLE = 0x1.8p23f;

  private final Scratch scratch = new Scratch();

  /** Stores each token's keys and values in its slot. */
  void store(Tensor k, Tensor v, KeyValues.Paged cache, Tensor slots) {
    // One thread, in order: of two tokens in one slot the later one stays, as in the definition.
    for (int t = 0; t < k.rows(); t++) {
      int slot = Contents.integer(slots, 0, t);
      store(k, t, cache.keys(), cache.keyScales(), cache, slot);
      store(v, t, cache.values(), cache.valueScales(), cache, slot);
    }
  }

  private void store(
      Tensor x,
      int token,
      List<Tensor> slabs,
      List<Tensor> scales,
      KeyValues.Paged cache,
      int slot) {
    int page = slot / cache.pageSize();
    int slab = page / cache.pagesPerSlab();
    int first = page % cache.pagesPerSlab() * cache.kvHeads();
    Tensor out = slabs.get(slab);
    int size = out.columns();
    for (int head = 0; head < cache.kvHeads(); head++) {
      int row = (first + head) * cache.pageSize() + slot % cache.pageSize();
      long from = 4 * ((long) token * x.stride() + (long) head * size);
      long to = (long) row * out.stride();
      switch (cache.format()) {
        case F32 -> MemorySegment.copy(x.data(), from, out.data(), 4 * to, 4L * size);
        case BF16 -> storeBrainFloats(out.data(), 2 * to, x.data(), from, size);
        case INT8 -> {
          float scale = storeBytes(out.data(), to, x.data(), from, size);
          scales.get(slab).data().set(ValueLayout.JAVA_FLOAT, 4L * row, scale);
        }
      }
    }
  }

  private static void storeBrainFloats(
      MemorySegment out, long to, MemorySegment x, long from, int count) {
    for (int i = 0; i < count; i++) {
      float value = x.get(ValueLayout.JAVA_FLOAT, from + 4L * i);
      out.set(ValueLayout.JAVA_SHORT, to + 2L * i, Bfloat16.round(value));
    }
  }

  /** Stores integers and returns their scale. */
  private float storeBytes(MemorySegment out, long to, MemorySegment x, long from, int count) {
    int padded = Lanes.roundUp(count, COUNT);
    float[] row = scratch.floats(padded);
    MemorySegment.copy(x, ValueLayout.JAVA_FLOAT, from, row, 0, count);
    for (int i = count; i < padded; i++) {
      row[i] = 0;
    }
    FloatVector largest = FloatVector.zero(FLOATS);
    for (int i = 0; i < padded; i += COUNT) {
      largest = largest.max(FloatVector.fromArray(FLOATS, row, i).abs());
    }
    float scale = largest.reduceLanes(VectorOperators.MAX) / LARGEST_INTEGER;
    if (scale < Float.MIN_NORMAL) {
      out.asSlice(to, count).fill((byte) 0);
      return 0;
    }
    for (int i = 0; i < padded; i += COUNT) {
      FloatVector.fromArray(FLOATS, row, i).div(scale).add(WHOLE).intoArray(row, i);
    }
    for (int i = 0; i < count; i++) {
      out.set(ValueLayout.JAVA_BYTE, to + i, (byte) Float.floatToRawIntBits(row[i]));
    }
    return scale;
  }

  /** Rows of a slab of BF16 or I8 as floats, one behind the other. */
  static void load(
      float[] out, int at, List<Tensor> slabs, List<Tensor> scales, int slab, int row, int count) {
    Tensor x = slabs.get(slab);
    int size = x.columns();
    for (int r = 0; r < count; r++) {
      long first = (long) (row + r) * x.stride();
      int to = at + r * size;
      if (x.type() == ElementType.BF16) {
        loadBrainFloats(out, to, x.data(), 2 * first, size);
      } else {
        MemorySegment scale = scales.get(slab).data();
        loadBytes(
            out,
            to,
            x.data(),
            first,
            size,
            scale.get(ValueLayout.JAVA_FLOAT, 4 * (long) (row + r)));
      }
    }
  }

  private static void loadBrainFloats(float[] out, int at, MemorySegment x, long from, int count) {
    int i = 0;
    for (; i <= count - COUNT; i += COUNT) {
      ShortVector.fromMemorySegment(SHORTS, x, from + 2L * i, ORDER)
          .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0)
          .reinterpretAsInts()
          .lanewise(VectorOperators.LSHL, 16)
          .reinterpretAsFloats()
          .intoArray(out, at + i);
    }
    for (; i < count; i++) {
      out[at + i] = Bfloat16.value(x.get(ValueLayout.JAVA_SHORT, from + 2L * i));
    }
  }

  private static void loadBytes(
      float[] out, int at, MemorySegment x, long from, int count, float scale) {
    int step = BYTES.length();
    int i = 0;
    for (; i <= count - step; i += step) {
      ByteVector bytes = ByteVector.fromMemorySegment(BYTES, x, from + i, ORDER);
      for (int part = 0; part < step / COUNT; part++) {
        ((FloatVector) bytes.convertShape(VectorOperators.B2F, FLOATS, part))
            .mul(scale)
            .intoArray(out, at + i + part * COUNT);
      }
    }
    for (; i < count; i++) {
      out[at + i] = x.get(ValueLayout.JAVA_BYTE, from + i) * scale;
    }
  }
}
