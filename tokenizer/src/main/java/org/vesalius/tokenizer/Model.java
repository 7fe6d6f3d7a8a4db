package org.vesalius.tokenizer;

/**
 * The part that turns one piece of text into ids. Immutable apart from caches, safe for many
 * threads.
 */
sealed interface Model
    permits BpeModel, UnigramModel, WordPieceModel, WordLevelModel, ByteSpelledModel {
  /**
   * A sink that appends the ids of each piece it is given to {@code out}. It holds scratch memory,
   * so one is made for each call of encode.
   */
  PieceSink open(IntList out);
}
