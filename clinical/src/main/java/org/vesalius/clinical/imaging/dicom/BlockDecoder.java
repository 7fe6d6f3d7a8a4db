package org.vesalius.clinical.imaging.dicom;

import java.util.Arrays;
import java.util.List;

/**
 * Decodes the bit planes of a code-block of JPEG 2000 (T.800 D). Values come out doubled, in the
 * middle of what the decoded planes leave open.
 */
final class BlockDecoder {
  static final int BYPASS = 1;
  static final int RESET = 2;
  static final int TERMINATE = 4;
  static final int VERTICALLY_CAUSAL = 8;
  static final int SEGMENTATION_SYMBOLS = 32;

  private static final int SIGNIFICANT = 1;
  private static final int NEGATIVE = 2;
  private static final int VISITED = 4;
  private static final int REFINED = 8;

  /** Passes before the first that may bypass the arithmetic decoder. */
  private static final int CODED_FIRST = 10;

  /** Passes that share one terminated piece of data. */
  @SuppressWarnings("ArrayRecordComponent") // inside this package; never compared
  record Segment(int passes, byte[] data, int length) {}

  private final MqDecoder mq = new MqDecoder();
  private int[] flags = {};
  private int[] values = {};
  private int width;
  private int height;
  private int stride;
  private int orientation;
  private boolean causal;

  // Bits that bypass the arithmetic decoder.
  private byte[] raw = {};
  private int rawAt;
  private int rawEnd;
  private int rawByte;
  private int rawBits;

  /**
   * Decodes a block of at most 4096 samples.
   *
   * @param orientation 0 LL, 1 HL, 2 LH, 3 HH
   * @param planes bit planes that are coded
   * @return doubled values, (height, width); valid until the next call
   */
  int[] decode(
      List<Segment> segments, int width, int height, int orientation, int planes, int style) {
    this.width = width;
    this.height = height;
    this.stride = width + 2;
    this.orientation = orientation;
    this.causal = (style & VERTICALLY_CAUSAL) != 0;
    int cells = stride * (height + 2);
    if (flags.length < cells) {
      flags = new int[cells];
      values = new int[width * height];
    }
    if (values.length < width * height) {
      values = new int[width * height];
    }
    Arrays.fill(flags, 0, cells, 0);
    Arrays.fill(values, 0, width * height, 0);
    mq.resetContexts();
    int plane = planes;
    int kind = 2;
    int pass = 0;
    for (Segment segment : segments) {
      boolean bypassed = (style & BYPASS) != 0 && pass >= CODED_FIRST && kind < 2;
      if (bypassed) {
        startRaw(segment);
      } else {
        mq.start(segment.data, 0, segment.length);
      }
      for (int i = 0; i < segment.passes && plane > 0; i++, pass++) {
        switch (kind) {
          case 0 -> propagateSignificance(plane, bypassed);
          case 1 -> refineMagnitudes(plane, bypassed);
          default -> {
            cleanUp(plane);
            if ((style & SEGMENTATION_SYMBOLS) != 0) {
              for (int bit = 0; bit < 4; bit++) {
                mq.decode(MqDecoder.UNIFORM_CONTEXT);
              }
            }
          }
        }
        if ((style & RESET) != 0) {
          mq.resetContexts();
        }
        if (++kind == 3) {
          kind = 0;
          plane--;
        }
      }
    }
    return values;
  }

  private void propagateSignificance(int plane, boolean bypassed) {
    for (int top = 0; top < height; top += 4) {
      for (int x = 0; x < width; x++) {
        for (int y = top; y < Math.min(top + 4, height); y++) {
          int at = (y + 1) * stride + x + 1;
          if ((flags[at] & SIGNIFICANT) != 0) {
            continue;
          }
          int context = significance(at, y);
          if (context == 0) {
            continue;
          }
          if ((bypassed ? rawBit() : mq.decode(context)) == 1) {
            become(at, y, x, plane, bypassed);
          }
          flags[at] |= VISITED;
        }
      }
    }
  }

  private void refineMagnitudes(int plane, boolean bypassed) {
    int half = (1 << plane) >> 1;
    for (int top = 0; top < height; top += 4) {
      for (int x = 0; x < width; x++) {
        for (int y = top; y < Math.min(top + 4, height); y++) {
          int at = (y + 1) * stride + x + 1;
          if ((flags[at] & (SIGNIFICANT | VISITED)) != SIGNIFICANT) {
            continue;
          }
          int bit;
          if (bypassed) {
            bit = rawBit();
          } else {
            int context = (flags[at] & REFINED) != 0 ? 16 : significance(at, y) != 0 ? 15 : 14;
            bit = mq.decode(context);
          }
          int step = bit == 1 ? half : -half;
          int value = values[y * width + x];
          values[y * width + x] = value < 0 ? value - step : value + step;
          flags[at] |= REFINED;
        }
      }
    }
  }

  private void cleanUp(int plane) {
    for (int top = 0; top < height; top += 4) {
      for (int x = 0; x < width; x++) {
        int y = top;
        boolean found = false;
        if (top + 4 <= height && isQuiet(top, x)) {
          if (mq.decode(MqDecoder.RUN_CONTEXT) == 0) {
            continue;
          }
          y += mq.decode(MqDecoder.UNIFORM_CONTEXT) << 1 | mq.decode(MqDecoder.UNIFORM_CONTEXT);
          found = true;
        }
        for (; y < Math.min(top + 4, height); y++) {
          int at = (y + 1) * stride + x + 1;
          if (!found && (flags[at] & (SIGNIFICANT | VISITED)) != 0) {
            continue;
          }
          if (found || mq.decode(significance(at, y)) == 1) {
            become(at, y, x, plane, false);
          }
          found = false;
        }
      }
    }
    for (int i = 0; i < stride * (height + 2); i++) {
      flags[i] &= ~VISITED;
    }
  }

  /** Whether a column of four and all around it is still zero. */
  private boolean isQuiet(int top, int x) {
    int around = 0;
    int rows = causal ? 5 : 6;
    int all = 0;
    for (int row = 0; row < rows; row++) {
      int at = (top + row) * stride + x;
      around |= flags[at] | flags[at + 1] | flags[at + 2];
      if (row > 0 && row < 5) {
        all |= flags[at + 1];
      }
    }
    return (around & SIGNIFICANT) == 0 && (all & VISITED) == 0;
  }

  private void become(int at, int y, int x, int plane, boolean bypassed) {
    boolean negative;
    if (bypassed) {
      negative = rawBit() == 1;
    } else {
      int across = Math.clamp((long) sign(at - 1) + sign(at + 1), -1, 1);
      int below = isHidden(y) ? 0 : sign(at + stride);
      int down = Math.clamp((long) sign(at - stride) + below, -1, 1);
      // Table D.3: mirrored pairs share a context and a flipped bit.
      boolean flipped = across < 0 || (across == 0 && down < 0);
      int h = flipped ? -across : across;
      int v = flipped ? -down : down;
      int context = h == 1 ? 12 + v : 9 + v;
      negative = (mq.decode(context) == 1) != flipped;
    }
    int value = (1 << plane) | (1 << plane) >> 1;
    values[y * width + x] = negative ? -value : value;
    flags[at] |= negative ? SIGNIFICANT | NEGATIVE : SIGNIFICANT;
  }

  private int sign(int at) {
    int flag = flags[at];
    return (flag & SIGNIFICANT) == 0 ? 0 : (flag & NEGATIVE) == 0 ? 1 : -1;
  }

  /** Whether what lies below a sample must not be looked at. */
  private boolean isHidden(int y) {
    return causal && (y & 3) == 3;
  }

  /** The context of Table D.1. */
  private int significance(int at, int y) {
    int across = (flags[at - 1] & 1) + (flags[at + 1] & 1);
    int down = flags[at - stride] & 1;
    int diagonal = (flags[at - stride - 1] & 1) + (flags[at - stride + 1] & 1);
    if (!isHidden(y)) {
      down += flags[at + stride] & 1;
      diagonal += (flags[at + stride - 1] & 1) + (flags[at + stride + 1] & 1);
    }
    if (orientation == 3) {
      int straight = across + down;
      return switch (diagonal) {
        case 0 -> Math.min(straight, 2);
        case 1 -> 3 + Math.min(straight, 2);
        case 2 -> straight > 0 ? 7 : 6;
        default -> 8;
      };
    }
    int h = orientation == 1 ? down : across;
    int v = orientation == 1 ? across : down;
    return switch (h) {
      case 0 -> v > 0 ? 2 + v : Math.min(diagonal, 2);
      case 1 -> v > 0 ? 7 : diagonal > 0 ? 6 : 5;
      default -> 8;
    };
  }

  private void startRaw(Segment segment) {
    raw = segment.data;
    rawAt = 0;
    rawEnd = segment.length;
    rawByte = 0;
    rawBits = 0;
  }

  private int rawBit() {
    if (rawBits == 0) {
      rawBits = rawByte == 0xff ? 7 : 8;
      rawByte = rawAt < rawEnd ? raw[rawAt++] & 0xff : 0xff;
    }
    return rawByte >> --rawBits & 1;
  }
}
