package org.vesalius.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.Backend;
import org.vesalius.kernels.BackendStatus;
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
          "Format of the decoder's matrices: as-stored, bf16, int8, int4 (default: as-stored).")
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
    try {
      OpenOptions options =
          OpenOptions.defaults()
              .withBackend(backend)
              .withCacheFormat(cacheFormat())
              .withWeights(weights);
      return threads == null ? options : options.withThreads(threads);
    } catch (IllegalArgumentException e) {
      throw misuse("--" + e.getMessage());
    }
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

  /** The backend that opening a model with these options takes. */
  Backend chosenBackend() {
    return Backends.all().stream()
        .filter(candidate ->
            backend.equals(AUTO)
                ? candidate.probe(kernelOptions()) instanceof BackendStatus.Available
                : candidate.name().equals(backend))
        .findFirst()
        .orElseThrow(() -> new CommandFailure("no backend can work here"));
  }

  /** The threads that compute. */
  KernelOptions kernelOptions() {
    return threads == null ? KernelOptions.defaults() : new KernelOptions(threads);
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
