package org.vesalius.clinical.rubric;

import com.networknt.schema.InputFormat;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.vesalius.clinical.entities.EntityTag;
import org.vesalius.clinical.entities.EntityTagger;
import org.vesalius.clinical.entities.EntityTree;
import org.vesalius.clinical.entities.EntityTreeBuilder;
import org.vesalius.clinical.entities.MatchPolicy;

/** Applies rules to an answer. */
final class RuleEngine {
  /** At characters, by one expression in one answer. */
  private static final long MAX_LOOKS = 20_000_000;

  private static final int MAX_SPANS = 20;
  private static final String NUMBER = "[+-]?\\d{1,12}(?:,\\d{3})*(?:[.,]\\d{1,12})?";

  /** Han letters each, other letters and digits together. */
  private static final Pattern WORD =
      Pattern.compile(
          "[\\p{IsHan}\\p{IsHiragana}\\p{IsKatakana}]"
              + "|[\\p{L}\\p{N}\\p{M}&&[^\\p{IsHan}\\p{IsHiragana}\\p{IsKatakana}]]++");

  private static final Map<String, Double> MILLIMETRES =
      Map.of("mm", 1.0, "毫米", 1.0, "cm", 10.0, "厘米", 10.0);

  private final String answer;

  RuleEngine(String answer) {
    this.answer = answer;
  }

  Finding apply(Rule rule) {
    return switch (rule) {
      case Rule.Matches(String expression) ->
          found(matches(Pattern.compile(expression), _ -> true));
      case Rule.Terms terms -> terms(terms);
      case Rule.Numbers numbers -> numbers(numbers);
      case Rule.Follows(String schema) -> Finding.of(follows(schema));
      case Rule.Length length -> Finding.of(within(length(length.unit()), length));
      case Rule.Repeats repeats -> repeats(repeats);
      case Rule.AllOf(List<Rule> rules) -> allOf(rules);
      case Rule.AnyOf(List<Rule> rules) -> anyOf(rules);
      case Rule.Not(Rule inner) -> {
        Finding finding = apply(inner);
        yield new Finding(!finding.holds(), finding.spans());
      }
    };
  }

  private static Finding found(List<Span> spans) {
    return new Finding(!spans.isEmpty(), spans);
  }

  private Finding allOf(List<Rule> rules) {
    List<Span> spans = new ArrayList<>();
    for (Rule rule : rules) {
      Finding finding = apply(rule);
      if (!finding.holds()) {
        return finding;
      }
      spans.addAll(finding.spans());
    }
    return new Finding(true, spans);
  }

  private Finding anyOf(List<Rule> rules) {
    for (Rule rule : rules) {
      Finding finding = apply(rule);
      if (finding.holds()) {
        return finding;
      }
    }
    return Finding.of(false);
  }

  /** The first ones that are wanted: what is not is never counted against their number. */
  private List<Span> matches(Pattern pattern, Predicate<String> wanted) {
    return bounded(
        pattern.pattern(),
        () -> {
          List<Span> spans = new ArrayList<>();
          Matcher matcher = pattern.matcher(BoundedText.of(answer, MAX_LOOKS));
          while (spans.size() < MAX_SPANS && matcher.find()) {
            Span span = span(matcher.start(), matcher.end());
            if (wanted.test(span.text())) {
              spans.add(span);
            }
          }
          return spans;
        });
  }

  private static <T> T bounded(String expression, Supplier<T> search) {
    try {
      return search.get();
    } catch (BoundedText.Exhausted | StackOverflowError _) {
      // Java's expressions also recurse, a frame or more for each repetition of a group.
      throw new RubricException(
          "the regular expression \"%s\" takes more than %d steps or too much stack on the answer; write it without nested repetition"
              .formatted(expression, MAX_LOOKS));
    }
  }

  private Span span(int start, int end) {
    return new Span(start, end, answer.substring(start, end));
  }

  private Finding terms(Rule.Terms rule) {
    Set<String> there = new HashSet<>();
    List<Span> spans = new ArrayList<>();
    for (EntityTag tag : tagger(rule.terms()).tag(answer, MatchPolicy.ALL)) {
      tag.entities().forEach(entity -> there.add(entity.id()));
      if (spans.size() < MAX_SPANS) {
        spans.add(span((int) tag.start(), (int) tag.end()));
      }
    }
    boolean holds =
        switch (rule.quantity()) {
          case ALL -> there.size() == rule.terms().size();
          case ANY -> !there.isEmpty();
          case NONE -> there.isEmpty();
        };
    return new Finding(holds, spans);
  }

  /**
   * Finds terms, which have their numbers in the list as ids.
   *
   * @throws RubricException if one is none that could ever be found
   */
  static EntityTagger tagger(List<String> terms) {
    EntityTreeBuilder tree = EntityTree.builder();
    try {
      for (int i = 0; i < terms.size(); i++) {
        tree.add(Integer.toString(i), terms.get(i), List.of(), List.of());
      }
    } catch (IllegalArgumentException e) {
      throw new RubricException("terms: " + e.getMessage());
    }
    return EntityTagger.of(tree.build());
  }

  /** Also of ranges and sizes such as {@code 3-5 mm} and {@code 12 x 8 mm}. */
  private Finding numbers(Rule.Numbers rule) {
    Double wanted = MILLIMETRES.get(rule.unit());
    Map<String, Double> units = wanted == null ? Map.of(rule.unit(), 1.0) : MILLIMETRES;
    double ofUnit = wanted == null ? 1 : wanted;
    List<Span> spans = new ArrayList<>();
    units.forEach((unit, factor) ->
        spans.addAll(
            matches(withUnit(unit), written -> anyWithin(written, factor / ofUnit, rule))));
    spans.sort((one, other) -> Integer.compare(one.start(), other.start()));
    return found(spans);
  }

  private static Pattern withUnit(String unit) {
    return Pattern.compile(
        // Square and cubic millimetres are none.
        "(?<![a-zA-Z\\d.])%s(?:\\s*(?:[x×*–~-]|to)\\s*%s){0,2}\\s*%s(?![a-zA-Z0-9²³^])"
            .formatted(NUMBER, NUMBER, Pattern.quote(unit)));
  }

  private static boolean anyWithin(String written, double factor, Rule.Numbers rule) {
    Matcher number = Pattern.compile("(?<!\\d\\s?)[+-]?\\d[\\d.,]*+|\\d[\\d.,]*+").matcher(written);
    while (number.find()) {
      OptionalDouble value = value(number.group());
      if (value.isPresent() && within(value.getAsDouble() * factor, rule)) {
        return true;
      }
    }
    return false;
  }

  /** A comma before three digits groups thousands, any other one is the decimal sign. */
  private static OptionalDouble value(String written) {
    String grouped = written.replaceAll(",(?=\\d{3}(?!\\d))", "");
    try {
      return OptionalDouble.of(Double.parseDouble(grouped.replace(',', '.')));
    } catch (NumberFormatException _) {
      return OptionalDouble.empty();
    }
  }

  private static boolean within(double value, Rule.Numbers rule) {
    return value >= rule.least().orElse(Double.NEGATIVE_INFINITY)
        && value <= rule.most().orElse(Double.POSITIVE_INFINITY);
  }

  private static boolean within(int value, Rule.Length rule) {
    OptionalInt most = rule.most();
    return value >= rule.least().orElse(0) && value <= most.orElse(Integer.MAX_VALUE);
  }

  private boolean follows(String schema) {
    var validator =
        SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
            .getSchema(schema, InputFormat.JSON);
    try {
      return validator.validate(answer, InputFormat.JSON).isEmpty();
    } catch (tools.jackson.core.JacksonException | IllegalArgumentException _) {
      return false;
    } catch (StackOverflowError _) {
      throw new RubricException(
          "the schema refers to itself without end, or the answer is nested too deep for it");
    }
  }

  private int length(Rule.Length.Unit unit) {
    return switch (unit) {
      case CHARACTERS -> answer.codePointCount(0, answer.length());
      case WORDS -> (int) WORD.matcher(answer).results().count();
    };
  }

  private Finding repeats(Rule.Repeats rule) {
    List<MatchResult> places = WORD.matcher(answer).results().toList();
    List<String> words =
        places.stream().map(place -> place.group().toLowerCase(Locale.ROOT)).toList();
    Map<List<String>, Integer> counts = new HashMap<>();
    for (int i = 0; i + rule.words() <= words.size(); i++) {
      int end = i + rule.words();
      if (counts.merge(words.subList(i, end), 1, Integer::sum) > rule.most()) {
        return new Finding(false, List.of(span(places.get(i).start(), places.get(end - 1).end())));
      }
    }
    return Finding.of(true);
  }
}
