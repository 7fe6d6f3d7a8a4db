package org.vesalius.runtime;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.kernels.MemoryDemand;
import org.vesalius.kernels.Weight;
import org.vesalius.loader.CheckpointHeader;
import org.vesalius.loader.ConfigNode;
import org.vesalius.loader.DType;
import org.vesalius.loader.ModelConfig;
import org.vesalius.loader.SafetensorsHeader;
import org.vesalius.runtime.generate.Engine;
import org.vesalius.runtime.layers.KvCache;
import org.vesalius.runtime.layers.MatrixRole;

/**
 * How much memory a model is going to take on a device, from its configuration and the headers of
 * its files, before anything is read or allocated. It decides whether a device is large enough, so
 * it is an estimate that is meant to be a little too high.
 *
 * @param weights bytes of all weights in the formats that they are going to have, those of a model
 *     that guesses included
 * @param cache bytes of keys and values of one sequence, as long as the context but at most {@value
 *     #CACHED_TOKENS} tokens, in whole slabs: the cache grows with use
 * @param work bytes of activations, those of a picture included
 * @param demand the same in the order of the layers, for devices that share them
 */
public record MemoryNeed(long weights, long cache, long work, MemoryDemand demand) {
  private static final int CACHED_TOKENS = 8192;

  /** What encoding a picture of a million pixels takes, about. */
  private static final long PICTURE = 256L << 20;

  private static final Set<DType> PLAIN = Set.of(DType.F32, DType.F16, DType.BF16);

  private static final Pattern LAYER = Pattern.compile("(?:^|\\.)layers\\.(\\d{1,6})\\.");

  /** Pictures' features that join a layer of the decoder, by its number. */
  private static final Pattern DEEP = Pattern.compile("\\.deepstack_merger_list\\.(\\d{1,6})\\.");

  /**
   * The need of a checkpoint that is opened with these options.
   *
   * @param directory holds its files
   * @throws org.vesalius.loader.ModelFormatException if files are missing or damaged
   */
  public static MemoryNeed of(Path directory, OpenOptions options) {
    return of(directory, ConfigNode.read(directory.resolve(ModelConfig.FILE_NAME)), options);
  }

  /** The same with the root of config.json. */
  static MemoryNeed of(Path directory, ConfigNode root, OpenOptions options) {
    CheckpointHeader header = CheckpointHeader.read(directory);
    Sizes sizes = Sizes.of(root.optionalObject("text_config").orElse(root));
    Tally tally = new Tally(sizes.layers);
    header.names().forEach(name -> tally.add(name, header.entry(name), options.weights()));
    long weights = tally.bytes();
    int context = Math.min(options.contextTokens().orElse(sizes.context), sizes.context);
    int slabs = Math.ceilDiv(Math.min(context, CACHED_TOKENS), KvCache.SLAB_TOKENS);
    tally.addToLayers(
        (long) slabs * KvCache.SLAB_TOKENS * sizes.cacheBytesPerLayer(options.cacheFormat()));
    long cache = tally.bytes() - weights;
    int rows = Engine.rows(options.capacity().requests());
    tally.first += tally.vision ? PICTURE : 0;
    tally.last += sizes.resultBytes(rows);
    tally.each = sizes.stepBytes(Math.min(options.prefillChunk(), context) + rows);
    MemoryNeed need =
        new MemoryNeed(weights, cache, tally.bytes() - weights - cache, tally.demand());
    return options.draft().map(small -> need.plus(of(small, options.withoutDraft()))).orElse(need);
  }

  /** With a model whose layers are where those of this one with the same numbers are. */
  private MemoryNeed plus(MemoryNeed other) {
    List<Long> layers = new ArrayList<>(demand.layers());
    long last = demand.last() + other.demand.last();
    for (int i = 0; i < other.demand.layers().size(); i++) {
      long bytes = other.demand.layers().get(i);
      if (layers.isEmpty()) {
        last += bytes;
      } else {
        int at = Math.min(i, layers.size() - 1);
        layers.set(at, layers.get(at) + bytes);
      }
    }
    return new MemoryNeed(
        weights + other.weights,
        cache + other.cache,
        work + other.work,
        new MemoryDemand(
            demand.first() + other.demand.first(),
            demand.together(),
            layers,
            last,
            demand.copied() + other.demand.copied(),
            demand.each() + other.demand.each()));
  }

  /** All of it. */
  public long bytes() {
    return weights + cache + work;
  }

  /** Adds up what there is by its place among the layers. */
  private static final class Tally {
    private final long[] layers;
    private long first;
    private long last;
    private long each;
    private long embedding;
    private boolean head;
    private boolean vision;
    private int together;

    Tally(int layers) {
      this.layers = new long[layers];
    }

    void add(String name, SafetensorsHeader.Entry entry, WeightFormat format) {
      long bytes = MemoryNeed.bytes(name, entry, format);
      Matcher layer = LAYER.matcher(name);
      if (ModelWork.isVision(name)) {
        vision = true;
        first += bytes;
        Matcher deep = DEEP.matcher(name);
        together = deep.find() ? Math.max(together, number(deep) + 1) : together;
      } else if (layer.find() && layers.length > 0) {
        layers[Math.min(number(layer), layers.length - 1)] += bytes;
      } else if (name.contains("lm_head")) {
        head = true;
        last += bytes;
      } else {
        first += bytes;
        embedding += name.contains("embed_tokens") ? bytes : 0;
      }
    }

    private static int number(Matcher found) {
      return Integer.parseInt(found.group(1));
    }

    void addToLayers(long bytes) {
      Arrays.setAll(layers, layer -> layers[layer] + bytes);
    }

    long bytes() {
      return demand().bytes();
    }

    /** Without a head of its own the embedding is the head, too. */
    MemoryDemand demand() {
      return new MemoryDemand(
          first,
          together,
          Arrays.stream(layers).boxed().toList(),
          last,
          head ? 0 : embedding,
          each);
    }
  }

  private static long bytes(String name, SafetensorsHeader.Entry entry, WeightFormat format) {
    long elements = ModelWork.elements(entry);
    if (entry.shape().size() < 2 || !PLAIN.contains(entry.dtype())) {
      return entry.byteSize();
    }
    return switch (role(name).format(format)) {
      case AS_STORED -> entry.byteSize();
      case BF16 -> 2 * elements;
      case FP8 -> elements + 4 * rows(entry);
      case INT8 -> elements + 4 * rows(entry) * Weight.Int8.groups(columns(entry));
      case INT4 ->
          (Weight.Int4.GROUP_BYTES + 4) * rows(entry) * (long) Weight.Int4.groups(columns(entry));
    };
  }

  private static int columns(SafetensorsHeader.Entry entry) {
    return Math.toIntExact(entry.shape().getLast());
  }

  private static long rows(SafetensorsHeader.Entry entry) {
    return ModelWork.elements(entry) / Math.max(1, columns(entry));
  }

  private static MatrixRole role(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    if (ModelWork.isVision(name) || lower.endsWith("mlp.gate.weight")) {
      return MatrixRole.PLAIN;
    }
    return lower.contains("embed_tokens") || lower.contains("lm_head")
        ? MatrixRole.VOCABULARY
        : MatrixRole.DECODER;
  }

  /** A decoder's sizes by the names that all families use; 0 for what is not there. */
  private record Sizes(
      int layers,
      int heads,
      int kvHeads,
      int headSize,
      int width,
      int inner,
      int words,
      int context) {

    static Sizes of(ConfigNode text) {
      int heads = Math.max(1, text.intValue("num_attention_heads", 1));
      int width = text.intValue("hidden_size", 0);
      return new Sizes(
          text.intValue("num_hidden_layers", 0),
          heads,
          text.intValue("num_key_value_heads", heads),
          text.intValue("head_dim", width / heads),
          width,
          text.intValue("intermediate_size", 4 * width),
          text.intValue("vocab_size", 0),
          text.intValue("max_position_embeddings", CACHED_TOKENS));
    }

    long cacheBytesPerLayer(CacheFormat format) {
      return KvCache.bytesPerToken(format, 1, kvHeads, headSize);
    }

    /** Activations of so many tokens. */
    long stepBytes(int tokens) {
      long perToken = 3L * width + 2L * (heads + kvHeads) * headSize + 2L * inner;
      return (long) Float.BYTES * tokens * perToken;
    }

    /** Logits of so many tokens. */
    long resultBytes(int rows) {
      return (long) Float.BYTES * rows * (words + width);
    }
  }
}
