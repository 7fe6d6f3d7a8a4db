package org.vesalius.tokenizer;

import java.text.Normalizer.Form;

/**
 * The normalization of BERT: clean-up, spaces around ideographs, accents off, lower case, in this
 * order.
 *
 * @param cleanText control characters are left out, white space becomes spaces
 * @param handleChineseChars each ideograph gets a space before and after it
 * @param stripAccents marks are left out of the decomposed text
 * @param lowercase letters become small
 */
record BertNormalizer(
    boolean cleanText, boolean handleChineseChars, boolean stripAccents, boolean lowercase)
    implements TextNormalizer {
  private static final CharacterFilter CLEAN = new CharacterFilter(CharacterFilter.Rule.BERT_CLEAN);
  private static final CharacterFilter ACCENTS =
      new CharacterFilter(CharacterFilter.Rule.NONSPACING);
  private static final UnicodeFormNormalizer DECOMPOSE = new UnicodeFormNormalizer(Form.NFD);
  private static final LowercaseNormalizer LOWERCASE = new LowercaseNormalizer();

  @Override
  public String normalize(String text) {
    String result = text;
    if (cleanText) {
      result = CLEAN.normalize(result);
    }
    if (handleChineseChars) {
      result = spaced(result);
    }
    if (stripAccents) {
      result = ACCENTS.normalize(DECOMPOSE.normalize(result));
    }
    return lowercase ? LOWERCASE.normalize(result) : result;
  }

  private static String spaced(String text) {
    StringBuilder result = null;
    for (int i = 0; i < text.length(); ) {
      int codePoint = text.codePointAt(i);
      boolean ideograph = isIdeograph(codePoint);
      if (ideograph && result == null) {
        result = new StringBuilder(text.length() + 64).append(text, 0, i);
      }
      if (result != null && ideograph) {
        result.append(' ').appendCodePoint(codePoint).append(' ');
      } else if (result != null) {
        result.appendCodePoint(codePoint);
      }
      i += Character.charCount(codePoint);
    }
    return result == null ? text : result.toString();
  }

  /** The blocks that BERT calls Chinese; the last but two starts where the reference has it. */
  private static boolean isIdeograph(int c) {
    return (c >= 0x4E00 && c <= 0x9FFF)
        || (c >= 0x3400 && c <= 0x4DBF)
        || (c >= 0x20000 && c <= 0x2A6DF)
        || (c >= 0x2A700 && c <= 0x2B73F)
        || (c >= 0x2B740 && c <= 0x2B81F)
        || (c >= 0x2B920 && c <= 0x2CEAF)
        || (c >= 0xF900 && c <= 0xFAFF)
        || (c >= 0x2F800 && c <= 0x2FA1F);
  }

  /** ASCII neither combines with what is before it nor depends on it. */
  @Override
  public boolean mayCutBefore(int codePoint) {
    return codePoint < 0x80 || (codePoint >= 0x4E00 && codePoint < 0xA000);
  }

  @Override
  public boolean surelyKeeps(char[] text, int start, int end) {
    for (int i = start; i < end; i++) {
      char c = text[i];
      if (c < ' ' || c >= 0x7F || (c >= 'A' && c <= 'Z')) {
        return false;
      }
    }
    return true;
  }

  @Override
  public boolean keepsStart(String text) {
    String cleaned = cleanText ? CLEAN.normalize(text) : text;
    if (cleanText && !CLEAN.keepsStart(text)) {
      return false;
    }
    String spaced = handleChineseChars ? spaced(cleaned) : cleaned;
    return !stripAccents || ACCENTS.keepsStart(DECOMPOSE.normalize(spaced));
  }
}
