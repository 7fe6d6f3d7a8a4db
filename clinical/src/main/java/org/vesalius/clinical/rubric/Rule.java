package org.vesalius.clinical.rubric;

import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/** A condition on the text of an answer that code decides. */
public sealed interface Rule {

  /**
   * A regular expression of Java is found in the answer.
   *
   * @param expression of {@link java.util.regex.Pattern}
   */
  record Matches(String expression) implements Rule {}

  /**
   * Terms stand in the answer: whole words, compared as names of entities are.
   *
   * @param quantity how many of them have to be there
   * @param terms to look for
   */
  record Terms(Quantity quantity, List<String> terms) implements Rule {
    /** Copies the list. */
    public Terms {
      terms = List.copyOf(terms);
    }
  }

  /** How many of some terms. */
  enum Quantity {
    ALL,
    ANY,
    NONE
  }

  /**
   * A number with a unit stands in the answer, within a range. Millimetres and centimetres are
   * understood for each other.
   *
   * @param unit as written, such as {@code mm} or {@code HU}
   * @param least of the range
   * @param most of the range
   */
  record Numbers(String unit, OptionalDouble least, OptionalDouble most) implements Rule {}

  /**
   * The answer is JSON that a schema allows.
   *
   * @param schema JSON Schema, 2020-12
   */
  record Follows(String schema) implements Rule {}

  /**
   * The answer is of a length.
   *
   * @param unit of the length
   * @param least of the range
   * @param most of the range
   */
  record Length(Unit unit, OptionalInt least, OptionalInt most) implements Rule {
    /** What is counted. */
    public enum Unit {
      /** Words; letters of scripts that write none count each. */
      WORDS,
      /** Unicode characters. */
      CHARACTERS
    }
  }

  /**
   * No run of words comes more often than a number of times.
   *
   * @param words in a run
   * @param most times
   */
  record Repeats(int words, int most) implements Rule {}

  /**
   * All of some rules hold.
   *
   * @param rules at least one
   */
  record AllOf(List<Rule> rules) implements Rule {
    /** Copies the list. */
    public AllOf {
      rules = List.copyOf(rules);
    }
  }

  /**
   * One or more of some rules hold.
   *
   * @param rules at least one
   */
  record AnyOf(List<Rule> rules) implements Rule {
    /** Copies the list. */
    public AnyOf {
      rules = List.copyOf(rules);
    }
  }

  /**
   * A rule does not hold.
   *
   * @param rule which
   */
  record Not(Rule rule) implements Rule {}
}
