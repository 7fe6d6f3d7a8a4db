package org.vesalius.runtime.prompt.jinja;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Cuts a template into tokens, with {@code trim_blocks} and {@code lstrip_blocks} on and one
 * newline at the end of the template dropped, as transformers configures Jinja.
 */
final class Lexer {
  private static final Pattern OPENING = Pattern.compile("\\{[%{#][-+]?");
  private static final Pattern RAW =
      Pattern.compile("\\{%[-+]?\\s*raw\\s*(-%\\}\\s*|%\\})", Pattern.UNICODE_CHARACTER_CLASS);
  private static final Pattern RAW_END =
      Pattern.compile(
          "\\{%([-+]?)\\s*endraw\\s*(?:\\+%\\}|-%\\}\\s*|%\\}\\n?)",
          Pattern.UNICODE_CHARACTER_CLASS);
  private static final Pattern COMMENT_END =
      Pattern.compile("\\+#\\}|-#\\}\\s*|#\\}\\n?", Pattern.UNICODE_CHARACTER_CLASS);
  private static final Pattern TAG_END =
      Pattern.compile("\\+%\\}|-%\\}\\s*|%\\}\\n?", Pattern.UNICODE_CHARACTER_CLASS);
  private static final Pattern PRINT_END =
      Pattern.compile("-\\}\\}\\s*|\\}\\}", Pattern.UNICODE_CHARACTER_CLASS);
  private static final Pattern REAL =
      Pattern.compile(
          "(?<!\\.)(?:\\d+_)*\\d+(?:(?:\\.(?:\\d+_)*\\d+)?[eE][+-]?(?:\\d+_)*\\d+|\\.(?:\\d+_)*\\d+)");
  private static final Pattern INTEGER =
      Pattern.compile(
          "0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[\\da-fA-F])+|[1-9](?:_?\\d)*|0(?:_?0)*");
  private static final Pattern NAME =
      Pattern.compile("[\\w\\x{b7}]+", Pattern.UNICODE_CHARACTER_CLASS);
  private static final Pattern OPERATOR =
      Pattern.compile("//|\\*\\*|==|!=|>=|<=|[-+/*%~\\[\\](){}<>=.:|,;]");

  private final String name;
  private final String source;
  private final List<Token> tokens = new ArrayList<>();
  private int at;
  private int line = 1;
  // The last thing before the current text ended in a newline, so the text starts a line.
  private boolean lineStart = true;

  private Lexer(String source, String name) {
    this.name = name;
    String normalised = source.replace("\r\n", "\n").replace('\r', '\n');
    this.source =
        normalised.endsWith("\n") ? normalised.substring(0, normalised.length() - 1) : normalised;
  }

  static List<Token> tokens(String source, String name) {
    Lexer lexer = new Lexer(source, name);
    lexer.run();
    return lexer.tokens;
  }

  private void run() {
    Matcher opening = OPENING.matcher(source);
    while (opening.find(at)) {
      String mark = opening.group();
      boolean print = mark.charAt(1) == '{';
      data(source.substring(at, opening.start()), mark, print);
      at = opening.start();
      Matcher raw = RAW.matcher(source).region(at, source.length());
      if (raw.lookingAt()) {
        raw(raw);
      } else if (mark.charAt(1) == '#') {
        comment(opening.end());
      } else {
        add(print ? Token.Kind.PRINT_BEGIN : Token.Kind.TAG_BEGIN, mark);
        at = opening.end();
        tag(print);
      }
      lineStart = at > 0 && source.charAt(at - 1) == '\n';
    }
    if (at < source.length()) {
      add(Token.Kind.DATA, source.substring(at));
    }
    add(Token.Kind.END, "");
  }

  /** Adds the text before a tag, without the white space that the tag's mark removes. */
  private void data(String text, String mark, boolean print) {
    String kept = text;
    if (mark.endsWith("-")) {
      kept = stripEnd(text);
    } else if (!mark.endsWith("+") && !print) {
      int start = text.lastIndexOf('\n') + 1;
      if ((start > 0 || lineStart) && stripEnd(text.substring(start)).isEmpty()) {
        kept = text.substring(0, start);
      }
    }
    if (!kept.isEmpty()) {
      tokens.add(new Token(Token.Kind.DATA, kept, line));
    }
    count(text);
  }

  private void raw(Matcher begin) {
    count(begin.group());
    at = begin.end();
    lineStart = source.charAt(at - 1) == '\n';
    Matcher end = RAW_END.matcher(source);
    if (!end.find(at)) {
      throw error("missing end of raw block: expected {% endraw %}");
    }
    data(source.substring(at, end.start()), "{%" + end.group(1), false);
    count(end.group());
    at = end.end();
  }

  private void comment(int start) {
    Matcher end = COMMENT_END.matcher(source);
    if (!end.find(start)) {
      throw error("missing end of comment: expected #}");
    }
    count(source.substring(at, end.end()));
    at = end.end();
  }

  private void tag(boolean print) {
    Deque<Character> open = new ArrayDeque<>();
    while (at < source.length()) {
      if (Characters.isSpace(source.charAt(at))) {
        count(source.substring(at, ++at));
      } else if (open.isEmpty() && matches(print ? PRINT_END : TAG_END)) {
        String end = take(print ? PRINT_END : TAG_END);
        tokens.add(new Token(print ? Token.Kind.PRINT_END : Token.Kind.TAG_END, end, line));
        count(end);
        return;
      } else if (matches(REAL)) {
        add(Token.Kind.REAL, take(REAL).replace("_", ""));
      } else if (matches(INTEGER)) {
        add(Token.Kind.INTEGER, take(INTEGER).replace("_", ""));
      } else if (matches(NAME)) {
        String word = take(NAME);
        if (!Character.isUnicodeIdentifierStart(word.codePointAt(0)) && word.charAt(0) != '_') {
          throw error("invalid character in identifier '" + word + "'");
        }
        add(Token.Kind.NAME, word);
      } else if (stringEnd() > at) {
        String quoted = source.substring(at, stringEnd());
        String value = quoted.substring(1, quoted.length() - 1);
        tokens.add(new Token(Token.Kind.STRING, StringEscapes.decode(value, this::error), line));
        count(quoted);
        at += quoted.length();
      } else if (matches(OPERATOR)) {
        String operator = take(OPERATOR);
        balance(operator.charAt(0), open);
        add(Token.Kind.OPERATOR, operator);
      } else {
        int c = source.codePointAt(at);
        throw error("unexpected character '" + Character.toString(c) + "'");
      }
    }
    add(Token.Kind.END, "");
  }

  // By hand, because a regular expression recurses for every character of a long literal.
  private int stringEnd() {
    char quote = source.charAt(at);
    if (quote != '\'' && quote != '"') {
      return at;
    }
    for (int i = at + 1; i < source.length(); i++) {
      char c = source.charAt(i);
      if (c == quote) {
        return i + 1;
      }
      i += c == '\\' ? 1 : 0;
    }
    return at;
  }

  private void balance(char operator, Deque<Character> open) {
    switch (operator) {
      case '{' -> open.push('}');
      case '(' -> open.push(')');
      case '[' -> open.push(']');
      case '}', ')', ']' -> {
        if (open.isEmpty()) {
          throw error("unexpected '" + operator + "'");
        }
        char expected = open.pop();
        if (expected != operator) {
          throw error("unexpected '" + operator + "', expected '" + expected + "'");
        }
      }
      default -> {}
    }
  }

  private boolean matches(Pattern pattern) {
    return matcher(pattern).lookingAt();
  }

  private String take(Pattern pattern) {
    Matcher matcher = matcher(pattern);
    boolean found = matcher.lookingAt();
    assert found;
    at = matcher.end();
    return matcher.group();
  }

  private Matcher matcher(Pattern pattern) {
    // Transparent, so that the look-behind of REAL sees the dot before the region.
    return pattern.matcher(source).region(at, source.length()).useTransparentBounds(true);
  }

  private void add(Token.Kind kind, String text) {
    tokens.add(new Token(kind, text, line));
  }

  private void count(String passed) {
    line += (int) passed.chars().filter(c -> c == '\n').count();
  }

  private static String stripEnd(String text) {
    int end = text.length();
    while (end > 0 && Characters.isSpace(text.charAt(end - 1))) {
      end--;
    }
    return text.substring(0, end);
  }

  private TemplateException error(String problem) {
    return new TemplateException(name, line, problem);
  }
}
