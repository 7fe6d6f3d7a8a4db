package org.vesalius.clinical.imaging.dicom;

import java.util.Arrays;

/** The binary arithmetic decoder of JPEG 2000 (T.800 C) and its contexts. */
final class MqDecoder {
  private static final int CONTEXTS = 19;
  static final int RUN_CONTEXT = 17;
  static final int UNIFORM_CONTEXT = 18;

  /** Table C.2: probability, next state after the likelier and the unlikelier symbol, switch. */
  private static final int[][] STATES = {
    {0x5601, 1, 1, 1}, {0x3401, 2, 6, 0}, {0x1801, 3, 9, 0}, {0x0ac1, 4, 12, 0},
    {0x0521, 5, 29, 0}, {0x0221, 38, 33, 0}, {0x5601, 7, 6, 1}, {0x5401, 8, 14, 0},
    {0x4801, 9, 14, 0}, {0x3801, 10, 14, 0}, {0x3001, 11, 17, 0}, {0x2401, 12, 18, 0},
    {0x1c01, 13, 20, 0}, {0x1601, 29, 21, 0}, {0x5601, 15, 14, 1}, {0x5401, 16, 14, 0},
    {0x5101, 17, 15, 0}, {0x4801, 18, 16, 0}, {0x3801, 19, 17, 0}, {0x3401, 20, 18, 0},
    {0x3001, 21, 19, 0}, {0x2801, 22, 19, 0}, {0x2401, 23, 20, 0}, {0x2201, 24, 21, 0},
    {0x1c01, 25, 22, 0}, {0x1801, 26, 23, 0}, {0x1601, 27, 24, 0}, {0x1401, 28, 25, 0},
    {0x1201, 29, 26, 0}, {0x1101, 30, 27, 0}, {0x0ac1, 31, 28, 0}, {0x09c1, 32, 29, 0},
    {0x08a1, 33, 30, 0}, {0x0521, 34, 31, 0}, {0x0441, 35, 32, 0}, {0x02a1, 36, 33, 0},
    {0x0221, 37, 34, 0}, {0x0141, 38, 35, 0}, {0x0111, 39, 36, 0}, {0x0085, 40, 37, 0},
    {0x0049, 41, 38, 0}, {0x0025, 42, 39, 0}, {0x0015, 43, 40, 0}, {0x0009, 44, 41, 0},
    {0x0005, 45, 42, 0}, {0x0001, 45, 43, 0}, {0x5601, 46, 46, 0}
  };

  private final byte[] state = new byte[CONTEXTS];
  private final byte[] likelier = new byte[CONTEXTS];
  private byte[] data = {};
  private int at;
  private int end;
  private int a;
  private int c;
  private int count;

  void resetContexts() {
    Arrays.fill(state, (byte) 0);
    Arrays.fill(likelier, (byte) 0);
    state[0] = 4;
    state[RUN_CONTEXT] = 3;
    state[UNIFORM_CONTEXT] = 46;
  }

  /** Starts on a terminated piece of data; what is read behind its end are ones. */
  void start(byte[] bytes, int from, int to) {
    data = bytes;
    at = from;
    end = to;
    c = byteAt(at) << 16;
    byteIn();
    c <<= 7;
    count -= 7;
    a = 0x8000;
  }

  int decode(int context) {
    int[] row = STATES[state[context]];
    int probability = row[0];
    int symbol = likelier[context];
    a -= probability;
    if (c >>> 16 < probability) {
      boolean exchanged = a < probability;
      a = probability;
      symbol = exchanged ? next(context, row, symbol) : switched(context, row, symbol);
    } else {
      c -= probability << 16;
      if ((a & 0x8000) != 0) {
        return symbol;
      }
      symbol = a < probability ? switched(context, row, symbol) : next(context, row, symbol);
    }
    do {
      if (count == 0) {
        byteIn();
      }
      a <<= 1;
      c <<= 1;
      count--;
    } while ((a & 0x8000) == 0);
    return symbol;
  }

  private int next(int context, int[] row, int symbol) {
    state[context] = (byte) row[1];
    return symbol;
  }

  private int switched(int context, int[] row, int symbol) {
    if (row[3] == 1) {
      likelier[context] = (byte) (1 - symbol);
    }
    state[context] = (byte) row[2];
    return 1 - symbol;
  }

  private int byteAt(int index) {
    return index < end ? data[index] & 0xff : 0xff;
  }

  private void byteIn() {
    if (byteAt(at) == 0xff) {
      if (byteAt(at + 1) > 0x8f) {
        c += 0xff00;
        count = 8;
      } else {
        at++;
        c += byteAt(at) << 9;
        count = 7;
      }
    } else {
      at++;
      c += byteAt(at) << 8;
      count = 8;
    }
  }
}
