package org.vesalius.kernels;

/** bfloat16 numbers: the upper half of a binary32. */
public final class Bfloat16 {
  private Bfloat16() {}

  /** The nearest bfloat16, of two equally near the even one; what is not a number stays that. */
  public static short round(float x) {
    int bits = Float.floatToRawIntBits(x);
    if (Float.isNaN(x)) {
      // Cut off, its payload could leave an infinity.
      return (short) ((bits >>> 16) | 0x40);
    }
    return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
  }

  /** Its value, exactly. */
  public static float value(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }
}
