package org.vesalius.tokenizer;

/**
 * A model whose pieces come from a {@link ByteLevelPreTokenizer} and are to be read in the {@link
 * ByteAlphabet}. Byte-pair encoding needs no such detour ({@link BpeSymbols.Bytes}).
 *
 * @param model what gets the spelled pieces
 */
record ByteSpelledModel(Model model) implements Model {
  @Override
  public PieceSink open(IntList out) {
    PieceSink sink = model.open(out);
    return (text, start, end) -> {
      char[] spelled =
          ByteLevelNormalizer.spell(new String(text, start, end - start)).toCharArray();
      sink.accept(spelled, 0, spelled.length);
    };
  }
}
