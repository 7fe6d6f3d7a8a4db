package org.vesalius.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * SentencePiece's normalization from compiled rules, in the way of the reference: a user-perceived
 * character of at most five bytes is looked up as a whole, and what the rule that it starts with
 * makes takes the place of all of it; otherwise each code point is looked up.
 */
final class PrecompiledNormalizer implements TextNormalizer {
  /** Largest extended grapheme cluster that is looked up as a whole, in bytes of UTF-8. */
  private static final int LARGEST_CLUSTER = 5;

  private static final String SUPPLEMENTARY_LETTER = Character.toString(0x10000);

  private static final Pattern CLUSTER = Pattern.compile("\\X");

  private final CharsMap rules;
  private final boolean[] changesAscii = new boolean[0x80];

  PrecompiledNormalizer(CharsMap rules) {
    this.rules = rules;
    for (byte c = 0; c >= 0; c++) {
      changesAscii[c] = rules.transform(new byte[] {c}, 0, 1) != null;
    }
  }

  @Override
  public String normalize(String text) {
    StringBuilder result = new StringBuilder(text.length() + 16);
    Matcher matcher = CLUSTER.matcher(assigned(text));
    for (int i = 0; i < text.length(); ) {
      int end = standsAlone(text, i) ? i + 1 : clusterEnd(matcher, text, i);
      if (end == i + 1 && text.charAt(i) < 0x80 && !changesAscii[text.charAt(i)]) {
        result.append(text.charAt(i));
      } else {
        append(text.substring(i, end), result);
      }
      i = end;
    }
    String normalized = result.toString();
    return normalized.equals(text) ? text : normalized;
  }

  private void append(String cluster, StringBuilder result) {
    String whole = transform(cluster);
    if (whole != null) {
      result.append(whole);
      return;
    }
    for (int i = 0; i < cluster.length(); ) {
      int end = i + Character.charCount(cluster.codePointAt(i));
      String part = cluster.substring(i, end);
      String changed = transform(part);
      result.append(changed == null ? part : changed);
      i = end;
    }
  }

  private @Nullable String transform(String part) {
    if (part.length() > LARGEST_CLUSTER) {
      return null;
    }
    byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
    return bytes.length > LARGEST_CLUSTER ? null : rules.transform(bytes, 0, bytes.length);
  }

  /** Two ASCII characters are two clusters, except for a line break of two. */
  private static boolean standsAlone(String text, int i) {
    return text.charAt(i) < 0x80
        && text.charAt(i) != '\r'
        && (i + 1 == text.length() || text.charAt(i + 1) < 0x80);
  }

  /**
   * The text with letters for unassigned code points, which marks extend; {@code \\X} takes them
   * for controls. Those that are ignorable by default are controls.
   */
  private static String assigned(String text) {
    StringBuilder result = null;
    for (int i = 0; i < text.length(); ) {
      int codePoint = text.codePointAt(i);
      int count = Character.charCount(codePoint);
      if (codePoint >= 0x300
          && (CodePoints.unassigned(codePoint) || !Character.isDefined(codePoint))
          && !isIgnorable(codePoint)) {
        result = result == null ? new StringBuilder(text) : result;
        result.replace(i, i + count, count == 1 ? "x" : SUPPLEMENTARY_LETTER);
      }
      i += count;
    }
    return result == null ? text : result.toString();
  }

  private static boolean isIgnorable(int codePoint) {
    return codePoint == 0x2065
        || (codePoint >= 0xFFF0 && codePoint <= 0xFFF8)
        || (codePoint >= 0xE0000 && codePoint <= 0xE0FFF);
  }

  private static int clusterEnd(Matcher matcher, String text, int start) {
    matcher.region(start, text.length());
    int end = matcher.lookingAt() ? matcher.end() : start + 1;
    for (int i = start + 1; i < end; i++) {
      // Vowel signs of Ahom, which Unicode's annex 29 takes out of the marks that extend a cluster.
      int codePoint = text.codePointAt(i);
      if (codePoint == 0x11720 || codePoint == 0x11721) {
        return i;
      }
    }
    return end;
  }

  @Override
  public boolean surelyKeeps(char[] text, int start, int end) {
    for (int i = start; i < end; i++) {
      char c = text[i];
      if (c >= 0x80 || c == '\r' || changesAscii[c]) {
        return false;
      }
    }
    return true;
  }
}
