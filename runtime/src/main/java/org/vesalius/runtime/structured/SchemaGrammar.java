package org.vesalius.runtime.structured;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.vesalius.runtime.structured.Expression.Choice;
import org.vesalius.runtime.structured.Expression.Reference;
import org.vesalius.runtime.structured.Expression.Rule;
import org.vesalius.runtime.structured.SchemaShape.JsonType;

/** Turns JSON schemas into expressions of the JSON that satisfies them. */
final class SchemaGrammar {
  private static final int MAX_WORDS = 64;

  private final SchemaDocument document;
  private final SchemaCheck check;
  private final SchemaEmptiness emptiness;
  private final JsonGrammar json;
  private final Map<Set<SchemaNode>, Rule> rules = new HashMap<>();

  SchemaGrammar(Object schema, JsonGrammar json) {
    document = new SchemaDocument(schema);
    check = new SchemaCheck(document);
    emptiness = new SchemaEmptiness(document, check);
    this.json = json;
  }

  /** What the whole schema allows. */
  Expression root() {
    return of(List.of(document.root()));
  }

  SchemaDocument document() {
    return document;
  }

  /** What satisfies several schemas at once. */
  Expression of(Collection<SchemaNode> goal) {
    List<Expression> branches = new ArrayList<>();
    for (Set<SchemaNode> all : document.alternatives(goal)) {
      branches.add(rule(all));
    }
    return branches.size() == 1 ? branches.getFirst() : new Choice(branches);
  }

  private Expression rule(Set<SchemaNode> nodes) {
    if (nodes.isEmpty()) {
      return json.value();
    }
    Set<SchemaNode> key = new HashSet<>(nodes);
    Rule known = rules.get(key);
    if (known == null) {
      known = new Rule(nodes.iterator().next().pointer());
      rules.put(key, known);
      known.define(body(nodes, true));
    }
    return new Reference(known);
  }

  void requireExclusive(Set<SchemaNode> nodes) {
    emptiness.requireExclusive(nodes);
  }

  /** The strings that schemas allow, or null for all. */
  @Nullable Dfa strings(Set<SchemaNode> nodes) {
    SchemaShape shape = new SchemaShape(nodes);
    List<@Nullable Object> values = shape.values();
    return values == null
        ? shape.strings()
        : Words.dfa(
            values.stream()
                .filter(value -> value instanceof String && check.local(nodes, value))
                .map(String::valueOf)
                .toList());
  }

  /** What schemas allow that is no string. */
  Expression withoutStrings(Set<SchemaNode> nodes) {
    return body(nodes, false);
  }

  private Expression body(Set<SchemaNode> nodes, boolean withStrings) {
    emptiness.requireExclusive(nodes);
    SchemaShape shape = new SchemaShape(nodes);
    List<@Nullable Object> values = shape.values();
    if (values != null) {
      return values(
          values.stream()
              .filter(value -> withStrings || !(value instanceof String))
              .filter(value -> check.local(nodes, value))
              .toList());
    }
    List<Expression> branches = new ArrayList<>();
    if (shape.allows(JsonType.NULL)) {
      branches.add(Expression.text("null"));
    }
    if (shape.allows(JsonType.BOOLEAN)) {
      branches.add(Expression.of(Words.dfa(List.of("true", "false"))));
    }
    if (shape.allows(JsonType.NUMBER)) {
      branches.add(Expression.of(shape.numbers()));
    }
    if (withStrings && shape.allows(JsonType.STRING)) {
      Dfa strings = shape.strings();
      branches.add(strings == null ? json.string() : json.string(strings, shape.isPlainText()));
    }
    if (shape.allows(JsonType.ARRAY)) {
      branches.add(array(shape));
    }
    if (shape.allows(JsonType.OBJECT)) {
      branches.add(object(nodes, shape));
    }
    return new Choice(branches);
  }

  private Expression values(List<? extends @Nullable Object> values) {
    Set<String> words = new LinkedHashSet<>();
    List<Expression> branches = new ArrayList<>();
    for (Object value : values) {
      if (value instanceof Map || value instanceof List) {
        branches.add(json.literal(value));
      } else if (!(value instanceof String text) || json.allowed().matches(text)) {
        words.add(JsonGrammar.scalar(value));
      }
    }
    if (!words.isEmpty()) {
      branches.add(Expression.of(Words.dfa(words)));
    }
    return new Choice(branches);
  }

  private Expression array(SchemaShape shape) {
    List<Expression> first = new ArrayList<>();
    int prefix = shape.prefixSize();
    int max = shape.maxItems();
    for (int i = 0; i < prefix && (max < 0 || i < max); i++) {
      first.add(of(shape.item(i)));
    }
    Expression others = max >= 0 && max <= prefix ? null : of(shape.item(prefix));
    return json.array(first, others, shape.minItems(), max);
  }

  private Expression object(Set<SchemaNode> nodes, SchemaShape shape) {
    SchemaObject object = new SchemaObject(nodes);
    List<SchemaNode> nameGoal = object.nameGoal();
    List<JsonGrammar.Member> members = new ArrayList<>();
    for (String name : object.names()) {
      boolean required = object.required().contains(name);
      List<SchemaNode> goal = object.goal(name);
      boolean possible = check.accepts(nameGoal, name) && json.allowed().matches(name);
      if (possible || required) {
        members.add(
            new JsonGrammar.Member(name, possible ? of(goal) : Expression.NOTHING, required));
      }
    }
    Dfa allowedNames = nameGoal.isEmpty() ? json.allowed() : names(nameGoal);
    List<JsonGrammar.More> more = new ArrayList<>();
    for (SchemaObject.Others others : object.others()) {
      Dfa names = others.names().and(allowedNames).and(json.allowed());
      List<String> few = names.isNothing() ? List.of() : Words.list(names, MAX_WORDS);
      if (few != null) {
        few.forEach(name -> members.add(new JsonGrammar.Member(name, of(others.goal()), false)));
      } else if (JsonStrings.written(names, false).isExtendable()) {
        more.add(new JsonGrammar.More(json.key(names), of(others.goal())));
      } else {
        throw boundedNames(object);
      }
    }
    return json.object(members, more, shape.minProperties(), shape.maxProperties());
  }

  private static UnsupportedFormatException boundedNames(SchemaObject object) {
    for (String keyword : List.of("patternProperties", "propertyNames")) {
      SchemaNode node = object.any(keyword);
      if (node != null) {
        return node.wrong(
            keyword,
            "more than "
                + MAX_WORDS
                + " names of a limited length are not supported: expected names that may always"
                + " go on, or a list of names");
      }
    }
    throw new IllegalStateException("names are bounded, but no keyword says so");
  }

  private Dfa names(List<SchemaNode> goal) {
    Dfa names = Dfa.nothing();
    for (Set<SchemaNode> all : document.alternatives(goal)) {
      if (!new SchemaShape(all).allows(JsonType.STRING)) {
        continue;
      }
      Dfa strings = strings(all);
      names = names.or(strings == null ? json.allowed() : strings);
    }
    return names;
  }
}
