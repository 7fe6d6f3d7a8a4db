package org.vesalius.clinical.imaging.dicom;

/**
 * How one component of a JPEG 2000 tile is coded: COD or COC, QCD or QCC, and RGN (T.800 A.6).
 *
 * @param levels of the wavelet transform
 * @param blockWidth logarithm of a code-block's width
 * @param blockStyle bits of {@link BlockDecoder}
 * @param precincts sizes of precincts by resolution, exponents in nibbles
 * @param quantization 0 none, 1 derived from one step, 2 a step for each band
 * @param steps exponents and mantissas
 * @param regionShift by which a region of interest is shifted up
 */
@SuppressWarnings("ArrayRecordComponent") // inside this package; never compared
record Jpeg2000Style(
    int levels,
    int blockWidth,
    int blockHeight,
    int blockStyle,
    boolean reversible,
    int[] precincts,
    int quantization,
    int guardBits,
    int[] steps,
    int regionShift) {

  static final Jpeg2000Style NONE =
      new Jpeg2000Style(-1, 0, 0, 0, false, new int[0], -1, 0, new int[0], 0);

  /** From the coding parameters at {@code at}, levels first. */
  Jpeg2000Style withCoding(byte[] data, int at, int end, boolean ownPrecincts) {
    int levels = end - at >= 5 ? data[at] & 0xff : 255;
    int width = (data[Math.min(at + 1, end - 1)] & 15) + 2;
    int height = (data[Math.min(at + 2, end - 1)] & 15) + 2;
    int sizes = ownPrecincts ? levels + 1 : 0;
    if (levels > 32 || width > 10 || height > 10 || width + height > 12 || end - at < 5 + sizes) {
      throw new CodecException(at, "corrupt: JPEG 2000 coding style");
    }
    int style = data[at + 3] & 0xff;
    int transform = data[at + 4] & 0xff;
    if (style > 63 || transform > 1) {
      throw new CodecException(
          at,
          "unsupported JPEG 2000 code-block style 0x%02x, transform %d"
              .formatted(style, transform));
    }
    int[] precincts = new int[levels + 1];
    for (int r = 0; r <= levels; r++) {
      precincts[r] = ownPrecincts ? data[at + 5 + r] & 0xff : 0xff;
      if (r > 0 && ((precincts[r] & 15) == 0 || precincts[r] >> 4 == 0)) {
        throw new CodecException(at, "corrupt: JPEG 2000 precincts of one sample");
      }
    }
    return new Jpeg2000Style(
        levels,
        width,
        height,
        style,
        transform == 1,
        precincts,
        quantization,
        guardBits,
        steps,
        regionShift);
  }

  /** From the quantization parameters at {@code at}. */
  Jpeg2000Style withQuantization(byte[] data, int at, int end) {
    int style = end > at ? data[at] & 31 : 3;
    int count = style == 0 ? end - at - 1 : style == 1 ? 1 : (end - at - 1) / 2;
    if (style > 2 || count < 1 || end - at < 1 + (style == 0 ? count : 2 * count)) {
      throw new CodecException(at, "corrupt: JPEG 2000 quantization");
    }
    int[] steps = new int[count];
    for (int i = 0; i < count; i++) {
      steps[i] =
          style == 0
              ? (data[at + 1 + i] & 0xff) >> 3 << 11
              : (data[at + 1 + 2 * i] & 0xff) << 8 | (data[at + 2 + 2 * i] & 0xff);
    }
    return new Jpeg2000Style(
        levels,
        blockWidth,
        blockHeight,
        blockStyle,
        reversible,
        precincts,
        style,
        (data[at] & 0xff) >> 5,
        steps,
        regionShift);
  }

  Jpeg2000Style withRegion(int shift) {
    return new Jpeg2000Style(
        levels,
        blockWidth,
        blockHeight,
        blockStyle,
        reversible,
        precincts,
        quantization,
        guardBits,
        steps,
        shift);
  }

  /** Exponent and mantissa of a band: 0 is LL, then HL, LH and HH of each resolution. */
  private int step(int band) {
    if (quantization == 1) {
      int exponent = (steps[0] >> 11) - (band == 0 ? 0 : (band - 1) / 3);
      return Math.max(exponent, 0) << 11 | (steps[0] & 0x7ff);
    }
    if (band >= steps.length) {
      throw new CodecException(0, "corrupt: a JPEG 2000 band without a quantization step");
    }
    return steps[band];
  }

  /** Bit planes of a band. */
  int planes(int band) {
    return guardBits + (step(band) >> 11) - 1;
  }

  /** Size of a step of a band; high bands are taken as half of what the standard says. */
  float stepSize(int band, int precision) {
    int step = step(band);
    return Math.scalb(1 + (step & 0x7ff) / 2048f, precision - (step >> 11));
  }
}
