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
      boolean digit = CodePoints.kind(codePoint) == CodePoints.NUMBER;
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
}
