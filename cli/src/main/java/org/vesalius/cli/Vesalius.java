package org.vesalius.cli;

import java.io.PrintWriter;
import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.logging.Logger;
import org.vesalius.runtime.Cancellation;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The command line of Vesalius: medical vision-language models inside a Java process. */
@Command(
    name = "vesalius",
    description = "Runs medical vision-language models in a Java process.",
    mixinStandardHelpOptions = true,
    scope = ScopeType.INHERIT,
    versionProvider = Version.class,
    synopsisSubcommandLabel = "COMMAND",
    sortOptions = false,
    exitCodeOnInvalidInput = Vesalius.BAD_USAGE,
    exitCodeOnExecutionException = Vesalius.FAILURE)
public final class Vesalius implements Runnable {
  static final int FAILURE = 1;
  static final int BAD_USAGE = 2;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--verbose",
      scope = ScopeType.INHERIT,
      description = "Show the stack trace of an error.")
  private boolean verbose;

  private Vesalius() {}

  /**
   * Runs a command and ends the process with its exit code: 0, 1 for a failure, 2 for bad usage,
   * 130 after Ctrl-C.
   */
  public static void main(String[] args) {
    System.setProperty("java.awt.headless", "true");
    if (VectorRestart.isNeeded()) {
      System.exit(VectorRestart.run(args));
    }
    Terminal terminal = Terminal.ofProcess();
    System.setErr(terminal.err());
    int code;
    Logger logger = Logging.configure(terminal);
    try (Interrupt interrupt = Interrupt.install()) {
      code = run(terminal, interrupt.cancellation(), args);
    } finally {
      Reference.reachabilityFence(logger);
    }
    System.exit(code);
  }

  /** Runs a command and returns its exit code. */
  static int run(Terminal terminal, Cancellation cancellation, String... args) {
    Vesalius top = new Vesalius();
    CommandLine line = top.commandLine(terminal, cancellation, args);
    try {
      return line.execute(args);
    } catch (OutOfMemoryError | LinkageError | InternalError | StackOverflowError e) {
      // The last stop: what is thrown here would be printed as a stack trace.
      return top.failed(terminal, e);
    } finally {
      terminal.out().flush();
      terminal.err().flush();
    }
  }

  private CommandLine commandLine(Terminal terminal, Cancellation cancellation, String[] args) {
    CommandLine line = new CommandLine(this);
    Map<String, Supplier<Object>> commands = new LinkedHashMap<>();
    commands.put("demo", () -> new DemoCommand(terminal, cancellation));
    commands.put("run", () -> new RunCommand(terminal, cancellation));
    commands.put("report", () -> new ReportCommand(terminal, cancellation));
    commands.put("trace", () -> TraceCommand.commandLine(terminal, cancellation));
    commands.put("view", () -> new ViewCommand(terminal, cancellation));
    commands.put("inspect", () -> new InspectCommand(terminal));
    commands.put("quantize", () -> new QuantizeCommand(terminal, cancellation));
    commands.put("bench", () -> new BenchCommand(terminal, cancellation));
    commands.put("tokenize", () -> new TokenizeCommand(terminal));
    commands.put("entities", () -> new EntitiesCommand(terminal));
    commands.put("doctor", () -> new DoctorCommand(terminal));
    // Describing a command takes picocli a while, so the others are left out where one is named.
    if (args.length > 0 && commands.containsKey(args[0])) {
      commands.keySet().retainAll(Set.of(args[0]));
    }
    commands.forEach((name, command) -> line.addSubcommand(name, command.get()));
    line.setOut(new PrintWriter(terminal.out(), true, StandardCharsets.UTF_8));
    line.setErr(new PrintWriter(terminal.err(), true, StandardCharsets.UTF_8));
    line.setColorScheme(
        CommandLine.Help.defaultColorScheme(
            terminal.outIsTerminal() ? CommandLine.Help.Ansi.ON : CommandLine.Help.Ansi.OFF));
    line.setExecutionExceptionHandler((e, _, _) -> failed(terminal, e));
    line.setParameterExceptionHandler((e, _) -> misused(terminal, e));
    return line;
  }

  private int failed(Terminal terminal, Throwable failure) {
    terminal.err().println("vesalius: " + Failures.describe(failure));
    if (verbose) {
      failure.printStackTrace(terminal.err());
    }
    return FAILURE;
  }

  private static int misused(Terminal terminal, ParameterException misuse) {
    String command = misuse.getCommandLine().getCommandSpec().qualifiedName();
    terminal
        .err()
        .println(
            "vesalius: "
                + Failures.oneLine(String.valueOf(misuse.getMessage()))
                + "; see "
                + command
                + " --help");
    return BAD_USAGE;
  }

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(),
        "expected a command: " + String.join(", ", spec.subcommands().keySet()));
  }
}
