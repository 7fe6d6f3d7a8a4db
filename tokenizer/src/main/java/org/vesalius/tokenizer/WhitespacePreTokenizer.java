package org.vesalius.tokenizer;

/**
 * Runs of word characters and runs of other characters; white space is left out. What the regular
 * expression {@code \w+|[^\w\s]+} finds.
 */
record WhitespacePreTokenizer() implements PreTokenizer {
  private enum Kind {
    SPACE,
    WORD,
    OTHER
  }

  @Override
  public void split(char[] text, int start, int end, PieceSink sink) {
    int piece = start;
    Kind previous = Kind.SPACE;
    for (int i = start; i < end; ) {
      int codePoint = Character.codePointAt(text, i, end);
      Kind kind = kind(codePoint);
      if (kind != previous) {
        if (previous != Kind.SPACE) {
          sink.accept(text, piece, i);
        }
        piece = i;
        previous = kind;
      }
      i += Character.charCount(codePoint);
    }
    if (previous != Kind.SPACE) {
      sink.accept(text, piece, end);
    }
  }

  private static Kind kind(int codePoint) {
    return CodePoints.isSpace(codePoint)
        ? Kind.SPACE
        : CodePoints.isWord(codePoint) ? Kind.WORD : Kind.OTHER;
  }
}
