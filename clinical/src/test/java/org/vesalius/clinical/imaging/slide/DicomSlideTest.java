package org.vesalius.clinical.imaging.slide;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
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

  @Test
  void severalPlanesAreRefused() {
    DicomBytes bytes = slide(12);
    String message =
        String.valueOf(assertThrows(MedicalImageException.class, () -> open(bytes)).getMessage());
    assertTrue(message.contains("focal planes"), message);
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
