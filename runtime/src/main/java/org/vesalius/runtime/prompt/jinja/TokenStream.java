package org.vesalius.runtime.prompt.jinja;

import java.util.List;

/** The tokens of a template with a position; the last token is always {@code END}. */
final class TokenStream {
  private final List<Token> tokens;
  private final String template;
  private int at;

  TokenStream(List<Token> tokens, String template) {
    this.tokens = tokens;
    this.template = template;
  }

  Token peek() {
    return tokens.get(at);
  }

  Token peekNext() {
    return tokens.get(Math.min(at + 1, tokens.size() - 1));
  }

  Token next() {
    Token token = tokens.get(at);
    if (at < tokens.size() - 1) {
      at++;
    }
    return token;
  }

  boolean isOperator(String operator) {
    return peek().is(Token.Kind.OPERATOR, operator);
  }

  boolean isName(String name) {
    return peek().is(Token.Kind.NAME, name);
  }

  boolean isKind(Token.Kind kind) {
    return peek().kind() == kind;
  }

  boolean skipOperator(String operator) {
    boolean found = isOperator(operator);
    if (found) {
      next();
    }
    return found;
  }

  boolean skipName(String name) {
    boolean found = isName(name);
    if (found) {
      next();
    }
    return found;
  }

  void expectOperator(String operator) {
    if (!skipOperator(operator)) {
      throw error("expected '" + operator + "', found '" + peek().describe() + "'");
    }
  }

  void expectName(String name) {
    if (!skipName(name)) {
      throw error("expected '" + name + "', found '" + peek().describe() + "'");
    }
  }

  Token expect(Token.Kind kind, String what) {
    if (!isKind(kind)) {
      throw error("expected " + what + ", found '" + peek().describe() + "'");
    }
    return next();
  }

  int line() {
    return peek().line();
  }

  TemplateException error(String problem) {
    return error(problem, line());
  }

  TemplateException error(String problem, int line) {
    return new TemplateException(template, line, problem);
  }
}
