package org.vesalius.cli;

import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.kernels.Roofline;
import org.vesalius.runtime.Cancellation;
import org.vesalius.runtime.Capacity;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.ModelWork;
import org.vesalius.runtime.OpenOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Measures a model on this machine, and the machine in the same run. */
@Command(
    name = "bench",
    description = {
      "Measures load, vision, prefill and decode on random input, and what this machine can do at most.",
      "Every figure but load and context is the median of up to three runs after a warm-up."
    },
    sortOptions = false)
final class BenchCommand implements Callable<Integer> {
  private static final Pattern SIZE = Pattern.compile("([1-9]\\d{0,4})x([1-9]\\d{0,4})");

  private final Terminal terminal;
  private final Cancellation cancellation;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--model",
      paramLabel = "DIR",
      required = true,
      description = "Folder of the checkpoint.")
  private Path model = Path.of("");

  @Option(
      names = "--prompt-tokens",
      paramLabel = "N",
      defaultValue = "512",
      description = "Tokens of the prompt (default: 512).")
  private int promptTokens;

  @Option(
      names = "--decode-tokens",
      paramLabel = "N",
      defaultValue = "64",
      description = "Tokens of the answer (default: 64).")
  private int decodeTokens;

  @Option(
      names = "--context",
      paramLabel = "N",
      description = "Also measures tokens that come after N others, which are read first.")
  private @Nullable Integer context;

  @Option(
      names = "--image-size",
      paramLabel = "WxH",
      defaultValue = "672x672",
      description = "Size of the picture for a model with vision (default: 672x672).")
  private String imageSize = "672x672";

  @Mixin private ModelArguments compute = new ModelArguments();

  @Option(names = "--format", paramLabel = "text|json", description = "Output (default: text).")
  private OutputFormat format = OutputFormat.text;

  BenchCommand(Terminal terminal, Cancellation cancellation) {
    this.terminal = terminal;
    this.cancellation = cancellation;
  }

  @Override
  public Integer call() {
    Matcher size = SIZE.matcher(imageSize);
    if (!size.matches()) {
      throw misuse(
          "--image-size: expected WIDTHxHEIGHT in pixels, such as 672x672, found " + imageSize);
    }
    if (promptTokens < 1 || decodeTokens < 2) {
      throw misuse("expected --prompt-tokens of at least 1 and --decode-tokens of at least 2");
    }
    if (context != null && context < 1) {
      throw misuse("--context: expected at least 1, found " + context);
    }
    int width = Integer.parseInt(size.group(1));
    int height = Integer.parseInt(size.group(2));
    // Nothing is kept of earlier requests: every run is to compute its prompt and its picture.
    OpenOptions options =
        compute.openOptions().withCapacity(Capacity.defaults().withPrefixTokens(0));
    Progress progress = new Progress(terminal);
    long start = System.nanoTime();
    try (progress;
        ChatModel opened = ModelArguments.open(model, options, progress)) {
      double openSeconds = (System.nanoTime() - start) / 1e9;
      requireContext(opened);
      ModelWork work = new ModelWork(opened.parts(), opened.cacheFormat());
      KernelOptions threads = compute.kernelOptions();
      ModelRuns runs =
          new ModelRuns(
              opened,
              work,
              progress,
              cancellation,
              () -> Roofline.measure(ModelArguments.backendOf(opened), threads));
      ModelRuns.Load load = runs.load(openSeconds);
      Optional<ModelRuns.Vision> vision =
          work.hasVision() ? Optional.of(runs.vision(width, height)) : Optional.empty();
      ModelRuns.Text text = runs.text(promptTokens, decodeTokens);
      Optional<ModelRuns.Text> later =
          Optional.ofNullable(context).map(tokens -> runs.after(tokens, decodeTokens));
      progress.close();
      BenchReport report =
          new BenchReport(opened, load, vision, text, later, runs.machine(), threads.threads());
      switch (format) {
        case json -> JsonOutput.print(terminal, report.json());
        case text -> report.lines().forEach(terminal.out()::println);
      }
      return 0;
    } catch (ModelRuns.InterruptedRun e) {
      return Interrupt.EXIT_CODE;
    }
  }

  private void requireContext(ChatModel opened) {
    if (context != null && context + decodeTokens > opened.contextTokens()) {
      throw misuse(
          "--context: expected at most "
              + (opened.contextTokens() - decodeTokens)
              + " with --decode-tokens "
              + decodeTokens
              + ", because the model was made for "
              + opened.contextTokens()
              + ", found "
              + context);
    }
  }

  private ParameterException misuse(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
