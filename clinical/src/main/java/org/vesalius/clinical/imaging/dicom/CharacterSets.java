package org.vesalius.clinical.imaging.dicom;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The character sets of a data set's text: one for all, or several that escape sequences switch
 * between (PS3.3 C.12.1.1.2, PS3.5 6.1.2.5). What no character stands for becomes U+FFFD.
 */
final class CharacterSets {
  static final CharacterSets ASCII = new CharacterSets(List.of(), null);

  private static final int ESCAPE = 0x1b;

  /** Defined terms without their {@code ISO_IR} or {@code ISO 2022 IR}. */
  private static final Map<String, String> NAMES =
      Map.ofEntries(
          Map.entry("", "US-ASCII"),
          Map.entry("6", "US-ASCII"),
          Map.entry("100", "ISO-8859-1"),
          Map.entry("101", "ISO-8859-2"),
          Map.entry("109", "ISO-8859-3"),
          Map.entry("110", "ISO-8859-4"),
          Map.entry("144", "ISO-8859-5"),
          Map.entry("127", "ISO-8859-6"),
          Map.entry("126", "ISO-8859-7"),
          Map.entry("138", "ISO-8859-8"),
          Map.entry("148", "ISO-8859-9"),
          Map.entry("203", "ISO-8859-15"),
          Map.entry("13", "JIS_X0201"),
          Map.entry("166", "TIS-620"),
          Map.entry("192", "UTF-8"),
          Map.entry("GB18030", "GB18030"),
          Map.entry("GBK", "GBK"));

  /** Sets of two bytes, which only escape sequences choose. */
  private static final List<String> ESCAPED_ONLY = List.of("87", "159", "149", "58");

  /** What follows the escape byte, and which set it puts above or below 0x80. */
  private enum Switch {
    ASCII("(B", false, "US-ASCII", ""),
    ROMAN("(J", false, "US-ASCII", ""),
    JIS_X0208("$B", false, "EUC-JP", ""),
    JIS_X0212("$(D", false, "EUC-JP", "\u008f"),
    KATAKANA(")I", true, "JIS_X0201", ""),
    LATIN_1("-A", true, "ISO-8859-1", ""),
    LATIN_2("-B", true, "ISO-8859-2", ""),
    LATIN_3("-C", true, "ISO-8859-3", ""),
    LATIN_4("-D", true, "ISO-8859-4", ""),
    CYRILLIC("-L", true, "ISO-8859-5", ""),
    ARABIC("-G", true, "ISO-8859-6", ""),
    GREEK("-F", true, "ISO-8859-7", ""),
    HEBREW("-H", true, "ISO-8859-8", ""),
    LATIN_5("-M", true, "ISO-8859-9", ""),
    LATIN_9("-b", true, "ISO-8859-15", ""),
    THAI("-T", true, "TIS-620", ""),
    KOREAN("$)C", true, "EUC-KR", ""),
    CHINESE("$)A", true, "GB2312", "");

    final String code;
    final boolean upper;
    final String charset;

    /** A byte that goes before each character of two bytes. */
    final String prefix;

    Switch(String code, boolean upper, String charset, String prefix) {
      this.code = code;
      this.upper = upper;
      this.charset = charset;
      this.prefix = prefix;
    }

    boolean isWide() {
      return charset.startsWith("EUC") || this == CHINESE;
    }
  }

  private final List<String> terms;
  private final @Nullable Element declaredBy;

  private CharacterSets(List<String> terms, @Nullable Element declaredBy) {
    this.terms = terms;
    this.declaredBy = declaredBy;
  }

  /** Those that an element Specific Character Set names; unknown ones fail when text is asked. */
  static CharacterSets of(Element element) {
    byte[] value = element.source().copy(element.at(), Math.min(element.length(), 1024));
    String text = new String(value, StandardCharsets.US_ASCII).replace('\0', ' ');
    List<String> terms =
        List.of(text.split("\\\\", -1)).stream().map(term -> term.strip()).toList();
    return new CharacterSets(terms, element);
  }

  /** The text of bytes, padding and separators included. */
  String decode(byte[] bytes) {
    int first = 0;
    while (first < bytes.length && bytes[first] >= 0 && bytes[first] != ESCAPE) {
      first++;
    }
    if (first == bytes.length) {
      return new String(bytes, StandardCharsets.US_ASCII);
    }
    Charset initial = initial();
    boolean switches = terms.size() > 1 || (!terms.isEmpty() && terms.get(0).contains("2022"));
    return switches || initial.name().equals("JIS_X0201")
        ? decodeSwitching(bytes, initial)
        : new String(bytes, initial);
  }

  private Charset initial() {
    String term = terms.isEmpty() ? "" : terms.get(0);
    String number = term.replaceFirst("^ISO(_| 2022 )IR ", "");
    String name = ESCAPED_ONLY.contains(number) ? "US-ASCII" : NAMES.get(number);
    if (name == null) {
      throw fail("expected a character set of PS3.3 C.12.1.1.2, found another; correct the file");
    }
    return charset(name);
  }

  private Charset charset(String name) {
    if (!Charset.isSupported(name)) {
      throw fail(
          "this Java runtime lacks the character set "
              + name
              + "; run with the module jdk.charsets");
    }
    return Charset.forName(name);
  }

  private DicomFormatException fail(String problem) {
    return declaredBy == null
        ? new DicomFormatException(Tag.SPECIFIC_CHARACTER_SET + ": " + problem)
        : declaredBy.fail(problem);
  }

  private String decodeSwitching(byte[] bytes, Charset initial) {
    StringBuilder text = new StringBuilder(bytes.length);
    Switch lower = Switch.ASCII;
    Charset upper = initial;
    boolean upperWide = false;
    for (int at = 0; at < bytes.length; ) {
      int b = bytes[at] & 0xff;
      if (b == ESCAPE) {
        Switch found = switchAt(bytes, at + 1);
        if (found == null) {
          text.append('\ufffd');
          at++;
          continue;
        }
        if (found.upper) {
          upper = charset(found.charset);
          upperWide = found.isWide();
        } else {
          lower = found;
        }
        at += 1 + found.code.length();
      } else if (b < 0x80 && lower.isWide() && b > 0x20 && b < 0x7f) {
        byte[] character = new byte[lower.prefix.length() + Math.min(2, bytes.length - at)];
        int filled = 0;
        if (!lower.prefix.isEmpty()) {
          character[filled++] = (byte) lower.prefix.charAt(0);
        }
        while (filled < character.length) {
          character[filled++] = (byte) (bytes[at++] | 0x80);
        }
        text.append(new String(character, charset(lower.charset)));
      } else if (b < 0x80) {
        if (b == '\r' || b == '\n' || b == '\f' || b == '\t' || b == '\\' || b == '^' || b == '=') {
          // PS3.5 6.1.2.5.3: delimiters bring the first set back.
          lower = Switch.ASCII;
          upper = initial;
          upperWide = false;
        }
        text.append((char) b);
        at++;
      } else {
        int size = Math.min(upperWide ? 2 : 1, bytes.length - at);
        text.append(new String(bytes, at, size, upper));
        at += size;
      }
    }
    return text.toString();
  }

  private static @Nullable Switch switchAt(byte[] bytes, int at) {
    for (Switch each : Switch.values()) {
      String code = each.code;
      boolean same = code.length() <= bytes.length - at;
      for (int i = 0; same && i < code.length(); i++) {
        same = bytes[at + i] == code.charAt(i);
      }
      if (same) {
        return each;
      }
    }
    return null;
  }
}
