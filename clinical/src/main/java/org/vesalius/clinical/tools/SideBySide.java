package org.vesalius.clinical.tools;

import java.util.Optional;
import org.vesalius.clinical.imaging.PlacedPicture;
import org.vesalius.clinical.imaging.Placement;
import org.vesalius.clinical.imaging.geometry.PixelSpacing;
import org.vesalius.clinical.imaging.geometry.PixelTransform;
import org.vesalius.runtime.answer.Region;
import org.vesalius.runtime.vision.image.Filter;
import org.vesalius.runtime.vision.image.RasterImage;

/**
 * Two regions in one picture.
 *
 * @param picture of both, a source of its own
 * @param how they were scaled, for people and models
 */
record SideBySide(PlacedPicture picture, String how) {
  private static final int SHORTEST_CROP = 32;
  private static final double HEIGHT = 512;
  private static final double LONGEST_SIDE = 1024;
  private static final int GAP = 8;

  static SideBySide of(
      PlacedPicture left, Region.Box leftBox, PlacedPicture right, Region.Box rightBox) {
    PlacedPicture one = PixelBox.around(leftBox, left.image(), SHORTEST_CROP).of(left);
    PlacedPicture other = PixelBox.around(rightBox, right.image(), SHORTEST_CROP).of(right);
    return sameMillimetres(one, other).orElseGet(() -> sameHeight(one, other));
  }

  private static Optional<SideBySide> sameMillimetres(PlacedPicture one, PlacedPicture other) {
    PixelSpacing a = one.spacing().orElse(null);
    PixelSpacing b = other.spacing().orElse(null);
    if (a == null || b == null || a.place() != b.place()) {
      return Optional.empty();
    }
    double tallest =
        Math.max(one.image().height() * a.vertical(), other.image().height() * b.vertical());
    double widest =
        Math.max(one.image().width() * a.horizontal(), other.image().width() * b.horizontal());
    double perMillimetre = Math.min(HEIGHT / tallest, LONGEST_SIDE / widest);
    PixelSpacing spacing = new PixelSpacing(1 / perMillimetre, 1 / perMillimetre, a.place());
    PlacedPicture joined =
        joined(
            scaled(one, a.horizontal() * perMillimetre, a.vertical() * perMillimetre),
            scaled(other, b.horizontal() * perMillimetre, b.vertical() * perMillimetre),
            Placement.of(spacing, Optional.empty()));
    return Optional.of(
        new SideBySide(
            joined,
            "Both at the same scale: one pixel is %s mm %s."
                .formatted(Numbers.significant(spacing.horizontal(), 4), a.place().description())));
  }

  private static SideBySide sameHeight(PlacedPicture one, PlacedPicture other) {
    return new SideBySide(
        joined(toHeight(one), toHeight(other), Placement.UNKNOWN),
        "Sizes cannot be compared: the two are not at the same scale, since it is not known for"
            + " both.");
  }

  private static PlacedPicture toHeight(PlacedPicture picture) {
    double factor =
        Math.min(HEIGHT / picture.image().height(), LONGEST_SIDE / picture.image().width());
    return scaled(picture, factor, factor);
  }

  private static PlacedPicture scaled(PlacedPicture picture, double x, double y) {
    return picture.resized(
        Math.max(1, (int) Math.rint(picture.image().width() * x)),
        Math.max(1, (int) Math.rint(picture.image().height() * y)),
        Filter.BILINEAR);
  }

  private static PlacedPicture joined(PlacedPicture one, PlacedPicture other, Placement place) {
    int width = one.image().width() + GAP + other.image().width();
    int height = Math.max(one.image().height(), other.image().height());
    byte[] rgb = new byte[3 * width * height];
    copy(one.image(), rgb, 0, width);
    copy(other.image(), rgb, one.image().width() + GAP, width);
    return PlacedPicture.of(
        RasterImage.ofRgb(width, height, rgb), PixelTransform.of(width, height), place);
  }

  private static void copy(RasterImage image, byte[] to, int left, int width) {
    byte[] from = image.copyRgb();
    for (int y = 0; y < image.height(); y++) {
      System.arraycopy(from, 3 * y * image.width(), to, 3 * (y * width + left), 3 * image.width());
    }
  }
}
