package org.vesalius.runtime;

import java.util.OptionalLong;

/**
 * How a request wants its pictures prepared, where that differs from the model's own files.
 *
 * @param minPixels smallest area after the resize, for models that see pictures near their own size
 * @param maxPixels largest area after the resize, for the same models; fewer pixels make fewer
 *     tokens
 * @param panAndScan whether long pictures are also cut into crops (Gemma 3)
 */
public record ImageOptions(OptionalLong minPixels, OptionalLong maxPixels, boolean panAndScan) {
  /** Checks the ranges. */
  public ImageOptions {
    long least = minPixels.orElse(1);
    if (least < 1) {
      throw new IllegalArgumentException("min_pixels: expected at least 1, found " + least);
    }
    if (maxPixels.isPresent() && maxPixels.getAsLong() < least) {
      throw new IllegalArgumentException(
          "max_pixels: expected at least " + least + ", found " + maxPixels.getAsLong());
    }
  }

  private static final ImageOptions DEFAULTS =
      new ImageOptions(OptionalLong.empty(), OptionalLong.empty(), false);

  /** As the model's files say. */
  public static ImageOptions defaults() {
    return DEFAULTS;
  }

  /** With a smallest area after the resize. */
  public ImageOptions withMinPixels(long pixels) {
    return new ImageOptions(OptionalLong.of(pixels), maxPixels, panAndScan);
  }

  /** With a largest area after the resize. */
  public ImageOptions withMaxPixels(long pixels) {
    return new ImageOptions(minPixels, OptionalLong.of(pixels), panAndScan);
  }

  /** With or without crops. */
  public ImageOptions withPanAndScan(boolean on) {
    return new ImageOptions(minPixels, maxPixels, on);
  }

  /**
   * For models that see every picture in the same size.
   *
   * @throws IllegalArgumentException if the request wants another one
   */
  public void refusePixelBounds() {
    if (minPixels.isPresent() || maxPixels.isPresent()) {
      throw new IllegalArgumentException(
          "min_pixels and max_pixels: this model sees every picture in one size; leave them out");
    }
  }

  /**
   * For models that don't cut pictures.
   *
   * @throws IllegalArgumentException if the request wants it
   */
  public void refusePanAndScan() {
    if (panAndScan) {
      throw new IllegalArgumentException(
          "pan and scan: only Gemma 3 models cut pictures; leave it out");
    }
  }
}
