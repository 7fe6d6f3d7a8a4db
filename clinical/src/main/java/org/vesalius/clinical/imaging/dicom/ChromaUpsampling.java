package org.vesalius.clinical.imaging.dicom;

/**
 * Brings a component of lower resolution to that of the picture as the Independent JPEG Group's
 * library does by default: halves are interpolated with weights 3/4 and 1/4, others repeated.
 */
final class ChromaUpsampling {
  private final short[] values;
  private final int stride;
  private final int width;
  private final int height;

  ChromaUpsampling(short[] values, int stride, int width, int height) {
    this.values = values;
    this.stride = stride;
    this.width = width;
    this.height = height;
  }

  /** Writes component {@code c} of {@code count} into (rows, columns, components). */
  void write(
      int[] out,
      int c,
      int count,
      int columns,
      int rows,
      int maxAcross,
      int across,
      int maxDown,
      int down) {
    if (maxAcross % across != 0 || maxDown % down != 0) {
      throw new CodecException(
          0, "a JPEG component sampled %d to %d; not supported".formatted(across, maxAcross));
    }
    int timesAcross = maxAcross / across;
    int timesDown = maxDown / down;
    boolean smooth = timesAcross == 2 && timesDown <= 2 && width > 2;
    int[] sums = new int[width];
    for (int y = 0; y < rows; y++) {
      int own = y / timesDown;
      int to = y * columns * count + c;
      if (!smooth) {
        for (int x = 0; x < columns; x++, to += count) {
          out[to] = values[own * stride + x / timesAcross];
        }
      } else if (timesDown == 1) {
        for (int x = 0; x < width; x++) {
          sums[x] = values[own * stride + x];
        }
        interpolate(sums, 1, 2, 2, out, to, count, columns);
      } else {
        int other = Math.clamp((y & 1) == 0 ? own - 1 : own + 1, 0, height - 1);
        for (int x = 0; x < width; x++) {
          sums[x] = 3 * values[own * stride + x] + values[other * stride + x];
        }
        interpolate(sums, 8, 7, 4, out, to, count, columns);
      }
    }
  }

  /**
   * Two samples of each.
   *
   * @param roundLeft added before shifting to those nearer to the left neighbour
   */
  private static void interpolate(
      int[] in,
      int roundLeft,
      int roundRight,
      int shift,
      int[] out,
      int start,
      int step,
      int columns) {
    for (int x = 0, to = start; x < columns; x++, to += step) {
      int i = x >> 1;
      boolean leftHalf = (x & 1) == 0;
      int neighbour = leftHalf ? i - 1 : i + 1;
      int sum = neighbour < 0 || neighbour >= in.length ? 4 * in[i] : 3 * in[i] + in[neighbour];
      out[to] = (sum + (leftHalf ? roundLeft : roundRight)) >> shift;
    }
  }
}
