package org.vesalius.clinical.scores;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The scores that are known here, by name. */
public final class ClinicalScores {
  private static final Map<String, ClinicalScore> ALL = index();

  private ClinicalScores() {}

  private static Map<String, ClinicalScore> index() {
    Map<String, ClinicalScore> scores = new LinkedHashMap<>();
    Stream.of(
            AcuteScores.ALL,
            ThrombosisScores.ALL,
            LiverAndKidneyScores.ALL,
            BodyScores.ALL,
            ImagingScores.ALL)
        .flatMap(List::stream)
        .forEach(score -> scores.put(score.name(), score));
    return scores;
  }

  /** All of them. */
  public static List<ClinicalScore> all() {
    return List.copyOf(ALL.values());
  }

  /** The score of a name. */
  public static Optional<ClinicalScore> of(String name) {
    return Optional.ofNullable(ALL.get(name));
  }
}
