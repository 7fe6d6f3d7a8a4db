package org.vesalius.clinical.imaging.geometry;

/**
 * How far pixels are from each other.
 *
 * @param horizontal millimetres from the centre of a pixel to that of its right neighbour
 * @param vertical millimetres from the centre of a pixel to that of the one below
 * @param place where these millimetres are measured
 */
public record PixelSpacing(double horizontal, double vertical, Place place) {

  /** Where a millimetre is one. */
  public enum Place {
    /** In the patient. */
    PATIENT("in the patient"),
    /** In the patient, by way of an object or a geometry that somebody calibrated with. */
    CALIBRATED("in the patient, calibrated"),
    /**
     * At the detector of a projection, where everything is larger than in the patient by a factor
     * that nobody knows.
     */
    DETECTOR("at the detector, larger than in the patient"),
    /** On the glass of a slide. */
    SLIDE("on the slide");

    private final String description;

    Place(String description) {
      this.description = description;
    }

    /** What people read. */
    public String description() {
      return description;
    }
  }

  /** Checks the numbers. */
  public PixelSpacing {
    if (!(horizontal > 0 && vertical > 0)
        || Double.isInfinite(horizontal)
        || Double.isInfinite(vertical)) {
      throw new IllegalArgumentException(
          "pixel spacing: expected two positive numbers, found %s and %s"
              .formatted(horizontal, vertical));
    }
  }

  /** A point in millimetres from the top left corner, of a point in pixels. */
  public Point toMillimetres(Point pixels) {
    return new Point(pixels.x() * horizontal, pixels.y() * vertical);
  }

  /** A point in pixels, of a point in millimetres from the top left corner. */
  public Point toPixels(Point millimetres) {
    return new Point(millimetres.x() / horizontal, millimetres.y() / vertical);
  }

  /** How many times as high as wide a pixel is. */
  public double aspect() {
    return vertical / horizontal;
  }
}
