package org.vesalius.runtime;

import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.vesalius.kernels.Backends;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.kernels.Kernels;
import org.vesalius.loader.Checkpoint;
import org.vesalius.loader.CheckpointHeader;
import org.vesalius.loader.ConfigNode;
import org.vesalius.loader.DType;
import org.vesalius.loader.GenerationConfig;
import org.vesalius.loader.ModelConfig;
import org.vesalius.loader.ModelFormatException;
import org.vesalius.loader.SafetensorsHeader;
import org.vesalius.runtime.layers.DecoderConfig;
import org.vesalius.runtime.layers.IntegerTensors;
import org.vesalius.runtime.layers.KvCache;
import org.vesalius.runtime.layers.StoredQuantization;
import org.vesalius.runtime.layers.WeightPlan;
import org.vesalius.runtime.models.LoadedModel;
import org.vesalius.runtime.models.ModelFamilies;
import org.vesalius.runtime.models.ModelFamily;
import org.vesalius.runtime.models.ModelFiles;
import org.vesalius.runtime.prompt.ChatTemplate;
import org.vesalius.runtime.prompt.jinja.TemplateException;
import org.vesalius.runtime.vision.ImageEncoder;
import org.vesalius.tokenizer.Tokenizer;
import org.vesalius.tokenizer.TokenizerFormatException;

/**
 * What a checkpoint is and what it needs, from its configuration files and headers: no weight is
 * read.
 *
 * @param directory the checkpoint's folder
 * @param modelType {@code model_type} of config.json
 * @param family the family that runs it, for people; empty if none does
 * @param architectures as config.json names them
 * @param textParameters stored numbers of decoder and head
 * @param visionParameters stored numbers of vision tower and projector
 * @param stored the weights by element type
 * @param quantization of the decoder's matrices; empty for plain numbers
 * @param sizes of the decoder, where they could be read
 * @param template name of the file that holds the chat template
 * @param images how pictures are prepared; empty for a text model
 * @param recommended how the makers want it sampled
 * @param problems why it cannot be run; empty if it can
 * @param limits what it could do elsewhere and cannot do here
 */
public record ModelInspection(
    Path directory,
    String modelType,
    Optional<String> family,
    List<String> architectures,
    long textParameters,
    long visionParameters,
    List<Stored> stored,
    Optional<StoredQuantization> quantization,
    Optional<DecoderConfig> sizes,
    Optional<String> template,
    Optional<ImageRule> images,
    GenerationConfig recommended,
    List<String> problems,
    List<String> limits) {

  /**
   * Weights of one element type.
   *
   * @param dtype how they are stored
   * @param tensors how many tensors
   * @param elements how many numbers
   * @param bytes how much memory
   */
  public record Stored(DType dtype, int tensors, long elements, long bytes) {}

  /**
   * How pictures become tokens.
   *
   * @param preparation what is done with a picture, for people
   * @param tokensOf512 tokens of a picture of 512x512 pixels
   * @param tokensOf1024 tokens of a picture of 1024x1024 pixels
   */
  public record ImageRule(String preparation, int tokensOf512, int tokensOf1024) {}

  /** Copies the lists. */
  public ModelInspection {
    architectures = List.copyOf(architectures);
    stored = List.copyOf(stored);
    problems = List.copyOf(problems);
    limits = List.copyOf(limits);
  }

  /** Whether this version runs the checkpoint. */
  public boolean runnable() {
    return problems.isEmpty();
  }

  /** Bytes of all weights. */
  public long weightBytes() {
    return stored.stream().mapToLong(Stored::bytes).sum();
  }

  /**
   * Bytes that a token takes in a key/value cache of a format; 0 where the decoder's sizes are
   * unknown.
   */
  public long cacheBytesPerToken(CacheFormat format) {
    return sizes
        .map(s -> KvCache.bytesPerToken(format, s.layers(), s.kvHeads(), s.headSize()))
        .orElse(0L);
  }

  /**
   * Inspects a checkpoint. What keeps it from running is listed, not thrown.
   *
   * @param directory holds config.json
   * @throws ModelFormatException if config.json is missing, is not JSON, or has no {@code
   *     model_type}
   */
  public static ModelInspection inspect(Path directory) {
    ConfigNode root = ConfigNode.read(directory.resolve(ModelConfig.FILE_NAME));
    return new Inspector(directory, root.string("model_type")).inspect(root);
  }

  /** Collects what can be known and what is wrong. */
  private static final class Inspector {
    private final Path directory;
    private final String modelType;
    private final List<String> problems = new ArrayList<>();

    Inspector(Path directory, String modelType) {
      this.directory = directory;
      this.modelType = modelType;
    }

    ModelInspection inspect(ConfigNode root) {
      Optional<ModelConfig> config = attempt(() -> ModelConfig.of(root));
      Optional<ModelFamily> family = config.flatMap(c -> attempt(() -> ModelFamilies.of(c)));
      Optional<CheckpointHeader> header = attempt(() -> CheckpointHeader.read(directory));
      Optional<Tokenizer> tokenizer = attempt(() -> ChatModel.tokenizer(directory));
      Optional<String> fallback = family.flatMap(ModelFamily::defaultTemplate);
      Optional<ChatTemplate> template = attempt(() -> ChatTemplate.read(directory, fallback));
      Optional<GenerationConfig> recommended =
          attempt(() -> {
            GenerationConfig read = GenerationConfig.read(directory);
            return config.map(read::withTokensOf).orElse(read);
          });
      Optional<Optional<StoredQuantization>> quantization =
          attempt(() -> StoredQuantization.read(root));
      // The sizes of a family that is not known may mean something else.
      Optional<DecoderConfig> sizes = Optional.empty();
      Optional<ImageRule> images = Optional.empty();
      if (family.isPresent() && header.isPresent() && quantization.isPresent()) {
        ModelConfig known = config.orElseThrow();
        Optional<Checked> checked =
            attempt(() -> check(family.get(), known, tokenizer, template, recommended));
        sizes = checked.map(Checked::sizes);
        images = checked.flatMap(Checked::images);
      }
      long vision = header.map(h -> parameters(h, true)).orElse(0L);
      return new ModelInspection(
          directory,
          modelType,
          family.map(ModelFamily::displayName),
          config.map(ModelConfig::architectures).orElse(List.of()),
          header.map(h -> parameters(h, false)).orElse(0L),
          vision,
          header.map(Inspector::stored).orElse(List.of()),
          quantization.orElse(Optional.empty()),
          sizes,
          template.map(_ -> templateFile(fallback)),
          images,
          recommended.orElseGet(GenerationConfig::empty),
          problems,
          limits(root));
    }

    /** The first of the files that {@link ChatTemplate#read} looks at. */
    private String templateFile(Optional<String> fallback) {
      return Stream.of("chat_template.jinja", "chat_template.json")
          .filter(name -> Files.isRegularFile(directory.resolve(name)))
          .findFirst()
          .orElse(fallback.isPresent() ? "the family's own" : "tokenizer_config.json");
    }

    private <T> Optional<T> attempt(Supplier<T> reading) {
      try {
        return Optional.of(reading.get());
      } catch (ModelFormatException
          | UnsupportedModelException
          | TokenizerFormatException
          | TemplateException
          | IllegalArgumentException
          | UncheckedIOException e) {
        problems.add(String.valueOf(e.getMessage()));
        return Optional.empty();
      }
    }

    /** Lets the family run its own checks; the weights are only mapped. */
    private Checked check(
        ModelFamily family,
        ModelConfig config,
        Optional<Tokenizer> tokenizer,
        Optional<ChatTemplate> template,
        Optional<GenerationConfig> recommended) {
      try (Kernels kernels = Backends.open("reference", new KernelOptions(1));
          Checkpoint checkpoint = Checkpoint.open(directory)) {
        LoadedModel model =
            family.load(
                new ModelFiles(directory, WeightPlan.asStored(config.root())),
                config,
                checkpoint,
                kernels);
        if (tokenizer.isPresent() && template.isPresent() && recommended.isPresent()) {
          attempt(() ->
              ChatModel.encoder(
                  directory, family, model, tokenizer.get(), template.get(), recommended.get()));
        }
        return new Checked(
            model.decoder().config(), model.images().map(input -> rule(input.encoder())));
      }
    }

    /** What loading told. */
    private record Checked(DecoderConfig sizes, Optional<ImageRule> images) {}

    private static ImageRule rule(ImageEncoder encoder) {
      return new ImageRule(
          encoder.preparation(), encoder.tokens(512, 512), encoder.tokens(1024, 1024));
    }

    private static long parameters(CheckpointHeader header, boolean vision) {
      return header.names().stream()
          .filter(name -> ModelWork.isVision(name) == vision)
          .mapToLong(name -> parameters(header, name))
          .sum();
    }

    /** Scales are no parameters, and a byte of 4-bit integers is two. */
    private static long parameters(CheckpointHeader header, String name) {
      for (String suffix : List.of(IntegerTensors.SCALE, IntegerTensors.MINIMUM)) {
        if (name.endsWith(suffix)
            && header.contains(name.substring(0, name.length() - suffix.length()))) {
          return 0;
        }
      }
      SafetensorsHeader.Entry entry = header.entry(name);
      return ModelWork.elements(entry) * (entry.dtype() == DType.U8 ? 2 : 1);
    }

    private static List<Stored> stored(CheckpointHeader header) {
      Map<DType, Stored> byType = new EnumMap<>(DType.class);
      for (String name : header.names()) {
        SafetensorsHeader.Entry entry = header.entry(name);
        byType.merge(
            entry.dtype(),
            new Stored(entry.dtype(), 1, ModelWork.elements(entry), entry.byteSize()),
            (a, b) ->
                new Stored(
                    a.dtype(),
                    a.tensors() + b.tensors(),
                    a.elements() + b.elements(),
                    a.bytes() + b.bytes()));
      }
      return List.copyOf(byType.values());
    }

    private static List<String> limits(ConfigNode root) {
      return root.has("video_token_id") || root.has("video_token_index")
          ? List.of(
              "video is read as frames, from files or from memory; containers are not decoded")
          : List.of();
    }
  }
}
