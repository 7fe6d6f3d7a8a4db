package org.vesalius.runtime.vision.image;

import java.util.Arrays;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * One pass of the 8-bit resize, along the rows or across them.
 *
 * <p>Bytes are widened to ints in tiles that stay in the second-level cache, positions along the
 * resized axis outermost and independent samples ("lanes") innermost. So both passes are the same
 * weighted sum of tile rows, a loop over ints that the JIT turns into vector instructions; over
 * bytes it does not, and takes several times as long.
 */
final class TilePass {
  private static final int BITS = FilterTaps.PRECISION_BITS;
  private static final int HALF = 1 << (BITS - 1);

  /** Independent samples of a tile; a multiple of 3. */
  private static final int LANES = 384;

  /** Input positions of a tile, unless one output position needs more. */
  private static final int POSITIONS = 192;

  private static final int ROWS_AT_ONCE = 4;
  private static final long PARALLEL_SAMPLES = 1 << 20;

  private final FilterTaps taps;
  private final int[] weights;

  private TilePass(int inSize, int outSize, Filter filter) {
    taps = new FilterTaps(inSize, outSize, filter);
    weights = taps.fixedPoint();
  }

  /** Resizes (height, width, channels) to (height, outWidth, channels). */
  static byte[] horizontal(
      byte[] in, int width, int height, int channels, int outWidth, Filter filter) {
    if (outWidth == width) {
      return in;
    }
    TilePass pass = new TilePass(width, outWidth, filter);
    byte[] out = new byte[Math.multiplyExact(Math.multiplyExact(outWidth, height), channels)];
    int rows = LANES / channels;
    forEach(
        Math.ceilDiv(height, rows),
        in.length,
        band -> {
          int top = band * rows;
          int count = Math.min(rows, height - top);
          pass.alongRows(in, out, width, outWidth, channels, top, count);
        });
    return out;
  }

  /** Resizes (height, rowSize) to (outHeight, rowSize). */
  static byte[] vertical(byte[] in, int rowSize, int height, int outHeight, Filter filter) {
    if (outHeight == height) {
      return in;
    }
    TilePass pass = new TilePass(height, outHeight, filter);
    byte[] out = new byte[Math.multiplyExact(rowSize, outHeight)];
    forEach(
        Math.ceilDiv(rowSize, LANES),
        in.length,
        strip -> {
          int left = strip * LANES;
          pass.acrossRows(in, out, rowSize, left, Math.min(LANES, rowSize - left));
        });
    return out;
  }

  private static void forEach(int parts, int samples, IntConsumer work) {
    IntStream range = IntStream.range(0, parts);
    (samples >= PARALLEL_SAMPLES ? range.parallel() : range).forEach(work);
  }

  private void alongRows(
      byte[] in, byte[] out, int width, int outWidth, int channels, int top, int rows) {
    int lanes = rows * channels;
    int[][] tile = new int[tilePositions()][lanes];
    int[] sums = new int[lanes];
    for (int x = 0; x < outWidth; ) {
      int end = endOfTile(x);
      int first = taps.starts[x];
      int positions = taps.starts[end - 1] + taps.lengths[end - 1] - first;
      for (int p = 0; p < positions; p++) {
        gather(in, (top * width + first + p) * channels, width * channels, channels, tile[p]);
      }
      for (; x < end; x++) {
        weigh(tile, first, x, sums);
        scatter(sums, out, (top * outWidth + x) * channels, outWidth * channels, channels);
      }
    }
  }

  private static void gather(byte[] in, int at, int rowSize, int channels, int[] lanes) {
    int from = at;
    if (channels == 1) {
      for (int i = 0; i < lanes.length; i++, from += rowSize) {
        lanes[i] = in[from] & 0xff;
      }
      return;
    }
    for (int i = 0; i + 2 < lanes.length; i += 3, from += rowSize) {
      lanes[i] = in[from] & 0xff;
      lanes[i + 1] = in[from + 1] & 0xff;
      lanes[i + 2] = in[from + 2] & 0xff;
    }
  }

  private static void scatter(int[] lanes, byte[] out, int at, int rowSize, int channels) {
    int to = at;
    if (channels == 1) {
      for (int i = 0; i < lanes.length; i++, to += rowSize) {
        out[to] = (byte) lanes[i];
      }
      return;
    }
    for (int i = 0; i + 2 < lanes.length; i += 3, to += rowSize) {
      out[to] = (byte) lanes[i];
      out[to + 1] = (byte) lanes[i + 1];
      out[to + 2] = (byte) lanes[i + 2];
    }
  }

  private void acrossRows(byte[] in, byte[] out, int rowSize, int left, int lanes) {
    int outHeight = taps.starts.length;
    int[][] tile = new int[tilePositions()][lanes];
    int[] sums = new int[lanes];
    for (int y = 0; y < outHeight; ) {
      int end = endOfTile(y);
      int first = taps.starts[y];
      int positions = taps.starts[end - 1] + taps.lengths[end - 1] - first;
      for (int p = 0; p < positions; p++) {
        int from = (first + p) * rowSize + left;
        int[] lane = tile[p];
        for (int i = 0; i < lanes; i++) {
          lane[i] = in[from + i] & 0xff;
        }
      }
      for (; y < end; y++) {
        weigh(tile, first, y, sums);
        int to = y * rowSize + left;
        for (int i = 0; i < lanes; i++) {
          out[to + i] = (byte) sums[i];
        }
      }
    }
  }

  private int tilePositions() {
    return Math.max(POSITIONS, taps.stride);
  }

  /**
   * The output position after the last one whose window lies in the tile that begins with this
   * one's.
   */
  private int endOfTile(int position) {
    int limit = taps.starts[position] + tilePositions();
    int end = position + 1;
    while (end < taps.starts.length && taps.starts[end] + taps.lengths[end] <= limit) {
      end++;
    }
    return end;
  }

  /** Weighted sum of tile rows, rounded and clipped to 0..255, for one output position. */
  private void weigh(int[][] tile, int first, int position, int[] sums) {
    Arrays.fill(sums, HALF);
    int row = taps.starts[position] - first;
    int end = row + taps.lengths[position];
    int w = position * taps.stride;
    for (; row + ROWS_AT_ONCE <= end; row += ROWS_AT_ONCE, w += ROWS_AT_ONCE) {
      addFour(
          sums,
          tile[row],
          weights[w],
          tile[row + 1],
          weights[w + 1],
          tile[row + 2],
          weights[w + 2],
          tile[row + 3],
          weights[w + 3]);
    }
    for (; row < end; row++, w++) {
      addOne(sums, tile[row], weights[w]);
    }
    for (int i = 0; i < sums.length; i++) {
      sums[i] = Math.min(Math.max(sums[i] >> BITS, 0), 255);
    }
  }

  // All arrays have the same index here: with an offset the JIT fears that sums and a row overlap,
  // and stays scalar.
  private static void addFour(
      int[] sums, int[] a, int ofA, int[] b, int ofB, int[] c, int ofC, int[] d, int ofD) {
    for (int i = 0; i < sums.length; i++) {
      sums[i] += a[i] * ofA + b[i] * ofB + c[i] * ofC + d[i] * ofD;
    }
  }

  private static void addOne(int[] sums, int[] row, int weight) {
    for (int i = 0; i < sums.length; i++) {
      sums[i] += row[i] * weight;
    }
  }
}
