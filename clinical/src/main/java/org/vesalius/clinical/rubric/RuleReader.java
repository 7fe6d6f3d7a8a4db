package org.vesalius.clinical.rubric;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.InputFormat;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.vesalius.clinical.rubric.Rule.Quantity;
import org.vesalius.clinical.rubric.YamlValue.Mapping;

/** Reads rules: mappings with one key, which says what kind of rule it is. */
final class RuleReader {
  private static final int MAX_EXPRESSION = 4096;
  private static final int MAX_ROUNDS = 10_000;
  private static final int MAX_TERM = 1000;

  /** The least number of a repetition, of a group or of something else. */
  private static final Pattern COUNT = Pattern.compile("(\\)\\s*+)?\\{(\\d++)");

  private static final Set<String> KINDS =
      Set.of(
          "matches",
          "lacks",
          "all-terms",
          "any-term",
          "no-term",
          "number",
          "schema",
          "words",
          "characters",
          "repeats",
          "all",
          "any",
          "not");
  private static final Set<String> RANGE = Set.of("min", "max");
  private static final Set<String> NUMBER = Set.of("unit", "min", "max");
  private static final Set<String> REPEATS = Set.of("words", "most");

  /** What could take for ever or would look elsewhere. */
  private static final Set<String> NOT_IN_SCHEMAS =
      Set.of("pattern", "patternProperties", "$dynamicRef", "$id", "$schema");

  private final String origin;

  RuleReader(String origin) {
    this.origin = origin;
  }

  Rule rule(YamlValue value, String name) {
    YamlFields fields = YamlFields.of(origin, value, KINDS);
    Set<String> keys = fields.mapping().entries().keySet();
    if (keys.size() != 1) {
      throw fields.fail(
          "%s: expected one rule, found %d; join rules with all or any"
              .formatted(name, keys.size()));
    }
    String kind = keys.iterator().next();
    return switch (kind) {
      case "matches" -> matches(fields, kind);
      case "lacks" -> new Rule.Not(matches(fields, kind));
      case "all-terms" -> terms(fields, kind, Quantity.ALL);
      case "any-term" -> terms(fields, kind, Quantity.ANY);
      case "no-term" -> terms(fields, kind, Quantity.NONE);
      case "number" -> number(fields.value(kind));
      case "schema" -> new Rule.Follows(schema(fields.value(kind)));
      case "words" -> length(fields.value(kind), Rule.Length.Unit.WORDS);
      case "characters" -> length(fields.value(kind), Rule.Length.Unit.CHARACTERS);
      case "repeats" -> repeats(fields.value(kind));
      case "all" -> new Rule.AllOf(rules(fields, kind));
      case "any" -> new Rule.AnyOf(rules(fields, kind));
      default -> new Rule.Not(rule(fields.value(kind), kind));
    };
  }

  private List<Rule> rules(YamlFields fields, String kind) {
    return fields.items(kind).stream().map(item -> rule(item, kind)).toList();
  }

  /** A term that could not be found in itself would be in no answer. */
  private static Rule.Terms terms(YamlFields fields, String kind, Quantity quantity) {
    List<String> terms = fields.texts(kind);
    for (String term : terms) {
      if (term.length() > MAX_TERM || RuleEngine.tagger(List.of(term)).tag(term).isEmpty()) {
        throw fields.fail(
            "%s: expected terms of 1 to %d characters that can be seen".formatted(kind, MAX_TERM));
      }
    }
    return new Rule.Terms(quantity, terms);
  }

  private static Rule.Matches matches(YamlFields fields, String kind) {
    String expression = fields.text(kind);
    if (expression.length() > MAX_EXPRESSION) {
      throw fields.fail(
          "%s: expected a regular expression of at most %d characters, found %d"
              .formatted(kind, MAX_EXPRESSION, expression.length()));
    }
    if (rounds(expression) > MAX_ROUNDS) {
      throw fields.fail(
          "%s: expected repetitions {n} of at most %d rounds together; write it without nested ones"
              .formatted(kind, MAX_ROUNDS));
    }
    try {
      return new Rule.Matches(Pattern.compile(expression).pattern());
    } catch (PatternSyntaxException e) {
      throw fields.fail(
          "%s: expected a regular expression of Java, found an error at character %d: %s"
              .formatted(kind, e.getIndex() + 1, e.getDescription()));
    }
  }

  /**
   * How often an expression may go round without looking at a character, which nothing else would
   * stop: the counts of groups together, as if all were nested, and the largest other one.
   */
  private static double rounds(String expression) {
    double groups = 1;
    double others = 1;
    for (Matcher count = COUNT.matcher(expression); count.find(); ) {
      double least = Math.max(1, Double.parseDouble(count.group(2)));
      if (count.group(1) == null) {
        others = Math.max(others, least);
      } else {
        groups *= least;
      }
    }
    return groups * others;
  }

  private Rule.Numbers number(YamlValue value) {
    YamlFields fields = YamlFields.of(origin, value, NUMBER);
    OptionalDouble least = fields.number("min");
    OptionalDouble most = fields.number("max");
    if (least.isPresent() && most.isPresent() && least.getAsDouble() > most.getAsDouble()) {
      throw fields.fail("number: expected min below max");
    }
    return new Rule.Numbers(fields.text("unit"), least, most);
  }

  private Rule.Length length(YamlValue value, Rule.Length.Unit unit) {
    YamlFields fields = YamlFields.of(origin, value, RANGE);
    OptionalInt least = fields.count("min");
    OptionalInt most = fields.count("max");
    boolean reversed = least.isPresent() && most.isPresent() && least.getAsInt() > most.getAsInt();
    if (reversed || (least.isEmpty() && most.isEmpty())) {
      throw fields.fail("expected min, max, or min below max");
    }
    return new Rule.Length(unit, least, most);
  }

  private Rule.Repeats repeats(YamlValue value) {
    YamlFields fields = YamlFields.of(origin, value, REPEATS);
    int words = fields.count("words").orElse(0);
    int most = fields.count("most").orElse(0);
    if (words < 1 || words > 100 || most < 1) {
      throw fields.fail("repeats: expected words from 1 to 100 and most from 1");
    }
    return new Rule.Repeats(words, most);
  }

  private String schema(YamlValue value) {
    String schema = json(value).toString();
    SpecificationVersion version = SpecificationVersion.DRAFT_2020_12;
    boolean valid =
        SchemaRegistry.withDefaultDialect(version)
            .getSchema(SchemaLocation.of(version.getDialectId()))
            .validate(schema, InputFormat.JSON)
            .isEmpty();
    if (!valid) {
      throw YamlValue.fail(origin, value.line(), "schema: expected a JSON Schema of 2020-12");
    }
    return schema;
  }

  private JsonNode json(YamlValue value) {
    return switch (value) {
      case Mapping(int line, Map<String, YamlValue> entries) -> {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        entries.forEach((key, entry) -> {
          boolean elsewhere =
              key.equals("$ref")
                  && !(entry instanceof YamlValue.Text(_, String text) && text.startsWith("#"));
          if (NOT_IN_SCHEMAS.contains(key) || elsewhere) {
            throw YamlValue.fail(
                origin,
                line,
                "schema: expected no \"%s\" (and $ref only within the schema)".formatted(key));
          }
          node.set(key, json(entry));
        });
        yield node;
      }
      case YamlValue.Sequence(_, List<YamlValue> items) -> {
        ArrayNode node = JsonNodeFactory.instance.arrayNode();
        items.forEach(item -> node.add(json(item)));
        yield node;
      }
      case YamlValue.Text(_, String text) -> JsonNodeFactory.instance.textNode(text);
      case YamlValue.Numeral(int line, String literal) -> {
        try {
          yield JsonNodeFactory.instance.numberNode(new BigDecimal(literal));
        } catch (NumberFormatException _) {
          throw YamlValue.fail(origin, line, "schema: expected a decimal number");
        }
      }
      case YamlValue.Flag(_, boolean flag) -> JsonNodeFactory.instance.booleanNode(flag);
      case YamlValue.Nothing _ -> JsonNodeFactory.instance.nullNode();
    };
  }
}
