package org.vesalius.runtime.structured;

import java.util.Arrays;
import java.util.List;

/** A part of a context-free grammar. Immutable, but for the body of a {@link Rule}. */
sealed interface Expression {
  /** What {@code max} is where there is no limit. */
  int UNLIMITED = -1;

  Expression EMPTY = new Sequence(List.of());

  /** Matches no text. */
  Expression NOTHING = new Choice(List.of());

  /**
   * A text that an automaton accepts.
   *
   * @param text over code points and marks
   * @param unique whether it is the key of an object, which must not be there twice
   */
  record Terminal(Dfa text, boolean unique) implements Expression {}

  /** Parts one after the other. */
  record Sequence(List<Expression> parts) implements Expression {}

  /** One of several. */
  record Choice(List<Expression> branches) implements Expression {}

  /**
   * A part several times.
   *
   * @param max {@link #UNLIMITED} for any number
   */
  record Repeat(Expression part, int min, int max) implements Expression {}

  /** What a rule matches. */
  record Reference(Rule rule) implements Expression {}

  /** A named expression, which may refer to itself. Compared by identity. */
  final class Rule {
    private final String name;
    private Expression body = NOTHING;

    Rule(String name) {
      this.name = name;
    }

    void define(Expression expression) {
      body = expression;
    }

    String name() {
      return name;
    }

    Expression body() {
      return body;
    }
  }

  static Expression text(String text) {
    return of(RegularExpression.text(text));
  }

  static Expression of(RegularExpression expression) {
    return new Terminal(expression.toDfa(), false);
  }

  static Expression of(Dfa dfa) {
    return new Terminal(dfa, false);
  }

  static Expression sequence(Expression... parts) {
    return new Sequence(Arrays.asList(parts));
  }

  static Expression either(Expression... branches) {
    return new Choice(Arrays.asList(branches));
  }

  static Expression optional(Expression part) {
    return new Choice(List.of(EMPTY, part));
  }
}
