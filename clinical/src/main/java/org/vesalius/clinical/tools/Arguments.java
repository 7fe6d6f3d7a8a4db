package org.vesalius.clinical.tools;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.vesalius.clinical.agent.ToolException;

/**
 * Arguments of a call, read with one clear error each. The agent has checked them against the
 * schema; a tool that is called otherwise must not fail in a worse way.
 */
record Arguments(Map<String, @Nullable Object> values) {
  /** Longer texts are no name, query or goal. */
  private static final int TEXT = 1000;

  private Optional<Object> value(String name) {
    return Optional.ofNullable(values.get(name));
  }

  boolean has(String name) {
    return value(name).isPresent();
  }

  Optional<String> text(String name) {
    return value(name).map(value -> text(name, value));
  }

  String requiredText(String name) {
    return text(name).orElseThrow(() -> missing(name));
  }

  private static String text(String name, @Nullable Object value) {
    if (value instanceof String text && text.length() <= TEXT) {
      return text.strip();
    }
    throw new ToolException(
        "argument %s: expected a string of at most %d characters".formatted(name, TEXT));
  }

  List<String> texts(String name, int most) {
    List<String> texts = new ArrayList<>();
    Object found = value(name).orElseThrow(() -> missing(name));
    for (Object value : found instanceof List<?> list ? list : List.of(found)) {
      texts.add(text(name, value));
    }
    if (texts.isEmpty() || texts.size() > most) {
      throw new ToolException(
          "argument %s: expected 1 to %d strings, found %d".formatted(name, most, texts.size()));
    }
    return texts;
  }

  int integer(String name, int otherwise) {
    return value(name).map(value -> integer(name, value)).orElse(otherwise);
  }

  private static int integer(String name, Object value) {
    double number = number(name, value);
    if (number != Math.rint(number) || Math.abs(number) > Integer.MAX_VALUE) {
      throw new ToolException("argument %s: expected a whole number".formatted(name));
    }
    return (int) number;
  }

  boolean flag(String name) {
    return value(name)
        .map(value -> {
          if (value instanceof Boolean flag) {
            return flag;
          }
          throw new ToolException("argument %s: expected true or false".formatted(name));
        })
        .orElse(false);
  }

  Optional<List<Double>> numbers(String name, int count) {
    return value(name).map(value -> numbers(name, value, count));
  }

  private static List<Double> numbers(String name, @Nullable Object value, int count) {
    if (!(value instanceof List<?> list) || list.size() != count) {
      throw new ToolException("argument %s: expected %d numbers".formatted(name, count));
    }
    List<Double> numbers = new ArrayList<>();
    for (Object item : list) {
      numbers.add(number(name, item));
    }
    return numbers;
  }

  private static double number(String name, @Nullable Object value) {
    if (value instanceof Number number && Double.isFinite(number.doubleValue())) {
      return number.doubleValue();
    }
    throw new ToolException("argument %s: expected a number".formatted(name));
  }

  /** Two points as pairs. */
  Optional<List<List<Double>>> points(String name) {
    return value(name)
        .map(value -> {
          if (!(value instanceof List<?> list) || list.size() != 2) {
            throw new ToolException(
                "argument %s: expected two points, [[x1, y1], [x2, y2]]".formatted(name));
          }
          List<List<Double>> points = new ArrayList<>();
          for (Object point : list) {
            points.add(numbers(name, point, 2));
          }
          return points;
        });
  }

  /** An object, as it was parsed. */
  Map<?, ?> object(String name) {
    Object found = value(name).orElse(Map.of());
    if (found instanceof Map<?, ?> map) {
      return map;
    }
    throw new ToolException("argument %s: expected an object".formatted(name));
  }

  private static ToolException missing(String name) {
    return new ToolException("argument %s: it is missing".formatted(name));
  }
}
