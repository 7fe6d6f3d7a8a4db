package org.vesalius.clinical.knowledge;

/** Text from documents, made such that it can only be what it looks like. */
final class Texts {
  private Texts() {}

  /**
   * Text as documents keep it here: line ends are {@code \n}; other control characters are spaces;
   * characters that are not seen, such as those that turn the direction of writing or carry hidden
   * tags, are left out, joiners of scripts excepted; halves of pairs are replaced.
   */
  static String clean(String text) {
    StringBuilder clean = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      int next = i + Character.charCount(c);
      if (c == '\r') {
        clean.append('\n');
        next += next < text.length() && text.charAt(next) == '\n' ? 1 : 0;
      } else {
        append(clean, c);
      }
      i = next;
    }
    return clean.toString();
  }

  private static void append(StringBuilder clean, int c) {
    switch (Character.getType(c)) {
      case Character.CONTROL -> clean.append(c == '\n' || c == '\t' ? (char) c : ' ');
      case Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> clean.append('\n');
      case Character.SURROGATE -> clean.append('\uFFFD');
      case Character.FORMAT -> {
        if (c == 0x200C || c == 0x200D) {
          clean.append((char) c);
        }
      }
      default -> clean.appendCodePoint(c);
    }
  }

  /** Text in one line of at most so many characters. */
  static String oneLine(String text, int most) {
    String line = clean(text).replaceAll("\\s+", " ").strip();
    return line.length() <= most ? line : line.substring(0, boundary(line, most - 1)) + "…";
  }

  /** The place, or the one before where it is inside of a pair. */
  static int boundary(String text, int place) {
    boolean inside =
        place > 0
            && place < text.length()
            && Character.isLowSurrogate(text.charAt(place))
            && Character.isHighSurrogate(text.charAt(place - 1));
    return inside ? place - 1 : place;
  }
}
