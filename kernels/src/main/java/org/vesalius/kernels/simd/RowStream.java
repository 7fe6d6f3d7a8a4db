package org.vesalius.kernels.simd;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.Weight;

/**
 * One token: the weight is read once, straight from where it is stored, six rows at a time, so that
 * memory is the limit.
 */
final class RowStream implements BatchProduct {
  /** Bytes of weights that a thread takes at a time. */
  private static final int PIECE_BYTES = 128 << 10;

  private final Scratch[] sums;
  private final Scratch[] rests;

  RowStream(int threads) {
    sums = Scratch.perThread(threads);
    rests = Scratch.perThread(threads);
  }

  private static int elementBytes(Weight weight) {
    return weight instanceof Weight.F32 ? 4 : 2;
  }

  @Override
  public int tokens(int count) {
    return 1;
  }

  @Override
  public int outputs(Batch batch, int pieces) {
    Weight weight = batch.weight();
    long rowBytes = (long) weight.columns() * elementBytes(weight) + 1;
    return (int) Math.max(1, PIECE_BYTES / rowBytes / DotTiles.STREAMS) * DotTiles.STREAMS;
  }

  @Override
  public void pack(float[] packed, Batch batch, Tensor x, int t) {
    Weight weight = batch.weight();
    int padded = Lanes.roundUp(weight.columns(), Panels.GROUP);
    Panels.activations(packed, batch.at(), x, batch.row(), 0, padded, Panels.split(weight));
  }

  @Override
  public void multiply(
      Tensor out,
      Batch batch,
      @Nullable Tensor bias,
      int from,
      int to,
      float[] packed,
      int thread) {
    Weight weight = batch.weight();
    float[] lanes = sums[thread].floats(DotTiles.STREAMS * Lanes.COUNT);
    float[] rest = rests[thread].floats(Panels.GROUP);
    for (int row = from; row < to; row += DotTiles.STREAMS) {
      int rows = Math.min(DotTiles.STREAMS, to - row);
      rows(weight, row, rows, packed, batch.at(), lanes);
      if (weight.columns() % Panels.GROUP != 0) {
        rest(weight, row, rows, packed, batch.at(), lanes, rest);
      }
      for (int i = 0; i < rows; i++) {
        MatrixProduct.put(out, batch.row(), row + i, Lanes.sum(lanes, i * Lanes.COUNT), bias);
      }
    }
  }

  private static void rows(
      Weight weight, int row, int rows, float[] packed, int at, float[] lanes) {
    int size = elementBytes(weight);
    int whole = weight.columns() - weight.columns() % Panels.GROUP;
    long stride = (long) weight.columns() * size;
    long first = row * stride;
    MemorySegment data = weight.data();
    if (rows == DotTiles.STREAMS) {
      if (size == 2) {
        DotTiles.sixBrainFloats(data, first, stride, packed, at, whole, lanes);
      } else {
        DotTiles.sixFloats(data, first, stride, packed, at, whole, lanes);
      }
      return;
    }
    for (int i = 0; i < rows; i++) {
      int s = i * Lanes.COUNT;
      if (size == 2) {
        DotTiles.oneBrainFloat(data, first + i * stride, packed, at, whole, lanes, s);
      } else {
        DotTiles.oneFloat(data, first + i * stride, packed, at, whole, lanes, s);
      }
    }
  }

  private static void rest(
      Weight weight, int row, int rows, float[] packed, int at, float[] lanes, float[] rest) {
    int whole = weight.columns() - weight.columns() % Panels.GROUP;
    for (int i = 0; i < rows; i++) {
      Panels.weights(rest, 0, Panels.GROUP, weight, row + i, whole, Panels.GROUP);
      DotTiles.step(rest, 0, packed, at + whole, lanes, i * Lanes.COUNT);
    }
  }
}
