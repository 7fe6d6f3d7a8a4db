package org.vesalius.runtime.vision.image;

/**
 * The bytes of one picture file with what every decoder needs to judge and to report them.
 *
 * @param bytes the whole file
 * @param origin where it came from, for messages
 * @param maxPixels largest accepted width times height
 */
@SuppressWarnings("ArrayRecordComponent") // a parameter object inside this package; never compared
record ImageSource(byte[] bytes, String origin, long maxPixels) {

  ImageFormatException fail(String format, String problem) {
    return new ImageFormatException(origin, format, problem);
  }

  ImageFormatException fail(String format, String problem, Exception cause) {
    String detail =
        cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    return new ImageFormatException(origin, format, problem + ": " + detail, cause);
  }

  /**
   * Refuses empty and over-large pictures; to be asked before anything of that size is allocated.
   */
  void checkSize(String format, long width, long height) {
    if (width < 1 || height < 1) {
      throw fail(format, "expected positive sides, found " + width + "x" + height);
    }
    if (width > maxPixels / height) {
      throw fail(
          format,
          "%dx%d pixels exceed the limit of %d pixels; reduce the picture or raise the limit"
              .formatted(width, height, maxPixels));
    }
  }

  int length() {
    return bytes.length;
  }

  int u8(int at) {
    return bytes[at] & 0xff;
  }

  int u16(int at) {
    return (u8(at) << 8) | u8(at + 1);
  }

  long u32(int at) {
    return ((long) u16(at) << 16) | u16(at + 2);
  }

  /** Whether the bytes at {@code at} spell the given ASCII text. */
  boolean matches(int at, String ascii) {
    if (at < 0 || ascii.length() > bytes.length - at) {
      return false;
    }
    for (int i = 0; i < ascii.length(); i++) {
      if (u8(at + i) != ascii.charAt(i)) {
        return false;
      }
    }
    return true;
  }
}
