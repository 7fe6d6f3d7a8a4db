package org.vesalius.runtime.answer;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Reads calls as Python writes them, {@code name(key=value, …)}, with literals as values. Nothing
 * is evaluated. What is not understood throws {@link Malformed}.
 */
final class PythonReader {
  private static final int MAX_DEPTH = 100;

  private final String text;
  private int at;
  private int depth;

  PythonReader(String text) {
    this.text = text;
  }

  /** The only value in the text. */
  @Nullable Object onlyValue() {
    Object value = value();
    skipSpace();
    if (at < text.length()) {
      throw wrong("the end");
    }
    return value;
  }

  /**
   * All calls: one after the other on lines of their own or with {@code ;} between, in a list, or
   * inside {@code print}. The first that is malformed ends the reading and takes the rest.
   */
  static List<ToolCall> calls(String text) {
    PythonReader reader = new PythonReader(text);
    List<ToolCall> calls = new ArrayList<>();
    int begin = 0;
    try {
      boolean list = reader.takes('[');
      for (reader.skipSeparators(list); reader.at < text.length(); reader.skipSeparators(list)) {
        begin = reader.at;
        if (list && reader.takes(']')) {
          reader.skipSpace();
          if (reader.at < text.length()) {
            throw reader.wrong("the end");
          }
          return calls;
        }
        calls.add(reader.call());
      }
      if (list) {
        throw new Malformed("incomplete: expected ] at the end");
      }
    } catch (Malformed e) {
      calls.add(ToolCall.malformed("", text.substring(begin), String.valueOf(e.getMessage())));
    }
    return calls;
  }

  private void skipSeparators(boolean list) {
    skipSpace();
    while (at < text.length() && (text.charAt(at) == ';' || (list && text.charAt(at) == ','))) {
      at++;
      skipSpace();
    }
  }

  private ToolCall call() {
    int begin = at;
    String name = name();
    expect('(');
    skipSpace();
    if (name.equals("print") && !keyFollows()) {
      ToolCall inner = call();
      expect(')');
      return inner.withRaw(text.substring(begin, at));
    }
    Map<String, @Nullable Object> arguments = new LinkedHashMap<>();
    while (!takes(')')) {
      if (!keyFollows()) {
        throw wrong("key=value (a value without a name cannot be told)");
      }
      String key = name();
      expect('=');
      if (arguments.containsKey(key)) {
        throw new Malformed("argument \"" + key + "\" is there twice");
      }
      arguments.put(key, value());
      if (!takes(',')) {
        expect(')');
        break;
      }
    }
    // Llama's built-in tools are objects with one method.
    String function =
        name.endsWith(".call") ? name.substring(0, name.length() - ".call".length()) : name;
    return ToolCall.proper(function, arguments, text.substring(begin, at));
  }

  private boolean keyFollows() {
    int end = nameEnd();
    int next = end;
    while (next < text.length() && Character.isWhitespace(text.charAt(next))) {
      next++;
    }
    return end > at && next < text.length() && text.charAt(next) == '=';
  }

  private String name() {
    skipSpace();
    int end = nameEnd();
    if (end == at || Character.isDigit(text.charAt(at))) {
      throw wrong("a name");
    }
    String name = text.substring(at, end);
    at = end;
    return name;
  }

  private int nameEnd() {
    int end = at;
    while (end < text.length()
        && (Character.isLetterOrDigit(text.charAt(end)) || "_.".indexOf(text.charAt(end)) >= 0)) {
      end++;
    }
    return end;
  }

  private @Nullable Object value() {
    skipSpace();
    if (at == text.length()) {
      throw new Malformed("incomplete: expected a value");
    }
    char c = text.charAt(at);
    if (++depth > MAX_DEPTH) {
      throw new Malformed("nested deeper than " + MAX_DEPTH);
    }
    Object value =
        switch (c) {
          case '"', '\'' -> string(c);
          case '[' -> list(']');
          case '(' -> list(')');
          case '{' -> dictionary();
          default -> Character.isLetter(c) ? constant() : number();
        };
    depth--;
    return value;
  }

  private @Nullable Object constant() {
    String name = name();
    return switch (name) {
      case "True", "true" -> true;
      case "False", "false" -> false;
      case "None", "null" -> null;
      default -> throw new Malformed("expected a literal, found \"" + name + "\"");
    };
  }

  private Object number() {
    int end = at;
    while (end < text.length()
        && (Character.isLetterOrDigit(text.charAt(end)) || "+-._".indexOf(text.charAt(end)) >= 0)) {
      end++;
    }
    String digits = text.substring(at, end);
    boolean whole = digits.matches("[+-]?\\d{1,1000}");
    if (!whole
        && !digits.matches("[+-]?(\\d{1,400}\\.?\\d{0,400}|\\.\\d{1,400})([eE][+-]?\\d{1,4})?")) {
      throw wrong("a value");
    }
    at = end;
    if (whole) {
      BigInteger value = new BigInteger(digits);
      return value.bitLength() < Long.SIZE ? (Object) value.longValue() : value;
    }
    double value = Double.parseDouble(digits);
    if (!Double.isFinite(value)) {
      throw new Malformed("a number is too large for double precision");
    }
    return value;
  }

  private List<@Nullable Object> list(char close) {
    at++;
    List<@Nullable Object> values = new ArrayList<>();
    while (!takes(close)) {
      values.add(value());
      if (!takes(',')) {
        expect(close);
        break;
      }
    }
    return values;
  }

  private Map<String, @Nullable Object> dictionary() {
    at++;
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    while (!takes('}')) {
      String key = Objects.toString(value());
      expect(':');
      if (values.containsKey(key)) {
        throw new Malformed("key \"" + key + "\" is there twice");
      }
      values.put(key, value());
      if (!takes(',')) {
        expect('}');
        break;
      }
    }
    return values;
  }

  private String string(char quote) {
    String triple = String.valueOf(quote).repeat(3);
    boolean long3 = text.startsWith(triple, at);
    at += long3 ? 3 : 1;
    StringBuilder value = new StringBuilder();
    while (at < text.length()) {
      char c = text.charAt(at);
      if (long3 ? text.startsWith(triple, at) : c == quote) {
        at += long3 ? 3 : 1;
        return value.toString();
      }
      if (c == '\n' && !long3) {
        throw wrong("the end of a string");
      }
      at++;
      if (c == '\\' && at < text.length()) {
        escape(value);
      } else {
        value.append(c);
      }
    }
    throw new Malformed("incomplete: a string does not end");
  }

  private void escape(StringBuilder value) {
    char c = text.charAt(at++);
    switch (c) {
      case 'n' -> value.append('\n');
      case 't' -> value.append('\t');
      case 'r' -> value.append('\r');
      case '\n' -> {}
      case '\\', '\'', '"' -> value.append(c);
      case 'x' -> value.append((char) hex(2));
      case 'u' -> value.append((char) hex(4));
      default -> value.append('\\').append(c);
    }
  }

  private int hex(int digits) {
    int code = 0;
    for (int i = 0; i < digits; i++) {
      int digit = at < text.length() ? Character.digit(text.charAt(at), 16) : -1;
      if (digit < 0) {
        throw wrong("a hexadecimal digit");
      }
      code = 16 * code + digit;
      at++;
    }
    return code;
  }

  private void skipSpace() {
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
      at++;
    }
  }

  private boolean takes(char c) {
    skipSpace();
    if (at < text.length() && text.charAt(at) == c) {
      at++;
      return true;
    }
    return false;
  }

  private void expect(char c) {
    if (!takes(c)) {
      throw wrong("'" + c + "'");
    }
  }

  private Malformed wrong(String expected) {
    String found =
        at < text.length()
            ? "found \""
                + CallJson.brief(text.substring(at, Math.min(text.length(), at + 60)))
                + "\""
            : "the text ends";
    return new Malformed("character " + at + ": expected " + expected + ", " + found);
  }
}
