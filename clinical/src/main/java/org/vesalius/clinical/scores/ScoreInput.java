package org.vesalius.clinical.scores;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Something that a score needs to know. */
public sealed interface ScoreInput {

  /** Its name among the inputs. */
  String name();

  /** What exactly it is, as the source defines it. */
  String description();

  /** How it is written, for people and models. */
  String form();

  /** Something that holds or not. */
  record Flag(String name, String description) implements ScoreInput {
    @Override
    public String form() {
      return "true or false";
    }
  }

  /** One of some answers. */
  record Choice(String name, String description, List<String> answers) implements ScoreInput {
    /** Copies the list. */
    public Choice {
      answers = List.copyOf(answers);
    }

    @Override
    public String form() {
      return answers.stream().map(a -> '"' + a + '"').collect(Collectors.joining(" or "));
    }
  }

  /**
   * A number with a unit.
   *
   * @param unit that the formula uses; empty for a number that has none
   * @param others units that are converted to it
   * @param least what is less is refused, in {@code unit}
   * @param most what is more is refused
   */
  record Quantity(
      String name, String description, Unit unit, List<Unit> others, double least, double most)
      implements ScoreInput {
    /** Copies the list. */
    public Quantity {
      others = List.copyOf(others);
    }

    @Override
    public String form() {
      String units =
          Stream.concat(Stream.of(unit), others.stream())
              .map(Unit::symbol)
              .collect(Collectors.joining(" or "));
      String range =
          ScoreResult.number(least, 6) + " to " + ScoreResult.number(most, 6) + " " + unit.symbol();
      return (units.isEmpty() ? "a number" : "a number with its unit, " + units)
          + ", "
          + range.strip();
    }
  }

  /**
   * A unit.
   *
   * @param symbol as it is written
   * @param factor a number in this unit, times this, plus {@code shift}, is one in the main unit
   * @param shift see {@code factor}
   */
  record Unit(String symbol, double factor, double shift) {
    /** The unit that a formula uses. */
    public static Unit main(String symbol) {
      return new Unit(symbol, 1, 0);
    }

    double toMain(double value) {
      return value * factor + shift;
    }
  }

  /** Something that holds or not. */
  static ScoreInput flag(String name, String description) {
    return new Flag(name, description);
  }

  /** One of some answers. */
  static ScoreInput choice(String name, String description, String... answers) {
    return new Choice(name, description, List.of(answers));
  }

  /** A number with a unit. */
  static ScoreInput quantity(
      String name, String description, double least, double most, String unit, Unit... others) {
    return new Quantity(name, description, Unit.main(unit), Arrays.asList(others), least, most);
  }
}
