package org.vesalius.runtime.prompt.jinja;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Python's {@code str.format}: fields in braces. */
final class BraceFormat {
  private static final Pattern SPEC =
      Pattern.compile(
          "(?:(.)?([<>=^]))?([-+ ])?(#)?(0)?([0-9]+)?([,_])?(?:\\.([0-9]+))?(.)?", Pattern.DOTALL);
  private static final Pattern STEP = Pattern.compile("\\.([^.\\[]+)|\\[([^\\]]+)\\]");

  private final Arguments arguments;
  private int automatic;

  private BraceFormat(Arguments arguments) {
    this.arguments = arguments;
  }

  static Text format(Text format, Arguments arguments) {
    return new BraceFormat(arguments).run(format, 2);
  }

  private Text run(Text format, int levels) {
    if (levels == 0) {
      throw new Problem("Max string recursion exceeded");
    }
    TextBuilder out = new TextBuilder();
    String pattern = format.value();
    int i = 0;
    while (i < pattern.length()) {
      char c = pattern.charAt(i);
      if (c != '{' && c != '}') {
        out.append(format, i, i + 1);
        i++;
      } else if (i + 1 < pattern.length() && pattern.charAt(i + 1) == c) {
        out.append(format, i, i + 1);
        i += 2;
      } else if (c == '}') {
        throw new Problem("Single '}' encountered in format string");
      } else {
        int end = fieldEnd(pattern, i);
        field(format.cut(i + 1, end), levels, out);
        i = end + 1;
      }
    }
    return out.toText();
  }

  private static int fieldEnd(String pattern, int start) {
    int depth = 0;
    for (int i = start; i < pattern.length(); i++) {
      depth += pattern.charAt(i) == '{' ? 1 : pattern.charAt(i) == '}' ? -1 : 0;
      if (depth == 0) {
        return i;
      }
    }
    throw new Problem("expected '}' before end of string");
  }

  private void field(Text field, int levels, TextBuilder out) {
    String written = field.value();
    int bracket = written.indexOf('[');
    int close = bracket < 0 ? 0 : Math.max(0, written.indexOf(']', bracket));
    int colon = written.indexOf(':', written.indexOf(':') < bracket ? 0 : close);
    String head = colon < 0 ? written : written.substring(0, colon);
    Text spec = colon < 0 ? Text.EMPTY : field.cut(colon + 1, written.length());
    String conversion = "";
    int bang = head.indexOf('!');
    if (bang >= 0) {
      conversion = head.substring(bang + 1);
      head = head.substring(0, bang);
    }
    Object value = lookUp(head);
    value =
        switch (conversion) {
          case "" -> value;
          case "s" -> Printer.str(value);
          case "r", "a" -> Printer.repr(value);
          default -> throw new Problem("Unknown conversion specifier " + conversion);
        };
    out.append(write(value, run(spec, levels - 1).value()));
  }

  private Object lookUp(String head) {
    Matcher first = Pattern.compile("[^.\\[]*").matcher(head);
    String name = first.lookingAt() ? first.group() : "";
    Object value = root(name);
    Matcher step = STEP.matcher(head);
    int at = name.length();
    while (at < head.length()) {
      if (!step.region(at, head.length()).lookingAt()) {
        throw new Problem("malformed field '" + head + "' in format string");
      }
      String attribute = step.group(1);
      if (attribute != null) {
        value = Members.attribute(value, attribute);
      } else {
        String index = step.group(2);
        Object number = index.matches("[0-9]{1,9}") ? (Object) Long.valueOf(index) : Text.of(index);
        value = Members.item(value, number);
      }
      at = step.end();
    }
    return value;
  }

  private Object root(String name) {
    if (!name.isEmpty() && !name.matches("[0-9]{1,9}")) {
      Object value = arguments.named().get(name);
      if (value == null) {
        throw new Problem("format: no argument named '" + name + "'");
      }
      return value;
    }
    int index = name.isEmpty() ? automatic : Integer.parseInt(name);
    if (name.isEmpty() ? automatic < 0 : automatic > 0) {
      throw new Problem("cannot mix automatic and numbered fields in a format string");
    }
    automatic = name.isEmpty() ? automatic + 1 : -1;
    if (index >= arguments.positional().size()) {
      throw new Problem("Replacement index " + index + " out of range for positional args tuple");
    }
    return arguments.positional().get(index);
  }

  private static Text write(Object value, String written) {
    if (written.isEmpty()) {
      return Printer.str(value);
    }
    Matcher matcher = SPEC.matcher(written);
    if (!matcher.matches()) {
      throw new Problem("Invalid format specifier '" + written + "'");
    }
    String fill = matcher.group(1);
    String align = matcher.group(2);
    boolean zero = matcher.group(5) != null;
    FormatSpec spec =
        new FormatSpec(
            fill != null ? fill.codePointAt(0) : zero && align == null ? '0' : ' ',
            align != null ? align.charAt(0) : zero && Numbers.isNumber(value) ? '=' : '\0',
            character(matcher.group(3), '-'),
            matcher.group(4) != null,
            number(matcher.group(6), 0),
            character(matcher.group(7), '\0'),
            number(matcher.group(8), -1),
            character(matcher.group(9), '\0'));
    return convert(spec, value);
  }

  private static Text convert(FormatSpec spec, Object value) {
    boolean textual = spec.type() == '\0' || spec.type() == 's';
    if (value instanceof Text text && textual) {
      if (spec.grouping() != 0 || spec.sign() != '-' || spec.align() == '=' || spec.alternate()) {
        throw new Problem("format specifier not allowed for a string");
      }
      return spec.text(text);
    }
    boolean realType = spec.type() != '\0' && "eEfFgG%".indexOf(spec.type()) >= 0;
    if (Numbers.isNumber(value) && (realType || (value instanceof Double && spec.type() == '\0'))) {
      return spec.real(Numbers.real(value));
    }
    if (Numbers.isInteger(value) && "\0dxXobn".indexOf(spec.type()) >= 0) {
      if (spec.precision() >= 0) {
        throw new Problem("Precision not allowed in integer format specifier");
      }
      return spec.integer(Numbers.big(value));
    }
    if (Numbers.isInteger(value) && spec.type() == 'c') {
      return spec.text(PercentFormat.character(value));
    }
    if (value instanceof Undefined undefined) {
      throw undefined.failure();
    }
    throw new Problem(
        spec.type() == '\0'
            ? "unsupported format string passed to " + Values.typeName(value) + ".__format__"
            : "Unknown format code '%c' for object of type '%s'"
                .formatted(spec.type(), Values.typeName(value)));
  }

  private static char character(@Nullable String group, char otherwise) {
    return group == null || group.isEmpty() ? otherwise : group.charAt(0);
  }

  private static int number(@Nullable String group, int otherwise) {
    if (group == null) {
      return otherwise;
    }
    return group.length() > 8 ? TextBuilder.MAX_LENGTH + 1 : Integer.parseInt(group);
  }
}
