package org.vesalius.cli;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.vesalius.runtime.ModelInspection;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * Says what a checkpoint is, what it needs and whether it can be run, before anything is loaded.
 */
@Command(
    name = "inspect",
    description = {
      "Says what a checkpoint is and what it needs, without loading it.",
      "The exit code is 1 if it cannot be run."
    },
    sortOptions = false)
final class InspectCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Parameters(paramLabel = "DIR", description = "Folder of the checkpoint.")
  private Path directory = Path.of("");

  @Option(names = "--format", paramLabel = "text|json", description = "Output (default: text).")
  private OutputFormat format = OutputFormat.text;

  InspectCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    ModelArguments.requireFolder(directory);
    ModelInspection inspection = ModelInspection.inspect(directory);
    switch (format) {
      case json -> JsonOutput.print(terminal, InspectionReport.json(inspection));
      case text -> InspectionReport.text(inspection).forEach(terminal.out()::println);
    }
    if (inspection.runnable()) {
      return 0;
    }
    int more = inspection.problems().size() - 1;
    throw new CommandFailure(
        "cannot be run: "
            + inspection.problems().getFirst()
            + (more == 0 ? "" : " (and " + more + " more)"));
  }
}
