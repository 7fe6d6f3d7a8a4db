package org.vesalius.tokenizer;

/** The part that cuts normalized text into pieces; tokens never cross a cut. Immutable. */
sealed interface PreTokenizer
    permits PreTokenizer.Whole,
        SplitPreTokenizer,
        DigitsPreTokenizer,
        ByteLevelPreTokenizer,
        PreTokenizerSequence {
  /** Gives the pieces of {@code text[start, end)} to {@code sink}; no piece is empty. */
  void split(char[] text, int start, int end, PieceSink sink);

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
