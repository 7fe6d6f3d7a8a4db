package org.vesalius.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.vesalius.clinical.imaging.PixelMask;
import org.vesalius.clinical.imaging.grey.WindowChoice;
import org.vesalius.loader.GenerationConfig;
import org.vesalius.runtime.Cancellation;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.Conversation;
import org.vesalius.runtime.FinishReason;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.GenerationListener;
import org.vesalius.runtime.OpenAiMessages;
import org.vesalius.runtime.OpenOptions;
import org.vesalius.runtime.Part;
import org.vesalius.runtime.SamplingOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Answers one request: a prompt with pictures, or a conversation from a file. */
@Command(
    name = "run",
    description = "Answers a question about pictures, or continues a conversation.",
    sortOptions = false)
final class RunCommand implements Callable<Integer> {
  private final Terminal terminal;
  private final Cancellation cancellation;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--model",
      paramLabel = "DIR",
      required = true,
      description = "Folder of the checkpoint: config.json, tokenizer.json, *.safetensors.")
  private Path model = Path.of("");

  @Option(
      names = "--image",
      paramLabel = "F",
      description =
          "A picture that comes before the prompt, DICOM, NIfTI, a slide or a folder of a DICOM"
              + " series too; may be repeated.")
  private List<Path> images = List.of();

  @Option(
      names = "--prompt",
      paramLabel = "T",
      description = "What the user says; - reads standard input.")
  private @Nullable String prompt;

  @Option(
      names = "--messages",
      paramLabel = "FILE",
      description = "OpenAI-style messages as JSON, instead of --prompt, --image and --system.")
  private @Nullable Path messages;

  @Option(
      names = "--system",
      paramLabel = "T",
      description = "The instruction before the conversation.")
  private @Nullable String system;

  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      description = "Longest answer (default: 1024, or what the context leaves).")
  private @Nullable Integer maxTokens;

  @Mixin private ImageArguments imageArguments = new ImageArguments();

  @Mixin private MedicalArguments medical = new MedicalArguments();

  @Mixin private SamplingArguments sampling = new SamplingArguments();

  @Option(
      names = "--stop",
      paramLabel = "T",
      description = "Ends the answer where this text comes; may be repeated.")
  private List<String> stops = List.of();

  @Option(
      names = "--logprobs",
      paramLabel = "N",
      defaultValue = "0",
      description = "Log-probabilities of the N likeliest tokens at each step, in JSON output.")
  private int logprobs;

  @Option(
      names = "--context",
      paramLabel = "N",
      description = "Longest prompt and answer together, in tokens (default: the model's).")
  private @Nullable Integer context;

  @Mixin private GuessArguments guesses = new GuessArguments();

  @Mixin private ModelArguments compute = new ModelArguments();

  @Option(
      names = "--overlay",
      paramLabel = "FILE",
      description =
          "Writes the picture as PNG with the places in the answer drawn on it; with several"
              + " pictures FILE-1, FILE-2 and so on.")
  private @Nullable Path overlay;

  @Option(
      names = "--check-layers",
      description =
          "Looks at what every layer computes, and names the first with a number that is not"
              + " finite; slow.")
  private boolean checkLayers;

  @Option(names = "--format", paramLabel = "text|json", description = "Output (default: text).")
  private OutputFormat format = OutputFormat.text;

  RunCommand(Terminal terminal, Cancellation cancellation) {
    this.terminal = terminal;
    this.cancellation = cancellation;
  }

  @Override
  public Integer call() {
    requireOneSource();
    OpenOptions options = openOptions();
    if (sampling.wantsRecommended()) {
      ModelArguments.requireFolder(model);
    }
    SamplingOptions chosen =
        checked(() ->
            sampling.options(
                sampling.wantsRecommended()
                    ? GenerationConfig.read(model)
                    : GenerationConfig.empty()));
    ChatRequest.Builder builder = checked(() -> limits(chosen));
    RequestPictures pictures = pictures();
    ChatRequest request = conversation(builder, pictures).build();
    if (overlay != null && Overlays.pictures(request).isEmpty()) {
      throw misuse("--overlay: expected a picture to draw on, found none in the request");
    }
    Progress progress = new Progress(terminal);
    long begin = System.nanoTime();
    try (ChatModel opened = ModelArguments.open(model, options, progress)) {
      long loadNanos = System.nanoTime() - begin;
      return answer(opened, request, pictures, loadNanos, progress);
    }
  }

  private int answer(
      ChatModel opened,
      ChatRequest request,
      RequestPictures pictures,
      long loadNanos,
      Progress progress) {
    if (format == OutputFormat.json) {
      Generation generation;
      try (progress) {
        generation = generate(opened, request, progress::on);
      }
      JsonOutput.print(
          terminal, GenerationJson.of(opened, generation, request, pictures, loadNanos));
      warn(pictures);
      drawOverlay(request, pictures, generation);
      return exitCode(generation);
    }
    AnswerPrinter printer = new AnswerPrinter(terminal, progress, cancellation);
    try (progress) {
      Generation generation = generate(opened, request, printer::on);
      printer.end();
      pictures.notes().forEach(note -> terminal.err().println(terminal.dim(note)));
      warn(pictures);
      AnswerNotes.of(generation, Overlays.pictures(request).size(), pictures)
          .forEach(terminal.err()::println);
      drawOverlay(request, pictures, generation);
      terminal.err().println(terminal.dim(TimingLine.of(generation, loadNanos)));
      return exitCode(generation);
    }
  }

  private Generation generate(ChatModel opened, ChatRequest request, GenerationListener listener) {
    return checkLayers
        ? LayerCheck.generate(opened, request, listener, terminal)
        : opened.generate(request, listener);
  }

  private void warn(RequestPictures pictures) {
    pictures
        .warning(Optional.ofNullable(overlay))
        .ifPresent(line -> terminal.err().println(terminal.dim(line)));
  }

  private void drawOverlay(ChatRequest request, RequestPictures pictures, Generation generation) {
    if (overlay != null) {
      Overlays.write(request, pictures, generation, overlay);
    }
  }

  private static int exitCode(Generation generation) {
    return generation.finishReason() == FinishReason.CANCELLED ? Interrupt.EXIT_CODE : 0;
  }

  private void requireOneSource() {
    if (messages != null && (prompt != null || system != null || !images.isEmpty())) {
      throw misuse(
          "--messages cannot be combined with --prompt, --image or --system: the file says it all");
    }
    if (messages == null && prompt == null) {
      throw misuse("expected --prompt or --messages");
    }
  }

  private OpenOptions openOptions() {
    OpenOptions options = guesses.options(compute.openOptions());
    Integer tokens = context;
    return tokens == null ? options : checked(() -> options.withContextTokens(tokens));
  }

  /**
   * Everything but the conversation; building once with a placeholder checks the ranges before any
   * file is read.
   */
  private ChatRequest.Builder limits(SamplingOptions chosen) {
    fill(ChatRequest.builder(), chosen).user("").build();
    return fill(ChatRequest.builder(), chosen);
  }

  private ChatRequest.Builder fill(ChatRequest.Builder builder, SamplingOptions chosen) {
    guesses
        .fill(builder)
        .sampling(chosen)
        .imageOptions(imageArguments.options())
        .logprobs(logprobs)
        .cancellation(cancellation);
    stops.forEach(builder::stop);
    return maxTokens == null ? builder : builder.maxTokens(maxTokens);
  }

  /** Values that are wrong are told before any file is read. */
  private RequestPictures pictures() {
    WindowChoice window = checked(medical::choice);
    Optional<FrameSelection> frames = checked(medical::frames);
    PixelMask mask = checked(medical::mask);
    if (!mask.isEmpty() && images.isEmpty()) {
      throw misuse("--mask: expected an --image that it is about");
    }
    if (medical.isGiven() && images.isEmpty()) {
      throw misuse("--window and --frame: expected a medical --image that they are about");
    }
    RequestPictures pictures = RequestPictures.read(images, mask, window, frames);
    if (medical.isGiven() && !pictures.hasMedical()) {
      throw new CommandFailure(
          "--window and --frame are about medical pictures, and there is none among these");
    }
    return pictures;
  }

  private ChatRequest.Builder conversation(ChatRequest.Builder builder, RequestPictures pictures) {
    if (messages != null) {
      Conversation conversation = OpenAiMessages.read(messages);
      return builder
          .messages(conversation.messages())
          .tools(conversation.tools())
          .templateVariables(conversation.templateVariables());
    }
    if (system != null) {
      builder.system(system);
    }
    List<Part> parts = new ArrayList<>(pictures.parts());
    parts.add(Part.text(prompt()));
    return builder.user(parts.toArray(Part[]::new));
  }

  private String prompt() {
    if (!"-".equals(prompt)) {
      return prompt == null ? "" : prompt;
    }
    try {
      return new String(terminal.in().readAllBytes(), StandardCharsets.UTF_8).stripTrailing();
    } catch (IOException e) {
      throw new UncheckedIOException("the prompt on standard input cannot be read: " + e, e);
    }
  }

  /** Values that the library refuses are bad usage here, since the user typed them. */
  private <T> T checked(java.util.function.Supplier<T> value) {
    try {
      return value.get();
    } catch (IllegalArgumentException e) {
      throw misuse(String.valueOf(e.getMessage()));
    }
  }

  private ParameterException misuse(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
