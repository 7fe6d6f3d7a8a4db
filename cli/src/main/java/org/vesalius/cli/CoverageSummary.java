package org.vesalius.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.vesalius.clinical.entities.CoverageReport;
import org.vesalius.clinical.entities.EntityCoverage;
import org.vesalius.clinical.entities.EntityTagger;
import org.vesalius.clinical.entities.EntityTree;
import org.vesalius.clinical.entities.ReadingNotes;

/** Prints how much of the dictionaries texts name. */
final class CoverageSummary {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** How many of the entities named most often are shown. */
  private static final int MOST = 20;

  private CoverageSummary() {}

  static void print(
      Terminal terminal,
      EntityTagger tagger,
      EntityCoverage counts,
      @Nullable Integer level,
      OutputFormat format) {
    List<EntityCoverage.BranchCoverage> branches =
        level == null ? List.of() : counts.branches(level);
    if (format == OutputFormat.json) {
      ObjectNode object = JsonOutput.object();
      ObjectNode dictionary = object.putObject("dictionary");
      dictionary.put("entities", tagger.tree().size());
      dictionary.put("names", tagger.tree().names());
      dictionary.put("forms", tagger.forms());
      dictionary.put("bytes", tagger.tree().byteSize() + tagger.byteSize());
      dictionary.set("notes", JSON.valueToTree(tagger.tree().notes()));
      object.set("coverage", JSON.valueToTree(counts.report()));
      object.set("most", JSON.valueToTree(counts.mostSeen(MOST)));
      if (level != null) {
        object.set("branches", JSON.valueToTree(branches));
      }
      JsonOutput.print(terminal, object);
    } else {
      text(terminal, tagger, counts, branches);
    }
  }

  private static void text(
      Terminal terminal,
      EntityTagger tagger,
      EntityCoverage counts,
      List<EntityCoverage.BranchCoverage> branches) {
    EntityTree tree = tagger.tree();
    CoverageReport report = counts.report();
    line(terminal, "dictionary", tree.size() + " entities, " + tree.names() + " names");
    notes(terminal, tree.notes());
    line(terminal, "texts", report.texts() + ", " + report.taggedTexts() + " of them tagged");
    line(terminal, "tags", report.matches() + ", " + report.ambiguous() + " of them ambiguous");
    line(terminal, "seen", share(report.all()));
    for (int i = 0; i < report.levels().size(); i++) {
      if (report.levels().get(i).entities() > 0) {
        line(terminal, "level " + (i + 1), share(report.levels().get(i)));
      }
    }
    for (int i = 0; i < report.tail().size(); i++) {
      line(terminal, range(i), report.tail().get(i) + " entities");
    }
    counts
        .mostSeen(MOST)
        .forEach(seen -> line(terminal, "" + seen.times(), seen.id() + " " + seen.name()));
    branches.forEach(
        branch -> line(terminal, branch.id(), share(branch.share()) + ": " + branch.name()));
  }

  private static void notes(Terminal terminal, ReadingNotes notes) {
    note(terminal, notes.obsolete(), "obsolete terms left out");
    note(terminal, notes.looseSynonyms(), "narrow, broad and related synonyms left out");
    note(terminal, notes.unnamed(), "terms named by their id");
    note(terminal, notes.unknownParents(), "references to unknown parents left out");
    note(terminal, notes.deeper(), "entities deeper than level " + EntityTree.LEVELS);
  }

  private static void note(Terminal terminal, int count, String what) {
    if (count > 0) {
      line(terminal, "", count + " " + what);
    }
  }

  private static String range(int index) {
    long from = CoverageReport.RANGES.get(index);
    if (index == CoverageReport.RANGES.size() - 1) {
      return from + " or more";
    }
    long to = CoverageReport.RANGES.get(index + 1) - 1;
    return from == 0 ? "never" : from == 1 ? "once" : from + " to " + to;
  }

  private static String share(CoverageReport.Share share) {
    return String.format(
        Locale.ROOT,
        "%d of %d entities (%.1f %%), %d times",
        share.seen(),
        share.entities(),
        share.entities() == 0 ? 0.0 : 100.0 * share.seen() / share.entities(),
        share.times());
  }

  private static void line(Terminal terminal, String label, String value) {
    terminal.out().printf(Locale.ROOT, "%-14s %s%n", label, value);
  }
}
