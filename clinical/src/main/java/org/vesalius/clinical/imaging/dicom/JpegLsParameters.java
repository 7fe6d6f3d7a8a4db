package org.vesalius.clinical.imaging.dicom;

import java.util.List;

/**
 * The coding parameters of a JPEG-LS scan (T.87 C.2.4.1.1).
 *
 * @param max largest value of a sample
 * @param t1 first threshold of differences
 * @param t2 second threshold
 * @param t3 third threshold
 * @param reset after how many samples the statistics of a context are halved
 * @param near largest error of a sample; 0 is lossless
 */
record JpegLsParameters(int max, int t1, int t2, int t3, int reset, int near) {
  /** What a stream that sets no parameters has; 0 is the value that T.87 computes. */
  static final JpegLsParameters UNSET = new JpegLsParameters(0, 0, 0, 0, 0, 0);

  private static final int RESET = 64;

  /** The values that T.87 computes. */
  static JpegLsParameters standard(int max, int near) {
    if (max >= 128) {
      return byFactor((Math.min(max, 4095) + 128) / 256, max, near);
    }
    int factor = 256 / (max + 1);
    return of(
        Math.max(2, 3 / factor + 3 * near),
        Math.max(3, 7 / factor + 5 * near),
        Math.max(4, 21 / factor + 7 * near),
        max,
        near);
  }

  private static JpegLsParameters byFactor(int factor, int max, int near) {
    return of(
        factor + 2 + 3 * near, factor * 4 + 3 + 5 * near, factor * 17 + 4 + 7 * near, max, near);
  }

  private static JpegLsParameters of(int t1, int t2, int t3, int max, int near) {
    int first = within(t1, near + 1, max);
    int second = within(t2, first, max);
    return new JpegLsParameters(max, first, second, within(t3, second, max), RESET, near);
  }

  private static int within(int value, int least, int max) {
    return value > max || value < least ? least : value;
  }

  /**
   * These parameters of a stream with those it leaves out, which are T.87's. Two encoders of the
   * field compute others and do not say so: CharLS before version 2.1, which DCMTK has, for 6 and 7
   * bits, and Java Advanced Imaging for more than 12. Theirs come second.
   *
   * @param bits of a sample
   * @param nearest largest error of a sample
   * @param at where the scan is
   */
  List<JpegLsParameters> complete(int bits, int nearest, int at) {
    int highest = max == 0 ? (1 << bits) - 1 : max;
    if (highest >= 1 << bits || nearest > Math.min(255, highest / 2)) {
      throw new CodecException(
          at, "corrupt: JPEG-LS values up to %d, near %d".formatted(highest, nearest));
    }
    JpegLsParameters standard = standard(highest, nearest);
    JpegLsParameters first = over(standard);
    first.check(at);
    if (t1 != 0 || t2 != 0 || t3 != 0) {
      return List.of(first);
    }
    JpegLsParameters other = over(byFactor((highest + 128) / 256, highest, nearest));
    return other.equals(first) ? List.of(first) : List.of(first, other);
  }

  private JpegLsParameters over(JpegLsParameters missing) {
    return new JpegLsParameters(
        missing.max,
        t1 == 0 ? missing.t1 : t1,
        t2 == 0 ? missing.t2 : t2,
        t3 == 0 ? missing.t3 : t3,
        reset == 0 ? missing.reset : reset,
        missing.near);
  }

  private void check(int at) {
    boolean sound =
        near + 1 <= t1
            && t1 <= t2
            && t2 <= t3
            && t3 <= max
            && reset >= 3
            && reset <= Math.max(255, max);
    if (!sound) {
      throw new CodecException(
          at, "corrupt: JPEG-LS thresholds %d, %d, %d, reset %d".formatted(t1, t2, t3, reset));
    }
  }
}
