package org.vesalius.clinical.imaging;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What is black in all frames of a source, whatever is stored there: so that text that is burned
 * into pixels reaches neither a model nor its tools, nor anything that is written.
 *
 * @param outsideRegions whether all is that lies outside of the regions that an ultrasound file
 *     names (0018,6011)
 * @param rectangles in pixels of the stored frame
 */
public record PixelMask(boolean outsideRegions, List<Rectangle> rectangles) {
  /** Nothing is. */
  public static final PixelMask NONE = new PixelMask(false, List.of());

  /** The name of {@link #outsideRegions}. */
  public static final String REGIONS = "regions";

  private static final int MOST_RECTANGLES = 1000;

  /** Copies the list, and refuses more than a thousand rectangles. */
  public PixelMask {
    rectangles = List.copyOf(rectangles);
    if (rectangles.size() > MOST_RECTANGLES) {
      throw new IllegalArgumentException(
          "mask: expected at most %d rectangles, found %d"
              .formatted(MOST_RECTANGLES, rectangles.size()));
    }
  }

  /**
   * Whole pixels.
   *
   * @param x1 the first column, from 0
   * @param y1 the first row
   * @param x2 the column behind the last one
   * @param y2 the row behind the last one
   */
  public record Rectangle(int x1, int y1, int x2, int y2) {
    private static final Pattern FORM =
        Pattern.compile("([0-9]{1,9}),([0-9]{1,9}),([0-9]{1,9}),([0-9]{1,9})");

    /** Refuses one without a pixel. */
    public Rectangle {
      if (x1 < 0 || y1 < 0 || x1 >= x2 || y1 >= y2) {
        throw new IllegalArgumentException(
            "mask %d,%d,%d,%d: expected 0 <= X1 < X2 and 0 <= Y1 < Y2, found no pixel in it"
                .formatted(x1, y1, x2, y2));
      }
    }

    /** Whether a pixel is in it. */
    public boolean holds(int x, int y) {
      return x >= x1 && x < x2 && y >= y1 && y < y2;
    }

    /** With more columns and rows on all sides, as far as a frame of this size has them. */
    public Rectangle grown(int columns, int rows, int width, int height) {
      return new Rectangle(
          Math.max(x1 - columns, 0),
          Math.max(y1 - rows, 0),
          Math.min(x2 + columns, width),
          Math.min(y2 + rows, height));
    }

    /**
     * Refuses one that is not all in a frame of this size.
     *
     * @throws MedicalImageException if it is not
     */
    void requireInside(String source, int width, int height) {
      if (x2 > width || y2 > height) {
        throw new MedicalImageException(
            ("%s: mask %s: expected a rectangle inside of the stored frame of %dx%d pixels, found"
                    + " one that reaches beyond; give an X2 of at most %d and a Y2 of at most %d")
                .formatted(source, this, width, height, width, height));
      }
    }

    /** {@code X1,Y1,X2,Y2}. */
    @Override
    public String toString() {
      return x1 + "," + y1 + "," + x2 + "," + y2;
    }
  }

  /** Of rectangles in pixels of the stored frame. */
  public static PixelMask of(Rectangle... rectangles) {
    return new PixelMask(false, List.of(rectangles));
  }

  /**
   * A mask as users type it, piece by piece: {@code X1,Y1,X2,Y2} or {@code regions}.
   *
   * @throws IllegalArgumentException if a piece is neither
   */
  public static PixelMask parse(List<String> pieces) {
    boolean outside = false;
    List<Rectangle> rectangles = new ArrayList<>();
    for (String piece : pieces) {
      Matcher numbers = Rectangle.FORM.matcher(piece.strip());
      if (numbers.matches()) {
        rectangles.add(
            new Rectangle(
                Integer.parseInt(numbers.group(1)),
                Integer.parseInt(numbers.group(2)),
                Integer.parseInt(numbers.group(3)),
                Integer.parseInt(numbers.group(4))));
      } else if (piece.strip().equals(REGIONS)) {
        outside = true;
      } else {
        throw new IllegalArgumentException(
            "mask: expected X1,Y1,X2,Y2 in whole pixels of the stored frame such as 0,0,640,40, or"
                + " %s; found \"%s\"".formatted(REGIONS, piece));
      }
    }
    return new PixelMask(outside, rectangles);
  }

  /** Whether it leaves everything as it is. */
  public boolean isEmpty() {
    return !outsideRegions && rectangles.isEmpty();
  }

  /**
   * The rectangles of a frame that are black.
   *
   * @param source that the frame is of, for messages
   * @param width columns of the stored frame
   * @param height rows of the stored frame
   * @param regions that the source names; empty where it names none
   * @throws MedicalImageException if a rectangle lies beyond the frame, or regions are wanted and
   *     there are none, or nothing outside of them
   */
  public List<Rectangle> in(String source, int width, int height, List<Rectangle> regions) {
    for (Rectangle rectangle : rectangles) {
      rectangle.requireInside(source, width, height);
    }
    if (!outsideRegions) {
      return rectangles;
    }
    List<Rectangle> hidden = new ArrayList<>(outside(source, width, height, regions));
    hidden.addAll(rectangles);
    return List.copyOf(hidden);
  }

  private static List<Rectangle> outside(
      String source, int width, int height, List<Rectangle> regions) {
    String problem = "expected a DICOM file with ultrasound regions (0018,6011), found none";
    if (!regions.isEmpty()) {
      List<Rectangle> hidden = UltrasoundRegions.outside(regions, width, height);
      if (!hidden.isEmpty()) {
        return hidden;
      }
      problem = "expected ultrasound regions that leave something out, found all of the frame";
    }
    throw new MedicalImageException(
        "%s: mask %s: %s; give rectangles as X1,Y1,X2,Y2 instead"
            .formatted(source, REGIONS, problem));
  }

  /** The pieces, as {@link #parse} reads them. */
  @Override
  public String toString() {
    List<String> pieces = new ArrayList<>();
    if (outsideRegions) {
      pieces.add(REGIONS);
    }
    rectangles.forEach(rectangle -> pieces.add(rectangle.toString()));
    return String.join(" ", pieces);
  }
}
