package org.vesalius.tokenizer;

import org.jspecify.annotations.Nullable;

/**
 * The last step of a byte-level tokenizer: from here on the symbols are UTF-8 bytes.
 *
 * <p>The reference rewrites the text here, one printable character per byte. This library leaves
 * the text as it is, and the model reads it as bytes ({@link BpeSymbols.Bytes}), which gives the
 * same ids.
 *
 * @param addPrefixSpace puts a space before each piece that does not start with one
 * @param split GPT-2's split pattern, or null where the file says {@code "use_regex": false}
 */
record ByteLevelPreTokenizer(boolean addPrefixSpace, @Nullable SplitPreTokenizer split)
    implements PreTokenizer {
  static final String GPT2_PATTERN =
      "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

  @Override
  public void split(char[] text, int start, int end, PieceSink sink) {
    if (start == end) {
      return;
    }
    if (addPrefixSpace && text[start] != ' ') {
      char[] prefixed = new char[end - start + 1];
      prefixed[0] = ' ';
      System.arraycopy(text, start, prefixed, 1, end - start);
      cut(prefixed, 0, prefixed.length, sink);
    } else {
      cut(text, start, end, sink);
    }
  }

  private void cut(char[] text, int start, int end, PieceSink sink) {
    if (split == null) {
      sink.accept(text, start, end);
    } else {
      split.split(text, start, end, sink);
    }
  }
}
