package org.vesalius.runtime.vision.image;

/**
 * The eight EXIF orientations, named by what row 0 and column 0 of the stored picture show.
 *
 * <p>Source: EXIF 2.32, tag 0x0112. Turning a picture upright exchanges its sides for the last
 * four.
 */
public enum Orientation {
  TOP_LEFT(1),
  TOP_RIGHT(2),
  BOTTOM_RIGHT(3),
  BOTTOM_LEFT(4),
  LEFT_TOP(5),
  RIGHT_TOP(6),
  RIGHT_BOTTOM(7),
  LEFT_BOTTOM(8);

  private final int exifCode;

  Orientation(int exifCode) {
    this.exifCode = exifCode;
  }

  /** Orientation of an EXIF code; codes outside 1 to 8 mean upright, as in Pillow. */
  public static Orientation ofExif(int code) {
    return code >= 1 && code <= 8 ? values()[code - 1] : TOP_LEFT;
  }

  /** The EXIF code, 1 to 8. */
  public int exifCode() {
    return exifCode;
  }

  /** Whether width and height change places. */
  public boolean swapsSides() {
    return exifCode >= 5;
  }

  /** Whether the stored x axis runs against the axis that it becomes. */
  boolean flipsStoredX() {
    return exifCode == 2 || exifCode == 3 || exifCode >= 7;
  }

  /** Whether the stored y axis runs against the axis that it becomes. */
  boolean flipsStoredY() {
    return exifCode == 3 || exifCode == 4 || exifCode == 6 || exifCode == 7;
  }
}
