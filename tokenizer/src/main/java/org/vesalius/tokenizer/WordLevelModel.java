package org.vesalius.tokenizer;

/**
 * One token for each piece.
 *
 * @param vocabulary where pieces are looked up
 * @param unknown id for a piece that is not there
 */
record WordLevelModel(Vocabulary vocabulary, int unknown) implements Model {
  @Override
  public PieceSink open(IntList out) {
    return (text, start, end) -> {
      int id = vocabulary.modelId(new String(text, start, end - start));
      out.add(id < 0 ? unknown : id);
    };
  }
}
