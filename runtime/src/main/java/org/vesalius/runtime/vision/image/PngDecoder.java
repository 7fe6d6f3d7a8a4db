package org.vesalius.runtime.vision.image;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Reads every colour type, bit depth and interlacing of PNG into samples, without colour
 * management: alpha, {@code tRNS}, {@code gAMA} and {@code iCCP} are ignored, wide colours keep
 * their high byte, gray of 16 bits keeps all.
 *
 * <p>Written here and not left to {@code javax.imageio} because that reader rescales, accepts
 * truncated files and allocates before it checks. Every checksum is verified. Source: PNG
 * specification, third edition; Pillow's choices where the specification leaves one.
 */
final class PngDecoder {
  static final String FORMAT = "PNG";
  static final String SIGNATURE = "\u0089PNG\r\n\u001a\n";

  private static final int GRAY = 0;
  private static final int RGB = 2;
  private static final int PALETTE = 3;
  private static final int GRAY_ALPHA = 4;
  private static final int RGB_ALPHA = 6;

  /** Deflate cannot shrink data further than this. */
  private static final long MAX_DEFLATE_RATIO = 1032;

  private static final int MAX_TEXT = 1 << 20;
  private static final int[][] ADAM7 = { // x0, y0, dx, dy
    {0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}
  };

  private final ImageSource source;
  private final ExifOrientation exif = new ExifOrientation();
  private final List<int[]> data = new ArrayList<>(); // offset, length of each IDAT
  private int width;
  private int height;
  private int depth;
  private int colour = -1;
  private boolean interlaced;
  private byte[] palette = {};

  private PngDecoder(ImageSource source) {
    this.source = source;
  }

  static RasterImage decode(ImageSource source) {
    PngDecoder decoder = new PngDecoder(source);
    decoder.readChunks();
    return decoder.readPixels().turned(decoder.exif.orientation());
  }

  private void readChunks() {
    int at = SIGNATURE.length();
    boolean ended = false;
    while (!ended) {
      if (source.length() - at < 12) {
        throw source.fail(FORMAT, "truncated: no IEND chunk in " + source.length() + " bytes");
      }
      long length = source.u32(at);
      String type = new String(source.bytes(), at + 4, 4, StandardCharsets.ISO_8859_1);
      if (length > source.length() - at - 12) {
        throw source.fail(
            FORMAT,
            "truncated: chunk \"%s\" at byte %d has %d bytes, %d are left"
                .formatted(printable(type), at, length, source.length() - at - 12));
      }
      int from = at + 8;
      int size = (int) length;
      CRC32 crc = new CRC32();
      crc.update(source.bytes(), at + 4, size + 4);
      if (crc.getValue() != source.u32(from + size)) {
        throw source.fail(
            FORMAT, "corrupt: wrong checksum of chunk \"" + printable(type) + "\" at byte " + at);
      }
      if (colour < 0 && !type.equals("IHDR")) {
        throw source.fail(
            FORMAT, "corrupt: expected chunk \"IHDR\" first, found \"" + printable(type) + '"');
      }
      switch (type) {
        case "IHDR" -> readHeader(from, size);
        case "PLTE" -> palette = Arrays.copyOfRange(source.bytes(), from, from + size);
        case "IDAT" -> data.add(new int[] {from, size});
        case "IEND" -> ended = true;
        case "eXIf" -> exif.addExif(source.bytes(), from, size);
        case "iTXt", "zTXt", "tEXt" -> readText(type, from, size);
        default -> {
          if ((type.charAt(0) & 0x20) == 0) {
            throw source.fail(
                FORMAT, "unsupported critical chunk \"" + printable(type) + "\" at byte " + at);
          }
        }
      }
      at = from + size + 4;
    }
  }

  private void readHeader(int at, int size) {
    if (colour >= 0 || size != 13) {
      throw source.fail(FORMAT, "corrupt: expected one IHDR chunk of 13 bytes");
    }
    source.checkSize(FORMAT, source.u32(at), source.u32(at + 4));
    width = (int) source.u32(at);
    height = (int) source.u32(at + 4);
    depth = source.u8(at + 8);
    colour = source.u8(at + 9);
    boolean known =
        switch (colour) {
          case GRAY -> depth == 1 || depth == 2 || depth == 4 || depth == 8 || depth == 16;
          case PALETTE -> depth == 1 || depth == 2 || depth == 4 || depth == 8;
          case RGB, GRAY_ALPHA, RGB_ALPHA -> depth == 8 || depth == 16;
          default -> false;
        };
    int interlace = source.u8(at + 12);
    if (!known || source.u8(at + 10) != 0 || source.u8(at + 11) != 0 || interlace > 1) {
      throw source.fail(
          FORMAT,
          "unsupported header: bit depth %d, colour type %d, compression %d, filter %d, interlace %d"
              .formatted(depth, colour, source.u8(at + 10), source.u8(at + 11), interlace));
    }
    interlaced = interlace == 1;
  }

  /** XMP, or EXIF as hexadecimal text in the way of ImageMagick. */
  private void readText(String type, int at, int size) {
    byte[] bytes = source.bytes();
    int end = at + size;
    int key = indexOfZero(at, end);
    String keyword = new String(bytes, at, key - at, StandardCharsets.ISO_8859_1);
    boolean xmp = keyword.equals("XML:com.adobe.xmp");
    if (!xmp && !keyword.equals("Raw profile type exif")) {
      return;
    }
    int from = key + 1;
    boolean compressed = type.equals("zTXt");
    if (compressed) {
      from++;
    } else if (type.equals("iTXt")) {
      compressed = from < end && bytes[from] == 1;
      from = indexOfZero(indexOfZero(from + 2, end) + 1, end) + 1;
    }
    if (from >= end) {
      return;
    }
    byte[] text = compressed ? inflateText(from, end - from) : Arrays.copyOfRange(bytes, from, end);
    if (xmp) {
      exif.addXmp(text, 0, text.length);
    } else {
      addHexProfile(new String(text, StandardCharsets.ISO_8859_1));
    }
  }

  private void addHexProfile(String text) {
    String[] lines = text.split("\n", 4);
    String hex = lines.length == 4 ? lines[3].replace("\n", "") : "";
    byte[] profile = new byte[hex.length() / 2];
    for (int i = 0; i < profile.length; i++) {
      int high = Character.digit(hex.charAt(2 * i), 16);
      int low = Character.digit(hex.charAt(2 * i + 1), 16);
      if (high < 0 || low < 0) {
        return;
      }
      profile[i] = (byte) ((high << 4) | low);
    }
    exif.addExif(profile, 0, profile.length);
  }

  private byte[] inflateText(int at, int size) {
    Inflater inflater = new Inflater();
    try {
      inflater.setInput(source.bytes(), at, size);
      byte[] text = new byte[MAX_TEXT];
      int length = 0;
      int count;
      while (length < MAX_TEXT && (count = inflater.inflate(text, length, MAX_TEXT - length)) > 0) {
        length += count;
      }
      return Arrays.copyOf(text, length);
    } catch (DataFormatException _) {
      return new byte[0];
    } finally {
      inflater.end();
    }
  }

  private int indexOfZero(int from, int end) {
    int at = Math.min(from, end);
    while (at < end && source.u8(at) != 0) {
      at++;
    }
    return at;
  }

  private RasterImage readPixels() {
    if (colour == PALETTE && (palette.length == 0 || palette.length % 3 != 0)) {
      throw source.fail(
          FORMAT, "corrupt: palette of " + palette.length + " bytes, expected a multiple of 3");
    }
    long compressed = 0;
    for (int[] chunk : data) {
      compressed += chunk[1];
    }
    long rowBytes = rowBytes(width);
    if (rowBytes * height > (compressed + 1) * MAX_DEFLATE_RATIO
        || rowBytes > Integer.MAX_VALUE - 16) {
      throw source.fail(
          FORMAT,
          "truncated: %d bytes of compressed data cannot hold %dx%d pixels"
              .formatted(compressed, width, height));
    }
    boolean gray = colour == GRAY || colour == GRAY_ALPHA;
    boolean wide = gray && depth == 16;
    char[] chars = new char[wide ? width * height : 0];
    byte[] bytes = new byte[wide ? 0 : Math.multiplyExact(width * height, gray ? 1 : 3)];
    PngRows rows = new PngRows(depth, channels(), colour == PALETTE ? palette : null, bytes, chars);
    Inflater inflater = new Inflater();
    try {
      PngStream stream = new PngStream(source, data, inflater, (int) rowBytes);
      if (interlaced) {
        for (int[] pass : ADAM7) {
          readPass(stream, rows, pass[0], pass[1], pass[2], pass[3]);
        }
      } else {
        readPass(stream, rows, 0, 0, 1, 1);
      }
      stream.finish();
    } catch (DataFormatException e) {
      throw source.fail(FORMAT, "corrupt compressed data", e);
    } finally {
      inflater.end();
    }
    return wide
        ? RasterImage.wrapGray16(width, height, chars)
        : RasterImage.wrap(
            gray ? RasterImage.Samples.GRAY8 : RasterImage.Samples.RGB8, width, height, bytes);
  }

  private void readPass(PngStream stream, PngRows rows, int x0, int y0, int dx, int dy)
      throws DataFormatException {
    int columns = Math.ceilDiv(width - x0, dx);
    if (columns <= 0) {
      return;
    }
    int bytesPerPixel = Math.max(1, channels() * depth / 8);
    int size = (int) rowBytes(columns);
    stream.startPass();
    for (int y = y0; y < height; y += dy) {
      rows.write(stream.nextRow(size, bytesPerPixel), columns, y * width + x0, dx);
    }
  }

  private int channels() {
    return switch (colour) {
      case RGB -> 3;
      case GRAY_ALPHA -> 2;
      case RGB_ALPHA -> 4;
      default -> 1;
    };
  }

  private long rowBytes(int columns) {
    return ((long) columns * channels() * depth + 7) / 8;
  }

  private static String printable(String type) {
    return type.replaceAll("[^ -~]", "?");
  }
}
