package org.vesalius.clinical.report;

import java.util.List;
import org.vesalius.clinical.agent.RunFacts;
import org.vesalius.clinical.agent.Tool;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.SamplingOptions;

/**
 * What all reports of a writer have in common.
 *
 * @param model that writes
 * @param facts what traces say of it
 * @param template of the reports
 * @param options of the second look
 * @param tools that are offered
 * @param names of entities that sentences are searched for
 */
record ReportSetup(
    ChatModel model,
    RunFacts facts,
    ReportTemplate template,
    ReportOptions options,
    List<Tool> tools,
    EntityNames names) {

  /** Greedy answers do not need a seed, but a trace that is made again shall name the same. */
  SamplingOptions seeded() {
    return SamplingOptions.greedy().withSeed(options.seed());
  }
}
