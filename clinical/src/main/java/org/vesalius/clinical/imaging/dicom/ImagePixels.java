package org.vesalius.clinical.imaging.dicom;

import java.util.Locale;
import java.util.Set;

/**
 * How pixels are described: the Image Pixel Module (PS3.3 C.7.6.3), checked.
 *
 * @param allocated bits of a sample in the file
 * @param stored bits of a sample that count
 * @param highBit the highest of them
 * @param planar whether colours are stored one after the other instead of pixel by pixel
 */
record ImagePixels(
    int rows,
    int columns,
    int samplesPerPixel,
    int allocated,
    int stored,
    int highBit,
    boolean signed,
    boolean planar,
    String photometric) {

  /** Largest frame that is decoded; 1 GiB of memory as integers. */
  static final int MAX_SAMPLES = 1 << 28;

  private static final Set<String> GREY = Set.of("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR");
  private static final Set<String> COLOUR =
      Set.of(
          "RGB",
          "YBR_FULL",
          "YBR_FULL_422",
          "YBR_PARTIAL_422",
          "YBR_PARTIAL_420",
          "YBR_ICT",
          "YBR_RCT");

  static ImagePixels of(DataSet data) {
    int rows = data.integer(Tag.ROWS, 1, 65535);
    int columns = data.integer(Tag.COLUMNS, 1, 65535);
    int samples =
        data.contains(Tag.SAMPLES_PER_PIXEL) ? data.integer(Tag.SAMPLES_PER_PIXEL, 1, 4) : 1;
    int allocated = data.integer(Tag.BITS_ALLOCATED, 1, 32);
    if (allocated != 1 && allocated != 8 && allocated != 16 && allocated != 32) {
      throw data.fail(Tag.BITS_ALLOCATED, "expected 1, 8, 16 or 32, found " + allocated);
    }
    int stored =
        data.contains(Tag.BITS_STORED) ? data.integer(Tag.BITS_STORED, 1, allocated) : allocated;
    int highBit =
        data.contains(Tag.HIGH_BIT)
            ? data.integer(Tag.HIGH_BIT, stored - 1, allocated - 1)
            : stored - 1;
    boolean signed =
        data.contains(Tag.PIXEL_REPRESENTATION)
            && data.integer(Tag.PIXEL_REPRESENTATION, 0, 1) == 1;
    String photometric =
        data.text(Tag.PHOTOMETRIC_INTERPRETATION)
            .orElseThrow(
                () -> data.fail(Tag.PHOTOMETRIC_INTERPRETATION, "expected a value, found none"))
            .toUpperCase(Locale.ROOT);
    if (!(samples == 1 ? GREY : samples == 3 ? COLOUR : Set.of()).contains(photometric)) {
      boolean known = GREY.contains(photometric) || COLOUR.contains(photometric);
      throw data.fail(
          Tag.PHOTOMETRIC_INTERPRETATION,
          "expected one that goes with %d samples per pixel, found %s; convert it to RGB or MONOCHROME2"
              .formatted(samples, known ? photometric : "another"));
    }
    boolean planar =
        samples > 1
            && data.contains(Tag.PLANAR_CONFIGURATION)
            && data.integer(Tag.PLANAR_CONFIGURATION, 0, 1) == 1;
    if ((long) rows * columns * samples > MAX_SAMPLES) {
      throw data.fail(
          Tag.ROWS,
          "%d rows of %d columns exceed the limit of %d samples a frame; use tiles"
              .formatted(rows, columns, MAX_SAMPLES));
    }
    return new ImagePixels(
        rows, columns, samples, allocated, stored, highBit, signed, planar, photometric);
  }

  int samples() {
    return rows * columns * samplesPerPixel;
  }

  /** Whether two pixels share their colour in uncompressed data. */
  boolean isSubsampled() {
    return photometric.endsWith("_422");
  }

  /** The same with a colour for each pixel, where it was one for two of them. */
  ImagePixels asFull() {
    return isSubsampled()
        ? new ImagePixels(
            rows,
            columns,
            samplesPerPixel,
            allocated,
            stored,
            highBit,
            signed,
            planar,
            photometric.replace("_422", ""))
        : this;
  }

  /** Bits of an uncompressed frame. */
  long frameBits() {
    long cells = (long) rows * columns * samplesPerPixel;
    return (isSubsampled() ? cells / 3 * 2 : cells) * allocated;
  }

  /**
   * The frame of uncompressed data in little endian order.
   *
   * @param firstBit where the frame starts in {@code data}
   * @param byPlane whether colours lie one after the other
   */
  StoredFrame ofBytes(byte[] data, int firstBit, boolean byPlane) {
    int[] samples = new int[samples()];
    if (isSubsampled()) {
      subsampled(data, samples);
    } else {
      int pixels = rows * columns;
      for (int s = 0; s < samplesPerPixel; s++) {
        int cell = byPlane ? s * pixels : s;
        int step = byPlane ? 1 : samplesPerPixel;
        for (int i = s; i < samples.length; i += samplesPerPixel, cell += step) {
          samples[i] = cell(data, firstBit, cell);
        }
      }
    }
    int shift = highBit + 1 - stored;
    for (int i = 0; i < samples.length; i++) {
      samples[i] = extend(samples[i] >>> shift, stored);
    }
    return frame(samples, photometric);
  }

  /**
   * The frame that a codec has decoded; its size is that of the file's elements.
   *
   * @param lossless whether bits beyond those that count are what somebody stored there
   */
  StoredFrame ofDecoded(DecodedFrame decoded, boolean lossless) {
    int[] samples = decoded.samples();
    int shift = decoded.precision() > stored ? highBit + 1 - stored : 0;
    // A lossy codec may miss white upwards; without its highest bit that would be black.
    int bits = lossless ? Math.min(stored, decoded.precision()) : decoded.precision() - shift;
    int cell = allocated == 32 ? -1 : (1 << allocated) - 1;
    for (int i = 0; i < samples.length; i++) {
      samples[i] = extend((samples[i] & cell) >>> shift, bits);
    }
    return frame(samples, decoded.converted() ? "RGB" : photometric);
  }

  private StoredFrame frame(int[] samples, String meaning) {
    String now = meaning.equals("YBR_FULL_422") ? "YBR_FULL" : meaning;
    return new StoredFrame(columns, rows, samplesPerPixel, stored, signed, now, samples);
  }

  private int extend(int value, int bits) {
    int unused = 32 - bits;
    return signed ? value << unused >> unused : value << unused >>> unused;
  }

  /** Two pixels are stored as Y, Y, Cb, Cr (PS3.3 C.7.6.3.1.2); both get the colour. */
  private void subsampled(byte[] data, int[] samples) {
    for (int pair = 0, to = 0; to + 5 < samples.length; pair += 4, to += 6) {
      samples[to] = cell(data, 0, pair);
      samples[to + 3] = cell(data, 0, pair + 1);
      samples[to + 1] = samples[to + 4] = cell(data, 0, pair + 2);
      samples[to + 2] = samples[to + 5] = cell(data, 0, pair + 3);
    }
  }

  private int cell(byte[] data, int firstBit, int index) {
    return switch (allocated) {
      case 1 -> data[(firstBit + index) >> 3] >> ((firstBit + index) & 7) & 1;
      case 8 -> data[index] & 0xff;
      case 16 -> (data[2 * index] & 0xff) | (data[2 * index + 1] & 0xff) << 8;
      default ->
          (data[4 * index] & 0xff)
              | (data[4 * index + 1] & 0xff) << 8
              | (data[4 * index + 2] & 0xff) << 16
              | data[4 * index + 3] << 24;
    };
  }
}
