package org.vesalius.runtime.vision.image;

/**
 * The target size of native-resolution models: both sides divisible by a factor, the area inside a
 * budget, the shape kept as well as that allows.
 *
 * <p>Source: transformers 5.12.1, {@code smart_resize} of Qwen2-VL.
 */
public final class SmartResize {
  /** Longest side over shortest side that is still accepted. */
  private static final double MAX_ASPECT = 200;

  private SmartResize() {}

  /**
   * Size to which a picture is resized.
   *
   * @param factor patch size times merge size
   * @param minPixels smallest area, at least 1
   * @param maxPixels largest area; very long pictures may exceed it, because no side gets below
   *     {@code factor}
   * @throws ImageFormatException when the picture is more than 200 times as long as it is narrow
   */
  public static Size smartResize(
      int height, int width, int factor, long minPixels, long maxPixels) {
    if (height < 1 || width < 1 || factor < 1 || minPixels < 1 || maxPixels < minPixels) {
      throw new IllegalArgumentException(
          "smart resize: expected positive sides and factor and 1 <= minPixels <= maxPixels, found "
              + "height %d, width %d, factor %d, minPixels %d, maxPixels %d"
                  .formatted(height, width, factor, minPixels, maxPixels));
    }
    checkAspect(height, width);
    double h = Math.rint((double) height / factor) * factor;
    double w = Math.rint((double) width / factor) * factor;
    double area = (double) height * width;
    if (h * w > maxPixels) {
      double beta = Math.sqrt(area / maxPixels);
      h = Math.max(factor, Math.floor(height / beta / factor) * factor);
      w = Math.max(factor, Math.floor(width / beta / factor) * factor);
    } else if (h * w < minPixels) {
      double beta = Math.sqrt(minPixels / area);
      h = Math.ceil(height * beta / factor) * factor;
      w = Math.ceil(width * beta / factor) * factor;
    }
    return new Size((int) h, (int) w);
  }

  /**
   * Size to which every frame of a video is resized when the area counts all frames, as for
   * Qwen3-VL.
   *
   * <p>Source: transformers 5.12.1, {@code smart_resize} of the Qwen3-VL video processor, which
   * compares with the frames filled up to whole temporal patches but scales by those that exist.
   *
   * @param frames frames that exist
   * @param temporalFactor frames of a temporal patch
   * @param factor patch size times merge size
   * @param minPixels smallest number of pixels in all frames, at least 1
   * @param maxPixels largest number of pixels in all frames
   * @throws ImageFormatException when a side is shorter than {@code factor}, or the frame more than
   *     200 times as long as it is narrow
   */
  public static Size smartResizeVideo(
      int frames,
      int height,
      int width,
      int temporalFactor,
      int factor,
      long minPixels,
      long maxPixels) {
    if (frames < 1 || temporalFactor < 1 || factor < 1 || minPixels < 1 || maxPixels < minPixels) {
      throw new IllegalArgumentException(
          "smart resize of frames: expected positive counts and 1 <= minPixels <= maxPixels, found "
              + "frames %d, temporalFactor %d, factor %d, minPixels %d, maxPixels %d"
                  .formatted(frames, temporalFactor, factor, minPixels, maxPixels));
    }
    if (height < factor || width < factor) {
      throw new ImageFormatException(
          "video frame of %dx%d pixels (width x height): expected at least %d on each side;"
                  .formatted(width, height, factor)
              + " enlarge the frames or give them as pictures");
    }
    checkAspect(height, width);
    double h = Math.rint((double) height / factor) * factor;
    double w = Math.rint((double) width / factor) * factor;
    double t = (double) Math.ceilDiv(frames, temporalFactor) * temporalFactor;
    double volume = (double) frames * height * width;
    if (t * h * w > maxPixels) {
      double beta = Math.sqrt(volume / maxPixels);
      h = Math.max(factor, Math.floor(height / beta / factor) * factor);
      w = Math.max(factor, Math.floor(width / beta / factor) * factor);
    } else if (t * h * w < minPixels) {
      double beta = Math.sqrt(minPixels / volume);
      h = Math.ceil(height * beta / factor) * factor;
      w = Math.ceil(width * beta / factor) * factor;
    }
    return new Size((int) h, (int) w);
  }

  private static void checkAspect(int height, int width) {
    double aspect = (double) Math.max(height, width) / Math.min(height, width);
    if (aspect > MAX_ASPECT) {
      throw new ImageFormatException(
          "picture of %dx%d pixels (width x height): the longer side is %.1f times the shorter, at most %d is accepted;"
                  .formatted(width, height, aspect, (int) MAX_ASPECT)
              + " crop or pad it");
    }
  }
}
