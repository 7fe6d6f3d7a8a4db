package org.vesalius.runtime.prompt.jinja;

import java.util.List;

/** Python's {@code str()} and {@code repr()}. */
final class Printer {
  private Printer() {}

  /** {@code str(value)}: what printing a value in a template shows. */
  static Text str(Object value) {
    return switch (value) {
      case Text text -> text;
      case Undefined _ -> Text.EMPTY;
      default -> repr(value);
    };
  }

  static Text repr(Object value) {
    TextBuilder out = new TextBuilder();
    repr(value, out);
    return out.toText();
  }

  private static void repr(Object value, TextBuilder out) {
    switch (value) {
      case Text text -> quote(text, out);
      case None _ -> out.append("None");
      case Boolean b -> out.append(b ? "True" : "False");
      case Double d -> out.append(Numbers.repr(d));
      case Undefined _ -> out.append("Undefined");
      case ListValue list -> items("[", list.items(), "]", out);
      case Sequence tuple -> items("(", tuple.items(), tuple.items().size() == 1 ? ",)" : ")", out);
      case Dict dict -> dict(dict, out);
      case DictView view -> {
        out.append(Values.typeName(view));
        items("([", view.items(), "])", out);
      }
      case Range range ->
          out.append("range(" + range.start() + ", " + range.stop())
              .append(range.step() == 1 ? ")" : ", " + range.step() + ")");
      case Namespace namespace -> {
        Dict attributes = new Dict();
        namespace.attributes().forEach((key, item) -> attributes.put(Text.of(key), item));
        out.append("<Namespace ");
        dict(attributes, out);
        out.append(">");
      }
      case Macro macro -> out.append("<Macro '" + macro.name() + "'>");
      case LoopVariable loop ->
          out.append("<LoopContext " + loop.index() + "/" + loop.length() + ">");
      case Generator _ -> out.append("<generator object>");
      case Function function -> out.append("<built-in function " + function.name() + ">");
      default -> out.append(value.toString());
    }
  }

  private static void items(String open, List<Object> items, String close, TextBuilder out) {
    out.append(open);
    String separator = "";
    for (Object item : items) {
      out.append(separator);
      repr(item, out);
      separator = ", ";
    }
    out.append(close);
  }

  private static void dict(Dict dict, TextBuilder out) {
    out.append("{");
    String separator = "";
    for (Dict.Entry entry : dict.entries()) {
      out.append(separator);
      repr(entry.key(), out);
      out.append(": ");
      repr(entry.value(), out);
      separator = ", ";
    }
    out.append("}");
  }

  private static void quote(Text text, TextBuilder out) {
    String value = text.value();
    String quote = value.indexOf('\'') >= 0 && value.indexOf('"') < 0 ? "\"" : "'";
    out.append(quote);
    for (int i = 0; i < value.length(); ) {
      int c = value.codePointAt(i);
      int next = i + Character.charCount(c);
      String escape = escape(c, quote.charAt(0));
      if (escape.isEmpty()) {
        out.append(text, i, next);
      } else {
        out.append(escape, text.originAt(i));
      }
      i = next;
    }
    out.append(quote);
  }

  private static String escape(int c, char quote) {
    return switch (c) {
      case '\\' -> "\\\\";
      case '\n' -> "\\n";
      case '\r' -> "\\r";
      case '\t' -> "\\t";
      default -> {
        if (c == quote) {
          yield "\\" + quote;
        }
        if (Characters.isPrintable(c)) {
          yield "";
        }
        yield c > 0xffff
            ? "\\U%08x".formatted(c)
            : c > 0xff ? "\\u%04x".formatted(c) : "\\x%02x".formatted(c);
      }
    };
  }
}
