package org.vesalius.clinical.rubric;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import org.vesalius.clinical.rubric.YamlValue.Mapping;

/** The fields of a mapping, asked for by name and type; a wrong one is an error with its line. */
record YamlFields(String origin, Mapping mapping) {

  static YamlFields of(String origin, YamlValue value, Set<String> known) {
    if (!(value instanceof Mapping mapping)) {
      throw YamlValue.fail(
          origin, value.line(), "expected a mapping with keys out of %s".formatted(sorted(known)));
    }
    mapping
        .entries()
        .forEach((key, at) -> {
          if (!known.contains(key)) {
            throw YamlValue.fail(
                origin,
                at.line(),
                "expected one of the keys %s, found \"%s\"".formatted(sorted(known), key));
          }
        });
    return new YamlFields(origin, mapping);
  }

  private static List<String> sorted(Set<String> keys) {
    return keys.stream().sorted().toList();
  }

  RubricException fail(String problem) {
    return YamlValue.fail(origin, mapping.line(), problem);
  }

  private RubricException wrong(String key, YamlValue found, String expected) {
    return YamlValue.fail(origin, found.line(), "%s: expected %s".formatted(key, expected));
  }

  Optional<YamlValue> find(String key) {
    return Optional.ofNullable(mapping.entries().get(key));
  }

  YamlValue value(String key) {
    return find(key).orElseThrow(() -> fail("expected the key \"" + key + "\", found none"));
  }

  String text(String key) {
    YamlValue value = value(key);
    if (value instanceof YamlValue.Text(_, String text) && !text.isBlank()) {
      return text.strip();
    }
    throw wrong(key, value, "a text; put quotation marks around numbers and around yes and no");
  }

  Optional<String> optionalText(String key) {
    return find(key).map(_ -> text(key));
  }

  boolean flag(String key) {
    return find(key)
        .map(value -> {
          if (value instanceof YamlValue.Flag(_, boolean flag)) {
            return flag;
          }
          throw wrong(key, value, "true or false");
        })
        .orElse(false);
  }

  OptionalDouble number(String key) {
    Optional<YamlValue> value = find(key);
    if (value.isEmpty()) {
      return OptionalDouble.empty();
    }
    if (value.get() instanceof YamlValue.Numeral(_, String literal)) {
      try {
        double number = Double.parseDouble(literal);
        if (Double.isFinite(number)) {
          return OptionalDouble.of(number);
        }
      } catch (NumberFormatException _) {
        // Such as 0x10, which YAML allows.
      }
    }
    throw wrong(key, value.get(), "a decimal number");
  }

  OptionalInt count(String key) {
    OptionalDouble number = number(key);
    if (number.isEmpty()) {
      return OptionalInt.empty();
    }
    int count = (int) number.getAsDouble();
    if (count < 0 || count != number.getAsDouble()) {
      throw wrong(key, value(key), "a whole number, 0 or more");
    }
    return OptionalInt.of(count);
  }

  List<YamlValue> items(String key) {
    YamlValue value = value(key);
    if (value instanceof YamlValue.Sequence(_, List<YamlValue> items) && !items.isEmpty()) {
      return items;
    }
    throw wrong(key, value, "a list with at least one item");
  }

  List<String> texts(String key) {
    List<String> texts = new ArrayList<>();
    for (YamlValue item : items(key)) {
      if (!(item instanceof YamlValue.Text(_, String text)) || text.isBlank()) {
        throw wrong(key, item, "a list of texts");
      }
      texts.add(text);
    }
    return texts;
  }
}
