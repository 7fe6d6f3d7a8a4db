package org.vesalius.tokenizer;

/**
 * Puts a text in the place of every match of a pattern.
 *
 * @param pattern what to look for
 * @param content what comes in its place
 */
record ReplaceNormalizer(SplitPattern pattern, String content) implements TextNormalizer {
  @Override
  public String normalize(String text) {
    if (text.isEmpty()) {
      return text;
    }
    if (pattern instanceof SplitPattern.Literal literal) {
      return text.replace(literal.content(), content);
    }
    char[] chars = text.toCharArray();
    StringBuilder result = new StringBuilder(text.length());
    int[] done = {0};
    pattern.forEachMatch(
        chars,
        0,
        chars.length,
        (t, start, end) -> {
          result.append(t, done[0], start - done[0]).append(content);
          done[0] = end;
        });
    return result.append(chars, done[0], chars.length - done[0]).toString();
  }

  @Override
  public boolean surelyKeeps(char[] text, int start, int end) {
    if (pattern instanceof SplitPattern.Literal literal) {
      char first = literal.content().charAt(0);
      for (int i = start; i < end; i++) {
        if (text[i] == first) {
          return false;
        }
      }
      return true;
    }
    return false;
  }

  /** A pattern of one character never matches across a cut. */
  @Override
  public boolean mayCutBefore(int codePoint) {
    return pattern instanceof SplitPattern.Literal literal
        && literal.content().codePointCount(0, literal.content().length()) == 1;
  }

  /** Text in the place of several characters counts as coming from the last of them. */
  @Override
  public boolean keepsStart(String text) {
    char[] chars = text.toCharArray();
    int[] first = {-1, -1};
    pattern.forEachMatch(
        chars,
        0,
        chars.length,
        (t, start, end) -> {
          if (first[0] < 0) {
            first[0] = start;
            first[1] = end;
          }
        });
    return first[0] != 0
        || first[1] == 0
        || (!content.isEmpty() && text.codePointCount(0, first[1]) == 1);
  }
}
