package org.vesalius.clinical.report;

import java.util.List;
import org.vesalius.clinical.agent.AgentImage;
import org.vesalius.clinical.rubric.BestOfN;
import org.vesalius.clinical.trace.DecisionTrace;

/**
 * A report and how it came about.
 *
 * @param report with what carries its sentences
 * @param trace of the run
 * @param ranking of the reports that were written, the best first; empty without a rubric
 * @param images by the indices that places use
 */
public record WrittenReport(
    Report report, DecisionTrace trace, List<BestOfN.Ranked> ranking, List<AgentImage> images) {
  /** Copies the lists. */
  public WrittenReport {
    ranking = List.copyOf(ranking);
    images = List.copyOf(images);
  }
}
