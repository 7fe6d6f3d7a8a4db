package org.vesalius.clinical.report;

import java.util.Map;
import java.util.Set;

/**
 * What a sentence says about a finding.
 *
 * @param finding that it is about
 * @param present whether it says that it is there
 * @param attributes values that it gives it, by name of the attribute
 */
record Statement(Finding finding, boolean present, Map<String, Set<String>> attributes) {
  Statement {
    attributes = Map.copyOf(attributes);
  }

  /** Whether an answer gives it the same attributes, as far as both give some. */
  boolean fits(Finding.Present answer) {
    return attributes.entrySet().stream()
        .allMatch(given -> {
          String value = answer.attributes().get(given.getKey());
          return value == null || given.getValue().contains(value);
        });
  }

  /** Whether another statement can be about the same, as far as attributes tell. */
  boolean overlaps(Statement other) {
    return finding.id().equals(other.finding.id())
        && attributes.entrySet().stream()
            .allMatch(given -> {
              Set<String> others = other.attributes.get(given.getKey());
              return others == null || others.stream().anyMatch(given.getValue()::contains);
            });
  }

  /** In words, such as {@code nodule, left upper}. */
  String words() {
    StringBuilder words = new StringBuilder(present ? "" : "no ").append(finding.name());
    attributes.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .forEach(given -> words.append(", ").append(String.join("/", given.getValue())));
    return words.toString();
  }
}
