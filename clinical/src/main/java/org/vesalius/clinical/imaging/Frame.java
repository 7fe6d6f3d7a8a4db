package org.vesalius.clinical.imaging;

import java.util.List;
import java.util.Optional;
import org.vesalius.clinical.imaging.grey.Display;
import org.vesalius.clinical.imaging.grey.WindowChoice;

/** One decoded picture of a medical file. */
public sealed interface Frame permits GreyFrame, ColourFrame {
  /** Columns of the source. */
  int width();

  /** Rows of the source. */
  int height();

  /** Where it is. */
  Placement place();

  /**
   * The picture as it is stored, not turned, with the window that is wanted.
   *
   * @throws MedicalImageException if there is no such window
   */
  PlacedPicture shown(WindowChoice choice);

  /**
   * The window that a choice means here; empty for colours.
   *
   * @throws MedicalImageException if there is no such window
   */
  Optional<Display> chosen(WindowChoice choice);

  /**
   * The same without some pixels: they are black, and no value is known of them.
   *
   * @throws MedicalImageException if a rectangle reaches beyond the frame
   */
  Frame hiding(List<PixelMask.Rectangle> hidden);

  /**
   * The picture as people and models look at it: turned where a convention says so, and with square
   * pixels.
   *
   * @throws MedicalImageException if there is no such window
   */
  default PlacedPicture picture(WindowChoice choice) {
    return shown(choice).upright().withSquarePixels();
  }
}
