package org.vesalius.clinical.rubric;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Criteria for answers.
 *
 * @param id of the rubric
 * @param title for people
 * @param criteria at least one with a positive weight, ids all different
 */
public record Rubric(String id, String title, List<Criterion> criteria) {
  private static final int MAX_BYTES = 1 << 20;

  /** Copies the list and checks it. */
  public Rubric {
    criteria = List.copyOf(criteria);
    Set<String> ids = new HashSet<>();
    for (Criterion criterion : criteria) {
      if (!ids.add(criterion.id())) {
        throw new RubricException(
            "rubric %s: expected each id once, found \"%s\" twice".formatted(id, criterion.id()));
      }
    }
    if (criteria.stream().noneMatch(criterion -> criterion.weight() > 0)) {
      throw new RubricException(
          "rubric %s: expected a criterion with a positive weight, found none; the score is a share of their sum"
              .formatted(id));
    }
  }

  /**
   * A rubric from a YAML file.
   *
   * @throws RubricException if it is none
   * @throws UncheckedIOException if it cannot be read
   */
  public static Rubric read(Path file) {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new RubricException(
            "%s: expected a rubric of at most %d bytes, found %d"
                .formatted(file, MAX_BYTES, Files.size(file)));
      }
      return parse(Files.readString(file), file.toString());
    } catch (IOException e) {
      throw new UncheckedIOException(file + ": cannot be read as text in UTF-8: " + e, e);
    }
  }

  /**
   * A rubric from text.
   *
   * @param yaml the text
   * @param origin stands for the text in messages
   * @throws RubricException if it is none
   */
  public static Rubric parse(String yaml, String origin) {
    if (yaml.length() > MAX_BYTES) {
      throw new RubricException(
          "%s: expected a rubric of at most %d characters, found %d"
              .formatted(origin, MAX_BYTES, yaml.length()));
    }
    return RubricReader.read(yaml, origin);
  }

  /** The rubric for chest radiograph reports that comes with this library, English or Chinese. */
  public static Rubric chestReport(Locale language) {
    String name =
        language.getLanguage().equals("zh") ? "chest-report.zh.yaml" : "chest-report.en.yaml";
    try (InputStream stream = Rubric.class.getResourceAsStream(name)) {
      if (stream == null) {
        throw new IllegalStateException(name + " is missing beside Rubric.class");
      }
      return parse(new String(stream.readAllBytes(), StandardCharsets.UTF_8), name);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The rubric with criteria more, such as dynamic ones of an instance. */
  public Rubric with(List<Criterion> more) {
    List<Criterion> all = new ArrayList<>(criteria);
    all.addAll(more);
    return new Rubric(id, title, all);
  }
}
