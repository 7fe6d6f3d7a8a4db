package org.vesalius.clinical.entities;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.vesalius.clinical.entities.CoverageReport.Share;
import org.vesalius.clinical.entities.EntityCoverage.BranchCoverage;
import org.vesalius.clinical.entities.EntityCoverage.SeenEntity;

class EntityCoverageTest {
  private final EntityTagger tagger =
      EntityTagger.of(
          EntityTree.builder()
              .add("1", "root", List.of(), List.of())
              .add("2", "left", List.of(), List.of("1"))
              .add("3", "right", List.of(), List.of("1"))
              .add("4", "both", List.of(), List.of("2", "3"))
              .add("5", "Both", List.of(), List.of("3"))
              .add("6", "other", List.of(), List.of())
              .build());

  @Test
  void whatIsSeenIsCountedByLevelBranchAndFrequency() {
    EntityCoverage coverage = new EntityCoverage(tagger);
    coverage.add("both, both: left");
    coverage.add("nothing");
    EntityCoverage more = new EntityCoverage(tagger);
    more.add(tagger.tag("left"));
    coverage.add(more);
    CoverageReport report = coverage.report();
    assertEquals(
        new CoverageReport(
            3,
            2,
            4,
            2,
            new Share(6, 3, 6),
            List.of(
                new Share(2, 0, 0),
                new Share(2, 1, 2),
                new Share(2, 2, 4),
                new Share(0, 0, 0),
                new Share(0, 0, 0)),
            List.of(3L, 0L, 3L, 0L, 0L, 0L)),
        report);
    assertEquals(
        List.of(
            new BranchCoverage("2", "left", new Share(2, 2, 4)),
            new BranchCoverage("3", "right", new Share(3, 2, 4))),
        coverage.branches(2));
    assertEquals(
        List.of(new SeenEntity("2", "left", 2), new SeenEntity("4", "both", 2)),
        coverage.mostSeen(2));
    assertEquals(List.of("1", "3"), coverage.neverSeen(2));
    assertEquals(2, coverage.count("4"));
  }

  @Test
  void rangesOfFrequencyAreThoseNamed() {
    EntityCoverage coverage = new EntityCoverage(tagger);
    coverage.add("other " + "left ".repeat(9) + "right ".repeat(10) + "root ".repeat(1000));
    assertEquals(List.of(2L, 1L, 1L, 1L, 0L, 1L), coverage.report().tail());
  }

  @Test
  void whatIsOfAnotherDictionaryIsRefused() {
    EntityCoverage coverage = new EntityCoverage(tagger);
    EntityTagger other =
        EntityTagger.of(EntityTree.builder().add("x", "x", List.of(), List.of()).build());
    assertThrows(IllegalArgumentException.class, () -> coverage.add(other.tag("x")));
    assertThrows(IllegalArgumentException.class, () -> coverage.add(new EntityCoverage(other)));
    assertThrows(IllegalArgumentException.class, () -> coverage.count("7"));
    assertThrows(IllegalArgumentException.class, () -> coverage.branches(0));
  }
}
