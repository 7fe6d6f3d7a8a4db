package org.vesalius.runtime.vision.image;

import java.io.ByteArrayOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * The marker segments of a JPEG: frame header, colour hints and orientation; and a bare copy of the
 * stream without application data, which decoders stumble over more often than over the picture.
 *
 * <p>Source: ITU-T T.81; Adobe technical note 5116; libjpeg-turbo {@code jdapimin.c} for the colour
 * space.
 */
final class JpegHeader {
  /** How the components stand for colours. */
  enum ColourSpace {
    GRAY,
    RGB,
    YCBCR,
    CMYK,
    YCCK
  }

  private static final int SOI = 0xd8;
  private static final int EOI = 0xd9;
  private static final int SOS = 0xda;
  private static final int DHT = 0xc4;
  private static final int JPG = 0xc8;
  private static final int DAC = 0xcc;
  private static final int APP0 = 0xe0;
  private static final int APP1 = 0xe1;
  private static final int APP14 = 0xee;
  private static final int APP15 = 0xef;
  private static final int COM = 0xfe;
  private static final String XMP = "http://ns.adobe.com/xap/1.0/\0";

  /** An Adobe segment that says: the components are stored as they are. */
  private static final byte[] NO_TRANSFORM = {
    (byte) 0xff, (byte) APP14, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, 0
  };

  /** Nothing but an attack has more; each scan goes over the whole picture. */
  private static final int MAX_SCANS = 200;

  /** A block of 64 samples takes at least one bit in some scan. */
  private static final long MAX_PIXELS_PER_BYTE = 8 * 64;

  private final ImageSource source;
  private final ExifOrientation exif = new ExifOrientation();
  private final ByteArrayOutputStream bare;
  private boolean jfif;
  private int adobeTransform = -1;
  private int scans;
  int process = -1; // low byte of the frame marker
  int precision;
  int width;
  int height;
  int[] ids = {};
  int[] across = {};
  int[] down = {};

  JpegHeader(ImageSource source) {
    this.source = source;
    this.bare = new ByteArrayOutputStream(source.length() + 32);
    bare.write(0xff);
    bare.write(SOI);
    read();
  }

  Orientation orientation() {
    return exif.orientation();
  }

  int components() {
    return ids.length;
  }

  /**
   * The stream without application data and comments, marked so that no decoder converts its
   * colours.
   */
  byte[] bare() {
    return bare.toByteArray();
  }

  @Nullable ColourSpace colourSpace() {
    return switch (ids.length) {
      case 1 -> ColourSpace.GRAY;
      case 3 -> {
        boolean lettered = ids[0] == 'R' && ids[1] == 'G' && ids[2] == 'B';
        boolean rgb = adobeTransform >= 0 ? adobeTransform == 0 : lettered;
        yield rgb && !jfif ? ColourSpace.RGB : ColourSpace.YCBCR;
      }
      case 4 -> adobeTransform > 0 ? ColourSpace.YCCK : ColourSpace.CMYK;
      default -> null;
    };
  }

  private void read() {
    int at = 2;
    while (true) {
      at = nextMarker(at);
      int marker = source.u8(at - 1);
      if (marker == EOI) {
        bare.write(0xff);
        bare.write(EOI);
        break;
      }
      if (marker == SOI || (marker >= 0xd0 && marker < EOI) || marker == 1) {
        throw fail("corrupt: stray marker 0x%02x at byte %d".formatted(marker, at - 2));
      }
      int size = at + 2 <= source.length() ? source.u16(at) : 0;
      if (size < 2 || size > source.length() - at) {
        throw fail("truncated: segment 0x%02x at byte %d".formatted(marker, at - 2));
      }
      if (marker >= APP0 && marker <= APP15) {
        readApplication(marker, at + 2, size - 2);
      } else if (marker != COM) {
        if (marker >= 0xc0 && marker <= 0xcf && marker != DHT && marker != JPG && marker != DAC) {
          readFrame(marker, at + 2, size - 2);
        }
        bare.write(source.bytes(), at - 2, size + 2);
      }
      at += size;
      if (marker == SOS) {
        if (++scans > MAX_SCANS) {
          throw fail("more than " + MAX_SCANS + " scans");
        }
        int end = endOfScan(at);
        bare.write(source.bytes(), at, end - at);
        at = end;
      }
    }
    if (process < 0 || scans == 0) {
      throw fail("corrupt: no picture data before the end marker");
    }
    if ((long) width * height > bare.size() * MAX_PIXELS_PER_BYTE) {
      throw fail(
          "truncated: %d bytes cannot hold %dx%d pixels".formatted(bare.size(), width, height));
    }
  }

  /** Position after the next marker; fill bytes and garbage before it are skipped. */
  private int nextMarker(int from) {
    for (int at = from; at + 1 < source.length(); at++) {
      int next = source.u8(at + 1);
      if (source.u8(at) == 0xff && next != 0xff && next != 0) {
        return at + 2;
      }
    }
    throw fail("truncated: no end-of-image marker in " + source.length() + " bytes");
  }

  /** Entropy-coded data runs to the first marker that is not a restart. */
  private int endOfScan(int from) {
    for (int at = from; at + 1 < source.length(); at++) {
      if (source.u8(at) == 0xff) {
        int next = source.u8(at + 1);
        if (next != 0 && next != 0xff && !(next >= 0xd0 && next <= 0xd7)) {
          return at;
        }
      }
    }
    throw fail("truncated: no end-of-image marker in " + source.length() + " bytes");
  }

  private void readApplication(int marker, int at, int size) {
    if (marker == APP0 && size >= 14 && source.matches(at, "JFIF\0")) {
      jfif = true;
    } else if (marker == APP14 && size >= 12 && source.matches(at, "Adobe")) {
      adobeTransform = source.u8(at + 11);
    } else if (marker == APP1 && source.matches(at, "Exif\0\0")) {
      exif.addExif(source.bytes(), at, size);
    } else if (marker == APP1 && source.matches(at, XMP)) {
      exif.addXmp(source.bytes(), at, size);
    }
  }

  private void readFrame(int marker, int at, int size) {
    if (process >= 0) {
      throw fail("corrupt: more than one frame header");
    }
    int count = size >= 6 ? source.u8(at + 5) : 0;
    if (count == 0 || size != 6 + 3 * count) {
      throw fail("corrupt: frame header of " + size + " bytes for " + count + " components");
    }
    source.checkSize(JpegDecoder.FORMAT, source.u16(at + 3), source.u16(at + 1));
    process = marker;
    precision = source.u8(at);
    height = source.u16(at + 1);
    width = source.u16(at + 3);
    ids = new int[count];
    across = new int[count];
    down = new int[count];
    for (int c = 0; c < count; c++) {
      ids[c] = source.u8(at + 6 + 3 * c);
      across[c] = source.u8(at + 7 + 3 * c) >> 4;
      down[c] = source.u8(at + 7 + 3 * c) & 15;
      if (across[c] < 1 || across[c] > 4 || down[c] < 1 || down[c] > 4) {
        throw fail("corrupt: sampling factors %dx%d".formatted(across[c], down[c]));
      }
    }
    if (count == 3) {
      bare.writeBytes(NO_TRANSFORM);
    }
  }

  private ImageFormatException fail(String problem) {
    return source.fail(JpegDecoder.FORMAT, problem);
  }
}
