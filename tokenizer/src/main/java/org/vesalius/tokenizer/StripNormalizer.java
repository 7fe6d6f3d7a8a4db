package org.vesalius.tokenizer;

/**
 * Takes white space off the ends of the text.
 *
 * @param left off its start
 * @param right off its end
 */
record StripNormalizer(boolean left, boolean right) implements TextNormalizer {
  @Override
  public String normalize(String text) {
    int start = 0;
    int end = text.length();
    while (left && start < end && CodePoints.isSpace(text.charAt(start))) {
      start++;
    }
    while (right && end > start && CodePoints.isSpace(text.charAt(end - 1))) {
      end--;
    }
    return text.substring(start, end);
  }

  @Override
  public boolean surelyKeeps(char[] text, int start, int end) {
    return start == end
        || ((!left || !CodePoints.isSpace(text[start]))
            && (!right || !CodePoints.isSpace(text[end - 1])));
  }

  @Override
  public boolean keepsStart(String text) {
    return !left || text.isEmpty() || !CodePoints.isSpace(text.charAt(0));
  }
}
