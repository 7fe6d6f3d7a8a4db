package org.vesalius.clinical.imaging.slide;

import org.vesalius.clinical.imaging.PlacedPicture;
import org.vesalius.runtime.vision.image.Filter;

/**
 * How a rectangle of pixels is made smaller in two stages, so that it never is in memory at its
 * full size: squares of pixels become one as they come, and what is left, two to four pixels for
 * one, is resized.
 *
 * @param step side of the squares of the first stage
 * @param width columns of the result
 * @param height rows of the result
 */
record Reduction(int step, int width, int height) {
  /** Pixels after the first stage, at most. */
  private static final long MOST_PIXELS = 1 << 23;

  static Reduction of(int width, int height, int longest) {
    double scale = Math.max(1, Math.max(width, height) / (double) longest);
    int step = Math.max(1, (int) (scale / 2));
    while ((long) Math.ceilDiv(width, step) * Math.ceilDiv(height, step) > MOST_PIXELS) {
      step++;
    }
    return new Reduction(
        step,
        (int) Math.max(1, Math.rint(width / Math.max(scale, step))),
        (int) Math.max(1, Math.rint(height / Math.max(scale, step))));
  }

  /** The second stage. */
  PlacedPicture finish(PlacedPicture kept) {
    boolean done = kept.image().width() == width && kept.image().height() == height;
    return done ? kept : kept.resized(width, height, Filter.BOX);
  }
}
