package org.vesalius.clinical.report;

import java.util.List;
import java.util.Optional;
import org.vesalius.clinical.agent.AgentResult;
import org.vesalius.clinical.agent.StopReason;
import org.vesalius.clinical.report.Sentence.Verdict;

/** When a report as a whole is none to rely on. */
final class Abstention {
  private Abstention() {}

  /**
   * Why a report abstains; empty where it does not.
   *
   * @param written the answer that it was made of
   * @param sections with what became of their sentences
   * @param share of the sentences that do not hold, from which it abstains
   */
  static Optional<String> of(AgentResult written, List<Report.Section> sections, double share) {
    if (written.answer().isBlank()) {
      return Optional.of("the model wrote nothing (" + written.reason().word() + ")");
    }
    if (written.reason() != StopReason.ANSWERED && written.reason() != StopReason.STABLE) {
      return Optional.of("the model did not come to its end (" + written.reason().word() + ")");
    }
    List<Verdict> looked =
        sections.stream()
            .flatMap(section -> section.sentences().stream())
            .map(Sentence::verdict)
            .filter(verdict -> verdict != Verdict.UNCHECKED)
            .toList();
    if (looked.isEmpty()) {
      return Optional.of("nothing that it says could be looked at again");
    }
    long failed = looked.stream().filter(verdict -> verdict != Verdict.SUPPORTED).count();
    return failed >= share * looked.size()
        ? Optional.of(
            "%d of %d sentences do not hold when they are looked at again"
                .formatted(failed, looked.size()))
        : Optional.empty();
  }
}
