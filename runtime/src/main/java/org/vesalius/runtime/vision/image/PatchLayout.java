package org.vesalius.runtime.vision.image;

/**
 * The order of values in {@link ImagePatches}: rows of patches, merge block by merge block; within
 * a row channel, then time, then y, then x.
 *
 * @param patchSize pixels along a side of a patch
 * @param temporalPatchSize frames of a patch
 * @param mergeSize patches along a side of a merge block; 1 is raster order
 */
record PatchLayout(int patchSize, int temporalPatchSize, int mergeSize) {

  PatchLayout {
    require("patch_size", patchSize);
    require("temporal_patch_size", temporalPatchSize);
    require("merge_size", mergeSize);
  }

  private static void require(String key, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(key + ": expected at least 1, found " + value);
    }
  }

  /** Pixels along a side of a merge block. */
  int blockSize() {
    return patchSize * mergeSize;
  }

  float[] allocate(Grid grid) {
    int rowLength = PixelNormalization.CHANNELS * temporalPatchSize * patchSize * patchSize;
    return new float[Math.multiplyExact(grid.patches(), rowLength)];
  }

  /**
   * Writes one frame.
   *
   * @param t temporal patch
   * @param firstFrame first frame of that patch which shows this picture
   * @param endFrame end of the frames that show it
   */
  void write(
      float[] values,
      Grid grid,
      int t,
      int firstFrame,
      int endFrame,
      WorkingImage image,
      PixelNormalization normalization) {
    int area = patchSize * patchSize;
    int channelLength = temporalPatchSize * area;
    int row = t * grid.h() * grid.w() * PixelNormalization.CHANNELS * channelLength;
    for (int blockY = 0; blockY < grid.h(); blockY += mergeSize) {
      for (int blockX = 0; blockX < grid.w(); blockX += mergeSize) {
        for (int p = 0; p < mergeSize * mergeSize; p++) {
          int top = (blockY + p / mergeSize) * patchSize;
          int left = (blockX + p % mergeSize) * patchSize;
          for (int c = 0; c < PixelNormalization.CHANNELS; c++) {
            int to = row + firstFrame * area;
            for (int y = 0; y < patchSize; y++) {
              image.write(normalization, c, left, top + y, patchSize, values, to + y * patchSize);
            }
            for (int frame = firstFrame + 1; frame < endFrame; frame++) {
              System.arraycopy(values, to, values, row + frame * area, area);
            }
            row += channelLength;
          }
        }
      }
    }
  }
}
