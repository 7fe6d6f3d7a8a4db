package org.vesalius.tokenizer;

import java.util.Arrays;

/**
 * The printable alphabet in which byte-level vocabularies write bytes: one character for each byte,
 * as GPT-2 laid it down. Bytes that are printable in Latin-1 stand for themselves, the other 68 are
 * U+0100 and up, in order.
 */
final class ByteAlphabet {
  private static final char[] TO_CHAR = new char[256];
  private static final short[] TO_BYTE = new short[256 + 68];

  static {
    Arrays.fill(TO_BYTE, (short) -1);
    int next = 256;
    for (int b = 0; b < 256; b++) {
      boolean printable = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
      TO_CHAR[b] = (char) (printable ? b : next++);
      TO_BYTE[TO_CHAR[b]] = (short) b;
    }
  }

  private ByteAlphabet() {}

  static char toChar(int unsignedByte) {
    return TO_CHAR[unsignedByte];
  }

  /** The byte a character stands for, or -1 for a character outside the alphabet. */
  static int toByte(char c) {
    return c < TO_BYTE.length ? TO_BYTE[c] : -1;
  }
}
