package org.vesalius.clinical.imaging.dicom;

/**
 * The inverse wavelet transforms of JPEG 2000 (T.800 F.3), one level at a time. A plane holds the
 * low band in its upper left corner and the three others around it.
 */
final class InverseWavelet {
  private static final float ALPHA = -1.5861343f;
  private static final float BETA = -0.052980117f;
  private static final float GAMMA = 0.8829111f;
  private static final float DELTA = 0.44350687f;
  private static final float LOW = 1.2301741f;

  /** Two over the low one, as OpenJPEG has it; pixels are to be the same as there. */
  private static final float HIGH = 1.6257324f;

  private InverseWavelet() {}

  /**
   * Reversible, 5/3.
   *
   * @param x0 where the level starts; odd ones start with a high sample
   */
  static void reverse53(int[] plane, int stride, int x0, int y0, int width, int height) {
    int[] line = new int[Math.max(width, height)];
    for (int y = 0; y < height; y++) {
      gather(plane, y * stride, 1, width, x0 & 1, line);
      lift53(line, width, x0 & 1);
      System.arraycopy(line, 0, plane, y * stride, width);
    }
    for (int x = 0; x < width; x++) {
      gather(plane, x, stride, height, y0 & 1, line);
      lift53(line, height, y0 & 1);
      for (int y = 0; y < height; y++) {
        plane[y * stride + x] = line[y];
      }
    }
  }

  /** Irreversible, 9/7; the high bands have half of the size that the standard gives them. */
  static void reverse97(float[] plane, int stride, int x0, int y0, int width, int height) {
    float[] line = new float[Math.max(width, height)];
    for (int y = 0; y < height; y++) {
      gather(plane, y * stride, 1, width, x0 & 1, line);
      lift97(line, width, x0 & 1);
      System.arraycopy(line, 0, plane, y * stride, width);
    }
    for (int x = 0; x < width; x++) {
      gather(plane, x, stride, height, y0 & 1, line);
      lift97(line, height, y0 & 1);
      for (int y = 0; y < height; y++) {
        plane[y * stride + x] = line[y];
      }
    }
  }

  private static void gather(int[] plane, int at, int step, int count, int odd, int[] line) {
    int lows = (count + 1 - odd) >> 1;
    for (int i = 0, to = odd; i < lows; i++, to += 2) {
      line[to] = plane[at + i * step];
    }
    for (int i = lows, to = 1 - odd; i < count; i++, to += 2) {
      line[to] = plane[at + i * step];
    }
  }

  private static void gather(float[] plane, int at, int step, int count, int odd, float[] line) {
    int lows = (count + 1 - odd) >> 1;
    for (int i = 0, to = odd; i < lows; i++, to += 2) {
      line[to] = plane[at + i * step];
    }
    for (int i = lows, to = 1 - odd; i < count; i++, to += 2) {
      line[to] = plane[at + i * step];
    }
  }

  private static void lift53(int[] line, int count, int odd) {
    if (count == 1) {
      line[0] = odd == 1 ? line[0] / 2 : line[0];
      return;
    }
    for (int i = odd; i < count; i += 2) {
      int left = line[i == 0 ? 1 : i - 1];
      int right = line[i == count - 1 ? i - 1 : i + 1];
      line[i] -= (left + right + 2) >> 2;
    }
    for (int i = 1 - odd; i < count; i += 2) {
      int left = line[i == 0 ? 1 : i - 1];
      int right = line[i == count - 1 ? i - 1 : i + 1];
      line[i] += (left + right) >> 1;
    }
  }

  private static void lift97(float[] line, int count, int odd) {
    if (count == 1) {
      return;
    }
    for (int i = 0; i < count; i++) {
      line[i] *= ((i ^ odd) & 1) == 0 ? LOW : HIGH;
    }
    step97(line, count, odd, DELTA);
    step97(line, count, 1 - odd, GAMMA);
    step97(line, count, odd, BETA);
    step97(line, count, 1 - odd, ALPHA);
  }

  private static void step97(float[] line, int count, int first, float factor) {
    for (int i = first; i < count; i += 2) {
      float left = line[i == 0 ? 1 : i - 1];
      float right = line[i == count - 1 ? i - 1 : i + 1];
      line[i] -= (left + right) * factor;
    }
  }
}
