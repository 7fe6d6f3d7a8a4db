package org.vesalius.tokenizer;

import org.jspecify.annotations.Nullable;

/**
 * Turns the mark at the end of words into a space, and into nothing in the last token.
 *
 * @param suffix the mark, not empty
 */
record BpeDecoder(String suffix) implements Decoder {
  @Override
  public Stage open(Stage next) {
    Words words = new Words(next);
    return new WholeTokens(words::accept, words::finish);
  }

  private final class Words {
    private final Stage next;

    /** The token before, from its first mark on: whether it is the last one is not known yet. */
    private @Nullable String open;

    Words(Stage next) {
      this.next = next;
    }

    void accept(String token) {
      close(" ");
      int mark = token.indexOf(suffix);
      int known = mark < 0 ? token.length() : mark;
      next.text(token.substring(0, known));
      open = token.substring(known);
    }

    void finish() {
      close("");
      next.finish();
    }

    private void close(String replacement) {
      if (open != null) {
        next.text(open.replace(suffix, replacement));
        next.end();
        open = null;
      }
    }
  }
}
