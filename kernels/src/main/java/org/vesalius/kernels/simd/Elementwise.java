package org.vesalius.kernels.simd;

import static org.vesalius.kernels.simd.Lanes.COUNT;
import static org.vesalius.kernels.simd.Lanes.FLOATS;
import static org.vesalius.kernels.simd.Lanes.ORDER;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.Activation;
import org.vesalius.kernels.Contents;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.WorkerPool;

/**
 * Operations of one element with one element of each input, split over threads by pieces of rows.
 */
final class Elementwise {
  /** Columns of a piece. */
  private static final int COLUMNS = 2048;

  /** Pieces that a thread takes at a time. */
  private static final int GRAIN = 2;

  private final WorkerPool pool;

  Elementwise(WorkerPool pool) {
    this.pool = pool;
  }

  private interface Piece {
    void run(int row, int first, int count);
  }

  private void pieces(Tensor x, Piece piece) {
    int perRow = (x.columns() + COLUMNS - 1) / COLUMNS;
    // Narrow rows are pieces of their own, and a thread takes more of them.
    int grain = GRAIN * Math.max(1, COLUMNS / Math.max(1, x.columns()));
    pool.run(
        Math.multiplyExact(x.rows(), perRow),
        grain,
        (from, to) -> {
          for (int i = from; i < to; i++) {
            int first = i % perRow * COLUMNS;
            piece.run(i / perRow, first, Math.min(COLUMNS, x.columns() - first));
          }
        });
  }

  private static long offset(Tensor x, int row, int column) {
    return 4 * ((long) row * x.stride() + column);
  }

  void add(Tensor out, Tensor x) {
    pieces(
        out,
        (row, first, count) ->
            add(out.data(), offset(out, row, first), x.data(), offset(x, row, first), count));
  }

  /** {@code out[index[i]] += x[i]}. */
  void addRows(Tensor out, Tensor x, Tensor index) {
    pieces(
        x,
        (row, first, count) -> {
          long to = offset(out, Contents.integer(index, 0, row), first);
          add(out.data(), to, x.data(), offset(x, row, first), count);
        });
  }

  /** {@code out[i] = sum over k of shares[k][i] * x[index[k][i]]}. */
  void mixRows(Tensor out, Tensor x, Tensor index, Tensor shares) {
    pieces(
        out,
        (row, first, count) -> {
          long to = offset(out, row, first);
          out.data().asSlice(to, 4L * count).fill((byte) 0);
          for (int k = 0; k < index.rows(); k++) {
            float share = shares.data().get(ValueLayout.JAVA_FLOAT, offset(shares, k, row));
            long from = offset(x, Contents.integer(index, k, row), first);
            addScaled(out.data(), to, x.data(), from, share, count);
          }
        });
  }

  private static void addScaled(
      MemorySegment out, long to, MemorySegment x, long from, float factor, int count) {
    FloatVector f = FloatVector.broadcast(FLOATS, factor);
    int i = 0;
    for (; i <= count - COUNT; i += COUNT) {
      FloatVector.fromMemorySegment(FLOATS, x, from + 4L * i, ORDER)
          .fma(f, FloatVector.fromMemorySegment(FLOATS, out, to + 4L * i, ORDER))
          .intoMemorySegment(out, to + 4L * i, ORDER);
    }
    if (i < count) {
      VectorMask<Float> rest = FLOATS.indexInRange(i, count);
      load(x, from + 4L * i, rest)
          .fma(f, load(out, to + 4L * i, rest))
          .intoMemorySegment(out, to + 4L * i, ORDER, rest);
    }
  }

  /** {@code x *= factor}. */
  void scale(Tensor x, float factor) {
    pieces(x, (row, first, count) -> scale(x.data(), offset(x, row, first), factor, count));
  }

  private static void scale(MemorySegment x, long at, float factor, int count) {
    int i = 0;
    for (; i <= count - COUNT; i += COUNT) {
      FloatVector.fromMemorySegment(FLOATS, x, at + 4L * i, ORDER)
          .mul(factor)
          .intoMemorySegment(x, at + 4L * i, ORDER);
    }
    if (i < count) {
      VectorMask<Float> rest = FLOATS.indexInRange(i, count);
      load(x, at + 4L * i, rest).mul(factor).intoMemorySegment(x, at + 4L * i, ORDER, rest);
    }
  }

  private static void add(MemorySegment out, long to, MemorySegment x, long from, int count) {
    int i = 0;
    for (; i <= count - COUNT; i += COUNT) {
      load(out, to + 4L * i).add(load(x, from + 4L * i)).intoMemorySegment(out, to + 4L * i, ORDER);
    }
    if (i < count) {
      VectorMask<Float> rest = FLOATS.indexInRange(i, count);
      load(out, to + 4L * i, rest)
          .add(load(x, from + 4L * i, rest))
          .intoMemorySegment(out, to + 4L * i, ORDER, rest);
    }
  }

  /** {@code x = activation(x)}, times {@code up} where given. */
  void activate(Tensor x, @Nullable Tensor up, Activation activation) {
    // x * sigmoid(x * (a + b x²)) is three of the four.
    float linear =
        switch (activation) {
          case SILU, GELU -> 1;
          case QUICK_GELU -> 1.702f;
          case GELU_TANH -> (float) (2 * Math.sqrt(2 / Math.PI));
        };
    float cubic =
        activation == Activation.GELU_TANH ? (float) (2 * Math.sqrt(2 / Math.PI) * 0.044715) : 0;
    pieces(
        x,
        (row, first, count) -> {
          MemorySegment data = x.data();
          long at = offset(x, row, first);
          if (activation == Activation.GELU) {
            normal(data, at, count);
          } else {
            logistic(data, at, count, linear, cubic);
          }
          if (up != null) {
            multiply(data, at, up.data(), offset(up, row, first), count);
          }
        });
  }

  private static void logistic(MemorySegment x, long at, int count, float linear, float cubic) {
    int i = 0;
    for (; i <= count - COUNT; i += COUNT) {
      logistic(load(x, at + 4L * i), linear, cubic).intoMemorySegment(x, at + 4L * i, ORDER);
    }
    if (i < count) {
      VectorMask<Float> rest = FLOATS.indexInRange(i, count);
      logistic(load(x, at + 4L * i, rest), linear, cubic)
          .intoMemorySegment(x, at + 4L * i, ORDER, rest);
    }
  }

  private static FloatVector logistic(FloatVector x, float linear, float cubic) {
    // The square is kept finite, because 0 times infinity is not what a missing cubic term means.
    FloatVector square = x.mul(x).min(Float.MAX_VALUE);
    FloatVector slope = square.fma(cubic, linear);
    return Exponential.timesLogistic(x, x.mul(slope));
  }

  private static void normal(MemorySegment x, long at, int count) {
    int i = 0;
    for (; i <= count - COUNT; i += COUNT) {
      Exponential.timesNormal(load(x, at + 4L * i)).intoMemorySegment(x, at + 4L * i, ORDER);
    }
    if (i < count) {
      VectorMask<Float> rest = FLOATS.indexInRange(i, count);
      Exponential.timesNormal(load(x, at + 4L * i, rest))
          .intoMemorySegment(x, at + 4L * i, ORDER, rest);
    }
  }

  private static void multiply(MemorySegment out, long to, MemorySegment x, long from, int count) {
    int i = 0;
    for (; i <= count - COUNT; i += COUNT) {
      load(out, to + 4L * i).mul(load(x, from + 4L * i)).intoMemorySegment(out, to + 4L * i, ORDER);
    }
    if (i < count) {
      VectorMask<Float> rest = FLOATS.indexInRange(i, count);
      load(out, to + 4L * i, rest)
          .mul(load(x, from + 4L * i, rest))
          .intoMemorySegment(out, to + 4L * i, ORDER, rest);
    }
  }

  private static FloatVector load(MemorySegment x, long offset) {
    return FloatVector.fromMemorySegment(FLOATS, x, offset, ORDER);
  }

  private static FloatVector load(MemorySegment x, long offset, VectorMask<Float> mask) {
    return FloatVector.fromMemorySegment(FLOATS, x, offset, ORDER, mask);
  }
}
