package org.vesalius.tokenizer;

/**
 * Turns the visible marks of {@link MetaspacePreTokenizer} back into spaces; those of the first
 * token are left out where the pre-tokenizer may have put one there.
 *
 * @param replacement the mark, one code point
 * @param prepends whether the scheme is another than never
 */
record MetaspaceDecoder(String replacement, boolean prepends) implements Decoder {
  @Override
  public Stage open(Stage next) {
    return new Stage() {
      private boolean first = true;

      @Override
      public void text(CharSequence part) {
        String text = part.toString();
        next.text(text.replace(replacement, first && prepends ? "" : " "));
      }

      @Override
      public void end() {
        first = false;
        next.end();
      }

      @Override
      public void finish() {
        next.finish();
      }
    };
  }
}
