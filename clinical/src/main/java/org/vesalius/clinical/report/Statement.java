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

  /** Whether an answer says the same, as far as both say something. */
  boolean agrees(Finding.Present answer) {
    return present
        && attributes.entrySet().stream()
            .allMatch(given -> {
              String value = answer.attributes().get(given.getKey());
              return value == null || given.getValue().contains(value);
            });
  }

  /** In words, such as {@code nodule, left upper}. */
  String words() {
    if (!present) {
      return "no " + finding.name();
    }
    StringBuilder words = new StringBuilder(finding.name());
    attributes.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .forEach(given -> words.append(", ").append(String.join("/", given.getValue())));
    return words.toString();
  }
}
