package org.vesalius.runtime.prompt.jinja;

import java.util.ArrayList;
import java.util.List;

/**
 * The filter {@code tojson} as transformers defines it: Python's {@code json.dumps} without any
 * HTML escaping and, unless asked, without ASCII escaping.
 *
 * @param indent text of one level of indentation; empty with {@code pretty} for line breaks only
 */
record Json(
    boolean ascii,
    boolean pretty,
    Text indent,
    Text itemSeparator,
    Text keySeparator,
    boolean sortKeys) {

  Text write(Object value) {
    TextBuilder out = new TextBuilder();
    write(value, 1, out);
    return out.toText();
  }

  private void write(Object value, int level, TextBuilder out) {
    switch (value) {
      case None _ -> out.append("null");
      case Boolean b -> out.append(b ? "true" : "false");
      case Double d -> out.append(real(d));
      case Text text -> string(text, out);
      case Sequence sequence -> array(sequence.items(), level, out);
      case Dict dict -> object(dict, level, out);
      default -> {
        if (!Numbers.isInteger(value)) {
          throw new Problem(
              "Object of type " + Values.typeName(value) + " is not JSON serializable");
        }
        out.append(value.toString());
      }
    }
  }

  private static String real(double value) {
    if (Double.isNaN(value)) {
      return "NaN";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "Infinity" : "-Infinity";
    }
    return Numbers.repr(value);
  }

  private void array(List<Object> items, int level, TextBuilder out) {
    if (items.isEmpty()) {
      out.append("[]");
      return;
    }
    out.append("[");
    for (int i = 0; i < items.size(); i++) {
      between(i, level, out);
      write(items.get(i), level + 1, out);
    }
    newLine(level - 1, out);
    out.append("]");
  }

  private void object(Dict dict, int level, TextBuilder out) {
    if (dict.size() == 0) {
      out.append("{}");
      return;
    }
    List<Dict.Entry> entries = new ArrayList<>();
    dict.entries().forEach(entries::add);
    if (sortKeys) {
      entries.sort((a, b) -> order(a.key(), b.key()));
    }
    out.append("{");
    for (int i = 0; i < entries.size(); i++) {
      between(i, level, out);
      string(key(entries.get(i).key()), out);
      out.append(keySeparator);
      write(entries.get(i).value(), level + 1, out);
    }
    newLine(level - 1, out);
    out.append("}");
  }

  private static int order(Object a, Object b) {
    return Values.ordered("<", a, b) ? -1 : Values.ordered("<", b, a) ? 1 : 0;
  }

  private static Text key(Object key) {
    return switch (key) {
      case Text text -> text;
      case None _ -> Text.of("null");
      case Boolean b -> Text.of(b ? "true" : "false");
      case Double d -> Text.of(real(d));
      default -> {
        if (!Numbers.isInteger(key)) {
          throw new Problem(
              "keys must be str, int, float, bool or None, not " + Values.typeName(key));
        }
        yield Text.of(key.toString());
      }
    };
  }

  private void between(int index, int level, TextBuilder out) {
    if (index > 0) {
      out.append(itemSeparator);
    }
    newLine(level, out);
  }

  private void newLine(int level, TextBuilder out) {
    if (pretty) {
      out.append("\n");
      out.repeat(indent, level);
    }
  }

  private void string(Text text, TextBuilder out) {
    out.append("\"");
    String value = text.value();
    int plain = 0;
    for (int i = 0; i < value.length(); i++) {
      String escape = escape(value.charAt(i));
      if (!escape.isEmpty()) {
        out.append(text, plain, i);
        out.append(escape, text.originAt(i));
        plain = i + 1;
      }
    }
    out.append(text, plain, value.length());
    out.append("\"");
  }

  private String escape(char c) {
    return switch (c) {
      case '"' -> "\\\"";
      case '\\' -> "\\\\";
      case '\n' -> "\\n";
      case '\r' -> "\\r";
      case '\t' -> "\\t";
      case '\f' -> "\\f";
      case '\b' -> "\\b";
      default -> c < 0x20 || (ascii && c > 0x7e) ? "\\u%04x".formatted((int) c) : "";
    };
  }
}
