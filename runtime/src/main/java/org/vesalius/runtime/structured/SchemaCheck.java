package org.vesalius.runtime.structured;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.vesalius.runtime.structured.SchemaShape.JsonType;

/** Whether a value satisfies a schema: which values of an {@code enum} the other keywords leave. */
final class SchemaCheck {
  private final SchemaDocument document;

  SchemaCheck(SchemaDocument document) {
    this.document = document;
  }

  /** Whether two parsed JSON values are the same; numbers are by their value. */
  static boolean equal(@Nullable Object a, @Nullable Object b) {
    if (a instanceof Number x && b instanceof Number y) {
      return SchemaNode.decimal(x).compareTo(SchemaNode.decimal(y)) == 0;
    }
    if (a instanceof List<?> x && b instanceof List<?> y) {
      if (x.size() != y.size()) {
        return false;
      }
      for (int i = 0; i < x.size(); i++) {
        if (!equal(x.get(i), y.get(i))) {
          return false;
        }
      }
      return true;
    }
    if (a instanceof Map<?, ?> x && b instanceof Map<?, ?> y) {
      return x.keySet().equals(y.keySet())
          && x.keySet().stream().allMatch(key -> equal(x.get(key), y.get(key)));
    }
    return a == null ? b == null : a.equals(b);
  }

  boolean accepts(Collection<SchemaNode> goal, @Nullable Object value) {
    for (SchemaNode node : goal) {
      if (document.alternatives(node).stream().noneMatch(all -> local(all, value))) {
        return false;
      }
    }
    return true;
  }

  /** Against schemas whose references and choices were taken apart. */
  boolean local(Set<SchemaNode> nodes, @Nullable Object value) {
    for (SchemaNode node : nodes) {
      if (node.has("oneOf")) {
        long held =
            document.branches(node, "oneOf").stream()
                .filter(branch -> accepts(List.of(branch), value))
                .count();
        if (held != 1) {
          return false;
        }
      }
    }
    SchemaShape shape = new SchemaShape(nodes);
    List<@Nullable Object> values = shape.values();
    if (values != null && values.stream().noneMatch(known -> equal(known, value))) {
      return false;
    }
    return switch (value) {
      case null -> shape.allows(JsonType.NULL);
      case Boolean _ -> shape.allows(JsonType.BOOLEAN);
      case String text -> {
        Dfa strings = shape.strings();
        yield shape.allows(JsonType.STRING) && (strings == null || strings.matches(text));
      }
      case Number number -> shape.allows(JsonType.NUMBER) && number(shape, number);
      case List<?> list -> shape.allows(JsonType.ARRAY) && array(shape, list);
      case Map<?, ?> map -> shape.allows(JsonType.OBJECT) && object(nodes, shape, map);
      default -> false;
    };
  }

  private static boolean number(SchemaShape shape, Number number) {
    BigDecimal value = SchemaNode.decimal(number).stripTrailingZeros();
    return shape.numbers().matches(value.signum() == 0 ? "0" : value.toPlainString());
  }

  private boolean array(SchemaShape shape, List<?> list) {
    int max = shape.maxItems();
    if (list.size() < shape.minItems() || (max >= 0 && list.size() > max)) {
      return false;
    }
    for (int i = 0; i < list.size(); i++) {
      if (!accepts(shape.item(i), list.get(i))) {
        return false;
      }
    }
    return true;
  }

  private boolean object(Set<SchemaNode> nodes, SchemaShape shape, Map<?, ?> map) {
    SchemaObject object = new SchemaObject(nodes);
    int max = shape.maxProperties();
    if (map.size() < shape.minProperties() || (max >= 0 && map.size() > max)) {
      return false;
    }
    List<String> names = new ArrayList<>();
    map.keySet().forEach(name -> names.add(String.valueOf(name)));
    for (String name : names) {
      if (!accepts(object.goal(name), map.get(name)) || !accepts(object.nameGoal(), name)) {
        return false;
      }
    }
    return names.containsAll(object.required());
  }
}
