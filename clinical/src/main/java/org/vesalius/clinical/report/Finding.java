package org.vesalius.clinical.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Something that a report may say is there or is not, and how a model is asked about it.
 *
 * @param id of the template
 * @param name for people
 * @param terms words that name it, in lower case
 * @param question that is asked about it
 * @param absent the answer where it is not there
 * @param present the answers where it is, with the attributes that each gives it
 * @param locate the question for its place in the picture; empty where none is asked
 * @param codes of it and of its site; may be none
 */
public record Finding(
    String id,
    String name,
    List<String> terms,
    String question,
    String absent,
    List<Present> present,
    Optional<String> locate,
    FindingCodes codes) {
  /** Copies the lists. */
  public Finding {
    terms = List.copyOf(terms);
    present = List.copyOf(present);
  }

  /**
   * An answer that says where or how it is.
   *
   * @param answer text of it
   * @param attributes value by name, such as {@code side} and {@code left}
   */
  public record Present(String answer, Map<String, String> attributes) {
    /** Copies the map. */
    public Present {
      attributes = Map.copyOf(attributes);
    }
  }

  /**
   * All answers that a pattern stands for: each {@code {attribute}} is replaced by each of its
   * values.
   */
  static List<Present> expand(String pattern, Map<String, Map<String, List<String>>> attributes) {
    List<Present> expanded = List.of(new Present(pattern, Map.of()));
    for (String name : attributes.keySet()) {
      String mark = "{" + name + "}";
      if (!pattern.contains(mark)) {
        continue;
      }
      List<Present> next = new ArrayList<>();
      for (Present one : expanded) {
        attributes
            .get(name)
            .forEach((value, words) -> {
              Map<String, String> given = new LinkedHashMap<>(one.attributes());
              given.put(name, value);
              next.add(new Present(one.answer().replace(mark, words.getFirst()), given));
            });
      }
      expanded = next;
    }
    return expanded;
  }
}
