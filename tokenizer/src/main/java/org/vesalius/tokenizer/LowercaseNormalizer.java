package org.vesalius.tokenizer;

/**
 * Lower case, code point by code point: what stands around a letter does not matter, so a sigma at
 * the end of a word stays an ordinary one.
 */
record LowercaseNormalizer() implements TextNormalizer {
  private static final int CAPITAL_I_WITH_DOT = 0x130;

  @Override
  public String normalize(String text) {
    for (int i = 0; i < text.length(); ) {
      int codePoint = text.codePointAt(i);
      if (changes(codePoint)) {
        return lowercase(text, i);
      }
      i += Character.charCount(codePoint);
    }
    return text;
  }

  private static String lowercase(String text, int from) {
    StringBuilder result = new StringBuilder(text.length()).append(text, 0, from);
    for (int i = from; i < text.length(); ) {
      int codePoint = text.codePointAt(i);
      i += Character.charCount(codePoint);
      if (codePoint == CAPITAL_I_WITH_DOT) {
        // The only code point whose lower case is two.
        result.append("i\u0307");
      } else {
        result.appendCodePoint(lower(codePoint));
      }
    }
    return result.toString();
  }

  private static boolean changes(int codePoint) {
    if (codePoint < 0x80) {
      return codePoint >= 'A' && codePoint <= 'Z';
    }
    return lower(codePoint) != codePoint;
  }

  /** Capitals of Unicode 17.0, which the reference's own tables have, are spelled out. */
  private static int lower(int codePoint) {
    return switch (codePoint) {
      case 0xA7CE, 0xA7D2, 0xA7D4 -> codePoint + 1;
      default -> {
        if (codePoint >= 0x16EA0 && codePoint <= 0x16EB8) {
          yield codePoint + 0x1B;
        }
        yield CodePoints.unassigned(codePoint) ? codePoint : Character.toLowerCase(codePoint);
      }
    };
  }

  @Override
  public boolean surelyKeeps(char[] text, int start, int end) {
    for (int i = start; i < end; i++) {
      if (text[i] >= 0x80 || (text[i] >= 'A' && text[i] <= 'Z')) {
        return false;
      }
    }
    return true;
  }

  @Override
  public boolean mayCutBefore(int codePoint) {
    return true;
  }
}
