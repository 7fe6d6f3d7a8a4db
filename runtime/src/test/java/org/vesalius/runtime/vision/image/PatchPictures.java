package org.vesalius.runtime.vision.image;

import static org.junit.jupiter.api.Assertions.assertEquals;

/** Compares patches in raster order with pictures of transformers, (inputs, 3, height, width). */
final class PatchPictures {
  private PatchPictures() {}

  /** Value of a channel at a pixel that some patch holds. */
  static float at(ImagePatches input, int patch, int c, int y, int x) {
    int row = y / patch * input.gridW() + x / patch;
    return input.values()[((row * 3 + c) * patch + y % patch) * patch + x % patch];
  }

  static void assertShows(
      float[] expected,
      int index,
      int width,
      int height,
      ImagePatches input,
      int patch,
      float bound) {
    int differing = 0;
    float worst = 0;
    for (int c = 0; c < 3; c++) {
      for (int y = 0; y < input.gridH() * patch; y++) {
        for (int x = 0; x < input.gridW() * patch; x++) {
          float difference =
              Math.abs(
                  expected[((index * 3 + c) * height + y) * width + x] - at(input, patch, c, y, x));
          worst = Math.max(worst, difference);
          if (!(difference <= bound)) {
            differing++;
          }
        }
      }
    }
    assertEquals(0, differing, "values that differ in input " + index + ", worst " + worst);
  }
}
