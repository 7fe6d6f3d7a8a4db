package org.vesalius.runtime.vision.image;

/**
 * A decoded upright picture: 8-bit RGB, 8-bit gray (one sample stands for three equal ones) or
 * 16-bit gray at full depth. Rows run top to bottom without padding. Immutable: arrays are copied
 * in and out.
 *
 * <p>The size and orientation of the stored file, before EXIF rotation, are kept so that
 * coordinates can be mapped back to it.
 */
public final class RasterImage {

  /** What one pixel holds. */
  public enum Samples {
    /** Three unsigned bytes: red, green, blue. */
    RGB8(3),
    /** One unsigned byte. */
    GRAY8(1),
    /** One unsigned 16-bit value. */
    GRAY16(1);

    private final int channels;

    Samples(int channels) {
      this.channels = channels;
    }

    /** Samples stored per pixel. */
    public int channels() {
      return channels;
    }
  }

  private static final byte[] NO_BYTES = {};
  private static final char[] NO_CHARS = {};

  private final Samples samples;
  private final int width;
  private final int height;
  private final byte[] bytes;
  private final char[] chars;
  private final Orientation orientation;

  private RasterImage(
      Samples samples, int width, int height, byte[] bytes, char[] chars, Orientation orientation) {
    long expected = (long) width * height * samples.channels();
    int found = samples == Samples.GRAY16 ? chars.length : bytes.length;
    if (width < 1 || height < 1) {
      throw new IllegalArgumentException(
          "picture sides must be positive, found " + width + "x" + height);
    }
    if (found != expected) {
      throw new IllegalArgumentException(
          "a %dx%d %s picture has %d samples, found %d"
              .formatted(width, height, samples, expected, found));
    }
    this.samples = samples;
    this.width = width;
    this.height = height;
    this.bytes = bytes;
    this.chars = chars;
    this.orientation = orientation;
  }

  /** Picture of interleaved red, green and blue bytes; {@code rgb} has 3·width·height of them. */
  public static RasterImage ofRgb(int width, int height, byte[] rgb) {
    return wrap(Samples.RGB8, width, height, rgb.clone());
  }

  /** Picture of gray bytes, read as RGB with three equal channels. */
  public static RasterImage ofGray8(int width, int height, byte[] gray) {
    return wrap(Samples.GRAY8, width, height, gray.clone());
  }

  /** Picture of gray values 0 to 65535. */
  public static RasterImage ofGray16(int width, int height, char[] gray) {
    return wrapGray16(width, height, gray.clone());
  }

  /** Takes over the array of 8-bit samples. */
  static RasterImage wrap(Samples samples, int width, int height, byte[] bytes) {
    return new RasterImage(samples, width, height, bytes, NO_CHARS, Orientation.TOP_LEFT);
  }

  /** Takes over the array of 16-bit samples. */
  static RasterImage wrapGray16(int width, int height, char[] chars) {
    return new RasterImage(Samples.GRAY16, width, height, NO_BYTES, chars, Orientation.TOP_LEFT);
  }

  /** This picture, taken as stored with the given orientation, turned upright. */
  RasterImage turned(Orientation stored) {
    if (stored == Orientation.TOP_LEFT) {
      return this;
    }
    int outWidth = stored.swapsSides() ? height : width;
    int outHeight = stored.swapsSides() ? width : height;
    int stepX = stored.flipsStoredX() ? -1 : 1;
    int stepY = stored.flipsStoredY() ? -width : width;
    int origin =
        (stored.flipsStoredX() ? width - 1 : 0)
            + (stored.flipsStoredY() ? (height - 1) * width : 0);
    int alongRow = stored.swapsSides() ? stepY : stepX;
    int alongColumn = stored.swapsSides() ? stepX : stepY;
    byte[] outBytes = new byte[bytes.length];
    char[] outChars = new char[chars.length];
    int out = 0;
    for (int y = 0; y < outHeight; y++) {
      int in = origin + y * alongColumn;
      for (int x = 0; x < outWidth; x++, in += alongRow, out++) {
        switch (samples) {
          case GRAY8 -> outBytes[out] = bytes[in];
          case GRAY16 -> outChars[out] = chars[in];
          case RGB8 -> {
            outBytes[3 * out] = bytes[3 * in];
            outBytes[3 * out + 1] = bytes[3 * in + 1];
            outBytes[3 * out + 2] = bytes[3 * in + 2];
          }
        }
      }
    }
    return new RasterImage(samples, outWidth, outHeight, outBytes, outChars, stored);
  }

  /** What one pixel holds. */
  public Samples samples() {
    return samples;
  }

  /** Columns of the upright picture. */
  public int width() {
    return width;
  }

  /** Rows of the upright picture. */
  public int height() {
    return height;
  }

  /** Columns as stored in the file, before EXIF rotation. */
  public int sourceWidth() {
    return orientation.swapsSides() ? height : width;
  }

  /** Rows as stored in the file, before EXIF rotation. */
  public int sourceHeight() {
    return orientation.swapsSides() ? width : height;
  }

  /** Orientation of the stored file, already applied to this picture. */
  public Orientation orientation() {
    return orientation;
  }

  /** A copy as interleaved 8-bit RGB; 16-bit gray is reduced to value / 257, rounded. */
  public byte[] copyRgb() {
    if (samples == Samples.RGB8) {
      return bytes.clone();
    }
    byte[] rgb = new byte[Math.multiplyExact(3, width * height)];
    for (int i = 0; i < width * height; i++) {
      byte value = samples == Samples.GRAY8 ? bytes[i] : (byte) ((chars[i] + 128) / 257);
      rgb[3 * i] = value;
      rgb[3 * i + 1] = value;
      rgb[3 * i + 2] = value;
    }
    return rgb;
  }

  /**
   * A copy of the 16-bit gray values.
   *
   * @throws IllegalStateException for 8-bit pictures
   */
  public char[] copyGray16() {
    if (samples != Samples.GRAY16) {
      throw new IllegalStateException("expected a 16-bit gray picture, found " + samples);
    }
    return chars.clone();
  }

  /** The 8-bit samples themselves: readers in this package must not write to them. */
  byte[] bytes() {
    return bytes;
  }

  /** The 16-bit samples themselves: readers in this package must not write to them. */
  char[] chars() {
    return chars;
  }
}
