package org.vesalius.runtime.prompt.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.vesalius.runtime.prompt.jinja.Statement.MacroDefinition;

/** A macro with the scope it was defined in; calling it renders its body to text. */
final class Macro implements Function, HasAttributes {
  private final MacroDefinition definition;
  private final Scope scope;
  private final Interpreter interpreter;

  Macro(MacroDefinition definition, Scope scope, Interpreter interpreter) {
    this.definition = definition;
    this.scope = scope;
    this.interpreter = interpreter;
  }

  @Override
  public String name() {
    return definition.name();
  }

  @Override
  public @Nullable Object attribute(String name) {
    return switch (name) {
      case "name" -> Text.of(name());
      case "arguments" ->
          new Tuple(definition.parameters().stream().<Object>map(Text::of).toList());
      case "catch_kwargs" -> definition.readsKwargs();
      case "catch_varargs" -> definition.readsVarargs();
      case "caller" -> definition.readsCaller();
      default -> null;
    };
  }

  @Override
  public Object call(Evaluator evaluator, Arguments arguments) {
    Scope inner = new Scope(scope);
    Map<String, Object> named = new LinkedHashMap<>(arguments.named());
    List<String> parameters = definition.parameters();
    int given = arguments.positional().size();
    List<Integer> absent = new ArrayList<>();
    for (int i = 0; i < parameters.size(); i++) {
      Object value = i < given ? arguments.positional().get(i) : named.remove(parameters.get(i));
      if (value == null) {
        absent.add(i);
      } else {
        inner.set(parameters.get(i), value);
      }
    }
    if (definition.readsCaller() && !parameters.contains("caller")) {
      Object caller = named.remove("caller");
      inner.set("caller", caller == null ? new Undefined("No caller defined") : caller);
    }
    takeRest(arguments, named, inner);
    for (int index : absent) {
      inner.set(parameters.get(index), defaultValue(index, evaluator, inner));
    }
    return interpreter.renderApart(definition.body(), inner);
  }

  private void takeRest(Arguments arguments, Map<String, Object> named, Scope inner) {
    int count = definition.parameters().size();
    if (definition.readsKwargs()) {
      Dict kwargs = new Dict();
      named.forEach((key, value) -> kwargs.put(Text.of(key), value));
      inner.set("kwargs", kwargs);
    } else if (!named.isEmpty()) {
      throw new Problem(
          "macro '%s' takes no keyword argument '%s'"
              .formatted(name(), named.keySet().iterator().next()));
    }
    List<Object> positional = arguments.positional();
    if (definition.readsVarargs()) {
      int from = Math.min(count, positional.size());
      inner.set("varargs", new Tuple(positional.subList(from, positional.size())));
    } else if (positional.size() > count) {
      throw new Problem("macro '%s' takes not more than %d argument(s)".formatted(name(), count));
    }
  }

  private Object defaultValue(int index, Evaluator evaluator, Scope inner) {
    int from = definition.parameters().size() - definition.defaults().size();
    if (index < from) {
      return new Undefined(
          "parameter '" + definition.parameters().get(index) + "' was not provided");
    }
    return evaluator.evaluate(definition.defaults().get(index - from), inner);
  }
}
