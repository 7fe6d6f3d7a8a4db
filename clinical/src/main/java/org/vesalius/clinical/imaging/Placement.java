package org.vesalius.clinical.imaging;

import java.util.Optional;
import org.vesalius.clinical.imaging.geometry.PixelSpacing;
import org.vesalius.clinical.imaging.geometry.SlicePlane;

/**
 * Where the pixels of a source are.
 *
 * @param spacing how far they are from each other, where that is known
 * @param plane where they lie in the patient, where that is known
 * @param aspect how many times as high as wide a pixel is
 */
public record Placement(Optional<PixelSpacing> spacing, Optional<SlicePlane> plane, double aspect) {
  /** Nothing is known. */
  public static final Placement UNKNOWN = new Placement(Optional.empty(), Optional.empty(), 1);

  /** Checks the ratio. */
  public Placement {
    if (!(aspect > 0) || Double.isInfinite(aspect)) {
      throw new IllegalArgumentException("pixel aspect: expected more than 0, found " + aspect);
    }
  }

  /** Of pixels whose distances are known. */
  public static Placement of(PixelSpacing spacing, Optional<SlicePlane> plane) {
    return new Placement(Optional.of(spacing), plane, spacing.aspect());
  }
}
