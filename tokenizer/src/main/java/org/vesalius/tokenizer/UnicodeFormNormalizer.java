package org.vesalius.tokenizer;

import java.text.Normalizer;
import java.text.Normalizer.Form;

/**
 * Unicode normalization forms D, KC and KD; {@link NfcNormalizer} is the fourth. As there, marks
 * and decompositions that are younger than the reference's tables are left as they are.
 *
 * @param form the form
 */
record UnicodeFormNormalizer(Form form) implements TextNormalizer {
  @Override
  public String normalize(String text) {
    int younger = nextYounger(text, 0);
    if (younger == text.length()) {
      return rewrite(text);
    }
    StringBuilder result = new StringBuilder(text.length());
    int from = 0;
    while (younger < text.length()) {
      int after = younger + Character.charCount(text.codePointAt(younger));
      result.append(rewrite(text.substring(from, younger)));
      result.append(text, younger, after);
      from = after;
      younger = nextYounger(text, from);
    }
    return result.append(rewrite(text.substring(from))).toString();
  }

  private String rewrite(String text) {
    // Compatibility decomposition makes new marks, so they are sorted after it.
    String decomposed =
        form == Form.NFD || Normalizer.isNormalized(text, Form.NFD)
            ? text
            : Normalizer.normalize(text, Form.NFD);
    String ordered = MarkOrder.sort(decomposed);
    return Normalizer.isNormalized(ordered, form) ? ordered : Normalizer.normalize(ordered, form);
  }

  private int nextYounger(String text, int from) {
    for (int i = from; i < text.length(); i++) {
      if (text.charAt(i) >= 0x300) {
        int codePoint = text.codePointAt(i);
        if (NfcNormalizer.isYounger(codePoint)
            || (form != Form.NFD && OlderUnicode.lacksCompatibility(codePoint))) {
          return i;
        }
        i += Character.charCount(codePoint) - 1;
      }
    }
    return text.length();
  }

  @Override
  public boolean surelyKeeps(char[] text, int start, int end) {
    for (int i = start; i < end; i++) {
      if (text[i] >= 0x80) {
        return false;
      }
    }
    return true;
  }

  /** ASCII and the unified ideographs neither change nor combine with what is before them. */
  @Override
  public boolean mayCutBefore(int codePoint) {
    return codePoint < 0x80 || (codePoint >= 0x4E00 && codePoint < 0xA000);
  }
}
