package org.vesalius.clinical.imaging;

import java.util.Optional;
import org.vesalius.clinical.imaging.dicom.Deidentification.BurnedIn;

/**
 * Text that is to be expected in the pixels of a source, such as the patient's name, and what may
 * be done about it.
 *
 * @param declared whether the file says so; else it is of a kind that usually has some
 * @param hasRegions whether the file names ultrasound regions, outside of which text usually is
 */
public record BurnedInText(boolean declared, boolean hasRegions) {

  /** Of what a file lets expect; empty where it lets expect none. */
  static Optional<BurnedInText> of(BurnedIn expected, boolean hasRegions) {
    return switch (expected) {
      case YES -> Optional.of(new BurnedInText(true, hasRegions));
      case LIKELY -> Optional.of(new BurnedInText(false, hasRegions));
      case UNKNOWN, NO -> Optional.empty();
    };
  }

  /** For who looks at the pictures, with or without a mask. */
  public String note(PixelMask mask) {
    return reason() + "; " + (mask.isEmpty() ? remedy() : "look whether the mask covers all of it");
  }

  /** That it is there, as a clause. */
  public String reason() {
    return declared
        ? "the file says that text is burned into its pictures, which may name the patient"
        : "pictures of this kind often have text burned in, which may name the patient";
  }

  /** How it is hidden, as a clause. */
  public String remedy() {
    return hasRegions
        ? "--mask regions blacks out all but the ultrasound regions, --mask X1,Y1,X2,Y2 a rectangle"
        : "--mask X1,Y1,X2,Y2 blacks out a rectangle";
  }
}
