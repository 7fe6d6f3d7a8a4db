package org.vesalius.runtime.vision.image;

/**
 * Turns a picture into the patches of a Qwen2-VL, Qwen2.5-VL or Qwen3-VL vision tower:
 * smart-resize, rescale, normalize, patches in merge-block order; a still picture is repeated along
 * time.
 *
 * <p>Values equal those of the Pillow backend of transformers 5.12.1 ({@code
 * Qwen2VLImageProcessorPil}) in float32: a byte is scaled in double, rounded to float, then
 * normalized in float. 16-bit gray is resized at full depth and keeps its fraction; its full scale
 * 65535 stands for the full scale 255 of a byte, so rescale is {@code rescaleFactor / 257}.
 * Instances are immutable and may be shared by threads.
 */
public final class QwenImageProcessor {
  private static final int CHANNELS = 3;
  private static final double BYTES_PER_GRAY16 = 257; // 65535 / 255

  private final int patchSize;
  private final int temporalPatchSize;
  private final int mergeSize;
  private final long minPixels;
  private final long maxPixels;
  private final float[] mean;
  private final float[] std;
  private final double rescaleFactor;
  private final Filter resample;
  private final float[][] valueOfByte = new float[CHANNELS][256];

  /**
   * @param minPixels smallest area after the resize ({@code min_pixels}, or {@code
   *     size.shortest_edge})
   * @param maxPixels largest area after the resize ({@code max_pixels}, or {@code
   *     size.longest_edge})
   * @param mean mean of red, green, blue after the rescale
   * @param std standard deviation of red, green, blue after the rescale
   * @param rescaleFactor what a byte is multiplied with, 1/255 as a rule
   */
  public QwenImageProcessor(
      int patchSize,
      int temporalPatchSize,
      int mergeSize,
      long minPixels,
      long maxPixels,
      float[] mean,
      float[] std,
      double rescaleFactor,
      Filter resample) {
    require(patchSize >= 1, "patch_size: expected at least 1, found " + patchSize);
    require(
        temporalPatchSize >= 1,
        "temporal_patch_size: expected at least 1, found " + temporalPatchSize);
    require(mergeSize >= 1, "merge_size: expected at least 1, found " + mergeSize);
    require(
        minPixels >= 1 && minPixels <= maxPixels,
        "expected 1 <= min_pixels <= max_pixels, found " + minPixels + " and " + maxPixels);
    require(mean.length == CHANNELS, "image_mean: expected 3 values, found " + mean.length);
    require(std.length == CHANNELS, "image_std: expected 3 values, found " + std.length);
    require(
        Double.isFinite(rescaleFactor) && rescaleFactor > 0,
        "rescale_factor: expected a positive number, found " + rescaleFactor);
    this.patchSize = patchSize;
    this.temporalPatchSize = temporalPatchSize;
    this.mergeSize = mergeSize;
    this.minPixels = minPixels;
    this.maxPixels = maxPixels;
    this.mean = mean.clone();
    this.std = std.clone();
    this.rescaleFactor = rescaleFactor;
    this.resample = resample;
    for (int c = 0; c < CHANNELS; c++) {
      require(Float.isFinite(mean[c]), "image_mean: expected a number, found " + mean[c]);
      require(
          std[c] > 0 && Float.isFinite(std[c]),
          "image_std: expected a positive number, found " + std[c]);
      for (int value = 0; value < 256; value++) {
        valueOfByte[c][value] = normalized(value, rescaleFactor, c);
      }
    }
  }

  /**
   * Patches that a picture of this size will give, without its pixels.
   *
   * @throws ImageFormatException when the sides differ by more than 200 times
   */
  public Grid grid(int width, int height) {
    Size size = SmartResize.smartResize(height, width, patchSize * mergeSize, minPixels, maxPixels);
    return new Grid(
        1, size.height() / patchSize, size.width() / patchSize, size.width(), size.height());
  }

  /**
   * Patches of a picture.
   *
   * @throws ImageFormatException when the sides differ by more than 200 times
   */
  public ImagePatches process(RasterImage image) {
    Grid grid = grid(image.width(), image.height());
    int rowLength = CHANNELS * temporalPatchSize * patchSize * patchSize;
    float[] values = new float[Math.multiplyExact(grid.patches(), rowLength)];
    int width = grid.resizedWidth();
    int height = grid.resizedHeight();
    if (image.samples() == RasterImage.Samples.GRAY16) {
      float[] gray =
          Resampler.resizeGray16(
              image.chars(), image.width(), image.height(), width, height, resample);
      fill(values, grid, (c, offset, to, count) -> copyGray16(gray, offset, values, to, count, c));
    } else {
      int channels = image.samples().channels();
      byte[] bytes =
          Resampler.resize8(
              image.bytes(), image.width(), image.height(), channels, width, height, resample);
      fill(
          values,
          grid,
          (c, offset, to, count) -> {
            float[] value = valueOfByte[c];
            int from = channels == 1 ? offset : CHANNELS * offset + c;
            for (int i = 0; i < count; i++) {
              values[to + i] = value[bytes[from + i * channels] & 0xff];
            }
          });
    }
    return new ImagePatches(
        values, grid.t(), grid.h(), grid.w(), image.width(), image.height(), width, height);
  }

  /**
   * Writes {@code count} normalized values of one channel, from pixel {@code offset} on, at {@code
   * to}.
   */
  private interface RowCopy {
    void copy(int channel, int offset, int to, int count);
  }

  private void fill(float[] values, Grid grid, RowCopy copy) {
    int area = patchSize * patchSize;
    int to = 0;
    for (int blockY = 0; blockY < grid.h(); blockY += mergeSize) {
      for (int blockX = 0; blockX < grid.w(); blockX += mergeSize) {
        for (int p = 0; p < mergeSize * mergeSize; p++) {
          int top = (blockY + p / mergeSize) * patchSize;
          int left = (blockX + p % mergeSize) * patchSize;
          for (int c = 0; c < CHANNELS; c++) {
            for (int y = 0; y < patchSize; y++) {
              copy.copy(c, (top + y) * grid.resizedWidth() + left, to + y * patchSize, patchSize);
            }
            for (int t = 1; t < temporalPatchSize; t++) {
              System.arraycopy(values, to, values, to + t * area, area);
            }
            to += temporalPatchSize * area;
          }
        }
      }
    }
  }

  private void copyGray16(float[] gray, int from, float[] values, int to, int count, int channel) {
    double scale = rescaleFactor / BYTES_PER_GRAY16;
    for (int i = 0; i < count; i++) {
      values[to + i] = normalized(gray[from + i], scale, channel);
    }
  }

  private float normalized(double value, double scale, int channel) {
    return ((float) (value * scale) - mean[channel]) / std[channel];
  }

  private static void require(boolean holds, String problem) {
    if (!holds) {
      throw new IllegalArgumentException(problem);
    }
  }
}
