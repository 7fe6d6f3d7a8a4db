package org.vesalius.tokenizer;

import org.jspecify.annotations.Nullable;

/**
 * Decodes ids one at a time, as a model generates them.
 *
 * <p>Each answer is whole code points, so it can be shown at once; bytes of a code point whose end
 * is still to come are kept back. All answers end to end, with that of {@link #finish()}, are what
 * {@link Tokenizer#decode} gives for all the ids. Not thread-safe: one per stream.
 */
public final class StreamingDecoder {
  private final Vocabulary vocabulary;
  private final boolean skipSpecialTokens;
  private final StringBuilder text = new StringBuilder();
  private Decoder.@Nullable Stage stage;

  StreamingDecoder(Vocabulary vocabulary, Decoder decoder, boolean skipSpecialTokens) {
    this.vocabulary = vocabulary;
    this.skipSpecialTokens = skipSpecialTokens;
    this.stage = decoder.open(new Decoder.Collector(text));
  }

  /**
   * Takes the next id.
   *
   * @return the text that is complete now, often empty
   * @throws IllegalArgumentException for a negative id
   * @throws IllegalStateException after {@link #finish()}
   */
  public String append(int id) {
    accept(id);
    return take();
  }

  /**
   * Ends the stream.
   *
   * @return what was kept back: empty, or U+FFFD for a code point that never became whole
   * @throws IllegalStateException when called twice
   */
  public String finish() {
    open().finish();
    stage = null;
    return take();
  }

  void accept(int id) {
    Decoder.Stage open = open();
    if (id < 0) {
      throw new IllegalArgumentException(
          "token id "
              + id
              + " is negative; the vocabulary has ids 0 to "
              + (vocabulary.size() - 1));
    }
    String token = vocabulary.decoded(id);
    if (token != null && !(skipSpecialTokens && vocabulary.isSpecial(id))) {
      open.accept(token);
    }
  }

  private Decoder.Stage open() {
    if (stage == null) {
      throw new IllegalStateException("this streaming decoder has finished; make one per stream");
    }
    return stage;
  }

  private String take() {
    String result = text.toString();
    text.setLength(0);
    return result;
  }
}
