package org.vesalius.runtime.structured;

import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.vesalius.runtime.structured.SchemaShape.JsonType;

/**
 * Proves that no value satisfies some schemas at once. That is what {@code oneOf} needs: what is
 * written for one of its branches must satisfy no other.
 */
final class SchemaEmptiness {
  private static final int MAX_DEPTH = 6;

  private final SchemaDocument document;
  private final SchemaCheck check;

  SchemaEmptiness(SchemaDocument document, SchemaCheck check) {
    this.document = document;
    this.check = check;
  }

  /**
   * Refuses schemas with {@code oneOf} if what is written for them may satisfy two branches.
   *
   * @param nodes schemas that all hold, one branch of each choice among them
   */
  void requireExclusive(Set<SchemaNode> nodes) {
    for (SchemaNode node : nodes) {
      if (!node.has("oneOf")) {
        continue;
      }
      int possible = -1;
      List<SchemaNode> branches = document.branches(node, "oneOf");
      for (int i = 0; i < branches.size(); i++) {
        if (isImpossible(nodes, document.alternatives(branches.get(i)))) {
          continue;
        }
        if (possible >= 0) {
          throw node.wrong(
              "oneOf",
              "the branches "
                  + possible
                  + " and "
                  + i
                  + " may hold for the same value: expected branches that exclude each other, for"
                  + " example by a property with different values of const; or use anyOf");
        }
        possible = i;
      }
    }
  }

  private boolean isImpossible(Set<SchemaNode> written, List<Set<SchemaNode>> alternatives) {
    SchemaObject closed = new SchemaObject(written);
    for (Set<SchemaNode> more : alternatives) {
      Set<SchemaNode> both = new LinkedHashSet<>(written);
      both.addAll(more);
      if (!isEmpty(both, closed, 0)) {
        return false;
      }
    }
    return true;
  }

  private boolean isEmptyGoal(Collection<SchemaNode> goal, int depth) {
    for (Set<SchemaNode> all : document.alternatives(goal)) {
      if (!isEmpty(all, null, depth)) {
        return false;
      }
    }
    return true;
  }

  /**
   * Whether nothing satisfies all of the schemas.
   *
   * @param closed what objects may have as properties, or null if that is open
   */
  private boolean isEmpty(Set<SchemaNode> nodes, @Nullable SchemaObject closed, int depth) {
    if (depth > MAX_DEPTH) {
      return false;
    }
    SchemaShape shape = new SchemaShape(nodes);
    List<@Nullable Object> values = shape.values();
    if (values != null) {
      return values.stream().noneMatch(value -> check.local(nodes, value));
    }
    if (shape.allows(JsonType.NULL) || shape.allows(JsonType.BOOLEAN)) {
      return false;
    }
    if (shape.allows(JsonType.NUMBER) && !shape.numbers().isNothing()) {
      return false;
    }
    if (shape.allows(JsonType.STRING)) {
      Dfa strings = shape.strings();
      if (strings == null || !strings.isNothing()) {
        return false;
      }
    }
    if (shape.allows(JsonType.ARRAY) && !isEmptyArray(shape, depth)) {
      return false;
    }
    return !shape.allows(JsonType.OBJECT) || isEmptyObject(nodes, shape, closed, depth);
  }

  private boolean isEmptyArray(SchemaShape shape, int depth) {
    int max = shape.maxItems();
    if (max >= 0 && max < shape.minItems()) {
      return true;
    }
    for (int i = 0; i < Math.min(shape.minItems(), shape.prefixSize() + 1); i++) {
      if (isEmptyGoal(shape.item(i), depth + 1)) {
        return true;
      }
    }
    return false;
  }

  private boolean isEmptyObject(
      Set<SchemaNode> nodes, SchemaShape shape, @Nullable SchemaObject closed, int depth) {
    SchemaObject object = new SchemaObject(nodes);
    int max = shape.maxProperties();
    if (max >= 0 && (max < shape.minProperties() || max < object.required().size())) {
      return true;
    }
    for (String name : object.required()) {
      if ((closed != null && !closed.writes(name)) || isEmptyGoal(object.goal(name), depth + 1)) {
        return true;
      }
    }
    return false;
  }
}
