package org.vesalius.runtime.vision.image;

import java.util.ArrayList;
import java.util.List;

/**
 * When and how Gemma 3 cuts a long picture into crops that it sees beside the whole one.
 *
 * <p>Source: transformers 5.12.1, {@code Gemma3ImageProcessorPil.pan_and_scan}.
 *
 * @param minCropSize shortest side of a crop; a picture that would give shorter ones gives none
 * @param maxCrops most crops of a picture
 * @param minRatio longer side over shorter side from which on a picture is cut
 */
public record PanAndScan(int minCropSize, int maxCrops, double minRatio) {
  /** What {@code Gemma3Processor} uses when it is turned on without numbers. */
  public static final PanAndScan GEMMA3 = new PanAndScan(256, 4, 1.2);

  public PanAndScan {
    if (minCropSize < 1 || maxCrops < 1 || !Double.isFinite(minRatio)) {
      throw new IllegalArgumentException(
          "expected pan_and_scan_min_crop_size and pan_and_scan_max_num_crops of at least 1 and a finite"
              + " pan_and_scan_min_ratio_to_activate, found %d, %d and %s"
                  .formatted(minCropSize, maxCrops, minRatio));
    }
  }

  /**
   * A part of a picture, in its pixels.
   *
   * @param left first column
   * @param top first row
   * @param width columns
   * @param height rows
   */
  public record Crop(int left, int top, int width, int height) {}

  /**
   * Crops of a picture, from its left or its top on; none for one that is nearly square or too
   * small.
   *
   * @throws ImageFormatException when a side has fewer pixels than crops would need
   */
  public List<Crop> crops(int width, int height) {
    int longer = Math.max(width, height);
    int shorter = Math.min(width, height);
    if ((double) longer / shorter < minRatio) {
      return List.of();
    }
    int byShape = (int) Math.floor((double) longer / shorter + 0.5);
    int count = Math.min(maxCrops, Math.max(2, Math.min(longer / minCropSize, byShape)));
    int length = Math.ceilDiv(longer, count);
    if (Math.min(length, shorter) < minCropSize) {
      return List.of();
    }
    List<Crop> crops = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      int start = i * length;
      int size = Math.min(length, longer - start);
      if (size < 1) {
        throw new ImageFormatException(
            "picture of %dx%d pixels (width x height) cannot be cut into %d crops of %d; raise pan_and_scan_min_crop_size"
                .formatted(width, height, count, length));
      }
      crops.add(
          width >= height ? new Crop(start, 0, size, height) : new Crop(0, start, width, size));
    }
    return crops;
  }
}
