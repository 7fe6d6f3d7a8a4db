package org.vesalius.kernels.simd;

import static org.vesalius.kernels.simd.Lanes.ORDER;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.WorkerPool;

/**
 * Root mean square norms and layer norms, in double lanes: a norm reads little memory and squares
 * leave the range of floats early.
 */
final class RowNorms {
  private static final VectorSpecies<Double> DOUBLES = DoubleVector.SPECIES_PREFERRED;

  /** As many floats as a vector has doubles. */
  private static final VectorSpecies<Float> HALF =
      VectorSpecies.of(float.class, VectorShape.forBitSize(DOUBLES.vectorBitSize() / 2));

  private static final int STEP = DOUBLES.length();

  private final WorkerPool pool;
  private final double[][] lanes;

  RowNorms(WorkerPool pool) {
    this.pool = pool;
    lanes = new double[pool.threads()][STEP];
  }

  /** Normalises pieces of {@code gain.columns} columns of every row. */
  void normalise(Tensor out, Tensor x, Tensor gain, float epsilon) {
    int width = gain.columns();
    int grain = Math.max(1, 8192 / Math.max(1, x.columns()));
    pool.run(
        x.rows(),
        grain,
        (thread, from, to) -> {
          for (int r = from; r < to; r++) {
            long source = 4L * r * x.stride();
            long target = 4L * r * out.stride();
            for (int first = 0; first < x.columns(); first += width) {
              double squares = squares(x.data(), source + 4L * first, width, lanes[thread]);
              double factor = 1 / Math.sqrt(squares / width + epsilon);
              scale(
                  out.data(),
                  target + 4L * first,
                  x.data(),
                  source + 4L * first,
                  gain.data(),
                  factor,
                  width);
            }
          }
        });
  }

  private static double squares(MemorySegment x, long at, int width, double[] lanes) {
    DoubleVector sum = DoubleVector.zero(DOUBLES);
    int i = 0;
    for (; i <= width - STEP; i += STEP) {
      DoubleVector v = load(x, at + 4L * i);
      sum = v.fma(v, sum);
    }
    if (i < width) {
      DoubleVector v = load(x, at + 4L * i, HALF.indexInRange(i, width));
      sum = v.fma(v, sum);
    }
    sum.intoArray(lanes, 0);
    return Lanes.sum(lanes, STEP);
  }

  private static void scale(
      MemorySegment out,
      long to,
      MemorySegment x,
      long from,
      MemorySegment gain,
      double factor,
      int width) {
    int i = 0;
    for (; i <= width - STEP; i += STEP) {
      narrow(load(x, from + 4L * i).mul(factor).mul(load(gain, 4L * i)))
          .intoMemorySegment(out, to + 4L * i, ORDER);
    }
    if (i < width) {
      VectorMask<Float> rest = HALF.indexInRange(i, width);
      narrow(load(x, from + 4L * i, rest).mul(factor).mul(load(gain, 4L * i, rest)))
          .intoMemorySegment(out, to + 4L * i, ORDER, rest);
    }
  }

  /** Layer norms of whole rows. */
  void normalise(Tensor out, Tensor x, Tensor gain, Tensor bias, float epsilon) {
    int width = x.columns();
    pool.run(
        x.rows(),
        Math.max(1, 8192 / Math.max(1, width)),
        (thread, from, to) -> {
          for (int r = from; r < to; r++) {
            long source = 4L * r * x.stride();
            double mean = sum(x.data(), source, width, lanes[thread]) / width;
            double variance = squares(x.data(), source, width, mean, lanes[thread]) / width;
            double factor = 1 / Math.sqrt(variance + epsilon);
            long target = 4L * r * out.stride();
            shift(
                out.data(),
                target,
                x.data(),
                source,
                gain.data(),
                bias.data(),
                mean,
                factor,
                width);
          }
        });
  }

  private static double sum(MemorySegment x, long at, int width, double[] lanes) {
    DoubleVector sum = DoubleVector.zero(DOUBLES);
    int i = 0;
    for (; i <= width - STEP; i += STEP) {
      sum =
          sum.add(
              FloatVector.fromMemorySegment(HALF, x, at + 4L * i, ORDER)
                  .convertShape(VectorOperators.F2D, DOUBLES, 0));
    }
    if (i < width) {
      sum = sum.add(load(x, at + 4L * i, HALF.indexInRange(i, width)));
    }
    sum.intoArray(lanes, 0);
    return Lanes.sum(lanes, STEP);
  }

  /** The sum of {@code (x - mean)²}. */
  private static double squares(MemorySegment x, long at, int width, double mean, double[] lanes) {
    DoubleVector sum = DoubleVector.zero(DOUBLES);
    int i = 0;
    for (; i <= width - STEP; i += STEP) {
      DoubleVector v =
          (DoubleVector)
              FloatVector.fromMemorySegment(HALF, x, at + 4L * i, ORDER)
                  .convertShape(VectorOperators.F2D, DOUBLES, 0);
      v = v.sub(mean);
      sum = v.fma(v, sum);
    }
    if (i < width) {
      // Where there is no number, there is none to be far from the mean.
      DoubleVector v = load(x, at + 4L * i, HALF.indexInRange(i, width));
      v = v.sub(mean, DOUBLES.indexInRange(i, width));
      sum = v.fma(v, sum);
    }
    sum.intoArray(lanes, 0);
    return Lanes.sum(lanes, STEP);
  }

  private static void shift(
      MemorySegment out,
      long to,
      MemorySegment x,
      long from,
      MemorySegment gain,
      MemorySegment bias,
      double mean,
      double factor,
      int width) {
    int i = 0;
    for (; i <= width - STEP; i += STEP) {
      DoubleVector v =
          (DoubleVector)
              FloatVector.fromMemorySegment(HALF, x, from + 4L * i, ORDER)
                  .convertShape(VectorOperators.F2D, DOUBLES, 0);
      v =
          v.sub(mean)
              .mul(factor)
              .fma(
                  FloatVector.fromMemorySegment(HALF, gain, 4L * i, ORDER)
                      .convertShape(VectorOperators.F2D, DOUBLES, 0),
                  FloatVector.fromMemorySegment(HALF, bias, 4L * i, ORDER)
                      .convertShape(VectorOperators.F2D, DOUBLES, 0));
      ((FloatVector) v.convertShape(VectorOperators.D2F, HALF, 0))
          .intoMemorySegment(out, to + 4L * i, ORDER);
    }
    if (i < width) {
      VectorMask<Float> rest = HALF.indexInRange(i, width);
      DoubleVector v = load(x, from + 4L * i, rest).sub(mean).mul(factor);
      narrow(v.fma(load(gain, 4L * i, rest), load(bias, 4L * i, rest)))
          .intoMemorySegment(out, to + 4L * i, ORDER, rest);
    }
  }

  private static DoubleVector load(MemorySegment x, long offset) {
    return widen(FloatVector.fromMemorySegment(HALF, x, offset, ORDER));
  }

  private static DoubleVector load(MemorySegment x, long offset, VectorMask<Float> mask) {
    return widen(FloatVector.fromMemorySegment(HALF, x, offset, ORDER, mask));
  }

  private static DoubleVector widen(FloatVector x) {
    return (DoubleVector) x.convertShape(VectorOperators.F2D, DOUBLES, 0);
  }

  private static FloatVector narrow(DoubleVector x) {
    return (FloatVector) x.convertShape(VectorOperators.D2F, HALF, 0);
  }
}
