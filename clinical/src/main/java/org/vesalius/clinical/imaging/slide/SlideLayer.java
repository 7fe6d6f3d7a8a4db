package org.vesalius.clinical.imaging.slide;

import java.util.OptionalInt;

/**
 * Which of several pictures of the same place is wanted of a DICOM slide.
 *
 * @param focalPlane from 1, which is nearest to the glass; empty for the one nearest to the nominal
 *     focus
 * @param opticalPath from 1, in the order in which the file describes them; empty for the first
 */
public record SlideLayer(OptionalInt focalPlane, OptionalInt opticalPath) {

  /** The optical path that comes first, and of it the focal plane nearest to the nominal focus. */
  public static SlideLayer usual() {
    return new SlideLayer(OptionalInt.empty(), OptionalInt.empty());
  }
}
