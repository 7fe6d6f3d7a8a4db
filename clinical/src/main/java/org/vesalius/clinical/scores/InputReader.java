package org.vesalius.clinical.scores;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.vesalius.clinical.scores.ScoreInput.Choice;
import org.vesalius.clinical.scores.ScoreInput.Flag;
import org.vesalius.clinical.scores.ScoreInput.Quantity;
import org.vesalius.clinical.scores.ScoreInput.Unit;

/** Reads and checks what somebody gives for an input. */
final class InputReader {
  private static final Pattern NUMBER_AND_UNIT =
      Pattern.compile("([+-]?[0-9]{1,9}(?:\\.[0-9]{1,9})?)\\s*(.{0,40})");

  /**
   * What was read.
   *
   * @param value a Boolean, a String or a Double in the main unit
   * @param shown for people
   */
  record Read(Object value, String shown) {}

  private InputReader() {}

  static Read read(ScoreInput input, Optional<Object> found) {
    Object given = found.orElseThrow(() -> refused(input, "is missing"));
    return switch (input) {
      case Flag _ -> {
        if (given instanceof Boolean flag) {
          yield new Read(flag, flag.toString());
        }
        throw refused(input, "is not");
      }
      case Choice choice -> {
        if (given instanceof String text && choice.answers().contains(text.strip())) {
          yield new Read(text.strip(), text.strip());
        }
        throw refused(input, "is none of these");
      }
      case Quantity quantity -> quantity(quantity, given);
    };
  }

  private static Read quantity(Quantity input, Object given) {
    double number;
    String symbol;
    if (given instanceof Number plain) {
      number = plain.doubleValue();
      symbol = "";
    } else if (given instanceof Map<?, ?> map
        && map.get("value") instanceof Number value
        && map.get("unit") instanceof String unit) {
      number = value.doubleValue();
      symbol = unit.strip();
    } else if (given instanceof String text) {
      Matcher parts = NUMBER_AND_UNIT.matcher(text.strip());
      if (!parts.matches()) {
        throw refused(input, "cannot be read as such");
      }
      number = Double.parseDouble(parts.group(1));
      symbol = parts.group(2).strip();
    } else {
      throw refused(input, "cannot be read as such");
    }
    Unit unit = unit(input, symbol);
    double value = unit.toMain(number);
    if (!(value >= input.least() && value <= input.most())) {
      throw refused(input, "is out of range");
    }
    String main = (ScoreResult.number(value, 4) + " " + input.unit().symbol()).strip();
    String written = (ScoreResult.number(number, 6) + " " + unit.symbol()).strip();
    return new Read(value, unit.equals(input.unit()) ? written : written + " = " + main);
  }

  private static Unit unit(Quantity input, String symbol) {
    List<Unit> units = Stream.concat(Stream.of(input.unit()), input.others().stream()).toList();
    String wanted = key(symbol);
    return units.stream()
        .filter(unit -> key(unit.symbol()).equals(wanted))
        .findFirst()
        .orElseThrow(() -> refused(input, symbol.isEmpty() ? "has no unit" : "has another unit"));
  }

  /** Micro is written in two ways, and litres in either case. */
  private static String key(String symbol) {
    return symbol
        .toLowerCase(Locale.ROOT)
        .replace('μ', 'µ')
        .replaceAll("(?<!\\p{L})u(?=(?:mol|g|l)(?!\\p{L}))", "µ")
        .replaceAll("\\s+", " ");
  }

  private static ScoreInputException refused(ScoreInput input, String problem) {
    return new ScoreInputException(
        "input %s (%s): expected %s; what was given %s"
            .formatted(input.name(), input.description(), input.form(), problem));
  }
}
