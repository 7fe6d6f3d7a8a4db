package org.vesalius.clinical.trace;

import java.util.Arrays;

/** The bytes of a PNG. Immutable: arrays are copied in and out. */
public final class PngBytes {
  private final byte[] bytes;

  /** Copies the bytes. */
  public PngBytes(byte[] bytes) {
    this.bytes = bytes.clone();
  }

  /** A copy. */
  public byte[] copy() {
    return bytes.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof PngBytes png && Arrays.equals(bytes, png.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  /** How many there are: the picture may be a patient's. */
  @Override
  public String toString() {
    return "PngBytes[" + bytes.length + "]";
  }
}
