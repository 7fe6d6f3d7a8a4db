package org.vesalius.runtime.prompt.jinja;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** The methods of {@code str}, one entry each. */
final class StringMethods {
  private interface Method {
    Object apply(Text self, Bound arguments);
  }

  static final Map<String, Builtin> ALL = methods();

  private StringMethods() {}

  private static Map<String, Builtin> methods() {
    Map<String, Builtin> all = new HashMap<>();
    add(all, "strip", "chars?", (s, a) -> Strings.strip(s, characters(a), true, true));
    add(all, "lstrip", "chars?", (s, a) -> Strings.strip(s, characters(a), true, false));
    add(all, "rstrip", "chars?", (s, a) -> Strings.strip(s, characters(a), false, true));
    add(all, "split", "sep? maxsplit?", (s, a) -> split(s, a, false));
    add(all, "rsplit", "sep? maxsplit?", (s, a) -> split(s, a, true));
    add(all, "splitlines", "keepends?", (s, a) -> new ListValue(Strings.lines(s, a.flag(0))));
    add(all, "partition", "sep", (s, a) -> partition(s, a, false));
    add(all, "rpartition", "sep", (s, a) -> partition(s, a, true));
    add(
        all,
        "replace",
        "old new count?",
        (s, a) -> Strings.replace(s, a.text(0), a.text(1), a.integer(2, -1)));
    add(all, "join", "iterable", (s, a) -> Strings.join(s, Values.list(a.get(0))));
    add(
        all,
        "removeprefix",
        "prefix",
        (s, a) ->
            s.value().startsWith(a.text(0).value()) ? s.cut(a.text(0).length(), s.length()) : s);
    add(
        all,
        "removesuffix",
        "suffix",
        (s, a) ->
            s.value().endsWith(a.text(0).value()) ? s.cut(0, s.length() - a.text(0).length()) : s);
    change(all, "upper", Strings::upper);
    change(all, "lower", Strings::lower);
    change(all, "casefold", s -> Strings.lower(Strings.upper(s)));
    change(all, "title", Strings::title);
    change(all, "capitalize", Strings::capitalize);
    change(all, "swapcase", Strings::swapCase);
    add(all, "center", "width fillchar?", (s, a) -> pad(s, a, 1));
    add(all, "ljust", "width fillchar?", (s, a) -> pad(s, a, 0));
    add(all, "rjust", "width fillchar?", (s, a) -> pad(s, a, 2));
    add(all, "zfill", "width", (s, a) -> zeroFill(s, a.integer(0)));
    add(all, "expandtabs", "tabsize?", (s, a) -> expandTabs(s, a.integer(0, 8)));
    add(all, "startswith", "prefix start? end?", (s, a) -> affix(s, a, true));
    add(all, "endswith", "suffix start? end?", (s, a) -> affix(s, a, false));
    add(all, "find", "sub start? end?", (s, a) -> find(s, a, false));
    add(all, "rfind", "sub start? end?", (s, a) -> find(s, a, true));
    add(all, "index", "sub start? end?", (s, a) -> found(find(s, a, false)));
    add(all, "rindex", "sub start? end?", (s, a) -> found(find(s, a, true)));
    add(all, "count", "sub start? end?", (s, a) -> count(s, a));
    add(all, "format", "*", (s, a) -> BraceFormat.format(s, a.all()));
    all(all, "isspace", Characters::isSpace);
    all(all, "isalpha", Character::isLetter);
    all(all, "isalnum", Characters::isAlphanumeric);
    all(all, "isdigit", c -> Character.isDigit(c) || "²³¹⁰⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉".indexOf(c) >= 0);
    all(all, "isdecimal", Character::isDigit);
    all(all, "isnumeric", Characters::isNumeric);
    add(all, "isascii", "", (s, a) -> s.value().chars().allMatch(c -> c < 128));
    add(all, "isprintable", "", (s, a) -> s.value().codePoints().allMatch(Characters::isPrintable));
    add(all, "islower", "", (s, a) -> isCase(s, true));
    add(all, "isupper", "", (s, a) -> isCase(s, false));
    add(
        all,
        "istitle",
        "",
        (s, a) ->
            s.equals(Strings.title(s)) && s.value().codePoints().anyMatch(Characters::isCased));
    return Map.copyOf(all);
  }

  private static void add(Map<String, Builtin> all, String name, String parameters, Method method) {
    all.put(name, Builtin.of(name, parameters, (_, self, a) -> method.apply((Text) self, a)));
  }

  private static void change(Map<String, Builtin> all, String name, UnaryOperator<Text> change) {
    add(all, name, "", (self, _) -> change.apply(self));
  }

  private static void all(Map<String, Builtin> all, String name, IntPredicate test) {
    add(all, name, "", (self, _) -> !self.isEmpty() && self.value().codePoints().allMatch(test));
  }

  static boolean isCase(Text text, boolean lower) {
    boolean cased = false;
    for (int c : text.value().codePoints().toArray()) {
      if (lower ? Character.isUpperCase(c) || Character.isTitleCase(c) : Character.isLowerCase(c)) {
        return false;
      }
      cased |= Characters.isCased(c) && !(Character.isTitleCase(c) && !lower);
    }
    return cased;
  }

  private static @Nullable Text characters(Bound a) {
    return a.given(0) ? a.text(0) : null;
  }

  private static ListValue split(Text text, Bound a, boolean fromEnd) {
    int limit = a.integer(1, -1);
    if (!a.given(0)) {
      return new ListValue(Strings.words(text, limit, fromEnd));
    }
    return new ListValue(
        fromEnd
            ? Strings.splitFromEnd(text, a.text(0), limit)
            : Strings.split(text, a.text(0), limit));
  }

  private static Tuple partition(Text text, Bound a, boolean fromEnd) {
    Text separator = a.text(0);
    List<Object> parts =
        fromEnd ? Strings.splitFromEnd(text, separator, 1) : Strings.split(text, separator, 1);
    if (parts.size() == 2) {
      return Tuple.of(parts.get(0), separator, parts.get(1));
    }
    return fromEnd
        ? Tuple.of(Text.EMPTY, Text.EMPTY, text)
        : Tuple.of(text, Text.EMPTY, Text.EMPTY);
  }

  private static Text pad(Text text, Bound a, int share) {
    return Strings.pad(text, a.integer(0), a.text(1, Text.of(" ")), share);
  }

  private static Text zeroFill(Text text, int width) {
    int sign = text.value().startsWith("-") || text.value().startsWith("+") ? 1 : 0;
    return new TextBuilder()
        .append(text, 0, sign)
        .append(Strings.pad(text.cut(sign, text.length()), width - sign, Text.of("0"), 2))
        .toText();
  }

  private static Text expandTabs(Text text, int size) {
    TextBuilder out = new TextBuilder();
    int column = 0;
    for (int i = 0; i < text.length(); ) {
      int c = text.value().codePointAt(i);
      int next = i + Character.charCount(c);
      if (c == '\t') {
        int spaces = size > 0 ? size - column % size : 0;
        out.repeat(Text.of(" ", text.originAt(i)), spaces);
        column += spaces;
      } else {
        out.append(text, i, next);
        column = c == '\n' || c == '\r' ? 0 : column + 1;
      }
      i = next;
    }
    return out.toText();
  }

  /** The part of the text that optional start and end arguments leave. */
  private static Text window(Text text, Bound a) {
    if (!a.given(1) && !a.given(2)) {
      return text;
    }
    Object window = Slices.slice(text, a.get(1, None.NONE), a.get(2, None.NONE), None.NONE);
    if (window instanceof Text part) {
      return part;
    }
    throw new Problem("slice indices must be integers or None");
  }

  /** Where the window begins, in code points; past the end nothing is found. */
  private static int offset(Text text, Bound a) {
    if (!a.given(1)) {
      return 0;
    }
    int start = a.integer(1);
    return start < 0 ? Math.max(0, start + text.codePoints()) : start;
  }

  private static Object affix(Text text, Bound a, boolean prefix) {
    Object wanted = a.get(0);
    if (offset(text, a) > text.codePoints()) {
      return false;
    }
    String part = window(text, a).value();
    List<Object> options = wanted instanceof Tuple tuple ? tuple.items() : List.of(wanted);
    for (Object option : options) {
      if (!(option instanceof Text affix)) {
        if (option instanceof Undefined undefined) {
          throw undefined.failure();
        }
        throw new Problem(
            "%s first arg must be str or a tuple of str, not %s"
                .formatted(prefix ? "startswith" : "endswith", Values.typeName(option)));
      }
      if (prefix ? part.startsWith(affix.value()) : part.endsWith(affix.value())) {
        return true;
      }
    }
    return false;
  }

  private static long find(Text text, Bound a, boolean last) {
    int offset = offset(text, a);
    if (offset > text.codePoints()) {
      return -1;
    }
    String part = window(text, a).value();
    String wanted = a.text(0).value();
    int at = last ? part.lastIndexOf(wanted) : part.indexOf(wanted);
    return at < 0 ? -1L : offset + part.codePointCount(0, at);
  }

  private static Object found(long index) {
    if (index < 0) {
      throw new Problem("substring not found");
    }
    return index;
  }

  private static Object count(Text text, Bound a) {
    if (offset(text, a) > text.codePoints()) {
      return 0L;
    }
    Text part = window(text, a);
    String wanted = a.text(0).value();
    if (wanted.isEmpty()) {
      return (long) part.codePoints() + 1;
    }
    long count = 0;
    for (int at = 0; (at = part.value().indexOf(wanted, at)) >= 0; at += wanted.length()) {
      count++;
    }
    return count;
  }
}
