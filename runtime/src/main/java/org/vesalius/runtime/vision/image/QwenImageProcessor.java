package org.vesalius.runtime.vision.image;

import java.util.List;

/**
 * Turns a picture, or the frames of a video, into the patches of a Qwen2-VL, Qwen2.5-VL, Qwen3-VL
 * or Seed vision tower: smart-resize, rescale, normalize, patches in merge-block order; a still
 * picture is repeated along time.
 *
 * <p>Values equal those of the Pillow backend of transformers 5.12.1 ({@code
 * Qwen2VLImageProcessorPil}) in float32; see {@link PixelNormalization}. Frames too are resized as
 * Pillow does; transformers resizes them in torchvision, which may differ by one step of a byte.
 * 16-bit gray is resized at full depth. Instances are immutable and may be shared by threads.
 */
public final class QwenImageProcessor {
  private final PatchLayout layout;
  private final long minPixels;
  private final long maxPixels;
  private final PixelNormalization normalization;
  private final Filter resample;
  private final FrameBudget frameBudget;

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
    this(
        new PatchLayout(patchSize, temporalPatchSize, mergeSize),
        minPixels,
        maxPixels,
        new PixelNormalization(doubles(mean), doubles(std), rescaleFactor),
        resample,
        FrameBudget.EACH_FRAME);
  }

  private QwenImageProcessor(
      PatchLayout layout,
      long minPixels,
      long maxPixels,
      PixelNormalization normalization,
      Filter resample,
      FrameBudget frameBudget) {
    if (minPixels < 1 || minPixels > maxPixels) {
      throw new IllegalArgumentException(
          "expected 1 <= min_pixels <= max_pixels, found " + minPixels + " and " + maxPixels);
    }
    this.layout = layout;
    this.minPixels = minPixels;
    this.maxPixels = maxPixels;
    this.normalization = normalization;
    this.resample = resample;
    this.frameBudget = frameBudget;
  }

  /** The same processor with other bounds on the area after the resize. */
  public QwenImageProcessor withPixelBounds(long min, long max) {
    return new QwenImageProcessor(layout, min, max, normalization, resample, frameBudget);
  }

  /** The same processor with another meaning of its bounds for videos. */
  public QwenImageProcessor withFrameBudget(FrameBudget budget) {
    return new QwenImageProcessor(layout, minPixels, maxPixels, normalization, resample, budget);
  }

  /** Smallest area after the resize. */
  public long minPixels() {
    return minPixels;
  }

  /** Largest area after the resize. */
  public long maxPixels() {
    return maxPixels;
  }

  /**
   * Patches that a picture of this size will give, without its pixels.
   *
   * @throws ImageFormatException when the sides differ by more than 200 times
   */
  public Grid grid(int width, int height) {
    return grid(
        1, SmartResize.smartResize(height, width, layout.blockSize(), minPixels, maxPixels));
  }

  /**
   * Patches that a video will give, without its pixels.
   *
   * @throws ImageFormatException when the sides differ by more than 200 times, or are shorter than
   *     a merge block where all frames share a budget
   */
  public Grid grid(int frames, int width, int height) {
    if (frames < 1) {
      throw new IllegalArgumentException("frames: expected at least 1, found " + frames);
    }
    int factor = layout.blockSize();
    Size size =
        switch (frameBudget) {
          case EACH_FRAME -> SmartResize.smartResize(height, width, factor, minPixels, maxPixels);
          case WHOLE_VIDEO ->
              SmartResize.smartResizeVideo(
                  frames, height, width, layout.temporalPatchSize(), factor, minPixels, maxPixels);
        };
    return grid(Math.ceilDiv(frames, layout.temporalPatchSize()), size);
  }

  private Grid grid(int t, Size size) {
    return new Grid(
        t,
        size.height() / layout.patchSize(),
        size.width() / layout.patchSize(),
        size.width(),
        size.height());
  }

  /**
   * Patches of a picture.
   *
   * @throws ImageFormatException when the sides differ by more than 200 times
   */
  public ImagePatches process(RasterImage image) {
    Grid grid = grid(image.width(), image.height());
    float[] values = layout.allocate(grid);
    WorkingImage resized = resized(image, grid);
    layout.write(values, grid, 0, 0, layout.temporalPatchSize(), resized, normalization);
    return new ImagePatches(values, grid.t(), grid.h(), grid.w(), resized.transform());
  }

  /**
   * Patches of a video; the last frame is repeated until the last temporal patch is full.
   *
   * @param frames sampled frames of one size, in order
   * @throws ImageFormatException when the frames differ in size, or as in {@link #grid(int, int,
   *     int)}
   */
  public ImagePatches processFrames(List<RasterImage> frames) {
    if (frames.isEmpty()) {
      throw new IllegalArgumentException("frames: expected at least 1, found none");
    }
    RasterImage first = frames.getFirst();
    for (int i = 1; i < frames.size(); i++) {
      RasterImage frame = frames.get(i);
      if (frame.width() != first.width() || frame.height() != first.height()) {
        throw new ImageFormatException(
            "frame %d of a video: expected %dx%d pixels as frame 0 has, found %dx%d; resize the frames to one size"
                .formatted(i, first.width(), first.height(), frame.width(), frame.height()));
      }
    }
    Grid grid = grid(frames.size(), first.width(), first.height());
    float[] values = layout.allocate(grid);
    int perPatch = layout.temporalPatchSize();
    for (int i = 0; i < frames.size(); i++) {
      int slot = i % perPatch;
      int end = i == frames.size() - 1 ? perPatch : slot + 1;
      WorkingImage resized = resized(frames.get(i), grid);
      layout.write(values, grid, i / perPatch, slot, end, resized, normalization);
    }
    return new ImagePatches(
        values,
        grid.t(),
        grid.h(),
        grid.w(),
        ImageTransform.of(first).resized(grid.resizedWidth(), grid.resizedHeight()));
  }

  private WorkingImage resized(RasterImage image, Grid grid) {
    return WorkingImage.of(image).resized(grid.resizedWidth(), grid.resizedHeight(), resample);
  }

  private static double[] doubles(float[] values) {
    double[] doubles = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      doubles[i] = values[i];
    }
    return doubles;
  }
}
