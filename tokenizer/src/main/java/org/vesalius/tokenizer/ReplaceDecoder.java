package org.vesalius.tokenizer;

/**
 * Puts a text in the place of every match of a pattern in a token.
 *
 * @param replace the pattern and the text
 */
record ReplaceDecoder(ReplaceNormalizer replace) implements Decoder {
  @Override
  public Stage open(Stage next) {
    if (replace.pattern() instanceof SplitPattern.Literal literal) {
      return new LiteralParts(literal.content(), replace.content(), next);
    }
    return new WholeTokens(
        token -> {
          next.text(replace.normalize(token));
          next.end();
        },
        next::finish);
  }

  /** A fixed string is found as the parts come; only what may be its beginning is kept back. */
  private static final class LiteralParts implements Stage {
    private final String pattern;
    private final String content;
    private final Stage next;
    private final StringBuilder kept = new StringBuilder();

    LiteralParts(String pattern, String content, Stage next) {
      this.pattern = pattern;
      this.content = content;
      this.next = next;
    }

    @Override
    public void text(CharSequence part) {
      kept.append(part);
      int from = 0;
      for (int at = kept.indexOf(pattern); at >= 0; at = kept.indexOf(pattern, from)) {
        emit(from, at);
        next.text(content);
        from = at + pattern.length();
      }
      int to = Math.max(from, kept.length() - pattern.length() + 1);
      while (to < kept.length() && !pattern.startsWith(kept.substring(to))) {
        to++;
      }
      emit(from, to);
      kept.delete(0, to);
    }

    private void emit(int from, int to) {
      if (from < to) {
        next.text(kept.substring(from, to));
      }
    }

    @Override
    public void end() {
      emit(0, kept.length());
      kept.setLength(0);
      next.end();
    }

    @Override
    public void finish() {
      next.finish();
    }
  }
}
