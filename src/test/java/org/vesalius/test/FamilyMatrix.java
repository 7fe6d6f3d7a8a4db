package org.vesalius.test;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.vesalius.runtime.models.ModelFamilies;
import org.vesalius.runtime.models.ModelFamily;

/** Which families were exact on which backends, as the golden tests ran: README's table. */
final class FamilyMatrix {
  static final String BEGIN = "<!-- families: begin -->";
  static final String END = "<!-- families: end -->";

  private record Cell(String modelType, String backend) {}

  /** Cases that have begun, and those of them that were exact. */
  private record Cases(int started, int passed) {
    Cases plus(Cases other) {
      return new Cases(started + other.started, passed + other.passed);
    }
  }

  private final Map<Cell, Cases> results = new ConcurrentHashMap<>();

  /** Notes that a case begins; it counts as failed until {@link #passed}. */
  void started(String modelType, String backend) {
    results.merge(new Cell(modelType, backend), new Cases(1, 0), Cases::plus);
  }

  /** Notes that a case that has begun was exact. */
  void passed(String modelType, String backend) {
    results.merge(new Cell(modelType, backend), new Cases(0, 1), Cases::plus);
  }

  /** The table as README has it. */
  String table(List<String> backends) {
    StringBuilder table = new StringBuilder("| Family | `model_type` |");
    backends.forEach(backend -> table.append(" `").append(backend).append("` |"));
    table.append("\n|---|---|").repeat("---|", backends.size()).append('\n');
    for (ModelFamily family : ModelFamilies.all()) {
      table.append("| ").append(family.displayName());
      table.append(" | `").append(family.modelType()).append("` |");
      for (String backend : backends) {
        Cases cases = results.get(new Cell(family.modelType(), backend));
        String cell =
            cases == null
                ? "no golden"
                : cases.passed() < cases.started() ? "**differs**" : "exact";
        table.append(' ').append(cell).append(" |");
      }
      table.append('\n');
    }
    return table.toString();
  }

  /** How many cases there were, for the log. */
  String counts() {
    Map<String, String> lines = new TreeMap<>();
    results.forEach((cell, cases) ->
        lines.merge(
            cell.modelType(),
            cell.backend() + " " + cases.passed() + "/" + cases.started(),
            (a, b) -> a.compareTo(b) < 0 ? a + ", " + b : b + ", " + a));
    StringBuilder text = new StringBuilder("golden cases that are exact:");
    lines.forEach((family, line) -> text.append("\n  ").append(family).append(": ").append(line));
    return text.toString();
  }

  /** What README says between its marks. */
  static String inReadme(Path readme) {
    try {
      String text = Files.readString(readme);
      int begin = text.indexOf(BEGIN);
      int end = text.indexOf(END);
      return begin < 0 || end < 0 ? "" : text.substring(begin + BEGIN.length(), end).strip() + "\n";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
