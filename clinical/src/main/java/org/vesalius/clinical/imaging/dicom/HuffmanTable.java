package org.vesalius.clinical.imaging.dicom;

import java.util.Arrays;

/** A Huffman code of JPEG (T.81 C), with a table for its short words. */
final class HuffmanTable {
  private static final int QUICK = 9;
  private static final int LONGEST = 16;

  private final byte[] symbols;

  /** Length and symbol of the code word that so many bits begin with; 0 for a longer one. */
  private final short[] quick = new short[1 << QUICK];

  /** Largest code word of each length, or -1; and what to add to one for its symbol. */
  private final int[] largest = new int[LONGEST + 1];

  private final int[] delta = new int[LONGEST + 1];

  /**
   * @param at position of the counts, for messages
   */
  HuffmanTable(byte[] data, int at, int symbolCount) {
    this.symbols = Arrays.copyOfRange(data, at + 16, at + 16 + symbolCount);
    int code = 0;
    int next = 0;
    for (int length = 1; length <= LONGEST; length++) {
      int count = data[at + length - 1] & 0xff;
      if (code + count > 1 << length) {
        throw new CodecException(at, "corrupt: a Huffman table has more words than fit");
      }
      delta[length] = next - code;
      for (int i = 0; i < count; i++, code++, next++) {
        if (length <= QUICK) {
          short entry = (short) (length << 8 | (symbols[next] & 0xff));
          int first = code << (QUICK - length);
          Arrays.fill(quick, first, first + (1 << (QUICK - length)), entry);
        }
      }
      largest[length] = count == 0 ? -1 : code - 1;
      code <<= 1;
    }
  }

  int decode(JpegBits bits) {
    int entry = quick[bits.peek(QUICK)];
    if (entry != 0) {
      bits.skip(entry >> 8);
      return entry & 0xff;
    }
    int word = bits.peek(LONGEST);
    for (int length = QUICK + 1; length <= LONGEST; length++) {
      int code = word >> (LONGEST - length);
      if (code <= largest[length]) {
        bits.skip(length);
        return symbols[code + delta[length]] & 0xff;
      }
    }
    throw new CodecException(bits.position(), "corrupt: bits that are no Huffman word");
  }
}
