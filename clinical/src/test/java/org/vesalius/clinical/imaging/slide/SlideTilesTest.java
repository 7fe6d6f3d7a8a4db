package org.vesalius.clinical.imaging.slide;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.zip.InflaterInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
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

  static List<Coded> tiles() throws IOException {
    try (InputStream packed =
            Objects.requireNonNull(SlideTilesTest.class.getResourceAsStream("tiles.txt"));
        InputStream records =
            new InflaterInputStream(
                new ByteArrayInputStream(Base64.getMimeDecoder().decode(packed.readAllBytes())))) {
      List<Coded> tiles = new ArrayList<>();
      for (String line = line(records); !line.isEmpty(); line = line(records)) {
        String[] field = line.split(" ", -1);
        byte[] bytes = records.readNBytes(Integer.parseInt(field[4]));
        tiles.add(
            new Coded(
                field[0], Integer.parseInt(field[1]), Integer.parseInt(field[2]), field[3], bytes));
      }
      assertEquals(11, tiles.size());
      return tiles;
    }
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int b = in.read(); b > '\n'; b = in.read()) {
      line.append((char) b);
    }
    return line.toString();
  }

  private static Coded tile(String name) throws IOException {
    return tiles().stream().filter(tile -> tile.name.equals(name)).findFirst().orElseThrow();
  }

  /** A slide whose one tile stands everywhere. */
  private TiffSlide slide(TiledTiff.Coding coding, byte[]... tiles) throws IOException {
    TiledTiff.Page page = new TiledTiff.Page(WIDTH, HEIGHT, List.of(tiles), (column, row) -> 0);
    Path file = folder.resolve("slide.tif");
    Files.write(file, TiledTiff.of(40_000, coding, page));
    return TiffSlide.open(file).orElseThrow();
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

  @Test
  void brokenTilesAnswerWithOneErrorOrAPicture() throws IOException {
    long seed = 20_261_123;
    SplittableRandom random = new SplittableRandom(seed);
    List<Coded> all = tiles();
    Jpeg2000Tiles decoder = new Jpeg2000Tiles();
    int failed = 0;
    for (int i = 0; i < 3_000; i++) {
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
    assertTrue(failed > 600 && failed < 3_000, "seed " + seed + ": " + failed);
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
