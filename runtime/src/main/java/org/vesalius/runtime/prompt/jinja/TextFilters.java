package org.vesalius.runtime.prompt.jinja;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** The filters that make text. */
final class TextFilters {
  // Filters take anything and work on what it prints as.
  private interface Operation {
    Object apply(Text text, Bound arguments);
  }

  private static final Pattern WORD = Pattern.compile("\\w+", Pattern.UNICODE_CHARACTER_CLASS);

  private TextFilters() {}

  static void addTo(Map<String, Builtin> all) {
    add(all, "string", "", (s, _) -> s);
    add(all, "safe", "", (s, _) -> s);
    add(all, "escape", "", (s, _) -> Strings.escapeHtml(s));
    add(all, "e", "", (s, _) -> Strings.escapeHtml(s));
    add(all, "forceescape", "", (s, _) -> Strings.escapeHtml(s));
    add(all, "upper", "", (s, _) -> Strings.upper(s));
    add(all, "lower", "", (s, _) -> Strings.lower(s));
    add(all, "capitalize", "", (s, _) -> Strings.capitalize(s));
    add(all, "title", "", (s, _) -> title(s));
    add(
        all,
        "trim",
        "chars?",
        (s, a) -> Strings.strip(s, a.given(0) ? a.text(0) : null, true, true));
    add(all, "replace", "old new count?", TextFilters::replace);
    add(all, "center", "width?", (s, a) -> Strings.pad(s, a.integer(0, 80), Text.of(" "), 1));
    add(all, "wordcount", "", (s, _) -> WORD.matcher(s.value()).results().count());
    add(all, "format", "*", (s, a) -> format(s, a.all()));
    add(all, "urlencode", "", (s, _) -> urlEncode(s));
    Filters.add(all, "indent", "width? first? blank?", (_, v, a) -> indent(string(v), a));
    Filters.add(
        all, "truncate", "length? killwords? end? leeway?", (_, v, a) -> truncate(string(v), a));
  }

  private static void add(
      Map<String, Builtin> all, String name, String parameters, Operation operation) {
    Filters.add(all, name, parameters, (_, value, a) -> operation.apply(Printer.str(value), a));
  }

  private static Text string(Object value) {
    if (value instanceof Text text) {
      return text;
    }
    if (value instanceof Undefined undefined) {
      throw undefined.failure();
    }
    throw new Problem("expected a string, found " + Values.typeName(value));
  }

  private static Text replace(Text text, Bound a) {
    int count = a.given(2) ? a.integer(2) : -1;
    return Strings.replace(text, Printer.str(a.get(0)), Printer.str(a.get(1)), count);
  }

  /** Not the same as {@code str.title}: only these characters begin a new word. */
  private static Text title(Text text) {
    TextBuilder out = new TextBuilder();
    boolean start = true;
    for (int i = 0; i < text.length(); ) {
      int c = text.value().codePointAt(i);
      Text character = text.cut(i, i + Character.charCount(c));
      boolean separator = Characters.isSpace(c) || "-({[<".indexOf(c) >= 0;
      out.append(start ? Strings.upper(character) : Strings.lower(character));
      start = separator;
      i += Character.charCount(c);
    }
    return out.toText();
  }

  private static Text format(Text format, Arguments arguments) {
    if (!arguments.positional().isEmpty() && !arguments.named().isEmpty()) {
      throw new Problem("can't handle positional and keyword arguments at the same time");
    }
    return PercentFormat.format(
        format,
        arguments.named().isEmpty()
            ? new Tuple(arguments.positional())
            : ContainerMethods.dict(arguments));
  }

  private static Text indent(Text text, Bound a) {
    Text indent =
        a.has(0) && a.get(0) instanceof Text given
            ? given
            : new TextBuilder().repeat(Text.of(" "), a.integer(0, 4)).toText();
    boolean blank = a.flag(2);
    TextBuilder out = new TextBuilder();
    List<Object> lines = Strings.lines(new TextBuilder().append(text).append("\n").toText(), false);
    for (int i = 0; i < lines.size(); i++) {
      Text line = (Text) lines.get(i);
      if (i > 0) {
        out.append("\n");
      }
      boolean indented = i == 0 ? a.flag(1) : blank || !line.isEmpty();
      if (indented) {
        out.append(indent);
      }
      out.append(line);
    }
    return out.toText();
  }

  private static Text truncate(Text text, Bound a) {
    int length = a.integer(0, 255);
    Text end = a.text(2, Text.of("..."));
    int leeway = a.given(3) ? a.integer(3) : 5;
    if (length < end.codePoints() || leeway < 0) {
      throw new Problem(
          "truncate: expected length >= %d and leeway >= 0, got %d and %d"
              .formatted(end.codePoints(), length, leeway));
    }
    if (text.codePoints() <= (long) length + leeway) {
      return text;
    }
    Text kept = text.cut(0, text.unitIndex(length - end.codePoints()));
    if (!a.flag(1)) {
      kept = (Text) Strings.splitFromEnd(kept, Text.of(" "), 1).getFirst();
    }
    return new TextBuilder().append(kept).append(end).toText();
  }

  private static Text urlEncode(Text text) {
    TextBuilder out = new TextBuilder();
    for (int i = 0; i < text.length(); ) {
      int c = text.value().codePointAt(i);
      int next = i + Character.charCount(c);
      if (c < 128 && (Character.isLetterOrDigit(c) || "_.-~/".indexOf(c) >= 0)) {
        out.append(text, i, next);
      } else {
        for (byte b : Character.toString(c).getBytes(StandardCharsets.UTF_8)) {
          out.append("%%%02X".formatted(b & 0xff), text.originAt(i));
        }
      }
      i = next;
    }
    return out.toText();
  }
}
