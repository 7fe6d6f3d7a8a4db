package org.vesalius.runtime.vision.image;

/** The integer arithmetic of libjpeg-turbo between JPEG components and RGB. */
final class JpegColour {
  private static final int BITS = 16;
  private static final int HALF = 1 << (BITS - 1);

  private JpegColour() {}

  /**
   * Interpolates rows of components stored at half height and full width (4:4:0), which older
   * libjpeg repeats: each row becomes 3/4 of its own stored row and 1/4 of the nearer neighbour.
   *
   * @param samples (height, width, components), changed in place
   */
  static void smoothRows(byte[] samples, JpegHeader header) {
    int maxAcross = 0;
    int maxDown = 0;
    for (int c = 0; c < header.components(); c++) {
      maxAcross = Math.max(maxAcross, header.across[c]);
      maxDown = Math.max(maxDown, header.down[c]);
    }
    for (int c = 0; c < header.components(); c++) {
      boolean halfHeight = header.across[c] == maxAcross && 2 * header.down[c] == maxDown;
      if (halfHeight && repeatsRows(samples, header, c)) {
        smoothRows(samples, header.width, header.height, header.components(), c);
      }
    }
  }

  /** False where the platform's libjpeg has interpolated already. */
  private static boolean repeatsRows(byte[] samples, JpegHeader header, int component) {
    int stride = header.width * header.components();
    for (int y = 0; y + 1 < header.height; y += 2) {
      for (int i = component; i < stride; i += header.components()) {
        if (samples[y * stride + i] != samples[(y + 1) * stride + i]) {
          return false;
        }
      }
    }
    return true;
  }

  private static void smoothRows(
      byte[] samples, int width, int height, int components, int component) {
    int stride = width * components;
    for (int x = 0; x < width; x++) {
      int at = x * components + component;
      int above = samples[at] & 0xff;
      for (int y = 0; y < height; y += 2, at += 2 * stride) {
        int own = samples[at] & 0xff;
        int below = y + 2 < height ? samples[at + 2 * stride] & 0xff : own;
        samples[at] = (byte) ((3 * own + above + 1) >> 2);
        if (y + 1 < height) {
          samples[at + stride] = (byte) ((3 * own + below + 2) >> 2);
        }
        above = own;
      }
    }
  }

  /** RGB of interleaved components; three components are converted in place. */
  static byte[] toRgb(byte[] samples, JpegHeader.ColourSpace space) {
    return switch (space) {
      case RGB -> samples;
      case YCBCR -> {
        yccToRgb(samples, 3, false);
        yield samples;
      }
      case YCCK -> {
        yccToRgb(samples, 4, true);
        yield invertedCmykToRgb(samples);
      }
      case CMYK -> invertedCmykToRgb(samples);
      case GRAY -> throw new IllegalArgumentException("gray has no RGB conversion");
    };
  }

  /**
   * Converts the first three of every {@code stride} samples; {@code invert} gives CMY in place of
   * RGB.
   */
  private static void yccToRgb(byte[] samples, int stride, boolean invert) {
    int[] redOfCr = new int[256];
    int[] greenOfCr = new int[256];
    int[] greenOfCb = new int[256];
    int[] blueOfCb = new int[256];
    for (int i = 0; i < 256; i++) {
      int x = i - 128;
      redOfCr[i] = (fixed(1.40200) * x + HALF) >> BITS;
      blueOfCb[i] = (fixed(1.77200) * x + HALF) >> BITS;
      greenOfCr[i] = -fixed(0.71414) * x;
      greenOfCb[i] = -fixed(0.34414) * x + HALF;
    }
    int flip = invert ? 0xff : 0;
    for (int i = 0; i < samples.length; i += stride) {
      int y = samples[i] & 0xff;
      int cb = samples[i + 1] & 0xff;
      int cr = samples[i + 2] & 0xff;
      samples[i] = (byte) (clip(y + redOfCr[cr]) ^ flip);
      samples[i + 1] = (byte) (clip(y + ((greenOfCb[cb] + greenOfCr[cr]) >> BITS)) ^ flip);
      samples[i + 2] = (byte) (clip(y + blueOfCb[cb]) ^ flip);
    }
  }

  private static byte[] invertedCmykToRgb(byte[] inverted) {
    byte[] rgb = new byte[inverted.length / 4 * 3];
    for (int from = 0, to = 0; to < rgb.length; from += 4, to += 3) {
      for (int c = 0; c < 3; c++) {
        rgb[to + c] = cmykToRgb(~inverted[from + c] & 0xff, ~inverted[from + 3] & 0xff);
      }
    }
    return rgb;
  }

  /** One of red, green, blue from its complementary ink and from black, as Pillow converts. */
  static byte cmykToRgb(int ink, int black) {
    int white = 255 - black;
    int product = ink * white + 128;
    return (byte) clip(white - (((product >> 8) + product) >> 8));
  }

  private static int fixed(double factor) {
    return (int) (factor * (1 << BITS) + 0.5);
  }

  private static int clip(int value) {
    return Math.min(Math.max(value, 0), 255);
  }
}
