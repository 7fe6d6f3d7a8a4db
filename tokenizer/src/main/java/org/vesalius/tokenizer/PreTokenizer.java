package org.vesalius.tokenizer;

/**
 * The part that cuts normalized text into pieces; tokens never cross a cut. Immutable.
 *
 * <p>Index 0 of the array is the first character of all the text that is encoded, and only that: a
 * part that rewrites text keeps it so ({@link MetaspacePreTokenizer} asks).
 */
sealed interface PreTokenizer
    permits PreTokenizer.Whole,
        SplitPreTokenizer,
        DigitsPreTokenizer,
        ByteLevelPreTokenizer,
        MetaspacePreTokenizer,
        BertPreTokenizer,
        WhitespacePreTokenizer,
        FixedLengthPreTokenizer,
        UnicodeScriptsPreTokenizer,
        PreTokenizerSequence {
  /** Gives the pieces of {@code text[start, end)} to {@code sink}; no piece is empty. */
  void split(char[] text, int start, int end, PieceSink sink);

  /** Whether it matters where in the text a piece comes from. */
  default boolean asksForStart() {
    return false;
  }

  /** No pre-tokenizer: the text is one piece. */
  record Whole() implements PreTokenizer {
    @Override
    public void split(char[] text, int start, int end, PieceSink sink) {
      if (start < end) {
        sink.accept(text, start, end);
      }
    }
  }
}
