package org.vesalius.tokenizer;

/**
 * Takes a character off the ends of each token.
 *
 * @param content the character, one code point
 * @param start how often at most at its start
 * @param stop how often at most at its end
 */
record StripDecoder(int content, int start, int stop) implements Decoder {
  @Override
  public Stage open(Stage next) {
    return new Ends(next);
  }

  private final class Ends implements Stage {
    private final Stage next;
    private final StringBuilder out = new StringBuilder();
    private int stripped;
    private boolean inside;

    /** Occurrences of the character at the end so far, which may be the last ones. */
    private int pending;

    Ends(Stage next) {
      this.next = next;
    }

    @Override
    public void text(CharSequence part) {
      part.codePoints().forEach(this::accept);
      if (!out.isEmpty()) {
        next.text(out);
        out.setLength(0);
      }
    }

    private void accept(int codePoint) {
      if (codePoint != content) {
        inside = true;
        for (; pending > 0; pending--) {
          out.appendCodePoint(content);
        }
        out.appendCodePoint(codePoint);
      } else if (!inside && stripped < start) {
        stripped++;
      } else if (pending == stop) {
        inside = true;
        out.appendCodePoint(content);
      } else {
        inside = true;
        pending++;
      }
    }

    @Override
    public void end() {
      stripped = 0;
      inside = false;
      pending = 0;
      next.end();
    }

    @Override
    public void finish() {
      next.finish();
    }
  }
}
