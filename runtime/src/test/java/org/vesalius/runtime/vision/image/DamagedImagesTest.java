package org.vesalius.runtime.vision.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Files that are no pictures, too large, cut off or altered: one exception type, and never a long
 * wait.
 */
class DamagedImagesTest {
  private static final Map<String, byte[]> FILES = new HashMap<>();

  @BeforeAll
  static void readFiles() throws IOException {
    for (JsonNode golden : Goldens.resource("formats.json.gz").path("cases")) {
      FILES.put(golden.path("name").asText(), Goldens.bytes(golden.path("file")));
    }
  }

  private static byte[] file(String name) {
    byte[] bytes = FILES.get(name);
    assertTrue(bytes != null, name);
    return bytes == null ? new byte[0] : bytes.clone();
  }

  private static String refusal(byte[] bytes) {
    return Goldens.message(
        assertThrows(ImageFormatException.class, () -> ImageDecoder.decode(bytes, "upload")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "png-c2-d8",
        "png-c0-d16-adam7",
        "jpeg-sub2-37x29",
        "jpeg-progressive",
        "jpeg-gray",
        "jpeg-lossless-16"
      })
  void everyTruncationIsRefused(String name) {
    byte[] whole = file(name);
    ImageDecoder.decode(whole, name);
    for (int length = 0; length < whole.length; length++) {
      String message = refusal(Arrays.copyOf(whole, length));
      assertTrue(message.startsWith("upload: "), message);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "gif",
        "bmp-rgb",
        "bmp-palette",
        "tiff-rgb-raw",
        "tiff-rgb-tiff_lzw",
        "tiff-gray16",
        "webp-lossless"
      })
  void halfAFileIsRefused(String name) {
    byte[] whole = file(name);
    ImageDecoder.decode(whole, name);
    refusal(Arrays.copyOf(whole, whole.length / 2));
  }

  @Test
  void mutatedPngsAreReadOrRefused() {
    mutate("png-c2-d8-adam7", 2_500, true);
    mutate("png-c3-d4", 1_500, true);
    mutate("png-rawprofile-3", 1_000, true);
  }

  @Test
  void mutatedJpegsAreReadOrRefused() {
    mutate("jpeg-sub2-37x29", 2_000, false);
    mutate("jpeg-progressive", 1_500, false);
    mutate("jpeg-cmyk", 500, false);
    mutate("jpeg-exif-6", 1_000, false);
  }

  /** Changes one to four bytes; of PNG half of the times with checksums made right again. */
  private static void mutate(String name, int rounds, boolean png) {
    byte[] whole = file(name);
    for (int seed = 0; seed < rounds; seed++) {
      Random random = new Random(seed);
      byte[] bytes = whole.clone();
      int changes = 1 + random.nextInt(4);
      for (int i = 0; i < changes; i++) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      }
      if (png && random.nextBoolean()) {
        repairChecksums(bytes);
      }
      long started = System.nanoTime();
      try {
        RasterImage image = ImageDecoder.decode(bytes, name);
        assertTrue(image.width() > 0 && image.height() > 0, name + " seed " + seed);
      } catch (ImageFormatException e) {
        assertTrue(Goldens.message(e).startsWith(name + ": "), name + " seed " + seed + ": " + e);
      } catch (RuntimeException e) {
        throw new AssertionError(name + " seed " + seed, e);
      }
      long seconds = (System.nanoTime() - started) / 1_000_000_000;
      assertTrue(seconds < 20, name + " seed " + seed + " took " + seconds + " s");
    }
  }

  private static void repairChecksums(byte[] png) {
    ByteBuffer buffer = ByteBuffer.wrap(png);
    int at = 8;
    while (at + 12 <= png.length) {
      int length = buffer.getInt(at);
      if (length < 0 || length > png.length - at - 12) {
        return;
      }
      CRC32 crc = new CRC32();
      crc.update(png, at + 4, length + 4);
      buffer.putInt(at + 8 + length, (int) crc.getValue());
      at += length + 12;
    }
  }

  @Test
  void refusesBombsBeforeAllocating() {
    byte[] png = file("png-c2-d8");
    ByteBuffer.wrap(png).putInt(16, 100_000).putInt(20, 100_000);
    repairChecksums(png);
    assertTrue(
        refusal(png).contains("100000x100000 pixels exceed the limit of 178956970"), refusal(png));

    byte[] gif = file("gif");
    ByteBuffer.wrap(gif).putShort(6, (short) 0xffff).putShort(8, (short) 0xffff);
    assertTrue(refusal(gif).contains("65535x65535 pixels exceed"), refusal(gif));

    byte[] jpeg = file("jpeg-gray");
    int frame = indexOf(jpeg, 0xffc0);
    ByteBuffer.wrap(jpeg).putInt(frame + 5, 0xffffffff);
    assertTrue(refusal(jpeg).contains("65535x65535 pixels exceed"), refusal(jpeg));
  }

  @Test
  void refusesSizesThatTheDataCannotFill() {
    byte[] png = file("png-c2-d8");
    ByteBuffer.wrap(png).putInt(16, 12_000).putInt(20, 12_000);
    repairChecksums(png);
    assertTrue(refusal(png).contains("cannot hold 12000x12000"), refusal(png));

    byte[] jpeg = file("jpeg-gray");
    ByteBuffer.wrap(jpeg).putShort(indexOf(jpeg, 0xffc0) + 5, (short) 12_000);
    ByteBuffer.wrap(jpeg).putShort(indexOf(jpeg, 0xffc0) + 7, (short) 12_000);
    assertTrue(refusal(jpeg).contains("cannot hold 12000x12000"), refusal(jpeg));
  }

  @Test
  void theLimitIsTheCallers() {
    byte[] png = file("png-c2-d8"); // 13x11
    assertEquals(13, ImageDecoder.decode(png, "small", 143).width());
    ImageFormatException e =
        assertThrows(ImageFormatException.class, () -> ImageDecoder.decode(png, "small", 142));
    assertEquals(
        "small: PNG: 13x11 pixels exceed the limit of 142 pixels; reduce the picture or raise the limit",
        e.getMessage());
    assertThrows(IllegalArgumentException.class, () -> ImageDecoder.decode(png, "small", 0));
    assertThrows(
        IllegalArgumentException.class, () -> ImageDecoder.decode(png, "small", Integer.MAX_VALUE));
  }

  @ParameterizedTest
  @CsvSource({"png-c2-d8, 16, 0", "png-c2-d8, 20, 0"})
  void refusesEmptyPngs(String name, int at, int side) {
    byte[] png = file(name);
    ByteBuffer.wrap(png).putInt(at, side);
    repairChecksums(png);
    assertTrue(refusal(png).contains("expected positive sides"), refusal(png));
  }

  @Test
  void refusesEmptyJpegs() {
    byte[] jpeg = file("jpeg-gray");
    ByteBuffer.wrap(jpeg).putShort(indexOf(jpeg, 0xffc0) + 5, (short) 0);
    assertTrue(refusal(jpeg).contains("expected positive sides, found 37x0"), refusal(jpeg));
  }

  @Test
  void refusesDamagedJpegData() {
    byte[] jpeg = file("jpeg-sub2-37x29");
    int scan = indexOf(jpeg, 0xffda);
    byte[] half = Arrays.copyOf(jpeg, (scan + jpeg.length) / 2);
    half[half.length - 2] = (byte) 0xff;
    half[half.length - 1] = (byte) 0xd9;
    assertTrue(refusal(half).contains("premature end of data segment"), refusal(half));
  }

  @Test
  void refusesJpegsWithHundredsOfScans() {
    byte[] jpeg = file("jpeg-gray-progressive");
    int scan = indexOf(jpeg, 0xffda);
    int scanEnd = indexOf(Arrays.copyOfRange(jpeg, scan + 2, jpeg.length), 0xffc4) + scan + 2;
    ByteBuffer many = ByteBuffer.allocate(scan + 300 * (scanEnd - scan) + 2);
    many.put(jpeg, 0, scan);
    for (int i = 0; i < 300; i++) {
      many.put(jpeg, scan, scanEnd - scan);
    }
    many.putShort((short) 0xffd9);
    assertTrue(refusal(many.array()).contains("more than 200 scans"), refusal(many.array()));
  }

  @Test
  void textBombsInPngsAreCutOff() {
    byte[] png = file("png-c2-d8");
    Deflater deflater = new Deflater();
    deflater.setInput(new byte[64 << 20]);
    deflater.finish();
    byte[] text = new byte[1 << 20];
    byte[] key = "XML:com.adobe.xmp\0\0".getBytes(StandardCharsets.ISO_8859_1);
    int size = key.length + deflater.deflate(text, 0, text.length);
    assertTrue(deflater.finished(), "64 MiB of zeros do not fit");
    deflater.end();
    ByteBuffer bomb = ByteBuffer.allocate(png.length + 12 + size);
    bomb.put(png, 0, 33).putInt(size).put("zTXt".getBytes(StandardCharsets.US_ASCII));
    bomb.put(key).put(text, 0, size - key.length).putInt(0).put(png, 33, png.length - 33);
    repairChecksums(bomb.array());
    assertArrayEquals(
        ImageDecoder.decode(png, "plain").copyRgb(),
        ImageDecoder.decode(bomb.array(), "bomb").copyRgb());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "x", "hello, this is no picture", "%PDF-1.7", "\u0000\u0000\u0000\u0000"})
  void refusesWhatIsNoPicture(String text) {
    String message = refusal(text.getBytes(StandardCharsets.ISO_8859_1));
    assertTrue(message.startsWith("upload: unknown format: not a readable image"), message);
  }

  @Test
  void missingFilesAreNamed(@TempDir Path folder) throws IOException {
    Path path = folder.resolve("absent.png");
    UncheckedIOException e =
        assertThrows(UncheckedIOException.class, () -> ImageDecoder.read(path));
    assertTrue(Goldens.message(e).contains("absent.png"), Goldens.message(e));
    Files.write(path, file("gif"));
    assertEquals(19, ImageDecoder.read(path).width());
  }

  private static int indexOf(byte[] bytes, int marker) {
    for (int i = 0; i + 1 < bytes.length; i++) {
      if ((bytes[i] & 0xff) == marker >> 8 && (bytes[i + 1] & 0xff) == (marker & 0xff)) {
        return i;
      }
    }
    throw new AssertionError("no marker " + Integer.toHexString(marker));
  }
}
