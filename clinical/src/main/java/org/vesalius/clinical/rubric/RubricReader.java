package org.vesalius.clinical.rubric;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.vesalius.clinical.rubric.Criterion.Scope;

/** Reads rubrics from YAML. */
final class RubricReader {
  private static final int MAX_CRITERIA = 1000;
  private static final Set<String> RUBRIC = Set.of("rubric", "title", "criteria");
  private static final Set<String> CRITERION =
      Set.of("id", "scope", "weight", "criterion", "rule", "judge", "safety");
  private static final Set<String> JUDGE = Set.of("question", "yes", "no", "threshold");

  private final String origin;
  private final Map<String, Integer> lines = new HashMap<>();

  private RubricReader(String origin) {
    this.origin = origin;
  }

  static Rubric read(String yaml, String origin) {
    return new RubricReader(origin).rubric(YamlValue.read(yaml, origin));
  }

  private Rubric rubric(YamlValue value) {
    YamlFields fields = YamlFields.of(origin, value, RUBRIC);
    List<YamlValue> items = fields.items("criteria");
    if (items.size() > MAX_CRITERIA) {
      throw fields.fail(
          "expected at most %d criteria, found %d".formatted(MAX_CRITERIA, items.size()));
    }
    List<Criterion> criteria = items.stream().map(this::criterion).toList();
    if (criteria.stream().noneMatch(criterion -> criterion.weight() > 0)) {
      throw fields.fail(
          "expected a criterion with a positive weight, found none; the score is a share of their sum");
    }
    return new Rubric(fields.text("rubric"), fields.optionalText("title").orElse(""), criteria);
  }

  private Criterion criterion(YamlValue value) {
    YamlFields fields = YamlFields.of(origin, value, CRITERION);
    String id = fields.text("id");
    Integer before = lines.put(id, value.line());
    if (before != null) {
      throw fields.fail(
          "expected each id once, found \"%s\" again; the first is in line %d"
              .formatted(id, before));
    }
    double weight =
        fields
            .number("weight")
            .orElseThrow(() -> fields.fail("expected the key \"weight\", found none"));
    try {
      return new Criterion(
          id,
          scope(fields),
          weight,
          fields.text("criterion"),
          check(fields),
          fields.flag("safety"));
    } catch (IllegalArgumentException e) {
      throw fields.fail(String.valueOf(e.getMessage()));
    }
  }

  private static Scope scope(YamlFields fields) {
    String scope = fields.optionalText("scope").orElse("static");
    return switch (scope) {
      case "static" -> Scope.STATIC;
      case "dynamic" -> Scope.DYNAMIC;
      default ->
          throw fields.fail("scope: expected static or dynamic, found \"%s\"".formatted(scope));
    };
  }

  private Check check(YamlFields fields) {
    boolean code = fields.find("rule").isPresent();
    if (code == fields.find("judge").isPresent()) {
      throw fields.fail("expected either \"rule\" or \"judge\"");
    }
    if (code) {
      return new Check.Code(new RuleReader(origin).rule(fields.value("rule"), "rule"));
    }
    YamlFields judge = YamlFields.of(origin, fields.value("judge"), JUDGE);
    try {
      return new Check.Question(
          judge.text("question"),
          judge.optionalText("yes").orElse("Yes"),
          judge.optionalText("no").orElse("No"),
          judge.number("threshold").orElse(0.5));
    } catch (IllegalArgumentException e) {
      throw judge.fail(String.valueOf(e.getMessage()));
    }
  }
}
