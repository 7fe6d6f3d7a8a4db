package org.vesalius.clinical.report;

import java.util.List;
import org.vesalius.clinical.agent.RunFacts;
import org.vesalius.clinical.agent.Tool;
import org.vesalius.runtime.ChatModel;

/**
 * Writes reports whose sentences carry their evidence. The model writes, with tools where the
 * template offers them; then each thing that it has said is looked at a second time, by what the
 * model finds likely when it is asked about that alone, and by rules. What does not hold is marked
 * and stays. For development and research; nothing that it writes is a diagnosis.
 */
public final class ReportWriter {
  private final ReportSetup setup;

  /**
   * A writer.
   *
   * @param model that writes; it stays the caller's
   * @param facts what traces say of it
   * @param tools that are offered where the template offers any; dictionaries among them name the
   *     entities of sentences in the trace, offered or not
   */
  public ReportWriter(
      ChatModel model,
      RunFacts facts,
      ReportTemplate template,
      ReportOptions options,
      List<Tool> tools) {
    this.setup =
        new ReportSetup(
            model,
            facts,
            template,
            options,
            template.tools() ? List.copyOf(tools) : List.of(),
            EntityNames.of(tools));
  }

  /**
   * Writes a report.
   *
   * @throws InterruptedException if the thread is interrupted meanwhile
   * @throws org.vesalius.runtime.ContextOverflowException if the pictures do not fit the context
   */
  public WrittenReport write(ReportTask task) throws InterruptedException {
    return new ReportRun(setup, task).write();
  }

  /**
   * Looks at a given text as at one of the model's: what holds of it, and what it leaves out. The
   * text is in the form of the template.
   */
  public WrittenReport check(ReportTask task, String text) {
    return new ReportRun(setup, task).check(text);
  }
}
