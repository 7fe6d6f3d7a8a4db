package org.vesalius.clinical.imaging.slide;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.vesalius.clinical.imaging.DicomBytes;
import org.vesalius.clinical.imaging.MedicalImageException;
import org.vesalius.clinical.imaging.PixelMask;
import org.vesalius.clinical.imaging.PlacedPicture;
import org.vesalius.clinical.imaging.dicom.DicomFile;
import org.vesalius.clinical.imaging.geometry.PixelSpacing;
import org.vesalius.clinical.imaging.geometry.Point;

class DicomSlideTest {
  private static final int SIDE = 4;

  /** Three by two tiles of a picture of 10 by 7; the tile's number is its red. */
  private static DicomBytes slide(int frames) {
    byte[] samples = new byte[3 * SIDE * SIDE * frames];
    for (int i = 0; i < samples.length; i += 3) {
      samples[i] = (byte) (10 * (i / (3 * SIDE * SIDE)) + 10);
    }
    return DicomBytes.colours(SIDE, SIDE, "RGB", samples)
        .text(0x0008_0060, "CS", "SM")
        .text(0x0028_0008, "IS", String.valueOf(frames))
        .longs(0x0048_0006, "UL", 10)
        .longs(0x0048_0007, "UL", 7)
        .sequence(
            0x5200_9229,
            new DicomBytes()
                .sequence(0x0028_9110, new DicomBytes().text(0x0028_0030, "DS", "0.0005\\0.0005")));
  }

  private static DicomSlide open(DicomBytes bytes) {
    return DicomSlide.of(DicomFile.read(bytes.file(), "slide.dcm")).orElseThrow();
  }

  private static int red(PlacedPicture picture, double x, double y) {
    Point at = picture.transform().toModel(new Point(x, y));
    int column = (int) at.x();
    int row = (int) at.y();
    int i = row * picture.image().width() + column;
    return picture.image().copyRgb()[3 * i] & 0xff;
  }

  @Test
  void tilesAreOnePicture() {
    DicomSlide slide = open(slide(6));
    PlacedPicture whole = slide.overview(100);
    assertEquals(10, whole.image().width());
    assertEquals(7, whole.image().height());
    assertEquals(10, red(whole, 3.5, 3.5));
    assertEquals(20, red(whole, 4.5, 0.5));
    assertEquals(30, red(whole, 9.5, 3.5));
    assertEquals(60, red(whole, 8.5, 6.5));
    PlacedPicture part = slide.region(new TiledPicture.Tile(3, 2, 4, 4), 100);
    assertEquals(4, part.image().width());
    assertEquals(10, red(part, 3.5, 2.5));
    assertEquals(50, red(part, 6.5, 5.5));
    assertEquals(5, slide.overview(5).image().width());
    assertEquals(PixelSpacing.Place.SLIDE, slide.place().spacing().orElseThrow().place());
  }

  @Test
  void aMaskIsBlackInEveryPieceBeforeItIsMadeSmaller() {
    // The picture is 10 by 7; a piece that is made smaller has one pixel for several.
    List<PixelMask.Rectangle> black = List.of(new PixelMask.Rectangle(3, 2, 9, 4));
    DicomSlide slide = open(slide(6)).masked(black);
    PlacedPicture whole = slide.overview(100);
    for (int y = 0; y < 7; y++) {
      for (int x = 0; x < 10; x++) {
        boolean hidden = black.getFirst().holds(x, y);
        assertEquals(hidden, red(whole, x + 0.5, y + 0.5) == 0, x + ", " + y);
      }
    }
    // Beside it a pixel of the smaller picture mixes black in, and never what was behind.
    PlacedPicture small = slide.region(new TiledPicture.Tile(3, 2, 6, 2), 2);
    assertEquals(0, red(small, 5.5, 3.5));
    SlideImage image = SlideImage.of(DicomFile.read(slide(6).file(), "slide.dcm")).orElseThrow();
    SlideImage masked = image.masked(new PixelMask(false, black));
    assertEquals(black, masked.hidden(0));
    assertEquals(0, red(masked.slide().overview(100), 5.5, 3.5));
    assertThrows(
        MedicalImageException.class,
        () -> image.masked(PixelMask.of(new PixelMask.Rectangle(0, 0, 11, 1))));
  }

  @Test
  void tilesMayBeAnywhere() {
    DicomBytes[] places = new DicomBytes[2];
    int[][] at = {{9, 5}, {1, 1}};
    for (int f = 0; f < 2; f++) {
      places[f] =
          new DicomBytes()
              .sequence(
                  0x0048_021a,
                  new DicomBytes()
                      .longs(0x0048_021e, "SL", at[f][0])
                      .longs(0x0048_021f, "SL", at[f][1]));
    }
    PlacedPicture whole = open(slide(2).sequence(0x5200_9230, places)).overview(100);
    assertEquals(10, red(whole, 8.5, 4.5));
    assertEquals(20, red(whole, 0.5, 0.5));
    assertEquals(0, red(whole, 4.5, 0.5), "not scanned");
    at[0][0] = 2;
    places[0] =
        new DicomBytes()
            .sequence(
                0x0048_021a,
                new DicomBytes().longs(0x0048_021e, "SL", 2).longs(0x0048_021f, "SL", 1));
    DicomBytes crooked = slide(2).sequence(0x5200_9230, places);
    assertThrows(MedicalImageException.class, () -> open(crooked));
  }

  private static final OptionalInt USUAL = OptionalInt.empty();

  private static DicomSlide open(DicomBytes bytes, OptionalInt plane, OptionalInt path) {
    return DicomSlide.of(DicomFile.read(bytes.file(), "slide.dcm"), new SlideLayer(plane, path))
        .orElseThrow();
  }

  private static DicomBytes measures(String between) {
    return new DicomBytes()
        .sequence(
            0x0028_9110,
            new DicomBytes()
                .text(0x0028_0030, "DS", "0.0005\\0.0005")
                .text(0x0018_0088, "DS", between));
  }

  /** Three focal planes a micrometre apart from -1.2 on, in two optical paths, all places each. */
  private static DicomBytes stack() {
    return slide(36)
        .longs(0x0048_0303, "UL", 3)
        .longs(0x0048_0302, "UL", 2)
        .sequence(0x0048_0008, new DicomBytes().text(0x0040_074a, "DS", "-1.2"))
        .sequence(0x5200_9229, measures("0.001"));
  }

  @Test
  void ofFocalPlanesTheOneInFocusIsTaken() {
    DicomSlide usual = open(stack());
    assertEquals(3, usual.focalPlanes());
    assertEquals(List.of(-1.2, -0.2, 0.8), usual.focalPlaneHeights());
    assertEquals(2, usual.focalPlane());
    assertEquals(2, usual.opticalPaths());
    assertEquals(1, usual.opticalPath());
    // Six tiles of ten more each: those of the second plane begin at 70.
    assertEquals(70, red(usual.overview(100), 0.5, 0.5));
    assertEquals(120, red(usual.overview(100), 9.5, 6.5));
    for (int path = 1; path <= 2; path++) {
      for (int plane = 1; plane <= 3; plane++) {
        DicomSlide chosen = open(stack(), OptionalInt.of(plane), OptionalInt.of(path));
        int first = (path - 1) * 180 + (plane - 1) * 60 + 10;
        assertEquals(first & 0xff, red(chosen.overview(100), 0.5, 0.5));
        assertEquals(first + 50 & 0xff, red(chosen.overview(100), 9.5, 6.5));
      }
    }
  }

  @Test
  void factsSayWhatThereIsAndWhichWasTaken() {
    DicomFile file = DicomFile.read(stack().file(), "slide.dcm");
    SlideImage image = SlideImage.of(file).orElseThrow();
    assertEquals(3, image.facts().get("focal_planes"));
    assertEquals(List.of(-1.2, -0.2, 0.8), image.facts().get("focal_plane_heights_um"));
    assertEquals(2, image.facts().get("focal_plane"));
    assertEquals(2, image.facts().get("optical_paths"));
    assertEquals(1, image.facts().get("optical_path"));
    assertTrue(image.notes().contains("this is focal plane 2 of 3"), image.notes().toString());
    assertTrue(image.notes().contains("this is optical path 1 of 2"), image.notes().toString());
    SlideImage alone = SlideImage.of(DicomFile.read(slide(6).file(), "slide.dcm")).orElseThrow();
    assertTrue(alone.facts().keySet().stream().noneMatch(key -> key.contains("focal")));
    assertEquals(1, alone.notes().size());
  }

  @Test
  void planesWhoseHeightIsNotKnownAreTakenInTheirOrder() {
    DicomSlide slide = open(slide(18).longs(0x0048_0303, "UL", 3));
    assertEquals(List.of(), slide.focalPlaneHeights());
    assertEquals(1, slide.focalPlane());
    assertEquals(10, red(slide.overview(100), 0.5, 0.5));
  }

  /** A tile that says where it is, how high, and by which optical path. */
  private static DicomBytes tile(int column, int row, String height, String path) {
    return new DicomBytes()
        .sequence(
            0x0048_021a,
            new DicomBytes()
                .longs(0x0048_021e, "SL", column)
                .longs(0x0048_021f, "SL", row)
                .text(0x0040_074a, "DS", height))
        .sequence(0x0048_0207, new DicomBytes().text(0x0048_0106, "SH", path));
  }

  private static DicomBytes scattered(DicomBytes... tiles) {
    return slide(tiles.length)
        .sequence(0x5200_9230, tiles)
        .sequence(
            0x0048_0105,
            new DicomBytes().text(0x0048_0106, "SH", "green"),
            new DicomBytes().text(0x0048_0106, "SH", "unused"),
            new DicomBytes().text(0x0048_0106, "SH", "blue"));
  }

  @Test
  void scatteredTilesAreSortedByHeightAndPath() {
    DicomBytes bytes =
        scattered(
            tile(1, 1, "2", "blue"),
            tile(1, 1, "2", "green"),
            tile(1, 1, "-0.5", "green"),
            tile(5, 5, "-0.5", "green"),
            tile(5, 5, "2.0", "green"),
            tile(9, 5, "7", "blue"));
    DicomSlide usual = open(bytes);
    assertEquals(List.of(-0.5, 2.0), usual.focalPlaneHeights());
    assertEquals(2, usual.opticalPaths());
    assertEquals(30, red(usual.overview(100), 0.5, 0.5));
    assertEquals(40, red(usual.overview(100), 4.5, 4.5));
    assertEquals(0, red(usual.overview(100), 8.5, 4.5), "of the other path");
    DicomSlide higher = open(bytes, OptionalInt.of(2), USUAL);
    assertEquals(20, red(higher.overview(100), 0.5, 0.5));
    assertEquals(50, red(higher.overview(100), 4.5, 4.5));
    // Tiles that were focused one by one are one plane.
    DicomSlide blue = open(bytes, USUAL, OptionalInt.of(2));
    assertEquals(1, blue.focalPlanes());
    assertEquals(10, red(blue.overview(100), 0.5, 0.5));
    assertEquals(60, red(blue.overview(100), 8.5, 4.5));
  }

  private static void fails(String part, Executable open) {
    String message = String.valueOf(assertThrows(MedicalImageException.class, open).getMessage());
    assertTrue(message.contains(part), message);
  }

  @Test
  void layersThatAreNotThereAreRefused() {
    fails("focal plane: expected 1 to 3, found 4", () -> open(stack(), OptionalInt.of(4), USUAL));
    fails("optical path: expected 1 to 2, found 0", () -> open(stack(), USUAL, OptionalInt.of(0)));
    fails("expected 1 to 1, found 2", () -> open(slide(6), OptionalInt.of(2), USUAL));
    fails(
        "two tiles at one place",
        () ->
            open(
                scattered(
                    tile(1, 1, "0", "a"),
                    tile(1, 1, "0", "a"),
                    tile(1, 1, "1", "a"),
                    tile(5, 1, "0", "a"),
                    tile(5, 1, "2", "a"))));
    fails(
        "2 focal planes at one place and 3 in all",
        () ->
            open(
                scattered(
                    tile(1, 1, "0", "a"),
                    tile(1, 1, "1", "a"),
                    tile(5, 1, "0", "a"),
                    tile(5, 1, "2", "a"))));
  }

  @Test
  void coloursMayLieApart() {
    byte[] planes = new byte[3 * SIDE * SIDE * 6];
    for (int i = 0; i < planes.length; i++) {
      planes[i] = (byte) (i / (SIDE * SIDE));
    }
    DicomBytes apart = slide(6).numbers(0x0028_0006, 1).bytes(0x7fe0_0010, "OB", planes);
    byte[] rgb = open(apart).overview(100).image().copyRgb();
    assertArrayEquals(new byte[] {0, 1, 2}, Arrays.copyOf(rgb, 3));
    assertArrayEquals(new byte[] {15, 16, 17}, Arrays.copyOfRange(rgb, rgb.length - 3, rgb.length));
  }

  /** Six tiles, each a thousand brighter than the one before. */
  private static int[] greys() {
    int[] pixels = new int[SIDE * SIDE * 6];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = 1000 * (i / (SIDE * SIDE)) + i % 2;
    }
    return pixels;
  }

  private static DicomSlide greySlide(int[] pixels) {
    return open(
        DicomBytes.grey(SIDE, SIDE, false, pixels)
            .text(0x0008_0060, "CS", "SM")
            .text(0x0028_0008, "IS", "6")
            .longs(0x0048_0006, "UL", 10)
            .longs(0x0048_0007, "UL", 7));
  }

  /** Windows of single tiles would make all of them as bright. */
  @Test
  void greysOfAllTilesAreShownInOneWindow() {
    PlacedPicture whole = greySlide(greys()).overview(100);
    assertEquals(0, red(whole, 0.5, 0.5));
    assertEquals(255 * 1000.0 / 5001, red(whole, 4.5, 0.5), 1);
    assertEquals(255 * 3000.0 / 5001, red(whole, 0.5, 4.5), 1);
    assertEquals(255, red(whole, 9.5, 6.5), 1);
  }

  @Test
  void noWindowDependsOnWhatAMaskHides() {
    // Columns 8 and 9 of rows 4 to 6: the left of the last tile, and one of a tile's pixels.
    List<PixelMask.Rectangle> black =
        List.of(new PixelMask.Rectangle(8, 4, 10, 7), new PixelMask.Rectangle(5, 1, 6, 2));
    int[] written = greys();
    Arrays.fill(written, SIDE * SIDE * 5, SIDE * SIDE * 6, 60_000);
    written[SIDE * SIDE + SIDE + 1] = 65_000;
    int[] other = greys();
    for (int y = 0; y < 3; y++) {
      for (int x = 2; x < SIDE; x++) {
        written[SIDE * SIDE * 5 + y * SIDE + x] = 9; // beyond the edge of the whole
        other[SIDE * SIDE * 5 + y * SIDE + x] = 9;
      }
    }
    Arrays.fill(written, SIDE * SIDE * 5 + 3 * SIDE, SIDE * SIDE * 6, 9);
    Arrays.fill(other, SIDE * SIDE * 5 + 3 * SIDE, SIDE * SIDE * 6, 9);
    PlacedPicture whole = greySlide(written).masked(black).overview(100);
    assertArrayEquals(
        greySlide(other).masked(black).overview(100).image().copyRgb(), whole.image().copyRgb());
    assertEquals(0, red(whole, 8.5, 4.5));
    assertEquals(0, red(whole, 5.5, 1.5));
    assertEquals(255, red(whole, 0.5, 6.5) * 4001 / 3000.0, 3);
  }

  @Test
  void whatIsNoWholeIsRefused() {
    DicomBytes bytes = slide(12);
    fails("focal planes", () -> open(bytes));
    DicomBytes huge = slide(6).longs(0x0048_0006, "UL", Integer.MAX_VALUE);
    assertThrows(MedicalImageException.class, () -> open(huge));
    // As many places as there may be for so many tiles, and more than any slide has.
    int tiles = 20_000;
    DicomBytes wide =
        DicomBytes.colours(1, 1, "RGB", new byte[3 * tiles])
            .text(0x0028_0008, "IS", String.valueOf(tiles))
            .longs(0x0048_0006, "UL", 1000 * tiles)
            .longs(0x0048_0007, "UL", 1);
    assertThrows(MedicalImageException.class, () -> open(wide));
  }

  @Test
  void otherFilesAreNoSlides() {
    DicomBytes plain = DicomBytes.grey(1, 1, false, 0);
    assertTrue(DicomSlide.of(DicomFile.read(plain.file(), "a")).isEmpty());
  }
}
