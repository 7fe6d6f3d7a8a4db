package org.vesalius.clinical.imaging.dicom;

import org.jspecify.annotations.Nullable;

/** The frames of a data set: where each lies and how it is decoded. */
final class PixelFrames {
  private final String file;
  private final DataSet data;
  private final TransferSyntax syntax;
  private final @Nullable Element element;
  private final @Nullable Element real;
  private volatile @Nullable FrameIndex index;

  PixelFrames(String file, DataSet data, TransferSyntax syntax) {
    this.file = file;
    this.data = data;
    this.syntax = syntax;
    this.element = data.find(Tag.PIXEL_DATA);
    this.real = RealPixels.find(data);
  }

  int count() {
    if (element == null && real == null) {
      return 0;
    }
    int declared = data.integer(Tag.NUMBER_OF_FRAMES).orElse(1);
    if (declared < 1) {
      throw data.fail(Tag.NUMBER_OF_FRAMES, "expected 1 or more, found " + declared);
    }
    long most = most();
    if (declared > most) {
      throw data.fail(
          Tag.NUMBER_OF_FRAMES,
          "expected at most %d, as many as there are pixels for, found %d; get the whole file"
              .formatted(most, declared));
    }
    return declared;
  }

  /** No file has more frames, so that nobody goes through those that it only claims to have. */
  private long most() {
    Element pixels = element != null ? element : real;
    if (pixels == null) {
      return 0;
    }
    Fragments fragments = pixels.fragments();
    if (fragments != null) {
      // A video has many frames in a fragment.
      boolean each = syntax.isDecodable() && syntax.isEncapsulated();
      return each ? fragments.count() : pixels.length();
    }
    long area =
        Math.max(1L, data.integer(Tag.ROWS).orElse(1))
            * Math.max(1L, data.integer(Tag.COLUMNS).orElse(1));
    return Math.max(1, 8 * pixels.length() / area);
  }

  StoredFrame frame(int index) {
    int count = checked(index);
    if (!syntax.isDecodable()) {
      throw new UnsupportedTransferSyntaxException(file, syntax);
    }
    if (element == null) {
      throw real != null
          ? real.fail("expected pixels that are integers, found floating point")
          : data.fail(
              Tag.PIXEL_DATA, "expected pixels, found none; give a file that holds an image");
    }
    ImagePixels pixels = ImagePixels.of(data);
    Fragments fragments = element.fragments();
    if (syntax.isEncapsulated() != (fragments != null)) {
      throw element.fail(
          "expected %s pixels for transfer syntax %s, found the contrary"
              .formatted(syntax.isEncapsulated() ? "encapsulated" : "plain", syntax));
    }
    return fragments == null
        ? plain(pixels, element, index, count)
        : encapsulated(pixels, element, fragments, index, count);
  }

  /** The number of frames, if an index is one of them. */
  private int checked(int index) {
    int count = count();
    if (index < 0 || index >= Math.max(count, 1)) {
      throw new IndexOutOfBoundsException(
          "%s: expected a frame from 0 to %d, found %d".formatted(file, count - 1, index));
    }
    return count;
  }

  boolean areReal() {
    return element == null && real != null;
  }

  RealFrame realFrame(int index) {
    int count = checked(index);
    if (real == null) {
      throw data.fail(Tag.FLOAT_PIXEL_DATA, "expected pixels of floating point, found none");
    }
    return RealPixels.frame(data, real, index, count);
  }

  /**
   * Some writers name colours of half resolution and store all of them: their number tells. Frames
   * follow each other without a gap, those of one bit even inside a byte.
   */
  private StoredFrame plain(ImagePixels described, Element element, int index, int count) {
    ImagePixels pixels = described;
    if (pixels.isSubsampled() && element.length() * 8 >= count * pixels.asFull().frameBits()) {
      pixels = pixels.asFull();
    }
    checkPairs(pixels);
    long bits = pixels.frameBits();
    long expected = bits > Long.MAX_VALUE / count ? Long.MAX_VALUE : Math.ceilDiv(bits * count, 8);
    long excess = element.length() - expected;
    if (excess < 0 || (excess > 1 && excess * 8 >= bits)) {
      throw element.fail(
          "expected %d bytes for %d frames, found %d; %s"
              .formatted(
                  expected,
                  count,
                  element.length(),
                  excess < 0 ? "get the whole file" : "correct the number of frames"));
    }
    long firstBit = bits * index;
    long from = firstBit >> 3;
    int length = (int) (Math.ceilDiv(firstBit + bits, 8) - from);
    boolean swapped = element.bigEndian() && element.representation() == ValueRepresentation.OW;
    byte[] bytes =
        swapped ? words(element, from, length) : element.source().copy(element.at() + from, length);
    return pixels.ofBytes(bytes, (int) (firstBit & 7), pixels.planar());
  }

  /** Bytes of big endian words in the order that they would have as little endian ones. */
  private static byte[] words(Element element, long from, int length) {
    if ((element.length() & 1) != 0) {
      throw element.fail("expected words of 2 bytes, found " + element.length() + " bytes");
    }
    long start = from & ~1;
    byte[] words = element.source().copy(element.at() + start, (from + length + 1 & ~1) - start);
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = words[(int) (from - start + i) ^ 1];
    }
    return bytes;
  }

  private StoredFrame encapsulated(
      ImagePixels pixels, Element element, Fragments fragments, int index, int count) {
    FrameIndex frames = index(pixels, element, fragments, count);
    byte[] coded = frames.frame(index);
    try {
      return switch (syntax.codec()) {
        case RLE -> {
          ImagePixels full = pixels.asFull();
          yield full.ofBytes(RleDecoder.decode(coded, full), 0, false);
        }
        case ENCAPSULATED_NATIVE -> {
          checkPairs(pixels);
          long expected = Math.ceilDiv(pixels.frameBits(), 8);
          if (coded.length < expected || coded.length > expected + 1) {
            throw new CodecException(
                0, "expected a frame of %d bytes, found %d".formatted(expected, coded.length));
          }
          yield pixels.ofBytes(coded, 0, pixels.planar());
        }
        case DEFLATED_FRAMES -> {
          checkPairs(pixels);
          int size = Math.toIntExact(Math.ceilDiv(pixels.frameBits(), 8));
          yield pixels.ofBytes(Inflation.inflate(coded, size), 0, pixels.planar());
        }
        case JPEG -> decoded(pixels, JpegDecoder.decode(coded, pixels));
        case JPEG_LS -> decoded(pixels, JpegLsDecoder.decode(coded, pixels));
        case JPEG_2000 -> decoded(pixels, Jpeg2000Decoder.decode(coded, pixels));
        case NATIVE, NONE_HERE -> throw new IllegalStateException(syntax.toString());
      };
    } catch (CodecException e) {
      long place = frames.place(index, e.at);
      throw element
          .source()
          .fail(
              Tag.PIXEL_DATA,
              place,
              "frame %d (%s): %s".formatted(index, syntax.name(), e.problem()));
    }
  }

  /** Found once; two threads may both find it, and find the same. */
  private FrameIndex index(ImagePixels pixels, Element element, Fragments fragments, int count) {
    FrameIndex known = index;
    if (known == null) {
      boolean rle = syntax.codec() == TransferSyntax.Codec.RLE;
      known = FrameIndex.of(data, element, fragments, count, rle ? RleDecoder.segments(pixels) : 0);
      index = known;
    }
    return known;
  }

  private StoredFrame decoded(ImagePixels pixels, DecodedFrame decoded) {
    return pixels.ofDecoded(decoded, syntax.isLossless());
  }

  private void checkPairs(ImagePixels pixels) {
    boolean fits = pixels.columns() % 2 == 0 && pixels.allocated() >= 8 && !pixels.planar();
    if (pixels.isSubsampled() && !fits) {
      throw data.fail(
          Tag.PHOTOMETRIC_INTERPRETATION,
          "expected an even number of columns, interleaved, for colours of half resolution");
    }
    if (pixels.photometric().endsWith("_420")) {
      throw data.fail(
          Tag.PHOTOMETRIC_INTERPRETATION,
          "expected colours of full or half resolution in uncompressed pixels, found YBR_PARTIAL_420");
    }
  }
}
