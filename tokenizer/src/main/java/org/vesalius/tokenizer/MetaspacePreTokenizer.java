package org.vesalius.tokenizer;

/**
 * SentencePiece's way with spaces: each becomes a visible mark, one is put before the text, and
 * words are cut before the mark.
 *
 * @param replacement the mark, one code point
 * @param scheme when a mark is put before a piece that does not start with one
 * @param split whether pieces are cut before each mark
 */
record MetaspacePreTokenizer(String replacement, Scheme scheme, boolean split)
    implements PreTokenizer {
  /** When a mark is put before; the names are those of tokenizer.json. */
  enum Scheme {
    /** Only before the piece that starts all the text. */
    FIRST("first"),
    ALWAYS("always"),
    NEVER("never");

    private final String label;

    Scheme(String label) {
      this.label = label;
    }

    String label() {
      return label;
    }
  }

  @Override
  public void split(char[] text, int start, int end, PieceSink sink) {
    if (start == end) {
      return;
    }
    int mark = replacement.length();
    // Index 0 is left free where the piece does not start the text.
    int from = start == 0 ? 0 : 1;
    char[] marked = new char[from + mark + (end - start) * mark];
    int to = from;
    if (prepends(text, start, end)) {
      replacement.getChars(0, mark, marked, to);
      to += mark;
    }
    for (int i = start; i < end; i++) {
      if (text[i] == ' ') {
        replacement.getChars(0, mark, marked, to);
        to += mark;
      } else {
        marked[to++] = text[i];
      }
    }
    if (!split) {
      sink.accept(marked, from, to);
      return;
    }
    int piece = from;
    for (int i = from + 1; i < to; i++) {
      if (startsWithMark(marked, i, to)) {
        sink.accept(marked, piece, i);
        piece = i;
      }
    }
    sink.accept(marked, piece, to);
  }

  private boolean prepends(char[] text, int start, int end) {
    return switch (scheme) {
      case NEVER -> false;
      case FIRST -> start == 0 && text[start] != ' ' && !startsWithMark(text, start, end);
      case ALWAYS -> text[start] != ' ' && !startsWithMark(text, start, end);
    };
  }

  private boolean startsWithMark(char[] text, int at, int end) {
    if (at + replacement.length() > end) {
      return false;
    }
    for (int k = 0; k < replacement.length(); k++) {
      if (text[at + k] != replacement.charAt(k)) {
        return false;
      }
    }
    return true;
  }

  @Override
  public boolean asksForStart() {
    return scheme == Scheme.FIRST;
  }
}
