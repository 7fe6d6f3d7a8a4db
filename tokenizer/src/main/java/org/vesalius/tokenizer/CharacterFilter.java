package org.vesalius.tokenizer;

/**
 * A normalizer that looks at one code point after the other: each stays, is left out or becomes a
 * space.
 *
 * @param rule which
 */
record CharacterFilter(Rule rule) implements TextNormalizer {
  /** What the filter leaves out and what it makes a space. */
  enum Rule {
    /** Leaves out combining marks, where they are code points of their own. */
    STRIP_ACCENTS {
      @Override
      int apply(int codePoint) {
        return codePoint >= 0x300 && OlderUnicode.isMark(codePoint) ? NOTHING : codePoint;
      }
    },

    /** The clean-up of SentencePiece's normalization for machine translation. */
    NMT {
      @Override
      int apply(int codePoint) {
        return switch (codePoint) {
          case '\t', '\n', '\f', '\r', 0x1680, 0x2028, 0x2029, 0x2581, 0xFEFF, 0xFFFD -> ' ';
          case 0x200B, 0x200C, 0x200D, 0x200E, 0x200F -> ' ';
          case 0x0B, 0x7F, 0x8F, 0x9F -> NOTHING;
          default -> codePoint != 0 && codePoint < ' ' ? NOTHING : codePoint;
        };
      }
    },

    /** BERT's clean-up: control characters are left out, white space becomes spaces. */
    BERT_CLEAN {
      @Override
      int apply(int codePoint) {
        if (codePoint > ' ' && codePoint < 0x7F) {
          return codePoint;
        }
        if (codePoint == '\t' || codePoint == '\n' || codePoint == '\r') {
          return ' ';
        }
        if (codePoint == 0 || codePoint == 0xFFFD || OlderUnicode.isControl(codePoint)) {
          return NOTHING;
        }
        return CodePoints.isSpace(codePoint) ? ' ' : codePoint;
      }
    },

    /** Leaves out marks without width, the accents of decomposed letters. */
    NONSPACING {
      @Override
      int apply(int codePoint) {
        return codePoint >= 0x300 && OlderUnicode.isNonspacingMark(codePoint) ? NOTHING : codePoint;
      }
    };

    static final int NOTHING = -1;

    abstract int apply(int codePoint);
  }

  @Override
  public String normalize(String text) {
    for (int i = 0; i < text.length(); ) {
      int codePoint = text.codePointAt(i);
      if (rule.apply(codePoint) != codePoint) {
        return filter(text, i);
      }
      i += Character.charCount(codePoint);
    }
    return text;
  }

  private String filter(String text, int from) {
    StringBuilder result = new StringBuilder(text.length()).append(text, 0, from);
    for (int i = from; i < text.length(); ) {
      int codePoint = text.codePointAt(i);
      i += Character.charCount(codePoint);
      int kept = rule.apply(codePoint);
      if (kept != Rule.NOTHING) {
        result.appendCodePoint(kept);
      }
    }
    return result.toString();
  }

  @Override
  public boolean mayCutBefore(int codePoint) {
    return true;
  }

  @Override
  public boolean keepsStart(String text) {
    return text.isEmpty() || rule.apply(text.codePointAt(0)) != Rule.NOTHING;
  }
}
