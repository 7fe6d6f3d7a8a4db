package org.vesalius.clinical.trace;

import java.util.Locale;
import org.jsoup.nodes.Element;

/**
 * Elements with text that came from outside. The tree is jsoup's, which escapes; here only those
 * characters are made visible that would change how others look.
 */
final class HtmlText {
  private HtmlText() {}

  /** A new last child. */
  static Element add(Element parent, String tag, String style, String text) {
    Element child = parent.appendElement(tag);
    if (!style.isEmpty()) {
      child.attr("class", style);
    }
    return child.text(shown(text));
  }

  /** A new last child without text. */
  static Element add(Element parent, String tag, String style) {
    return add(parent, tag, style, "");
  }

  /** A link to something on the page. */
  static Element link(Element parent, String target, String text) {
    return add(parent, "a", "", text).attr("href", "#" + target);
  }

  /** A row of a table of facts; none for an empty value. */
  static void fact(Element table, String name, String value) {
    if (!value.isEmpty()) {
      Element row = add(table, "tr", "");
      add(row, "th", "", name).attr("scope", "row");
      add(row, "td", "", value);
    }
  }

  /** A number as people read it. */
  static String number(double value, int digits) {
    if (Double.isNaN(value)) {
      return "not a number";
    }
    String text =
        Double.isInfinite(value)
            ? (value < 0 ? "-\u221e" : "\u221e")
            : String.format(Locale.ROOT, "%." + digits + "f", value);
    return text.replace('-', '\u2212');
  }

  /** A duration. */
  static String duration(double millis) {
    return millis < 1_000 ? number(millis, 0) + " ms" : number(millis / 1_000, 2) + " s";
  }

  /** A share in hundredths. */
  static String percent(double share) {
    return number(100 * share, 1) + " %";
  }

  /** A constant of an enum. */
  static String words(Enum<?> constant) {
    return EntryWriter.name(constant).replace('_', ' ');
  }

  /** A count with its noun. */
  static String count(int number, String noun) {
    return number + " " + noun + (number == 1 ? "" : "s");
  }

  /**
   * The text with a visible sign in place of what is not a character of a page: controls, halves of
   * surrogate pairs, and marks that turn the direction of what follows.
   */
  static String shown(String text) {
    StringBuilder shown = new StringBuilder(text.length());
    text.codePoints()
        .forEach(c -> {
          if (isHidden(c)) {
            shown.append("\u27e6U+").append(String.format(Locale.ROOT, "%04X", c)).append('\u27e7');
          } else {
            shown.appendCodePoint(c);
          }
        });
    return shown.toString();
  }

  private static boolean isHidden(int c) {
    boolean space = c == '\n' || c == '\t' || c == '\r';
    boolean direction =
        c == 0x061c
            || c == 0x200e
            || c == 0x200f
            || (c >= 0x202a && c <= 0x202e)
            || (c >= 0x2066 && c <= 0x2069);
    return direction
        || (!space && Character.getType(c) == Character.CONTROL)
        || Character.getType(c) == Character.SURROGATE;
  }
}
