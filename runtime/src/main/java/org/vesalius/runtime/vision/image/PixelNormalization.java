package org.vesalius.runtime.vision.image;

/**
 * Turns samples into the values of a tensor: (sample · rescaleFactor - mean) / std, per channel.
 *
 * <p>Equal to transformers' Pillow back ends in float32: a byte is scaled in double, rounded to
 * float, then normalized in float. 16-bit gray keeps its fraction; its full scale 65535 stands for
 * the full scale 255 of a byte, so its factor is {@code rescaleFactor / 257}. Immutable.
 */
public final class PixelNormalization {
  static final int CHANNELS = 3;

  /** Wide samples per step of a byte: 65535 / 255. */
  static final int WIDE_PER_BYTE = 257;

  private final double[] mean;
  private final float[] floatMean = new float[CHANNELS];
  private final float[] floatStd = new float[CHANNELS];
  private final double rescaleFactor;
  private final float[][] valueOfByte = new float[CHANNELS][256];

  /**
   * @param mean mean of red, green, blue after the rescale
   * @param std standard deviation of red, green, blue after the rescale
   * @param rescaleFactor what a byte is multiplied with, 1/255 as a rule
   */
  public PixelNormalization(double[] mean, double[] std, double rescaleFactor) {
    require(mean.length == CHANNELS, "image_mean: expected 3 values, found " + mean.length);
    require(std.length == CHANNELS, "image_std: expected 3 values, found " + std.length);
    require(
        Double.isFinite(rescaleFactor) && rescaleFactor > 0,
        "rescale_factor: expected a positive number, found " + rescaleFactor);
    this.mean = mean.clone();
    this.rescaleFactor = rescaleFactor;
    for (int c = 0; c < CHANNELS; c++) {
      floatMean[c] = (float) mean[c];
      floatStd[c] = (float) std[c];
      require(Float.isFinite(floatMean[c]), "image_mean: expected a number, found " + mean[c]);
      require(
          floatStd[c] > 0 && Float.isFinite(floatStd[c]),
          "image_std: expected a positive number, found " + std[c]);
      for (int value = 0; value < 256; value++) {
        valueOfByte[c][value] = normalized(value, rescaleFactor, c);
      }
    }
  }

  /** Values of the 256 bytes in a channel: readers must not write to it. */
  float[] ofBytes(int channel) {
    return valueOfByte[channel];
  }

  /** Value of a 16-bit sample with a fraction. */
  float ofWide(float sample, int channel) {
    return normalized(sample, rescaleFactor / WIDE_PER_BYTE, channel);
  }

  /**
   * The colour of the mean in whole bytes, rounded down.
   *
   * @throws IllegalArgumentException when a mean is no share of the full scale
   */
  int[] meanColour() {
    int[] colour = new int[CHANNELS];
    for (int c = 0; c < CHANNELS; c++) {
      require(
          mean[c] >= 0 && mean[c] <= 1,
          "image_mean: expected 0 to 1 for a padding colour, found " + mean[c]);
      colour[c] = (int) (mean[c] * 255);
    }
    return colour;
  }

  private float normalized(double value, double scale, int channel) {
    return ((float) (value * scale) - floatMean[channel]) / floatStd[channel];
  }

  private static void require(boolean holds, String problem) {
    if (!holds) {
      throw new IllegalArgumentException(problem);
    }
  }
}
