package org.vesalius.clinical.imaging;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.vesalius.clinical.imaging.geometry.PixelSpacing;
import org.vesalius.clinical.imaging.geometry.PixelTransform;
import org.vesalius.clinical.imaging.geometry.Point;
import org.vesalius.clinical.imaging.geometry.SlicePlane;
import org.vesalius.clinical.imaging.geometry.Vector;
import org.vesalius.runtime.vision.image.Filter;
import org.vesalius.runtime.vision.image.RasterImage;
import org.vesalius.runtime.vision.image.Resampler;

/**
 * A picture together with the way back to the pixels, the millimetres and the patient that it came
 * from. Each step gives a new picture and keeps the way, so that one cannot change without the
 * other.
 *
 * @param image what is looked at
 * @param transform from pixels of the source to pixels of {@code image}
 * @param place where the pixels of the source are
 */
public record PlacedPicture(RasterImage image, PixelTransform transform, Placement place) {
  /** Below this share, what differs from a square pixel is rounding. */
  private static final double SQUARE = 0.01;

  /** As for pictures that are decoded. */
  private static final long MAX_PIXELS = 178_956_970;

  /** Checks the sides. */
  public PlacedPicture {
    if (image.width() != transform.width() || image.height() != transform.height()) {
      throw new IllegalArgumentException(
          "expected a picture of %dx%d, found %dx%d"
              .formatted(transform.width(), transform.height(), image.width(), image.height()));
    }
  }

  /** A picture of any kind of samples. */
  public static PlacedPicture of(RasterImage image, PixelTransform transform, Placement place) {
    RasterImage kept =
        image.samples() == RasterImage.Samples.GRAY8
            ? RasterImage.ofRgb(image.width(), image.height(), image.copyRgb())
            : image;
    return new PlacedPicture(kept, transform, place);
  }

  /** The picture after a resize. */
  public PlacedPicture resized(int width, int height, Filter filter) {
    checkArea(width, height);
    int w = image.width();
    int h = image.height();
    RasterImage resized =
        switch (image.samples()) {
          case RGB8 ->
              RasterImage.ofRgb(
                  width,
                  height,
                  Resampler.resize8(image.copyRgb(), w, h, 3, width, height, filter));
          case GRAY8 -> throw new IllegalStateException("8-bit grey is kept as RGB or 16 bits");
          case GRAY16 ->
              RasterImage.ofGray16(
                  width,
                  height,
                  rounded(Resampler.resizeGray16(image.copyGray16(), w, h, width, height, filter)));
        };
    return new PlacedPicture(resized, transform.resized(width, height), place);
  }

  private static char[] rounded(float[] values) {
    char[] chars = new char[values.length];
    for (int i = 0; i < chars.length; i++) {
      chars[i] = (char) Math.rint(values[i]);
    }
    return chars;
  }

  /** A rectangle of the picture, black where it reaches beyond. */
  public PlacedPicture cropped(int left, int top, int width, int height) {
    checkArea(width, height);
    return moved(
        transform.cropped(left, top, width, height),
        (x, y) -> {
          int fromX = x + left;
          int fromY = y + top;
          boolean inside =
              fromX >= 0 && fromX < image.width() && fromY >= 0 && fromY < image.height();
          return inside ? fromY * image.width() + fromX : -1;
        });
  }

  /** The picture on a larger black canvas, {@code left} and {@code top} inside it. */
  public PlacedPicture padded(int left, int top, int width, int height) {
    return cropped(-left, -top, width, height);
  }

  /** The picture after quarter turns clockwise. */
  public PlacedPicture turned(int quarters) {
    int w = image.width();
    int h = image.height();
    PixelTransform turned = transform.turned(quarters);
    return switch (Math.floorMod(quarters, 4)) {
      case 1 -> moved(turned, (x, y) -> (h - 1 - x) * w + y);
      case 2 -> moved(turned, (x, y) -> (h - 1 - y) * w + w - 1 - x);
      case 3 -> moved(turned, (x, y) -> x * w + w - 1 - y);
      default -> this;
    };
  }

  /**
   * The picture with rectangles of its source black: each pixel that has a part of one. What a
   * resize before mixed into others stays.
   *
   * @throws MedicalImageException if a rectangle reaches beyond the source
   */
  public PlacedPicture hiding(List<PixelMask.Rectangle> hidden) {
    if (hidden.isEmpty()) {
      return this;
    }
    int width = image.width();
    boolean wide = image.samples() == RasterImage.Samples.GRAY16;
    char[] grey = wide ? image.copyGray16() : new char[0];
    byte[] rgb = wide ? new byte[0] : image.copyRgb();
    for (PixelMask.Rectangle rectangle : hidden) {
      rectangle.requireInside("picture", transform.sourceWidth(), transform.sourceHeight());
      Point one = transform.toModel(new Point(rectangle.x1(), rectangle.y1()));
      Point other = transform.toModel(new Point(rectangle.x2(), rectangle.y2()));
      int[] x = touched(one.x(), other.x(), width);
      int[] y = touched(one.y(), other.y(), image.height());
      for (int row = y[0]; row < y[1]; row++) {
        int from = row * width + x[0];
        int to = row * width + x[1];
        if (wide) {
          Arrays.fill(grey, from, to, (char) 0);
        } else {
          Arrays.fill(rgb, 3 * from, 3 * to, (byte) 0);
        }
      }
    }
    RasterImage black =
        wide
            ? RasterImage.ofGray16(width, image.height(), grey)
            : RasterImage.ofRgb(width, image.height(), rgb);
    return new PlacedPicture(black, transform, place);
  }

  /** The pixels of a side that have a part between two points: the first, and the one behind. */
  private static int[] touched(double one, double other, int side) {
    int from = Math.clamp((long) Math.floor(Math.min(one, other)), 0, side);
    int to = Math.clamp((long) Math.ceil(Math.max(one, other)), from, side);
    return new int[] {from, to};
  }

  /** The picture with left and right exchanged. */
  public PlacedPicture mirrored() {
    int w = image.width();
    return moved(transform.mirrored(), (x, y) -> y * w + w - 1 - x);
  }

  /** The picture with top and bottom exchanged. */
  public PlacedPicture flipped() {
    int w = image.width();
    int h = image.height();
    return moved(transform.flipped(), (x, y) -> (h - 1 - y) * w + x);
  }

  /** Which pixel of the picture so far comes to a place of the new one; negative for none. */
  private interface Origin {
    int of(int x, int y);
  }

  private PlacedPicture moved(PixelTransform to, Origin origin) {
    int width = to.width();
    int height = to.height();
    boolean wide = image.samples() == RasterImage.Samples.GRAY16;
    char[] grey = wide ? image.copyGray16() : new char[0];
    byte[] rgb = wide ? new byte[0] : image.copyRgb();
    char[] outGrey = new char[wide ? width * height : 0];
    byte[] outRgb = new byte[wide ? 0 : Math.multiplyExact(3, width * height)];
    for (int y = 0, out = 0; y < height; y++) {
      for (int x = 0; x < width; x++, out++) {
        int from = origin.of(x, y);
        if (from < 0) {
          continue;
        }
        if (wide) {
          outGrey[out] = grey[from];
        } else {
          System.arraycopy(rgb, 3 * from, outRgb, 3 * out, 3);
        }
      }
    }
    RasterImage moved =
        wide
            ? RasterImage.ofGray16(width, height, outGrey)
            : RasterImage.ofRgb(width, height, outRgb);
    return new PlacedPicture(moved, to, place);
  }

  /**
   * Turned to how people look at it, where the source is stored in another way: a slice whose axes
   * are those of NIfTI has the front or the head at the top, and the patient's right, or front, at
   * the left. DICOM's pictures are stored as they are shown.
   */
  PlacedPicture upright() {
    SlicePlane plane = place.plane().orElse(null);
    if (plane == null || plane.space() != SlicePlane.Space.RAS) {
      return this;
    }
    Upright upright = Upright.of(plane);
    PlacedPicture turned = upright.transposed() ? turned(1).mirrored() : this;
    turned = upright.mirrored() ? turned.mirrored() : turned;
    return upright.flipped() ? turned.flipped() : turned;
  }

  /** Resized so that pixels are as high as wide, by making it larger. */
  PlacedPicture withSquarePixels() {
    boolean exchanged = transform.toX().x() == 0;
    double aspect = exchanged ? 1 / place.aspect() : place.aspect();
    if (Math.abs(aspect - 1) < SQUARE) {
      return this;
    }
    // More would be no picture any more, and the numbers come from a file.
    double bounded = Math.clamp(aspect, 1.0 / 64, 64.0);
    return bounded > 1
        ? resized(image.width(), (int) Math.rint(image.height() * bounded), Filter.BILINEAR)
        : resized((int) Math.rint(image.width() / bounded), image.height(), Filter.BILINEAR);
  }

  /** The point of the source at a point of the picture, in pixels. */
  public Point toSource(Point picture) {
    return transform.toSource(picture);
  }

  /** The point of the source at a point of the picture, in millimetres from its top left corner. */
  public Optional<Point> toMillimetres(Point picture) {
    return place.spacing().map(spacing -> spacing.toMillimetres(toSource(picture)));
  }

  /** The point of the picture at a point of the source in millimetres from its top left corner. */
  public Optional<Point> ofMillimetres(Point millimetres) {
    return place.spacing().map(spacing -> transform.toModel(spacing.toPixels(millimetres)));
  }

  /** The point of the patient at a point of the picture. */
  public Optional<Vector> toPatient(Point picture) {
    return place.plane().map(plane -> plane.toPatient(toSource(picture)));
  }

  /** How far the pixels of the picture are from each other. */
  public Optional<PixelSpacing> spacing() {
    return place.spacing().map(transform::spacing);
  }

  private static void checkArea(int width, int height) {
    if (width < 1 || height < 1 || (long) width * height > MAX_PIXELS) {
      throw new MedicalImageException(
          "a picture of %dx%d pixels: expected at least one and at most %d"
              .formatted(width, height, MAX_PIXELS));
    }
  }
}
