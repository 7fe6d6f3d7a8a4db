package org.vesalius.kernels;

/**
 * What a cache holds of one head of a token, by the rules of {@link Kernels#rotateAndCache}.
 *
 * @param elements as the slab stores them
 * @param scale 1 where the format has none
 */
@SuppressWarnings("ArrayRecordComponent") // never compared as a whole
record StoredRow(float[] elements, float scale) {

  static StoredRow of(CacheFormat format, float[] x) {
    float[] elements = new float[x.length];
    float scale = format == CacheFormat.INT8 ? scale(x) : 1;
    for (int i = 0; i < x.length; i++) {
      elements[i] =
          switch (format) {
            case F32 -> x[i];
            case BF16 -> nearest(x[i]);
            case INT8 -> scale == 0 ? 0 : (float) Math.rint(x[i] / scale) + 0f;
          };
    }
    return new StoredRow(elements, scale);
  }

  private static float scale(float[] x) {
    float largest = 0;
    for (float value : x) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest / 127 < Float.MIN_NORMAL ? 0 : largest / 127;
  }

  /** To as many digits as bfloat16 has: 16 fewer than binary32. */
  private static float nearest(float x) {
    double step = 0x1p16 * Math.ulp(x);
    return Float.isInfinite(x) ? x : (float) (Math.rint(x / step) * step);
  }

  /** The numbers that attention reads. */
  float[] values() {
    float[] values = elements.clone();
    for (int i = 0; i < values.length; i++) {
      values[i] *= scale;
    }
    return values;
  }
}
