package org.vesalius.tokenizer;

import java.text.Normalizer;
import java.text.Normalizer.Form;
import java.util.BitSet;

/**
 * Unicode normalization form C.
 *
 * <p>The reference has the composition tables of an older Unicode than its regular expressions:
 * marks and composites that came later are left as they are. So they are here, which matters for a
 * few historic scripts and keeps the ids equal.
 */
record NfcNormalizer() implements TextNormalizer {
  /**
   * Code points that the JDK reorders, composes or decomposes and the reference (tokenizers 0.23)
   * does not: measured by normalizing every code point alone, after a mark of the highest class,
   * before a mark of the lowest, and every canonical decomposition.
   */
  private static final int[][] YOUNGER_RANGES = {
    {0x7FD, 0x7FD},
    {0x897, 0x89F},
    {0x8CA, 0x8D3},
    {0x9FE, 0x9FE},
    {0xC3C, 0xC3C},
    {0xD3B, 0xD3C},
    {0xEBA, 0xEBA},
    {0x1715, 0x1715},
    {0x1ABF, 0x1ACE},
    {0x1DF6, 0x1DFA},
    {0xA82C, 0xA82C},
    {0x105C9, 0x105C9},
    {0x105D2, 0x105D2},
    {0x105DA, 0x105DA},
    {0x105E4, 0x105E4},
    {0x10D24, 0x10D27},
    {0x10D69, 0x10D6D},
    {0x10EAB, 0x10EAC},
    {0x10EFD, 0x10EFF},
    {0x10F46, 0x10F50},
    {0x10F82, 0x10F85},
    {0x11070, 0x11070},
    {0x1133B, 0x1133B},
    {0x11380, 0x113E2},
    {0x1145E, 0x1145E},
    {0x11839, 0x1183A},
    {0x11930, 0x11930},
    {0x11935, 0x11935},
    {0x11938, 0x11938},
    {0x1193D, 0x1193E},
    {0x11943, 0x11943},
    {0x119E0, 0x119E0},
    {0x11A34, 0x11A34},
    {0x11A47, 0x11A47},
    {0x11A99, 0x11A99},
    {0x11D42, 0x11D42},
    {0x11D44, 0x11D45},
    {0x11D97, 0x11D97},
    {0x11F41, 0x11F42},
    {0x1611E, 0x1612F},
    {0x16D63, 0x16D6A},
    {0x16FF0, 0x16FF1},
    {0x1E08F, 0x1E08F},
    {0x1E130, 0x1E136},
    {0x1E2AE, 0x1E2AE},
    {0x1E2EC, 0x1E2EF},
    {0x1E4EC, 0x1E4EF},
    {0x1E5EE, 0x1E5EF},
  };

  private static final BitSet YOUNGER = new BitSet();

  static {
    for (int[] range : YOUNGER_RANGES) {
      YOUNGER.set(range[0], range[1] + 1);
    }
  }

  @Override
  public String normalize(String text) {
    int younger = nextYounger(text, 0);
    if (younger == text.length()) {
      return compose(text);
    }
    StringBuilder result = new StringBuilder(text.length());
    int from = 0;
    while (younger < text.length()) {
      int after = younger + Character.charCount(text.codePointAt(younger));
      result.append(compose(text.substring(from, younger)));
      result.append(text, younger, after);
      from = after;
      younger = nextYounger(text, from);
    }
    return result.append(compose(text.substring(from))).toString();
  }

  private static String compose(String text) {
    String ordered = MarkOrder.sort(text);
    return Normalizer.isNormalized(ordered, Form.NFC)
        ? ordered
        : Normalizer.normalize(ordered, Form.NFC);
  }

  private static int nextYounger(String text, int from) {
    for (int i = from; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c >= YOUNGER_RANGES[0][0]) {
        int codePoint = text.codePointAt(i);
        if (isYounger(codePoint)) {
          return i;
        }
        i += Character.charCount(codePoint) - 1;
      }
    }
    return text.length();
  }

  /** Whether the code point came after the composition tables of the reference. */
  static boolean isYounger(int codePoint) {
    return YOUNGER.get(codePoint) || CodePoints.unassigned(codePoint);
  }

  @Override
  public boolean surelyKeeps(char[] text, int start, int end) {
    for (int i = start; i < end; i++) {
      if (!inert(text[i])) {
        return false;
      }
    }
    return true;
  }

  /**
   * Whether a UTF-16 unit neither changes nor combines with what is before it. Ranges of the
   * frequent scripts only; the surrogates are those of U+1F000 to U+1FBFF, pictographs all of them.
   */
  static boolean inert(char c) {
    return c < 0x300
        || (c >= 0x4E00 && c < 0xA000)
        || (c >= 0x3002 && c < 0x302A)
        || (c >= 0x3041 && c < 0x3099)
        || (c >= 0x30A0 && c < 0x3100)
        || (c >= 0xFF00 && c < 0xFFE0)
        || (c >= 0x2010 && c < 0x2060)
        || (c >= 0x400 && c < 0x483)
        || (c >= 0xAC00 && c < 0xD7A4)
        || (c >= 0x2190 && c < 0x2329)
        || (c >= 0x2500 && c < 0x2AD0)
        || (c >= 0xD83C && c <= 0xD83E)
        || (c >= 0xDC00 && c < 0xE000);
  }

  @Override
  public boolean mayCutBefore(int codePoint) {
    return codePoint < 0x10000
        ? !Character.isSurrogate((char) codePoint) && inert((char) codePoint)
        : codePoint >= 0x1F000 && codePoint < 0x1FC00;
  }
}
