package org.vesalius.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.BackendUnavailableException;
import org.vesalius.runtime.Capacity;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.OpenOptions;
import org.vesalius.runtime.ResponseFormat;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * What an engine that serves several requests costs and gains, on a model of random weights: many
 * requests against one, the scheduler's share of a step, that of masks, how much guessing speeds up
 * an answer that repeats its prompt, and how long a short prompt waits behind a long one. What is
 * compared takes turns within one run.
 */
@Command(
    name = "serving",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "An engine that serves several requests, measured in turns.")
public final class Serving implements Callable<Integer> {
  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  private final PrintStream out;

  @Option(
      names = "--model",
      defaultValue = "qwen2.5-0.5b",
      description = "A name of published shapes (default: ${DEFAULT-VALUE}).")
  private String model = "";

  @Option(
      names = "--backend",
      defaultValue = "native",
      description = "What computes (default: ${DEFAULT-VALUE}).")
  private String backend = "";

  @Option(names = "--threads", defaultValue = "2", description = "Threads (default: 2).")
  private int threads;

  @Option(
      names = "--requests",
      defaultValue = "8",
      description = "How many run at the same time, against one (default: 8).")
  private int requests;

  @Option(
      names = "--prompt",
      defaultValue = "16",
      description = "Tokens of their prompts (default: 16).")
  private int prompt;

  @Option(
      names = "--tokens",
      defaultValue = "24",
      description = "Tokens that each generates in a turn (default: 24).")
  private int tokens;

  @Option(
      names = "--long",
      defaultValue = "2000",
      description = "Tokens of the prompt that a short one waits behind (default: 2000).")
  private int longPrompt;

  @Option(names = "--rounds", defaultValue = "3", description = "Turns of each (default: 3).")
  private int rounds;

  @Option(names = "--out", paramLabel = "FILE", description = "Also writes JSON.")
  private @Nullable Path file;

  Serving(PrintStream out) {
    this.out = out;
  }

  /** Runs the program. */
  public static void main(String[] args) {
    System.exit(run(System.out, System.err, args));
  }

  static int run(PrintStream out, PrintStream err, String... args) {
    return new CommandLine(new Serving(out))
        .setErr(new PrintWriter(err, true, StandardCharsets.UTF_8))
        .setExecutionExceptionHandler((e, line, _) -> {
          if (e instanceof BackendUnavailableException || e instanceof IllegalArgumentException) {
            line.getErr().println(e.getMessage());
            return CommandLine.ExitCode.SOFTWARE;
          }
          throw e;
        })
        .execute(args);
  }

  /** Steps of one kind, of all turns. */
  private final class Kind {
    private final String name;
    private final List<StepLog.Entry> steps = new ArrayList<>();
    private final List<Double> tokensPerSecond = new ArrayList<>();

    Kind(String name) {
      this.name = name;
    }

    /** Intervals between tokens, in order. */
    private long[] intervals() {
      return steps.stream().mapToLong(StepLog.Entry::interval).sorted().toArray();
    }

    /** Nanoseconds. */
    double percentile(double part) {
      long[] sorted = intervals();
      return sorted[(int) Math.min(sorted.length - 1.0, Math.floor(part * sorted.length))];
    }

    /** The part of the time in which the engine does not compute. */
    double overhead() {
      double all = steps.stream().mapToLong(StepLog.Entry::interval).sum();
      double computed = steps.stream().mapToLong(StepLog.Entry::computed).sum();
      return (all - computed) / all;
    }

    /** Nanoseconds of a step, on average, in which the engine does not compute. */
    double outside() {
      return steps.stream().mapToLong(s -> s.interval() - s.computed()).average().orElseThrow();
    }

    double rate() {
      double[] sorted = tokensPerSecond.stream().mapToDouble(x -> x).sorted().toArray();
      return sorted[sorted.length / 2];
    }

    void print(ObjectNode json) {
      out.printf(
          Locale.ROOT,
          "%-22s %9.2f tokens/s   p50 %9.3f ms   p99 %9.3f ms   outside of steps %5.2f %%%n",
          name,
          rate(),
          percentile(0.5) / 1e6,
          percentile(0.99) / 1e6,
          100 * overhead());
      ObjectNode figures = json.putObject(name);
      figures.put("tokens_per_s", rate());
      figures.put("p50_ms", percentile(0.5) / 1e6);
      figures.put("p99_ms", percentile(0.99) / 1e6);
      figures.put("outside_of_steps", overhead());
      figures.put("steps", steps.size());
    }
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    StepLog log = new StepLog();
    OpenOptions options =
        OpenOptions.defaults()
            .withBackend(backend)
            .withThreads(threads)
            .withContextTokens(longPrompt + prompt + tokens + 512)
            .withCapacity(new Capacity(Math.max(2, requests), requests, 0))
            .withObserver(log);
    ObjectNode json = JSON.createObjectNode();
    Machine.write(json);
    try (BenchModel bench = new BenchModel(model, options);
        Decoding decoding = new Decoding(bench.model())) {
      json.put("model", model);
      json.put("backend", bench.model().backend());
      out.println(model + " on " + bench.model().backend());
      Kind one = new Kind("1 request");
      Kind many = new Kind(requests + " requests");
      Kind masked = new Kind("1 request with a mask");
      Kind repeated = new Kind("repeats its prompt");
      Kind guessed = new Kind("the same, guessed");
      for (int round = -1; round < rounds; round++) {
        // The first turn warms up, and what it finds out is dropped.
        turn(log, decoding, one, 1, round, request -> request);
        turn(log, decoding, masked, 1, round, r -> r.responseFormat(anyText()));
        turn(log, decoding, many, requests, round, request -> request);
        repeat(log, decoding, bench, repeated, round, 0);
        repeat(log, decoding, bench, guessed, round, 8);
      }
      for (Kind kind : List.of(one, many, masked, repeated, guessed)) {
        kind.print(json);
      }
      ratio(json, "many by one", many.rate() / one.rate(), "");
      double mask = (masked.outside() - one.outside()) / one.percentile(0.5);
      ratio(json, "a mask's share of a step", 100 * mask, " %");
      ratio(json, "guessed by not guessed", guessed.rate() / repeated.rate(), "");
      waiting(json, log, decoding);
    }
    if (file != null) {
      Files.writeString(file, JSON.writeValueAsString(json) + "\n");
    }
    return 0;
  }

  private void ratio(ObjectNode json, String name, double value, String unit) {
    out.printf(Locale.ROOT, "%-26s %.2f%s%n", name, value, unit);
    json.put(name, value);
  }

  /** Letters and spaces as long as there is room: a mask at each token, and nothing ends it. */
  private static ResponseFormat anyText() {
    return ResponseFormat.regex("[a-zA-Z ,.]*");
  }

  private void turn(
      StepLog log,
      Decoding decoding,
      Kind kind,
      int count,
      int round,
      UnaryOperator<ChatRequest.Builder> how)
      throws InterruptedException {
    log.begin(count);
    for (int i = 0; i < count; i++) {
      decoding.start(decoding.randomTokens(prompt), tokens, how);
    }
    List<Generation> unused = decoding.finish();
    note(log, kind, count, round);
  }

  private static void note(StepLog log, Kind kind, int count, int round) {
    List<StepLog.Entry> steps = log.entries();
    if (round < 0 || steps.isEmpty()) {
      return;
    }
    double seconds = steps.stream().mapToLong(StepLog.Entry::interval).sum() / 1e9;
    kind.steps.addAll(steps);
    kind.tokensPerSecond.add(count * steps.size() / seconds);
  }

  /**
   * An answer that stands in the prompt already: random weights would write something else, so its
   * format allows nothing else. It is of digits, since they are tokens each by itself: a model that
   * makes other tokens of the same text does not repeat its prompt.
   */
  private void repeat(
      StepLog log, Decoding decoding, BenchModel bench, Kind kind, int round, int guesses)
      throws InterruptedException {
    StringBuilder text = new StringBuilder();
    for (int token : decoding.randomTokens(4 * tokens)) {
      text.append(token % 10);
    }
    String digits = text.toString();
    int[] known = bench.model().tokenizer().encode(digits);
    if (known.length != digits.length()) {
      throw new IllegalArgumentException(
          "expected a tokenizer to which each digit is a token, found another");
    }
    log.begin(1);
    decoding.start(
        known,
        known.length,
        request -> request.speculativeTokens(guesses).responseFormat(ResponseFormat.regex(digits)));
    Generation generation = decoding.finish().getFirst();
    List<StepLog.Entry> steps = log.entries();
    if (round >= 0) {
      kind.steps.addAll(steps);
      double seconds = steps.stream().mapToLong(StepLog.Entry::interval).sum() / 1e9;
      // The first token came with the prompt, and so did the clock.
      kind.tokensPerSecond.add((generation.tokenIds().size() - 2) / seconds);
    }
  }

  /** A short prompt that comes while a long one is read. */
  private void waiting(ObjectNode json, StepLog log, Decoding decoding)
      throws InterruptedException {
    double[] shares = new double[rounds];
    double[] alone = new double[rounds];
    for (int round = 0; round < rounds; round++) {
      log.begin(1);
      decoding.start(decoding.randomTokens(longPrompt), 1, request -> request);
      decoding.start(decoding.randomTokens(prompt), 1, request -> request);
      List<Generation> both = decoding.finish();
      shares[round] = both.get(1).timings().firstTokenNanos();
      alone[round] = both.get(0).timings().firstTokenNanos();
    }
    double first = Arrays.stream(shares).sorted().toArray()[rounds / 2];
    double all = Arrays.stream(alone).sorted().toArray()[rounds / 2];
    out.printf(
        Locale.ROOT,
        "first token of %d tokens behind a prompt of %d: %.3f s; of that prompt: %.3f s%n",
        prompt,
        longPrompt,
        first / 1e9,
        all / 1e9);
    ObjectNode figures = json.putObject("behind a long prompt");
    figures.put("short_prompt", prompt);
    figures.put("long_prompt", longPrompt);
    figures.put("first_token_s", first / 1e9);
    figures.put("first_token_of_the_long_one_s", all / 1e9);
  }
}
