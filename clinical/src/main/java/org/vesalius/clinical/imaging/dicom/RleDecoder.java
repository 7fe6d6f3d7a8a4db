package org.vesalius.clinical.imaging.dicom;

/** Run lengths of bytes, one segment for each byte of each sample (PS3.5 Annex G). */
final class RleDecoder {
  static final int HEADER = 64;
  static final int MAX_SEGMENTS = 15;

  private RleDecoder() {}

  /** How many segments a frame has: one for each byte of a pixel. */
  static int segments(ImagePixels pixels) {
    return pixels.allocated() / 8 * pixels.samplesPerPixel();
  }

  /** The frame as little endian bytes, the samples of a pixel together. */
  static byte[] decode(byte[] data, ImagePixels pixels) {
    int width = pixels.allocated() / 8;
    int segments = segments(pixels);
    int plane = pixels.rows() * pixels.columns();
    if (width == 0) {
      throw new CodecException(0, "expected 8, 16 or 32 bits allocated for RLE, found 1");
    }
    if (data.length < HEADER) {
      throw new CodecException(
          0, "truncated: expected an RLE header of 64 bytes, found " + data.length + " bytes");
    }
    long declared = u32(data, 0);
    if (declared != segments || segments > MAX_SEGMENTS) {
      throw new CodecException(
          0, "corrupt: expected %d RLE segments, found %d".formatted(segments, declared));
    }
    // A replicated byte takes two and gives at most 128.
    if ((long) plane * segments > (long) (data.length - HEADER) * HEADER) {
      throw new CodecException(
          0,
          "truncated: %d bytes of RLE cannot hold %d"
              .formatted(data.length, (long) plane * segments));
    }
    byte[] frame = new byte[plane * segments];
    for (int segment = 0; segment < segments; segment++) {
      long from = u32(data, 4 + 4 * segment);
      long to = segment + 1 < segments ? u32(data, 8 + 4 * segment) : data.length;
      if (from < HEADER || to < from || to > data.length) {
        throw new CodecException(
            4 + 4 * segment,
            "corrupt: expected ascending RLE offsets up to %d, found %d and %d"
                .formatted(data.length, from, to));
      }
      // The first segment of a sample holds its most significant byte.
      int first = (segment / width) * width + width - 1 - segment % width;
      decodeSegment(data, (int) from, (int) to, frame, first, segments);
    }
    return frame;
  }

  private static void decodeSegment(
      byte[] data, int from, int to, byte[] frame, int first, int step) {
    int at = from;
    int out = first;
    while (out < frame.length) {
      if (at >= to) {
        throw new CodecException(
            at,
            "truncated: an RLE segment ends %d bytes early"
                .formatted((frame.length - out + step - 1) / step));
      }
      int control = data[at++];
      if (control == -128) {
        continue;
      }
      int count = control >= 0 ? control + 1 : 1 - control;
      int needed = control >= 0 ? count : 1;
      int left = (frame.length - out + step - 1) / step;
      if (needed > to - at || count > left) {
        throw new CodecException(
            at - 1,
            "corrupt: expected at most %d bytes in an RLE run, found %d"
                .formatted(Math.min(left, control >= 0 ? to - at : left), count));
      }
      for (int i = 0; i < count; i++, out += step) {
        frame[out] = data[control >= 0 ? at + i : at];
      }
      at += needed;
    }
  }

  private static long u32(byte[] data, int at) {
    return (data[at] & 0xffL)
        | (data[at + 1] & 0xffL) << 8
        | (data[at + 2] & 0xffL) << 16
        | (data[at + 3] & 0xffL) << 24;
  }
}
