package org.vesalius.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.Backend;
import org.vesalius.kernels.Backends;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.OpenOptions;
import org.vesalius.runtime.WeightFormat;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options that say what computes. */
final class ModelArguments {
  private static final String AUTO = "auto";

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--backend",
      paramLabel = "B",
      description = "What computes: auto, or a name that doctor lists (default: ${DEFAULT-VALUE}).")
  private String backend;

  @Option(
      names = "--device",
      paramLabel = "N[,N...]",
      split = ",",
      description =
          "Which GPU computes, from 0, or several that share the model's layers; then nothing else does"
              + " (default: the first, or as many as the model needs).")
  private List<Integer> devices = List.of();

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads that compute (default: one per processor).")
  private @Nullable Integer threads;

  @Option(
      names = "--kv-cache",
      paramLabel = "f32|bf16|int8",
      defaultValue = "bf16",
      description = "How keys and values are kept (default: ${DEFAULT-VALUE}).")
  private String cacheFormat = "bf16";

  @Option(
      names = "--weights",
      paramLabel = "F",
      converter = WeightFormatNames.class,
      description =
          "Format of the decoder's matrices: as-stored, bf16, fp8, int8, int4 (default: as-stored).")
  private WeightFormat weights = WeightFormat.AS_STORED;

  /** The best backend unless the user names one. */
  ModelArguments() {
    this(AUTO);
  }

  /** A given backend unless the user names one. */
  ModelArguments(String defaultBackend) {
    backend = defaultBackend;
  }

  /** How the model is to be opened. */
  OpenOptions openOptions() {
    List<String> known = new ArrayList<>(List.of(AUTO));
    Backends.all().stream().map(Backend::name).forEach(known::add);
    if (!known.contains(backend)) {
      throw misuse("--backend: expected one of " + String.join(", ", known) + ", found " + backend);
    }
    String computing = devices.isEmpty() ? backend : ofDevice().name();
    try {
      OpenOptions options =
          OpenOptions.defaults()
              .withBackend(computing)
              .withCacheFormat(cacheFormat())
              .withWeights(weights)
              .withDevices(devices);
      return threads == null ? options : options.withThreads(threads);
    } catch (IllegalArgumentException e) {
      throw misuse("--" + e.getMessage());
    }
  }

  /** What weights are rounded to on opening, as the user types it. */
  String weightsName() {
    return WeightFormatNames.name(weights);
  }

  /** How keys and values are kept, as the user types it. */
  String cacheName() {
    return cacheFormat;
  }

  /** The same with what a trace says of weights and cache. */
  OpenOptions openOptions(String tracedWeights, String tracedCache) {
    weights = new WeightFormatNames().convert(tracedWeights);
    cacheFormat = tracedCache;
    return openOptions();
  }

  private CacheFormat cacheFormat() {
    for (CacheFormat format : CacheFormat.values()) {
      if (name(format).equals(cacheFormat)) {
        return format;
      }
    }
    throw misuse("--kv-cache: expected f32, bf16 or int8, found " + cacheFormat);
  }

  /** What a format is called on the command line and in its output. */
  static String name(CacheFormat format) {
    return format.name().toLowerCase(Locale.ROOT);
  }

  /** The backend with the device: who names a device wants nothing else to compute. */
  private Backend ofDevice() {
    boolean chosen = spec.commandLine().getParseResult().hasMatchedOption("--backend");
    List<Backend> candidates = new ArrayList<>();
    for (Backend candidate : Backends.all()) {
      if (!chosen || backend.equals(AUTO) || candidate.name().equals(backend)) {
        candidates.add(candidate);
      }
    }
    return candidates.stream()
        .filter(Backend::hasDevices)
        .findFirst()
        .orElseThrow(() ->
            misuse(
                chosen && !backend.equals(AUTO)
                    ? "--device: the backend " + backend + " has no devices to choose from"
                    : "--device: no backend here has devices"));
  }

  /** The backend that a model was opened on. */
  static Backend backendOf(ChatModel model) {
    // Its description begins with its name.
    String name = model.backend().split(" ", 2)[0];
    return Backends.all().stream()
        .filter(candidate -> candidate.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new CommandFailure("no backend is called " + name));
  }

  /** The threads and the device that compute. */
  KernelOptions kernelOptions() {
    KernelOptions options = threads == null ? KernelOptions.defaults() : new KernelOptions(threads);
    return options.withDevices(devices);
  }

  /** Opens a model; a bar shows that something goes on. */
  static ChatModel open(Path directory, OpenOptions options, Progress progress) {
    requireFolder(directory);
    progress.begin("Loading");
    try {
      return ChatModel.open(directory, options);
    } finally {
      progress.close();
    }
  }

  static void requireFolder(Path directory) {
    if (!Files.isDirectory(directory)) {
      throw new CommandFailure(
          directory
              + ": expected the folder of a model, with config.json, tokenizer.json and safetensors files, found "
              + (Files.exists(directory) ? "a file" : "nothing"));
    }
  }

  /** Bad usage of this command. */
  private ParameterException misuse(String message) {
    CommandLine line = spec.commandLine();
    return new ParameterException(line, message);
  }
}
