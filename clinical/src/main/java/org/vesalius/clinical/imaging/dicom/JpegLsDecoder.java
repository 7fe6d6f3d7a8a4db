package org.vesalius.clinical.imaging.dicom;

import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * JPEG-LS (ISO/IEC 14495-1, ITU-T T.87), lossless and near-lossless, 2 to 16 bits, all three ways
 * of interleaving, mapping tables and the point transform. Oversized pictures are refused: DICOM
 * has none.
 */
final class JpegLsDecoder {
  private static final int SOI = 0xd8;
  private static final int EOI = 0xd9;
  private static final int SOS = 0xda;
  private static final int DRI = 0xdd;
  private static final int SOF = 0xf7;
  private static final int LSE = 0xf8;
  private static final int APP8 = 0xe8;

  /** A bit of a run stands for at most 2^15 samples. */
  private static final long MAX_SAMPLES_PER_BYTE = 8L << 15;

  /** One component and its samples, (height, width). */
  @SuppressWarnings("ArrayRecordComponent") // inside this package; never compared
  record Plane(int id, int across, int down, int width, int height, int[] samples) {}

  private final byte[] data;
  private final long maxSamples;
  private int precision;
  private Plane @Nullable [] planes;
  private boolean[] read = {};
  private JpegLsParameters preset = JpegLsParameters.UNSET;
  private final JpegLsTables tables = new JpegLsTables();
  private int restartInterval;

  /** Bits of a sample when tables have been applied. */
  private int outputBits;

  private JpegLsDecoder(byte[] data, long maxSamples) {
    this.data = data;
    this.maxSamples = maxSamples;
  }

  static DecodedFrame decode(byte[] data, ImagePixels pixels) {
    JpegLsDecoder decoder = new JpegLsDecoder(data, pixels.samples());
    Plane[] planes = decoder.decode();
    int count = pixels.samplesPerPixel();
    boolean fits = planes.length == count && decoder.outputBits <= pixels.allocated();
    for (Plane plane : planes) {
      fits &= plane.width == pixels.columns() && plane.height == pixels.rows();
    }
    if (!fits) {
      throw new CodecException(
          0,
          "expected %d rows, %d columns and %d samples per pixel of at most %d bits as the elements say, found %d, %d and %d of %d bits"
              .formatted(
                  pixels.rows(),
                  pixels.columns(),
                  count,
                  pixels.allocated(),
                  planes[0].height,
                  planes[0].width,
                  planes.length,
                  decoder.outputBits));
    }
    int[] samples = planes[0].samples;
    if (count > 1) {
      samples = new int[pixels.samples()];
      for (int c = 0; c < count; c++) {
        int[] from = planes[c].samples;
        for (int i = 0, to = c; i < from.length; i++, to += count) {
          samples[to] = from[i];
        }
      }
    }
    return new DecodedFrame(
        pixels.columns(), pixels.rows(), count, decoder.outputBits, false, samples);
  }

  /** The components of a stream at their own sizes. */
  static Plane[] decode(byte[] data, long maxSamples) {
    return new JpegLsDecoder(data, maxSamples).decode();
  }

  private Plane[] decode() {
    if (data.length < 4 || u16(0) != (0xff00 | SOI)) {
      throw new CodecException(0, "corrupt: expected a JPEG-LS stream, found something else");
    }
    int at = 2;
    while (true) {
      while (at + 2 < data.length && data[at] == -1 && data[at + 1] == -1) {
        at++;
      }
      if (at + 1 >= data.length || data[at] != -1 || data[at + 1] >= 0) {
        throw new CodecException(
            Math.min(at, data.length),
            at + 1 >= data.length
                ? "truncated: expected an end-of-image marker, found the end of the data"
                : "corrupt: expected a JPEG-LS marker");
      }
      int marker = data[at + 1] & 0xff;
      at += 2;
      if (marker == EOI) {
        break;
      }
      int size = at + 2 <= data.length ? u16(at) : 0;
      if (size < 2 || size > data.length - at) {
        throw new CodecException(at - 2, "truncated: JPEG-LS segment 0x%02x".formatted(marker));
      }
      switch (marker) {
        case SOF -> readFrame(at, size);
        case LSE -> readParameters(at, size);
        case DRI -> readRestartInterval(at, size);
        case SOS -> {
          at = readScan(at, size);
          continue;
        }
        case APP8 -> {
          if (size >= 7 && u32(at + 2) == 0x6d726678 && data[at + 6] != 0) { // "mrfx"
            throw new CodecException(at, "a colour transform that JPEG-LS does not define");
          }
        }
        default -> {
          if (marker < 0xe0 || marker == SOI) {
            throw new CodecException(at - 2, "corrupt: marker 0x%02x in JPEG-LS".formatted(marker));
          }
        }
      }
      at += size;
    }
    Plane[] all = planes;
    boolean complete = all != null;
    for (boolean each : read) {
      complete &= each;
    }
    if (all == null || !complete) {
      throw new CodecException(at - 2, "truncated: a JPEG-LS component has no scan");
    }
    return all;
  }

  private void readFrame(int at, int size) {
    int count = size >= 8 ? data[at + 7] & 0xff : 0;
    if (planes != null || count < 1 || count > 4 || size != 8 + 3 * count) {
      throw new CodecException(at, "corrupt: JPEG-LS frame header");
    }
    precision = data[at + 2] & 0xff;
    int height = u16(at + 3);
    int width = u16(at + 5);
    if (precision < 2 || precision > 16 || height == 0 || width == 0) {
      throw new CodecException(
          at,
          "expected 2 to 16 bits and sides of 1 or more, found %d bits, %dx%d"
              .formatted(precision, width, height));
    }
    int widest = 1;
    int highest = 1;
    for (int c = 0; c < count; c++) {
      widest = Math.max(widest, (data[at + 9 + 3 * c] & 0xff) >> 4);
      highest = Math.max(highest, data[at + 9 + 3 * c] & 15);
    }
    Plane[] all = new Plane[count];
    for (int c = 0; c < count; c++) {
      int across = (data[at + 9 + 3 * c] & 0xff) >> 4;
      int down = data[at + 9 + 3 * c] & 15;
      if (across < 1 || across > 4 || down < 1 || down > 4) {
        throw new CodecException(at, "corrupt: sampling factors %dx%d".formatted(across, down));
      }
      int ownWidth = Math.ceilDiv(width * across, widest);
      int ownHeight = Math.ceilDiv(height * down, highest);
      long samples = (long) ownWidth * ownHeight;
      if (samples > maxSamples || samples > MAX_SAMPLES_PER_BYTE * data.length) {
        throw new CodecException(
            at,
            "expected a JPEG-LS picture as the elements say, found %dx%d".formatted(width, height));
      }
      int id = data[at + 8 + 3 * c] & 0xff;
      all[c] = new Plane(id, across, down, ownWidth, ownHeight, new int[(int) samples]);
    }
    planes = all;
    read = new boolean[count];
  }

  private void readParameters(int at, int size) {
    int kind = size >= 3 ? data[at + 2] : 0;
    switch (kind) {
      case 1 -> {
        if (size != 13) {
          throw new CodecException(at, "corrupt: JPEG-LS parameters of " + size + " bytes");
        }
        preset =
            new JpegLsParameters(
                u16(at + 3), u16(at + 5), u16(at + 7), u16(at + 9), u16(at + 11), 0);
      }
      case 2 -> tables.define(data, at, size);
      case 3 -> tables.extend(data, at, size);
      default ->
          throw new CodecException(
              at,
              "JPEG-LS parameters of kind %d (%s) are not supported"
                  .formatted(kind, kind == 4 ? "an oversized picture" : "unknown"));
    }
  }

  /** T.87 C.2.5: two, three or four bytes. */
  private void readRestartInterval(int at, int size) {
    int value = 0;
    for (int i = 2; i < size; i++) {
      value = value << 8 | (data[at + i] & 0xff);
    }
    if (size < 4 || size > 6 || value < 0) {
      throw new CodecException(at, "corrupt: JPEG-LS restart interval");
    }
    restartInterval = value;
  }

  private int readScan(int at, int size) {
    Plane[] all = planes;
    int count = size >= 3 ? data[at + 2] & 0xff : 0;
    if (all == null || count < 1 || count > all.length || size != 6 + 2 * count) {
      throw new CodecException(at, "corrupt: JPEG-LS scan header");
    }
    Plane[] chosen = new Plane[count];
    Map<Integer, Integer> mapped = new TreeMap<>();
    for (int i = 0; i < count; i++) {
      chosen[i] = choose(all, data[at + 3 + 2 * i] & 0xff, at);
      if (data[at + 4 + 2 * i] != 0) {
        mapped.put(i, data[at + 4 + 2 * i] & 0xff);
      }
    }
    int near = data[at + 3 + 2 * count] & 0xff;
    int interleave = data[at + 4 + 2 * count] & 0xff;
    int transform = data[at + 5 + 2 * count] & 15;
    if (interleave > 2 || (interleave == 0 && count > 1)) {
      throw new CodecException(
          at,
          "expected JPEG-LS interleave mode 0 to 2, found %d of %d components"
              .formatted(interleave, count));
    }
    if (transform >= precision || (transform > 0 && !mapped.isEmpty())) {
      throw new CodecException(
          at,
          "expected a JPEG-LS point transform of less than %d bits, without mapping tables, found %d"
              .formatted(precision, transform));
    }
    JpegLsSamples samples = new JpegLsSamples(data, at + size, chosen, interleave, restartInterval);
    int end = samples.read(preset.complete(precision, near, at));
    for (int i = 0; i < count; i++) {
      Integer table = mapped.get(i);
      int bits = table == null ? precision : tables.map(chosen[i].samples, table, at);
      outputBits = Math.max(outputBits, bits);
      raise(chosen[i].samples, transform, at);
    }
    return end;
  }

  private Plane choose(Plane[] all, int id, int at) {
    for (int c = 0; c < all.length; c++) {
      if (all[c].id == id && !read[c]) {
        read[c] = true;
        return all[c];
      }
    }
    throw new CodecException(at, "corrupt: a JPEG-LS scan of a component that is not there");
  }

  /** Undoes the point transform (T.87 C.2.3): the lowest bits were not coded. */
  private void raise(int[] samples, int transform, int at) {
    if (transform == 0) {
      return;
    }
    for (int i = 0; i < samples.length; i++) {
      samples[i] <<= transform;
      if (samples[i] >= 1 << precision) {
        throw new CodecException(
            at,
            "corrupt: a JPEG-LS sample of more than %d bits by its point transform"
                .formatted(precision));
      }
    }
  }

  private int u16(int at) {
    return (data[at] & 0xff) << 8 | (data[at + 1] & 0xff);
  }

  private int u32(int at) {
    return u16(at) << 16 | u16(at + 2);
  }
}
