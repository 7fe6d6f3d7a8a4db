package org.vesalius.tokenizer;

/**
 * Turns bytes into text one by one, never handing out part of a code point.
 *
 * <p>Bytes that are not UTF-8 become U+FFFD, one for each maximal part of a sequence that could
 * still have become valid, which is what Unicode recommends and Rust's {@code
 * String::from_utf8_lossy} does.
 */
final class Utf8Decoder {
  private static final char REPLACEMENT = '\uFFFD';

  private final StringBuilder out;
  private int codePoint;
  private int missing;
  private int lowest = 0x80;
  private int highest = 0xBF;

  Utf8Decoder(StringBuilder out) {
    this.out = out;
  }

  /** Takes the next byte, 0 to 255. */
  void accept(int b) {
    if (missing > 0) {
      if (b >= lowest && b <= highest) {
        lowest = 0x80;
        highest = 0xBF;
        codePoint = codePoint << 6 | (b & 0x3F);
        if (--missing == 0) {
          out.appendCodePoint(codePoint);
        }
        return;
      }
      out.append(REPLACEMENT);
    }
    start(b);
  }

  private void start(int b) {
    missing = 0;
    lowest = 0x80;
    highest = 0xBF;
    if (b < 0x80) {
      out.append((char) b);
    } else if (b >= 0xC2 && b <= 0xDF) {
      missing = 1;
      codePoint = b & 0x1F;
    } else if (b >= 0xE0 && b <= 0xEF) {
      missing = 2;
      codePoint = b & 0x0F;
      // Neither overlong forms nor surrogates.
      lowest = b == 0xE0 ? 0xA0 : 0x80;
      highest = b == 0xED ? 0x9F : 0xBF;
    } else if (b >= 0xF0 && b <= 0xF4) {
      missing = 3;
      codePoint = b & 0x07;
      // Neither overlong forms nor code points beyond U+10FFFF.
      lowest = b == 0xF0 ? 0x90 : 0x80;
      highest = b == 0xF4 ? 0x8F : 0xBF;
    } else {
      out.append(REPLACEMENT);
    }
  }

  /** The end of the bytes: a sequence that was not completed becomes U+FFFD. */
  void finish() {
    if (missing > 0) {
      missing = 0;
      out.append(REPLACEMENT);
    }
  }
}
