package org.vesalius.kernels.simd;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.Weight;
import org.vesalius.kernels.WorkerPool;

/**
 * {@code out = x * weightᵀ + bias}.
 *
 * <p>One token: the weight is read once, straight from where it is stored, six rows at a time, so
 * that memory is the limit. More tokens: a thread converts a few rows of the weight, {@link
 * #COLUMNS} columns at a time, to floats in its cache and multiplies them with all tokens of a
 * block.
 */
final class MatrixProduct {
  /** Tokens that share one pass over the weight; a multiple of {@link DotTiles#TOKENS}. */
  private static final int TOKENS = 128;

  /** Rows that a thread takes at a time; a multiple of {@link DotTiles#ROWS}. */
  private static final int ROWS = 32;

  /** Rows of a panel, few enough that it stays in the first-level cache; a multiple of the same. */
  private static final int PANEL = 8;

  private static final int COLUMNS = DotTiles.COLUMNS;

  /** Bytes of weights that a thread takes at a time where memory is the limit. */
  private static final int STREAM_BYTES = 128 << 10;

  /** Multiply-adds that are not worth a second thread. */
  private static final long SMALL = 1 << 15;

  private final WorkerPool pool;
  private final Scratch activations = new Scratch();
  private final Scratch[] panels;
  private final Scratch[] sums;

  MatrixProduct(WorkerPool pool) {
    this.pool = pool;
    panels = Scratch.perThread(pool.threads());
    sums = Scratch.perThread(pool.threads());
  }

  void multiply(Tensor out, Tensor x, Weight weight, @Nullable Tensor bias) {
    if (x.rows() == 1) {
      switch (weight) {
        case Weight.F32 _ -> stream(out, x, weight, bias, 4);
        case Weight.BF16 _ -> stream(out, x, weight, bias, 2);
        // Converting costs more than a loop can hide, so the panel has it once per row.
        case Weight.F16 _ -> block(out, x, weight, bias);
        case Weight.Transposed _ -> throw new UnsupportedOperationException("to be computed");
      }
      return;
    }
    for (int first = 0; first < x.rows(); first += TOKENS) {
      int count = Math.min(TOKENS, x.rows() - first);
      block(out.rows(first, count), x.rows(first, count), weight, bias);
    }
  }

  private void stream(Tensor out, Tensor x, Weight weight, @Nullable Tensor bias, int size) {
    int columns = weight.columns();
    int padded = Lanes.roundUp(columns, Panels.GROUP);
    float[] packed = activations.floats(padded);
    Panels.activations(packed, 0, x, 0, 0, padded, Panels.split(weight));
    int grain =
        (int) Math.max(1, STREAM_BYTES / ((long) columns * size + 1) / DotTiles.STREAMS)
            * DotTiles.STREAMS;
    pool.run(
        weight.rows(),
        grain,
        (thread, from, to) -> {
          float[] lanes = sums[thread].floats(DotTiles.STREAMS * Lanes.COUNT);
          float[] rest = panels[thread].floats(Panels.GROUP);
          for (int row = from; row < to; row += DotTiles.STREAMS) {
            int rows = Math.min(DotTiles.STREAMS, to - row);
            streamRows(weight, row, rows, packed, lanes, size);
            if (columns % Panels.GROUP != 0) {
              streamRest(weight, row, rows, packed, lanes, rest);
            }
            for (int i = 0; i < rows; i++) {
              put(out, 0, row + i, Lanes.sum(lanes, i * Lanes.COUNT), bias);
            }
          }
        });
  }

  private static void streamRows(
      Weight weight, int row, int rows, float[] packed, float[] lanes, int size) {
    int whole = weight.columns() - weight.columns() % Panels.GROUP;
    long stride = (long) weight.columns() * size;
    long first = row * stride;
    MemorySegment data = weight.data();
    if (rows == DotTiles.STREAMS) {
      if (size == 2) {
        DotTiles.sixBrainFloats(data, first, stride, packed, whole, lanes);
      } else {
        DotTiles.sixFloats(data, first, stride, packed, whole, lanes);
      }
      return;
    }
    for (int i = 0; i < rows; i++) {
      if (size == 2) {
        DotTiles.oneBrainFloat(data, first + i * stride, packed, whole, lanes, i * Lanes.COUNT);
      } else {
        DotTiles.oneFloat(data, first + i * stride, packed, whole, lanes, i * Lanes.COUNT);
      }
    }
  }

  private static void streamRest(
      Weight weight, int row, int rows, float[] packed, float[] lanes, float[] rest) {
    int whole = weight.columns() - weight.columns() % Panels.GROUP;
    for (int i = 0; i < rows; i++) {
      Panels.weights(rest, 0, weight, row + i, whole, Panels.GROUP);
      DotTiles.step(rest, 0, packed, whole, lanes, i * Lanes.COUNT);
    }
  }

  private void block(Tensor out, Tensor x, Weight weight, @Nullable Tensor bias) {
    int tokens = Lanes.roundUp(x.rows(), DotTiles.TOKENS);
    int padded = Lanes.roundUp(weight.columns(), Panels.GROUP);
    float[] packed = activations.floats(tokens * Lanes.roundUp(padded, COLUMNS));
    pack(packed, x, tokens, padded, Panels.split(weight));
    int pieces = (weight.rows() + ROWS - 1) / ROWS;
    boolean small = (long) weight.rows() * padded * tokens < SMALL;
    pool.run(
        pieces,
        small ? pieces : 1,
        (thread, from, to) -> {
          for (int piece = from; piece < to; piece++) {
            rows(out, x.rows(), weight, bias, piece * ROWS, packed, tokens, padded, thread);
          }
        });
  }

  /**
   * Brings activations into panel order, all tokens of a panel's columns together, so that they
   * stay in cache.
   */
  private void pack(float[] packed, Tensor x, int tokens, int padded, boolean split) {
    pool.run(
        tokens,
        16,
        (from, to) -> {
          for (int t = from; t < to; t++) {
            for (int first = 0; first < padded; first += COLUMNS) {
              int width = Math.min(COLUMNS, padded - first);
              int at = tokens * first + t * COLUMNS;
              if (t < x.rows()) {
                Panels.activations(packed, at, x, t, first, width, split);
              } else {
                Arrays.fill(packed, at, at + width, 0);
              }
            }
          }
        });
  }

  private void rows(
      Tensor out,
      int count,
      Weight weight,
      @Nullable Tensor bias,
      int row,
      float[] packed,
      int tokens,
      int padded,
      int thread) {
    int rows = Math.min(ROWS, weight.rows() - row);
    float[] panel = panels[thread].floats(PANEL * COLUMNS);
    int stride = tokens * Lanes.COUNT;
    float[] lanes = sums[thread].floats(ROWS * stride);
    Arrays.fill(lanes, 0, Lanes.roundUp(rows, DotTiles.ROWS) * stride, 0);
    for (int first = 0; first < padded; first += COLUMNS) {
      int width = Math.min(COLUMNS, padded - first);
      for (int r = 0; r < rows; r += PANEL) {
        int height = Math.min(PANEL, rows - r);
        for (int i = 0; i < height; i++) {
          Panels.weights(panel, i * width, weight, row + r + i, first, width);
        }
        int paddedHeight = Lanes.roundUp(height, DotTiles.ROWS);
        Arrays.fill(panel, height * width, paddedHeight * width, 0);
        for (int t = 0; t < tokens; t += DotTiles.TOKENS) {
          int at = tokens * first + t * COLUMNS;
          for (int i = 0; i < paddedHeight; i += DotTiles.ROWS) {
            int s = (r + i) * stride + t * Lanes.COUNT;
            DotTiles.twoByFour(panel, i * width, packed, at, width, lanes, s, stride);
          }
        }
      }
    }
    for (int t = 0; t < count; t++) {
      for (int r = 0; r < rows; r++) {
        put(out, t, row + r, Lanes.sum(lanes, r * stride + t * Lanes.COUNT), bias);
      }
    }
  }

  private static void put(Tensor out, int token, int row, float sum, @Nullable Tensor bias) {
    float value = bias == null ? sum : sum + bias.data().get(ValueLayout.JAVA_FLOAT, 4L * row);
    out.data().set(ValueLayout.JAVA_FLOAT, 4 * ((long) token * out.stride() + row), value);
  }
}
