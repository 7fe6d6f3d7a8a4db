package org.vesalius.runtime.structured;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A JSON Schema document: finds what references point to, refuses keywords that are not supported,
 * and takes choices apart: a schema becomes alternatives, each of which is a set of schemas without
 * references and choices that all have to hold.
 */
final class SchemaDocument {
  private static final int MAX_ALTERNATIVES = 256;

  /** Say nothing about what is valid. */
  private static final Set<String> ANNOTATIONS =
      Set.of(
          "title",
          "description",
          "default",
          "examples",
          "$schema",
          "$id",
          "$comment",
          "deprecated",
          "readOnly",
          "writeOnly",
          "contentEncoding",
          "contentMediaType",
          "contentSchema",
          "$defs",
          "definitions");

  private static final Set<String> SUPPORTED =
      Set.of(
          "type",
          "enum",
          "const",
          "properties",
          "required",
          "additionalProperties",
          "patternProperties",
          "propertyNames",
          "minProperties",
          "maxProperties",
          "prefixItems",
          "items",
          "minItems",
          "maxItems",
          "uniqueItems",
          "minLength",
          "maxLength",
          "pattern",
          "format",
          "minimum",
          "maximum",
          "exclusiveMinimum",
          "exclusiveMaximum",
          "multipleOf",
          "anyOf",
          "oneOf",
          "allOf",
          "$ref");

  private final SchemaNode root;
  private final Set<SchemaNode> checked = new HashSet<>();
  private final Map<SchemaNode, List<Set<SchemaNode>>> alternatives = new HashMap<>();
  private final Set<SchemaNode> open = new HashSet<>();

  SchemaDocument(Object schema) {
    root = new SchemaNode("", Map.of()).schema(schema);
  }

  SchemaNode root() {
    return root;
  }

  /** What has to hold for several schemas at once; no alternatives if they cannot. */
  List<Set<SchemaNode>> alternatives(Iterable<SchemaNode> all) {
    List<Set<SchemaNode>> product = List.of(Set.of());
    for (SchemaNode node : all) {
      product = product(product, alternatives(node), node);
    }
    return product;
  }

  List<Set<SchemaNode>> alternatives(SchemaNode node) {
    if (node.isFalse()) {
      return List.of();
    }
    List<Set<SchemaNode>> known = alternatives.get(node);
    if (known == null) {
      if (!open.add(node)) {
        throw node.wrong("$ref", "the schema refers to itself without anything in between");
      }
      known = expand(node);
      open.remove(node);
      alternatives.put(node, known);
    }
    return known;
  }

  private List<Set<SchemaNode>> expand(SchemaNode node) {
    check(node);
    List<Set<SchemaNode>> result = List.of(node.map().isEmpty() ? Set.of() : Set.of(node));
    if (node.has("$ref")) {
      result = product(result, alternatives(resolve(node)), node);
    }
    if (node.has("allOf")) {
      for (SchemaNode part : branches(node, "allOf")) {
        result = product(result, alternatives(part), node);
      }
    }
    for (String keyword : List.of("anyOf", "oneOf")) {
      if (node.has(keyword)) {
        List<Set<SchemaNode>> either = new ArrayList<>();
        branches(node, keyword).forEach(branch -> either.addAll(alternatives(branch)));
        result = product(result, either, node);
      }
    }
    return result;
  }

  List<SchemaNode> branches(SchemaNode node, String keyword) {
    List<SchemaNode> branches = new ArrayList<>();
    List<?> list = node.list(keyword);
    if (list.isEmpty()) {
      throw node.wrong(keyword, "expected at least one schema, found none");
    }
    for (int i = 0; i < list.size(); i++) {
      branches.add(node.schema(list.get(i), keyword, Integer.toString(i)));
    }
    return branches;
  }

  private static List<Set<SchemaNode>> product(
      List<Set<SchemaNode>> left, List<Set<SchemaNode>> right, SchemaNode at) {
    Set<Set<SchemaNode>> product = new LinkedHashSet<>();
    for (Set<SchemaNode> a : left) {
      for (Set<SchemaNode> b : right) {
        Set<SchemaNode> both = new LinkedHashSet<>(a);
        both.addAll(b);
        product.add(both);
      }
    }
    if (product.size() > MAX_ALTERNATIVES) {
      throw new UnsupportedFormatException(
          "JSON schema: "
              + SchemaNode.place(at.pointer())
              + ": choices multiply to more than "
              + MAX_ALTERNATIVES
              + " alternatives");
    }
    return List.copyOf(product);
  }

  private void check(SchemaNode node) {
    if (!checked.add(node)) {
      return;
    }
    for (Object key : node.map().keySet()) {
      String keyword = String.valueOf(key);
      boolean known =
          SUPPORTED.contains(keyword) || ANNOTATIONS.contains(keyword) || keyword.startsWith("x-");
      if (!known) {
        throw node.wrong(keyword, "the keyword \"" + keyword + "\" is not supported");
      }
    }
    if (Boolean.TRUE.equals(node.get("uniqueItems"))) {
      throw node.wrong("uniqueItems", "the keyword \"uniqueItems\" is not supported");
    }
  }

  private SchemaNode resolve(SchemaNode node) {
    String reference = node.text("$ref");
    String local = reference;
    if (root.get("$id") instanceof String id && !id.isEmpty() && reference.startsWith(id)) {
      local = reference.substring(id.length());
      local = local.isEmpty() ? "#" : local;
    }
    if (!local.equals("#") && !local.startsWith("#/")) {
      throw node.wrong(
          "$ref", "expected a reference into the same schema, \"#/...\", found " + reference);
    }
    Object value = root.value();
    List<String> path = new ArrayList<>();
    String[] parts = local.equals("#") ? new String[0] : local.substring(2).split("/", -1);
    for (String part : parts) {
      String name =
          URLDecoder.decode(part.replace("+", "%2B"), StandardCharsets.UTF_8)
              .replace("~1", "/")
              .replace("~0", "~");
      path.add(name);
      Object inner = null;
      if (value instanceof Map<?, ?> map) {
        inner = map.get(name);
      } else if (value instanceof List<?> list && name.matches("\\d{1,6}")) {
        int index = Integer.parseInt(name);
        inner = index < list.size() ? list.get(index) : null;
      }
      if (inner == null) {
        throw node.wrong("$ref", "nothing is at " + reference);
      }
      value = inner;
    }
    return new SchemaNode("", Map.of()).schema(value, path.toArray(String[]::new));
  }
}
