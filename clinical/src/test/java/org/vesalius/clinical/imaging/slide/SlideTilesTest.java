package org.vesalius.clinical.imaging.slide;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.vesalius.clinical.imaging.DicomBytes;
import org.vesalius.clinical.imaging.MedicalImages;
import org.vesalius.clinical.imaging.PackedRecords;
import org.vesalius.clinical.imaging.dicom.DicomFile;
import org.vesalius.runtime.vision.image.ImageFormatException;
import org.vesalius.runtime.vision.image.RasterImage;
import org.vesalius.runtime.vision.image.TileDecoder;

/**
 * Tiles in JPEG 2000 against OpenSlide, made by {@code src/test/oracle/slide_tiles.py}; and colours
 * in planes of their own.
 */
class SlideTilesTest {
  private static final int WIDTH = 4_300;
  private static final int HEIGHT = 4_200;
  private static final int RGB = 2;
  private static final int YCBCR = 6;
  private static final int CMYK = 5;
  private static final int JPEG_2000 = 34712;

  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Coded(String name, int compression, int side, String digest, byte[] bytes) {
    @Override
    public String toString() {
      return name;
    }
  }

  @TempDir private Path folder = Path.of("");

  static List<Coded> tiles() {
    List<Coded> tiles =
        PackedRecords.of(SlideTilesTest.class, "tiles.txt").stream()
            .map(r ->
                new Coded(
                    r.fields().get(0), r.number(1), r.number(2), r.fields().get(3), r.bytes()))
            .toList();
    assertEquals(11, tiles.size());
    return tiles;
  }

  private static Coded tile(String name) {
    return tiles().stream().filter(tile -> tile.name.equals(name)).findFirst().orElseThrow();
  }

  /** A slide whose one tile stands everywhere. */
  private TiffSlide slide(TiledTiff.Coding coding, byte[]... tiles) throws IOException {
    Path file = Files.write(folder.resolve("slide.tif"), file(coding, tiles));
    return TiffSlide.open(file).orElseThrow();
  }

  private static byte[] file(TiledTiff.Coding coding, byte[]... tiles) {
    return TiledTiff.of(
        40_000, coding, new TiledTiff.Page(WIDTH, HEIGHT, List.of(tiles), (column, row) -> 0));
  }

  private static byte[] first(TiffSlide slide, int side) {
    return slide.region(new TiledPicture.Tile(0, 0, side, side), side).image().copyRgb();
  }

  private static TiledTiff.Coding coding(int compression, int photometric, Coded tile) {
    return TiledTiff.Coding.coded(compression, photometric, tile.side, 1);
  }

  @ParameterizedTest
  @MethodSource("tiles")
  void decodesLikeOpenSlide(Coded tile) throws IOException, NoSuchAlgorithmException {
    TiffSlide slide = slide(coding(tile.compression, RGB, tile), tile.bytes);
    byte[] rgb = first(slide, tile.side);
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(rgb);
    assertEquals(tile.digest, HexFormat.of().formatHex(digest));
    RasterImage later =
        slide.region(new TiledPicture.Tile(2 * tile.side, 3 * tile.side, 9, 7), tile.side).image();
    for (int row = 0; row < 7; row++) {
      assertArrayEquals(
          Arrays.copyOfRange(rgb, 3 * row * tile.side, 3 * (row * tile.side + 9)),
          Arrays.copyOfRange(later.copyRgb(), 27 * row, 27 * (row + 1)));
    }
  }

  /** DICOM names RGB by what it was transformed to; frames of other colours are as they are. */
  @ParameterizedTest
  @CsvSource({"rgb, YBR_RCT", "rgb-lossy, YBR_ICT", "rgb-untransformed, RGB", "ycc, YBR_FULL"})
  void tilesOfDicomMayBeJpeg2000(String name, String photometric) throws IOException {
    Coded tile = tile(name);
    byte[] expected = first(slide(coding(tile.compression, RGB, tile), tile.bytes), tile.side);
    DicomBytes bytes =
        DicomBytes.colours(tile.side, tile.side, photometric)
            .text(0x0008_0060, "CS", "SM")
            .text(0x0028_0008, "IS", "2")
            .longs(0x0048_0006, "UL", 2 * tile.side)
            .longs(0x0048_0007, "UL", tile.side)
            .fragments(tile.bytes, tile.bytes);
    String syntax = "1.2.840.10008.1.2.4." + (name.endsWith("lossy") ? 91 : 90);
    DicomFile file = DicomFile.read(bytes.file(syntax), "slide.dcm");
    DicomSlide slide = DicomSlide.of(file).orElseThrow();
    var second = new TiledPicture.Tile(tile.side, 0, tile.side, tile.side);
    assertArrayEquals(expected, slide.region(second, tile.side).image().copyRgb());
  }

  /** The registered compression says what its colours are by the tag for that. */
  @Test
  void otherJpeg2000IsToldByItsColours() throws IOException {
    for (String name : List.of("rgb", "ycc-422")) {
      Coded tile = tile(name);
      byte[] expected = first(slide(coding(tile.compression, RGB, tile), tile.bytes), tile.side);
      int photometric = name.equals("rgb") ? RGB : YCBCR;
      TiffSlide other = slide(coding(JPEG_2000, photometric, tile), tile.bytes);
      assertArrayEquals(expected, first(other, tile.side), name);
    }
  }

  @Test
  void whatContradictsItselfIsRefused() throws IOException {
    Coded tile = tile("rgb");
    fails("found RGB by the transform", coding(33003, RGB, tile), tile.bytes);
    fails("1 samples of photometric", TiledTiff.Coding.coded(33003, RGB, tile.side, 3), tile.bytes);
    fails("photometric interpretation 5", coding(JPEG_2000, CMYK, tile), tile.bytes);
    fails("expected 41 rows", TiledTiff.Coding.coded(33005, RGB, 41, 1), tile.bytes);
    fails("tile 0, 0: JPEG 2000 at byte 0", coding(33005, RGB, tile), new byte[100]);
    byte[] signed = tile.bytes.clone();
    signed[42] = (byte) 0x87;
    fails("expected unsigned", coding(33005, RGB, tile), signed);
    byte[] thirds = tile.bytes.clone();
    thirds[46] = 3;
    fails("half or quarter", coding(33005, RGB, tile), thirds);
    byte[] halved = tile.bytes.clone();
    halved[46] = 2;
    fails("tile 0, 0: JPEG 2000", coding(33005, RGB, tile), halved);
  }

  private void fails(String part, TiledTiff.Coding coding, byte[]... tiles) throws IOException {
    TiffSlide slide = slide(coding, tiles);
    String message =
        String.valueOf(
            assertThrows(ImageFormatException.class, () -> first(slide, 10)).getMessage());
    assertTrue(message.contains(part) && message.length() < 600, message);
  }

  /** Nothing else reads it. */
  @Test
  void aSmallPictureInJpeg2000IsASlideToo() throws IOException {
    Coded tile = tile("rgb");
    TiledTiff.Page page =
        new TiledTiff.Page(tile.side, tile.side, List.of(tile.bytes), (column, row) -> 0);
    Path file =
        Files.write(
            folder.resolve("small.svs"),
            TiledTiff.of(40_000, coding(tile.compression, RGB, tile), page));
    assertEquals("TIFF slide", MedicalImages.open(file).getFirst().kind());
  }

  @Test
  void brokenTilesAnswerWithOneErrorOrAPicture() throws IOException {
    long seed = 20_261_123;
    SplittableRandom random = new SplittableRandom(seed);
    List<Coded> all = tiles();
    Jpeg2000Tiles decoder = new Jpeg2000Tiles();
    int failed = 0;
    for (int i = 0; i < 1_100; i++) {
      Coded tile = all.get(i % all.size());
      byte[] bytes = tile.bytes.clone();
      for (int n = random.nextInt(1, 4); n > 0; n--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
      if (i % 5 == 0) {
        bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length));
      }
      var coding = new TileDecoder.Coding(tile.compression, RGB, 3, tile.side, tile.side);
      try {
        assertTrue(decoder.decode(coding, bytes).isPresent());
      } catch (IOException e) {
        String message = String.valueOf(e.getMessage());
        assertTrue(message.startsWith("JPEG 2000") && message.length() < 300, message);
        failed++;
      } catch (RuntimeException e) {
        throw new AssertionError("seed " + seed + ", turn " + i + ", " + tile.name, e);
      }
    }
    assertTrue(failed > 220 && failed < 1_100, "seed " + seed + ": " + failed);
  }

  @Test
  void brokenDirectoriesAnswerWithOneErrorOrAPicture() throws IOException {
    long seed = 20_261_124;
    SplittableRandom random = new SplittableRandom(seed);
    Coded tile = tile("ycc-422");
    byte[] plane = TiledTiff.deflated(new byte[tile.side * tile.side]);
    byte[][] files = {
      file(coding(tile.compression, RGB, tile), tile.bytes),
      file(TiledTiff.Coding.coded(8, RGB, tile.side, 3), plane, plane, plane)
    };
    int failed = 0;
    for (int i = 0; i < 200; i++) {
      byte[] bytes = files[i % 2].clone();
      // The directory comes last: 14 entries of 12 bytes between its count and its link.
      bytes[bytes.length - 1 - random.nextInt(174)] = (byte) random.nextInt();
      Path file = Files.write(folder.resolve("broken.tif"), bytes);
      try {
        TiffSlide.open(file).ifPresent(slide -> slide.region(corner(slide, tile.side), 20));
      } catch (ImageFormatException e) {
        String message = String.valueOf(e.getMessage());
        assertTrue(message.contains("broken.tif") && message.length() < 700, message);
        failed++;
      } catch (RuntimeException e) {
        throw new AssertionError("seed " + seed + ", turn " + i, e);
      }
    }
    assertTrue(failed > 40 && failed < 200, "seed " + seed + ": " + failed);
  }

  private static TiledPicture.Tile corner(TiffSlide slide, int side) {
    return new TiledPicture.Tile(
        0, 0, Math.min(side, slide.width()), Math.min(side, slide.height()));
  }

  @Test
  void coloursMayLieApart() throws IOException {
    int side = 64;
    byte[] rgb = new byte[3 * side * side];
    byte[][] planes = new byte[3][];
    new SplittableRandom(5).nextBytes(rgb);
    for (int c = 0; c < 3; c++) {
      byte[] plane = new byte[side * side];
      for (int i = 0; i < plane.length; i++) {
        plane[i] = rgb[3 * i + c];
      }
      planes[c] = TiledTiff.deflated(plane);
    }
    assertArrayEquals(rgb, first(slide(TiledTiff.Coding.coded(8, RGB, side, 3), planes), side));
    fails("planes of their own for each colour", TiledTiff.Coding.coded(8, YCBCR, side, 3), planes);
    planes[1] = "no plane".getBytes(StandardCharsets.US_ASCII);
    fails("tile 0, 0, plane 2", TiledTiff.Coding.coded(8, RGB, side, 3), planes);
  }
}
