package org.vesalius.clinical.trace;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.vesalius.runtime.vision.image.RasterImage;

/**
 * The hash of a picture's samples, whatever file they come from: SHA-256 over its rows from top to
 * bottom, a pixel as three bytes red, green and blue, or of a picture of 16 bits as two bytes with
 * the higher first. Pictures of 8 bits of grey count as ones of three equal samples.
 */
public final class PixelHash {
  private static final int PIECE = 1 << 16;

  private PixelHash() {}

  /** The hash in hexadecimal. */
  public static String of(RasterImage picture) {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
    if (picture.samples() == RasterImage.Samples.GRAY16) {
      add(digest, picture.copyGray16());
    } else {
      digest.update(picture.copyRgb());
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static void add(MessageDigest digest, char[] samples) {
    byte[] bytes = new byte[2 * PIECE];
    for (int from = 0; from < samples.length; from += PIECE) {
      int count = Math.min(PIECE, samples.length - from);
      for (int i = 0; i < count; i++) {
        bytes[2 * i] = (byte) (samples[from + i] >>> 8);
        bytes[2 * i + 1] = (byte) samples[from + i];
      }
      digest.update(bytes, 0, 2 * count);
    }
  }
}
