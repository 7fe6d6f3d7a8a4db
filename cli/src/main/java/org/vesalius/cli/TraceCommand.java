package org.vesalius.cli;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.vesalius.clinical.report.WrittenReport;
import org.vesalius.clinical.trace.DecisionTrace;
import org.vesalius.clinical.trace.TraceComparison;
import org.vesalius.clinical.trace.TraceFile;
import org.vesalius.clinical.trace.TraceHtml;
import org.vesalius.clinical.trace.TraceKeys;
import org.vesalius.clinical.trace.TraceVerifier;
import org.vesalius.clinical.trace.Verification;
import org.vesalius.runtime.Cancellation;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.OpenOptions;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Checks, repeats and shows the traces of runs. */
@Command(
    name = "trace",
    description = "Checks, repeats and shows the trace of a run.",
    synopsisSubcommandLabel = "(verify | replay | render | schema)",
    sortOptions = false)
final class TraceCommand implements Runnable {
  private static final String FILE = "FILE";
  private static final String OF_FILE = "The trace.";

  private final Terminal terminal;

  @Spec private CommandSpec spec = CommandSpec.create();

  private TraceCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "expected verify, replay, render or schema before the file");
  }

  @Command(
      name = "verify",
      description = {
        "Checks that a trace is as it was written: every byte, the chain of hashes, the schema,"
            + " what it refers to, and the signature if there is one.",
        "Without a signature anybody who changes a trace can also make its hashes anew."
      })
  int verify(
      @Parameters(paramLabel = FILE, description = OF_FILE) Path file,
      @Option(
              names = "--key",
              paramLabel = "KEY.pem",
              description = "The public Ed25519 key that must have signed it.")
          @Nullable Path key) {
    TraceVerifier verifier =
        key == null ? new TraceVerifier() : new TraceVerifier(TraceKeys.readPublic(key));
    Verification verification = verifier.verify(file);
    terminal.out().println(file + ": " + verification.summary());
    verification.problems().forEach(problem -> terminal.out().println("  " + problem));
    return verification.isValid() ? 0 : Vesalius.FAILURE;
  }

  @Command(name = "render", description = "Shows a trace as one HTML page that needs nothing else.")
  int render(
      @Parameters(paramLabel = FILE, description = OF_FILE) Path file,
      @Option(
              names = "--out",
              paramLabel = "FILE",
              description = "The page (default: beside the trace, with the ending html).")
          @Nullable Path out) {
    DecisionTrace trace = TraceFile.read(file);
    Path page = out == null ? beside(file) : out;
    TraceHtml.render(trace, new TraceVerifier().verify(file), page);
    terminal.out().println("wrote " + page);
    return 0;
  }

  private static Path beside(Path file) {
    String name = String.valueOf(file.getFileName());
    return file.resolveSibling(
        (name.endsWith(".json") ? name.substring(0, name.length() - 5) : name) + ".html");
  }

  @Command(name = "schema", description = "Prints the JSON Schema of traces.")
  int schema() {
    terminal.out().println(TraceFile.schema());
    return 0;
  }

  /** Its own class, since it takes the options of everything that computes. */
  @Command(
      name = "replay",
      description = {
        "Runs again what a trace tells of, and names the first difference.",
        "Files are opened by the names that the trace has: run it in the same folder, and only"
            + " traces that you trust."
      },
      sortOptions = false)
  static final class Replay implements Callable<Integer> {
    private final Terminal terminal;
    private final Cancellation cancellation;

    @Parameters(paramLabel = FILE, description = OF_FILE)
    private Path file = Path.of("");

    @Option(
        names = "--model",
        paramLabel = "DIR",
        description = "The model's folder, where it is not where it was.")
    private @Nullable String model;

    @Mixin private ModelArguments compute = new ModelArguments();

    Replay(Terminal terminal, Cancellation cancellation) {
      this.terminal = terminal;
      this.cancellation = cancellation;
    }

    @Override
    public Integer call() throws InterruptedException {
      Verification verification = new TraceVerifier().verify(file);
      if (!verification.isValid()) {
        throw new CommandFailure(
            file + ": " + verification.summary() + " " + verification.problems().getFirst());
      }
      DecisionTrace expected = TraceFile.read(file);
      ReportJob job = ReportJob.of(expected.run().task());
      OpenOptions options = compute.openOptions(job.weights(), job.cache());
      Progress progress = new Progress(terminal);
      try (ReportJob.Inputs inputs = job.read();
          ModelFolder folder = ModelFolder.of(model == null ? job.model() : model);
          ChatModel opened = ModelArguments.open(folder.path(), options, progress)) {
        WrittenReport found;
        try (progress) {
          progress.begin("Running again");
          found = job.write(opened, inputs, cancellation);
        }
        return cancellation.isCancelled() ? Interrupt.EXIT_CODE : compare(expected, found.trace());
      }
    }

    private int compare(DecisionTrace expected, DecisionTrace found) {
      TraceComparison comparison = TraceComparison.of(expected, found);
      comparison.notes().forEach(note -> terminal.out().println("note: " + note));
      if (comparison.firstDifference().isEmpty()) {
        long tokens = expected.turns().stream().mapToLong(turn -> turn.tokens().size()).sum();
        terminal
            .out()
            .println(
                "the same: %d answers of %d tokens, %d steps, %d claims"
                    .formatted(
                        expected.turns().size(),
                        tokens,
                        expected.steps().size(),
                        expected.claims().size()));
        return 0;
      }
      terminal.out().println("first difference: " + comparison.firstDifference().get());
      return Vesalius.FAILURE;
    }
  }

  /** The command with all that stands below it. */
  static CommandLine commandLine(Terminal terminal, Cancellation cancellation) {
    return new CommandLine(new TraceCommand(terminal))
        .addSubcommand("replay", new Replay(terminal, cancellation));
  }
}
