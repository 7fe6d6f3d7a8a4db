package org.vesalius.tokenizer;

/**
 * Reads the output of connectionist temporal classification (Graves et al., 2006): of equal tokens
 * side by side one stays, blanks are left out.
 *
 * @param padToken the blank
 * @param wordDelimiter becomes a space in a clean-up; not empty
 * @param cleanup as in {@link WordPieceDecoder}
 */
record CtcDecoder(String padToken, String wordDelimiter, boolean cleanup) implements Decoder {
  @Override
  public Stage open(Stage next) {
    String[] previous = {null};
    return new WholeTokens(
        token -> {
          if (!token.equals(previous[0])) {
            previous[0] = token;
            String text = padToken.isEmpty() ? token : token.replace(padToken, "");
            if (cleanup) {
              text = WordPieceDecoder.cleanUp(text).replace(wordDelimiter, " ");
            }
            if (!text.isEmpty()) {
              next.text(text);
              next.end();
            }
          }
        },
        next::finish);
  }
}
