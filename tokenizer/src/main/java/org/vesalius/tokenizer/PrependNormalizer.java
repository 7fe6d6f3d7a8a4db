package org.vesalius.tokenizer;

/**
 * Puts a text before every text that is not empty.
 *
 * @param prefix the text
 */
record PrependNormalizer(String prefix) implements TextNormalizer {
  @Override
  public String normalize(String text) {
    return text.isEmpty() ? text : prefix + text;
  }

  @Override
  public boolean surelyKeeps(char[] text, int start, int end) {
    return start == end || prefix.isEmpty();
  }
}
