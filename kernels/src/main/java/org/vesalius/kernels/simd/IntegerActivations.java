package org.vesalius.kernels.simd;

import static org.vesalius.kernels.simd.Lanes.COUNT;
import static org.vesalius.kernels.simd.Lanes.FLOATS;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.vesalius.kernels.ActivationRounding;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.Weight;

/**
 * Rows of activations rounded as {@link ActivationRounding#INT8} says, for weights of integers.
 *
 * <p>A packed row holds the integers of its groups, zeros behind the last column, then the scale of
 * each group, then the sum of each group's integers times its scale. The integers are floats: a
 * group's products are below 2^24 in sum, so that multiplying and adding them as floats is exact in
 * any order.
 */
final class IntegerActivations {
  /** Adding and taking it away rounds to a whole number, half to even. */
  private static final float ROUNDER = 0x1.8p23f;

  private static final float LARGEST = 127;

  private IntegerActivations() {}

  /** Columns that share a scale. */
  static int group(Weight weight) {
    return weight instanceof Weight.Int8 ? Weight.Int8.GROUP : Weight.Int4.GROUP;
  }

  /** Groups of a row. */
  static int groups(Weight weight) {
    return Math.ceilDiv(weight.columns(), group(weight));
  }

  /** Numbers of a packed row. */
  static int width(Weight weight) {
    return groups(weight) * (group(weight) + 2);
  }

  /** Where the scales of a packed row are; the sums follow. */
  static int scales(Weight weight) {
    return groups(weight) * group(weight);
  }

  /** Packs a row. */
  static void pack(float[] packed, int at, Tensor x, int row, Weight weight) {
    int group = group(weight);
    int groups = groups(weight);
    int columns = weight.columns();
    MemorySegment data = x.data();
    long offset = 4L * row * x.stride();
    MemorySegment.copy(data, ValueLayout.JAVA_FLOAT, offset, packed, at, columns);
    Arrays.fill(packed, at + columns, at + groups * group, 0);
    int scales = at + groups * group;
    for (int g = 0; g < groups; g++) {
      int first = at + g * group;
      float scale = scale(largest(packed, first, group));
      packed[scales + g] = scale;
      packed[scales + groups + g] = round(packed, first, group, scale) * scale;
    }
  }

  /** The largest magnitude; NaN if one is. */
  private static float largest(float[] x, int at, int count) {
    FloatVector max = FloatVector.zero(FLOATS);
    for (int i = at; i < at + count; i += COUNT) {
      max = max.max(FloatVector.fromArray(FLOATS, x, i).abs());
    }
    return max.reduceLanes(VectorOperators.MAX);
  }

  private static float scale(float largest) {
    float scale = largest / LARGEST;
    if (!Float.isFinite(scale)) {
      return Float.NaN;
    }
    return scale < Float.MIN_NORMAL ? 0 : scale;
  }

  /** Replaces numbers by integers and returns their sum. */
  private static float round(float[] x, int at, int count, float scale) {
    if (!(scale > 0)) {
      Arrays.fill(x, at, at + count, 0);
      return 0;
    }
    FloatVector sum = FloatVector.zero(FLOATS);
    for (int i = at; i < at + count; i += COUNT) {
      FloatVector q = FloatVector.fromArray(FLOATS, x, i).div(scale).add(ROUNDER).sub(ROUNDER);
      q.intoArray(x, i);
      sum = sum.add(q);
    }
    // Whole numbers below 2^24: exact in any order.
    return sum.reduceLanes(VectorOperators.ADD);
  }
}
