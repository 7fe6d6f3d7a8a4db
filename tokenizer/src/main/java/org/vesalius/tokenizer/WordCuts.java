package org.vesalius.tokenizer;

import java.util.BitSet;

/**
 * Places where byte-pair encoding may be started anew without any change in the ids: before a word
 * mark, where no token goes on from the character before it. A tokenizer in the manner of
 * SentencePiece gives all of a text to the model as one piece; cut here, its words are short and
 * found in the cache.
 *
 * @param joined characters that some token has before a word mark
 */
record WordCuts(BitSet joined) {
  static final char MARK = '\u2581';

  /** A sink that cuts the pieces it gets. */
  PieceSink before(PieceSink sink) {
    return (text, start, end) -> {
      int piece = start;
      for (int i = start + 1; i < end; i++) {
        if (text[i] == MARK && text[i - 1] != MARK && !joined.get(text[i - 1])) {
          sink.accept(text, piece, i);
          piece = i;
        }
      }
      sink.accept(text, piece, end);
    };
  }

  /** Adds what a token joins. */
  void add(TokenTable tokens, int id) {
    for (int i = 1; i < tokens.length(id); i++) {
      if (tokens.charAt(id, i) == MARK && tokens.charAt(id, i - 1) != MARK) {
        joined.set(tokens.charAt(id, i - 1));
      }
    }
  }
}
