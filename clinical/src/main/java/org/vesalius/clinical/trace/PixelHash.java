package org.vesalius.clinical.trace;

import java.security.MessageDigest;
import java.util.HexFormat;
import org.vesalius.runtime.vision.image.RasterImage;

/**
 * SHA-256 of a picture's samples, in hexadecimal: rows from top to bottom, pixels from left to
 * right. A pixel of 8 bits is three bytes, red, green, blue, for grey three equal ones; one of 16
 * bits grey is two, the high one first. It does not depend on how a file packs them.
 */
public final class PixelHash {
  private static final int CHUNK = 1 << 15;

  private PixelHash() {}

  /** The hash of a picture. */
  public static String of(RasterImage image) {
    MessageDigest sha = Sha256.digest();
    if (image.samples() != RasterImage.Samples.GRAY16) {
      sha.update(image.copyRgb());
    } else {
      update(sha, image.copyGray16());
    }
    return HexFormat.of().formatHex(sha.digest());
  }

  private static void update(MessageDigest sha, char[] samples) {
    byte[] bytes = new byte[2 * CHUNK];
    for (int at = 0; at < samples.length; at += CHUNK) {
      int count = Math.min(CHUNK, samples.length - at);
      for (int i = 0; i < count; i++) {
        bytes[2 * i] = (byte) (samples[at + i] >> 8);
        bytes[2 * i + 1] = (byte) samples[at + i];
      }
      sha.update(bytes, 0, 2 * count);
    }
  }
}
