package org.vesalius.clinical.imaging.dicom;

import java.util.Optional;

/** Colours of a frame as red, green and blue of 8 bits each (PS3.3 C.7.6.3.1.2). */
public final class RgbSamples {
  private RgbSamples() {}

  /**
   * The colours of a frame, (rows, columns, 3); empty where its photometric interpretation is none
   * of RGB, YBR_FULL and, with 8 bits, YBR_PARTIAL.
   */
  public static Optional<byte[]> of(StoredFrame frame) {
    if (frame.samplesPerPixel() != 3) {
      return Optional.empty();
    }
    byte[] rgb = new byte[frame.samples().length];
    switch (frame.photometric()) {
      case "RGB" -> rgb(frame, rgb);
      case "YBR_FULL", "YBR_FULL_422" -> full(frame, rgb);
      case "YBR_PARTIAL_422", "YBR_PARTIAL_420" -> {
        if (frame.bitsStored() != 8) {
          return Optional.empty();
        }
        partial(frame, rgb);
      }
      default -> {
        return Optional.empty();
      }
    }
    return Optional.of(rgb);
  }

  private static void rgb(StoredFrame frame, byte[] rgb) {
    int[] samples = frame.samples();
    double full = full(frame);
    // What a lossy codec made brighter than white is white; what has a sign by mistake has none.
    long bits = frame.signed() ? (1L << frame.bitsStored()) - 1 : 0xffff_ffffL;
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = rounded((samples[i] & bits) * 255 / full);
    }
  }

  private static double full(StoredFrame frame) {
    return (1L << frame.bitsStored()) - 1;
  }

  private static void full(StoredFrame frame, byte[] rgb) {
    int[] samples = frame.samples();
    double scale = 255 / full(frame);
    double middle = 1L << (frame.bitsStored() - 1);
    for (int i = 0; i < rgb.length; i += 3) {
      double y = samples[i] * scale;
      double cb = (samples[i + 1] - middle) * scale;
      double cr = (samples[i + 2] - middle) * scale;
      put(rgb, i, y, cb, cr);
    }
  }

  /** Y from 16 to 235, the others from 16 to 240. */
  private static void partial(StoredFrame frame, byte[] rgb) {
    int[] samples = frame.samples();
    for (int i = 0; i < rgb.length; i += 3) {
      double y = (samples[i] - 16) * 255 / 219.0;
      double cb = (samples[i + 1] - 128) * 255 / 224.0;
      double cr = (samples[i + 2] - 128) * 255 / 224.0;
      put(rgb, i, y, cb, cr);
    }
  }

  private static void put(byte[] rgb, int at, double y, double cb, double cr) {
    rgb[at] = rounded(y + 1.402 * cr);
    rgb[at + 1] = rounded(y - 0.114 * 1.772 / 0.587 * cb - 0.299 * 1.402 / 0.587 * cr);
    rgb[at + 2] = rounded(y + 1.772 * cb);
  }

  private static byte rounded(double value) {
    return (byte) Math.clamp((long) Math.floor(value + 0.5), 0, 255);
  }
}
