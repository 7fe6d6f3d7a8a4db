package org.vesalius.runtime.vision.image;

import java.util.Optional;

/**
 * Turns a picture into the patches of a vision tower of a fixed input size, such as CLIP or SigLIP:
 * pad to a square, resize, center crop, rescale, normalize; each step but the last two is optional.
 *
 * <p>Values equal those of the Pillow back ends of transformers 5.12.1 ({@code
 * CLIPImageProcessorPil}, {@code SiglipImageProcessorPil}, {@code Gemma3ImageProcessorPil}, {@code
 * LlavaImageProcessorPil}) in float32; see {@link PixelNormalization}. Padding has the colour of
 * the mean in whole bytes, what a center crop adds is black. Patches come in raster order; pixels
 * at the right and at the bottom that fill no patch are left out, as by the tower's strided
 * convolution. 16-bit gray keeps its depth. Instances are immutable and may be shared by threads.
 */
public final class FixedSizeImageProcessor {

  /** How the sides after the resize follow from those before. */
  public sealed interface Resize {
    /** No resize. */
    record None() implements Resize {}

    /** To these sides, whatever the shape. */
    record Exact(int height, int width) implements Resize {
      public Exact {
        requirePositive("size.height", height);
        requirePositive("size.width", width);
      }
    }

    /** The shorter side to this length, the longer one in proportion, rounded down. */
    record ShortestEdge(int length) implements Resize {
      public ShortestEdge {
        requirePositive("size.shortest_edge", length);
      }
    }
  }

  private final boolean padToSquare;
  private final Resize resize;
  private final Filter resample;
  private final Optional<Size> crop;
  private final PixelNormalization normalization;
  private final PatchLayout layout;
  private final Grid grid;

  /**
   * @param padToSquare whether the picture is first centred on a square of the mean's colour
   * @param resize the sides after the resize
   * @param resample filter of the resize
   * @param crop sides of what is cut out of the middle
   * @param normalization what makes values of samples
   * @param patchSize pixels along a side of a patch
   * @throws IllegalArgumentException when the size would depend on the picture, or no patch fits
   */
  public FixedSizeImageProcessor(
      boolean padToSquare,
      Resize resize,
      Filter resample,
      Optional<Size> crop,
      PixelNormalization normalization,
      int patchSize) {
    crop.ifPresent(size -> {
      requirePositive("crop_size.height", size.height());
      requirePositive("crop_size.width", size.width());
    });
    this.padToSquare = padToSquare;
    this.resize = resize;
    this.resample = resample;
    this.crop = crop;
    this.normalization = normalization;
    this.layout = new PatchLayout(patchSize, 1, 1);
    if (padToSquare) {
      normalization.meanColour();
    }
    Size size = crop.orElseGet(() -> withoutCrop(padToSquare, resize));
    int rows = size.height() / patchSize;
    int columns = size.width() / patchSize;
    if (rows < 1 || columns < 1) {
      throw new IllegalArgumentException(
          "patch_size: expected at most the %dx%d pixels (width x height) of the model's input, found %d"
              .formatted(size.width(), size.height(), patchSize));
    }
    this.grid = new Grid(1, rows, columns, size.width(), size.height());
  }

  private static Size withoutCrop(boolean padToSquare, Resize resize) {
    if (resize instanceof Resize.Exact(int height, int width)) {
      return new Size(height, width);
    }
    if (padToSquare && resize instanceof Resize.ShortestEdge(int length)) {
      return new Size(length, length);
    }
    throw new IllegalArgumentException(
        "size: expected height and width, or a center crop, or a pad to a square before the resize; found "
            + resize
            + ", by which the model's input would depend on the picture");
  }

  /** The same processor that pads to a square first. */
  public FixedSizeImageProcessor withPadToSquare() {
    return new FixedSizeImageProcessor(
        true, resize, resample, crop, normalization, layout.patchSize());
  }

  /** Patches of every picture, and the sides that the model sees. */
  public Grid grid() {
    return grid;
  }

  /**
   * Patches of a picture.
   *
   * @throws ImageFormatException when the picture is so long that it would fill the memory on its
   *     way
   */
  public ImagePatches process(RasterImage image) {
    return process(WorkingImage.of(image));
  }

  ImagePatches process(WorkingImage image) {
    WorkingImage seen = resized(padToSquare ? squared(image) : image);
    if (crop.isPresent()) {
      Size size = crop.get();
      seen =
          seen.cropped(
              Math.floorDiv(seen.width() - size.width(), 2),
              Math.floorDiv(seen.height() - size.height(), 2),
              size.width(),
              size.height());
    }
    return patches(seen);
  }

  /** Patches of a picture that has the model's sides already. */
  ImagePatches patches(WorkingImage seen) {
    float[] values = layout.allocate(grid);
    layout.write(values, grid, 0, 0, 1, seen, normalization);
    return new ImagePatches(values, 1, grid.h(), grid.w(), seen.transform());
  }

  private WorkingImage squared(WorkingImage image) {
    int side = Math.max(image.width(), image.height());
    return image.cropped(
        -((side - image.width()) / 2),
        -((side - image.height()) / 2),
        side,
        side,
        normalization.meanColour());
  }

  private WorkingImage resized(WorkingImage image) {
    return switch (resize) {
      case Resize.None() -> image;
      case Resize.Exact(int height, int width) -> image.resized(width, height, resample);
      case Resize.ShortestEdge(int length) -> {
        int shorter = Math.min(image.width(), image.height());
        long longer = (long) length * Math.max(image.width(), image.height());
        int scaled = (int) Math.min(longer / shorter, Integer.MAX_VALUE);
        yield image.width() <= image.height()
            ? image.resized(length, scaled, resample)
            : image.resized(scaled, length, resample);
      }
    };
  }

  private static void requirePositive(String key, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(key + ": expected at least 1, found " + value);
    }
  }
}
