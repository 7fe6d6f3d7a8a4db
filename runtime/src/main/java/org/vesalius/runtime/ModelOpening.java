package org.vesalius.runtime;

import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.Backends;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.MemoryDemand;
import org.vesalius.kernels.WorkerPool;
import org.vesalius.loader.Checkpoint;
import org.vesalius.loader.GenerationConfig;
import org.vesalius.loader.LoadListener;
import org.vesalius.loader.ModelConfig;
import org.vesalius.loader.ModelFormatException;
import org.vesalius.runtime.generate.Engine;
import org.vesalius.runtime.generate.EngineOptions;
import org.vesalius.runtime.generate.Generator;
import org.vesalius.runtime.generate.PromptEncoder;
import org.vesalius.runtime.layers.DecoderConfig;
import org.vesalius.runtime.layers.MatrixConversion;
import org.vesalius.runtime.layers.QuantizingConversion;
import org.vesalius.runtime.layers.WeightPlan;
import org.vesalius.runtime.models.LoadedModel;
import org.vesalius.runtime.models.ModelFamilies;
import org.vesalius.runtime.models.ModelFamily;
import org.vesalius.runtime.models.ModelFiles;
import org.vesalius.runtime.observe.EngineObserver;
import org.vesalius.runtime.observe.EngineObservers;
import org.vesalius.runtime.observe.ModelLoad;
import org.vesalius.runtime.prompt.ChatTemplate;
import org.vesalius.tokenizer.Tokenizer;

/**
 * The steps that open a {@link ChatModel}. The tokenizer is read and the kernels are opened on
 * threads of their own, beside what the caller's thread reads. Which failure is reported does not
 * depend on that: it is the first in the order configuration, tokenizer, template, kernels,
 * weights. After a failure everything is closed again, and no thread is left.
 */
final class ModelOpening {
  private static final int DEFAULT_CONTEXTS_IN_CACHE = 4;

  /** Embeddings of images that are kept: a dozen of a million pixels in a model of 3B. */
  private static final long IMAGE_BYTES = 128L << 20;

  private final Path directory;
  private final OpenOptions options;
  private final LoadListener progress;
  private final KernelOptions kernelOptions;
  private final EngineObserver observer;
  private boolean looked;
  private @Nullable MemoryNeed need;
  private String familyName = "";
  private long weightBytes;

  ModelOpening(Path directory, OpenOptions options, LoadListener progress) {
    this.directory = directory;
    this.options = options;
    this.progress = progress;
    KernelOptions threads =
        options.threads().isPresent()
            ? new KernelOptions(options.threads().getAsInt())
            : KernelOptions.defaults();
    kernelOptions = threads.withDevices(options.devices());
    observer = EngineObservers.standard(options.observers());
  }

  ChatModel open() {
    long begin = System.nanoTime();
    observer.loadBegins(directory.toString());
    ChatModel model;
    try {
      model = read();
    } catch (RuntimeException | Error e) {
      ended(begin, "", Optional.of(e.getClass().getName()));
      throw e;
    }
    ended(begin, model.backend(), Optional.empty());
    return model;
  }

  private void ended(long begin, String backend, Optional<String> error) {
    observer.loadEnds(
        new ModelLoad(familyName, backend, weightBytes, error), System.nanoTime() - begin);
  }

  private ChatModel read() {
    try (Background<Tokenizer> tokenizer =
        Background.start("vesalius-tokenizer", () -> ChatModel.tokenizer(directory))) {
      ModelConfig config = ModelConfig.read(directory);
      ModelFamily family = ModelFamilies.of(config);
      familyName = family.displayName();
      // Only now, because a choice of kernels is logged.
      Background<Kernels> kernels = Background.start("vesalius-kernels", () -> openKernels(config));
      try {
        return tokenizer.then(() -> withTexts(config, family, tokenizer, kernels));
      } catch (RuntimeException | Error e) {
        Kernels unused = kernels.orNull();
        if (unused != null) {
          unused.close();
        }
        throw e;
      }
    }
  }

  /** On a backend that has the memory; what the files have wrong is told by who reads them. */
  private Kernels openKernels(ModelConfig config) {
    return Backends.open(
        options.backend(),
        kernelOptions.withMemory(
            () -> need(config).map(MemoryNeed::demand).orElse(MemoryDemand.NONE)));
  }

  /** Looked up once, by whichever thread wants it first. */
  private synchronized Optional<MemoryNeed> need(ModelConfig config) {
    if (!looked) {
      looked = true;
      try {
        need = MemoryNeed.of(directory, config.root(), options);
      } catch (ModelFormatException | UncheckedIOException _) {
        // Told by who reads the files.
      }
    }
    return Optional.ofNullable(need);
  }

  private ChatModel withTexts(
      ModelConfig config,
      ModelFamily family,
      Background<Tokenizer> tokenizer,
      Background<Kernels> kernels) {
    ChatTemplate template = ChatTemplate.read(directory, family.defaultTemplate());
    GenerationConfig recommended = GenerationConfig.read(directory).withTokensOf(config);
    return kernels.then(
        () -> withWeights(config, family, tokenizer, template, recommended, kernels));
  }

  private ChatModel withWeights(
      ModelConfig config,
      ModelFamily family,
      Background<Tokenizer> texts,
      ChatTemplate template,
      GenerationConfig recommended,
      Background<Kernels> computing) {
    Arena converted = Arena.ofShared();
    Checkpoint checkpoint = null;
    Draft draft = null;
    try {
      checkpoint = Checkpoint.open(directory, progress);
      Kernels kernels = computing.get();
      LoadedModel model = load(directory, config, family, checkpoint, kernels, converted);
      weightBytes =
          options.weights() == WeightFormat.AS_STORED
              ? checkpoint.byteSize()
              : need(config).map(MemoryNeed::weights).orElse(0L);
      DecoderConfig sizes = model.decoder().config();
      int context =
          Math.min(options.contextTokens().orElse(sizes.maxPositions()), sizes.maxPositions());
      Tokenizer tokenizer = texts.get();
      PromptEncoder encoder =
          ChatModel.encoder(directory, family, model, tokenizer, template, recommended);
      draft =
          options.draft().map(small -> draft(small, tokenizer, kernels, converted)).orElse(null);
      Engine engine =
          new Engine(
              kernels,
              model,
              new EngineOptions(
                  Math.min(options.prefillChunk(), context),
                  context,
                  options.cacheFormat(),
                  options.cacheTokens().orElse((long) DEFAULT_CONTEXTS_IN_CACHE * context),
                  options.capacity().prefixTokens(),
                  options.capacity().prefixTokens() == 0 ? 0 : IMAGE_BYTES,
                  options.capacity().requests(),
                  options.capacity().queue(),
                  observer),
              draft == null ? null : draft.model);
      Generator generator =
          new Generator(
              engine, encoder, model, tokenizer, endIds(recommended), family.answerFormat());
      return new ChatModel(
          family,
          model,
          checkpoint,
          draft == null ? null : draft.checkpoint,
          converted,
          tokenizer,
          recommended,
          engine,
          encoder,
          generator);
    } catch (RuntimeException | Error e) {
      converted.close();
      if (checkpoint != null) {
        checkpoint.close();
      }
      if (draft != null) {
        draft.checkpoint.close();
      }
      throw e;
    }
  }

  /** A smaller model that guesses, and its files. */
  private record Draft(LoadedModel model, Checkpoint checkpoint) {}

  private Draft draft(Path small, Tokenizer tokenizer, Kernels kernels, Arena converted) {
    ModelConfig config = ModelConfig.read(small);
    ModelFamily family = ModelFamilies.of(config);
    requireSameTokens(small, tokenizer, ChatModel.tokenizer(small));
    Checkpoint checkpoint = Checkpoint.open(small, LoadListener.none());
    try {
      return new Draft(load(small, config, family, checkpoint, kernels, converted), checkpoint);
    } catch (RuntimeException | Error e) {
      checkpoint.close();
      throw e;
    }
  }

  private static void requireSameTokens(Path small, Tokenizer large, Tokenizer draft) {
    for (int id = 0; id < Math.max(large.size(), draft.size()); id++) {
      String expected = large.token(id);
      String found = draft.token(id);
      if (!Objects.equals(expected, found)) {
        throw ModelFormatException.of(
            small.resolve("tokenizer.json"),
            "token " + id,
            expected == null ? "none, as in the model that it guesses for" : quoted(expected),
            found == null ? "none" : quoted(found),
            "a draft model has the same tokenizer as the model that it guesses for: take one of the"
                + " same family, or open the model without it");
      }
    }
  }

  private static String quoted(String token) {
    return '"' + token + '"';
  }

  private LoadedModel load(
      Path folder,
      ModelConfig config,
      ModelFamily family,
      Checkpoint checkpoint,
      Kernels kernels,
      Arena converted) {
    try (WorkerPool pool = new WorkerPool(kernelOptions.threads())) {
      MatrixConversion conversion = new QuantizingConversion(options.weights(), pool, converted);
      WeightPlan weights = WeightPlan.of(config.root(), options.weights(), conversion);
      return family.load(new ModelFiles(folder, weights), config, checkpoint, kernels);
    }
  }

  private static Set<Integer> endIds(GenerationConfig recommended) {
    return Arrays.stream(recommended.eosTokenIds()).boxed().collect(Collectors.toSet());
  }
}
