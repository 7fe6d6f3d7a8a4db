package org.vesalius.clinical.imaging.dicom;

import org.jspecify.annotations.Nullable;

/**
 * JPEG with Huffman coding (ITU-T T.81): baseline, extended and progressive of 8 and 12 bits,
 * lossless of 2 to 16 bits. Arithmetic coding and hierarchies are refused. Colours are not
 * converted.
 *
 * <p>Written here and not taken from {@code javax.imageio}, because no decoder there reads 12 bits
 * of DCT, and because those there make up pixels for broken streams.
 */
final class JpegDecoder {
  private static final int SOI = 0xd8;
  private static final int EOI = 0xd9;
  private static final int SOS = 0xda;
  private static final int DQT = 0xdb;
  private static final int DNL = 0xdc;
  private static final int DRI = 0xdd;
  private static final int DHT = 0xc4;
  private static final int LOSSLESS = 0xc3;
  private static final int PROGRESSIVE = 0xc2;

  /** Nothing but an attack has more; each scan goes over the whole picture. */
  private static final int MAX_SCANS = 200;

  /** One component of a frame: its number, sampling factors and quantization table. */
  record Component(int id, int across, int down, int table) {}

  /** One scan: which components, with which tables, and the four parameters of T.81 B.2.3. */
  @SuppressWarnings("ArrayRecordComponent") // inside this package; never compared
  record Scan(
      int[] components,
      HuffmanTable[] dc,
      HuffmanTable[] ac,
      int start,
      int end,
      int high,
      int low,
      int restartInterval) {}

  private final byte[] data;
  private final ImagePixels pixels;
  private final int[][] quantization = new int[4][];
  private final @Nullable HuffmanTable[] dc = new HuffmanTable[4];
  private final @Nullable HuffmanTable[] ac = new HuffmanTable[4];
  private int restartInterval;
  private int process = -1;
  private int precision;
  private Component[] components = {};
  private @Nullable JpegScans scans;

  /** What the scans of a picture fill. */
  interface JpegScans {
    void read(Scan scan, JpegBits bits);

    /** Whether every component had a scan. */
    boolean isComplete();

    /** The picture, (rows, columns, components). */
    int[] samples(int[][] quantization);
  }

  private JpegDecoder(byte[] data, ImagePixels pixels) {
    this.data = data;
    this.pixels = pixels;
  }

  static DecodedFrame decode(byte[] data, ImagePixels pixels) {
    return new JpegDecoder(data, pixels).decode();
  }

  private DecodedFrame decode() {
    if (data.length < 4 || u16(0) != (0xff00 | SOI)) {
      throw new CodecException(0, "corrupt: expected a JPEG stream, found something else");
    }
    int at = 2;
    int count = 0;
    boolean ended = false;
    while (!ended) {
      at = nextMarker(at);
      if (at < 0) {
        break;
      }
      int marker = data[at - 1] & 0xff;
      if (marker == EOI) {
        ended = true;
        break;
      }
      int size = segmentSize(marker, at);
      switch (marker) {
        case DQT -> readQuantization(at + 2, at + size);
        case DHT -> readHuffman(at + 2, at + size);
        case DRI -> restartInterval = size >= 4 ? u16(at + 2) : 0;
        case DNL ->
            throw new CodecException(at, "a number of lines behind the scan; not supported");
        case SOS -> {
          if (++count > MAX_SCANS) {
            throw new CodecException(at, "expected at most " + MAX_SCANS + " scans, found more");
          }
          at = readScan(at, size);
          continue;
        }
        default -> {
          if (marker >= 0xc0 && marker <= 0xcf && marker != 0xc8 && marker != 0xcc) {
            readFrame(marker, at, size);
          }
        }
      }
      at += size;
    }
    JpegScans read = scans;
    if (read == null || !read.isComplete() || (!ended && process == PROGRESSIVE)) {
      throw new CodecException(
          data.length, "truncated: expected an end-of-image marker, found the end of the data");
    }
    return new DecodedFrame(
        pixels.columns(),
        pixels.rows(),
        components.length,
        precision,
        false,
        read.samples(quantization));
  }

  /** Position behind the next marker, or -1; fill bytes before it are skipped. */
  private int nextMarker(int from) {
    int at = from;
    while (at + 1 < data.length) {
      int next = data[at + 1] & 0xff;
      if (data[at] == -1 && next != 0xff && next != 0) {
        if (next == SOI || (next >= 0xd0 && next < SOI) || next == 1) {
          throw new CodecException(at, "corrupt: stray marker 0x%02x".formatted(next));
        }
        return at + 2;
      }
      at++;
    }
    return -1;
  }

  private int segmentSize(int marker, int at) {
    int size = at + 2 <= data.length ? u16(at) : 0;
    if (size < 2 || size > data.length - at) {
      throw new CodecException(at - 2, "truncated: JPEG segment 0x%02x".formatted(marker));
    }
    return size;
  }

  private void readQuantization(int from, int to) {
    int at = from;
    while (at < to) {
      int wide = (data[at] & 0xff) >> 4;
      int id = data[at] & 15;
      int size = wide == 0 ? 64 : 128;
      if (wide > 1 || id > 3 || size > to - at - 1) {
        throw new CodecException(at, "corrupt: quantization table");
      }
      int[] table = new int[64];
      for (int i = 0; i < 64; i++) {
        int step = wide == 0 ? data[at + 1 + i] & 0xff : u16(at + 1 + 2 * i);
        table[JpegDct.NATURAL[i]] = step;
      }
      quantization[id] = table;
      at += 1 + size;
    }
  }

  private void readHuffman(int from, int to) {
    int at = from;
    while (at < to) {
      int kind = (data[at] & 0xff) >> 4;
      int id = data[at] & 15;
      int symbols = 0;
      for (int i = 1; i <= 16 && at + i < to; i++) {
        symbols += data[at + i] & 0xff;
      }
      if (kind > 1 || id > 3 || symbols > 256 || 17 + symbols > to - at) {
        throw new CodecException(at, "corrupt: Huffman table");
      }
      (kind == 0 ? dc : ac)[id] = new HuffmanTable(data, at + 1, symbols);
      at += 17 + symbols;
    }
  }

  private void readFrame(int marker, int at, int size) {
    if (process >= 0) {
      throw new CodecException(at, "corrupt: more than one JPEG frame header");
    }
    if (marker > LOSSLESS) {
      throw new CodecException(
          at,
          "JPEG process SOF%d (arithmetic coding or a hierarchy) is not supported; convert the file"
              .formatted(marker - 0xc0));
    }
    int count = size >= 8 ? data[at + 7] & 0xff : 0;
    if (size != 8 + 3 * count) {
      throw new CodecException(at, "corrupt: JPEG frame header of " + size + " bytes");
    }
    process = marker;
    precision = data[at + 2] & 0xff;
    int height = u16(at + 3);
    int width = u16(at + 5);
    if (height != pixels.rows() || width != pixels.columns() || count != pixels.samplesPerPixel()) {
      throw new CodecException(
          at,
          "expected %d rows, %d columns and %d samples per pixel as the elements say, found %d, %d and %d"
              .formatted(
                  pixels.rows(), pixels.columns(), pixels.samplesPerPixel(), height, width, count));
    }
    boolean known =
        marker == LOSSLESS
            ? precision >= 2 && precision <= 16
            : precision == 8 || (precision == 12 && marker != 0xc0);
    if (!known || precision > pixels.allocated()) {
      throw new CodecException(
          at,
          "expected samples of %s bits, at most %d, found %d"
              .formatted(
                  marker == LOSSLESS ? "2 to 16" : marker == 0xc0 ? "8" : "8 or 12",
                  pixels.allocated(),
                  precision));
    }
    components = new Component[count];
    for (int c = 0; c < count; c++) {
      int factors = data[at + 9 + 3 * c] & 0xff;
      components[c] =
          new Component(
              data[at + 8 + 3 * c] & 0xff,
              factors >> 4,
              factors & 15,
              data[at + 10 + 3 * c] & 0xff);
      boolean valid = factors >> 4 >= 1 && factors >> 4 <= 4 && (factors & 15) >= 1;
      if (!valid || (factors & 15) > 4 || components[c].table > 3) {
        throw new CodecException(at, "corrupt: JPEG component " + c);
      }
    }
    scans =
        marker == LOSSLESS
            ? new JpegLossless(data.length, width, height, precision, components)
            : new JpegDct(data.length, width, height, precision, components, marker == PROGRESSIVE);
  }

  /** Reads a scan and returns the position of the marker behind it. */
  private int readScan(int at, int size) {
    JpegScans target = scans;
    int count = size >= 3 ? data[at + 2] & 0xff : 0;
    if (target == null || count < 1 || count > components.length || size != 6 + 2 * count) {
      throw new CodecException(at, "corrupt: JPEG scan header");
    }
    int[] chosen = new int[count];
    HuffmanTable[] chosenDc = new HuffmanTable[count];
    HuffmanTable[] chosenAc = new HuffmanTable[count];
    int start = data[at + 3 + 2 * count] & 0xff;
    int end = data[at + 4 + 2 * count] & 0xff;
    int high = (data[at + 5 + 2 * count] & 0xff) >> 4;
    int low = data[at + 5 + 2 * count] & 15;
    boolean lossless = process == LOSSLESS;
    for (int i = 0; i < count; i++) {
      chosen[i] = component(at, data[at + 3 + 2 * i] & 0xff, i == 0 ? -1 : chosen[i - 1]);
      int tables = data[at + 4 + 2 * i] & 0xff;
      boolean progressive = process == PROGRESSIVE;
      boolean needsDc = !progressive || (start == 0 && high == 0);
      boolean needsAc = !lossless && (!progressive || end > 0);
      chosenDc[i] = table(dc, tables >> 4, needsDc, at);
      chosenAc[i] = table(ac, tables & 15, needsAc, at);
    }
    JpegBits bits = new JpegBits(data, at + size);
    target.read(new Scan(chosen, chosenDc, chosenAc, start, end, high, low, restartInterval), bits);
    return bits.end();
  }

  private int component(int at, int id, int previous) {
    for (int c = previous + 1; c < components.length; c++) {
      if (components[c].id == id) {
        return c;
      }
    }
    throw new CodecException(at, "corrupt: a JPEG scan of a component that is not there");
  }

  private static final HuffmanTable UNUSED = new HuffmanTable(new byte[16], 0, 0);

  private static HuffmanTable table(
      @Nullable HuffmanTable[] tables, int id, boolean needed, int at) {
    HuffmanTable table = id < 4 ? tables[id] : null;
    if (table != null) {
      return table;
    }
    if (needed) {
      throw new CodecException(at, "corrupt: a JPEG scan without its Huffman table");
    }
    return UNUSED;
  }

  private int u16(int at) {
    return (data[at] & 0xff) << 8 | (data[at + 1] & 0xff);
  }
}
