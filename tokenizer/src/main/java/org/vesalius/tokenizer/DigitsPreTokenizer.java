package org.vesalius.tokenizer;

/**
 * Cuts numbers (general categories Nd, Nl, No) out of the text.
 *
 * @param individual each digit alone instead of runs of digits
 */
record DigitsPreTokenizer(boolean individual) implements PreTokenizer {
  @Override
  public void split(char[] text, int start, int end, PieceSink sink) {
    int pieceStart = start;
    boolean previous = false;
    for (int i = start; i < end; ) {
      int codePoint = Character.codePointAt(text, i, end);
      boolean digit = isDigit(codePoint);
      if (i > pieceStart && (digit != previous || (digit && individual))) {
        sink.accept(text, pieceStart, i);
        pieceStart = i;
      }
      previous = digit;
      i += Character.charCount(codePoint);
    }
    if (pieceStart < end) {
      sink.accept(text, pieceStart, end);
    }
  }

  /** Numbers of Unicode 17.0, which the reference's own tables have, are spelled out. */
  private static boolean isDigit(int codePoint) {
    return CodePoints.kind(codePoint) == CodePoints.NUMBER
        || (codePoint >= 0x11DE0 && codePoint <= 0x11DE9)
        || (codePoint >= 0x16FF4 && codePoint <= 0x16FF6);
  }
}
