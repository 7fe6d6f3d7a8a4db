package org.vesalius.runtime.structured;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.vesalius.runtime.structured.Expression.Choice;
import org.vesalius.runtime.structured.Expression.Reference;
import org.vesalius.runtime.structured.Expression.Repeat;
import org.vesalius.runtime.structured.Expression.Rule;
import org.vesalius.runtime.structured.Expression.Sequence;

/**
 * Reads context-free grammars in a notation after EBNF: rules {@code name ::= expression}, texts in
 * quotes, sets in brackets, groups, alternatives and repetitions. The text is what the rule {@code
 * root} matches. Any rule may refer to any other, or to itself on its left.
 */
final class GrammarParser {
  private static final int MAX_DEPTH = 200;
  private static final String ROOT = "root";

  private final String text;
  private final Map<String, Rule> rules = new LinkedHashMap<>();
  private final Set<String> defined = new HashSet<>();
  private int at;
  private int depth;

  private GrammarParser(String text) {
    this.text = text;
  }

  static Expression parse(String grammar) {
    GrammarParser parser = new GrammarParser(grammar);
    parser.skip();
    while (parser.at < grammar.length()) {
      parser.rule();
    }
    for (String name : parser.rules.keySet()) {
      if (!parser.defined.contains(name)) {
        throw new UnsupportedFormatException("grammar: the rule \"" + name + "\" is not defined");
      }
    }
    Rule root = parser.rules.get(ROOT);
    if (root == null) {
      throw new UnsupportedFormatException("grammar: expected a rule \"root\", found none");
    }
    return new Fusion(parser.rules.values()).fuse(root);
  }

  private void rule() {
    String name = name();
    if (name.isEmpty()) {
      throw wrong("expected the name of a rule");
    }
    skip();
    if (!takes("::=")) {
      throw wrong("expected ::=");
    }
    if (!defined.add(name)) {
      throw wrong("the rule \"" + name + "\" is defined twice");
    }
    skip();
    reference(name).rule().define(choice());
  }

  private Reference reference(String name) {
    return new Reference(rules.computeIfAbsent(name, Rule::new));
  }

  private Expression choice() {
    if (++depth > MAX_DEPTH) {
      throw wrong("groups nested deeper than " + MAX_DEPTH);
    }
    List<Expression> branches = new ArrayList<>();
    branches.add(sequence());
    while (takes("|")) {
      skip();
      branches.add(sequence());
    }
    depth--;
    return branches.size() == 1 ? branches.getFirst() : new Choice(branches);
  }

  private Expression sequence() {
    List<Expression> parts = new ArrayList<>();
    while (at < text.length() && "|)".indexOf(text.charAt(at)) < 0 && !atRule()) {
      parts.add(quantified(part()));
    }
    return parts.size() == 1 ? parts.getFirst() : new Sequence(parts);
  }

  /** Whether the next rule begins here. */
  private boolean atRule() {
    int begin = at;
    boolean rule = !name().isEmpty();
    skip();
    rule &= text.startsWith("::=", at);
    at = begin;
    return rule;
  }

  private Expression part() {
    char c = text.charAt(at);
    switch (c) {
      case '"' -> {
        return literal();
      }
      case '[' -> {
        return set();
      }
      case '.' -> {
        at++;
        return Expression.of(new RegularExpression.Symbols(SymbolSet.CHARACTERS));
      }
      case '(' -> {
        at++;
        skip();
        Expression inner = choice();
        if (!takes(")")) {
          throw wrong("expected )");
        }
        return inner;
      }
      default -> {
        String name = name();
        if (name.isEmpty()) {
          throw wrong("expected a text, a set, a group or the name of a rule");
        }
        return reference(name);
      }
    }
  }

  private Expression quantified(Expression part) {
    Expression result = part;
    for (; ; ) {
      char c = at < text.length() ? text.charAt(at) : ' ';
      switch (c) {
        case '*' -> result = new Repeat(result, 0, Expression.UNLIMITED);
        case '+' -> result = new Repeat(result, 1, Expression.UNLIMITED);
        case '?' -> result = new Repeat(result, 0, 1);
        case '{' -> {
          int end = text.indexOf('}', at);
          String bounds = end < 0 ? "" : text.substring(at + 1, end);
          if (!bounds.matches("\\d{1,5}(,(\\d{1,5})?)?")) {
            throw wrong("expected {n}, {n,} or {n,m}, at most 99999");
          }
          int comma = bounds.indexOf(',');
          int min = Integer.parseInt(comma < 0 ? bounds : bounds.substring(0, comma));
          String most = comma < 0 ? bounds : bounds.substring(comma + 1);
          int max = most.isEmpty() ? Expression.UNLIMITED : Integer.parseInt(most);
          if (max >= 0 && max < min) {
            throw wrong("{" + bounds + "} is no range");
          }
          result = new Repeat(result, min, max);
          at = end;
        }
        default -> {
          skip();
          return result;
        }
      }
      at++;
    }
  }

  /** A text in quotes, with the escapes of regular expressions. */
  private Expression literal() {
    int begin = ++at;
    List<RegularExpression> parts = new ArrayList<>();
    while (at < text.length() && text.charAt(at) != '"') {
      int from = at;
      at = afterCharacter();
      String one = text.substring(from, at);
      parts.add(one.startsWith("\\") ? regex(one) : RegularExpression.text(one));
    }
    if (at >= text.length()) {
      at = begin;
      throw wrong("the text does not end");
    }
    at++;
    return Expression.of(new RegularExpression.Concatenation(parts));
  }

  private int afterCharacter() {
    if (text.charAt(at) == '\n') {
      throw wrong("a line break has to be written as \\n");
    }
    if (text.charAt(at) != '\\' || at + 1 >= text.length()) {
      return at + Character.charCount(text.codePointAt(at));
    }
    char kind = text.charAt(at + 1);
    if (Character.isLetterOrDigit(kind) && "tnrfxu".indexOf(kind) < 0) {
      throw wrong("\\" + kind + " is not known");
    }
    int digits = kind == 'x' ? 2 : kind == 'u' ? 4 : 0;
    if (digits > 0 && text.startsWith("{", at + 2)) {
      int end = text.indexOf('}', at);
      return end < 0 ? text.length() : end + 1;
    }
    return Math.min(text.length(), at + 2 + digits);
  }

  private Expression set() {
    int end = at + 1;
    while (end < text.length() && text.charAt(end) != ']') {
      end += text.charAt(end) == '\\' ? 2 : 1;
    }
    if (end >= text.length()) {
      throw wrong("the set does not end");
    }
    Expression set = Expression.of(regex(text.substring(at, end + 1)));
    at = end + 1;
    return set;
  }

  private RegularExpression regex(String part) {
    return RegexParser.whole(part, RegexParser.Dialect.ECMA, "grammar: line " + line());
  }

  private String name() {
    int begin = at;
    while (at < text.length() && isNamePart(text.charAt(at), at > begin)) {
      at++;
    }
    return text.substring(begin, at);
  }

  private static boolean isNamePart(char c, boolean inside) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || c == '_'
        || (inside && ((c >= '0' && c <= '9') || c == '-'));
  }

  private boolean takes(String expected) {
    if (text.startsWith(expected, at)) {
      at += expected.length();
      return true;
    }
    return false;
  }

  /** White space and comments. */
  private void skip() {
    while (at < text.length()) {
      if (text.charAt(at) == '#') {
        while (at < text.length() && text.charAt(at) != '\n') {
          at++;
        }
      } else if (Character.isWhitespace(text.charAt(at))) {
        at++;
      } else {
        return;
      }
    }
  }

  private long line() {
    return 1
        + text.substring(0, Math.min(at, text.length())).chars().filter(c -> c == '\n').count();
  }

  private UnsupportedFormatException wrong(String problem) {
    String rest = text.substring(Math.min(at, text.length())).lines().findFirst().orElse("");
    String found = rest.isEmpty() ? "the end of the line" : "\"" + rest + "\"";
    return new UnsupportedFormatException(
        "grammar: line " + line() + ": " + problem + ", at " + found);
  }
}
