package org.vesalius.tokenizer;

/**
 * Joins the tokens of {@link WordPieceModel} to words, with a space between.
 *
 * @param prefix what tokens that go on in a word start with
 * @param cleanup takes out spaces that English writes nowhere
 */
record WordPieceDecoder(String prefix, boolean cleanup) implements Decoder {
  private static final String[][] CLEANUP = {
    {" .", "."},
    {" ?", "?"},
    {" !", "!"},
    {" ,", ","},
    {" ' ", "'"},
    {" n't", "n't"},
    {" 'm", "'m"},
    {" do not", " don't"},
    {" 's", "'s"},
    {" 've", "'ve"},
    {" 're", "'re"},
  };

  @Override
  public Stage open(Stage next) {
    boolean[] first = {true};
    return new WholeTokens(
        token -> {
          String text = token;
          if (!first[0]) {
            text = token.startsWith(prefix) ? token.substring(prefix.length()) : " " + token;
          }
          first[0] = false;
          next.text(cleanup ? cleanUp(text) : text);
          next.end();
        },
        next::finish);
  }

  /** The rules are applied to one token, not across two. */
  static String cleanUp(String text) {
    String result = text;
    for (String[] rule : CLEANUP) {
      result = result.replace(rule[0], rule[1]);
    }
    return result;
  }
}
