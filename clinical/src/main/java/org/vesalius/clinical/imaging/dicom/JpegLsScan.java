package org.vesalius.clinical.imaging.dicom;

import java.util.Arrays;

/**
 * Decodes the samples of a JPEG-LS scan (T.87 A): prediction from three neighbours, 365 contexts
 * with their own bias and code, runs where it is flat.
 */
final class JpegLsScan {
  private static final int CONTEXTS = 365;

  /** Logarithms of the run lengths that one bit stands for. */
  private static final int[] RUN_BITS = {
    0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13,
    14, 15
  };

  private final JpegLsBits bits;
  private final int max;
  private final int near;
  private final int step;
  private final int range;
  private final int reset;
  private final int limit;
  private final int rangeBits;

  /** Levels of all differences; empty where computing them costs less than the table. */
  private final byte[] gradients;

  private final int t1;
  private final int t2;
  private final int t3;

  // Names of T.87: sums of errors, of biases, corrections, counts; the last two are of runs.
  private final int[] a = new int[CONTEXTS + 2];
  private final int[] b = new int[CONTEXTS];
  private final int[] c = new int[CONTEXTS];
  private final int[] n = new int[CONTEXTS + 2];
  private final int[] negative = new int[2];

  /**
   * @param samples about how many there are
   */
  JpegLsScan(JpegLsBits bits, JpegLsParameters parameters, int samples) {
    this.bits = bits;
    this.max = parameters.max();
    this.near = parameters.near();
    this.reset = parameters.reset();
    this.step = 2 * near + 1;
    this.range = (max + 2 * near) / step + 1;
    this.rangeBits = bitsFor(range);
    int sampleBits = Math.max(2, bitsFor(max + 1));
    this.limit = 2 * (sampleBits + Math.max(8, sampleBits));
    this.t1 = parameters.t1();
    this.t2 = parameters.t2();
    this.t3 = parameters.t3();
    this.gradients = new byte[samples < max ? 0 : 2 * max + 1];
    for (int i = 0; i < gradients.length; i++) {
      gradients[i] = (byte) level(i - max);
    }
    reset();
  }

  /** Which of nine kinds a difference is (T.87 A.3.3). */
  private int level(int difference) {
    int size = Math.abs(difference);
    int level = size <= near ? 0 : size < t1 ? 1 : size < t2 ? 2 : size < t3 ? 3 : 4;
    return difference < 0 ? -level : level;
  }

  private int gradient(int difference) {
    return gradients.length == 0 ? level(difference) : gradients[difference + max];
  }

  /** Forgets what it has learnt: at the start and at restart markers. */
  void reset() {
    Arrays.fill(a, Math.max(2, (range + 32) / 64));
    Arrays.fill(n, 1);
    Arrays.fill(b, 0);
    Arrays.fill(c, 0);
    Arrays.fill(negative, 0);
  }

  private static int bitsFor(int values) {
    return 32 - Integer.numberOfLeadingZeros(values - 1);
  }

  /** What is remembered between the lines of one component, or of several pixel by pixel. */
  static final class Lines {
    final int width;
    int[][] above;
    int[][] line;
    int runIndex;

    /** Lines start with one sample more and end with one more. */
    Lines(int components, int width) {
      this.width = width;
      this.above = new int[components][width + 2];
      this.line = new int[components][width + 2];
    }

    void reset() {
      runIndex = 0;
      for (int[] each : above) {
        Arrays.fill(each, 0);
      }
      for (int[] each : line) {
        Arrays.fill(each, 0);
      }
    }

    void next() {
      int[][] old = above;
      above = line;
      line = old;
    }
  }

  /** Decodes the next line of each component in {@code lines}; samples are at 1 to width. */
  void readLine(Lines lines) {
    int count = lines.line.length;
    for (int i = 0; i < count; i++) {
      lines.line[i][0] = lines.above[i][1];
      lines.above[i][lines.width + 1] = lines.above[i][lines.width];
    }
    int x = 1;
    while (x <= lines.width) {
      boolean flat = true;
      for (int i = 0; i < count && flat; i++) {
        flat = context(lines.above[i], lines.line[i], x) == 0;
      }
      if (flat) {
        x = readRun(lines, x);
        continue;
      }
      for (int i = 0; i < count; i++) {
        int[] above = lines.above[i];
        int[] line = lines.line[i];
        line[x] = readSample(context(above, line, x), line[x - 1], above[x], above[x - 1]);
      }
      x++;
    }
  }

  private int context(int[] above, int[] line, int x) {
    int rb = above[x];
    int rc = above[x - 1];
    return 81 * gradient(above[x + 1] - rb) + 9 * gradient(rb - rc) + gradient(rc - line[x - 1]);
  }

  private int readSample(int context, int ra, int rb, int rc) {
    int sign = context < 0 ? -1 : 1;
    int q = Math.abs(context);
    int low = Math.min(ra, rb);
    int high = Math.max(ra, rb);
    int predicted = rc >= high ? low : rc <= low ? high : ra + rb - rc;
    predicted = Math.clamp(predicted + (long) sign * c[q], 0, max);
    int k = golomb(a[q], n[q]);
    int mapped = readCode(k, limit);
    int error = (mapped & 1) == 0 ? mapped >> 1 : -((mapped + 1) >> 1);
    if (k == 0 && near == 0 && 2 * b[q] <= -n[q]) {
      error = -error - 1;
    }
    update(q, error);
    return reconstruct(predicted, sign * error);
  }

  private void update(int q, int error) {
    b[q] += error * step;
    a[q] += Math.abs(error);
    if (n[q] == reset) {
      a[q] >>= 1;
      b[q] >>= 1;
      n[q] >>= 1;
    }
    n[q]++;
    if (b[q] <= -n[q]) {
      b[q] = Math.max(b[q] + n[q], 1 - n[q]);
      c[q] = Math.max(c[q] - 1, -128);
    } else if (b[q] > 0) {
      b[q] = Math.min(b[q] - n[q], 0);
      c[q] = Math.min(c[q] + 1, 127);
    }
  }

  private int reconstruct(int predicted, int error) {
    int value = predicted + error * step;
    if (value < -near) {
      value += range * step;
    } else if (value > max + near) {
      value -= range * step;
    }
    return Math.clamp((long) value, 0, max);
  }

  private int golomb(int sum, int count) {
    int k = 0;
    while (count << k < sum) {
      if (++k > 24) {
        throw new CodecException(bits.position(), "corrupt: JPEG-LS errors beyond their range");
      }
    }
    return k;
  }

  private int readCode(int k, int longest) {
    int escape = longest - rangeBits - 1;
    int zeros = bits.zeros(escape);
    int code = zeros < escape ? zeros << k | bits.take(k) : bits.take(rangeBits) + 1;
    if (code > 2 * range + 1) {
      throw new CodecException(bits.position(), "corrupt: a JPEG-LS error beyond its range");
    }
    return code;
  }

  /** Repeats the pixel on the left; returns where to go on. */
  private int readRun(Lines lines, int start) {
    int x = start;
    int end = lines.width + 1;
    while (true) {
      boolean whole = bits.take(1) == 1;
      int run = whole ? 1 << RUN_BITS[lines.runIndex] : bits.take(RUN_BITS[lines.runIndex]);
      int count = Math.min(run, end - x);
      if (!whole && run > end - x) {
        throw new CodecException(bits.position(), "corrupt: a JPEG-LS run beyond its line");
      }
      for (int[] line : lines.line) {
        Arrays.fill(line, x, x + count, line[x - 1]);
      }
      x += count;
      if (whole && count == run && lines.runIndex < 31) {
        lines.runIndex++;
      }
      if (x == end) {
        return x;
      }
      if (!whole) {
        break;
      }
    }
    boolean single = lines.line.length == 1;
    for (int i = 0; i < lines.line.length; i++) {
      int ra = lines.line[i][x - 1];
      int rb = lines.above[i][x];
      boolean same = single && Math.abs(ra - rb) <= near;
      int error = readInterruption(same ? 1 : 0, RUN_BITS[lines.runIndex]);
      lines.line[i][x] = same ? reconstruct(ra, error) : reconstruct(rb, rb >= ra ? error : -error);
    }
    if (lines.runIndex > 0) {
      lines.runIndex--;
    }
    return x + 1;
  }

  /** The error of the sample that ends a run (T.87 A.7.2). */
  private int readInterruption(int type, int runBits) {
    int q = CONTEXTS + type;
    int k = golomb(a[q] + (type == 1 ? n[q] >> 1 : 0), n[q]);
    int code = readCode(k, limit - runBits - 1);
    int mapped = code + type;
    boolean odd = (mapped & 1) != 0;
    int size = (mapped + 1) >> 1;
    boolean negates = k != 0 || 2 * negative[type] >= n[q];
    int error = negates == odd ? -size : size;
    if (error < 0) {
      negative[type]++;
    }
    a[q] += (code + 1 - type) >> 1;
    if (n[q] == reset) {
      a[q] >>= 1;
      n[q] >>= 1;
      negative[type] >>= 1;
    }
    n[q]++;
    return error;
  }
}
