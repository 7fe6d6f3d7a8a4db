package org.vesalius.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.vesalius.bench.onednn.OneDnn;
import org.vesalius.kernels.BackendUnavailableException;
import org.vesalius.kernels.Backends;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Roofline;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Our linear layers against oneDNN's, both in one process and in turns, beside the roofline
 * measured in the same minutes: prints a table of medians and writes them as JSON.
 */
@Command(
    name = "compare",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Linear layers against oneDNN, in turns, on random data.")
public final class Compare implements Callable<Integer> {
  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  private static final long WARM_NANOS = 3_000_000_000L;

  private final PrintStream out;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--backends",
      split = ",",
      defaultValue = "native",
      description = "What computes; several take turns (default: ${DEFAULT-VALUE}).")
  private List<String> backends = List.of();

  @Option(
      names = "--shapes",
      split = ",",
      defaultValue = "qwen2.5-vl-3b,qwen2.5-vl-vision",
      description =
          "ROWSxCOLUMNS, or all layers of qwen2.5-vl-3b, qwen2.5-vl-7b, qwen2.5-vl-vision or"
              + " gemma-3-4b (default: ${DEFAULT-VALUE}).")
  private List<String> shapes = List.of();

  @Option(
      names = "--tokens",
      split = ",",
      defaultValue = "1,64,512",
      description = "Rows of activations (default: ${DEFAULT-VALUE}).")
  private List<Integer> tokens = List.of();

  @Option(
      names = "--formats",
      split = ",",
      defaultValue = "BF16",
      description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  private List<WeightFormat> formats = List.of();

  @Option(
      names = "--threads",
      split = ",",
      defaultValue = "1,2",
      description = "Threads of all engines (default: ${DEFAULT-VALUE}).")
  private List<Integer> threads = List.of();

  @Option(
      names = "--rounds",
      defaultValue = "7",
      description = "Turns of each engine (default: 7).")
  private int rounds;

  @Option(
      names = "--turn",
      paramLabel = "MS",
      defaultValue = "200",
      description = "Least length of a turn (default: 200).")
  private int turnMillis;

  @Option(
      names = "--working-set",
      paramLabel = "MB",
      defaultValue = "512",
      description = "Bytes of all copies of a weight, more than caches hold (default: 512).")
  private int workingSetMegabytes;

  @Option(names = "--out", paramLabel = "FILE", description = "Also writes JSON.")
  private @Nullable Path file;

  Compare(PrintStream out) {
    this.out = out;
  }

  /** Runs the program. */
  public static void main(String[] args) {
    System.exit(run(System.out, System.err, args));
  }

  static int run(PrintStream out, PrintStream err, String... args) {
    return new CommandLine(new Compare(out))
        .setErr(new PrintWriter(err, true, StandardCharsets.UTF_8))
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExecutionExceptionHandler((e, line, _) -> {
          if (e instanceof BackendUnavailableException) {
            line.getErr().println(e.getMessage());
            return CommandLine.ExitCode.SOFTWARE;
          }
          throw e;
        })
        .execute(args);
  }

  /** One line of the table. */
  private record Row(
      LinearShape shape,
      int tokens,
      WeightFormat format,
      int threads,
      String backend,
      Figure figure,
      Optional<String> peerDescription,
      Optional<Alternation.Seconds> peer) {

    /** Our rate by that of oneDNN: above 1 we are the faster. */
    Optional<Double> ratio() {
      return peer.map(seconds -> seconds.median() / figure.seconds().median());
    }

    String text() {
      return String.format(
          Locale.ROOT,
          "%-13s %6d %-5s %3d  %-9s %11s %9.1f %8.2f %9s | %11s %9s %7s  %s",
          shape,
          tokens,
          format,
          threads,
          backend,
          Figure.time(figure.seconds().median()),
          figure.operationsPerSecond() / 1e9,
          figure.bytesPerSecond() / 1e9,
          figure.share().map(Row::percent).orElse("-"),
          peer.map(seconds -> Figure.time(seconds.median())).orElse("-"),
          peer.map(seconds -> one(figure.operations() / seconds.median() / 1e9)).orElse("-"),
          ratio().map(value -> String.format(Locale.ROOT, "%.2f", value)).orElse("-"),
          peerDescription.orElse("no optimized code"));
    }

    private static String one(double value) {
      return String.format(Locale.ROOT, "%.1f", value);
    }

    private static String percent(double value) {
      return String.format(Locale.ROOT, "%.0f %%", 100 * value);
    }

    void write(ObjectNode json) {
      json.put("model", shape.model());
      json.put("layer", shape.layer());
      json.put("rows", shape.rows());
      json.put("columns", shape.columns());
      json.put("tokens", tokens);
      json.put("format", format.name());
      json.put("threads", threads);
      json.put("backend", backend);
      figure.write(json);
      peer.ifPresent(seconds -> {
        ObjectNode oneDnn = json.putObject("onednn");
        oneDnn.put("code", peerDescription.orElse(""));
        Figure.write(oneDnn, seconds);
        oneDnn.put("gflop_per_s", figure.operations() / seconds.median() / 1e9);
      });
      ratio().ifPresent(value -> json.put("rate_by_onednn", value));
    }
  }

  @Override
  public Integer call() throws IOException {
    List<LinearShape> layers = new ArrayList<>();
    Alternation alternation;
    try {
      for (String name : shapes) {
        layers.addAll(LinearShape.named(name));
      }
      alternation = new Alternation(rounds, turnMillis * 1_000_000L);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
    for (String backend : backends) {
      // Before anything is measured: an absent one should not be noticed in the middle.
      Backends.open(backend, new KernelOptions(1)).close();
    }
    ObjectNode json = JSON.createObjectNode();
    Machine.write(json);
    json.put("rounds", rounds);
    json.put("turn_ms", turnMillis);
    ArrayNode all = json.putArray("figures");
    out.printf(
        Locale.ROOT,
        "%-13s %6s %-5s %3s  %-9s %11s %9s %8s %9s | %11s %9s %7s%n",
        "layer",
        "tokens",
        "type",
        "thr",
        "backend",
        "time",
        "GFLOP/s",
        "GB/s",
        "roofline",
        "oneDNN",
        "GFLOP/s",
        "ratio");
    for (int count : threads) {
      try (OneDnn oneDnn = OneDnn.open(count)) {
        json.put("onednn", oneDnn.version());
        for (LinearShape shape : layers) {
          for (WeightFormat format : formats) {
            for (String backend : backends) {
              Optional<Roofline> limits = Machine.limits(backend, count);
              for (int rows : tokens) {
                Row row = measure(oneDnn, backend, shape, format, rows, limits, alternation);
                out.println(row.text());
                row.write(all.addObject());
              }
            }
          }
        }
      }
    }
    if (file != null) {
      Files.writeString(file, JSON.writeValueAsString(json) + "\n");
    }
    return 0;
  }

  private Row measure(
      OneDnn oneDnn,
      String backend,
      LinearShape shape,
      WeightFormat format,
      int rows,
      Optional<Roofline> limits,
      Alternation alternation) {
    KernelOptions options = new KernelOptions(oneDnn.threads());
    long workingSet = workingSetMegabytes * 1_000_000L;
    try (Kernels kernels = Backends.open(backend, options);
        GemmCase layer = new GemmCase(kernels, oneDnn, format, shape, rows, workingSet)) {
      List<Runnable> engines = new ArrayList<>(List.of(layer::ours));
      if (layer.peerDescription().isPresent()) {
        engines.add(layer::peer);
      }
      for (Runnable engine : engines) {
        Alternation.warm(engine, Math.min(WARM_NANOS, 2L * rounds * alternation.turnNanos()));
      }
      List<Alternation.Seconds> seconds = alternation.measure(engines);
      return new Row(
          shape,
          rows,
          format,
          oneDnn.threads(),
          backend,
          new Figure(seconds.getFirst(), layer.bytes(), layer.operations(), limits),
          layer.peerDescription(),
          seconds.size() > 1 ? Optional.of(seconds.get(1)) : Optional.empty());
    }
  }
}
