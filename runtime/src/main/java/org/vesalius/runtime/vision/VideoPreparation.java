package org.vesalius.runtime.vision;

import java.util.List;
import org.vesalius.runtime.vision.image.RasterImage;

/** Turns the frames of a video into what a vision tower takes. */
@FunctionalInterface
public interface VideoPreparation {

  /**
   * Resizes, normalises and cuts frames. Needs no device; several threads may call it.
   *
   * @param frames at equal distances in time, all of one size
   * @param framesPerSecond how many of them a second has
   */
  PreparedImage prepare(List<RasterImage> frames, double framesPerSecond);
}
