package org.vesalius.clinical.imaging.slide;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vesalius.clinical.imaging.MedicalImage;
import org.vesalius.clinical.imaging.MedicalImages;
import org.vesalius.clinical.imaging.PixelMask;
import org.vesalius.clinical.imaging.PlacedPicture;
import org.vesalius.clinical.imaging.geometry.PixelSpacing;
import org.vesalius.clinical.imaging.geometry.Point;
import org.vesalius.clinical.imaging.grey.WindowChoice;
import org.vesalius.runtime.vision.image.ImageFormatException;

class TiffSlideTest {
  /** Three gigapixels. */
  private static final int WIDTH = 60_000;

  private static final int HEIGHT = 50_100;
  private static final int SPOT_COLUMN = 100;
  private static final int SPOT_ROW = 150;

  @TempDir private Path folder = Path.of("");

  private static final List<byte[]> TILES =
      List.of(TiledTiff.plain(250, 240, 245), TiledTiff.plain(200, 0, 100));

  /** Bright everywhere but in one tile. */
  private static TiledTiff.Page page(int width, int height, int spotColumn, int spotRow) {
    return new TiledTiff.Page(
        width, height, TILES, (column, row) -> column == spotColumn && row == spotRow ? 1 : 0);
  }

  private Path file(TiledTiff.Page... pages) throws IOException {
    return Files.write(folder.resolve("slide.tif"), TiledTiff.of(40_000, pages));
  }

  private static int[] colour(PlacedPicture picture, Point source) {
    Point at = picture.transform().toModel(source);
    byte[] rgb = picture.image().copyRgb();
    int column = (int) at.x();
    int row = (int) at.y();
    int i = 3 * (row * picture.image().width() + column);
    return new int[] {rgb[i] & 0xff, rgb[i + 1] & 0xff, rgb[i + 2] & 0xff};
  }

  private static final Point SPOT =
      new Point((SPOT_COLUMN + 0.5) * TiledTiff.SIDE, (SPOT_ROW + 0.5) * TiledTiff.SIDE);

  @Test
  void aMaskIsBlackOnEveryPage() throws IOException {
    // The smaller page shows the spot a little too large, as one that was resized smoothly.
    Path file = file(page(6_400, 5_120, 10, 10), page(1_600, 1_280, 2, 2));
    int side = TiledTiff.SIDE;
    PixelMask mask =
        PixelMask.of(new PixelMask.Rectangle(9 * side, 9 * side, 12 * side, 12 * side));
    SlideImage slide = SlideImage.open(file).orElseThrow().masked(mask);
    for (int longest : new int[] {100, 1_000}) {
      PlacedPicture whole = slide.slide().overview(longest);
      assertArrayEquals(
          new int[3], colour(whole, new Point(10.5 * side, 10.5 * side)), longest + " pixels");
      assertEquals(250, colour(whole, new Point(side, side))[0]);
    }
    TiledPicture.Tile edge = new TiledPicture.Tile(9 * side - 40, 10 * side, 80, 40);
    PlacedPicture sharp = slide.slide().region(edge, 80);
    assertEquals(250, colour(sharp, new Point(9 * side - 0.5, 10 * side + 1.5))[0]);
    assertEquals(0, colour(sharp, new Point(9 * side + 0.5, 10 * side + 1.5))[0]);
  }

  @Test
  void threeGigapixelsInPieces() throws IOException {
    Path file = file(page(WIDTH, HEIGHT, SPOT_COLUMN, SPOT_ROW));
    TiffSlide slide = TiffSlide.open(file).orElseThrow();
    assertEquals(WIDTH, slide.width());
    assertEquals(HEIGHT, slide.height());
    assertEquals(
        new PixelSpacing(0.00025, 0.00025, PixelSpacing.Place.SLIDE),
        slide.place().spacing().orElseThrow());

    TiledPicture.Tile around = new TiledPicture.Tile(25_500, 38_300, 1000, 900);
    PlacedPicture whole = slide.region(around, 1000);
    assertEquals(1000, whole.image().width());
    assertEquals(900, whole.image().height());
    assertEquals(200, colour(whole, SPOT)[0]);
    assertEquals(250, colour(whole, new Point(SPOT.x() - 129, SPOT.y()))[0]);
    assertEquals(200, colour(whole, new Point(SPOT.x() - 127.5, SPOT.y()))[0]);
    assertEquals(
        new Point(25_500 * 0.00025, 38_300 * 0.00025),
        whole.toMillimetres(new Point(0, 0)).orElseThrow());

    PlacedPicture smaller = slide.region(around, 97);
    assertEquals(97, smaller.image().width());
    assertEquals(200, colour(smaller, SPOT)[0]);
    assertEquals(250, colour(smaller, new Point(SPOT.x() - 150, SPOT.y()))[0]);
    assertEquals(250, colour(smaller, new Point(SPOT.x() + 150, SPOT.y()))[0]);
    assertEquals(200, colour(smaller, new Point(SPOT.x() + 110, SPOT.y() - 110))[0]);
  }

  @Test
  void theOverviewComesFromTheSmallestPageThatWillDo() throws IOException {
    // The pages differ in where their spot is, to tell them apart.
    Path file =
        file(
            page(WIDTH, HEIGHT, SPOT_COLUMN, SPOT_ROW),
            page(15_000, 12_525, 1, 1),
            page(1024, 400, 0, 0),
            page(3750, 3131, 2, 2));
    TiffSlide slide = TiffSlide.open(file).orElseThrow();
    assertEquals(List.of(3750, 15_000, WIDTH), slide.levelWidths());
    PlacedPicture overview = slide.overview(2000);
    // Squares of pixels become one first, so it is at most as large as wanted.
    assertEquals(1875, overview.image().width());
    assertEquals(1566, overview.image().height());
    double ratio = WIDTH / 3750.0;
    Point spotOfSmallest = new Point(640 * ratio, 640 * ratio);
    assertEquals(200, colour(overview, spotOfSmallest)[0]);
    assertEquals(250, colour(overview, SPOT)[0]);
    PlacedPicture middle = slide.region(new TiledPicture.Tile(0, 0, 4000, 4000), 1000);
    assertEquals(200, colour(middle, new Point(384 * 4, 384 * 4))[0]);
    Point corner = overview.toSource(new Point(1875, 1566));
    assertEquals(WIDTH, corner.x(), 40);
    assertEquals(HEIGHT, corner.y(), 40);
  }

  @Test
  void tilesCoverTheWholeOnce() throws IOException {
    TiffSlide slide = TiffSlide.open(file(page(5_000, 4_100, 0, 0))).orElseThrow();
    List<TiledPicture.Tile> tiles = slide.tiles(1024);
    assertEquals(25, tiles.size());
    assertEquals(
        5_000L * 4_100,
        tiles.stream().mapToLong(tile -> (long) tile.width() * tile.height()).sum());
    assertEquals(new TiledPicture.Tile(4096, 4096, 904, 4), tiles.getLast());
    assertThrows(
        IllegalArgumentException.class,
        () -> slide.region(new TiledPicture.Tile(4500, 0, 501, 10), 100));
  }

  @Test
  void aLargeFileIsASlideAndASmallOneIsNot() throws IOException {
    Path small = Files.write(folder.resolve("small.tif"), TiledTiff.of(100, page(600, 500, 0, 0)));
    assertTrue(TiffSlide.open(small).isEmpty());
    assertTrue(MedicalImages.open(small).isEmpty());
    List<MedicalImage> opened = MedicalImages.open(file(page(5_000, 4_100, 0, 0)));
    assertEquals("TIFF slide", opened.getFirst().kind());
    PlacedPicture picture = opened.getFirst().frame(0).picture(WindowChoice.usual());
    assertEquals(SlideImage.OVERVIEW, picture.image().width());
  }

  @Test
  void tilesMayBeJpeg() throws IOException {
    byte[] bytes = TiledTiff.of(40_000, TiledTiff.Coding.JPEG, page(5_000, 4_100, 10, 10));
    TiffSlide slide = TiffSlide.open(Files.write(folder.resolve("jpeg.tif"), bytes)).orElseThrow();
    PlacedPicture tile = slide.region(new TiledPicture.Tile(2500, 2500, 300, 300), 300);
    assertEquals(250, colour(tile, new Point(2510, 2510))[0], 2);
    assertEquals(200, colour(tile, new Point(2600, 2600))[0], 2);
    assertEquals(100, colour(tile, new Point(2600, 2600))[2], 2);
  }

  @Test
  void bigFilesAreTheSame() throws IOException {
    byte[] bytes =
        TiledTiff.of(
            40_000, TiledTiff.Coding.JPEG, page(5_000, 4_100, 10, 10), page(1_250, 1_025, 2, 2));
    TiffSlide small = TiffSlide.open(Files.write(folder.resolve("a.tif"), bytes)).orElseThrow();
    TiffSlide big =
        TiffSlide.open(Files.write(folder.resolve("b.tif"), BigTiff.of(bytes))).orElseThrow();
    assertEquals(List.of(1_250, 5_000), big.levelWidths());
    assertEquals(small.place(), big.place());
    TiledPicture.Tile tile = new TiledPicture.Tile(2500, 2500, 300, 300);
    assertArrayEquals(
        small.region(tile, 300).image().copyRgb(), big.region(tile, 300).image().copyRgb());
    assertArrayEquals(small.overview(200).image().copyRgb(), big.overview(200).image().copyRgb());
    assertEquals(200, colour(big.region(tile, 300), new Point(2600, 2600))[0], 2);
  }

  @Test
  void coarseResolutionsAreNotBelieved() throws IOException {
    Path file =
        Files.write(folder.resolve("coarse.tif"), TiledTiff.of(28, page(5_000, 4_100, 0, 0)));
    assertTrue(TiffSlide.open(file).orElseThrow().place().spacing().isEmpty());
  }

  @Test
  void damagedFilesAreRefused() throws IOException {
    byte[] bytes = TiledTiff.of(40_000, page(5_000, 4_100, 0, 0));
    for (int length : new int[] {8, 20, 100, bytes.length / 2, bytes.length - 10}) {
      Path cut = Files.write(folder.resolve("cut.tif"), Arrays.copyOf(bytes, length));
      assertThrows(
          ImageFormatException.class,
          () -> TiffSlide.open(cut).orElseThrow().overview(100),
          "length " + length);
    }
  }
}
