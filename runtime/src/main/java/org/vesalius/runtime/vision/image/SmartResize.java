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
    double aspect = (double) Math.max(height, width) / Math.min(height, width);
    if (aspect > MAX_ASPECT) {
      throw new ImageFormatException(
          "picture of %dx%d pixels (width x height): the longer side is %.1f times the shorter, at most %d is accepted;"
                  .formatted(width, height, aspect, (int) MAX_ASPECT)
              + " crop or pad it");
    }
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
}
