package org.vesalius.runtime.structured;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What some schemas without references and choices allow together, type by type. */
final class SchemaShape {
  /** Types of values; integers are numbers without a fraction. */
  enum JsonType {
    NULL,
    BOOLEAN,
    NUMBER,
    STRING,
    ARRAY,
    OBJECT
  }

  private static final int MAX_MULTIPLE = 1000;

  private final Collection<SchemaNode> nodes;
  private final Set<JsonType> types = EnumSet.allOf(JsonType.class);
  private boolean whole;

  SchemaShape(Collection<SchemaNode> nodes) {
    this.nodes = nodes;
    for (SchemaNode node : nodes) {
      if (node.has("type")) {
        types(node);
      }
    }
  }

  private void types(SchemaNode node) {
    Object value = node.get("type");
    List<?> names = value instanceof List<?> list ? list : List.of(String.valueOf(value));
    Set<JsonType> here = EnumSet.noneOf(JsonType.class);
    boolean fractions = false;
    for (Object name : names) {
      switch (String.valueOf(name)) {
        case "integer" -> here.add(JsonType.NUMBER);
        case "number" -> {
          here.add(JsonType.NUMBER);
          fractions = true;
        }
        case "null", "boolean", "string", "array", "object" ->
            here.add(JsonType.valueOf(String.valueOf(name).toUpperCase(Locale.ROOT)));
        default -> throw node.wrong("type", "expected the name of a type, found " + name);
      }
    }
    types.retainAll(here);
    whole |= !fractions;
  }

  boolean allows(JsonType type) {
    return types.contains(type);
  }

  /** The values that {@code enum} and {@code const} leave, or null where there is none of them. */
  @Nullable List<@Nullable Object> values() {
    List<@Nullable Object> values = null;
    for (SchemaNode node : nodes) {
      if (node.has("enum")) {
        values = common(values, node.list("enum"));
      }
      if (node.has("const")) {
        List<@Nullable Object> only = new ArrayList<>();
        only.add(node.get("const"));
        values = common(values, only);
      }
    }
    return values;
  }

  private static List<@Nullable Object> common(
      @Nullable List<@Nullable Object> before, List<?> more) {
    List<@Nullable Object> common = new ArrayList<>();
    for (Object value : more) {
      if (before == null || before.stream().anyMatch(v -> SchemaCheck.equal(v, value))) {
        common.add(value);
      }
    }
    return common;
  }

  /** The numbers that are allowed, as they are written. */
  Dfa numbers() {
    BigDecimal low = null;
    boolean lowExclusive = false;
    BigDecimal high = null;
    boolean highExclusive = false;
    List<BigDecimal> multiples = new ArrayList<>();
    for (SchemaNode node : nodes) {
      for (boolean exclusive : new boolean[] {false, true}) {
        BigDecimal least = node.number(exclusive ? "exclusiveMinimum" : "minimum");
        int comparison = least == null || low == null ? 1 : least.compareTo(low);
        if (least != null && (comparison > 0 || (comparison == 0 && exclusive))) {
          low = least;
          lowExclusive = exclusive;
        }
        BigDecimal most = node.number(exclusive ? "exclusiveMaximum" : "maximum");
        comparison = most == null || high == null ? -1 : most.compareTo(high);
        if (most != null && (comparison < 0 || (comparison == 0 && exclusive))) {
          high = most;
          highExclusive = exclusive;
        }
      }
      BigDecimal multiple = node.number("multipleOf");
      if (multiple != null) {
        multiples.add(checked(node, multiple));
      }
    }
    BigDecimal first = multiples.isEmpty() ? null : multiples.getFirst();
    Dfa numbers =
        JsonNumbers.of(new JsonNumbers.Range(low, lowExclusive, high, highExclusive, first, whole));
    for (BigDecimal more : multiples.subList(Math.min(1, multiples.size()), multiples.size())) {
      numbers =
          numbers.and(JsonNumbers.of(new JsonNumbers.Range(null, false, null, false, more, whole)));
    }
    return numbers;
  }

  private static BigDecimal checked(SchemaNode node, BigDecimal multiple) {
    if (multiple.signum() <= 0) {
      throw node.wrong("multipleOf", "expected more than 0, found " + multiple);
    }
    BigDecimal stripped = multiple.stripTrailingZeros();
    int decimals = Math.max(0, stripped.scale());
    if (decimals > JsonNumbers.DIGITS
        || stripped.movePointRight(decimals).compareTo(BigDecimal.valueOf(MAX_MULTIPLE)) > 0) {
      throw node.wrong(
          "multipleOf",
          "multiples of more than " + MAX_MULTIPLE + " steps are not supported, found " + multiple);
    }
    return multiple;
  }

  /** Whether strings are bound by their length only. */
  boolean isPlainText() {
    return nodes.stream().noneMatch(node -> node.has("pattern") || node.has("format"));
  }

  /** What strings may say, or null for anything. */
  @Nullable Dfa strings() {
    Dfa strings = null;
    int min = 0;
    int max = RegularExpression.UNLIMITED;
    for (SchemaNode node : nodes) {
      min = Math.max(min, node.count("minLength", 0));
      if (node.has("maxLength")) {
        int most = node.count("maxLength", 0);
        max = max < 0 ? most : Math.min(max, most);
      }
      if (node.has("pattern")) {
        String origin = "JSON schema: " + SchemaNode.place(node.pointer()) + "/pattern";
        strings = and(strings, RegexParser.search(node.text("pattern"), origin).toDfa());
      }
      if (node.has("format")) {
        String name = node.text("format");
        String expression = StringFormats.expression(name);
        if (expression == null) {
          throw node.wrong("format", "the format \"" + name + "\" is not supported");
        }
        strings =
            and(
                strings,
                RegexParser.whole(expression, RegexParser.Dialect.ECMA, "format " + name).toDfa());
      }
    }
    if (max >= 0 && max < min) {
      return Dfa.nothing();
    }
    return min == 0 && max < 0 ? strings : and(strings, JsonStrings.ofLength(min, max));
  }

  private static Dfa and(@Nullable Dfa one, Dfa other) {
    return one == null ? other : one.and(other);
  }

  int minItems() {
    return greatest("minItems");
  }

  /** {@link Expression#UNLIMITED} for none. */
  int maxItems() {
    return least("maxItems");
  }

  int minProperties() {
    return greatest("minProperties");
  }

  int maxProperties() {
    return least("maxProperties");
  }

  private int greatest(String keyword) {
    return nodes.stream().mapToInt(node -> node.count(keyword, 0)).max().orElse(0);
  }

  private int least(String keyword) {
    return nodes.stream()
        .filter(node -> node.has(keyword))
        .mapToInt(node -> node.count(keyword, 0))
        .min()
        .orElse(Expression.UNLIMITED);
  }

  /** How many items have a schema for their place. */
  int prefixSize() {
    return nodes.stream()
        .filter(node -> node.has("prefixItems"))
        .mapToInt(node -> node.list("prefixItems").size())
        .max()
        .orElse(0);
  }

  /** What holds for the item at a place. */
  List<SchemaNode> item(int index) {
    List<SchemaNode> goal = new ArrayList<>();
    for (SchemaNode node : nodes) {
      List<?> prefix = node.has("prefixItems") ? node.list("prefixItems") : List.of();
      if (index < prefix.size()) {
        goal.add(node.schema(prefix.get(index), "prefixItems", Integer.toString(index)));
      } else if (node.has("items")) {
        if (node.get("items") instanceof List) {
          throw node.wrong("items", "expected a schema, found an array: use prefixItems");
        }
        goal.add(node.child("items"));
      }
    }
    return goal;
  }
}
