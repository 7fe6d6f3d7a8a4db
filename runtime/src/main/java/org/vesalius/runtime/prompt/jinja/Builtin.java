package org.vesalius.runtime.prompt.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A filter, test, method or global function: a name, its parameters and what it does.
 *
 * @param parameters names in order, optional ones with a question mark; {@code null}: any arguments
 */
record Builtin(String name, @Nullable List<String> parameters, Operation operation) {
  /** What a builtin does with its subject (the filtered value, the object of a method). */
  @FunctionalInterface
  interface Operation {
    Object apply(Evaluator evaluator, Object subject, Bound arguments);
  }

  /** {@code parameters} are separated by spaces; {@code "*"} takes any arguments. */
  static Builtin of(String name, String parameters, Operation operation) {
    List<String> names = parameters.isEmpty() ? List.of() : List.of(parameters.split(" ", -1));
    return new Builtin(name, parameters.equals("*") ? null : names, operation);
  }

  Object call(Evaluator evaluator, Object subject, Arguments arguments) {
    return operation.apply(evaluator, subject, bind(arguments));
  }

  private Bound bind(Arguments arguments) {
    if (parameters == null) {
      return new Bound(arguments, new @Nullable Object[0]);
    }
    int count = arguments.positional().size();
    if (count > parameters.size()) {
      throw new Problem(
          "%s() takes at most %d arguments (%d given)".formatted(name, parameters.size(), count));
    }
    @Nullable Object[] values = new @Nullable Object[parameters.size()];
    int used = 0;
    for (int i = 0; i < values.length; i++) {
      boolean optional = parameters.get(i).endsWith("?");
      String parameter = parameters.get(i).replace("?", "");
      Object named = arguments.named().get(parameter);
      if (named != null) {
        used++;
        if (i < count) {
          throw new Problem(name + "() got multiple values for argument '" + parameter + "'");
        }
      }
      values[i] = i < count ? arguments.positional().get(i) : named;
      if (values[i] == null && !optional) {
        throw new Problem(name + "() missing required argument '" + parameter + "'");
      }
    }
    if (used < arguments.named().size()) {
      for (String given : arguments.named().keySet()) {
        if (!parameters.contains(given) && !parameters.contains(given + "?")) {
          throw new Problem(name + "() got an unexpected keyword argument '" + given + "'");
        }
      }
    }
    return new Bound(arguments, values);
  }

  /** A method that was looked up on its object, or a global function with no object. */
  record Method(Builtin builtin, Object self) implements Function {
    @Override
    public String name() {
      return builtin.name();
    }

    @Override
    public Object call(Evaluator evaluator, Arguments arguments) {
      return builtin.call(evaluator, self, arguments);
    }
  }
}
