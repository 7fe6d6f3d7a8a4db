package org.vesalius.tokenizer;

/**
 * The split pattern of Qwen2 and of Llama 3, which differ only in how many digits stay together, as
 * a hand-written scanner: one pass, no backtracking, no allocation. It finds what the regular
 * expression finds; a test holds it to {@link RegexPattern} on the same pattern.
 *
 * <p>The alternatives, in order: an English contraction; letters with at most one other character
 * before them; digits; anything else, with one space before and the line breaks after it; white
 * space up to its last line break; white space without its last character when something follows
 * it; white space.
 *
 * @param maxDigits digits that stay together at most
 */
record WordScanner(int maxDigits) implements SplitPattern {
  private static final String BEFORE_DIGITS =
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|";
  private static final String AFTER_DIGITS =
      "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

  /** Qwen2 and everything after it: digits one by one. */
  static final String QWEN2_PATTERN = BEFORE_DIGITS + "\\p{N}" + AFTER_DIGITS;

  /** Llama 3 and GPT-4: digits in groups of at most three. */
  static final String LLAMA3_PATTERN = BEFORE_DIGITS + "\\p{N}{1,3}" + AFTER_DIGITS;

  @Override
  public void forEachMatch(char[] text, int start, int end, PieceSink sink) {
    int i = start;
    while (i < end) {
      int stop = next(text, i, end);
      sink.accept(text, i, stop);
      i = stop;
    }
  }

  /** End of the piece that starts at {@code i}; every character belongs to some piece. */
  private int next(char[] text, int i, int end) {
    int first = Character.codePointAt(text, i, end);
    byte kind = CodePoints.kind(first);
    int after = i + Character.charCount(first);
    if (kind == CodePoints.LETTER) {
      return letters(text, after, end);
    }
    if (kind == CodePoints.NUMBER) {
      return digits(text, after, end);
    }
    if (first == '\'') {
      int stop = contraction(text, after, end);
      if (stop > 0) {
        return stop;
      }
    }
    if (kind == CodePoints.NEWLINE) {
      return whiteSpace(text, i, end);
    }
    byte following = after < end ? kindAt(text, after, end) : CodePoints.SPACE;
    if (following == CodePoints.LETTER) {
      return letters(text, after, end);
    }
    if (kind == CodePoints.OTHER || (first == ' ' && following == CodePoints.OTHER)) {
      return others(text, after, end);
    }
    return whiteSpace(text, i, end);
  }

  private static int letters(char[] text, int i, int end) {
    while (i < end) {
      char c = text[i];
      if (CodePoints.kind(c) == CodePoints.LETTER) {
        i++;
      } else if (Character.isHighSurrogate(c) && kindAt(text, i, end) == CodePoints.LETTER) {
        i += 2;
      } else {
        break;
      }
    }
    return i;
  }

  private int digits(char[] text, int i, int end) {
    for (int n = 1; n < maxDigits && i < end && kindAt(text, i, end) == CodePoints.NUMBER; n++) {
      i += Character.charCount(Character.codePointAt(text, i, end));
    }
    return i;
  }

  private static int others(char[] text, int i, int end) {
    while (i < end && kindAt(text, i, end) == CodePoints.OTHER) {
      i += Character.isHighSurrogate(text[i]) ? 2 : 1;
    }
    while (i < end && CodePoints.kind(text[i]) == CodePoints.NEWLINE) {
      i++;
    }
    return i;
  }

  private static int whiteSpace(char[] text, int start, int end) {
    int afterNewline = -1;
    int i = start;
    for (; i < end && CodePoints.kind(text[i]) >= CodePoints.SPACE; i++) {
      if (CodePoints.kind(text[i]) == CodePoints.NEWLINE) {
        afterNewline = i + 1;
      }
    }
    if (afterNewline > 0) {
      return afterNewline;
    }
    return i == end || i == start + 1 ? i : i - 1;
  }

  /** End of a contraction whose apostrophe lies just before {@code i}, or -1. */
  private static int contraction(char[] text, int i, int end) {
    if (i == end) {
      return -1;
    }
    return switch (text[i]) {
      // U+017F, the long s, is a case variant of s.
      case 's', 'S', '\u017F', 't', 'T', 'm', 'M', 'd', 'D' -> i + 1;
      case 'r', 'R', 'v', 'V' -> i + 1 < end && (text[i + 1] | 0x20) == 'e' ? i + 2 : -1;
      case 'l', 'L' -> i + 1 < end && (text[i + 1] | 0x20) == 'l' ? i + 2 : -1;
      default -> -1;
    };
  }

  private static byte kindAt(char[] text, int i, int end) {
    char c = text[i];
    return Character.isHighSurrogate(c)
        ? CodePoints.kind(Character.codePointAt(text, i, end))
        : CodePoints.kind(c);
  }
}
