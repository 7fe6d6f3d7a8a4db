package org.vesalius.tokenizer;

/**
 * Pieces of so many code points, the last one as long as it comes.
 *
 * @param length code points of a piece, at least 1
 */
record FixedLengthPreTokenizer(int length) implements PreTokenizer {
  @Override
  public void split(char[] text, int start, int end, PieceSink sink) {
    int piece = start;
    int count = 0;
    for (int i = start; i < end; i += Character.charCount(Character.codePointAt(text, i, end))) {
      if (count == length) {
        sink.accept(text, piece, i);
        piece = i;
        count = 0;
      }
      count++;
    }
    if (piece < end) {
      sink.accept(text, piece, end);
    }
  }
}
