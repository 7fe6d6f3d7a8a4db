package org.vesalius.clinical.report;

import java.util.List;
import org.vesalius.clinical.agent.AgentImage;
import org.vesalius.clinical.trace.DecisionTrace;

/**
 * A report and how it came about.
 *
 * @param report with what carries its sentences
 * @param trace of the run
 * @param images by the indices that places use
 */
public record WrittenReport(Report report, DecisionTrace trace, List<AgentImage> images) {
  /** Copies the list. */
  public WrittenReport {
    images = List.copyOf(images);
  }
}
