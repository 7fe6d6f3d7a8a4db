package org.vesalius.runtime.prompt.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** An expression of the language, as the parser leaves it. */
sealed interface Expression {
  /** A constant of any type. */
  record Literal(Object value) implements Expression {}

  record Name(String name) implements Expression {}

  record ListOf(List<Expression> items) implements Expression {}

  record TupleOf(List<Expression> items) implements Expression {}

  record DictOf(List<Expression> keys, List<Expression> values) implements Expression {}

  /** {@code target.name}: the attribute first, then the item. */
  record Attribute(Expression target, String name) implements Expression {}

  /** {@code target[index]}: the item first, then the attribute. */
  record Item(Expression target, Expression index) implements Expression {}

  /** {@code start:stop:step}, only inside {@link Item}. */
  record Slice(@Nullable Expression start, @Nullable Expression stop, @Nullable Expression step)
      implements Expression {}

  record Call(Expression target, CallArguments arguments) implements Expression {}

  /** {@code input} is null in a filter block, which filters what it renders. */
  record Filter(@Nullable Expression input, String name, CallArguments arguments)
      implements Expression {}

  record Test(Expression input, String name, CallArguments arguments) implements Expression {}

  /** {@code then if condition else otherwise}. */
  record Conditional(Expression condition, Expression then, @Nullable Expression otherwise)
      implements Expression {}

  record And(Expression left, Expression right) implements Expression {}

  record Or(Expression left, Expression right) implements Expression {}

  record Not(Expression operand) implements Expression {}

  /** Arithmetic: {@code + - * / // % **}. */
  record Binary(String operator, Expression left, Expression right) implements Expression {}

  record Negative(Expression operand) implements Expression {}

  record Positive(Expression operand) implements Expression {}

  /** {@code a ~ b ~ c}. */
  record Concat(List<Expression> parts) implements Expression {}

  /** {@code a < b <= c}, also with {@code in} and {@code not in}. */
  record Compare(Expression first, List<Operand> rest) implements Expression {}

  record Operand(String operator, Expression value) {}

  record Named(String name, Expression value) {}

  /** The arguments of a call, filter or test as written. */
  record CallArguments(
      List<Expression> positional,
      List<Named> named,
      @Nullable Expression spread,
      @Nullable Expression spreadNamed) {
    static final CallArguments NONE = new CallArguments(List.of(), List.of(), null, null);

    boolean isEmpty() {
      return positional.isEmpty() && named.isEmpty() && spread == null && spreadNamed == null;
    }
  }
}
