package org.vesalius.tokenizer;

/** Words between white space; each punctuation character is a piece of its own. */
record BertPreTokenizer() implements PreTokenizer {
  @Override
  public void split(char[] text, int start, int end, PieceSink sink) {
    int piece = start;
    for (int i = start; i < end; ) {
      int codePoint = Character.codePointAt(text, i, end);
      int next = i + Character.charCount(codePoint);
      boolean space = CodePoints.isSpace(codePoint);
      if (space || OlderUnicode.isPunctuation(codePoint)) {
        if (piece < i) {
          sink.accept(text, piece, i);
        }
        if (!space) {
          sink.accept(text, i, next);
        }
        piece = next;
      }
      i = next;
    }
    if (piece < end) {
      sink.accept(text, piece, end);
    }
  }
}
