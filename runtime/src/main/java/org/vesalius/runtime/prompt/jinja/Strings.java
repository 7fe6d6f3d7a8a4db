package org.vesalius.runtime.prompt.jinja;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.function.IntPredicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Python's string operations, each keeping the origin of every character. */
final class Strings {
  private Strings() {}

  /** {@code strip} at one or both ends; {@code characters} null means white space. */
  static Text strip(Text text, @Nullable Text characters, boolean left, boolean right) {
    String value = text.value();
    IntPredicate removed =
        characters == null ? Characters::isSpace : c -> characters.value().indexOf(c) >= 0;
    int start = 0;
    int end = value.length();
    while (left && start < end) {
      int c = value.codePointAt(start);
      if (!removed.test(c)) {
        break;
      }
      start += Character.charCount(c);
    }
    while (right && end > start) {
      int c = value.codePointBefore(end);
      if (!removed.test(c)) {
        break;
      }
      end -= Character.charCount(c);
    }
    return text.cut(start, end);
  }

  /** {@code split(separator, limit)}; a negative limit means none. */
  static List<Object> split(Text text, Text separator, int limit) {
    requireSeparator(separator);
    List<Object> parts = new ArrayList<>();
    int start = 0;
    int at;
    while ((limit < 0 || parts.size() < limit)
        && (at = text.value().indexOf(separator.value(), start)) >= 0) {
      parts.add(text.cut(start, at));
      start = at + separator.length();
    }
    parts.add(text.cut(start, text.length()));
    Operators.checkSize(parts.size());
    return parts;
  }

  static List<Object> splitFromEnd(Text text, Text separator, int limit) {
    requireSeparator(separator);
    Deque<Object> parts = new ArrayDeque<>();
    int end = text.length();
    int at;
    while ((limit < 0 || parts.size() < limit)
        && (at = text.value().lastIndexOf(separator.value(), end - separator.length())) >= 0
        && end >= separator.length()) {
      parts.addFirst(text.cut(at, end).cut(separator.length(), end - at));
      end = at;
    }
    parts.addFirst(text.cut(0, end));
    Operators.checkSize(parts.size());
    return new ArrayList<>(parts);
  }

  private static void requireSeparator(Text separator) {
    if (separator.isEmpty()) {
      throw new Problem("empty separator");
    }
  }

  /** {@code split()} at runs of white space. */
  static List<Object> words(Text text, int limit, boolean fromEnd) {
    List<int[]> spans = new ArrayList<>();
    String value = text.value();
    int start = -1;
    for (int i = 0; i <= value.length(); i++) {
      boolean space = i == value.length() || Characters.isSpace(value.charAt(i));
      if (space && start >= 0) {
        spans.add(new int[] {start, i});
        start = -1;
      } else if (!space && start < 0) {
        start = i;
      }
    }
    // What a limit leaves over keeps its inner white space and that at its far end.
    if (limit >= 0 && spans.size() > limit) {
      if (fromEnd) {
        int joined = spans.size() - limit - 1;
        spans.set(joined, new int[] {0, spans.get(joined)[1]});
        spans = spans.subList(joined, spans.size());
      } else {
        spans.set(limit, new int[] {spans.get(limit)[0], value.length()});
        spans = spans.subList(0, limit + 1);
      }
    }
    Operators.checkSize(spans.size());
    List<Object> words = new ArrayList<>(spans.size());
    spans.forEach(span -> words.add(text.cut(span[0], span[1])));
    return words;
  }

  static List<Object> lines(Text text, boolean keepEnds) {
    List<Object> lines = new ArrayList<>();
    String value = text.value();
    int start = 0;
    for (int i = 0; i < value.length(); i++) {
      if (Characters.isLineBreak(value.charAt(i))) {
        boolean pair = value.startsWith("\r\n", i);
        int end = i + (pair ? 2 : 1);
        lines.add(text.cut(start, keepEnds ? end : i));
        start = end;
        i = end - 1;
      }
    }
    if (start < value.length()) {
      lines.add(text.cut(start, value.length()));
    }
    Operators.checkSize(lines.size());
    return lines;
  }

  /** {@code replace(old, new, count)}; a negative count means all. */
  static Text replace(Text text, Text old, Text replacement, int count) {
    TextBuilder out = new TextBuilder();
    String value = text.value();
    int left = count < 0 ? Integer.MAX_VALUE : count;
    int start = 0;
    if (old.isEmpty()) {
      for (int i = 0; left > 0 && i <= value.length(); left--) {
        int next = i < value.length() ? i + Character.charCount(value.codePointAt(i)) : i + 1;
        out.append(replacement);
        start = Math.min(next, value.length());
        out.append(text, i, start);
        i = next;
      }
    } else {
      int at;
      while (left-- > 0 && (at = value.indexOf(old.value(), start)) >= 0) {
        out.append(text, start, at).append(replacement);
        start = at + old.length();
      }
    }
    return out.append(text, start, value.length()).toText();
  }

  static Text join(Text separator, List<Object> parts) {
    TextBuilder out = new TextBuilder();
    for (int i = 0; i < parts.size(); i++) {
      if (i > 0) {
        out.append(separator);
      }
      if (!(parts.get(i) instanceof Text part)) {
        throw new Problem(
            "sequence item %d: expected str instance, %s found"
                .formatted(i, Values.typeName(parts.get(i))));
      }
      out.append(part);
    }
    return out.toText();
  }

  static Text upper(Text text) {
    return mapped(text, s -> s.toUpperCase(Locale.ROOT));
  }

  static Text lower(Text text) {
    return mapped(text, s -> s.toLowerCase(Locale.ROOT));
  }

  private static Text mapped(Text text, UnaryOperator<String> mapping) {
    String whole = mapping.apply(text.value());
    if (whole.length() == text.length() || text.origins() == null) {
      return whole.length() == text.length() ? text.withCharacters(whole) : Text.of(whole);
    }
    // Some characters became longer; then each goes by itself (context only matters to a final
    // sigma, which keeps its length).
    TextBuilder out = new TextBuilder();
    for (int i = 0; i < text.length(); ) {
      int c = text.value().codePointAt(i);
      out.append(mapping.apply(Character.toString(c)), text.originAt(i));
      i += Character.charCount(c);
    }
    return out.toText();
  }

  /** First character in title case, the others in lower case. */
  static Text capitalize(Text text) {
    if (text.isEmpty()) {
      return text;
    }
    int first = Character.charCount(text.value().codePointAt(0));
    return new TextBuilder()
        .append(titleCase(text.cut(0, first)))
        .append(lower(text).cut(lower(text.cut(0, first)).length(), lower(text).length()))
        .toText();
  }

  private static Text titleCase(Text character) {
    int c = character.value().codePointAt(0);
    int title = Character.toTitleCase(c);
    if (title != c) {
      return Text.of(Character.toString(title), character.originAt(0));
    }
    // A character whose upper case is several keeps only the first of them large: Fi, Ss.
    Text upper = upper(character);
    int first = Character.charCount(upper.value().codePointAt(0));
    return new TextBuilder()
        .append(upper, 0, first)
        .append(lower(upper.cut(first, upper.length())))
        .toText();
  }

  /** {@code str.title}: every run of letters with cases is capitalised. */
  static Text title(Text text) {
    TextBuilder out = new TextBuilder();
    boolean inside = false;
    for (int i = 0; i < text.length(); ) {
      int c = text.value().codePointAt(i);
      Text character = text.cut(i, i + Character.charCount(c));
      boolean cased = Characters.isCased(c);
      out.append(cased && !inside ? titleCase(character) : lower(character));
      inside = cased;
      i += Character.charCount(c);
    }
    return out.toText();
  }

  static Text swapCase(Text text) {
    TextBuilder out = new TextBuilder();
    for (int i = 0; i < text.length(); ) {
      int c = text.value().codePointAt(i);
      Text character = text.cut(i, i + Character.charCount(c));
      boolean titled = Character.isTitleCase(c);
      out.append(
          titled ? character : Character.isUpperCase(c) ? lower(character) : upper(character));
      i += Character.charCount(c);
    }
    return out.toText();
  }

  /** Pads to {@code width} code points; {@code share} of the padding's halves goes to the left. */
  static Text pad(Text text, int width, Text fill, int share) {
    if (fill.codePoints() != 1) {
      throw new Problem("The fill character must be exactly one character long");
    }
    int missing = width - text.codePoints();
    if (missing <= 0) {
      return text;
    }
    int left =
        switch (share) {
          case 0 -> 0;
          case 2 -> missing;
          default -> missing / 2 + (missing & width & 1);
        };
    return new TextBuilder().repeat(fill, left).append(text).repeat(fill, missing - left).toText();
  }

  static Text escapeHtml(Text text) {
    TextBuilder out = new TextBuilder();
    for (int i = 0; i < text.length(); i++) {
      String entity =
          switch (text.value().charAt(i)) {
            case '&' -> "&amp;";
            case '<' -> "&lt;";
            case '>' -> "&gt;";
            case '"' -> "&#34;";
            case '\'' -> "&#39;";
            default -> "";
          };
      if (entity.isEmpty()) {
        out.append(text, i, i + 1);
      } else {
        out.append(entity, text.originAt(i));
      }
    }
    return out.toText();
  }
}
