package org.vesalius.bench.quality;

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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.vesalius.demo.DemoModel;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.runtime.WeightFormat;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * The demo model in every format of weights and caches, beside itself in float32: distance of the
 * distributions, agreement of the most likely token, golden answers, and right answers by kind of
 * question. Other roundings of the same weights take part as checkpoints.
 */
@Command(
    name = "quality",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "What each format of weights and caches costs the demo model in quality.")
public final class Quality implements Callable<Integer> {
  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  /** Computes with float32 activations whatever the weights are stored in. */
  private static final String EXACT_BACKEND = "simd";

  private final PrintStream out;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--questions",
      paramLabel = "DIR",
      defaultValue = "demo/heldout",
      description =
          "goldens.jsonl.gz, ground_truth.jsonl.gz and pictures (default: ${DEFAULT-VALUE}).")
  private Path folder = Path.of("");

  @Option(
      names = "--every",
      paramLabel = "N",
      defaultValue = "1",
      description = "Asks only every n-th question (default: all).")
  private int every;

  @Option(
      names = "--backend",
      defaultValue = "native",
      description = "What computes the candidates (default: ${DEFAULT-VALUE}).")
  private String backend = "";

  @Option(
      names = "--candidate",
      paramLabel = "NAME=DIR",
      description =
          "A checkpoint of the same model with weights rounded elsewhere, computed in float32;"
              + " may be repeated.")
  private Map<String, Path> others = new LinkedHashMap<>();

  @Option(
      names = "--weights",
      paramLabel = "F",
      split = ",",
      defaultValue = "BF16,FP8,INT8,INT4",
      description = "Formats that are asked, beside the stored one (default: ${DEFAULT-VALUE}).")
  private List<WeightFormat> formats = List.of();

  @Option(names = "--out", paramLabel = "FILE", description = "Also writes JSON.")
  private @Nullable Path file;

  Quality(PrintStream out) {
    this.out = out;
  }

  /** Runs the program. */
  public static void main(String[] args) {
    System.exit(run(System.out, System.err, args));
  }

  static int run(PrintStream out, PrintStream err, String... args) {
    return new CommandLine(new Quality(out))
        .setErr(new PrintWriter(err, true, StandardCharsets.UTF_8))
        .setExecutionExceptionHandler((e, line, _) -> {
          if (e instanceof IOException || e instanceof RuntimeException) {
            line.getErr().println(e.getMessage());
            return CommandLine.ExitCode.SOFTWARE;
          }
          throw e;
        })
        .execute(args);
  }

  @Override
  public Integer call() throws IOException {
    if (every < 1) {
      throw new ParameterException(
          spec.commandLine(), "--every: expected at least 1, found " + every);
    }
    for (String name : List.of("goldens.jsonl.gz", "ground_truth.jsonl.gz")) {
      if (!Files.exists(folder.resolve(name))) {
        throw new ParameterException(
            spec.commandLine(), "--questions: " + folder + " has no " + name);
      }
    }
    List<Question> all = Question.read(folder);
    List<Question> questions =
        IntStream.range(0, all.size()).filter(i -> i % every == 0).mapToObj(all::get).toList();
    ObjectNode json = JSON.createObjectNode();
    ArrayNode rows = json.putArray("candidates");
    out.println(Evaluation.heading());
    try (DemoModel demo = DemoModel.unpack()) {
      List<float[][]> base = Evaluation.base(base(demo), questions);
      for (Candidate candidate : candidates(demo)) {
        Evaluation evaluation = Evaluation.of(candidate, questions, base);
        out.println(evaluation.row());
        evaluation.write(rows.addObject());
      }
    }
    if (file != null) {
      Files.writeString(file, JSON.writeValueAsString(json) + "\n");
    }
    return 0;
  }

  private static Candidate base(DemoModel demo) {
    return new Candidate(
        "F32", demo.directory(), WeightFormat.AS_STORED, CacheFormat.F32, EXACT_BACKEND);
  }

  private List<Candidate> candidates(DemoModel demo) {
    Path model = demo.directory();
    List<Candidate> candidates = new ArrayList<>();
    candidates.add(
        new Candidate("as stored, F32", model, WeightFormat.AS_STORED, CacheFormat.F32, backend));
    for (CacheFormat cache : List.of(CacheFormat.BF16, CacheFormat.INT8)) {
      candidates.add(
          new Candidate("as stored, " + cache, model, WeightFormat.AS_STORED, cache, backend));
    }
    for (WeightFormat weights : formats) {
      for (CacheFormat cache : List.of(CacheFormat.F32, CacheFormat.BF16)) {
        candidates.add(new Candidate(weights + ", " + cache, model, weights, cache, backend));
      }
    }
    others.forEach((name, checkpoint) ->
        candidates.add(
            new Candidate(
                name + ", F32",
                checkpoint,
                WeightFormat.AS_STORED,
                CacheFormat.F32,
                EXACT_BACKEND)));
    return candidates;
  }
}
