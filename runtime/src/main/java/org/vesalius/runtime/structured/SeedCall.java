package org.vesalius.runtime.structured;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.vesalius.runtime.structured.Expression.Choice;
import org.vesalius.runtime.structured.Expression.Sequence;
import org.vesalius.runtime.structured.SchemaShape.JsonType;

/**
 * A call in Seed's tags. Its reader takes a value for what the parameter's own {@code type} says,
 * and for a string without one: strings are written as they are, others as JSON.
 */
final class SeedCall {
  private static final String OPEN = "<seed:tool_call>";
  private static final String CLOSE = "</seed:tool_call>";
  private static final String END = "</parameter>";
  private static final List<String> FORBIDDEN = List.of(END, CLOSE);

  /** What a reader takes for something else where a parameter may be that, too. */
  private static final String NO_STRING =
      "\\s*([+-]?[0-9.].*|[Tt]rue|[Ff]alse|null|None|[\\[{][^]*)\\s*";

  private final FreeText text;

  SeedCall(FreeText text) {
    this.text = text;
  }

  Expression call(ToolDefinition tool) {
    if (isUnwritable(tool.name())) {
      throw new UnsupportedFormatException(
          "tool \"" + tool.name() + "\": the name cannot be written in tags");
    }
    try {
      return Expression.sequence(
          text.mark(OPEN),
          Expression.text("\n<function=" + tool.name() + ">\n"),
          parameters(tool),
          Expression.text("</function>\n"),
          text.mark(CLOSE));
    } catch (UnsupportedFormatException e) {
      throw tool.wrong(e);
    }
  }

  private static boolean isUnwritable(String name) {
    return name.matches("(?s).*[<>].*") || !name.equals(name.strip()) || name.isEmpty();
  }

  private Expression parameters(ToolDefinition tool) {
    SchemaGrammar schema = tool.schema(FORBIDDEN);
    List<Expression> branches = new ArrayList<>();
    for (Set<SchemaNode> nodes : schema.document().alternatives(schema.document().root())) {
      schema.requireExclusive(nodes);
      refuse(nodes);
      SchemaObject object = new SchemaObject(nodes);
      List<Expression> parts = new ArrayList<>();
      for (String name : object.names()) {
        if (isUnwritable(name)) {
          throw new UnsupportedFormatException(
              "properties/" + name + ": the name cannot be written in tags");
        }
        Expression part =
            Expression.sequence(
                Expression.text("<parameter=" + name + ">"),
                value(schema, object.goal(name), types(tool, name)),
                Expression.text("\n"));
        parts.add(object.required().contains(name) ? part : Expression.optional(part));
      }
      branches.add(new Sequence(parts));
    }
    return new Choice(branches);
  }

  /** Tags come in the schema's order; what counts or names them freely is not written here. */
  private static void refuse(Set<SchemaNode> nodes) {
    for (SchemaNode node : nodes) {
      for (String keyword :
          List.of("minProperties", "maxProperties", "propertyNames", "enum", "const")) {
        if (node.has(keyword)) {
          throw node.wrong(keyword, "is not supported for calls in tags");
        }
      }
    }
  }

  /** The types that the reader knows, which looks no further than the property itself. */
  private static List<String> types(ToolDefinition tool, String name) {
    Object properties = tool.parameters().get("properties");
    Object property = properties instanceof java.util.Map<?, ?> map ? map.get(name) : null;
    Object type = property instanceof java.util.Map<?, ?> map ? map.get("type") : null;
    if (type instanceof List<?> list) {
      return list.stream().map(Objects::toString).toList();
    }
    return type instanceof String one ? List.of(one) : List.of();
  }

  private Expression value(SchemaGrammar schema, List<SchemaNode> goal, List<String> types) {
    List<Expression> branches = new ArrayList<>();
    for (Set<SchemaNode> nodes : schema.document().alternatives(goal)) {
      schema.requireExclusive(nodes);
      SchemaShape shape = new SchemaShape(nodes);
      if (shape.allows(JsonType.STRING) && (types.isEmpty() || types.contains("string"))) {
        branches.add(raw(schema.strings(nodes), types.size() > 1));
      }
      Expression json = types.isEmpty() ? null : schema.withoutStrings(nodes);
      if (json != null) {
        branches.add(Expression.sequence(json, Expression.text(END)));
      }
    }
    return new Choice(branches);
  }

  private static Expression raw(@Nullable Dfa strings, boolean mixed) {
    Dfa value = JsonStrings.without(FORBIDDEN);
    value = strings == null ? value : value.and(strings);
    if (mixed) {
      value =
          value.minus(RegexParser.whole(NO_STRING, RegexParser.Dialect.ECMA, "strings").toDfa());
    }
    return value.isNothing()
        ? Expression.NOTHING
        : Expression.of(
            RegularExpression.sequence(
                new RegularExpression.Automaton(value), RegularExpression.text(END)));
  }
}
