package org.vesalius.runtime.vision.image;

import java.util.Arrays;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * Antialiasing resize equal to Pillow's: to the bit for 8-bit samples, and in double accumulation
 * for wider ones.
 *
 * <p>Two passes, each only when that side changes. Pictures above a million samples are worked on
 * in bands by the common fork-join pool; the result does not depend on that. Source: Pillow, {@code
 * Resample.c}.
 */
public final class Resampler {
  private static final long PARALLEL_SAMPLES = 1 << 20;

  /**
   * Samples of a row handled at a time in the second pass: their sums stay in the first-level
   * cache.
   */
  private static final int STRIP = 2048;

  private Resampler() {}

  /**
   * Resizes interleaved 8-bit samples.
   *
   * @param pixels (height, width, channels)
   * @param channels 1 or 3
   * @return (outHeight, outWidth, channels), a new array
   */
  public static byte[] resize8(
      byte[] pixels,
      int width,
      int height,
      int channels,
      int outWidth,
      int outHeight,
      Filter filter) {
    if (channels != 1 && channels != 3) {
      throw new IllegalArgumentException("channels: expected 1 or 3, found " + channels);
    }
    check(pixels.length, width, height, channels, outWidth, outHeight);
    if (verticalFirst(width, height, outWidth, outHeight)) {
      byte[] low = TilePass.vertical(pixels, width * channels, height, outHeight, filter);
      return TilePass.horizontal(low, width, outHeight, channels, outWidth, filter);
    }
    byte[] narrow = TilePass.horizontal(pixels, width, height, channels, outWidth, filter);
    byte[] out = TilePass.vertical(narrow, outWidth * channels, height, outHeight, filter);
    return out == pixels ? pixels.clone() : out;
  }

  /**
   * Resizes one channel of floats as Pillow's mode F does; (height, width) to a new (outHeight,
   * outWidth).
   */
  public static float[] resizeFloat(
      float[] samples, int width, int height, int outWidth, int outHeight, Filter filter) {
    return resizeFloat(
        samples,
        width,
        height,
        outWidth,
        outHeight,
        filter,
        Float.NEGATIVE_INFINITY,
        Float.POSITIVE_INFINITY);
  }

  /**
   * Resizes 16-bit samples without rounding: each pass is clamped to 0..65535, as Pillow clips
   * 8-bit pictures, but keeps its fraction.
   *
   * @return (outHeight, outWidth), in units of the input
   */
  public static float[] resizeGray16(
      char[] samples, int width, int height, int outWidth, int outHeight, Filter filter) {
    float[] floats = new float[samples.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = samples[i];
    }
    return resizeWide(floats, width, height, outWidth, outHeight, filter);
  }

  /** {@link #resizeGray16} of samples that have a fraction already. */
  static float[] resizeWide(
      float[] samples, int width, int height, int outWidth, int outHeight, Filter filter) {
    return resizeFloat(samples, width, height, outWidth, outHeight, filter, 0, Character.MAX_VALUE);
  }

  private static float[] resizeFloat(
      float[] samples,
      int width,
      int height,
      int outWidth,
      int outHeight,
      Filter filter,
      float min,
      float max) {
    check(samples.length, width, height, 1, outWidth, outHeight);
    if (verticalFirst(width, height, outWidth, outHeight)) {
      float[] low = vertical(samples, width, height, outHeight, filter, min, max);
      return horizontal(low, width, outHeight, outWidth, filter, min, max);
    }
    float[] narrow = horizontal(samples, width, height, outWidth, filter, min, max);
    float[] out = vertical(narrow, outWidth, height, outHeight, filter, min, max);
    return out == samples ? samples.clone() : out;
  }

  /**
   * Whether columns come before rows: since Pillow 13, when the height shrinks by more than twice
   * as many pixels as the width. The order shows, because samples are rounded between the passes.
   */
  private static boolean verticalFirst(int width, int height, int outWidth, int outHeight) {
    return outWidth != width
        && outHeight < height
        && (long) height - outHeight > 2 * ((long) width - outWidth);
  }

  private static float[] horizontal(
      float[] in, int width, int height, int outWidth, Filter filter, float min, float max) {
    if (outWidth == width) {
      return in;
    }
    FilterTaps taps = new FilterTaps(width, outWidth, filter);
    float[] out = new float[Math.multiplyExact(outWidth, height)];
    forEachRow(
        height, in.length, y -> alongRowFloat(in, y * width, out, y * outWidth, taps, min, max));
    return out;
  }

  private static float[] vertical(
      float[] in, int rowSize, int height, int outHeight, Filter filter, float min, float max) {
    if (outHeight == height) {
      return in;
    }
    FilterTaps taps = new FilterTaps(height, outHeight, filter);
    float[] out = new float[Math.multiplyExact(rowSize, outHeight)];
    forEachRow(outHeight, in.length, y -> acrossRowsFloat(in, out, y, rowSize, taps, min, max));
    return out;
  }

  private static void alongRowFloat(
      float[] in, int inRow, float[] out, int outRow, FilterTaps taps, float min, float max) {
    for (int x = 0; x < taps.starts.length; x++) {
      int from = inRow + taps.starts[x];
      int w = x * taps.stride;
      double sum = 0;
      for (int t = 0; t < taps.lengths[x]; t++) {
        sum += in[from + t] * taps.weights[w + t];
      }
      out[outRow + x] = Math.clamp((float) sum, min, max);
    }
  }

  private static void acrossRowsFloat(
      float[] in, float[] out, int y, int rowSize, FilterTaps taps, float min, float max) {
    double[] sums = new double[Math.min(STRIP, rowSize)];
    for (int x = 0; x < rowSize; x += STRIP) {
      int count = Math.min(STRIP, rowSize - x);
      Arrays.fill(sums, 0);
      for (int t = 0; t < taps.lengths[y]; t++) {
        int from = (taps.starts[y] + t) * rowSize + x;
        double weight = taps.weights[y * taps.stride + t];
        for (int i = 0; i < count; i++) {
          sums[i] += in[from + i] * weight;
        }
      }
      int to = y * rowSize + x;
      for (int i = 0; i < count; i++) {
        out[to + i] = Math.clamp((float) sums[i], min, max);
      }
    }
  }

  private static void forEachRow(int rows, int samples, IntConsumer work) {
    IntStream range = IntStream.range(0, rows);
    (samples >= PARALLEL_SAMPLES ? range.parallel() : range).forEach(work);
  }

  private static void check(
      int found, int width, int height, int channels, int outWidth, int outHeight) {
    if (width < 1 || height < 1 || outWidth < 1 || outHeight < 1) {
      throw new IllegalArgumentException(
          "resize: expected positive sides, found %dx%d to %dx%d"
              .formatted(width, height, outWidth, outHeight));
    }
    if (found != (long) width * height * channels) {
      throw new IllegalArgumentException(
          "resize: %dx%d pixels of %d channels are %d samples, found %d"
              .formatted(width, height, channels, (long) width * height * channels, found));
    }
  }
}
