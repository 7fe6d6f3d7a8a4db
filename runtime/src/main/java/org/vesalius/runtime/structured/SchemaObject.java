package org.vesalius.runtime.structured;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What some schemas say about the properties of objects together. A schema that lists properties
 * and says nothing of others gets no others: it is written as if {@code additionalProperties} were
 * false.
 */
final class SchemaObject {
  private static final int MAX_PATTERNS = 5;

  private final Collection<SchemaNode> nodes;
  private final Set<String> names = new LinkedHashSet<>();
  private final Set<String> required = new LinkedHashSet<>();
  private final Map<String, Dfa> patterns = new LinkedHashMap<>();
  private final boolean explicit;

  SchemaObject(Collection<SchemaNode> nodes) {
    this.nodes = nodes;
    boolean says = false;
    for (SchemaNode node : nodes) {
      node.object("properties").keySet().forEach(name -> names.add(String.valueOf(name)));
      says |= node.has("additionalProperties");
      for (Object pattern : node.object("patternProperties").keySet()) {
        String origin = "JSON schema: " + SchemaNode.place(node.pointer()) + "/patternProperties";
        patterns.computeIfAbsent(
            String.valueOf(pattern), regex -> RegexParser.search(regex, origin).toDfa());
      }
    }
    for (SchemaNode node : nodes) {
      if (node.has("required")) {
        node.list("required").forEach(name -> required.add(String.valueOf(name)));
      }
    }
    boolean lists = !names.isEmpty() || !patterns.isEmpty();
    names.addAll(required);
    explicit = says || !lists;
    if (patterns.size() > MAX_PATTERNS) {
      SchemaNode node = nodes.iterator().next();
      throw node.wrong(
          "patternProperties", "more than " + MAX_PATTERNS + " patterns are not supported");
    }
  }

  /** Names that are listed or required, in their order. */
  Set<String> names() {
    return names;
  }

  Set<String> required() {
    return required;
  }

  /** Whether an object that is written may have a property of this name. */
  boolean writes(String name) {
    return names.contains(name)
        || explicit
        || patterns.values().stream().anyMatch(pattern -> pattern.matches(name));
  }

  /** What holds for the value of a property. */
  List<SchemaNode> goal(String name) {
    List<SchemaNode> goal = new ArrayList<>();
    for (SchemaNode node : nodes) {
      boolean known = node.object("properties").containsKey(name);
      if (known) {
        goal.add(node.schema(node.object("properties").get(name), "properties", name));
      }
      for (Map.Entry<?, ?> entry : node.object("patternProperties").entrySet()) {
        String regex = String.valueOf(entry.getKey());
        Dfa pattern = patterns.get(regex);
        if (pattern != null && pattern.matches(name)) {
          known = true;
          goal.add(node.schema(entry.getValue(), "patternProperties", regex));
        }
      }
      if (!known && node.has("additionalProperties")) {
        goal.add(node.child("additionalProperties"));
      }
    }
    return goal;
  }

  /**
   * Names that are not listed, of which the same holds.
   *
   * @param names all of them
   * @param goal what holds for their values
   */
  record Others(Dfa names, List<SchemaNode> goal) {}

  /** The kinds of names that are not listed and may be written. */
  List<Others> others() {
    List<String> regexes = List.copyOf(patterns.keySet());
    Dfa rest = RegularExpression.anything().toDfa().minus(Words.dfa(names));
    List<Others> all = new ArrayList<>();
    for (int subset = 0; subset < 1 << regexes.size(); subset++) {
      if (subset == 0 && !explicit) {
        continue;
      }
      Dfa kind = rest;
      for (int i = 0; i < regexes.size(); i++) {
        Dfa pattern = of(regexes.get(i));
        kind = (subset >> i & 1) != 0 ? kind.and(pattern) : kind.minus(pattern);
      }
      List<SchemaNode> goal = goal(subset, regexes);
      if (!kind.isNothing() && goal.stream().noneMatch(SchemaNode::isFalse)) {
        all.add(new Others(kind, goal));
      }
    }
    return all;
  }

  private Dfa of(String regex) {
    Dfa known = patterns.get(regex);
    return known == null ? Dfa.nothing() : known;
  }

  private List<SchemaNode> goal(int subset, List<String> regexes) {
    List<SchemaNode> goal = new ArrayList<>();
    for (SchemaNode node : nodes) {
      boolean known = false;
      for (Map.Entry<?, ?> entry : node.object("patternProperties").entrySet()) {
        String regex = String.valueOf(entry.getKey());
        if ((subset >> regexes.indexOf(regex) & 1) != 0) {
          known = true;
          goal.add(node.schema(entry.getValue(), "patternProperties", regex));
        }
      }
      if (!known && node.has("additionalProperties")) {
        goal.add(node.child("additionalProperties"));
      }
    }
    return goal;
  }

  /** Schemas that all names have to satisfy. */
  List<SchemaNode> nameGoal() {
    return nodes.stream()
        .filter(node -> node.has("propertyNames"))
        .map(node -> node.child("propertyNames"))
        .toList();
  }

  /** A schema that says something about names, for error messages. */
  @Nullable SchemaNode any(String keyword) {
    return nodes.stream().filter(node -> node.has(keyword)).findFirst().orElse(null);
  }
}
