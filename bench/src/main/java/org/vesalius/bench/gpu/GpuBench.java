package org.vesalius.bench.gpu;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.vesalius.kernels.BackendUnavailableException;
import org.vesalius.kernels.Backends;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.kernels.Kernels;
import org.vesalius.runtime.WeightFormat;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The parts of {@code bench/gpu/run.sh} that are ours: each writes one file, or several. */
@Command(
    name = "gpu-bench",
    mixinStandardHelpOptions = true,
    description = "The contract and the figures of a backend on this machine; see bench/gpu.")
public final class GpuBench implements Callable<Integer> {
  private final PrintStream out;

  GpuBench(PrintStream out) {
    this.out = out;
  }

  /** Runs the program. */
  public static void main(String[] args) {
    System.exit(run(System.out, args));
  }

  static int run(PrintStream out, String... args) {
    CommandLine line = new CommandLine(new GpuBench(out));
    line.addSubcommand(new DeviceCommand());
    line.addSubcommand(new ContractCommand(out));
    line.addSubcommand(new SanitizerCommand());
    line.addSubcommand(new CheckpointCommand());
    line.addSubcommand(new CaseCommand());
    line.addSubcommand(new ReportCommand(out));
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setExecutionExceptionHandler((e, _, _) -> {
      System.err.println("gpu-bench: " + message(e));
      return 1;
    });
    return line.execute(args);
  }

  @Override
  public Integer call() {
    CommandLine.usage(this, out);
    return 2;
  }

  private static String message(Throwable e) {
    return e.getMessage() == null || (e instanceof RuntimeException && !isOurs(e))
        ? e.toString()
        : e.getMessage();
  }

  private static boolean isOurs(Throwable e) {
    return e instanceof IllegalArgumentException
        || e instanceof IllegalStateException
        || e instanceof BackendUnavailableException;
  }

  /** What most parts need to know. */
  static final class Setting {
    @Option(names = "--parts", paramLabel = "DIR", required = true, description = "For results.")
    private Path parts = Path.of("");

    @Option(names = "--shapes", paramLabel = "FILE", required = true, description = "Sizes.")
    private Path shapes = Path.of("");

    @Option(names = "--shape", paramLabel = "NAME", required = true, description = "Its entry.")
    private String shape = "";

    @Option(names = "--work", paramLabel = "DIR", required = true, description = "For weights.")
    private Path work = Path.of("");

    @Option(names = "--backend", defaultValue = "cuda", description = "What computes.")
    private String backend = "";

    ModelShape read() throws IOException {
      return ModelShape.read(shapes, shape);
    }

    PartFile part(String name, String device) {
      return new PartFile(parts, name, device, shape);
    }

    /** Runs a part; whatever goes wrong is written in place of its result. */
    int write(String name, Measurement measurement) throws IOException {
      try {
        ObjectNode result = measurement.measure();
        // Afterwards, because the first opening of a process is a figure.
        part(name, device(backend)).write(result);
        return 0;
      } catch (IOException | RuntimeException | LinkageError | OutOfMemoryError e) {
        part(name, "").writeError(message(e));
        throw e;
      }
    }
  }

  /** What a backend computes on, for people. */
  private static String device(String backend) {
    try (Kernels kernels = Backends.open(backend, KernelOptions.defaults())) {
      return kernels.description();
    }
  }

  /** Takes some time and says how much. */
  @FunctionalInterface
  interface Measurement {
    ObjectNode measure() throws IOException;
  }

  @Command(name = "device", description = "What the device allows at most.")
  private static final class DeviceCommand implements Callable<Integer> {
    @Mixin private Setting setting = new Setting();

    @Override
    public Integer call() throws IOException {
      return setting.write(
          "device",
          () -> {
            try (Kernels kernels = Backends.open(setting.backend, KernelOptions.defaults())) {
              ObjectNode json = DeviceLimits.measure(kernels, setting.read().runs());
              NvidiaSmi.write(json.putObject("nvidia_smi"));
              return json;
            }
          });
    }
  }

  @Command(name = "checkpoint", description = "Writes random weights, unless they are there.")
  private static final class CheckpointCommand implements Callable<Integer> {
    @Mixin private Setting setting = new Setting();

    @Override
    public Integer call() throws IOException {
      Path unused = RandomCheckpoint.in(setting.work, setting.read());
      return 0;
    }
  }

  /** What can be measured of a model. */
  enum Case {
    DECODE,
    INT8,
    INT4,
    FP8,
    BATCH,
    PREFILL,
    PREFILL_FP8,
    VISION,
    LOAD
  }

  @Command(name = "bench", description = "One figure of the model.")
  private static final class CaseCommand implements Callable<Integer> {
    @Mixin private Setting setting = new Setting();

    @Parameters(paramLabel = "CASE", description = "${COMPLETION-CANDIDATES}.")
    private Case wanted = Case.DECODE;

    @Override
    public Integer call() throws IOException {
      return setting.write(
          "bench-" + wanted.name().toLowerCase(java.util.Locale.ROOT),
          () -> {
            ModelShape shape = setting.read();
            Path folder = RandomCheckpoint.in(setting.work, shape);
            if (wanted == Case.LOAD) {
              return LoadRun.measure(folder, setting.backend, shape);
            }
            WeightFormat format =
                switch (wanted) {
                  case INT8 -> WeightFormat.INT8;
                  case INT4 -> WeightFormat.INT4;
                  case FP8, PREFILL_FP8 -> WeightFormat.FP8;
                  case DECODE, BATCH, PREFILL, VISION, LOAD -> WeightFormat.AS_STORED;
                };
            try (OpenedModel opened = OpenedModel.open(folder, setting.backend, format)) {
              DecoderRuns decoder = new DecoderRuns(opened, shape);
              return switch (wanted) {
                case DECODE, INT8, INT4, FP8 -> decoder.decode();
                case BATCH -> decoder.batch();
                case PREFILL, PREFILL_FP8 -> decoder.prefill();
                case VISION -> VisionRun.measure(opened, shape);
                case LOAD -> throw new AssertionError("measured above");
              };
            }
          });
    }
  }

  @Command(name = "contract", description = "The contract of the kernels.")
  private static final class ContractCommand implements Callable<Integer> {
    @Option(names = "--tests", paramLabel = "JAR", required = true, description = "Has the tests.")
    private Path tests = Path.of("");

    @Option(names = "--parts", paramLabel = "DIR", required = true, description = "For results.")
    private Path parts = Path.of("");

    @Option(names = "--part", defaultValue = "contract", description = "Name of the result.")
    private String part = "";

    @Option(
        names = "--select",
        split = ",",
        paramLabel = "TEST",
        description = "CLASS or CLASS#METHOD (default: all classes of the contract).")
    private List<String> selected = List.of();

    @Option(names = "--exclude-tags", split = ",", description = "Of tests that are left out.")
    private List<String> excludedTags = List.of();

    private final PrintStream out;

    ContractCommand(PrintStream out) {
      this.out = out;
    }

    @Override
    public Integer call() throws IOException {
      String backend = System.getProperty("vesalius.backends", "");
      String device = "";
      try {
        device = device(backend);
        List<String> classes = ContractRun.classes(tests);
        List<ContractRun.Selection> selections =
            (selected.isEmpty() ? ContractRun.contract(classes) : selected)
                .stream().map(text -> ContractRun.Selection.of(text, classes)).toList();
        PartFile file = new PartFile(parts, part, device, "");
        ContractRun run = new ContractRun(excludedTags);
        for (ContractRun.Selection selection : selections) {
          run.run(selection);
          ObjectNode soFar = run.result(selection.equals(selections.getLast()));
          file.write(soFar.put("selected", !selected.isEmpty()));
          out.println(part + ": " + selection);
        }
        return run.isGood() ? 0 : 1;
      } catch (IOException | RuntimeException e) {
        new PartFile(parts, part, device, "").writeError(message(e));
        throw e;
      }
    }
  }

  @Command(name = "sanitizer", description = "Tests of the contract under compute-sanitizer.")
  private static final class SanitizerCommand implements Callable<Integer> {
    @Option(names = "--tests", paramLabel = "JAR", required = true, description = "Has the tests.")
    private Path tests = Path.of("");

    @Option(names = "--parts", paramLabel = "DIR", required = true, description = "For results.")
    private Path parts = Path.of("");

    @Option(names = "--work", paramLabel = "DIR", required = true, description = "For logs.")
    private Path work = Path.of("");

    @Option(names = "--select", split = ",", required = true, description = "CLASS[#METHOD].")
    private List<String> selected = List.of();

    @Option(names = "--tools", split = ",", defaultValue = "memcheck,racecheck")
    private List<String> tools = List.of();

    @Option(names = "--test-seconds", defaultValue = "100")
    private long secondsPerTest;

    @Option(names = "--tool-seconds", defaultValue = "240")
    private long secondsPerTool;

    @Override
    public Integer call() throws IOException, InterruptedException {
      String device = device(System.getProperty("vesalius.backends", ""));
      PartFile file = new PartFile(parts, "sanitizer", device, "");
      Optional<Path> program = SanitizerRun.find();
      ObjectNode json = PartFile.JSON.createObjectNode();
      if (program.isEmpty()) {
        file.write(json.put("missing", "compute-sanitizer is not on this machine"));
        return 0;
      }
      SanitizerRun run =
          new SanitizerRun(
              program.get(), work.resolve("sanitizer"), tests, secondsPerTest, secondsPerTool);
      ArrayNode runs = json.putArray("runs");
      boolean clean = true;
      for (String tool : tools) {
        clean &= run.run(tool, selected, runs);
        json.put("clean", clean);
        file.write(json);
      }
      return clean ? 0 : 1;
    }
  }

  @Command(name = "report", description = "Puts all parts together and prints a table.")
  private static final class ReportCommand implements Callable<Integer> {
    @Option(names = "--parts", paramLabel = "DIR", required = true, description = "Of all parts.")
    private Path parts = Path.of("");

    @Option(names = "--out", paramLabel = "DIR", required = true, description = "For the report.")
    private Path folder = Path.of("");

    private final PrintStream out;

    ReportCommand(PrintStream out) {
      this.out = out;
    }

    @Override
    public Integer call() throws IOException {
      Report report = Report.of(parts);
      report.lines().forEach(out::println);
      out.println(report.write(folder));
      return 0;
    }
  }
}
