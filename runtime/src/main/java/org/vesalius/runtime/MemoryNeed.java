package org.vesalius.runtime;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
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
    Tally tally = new Tally();
    header.names().forEach(name -> tally.add(name, header.entry(name), options.weights()));
    Sizes sizes = Sizes.of(root.optionalObject("text_config").orElse(root), tally);
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

  /**
   * With a model whose layers are where those of this one with the same numbers are, and its head
   * where its last layer is.
   */
  private MemoryNeed plus(MemoryNeed other) {
    List<Long> layers = new ArrayList<>(demand.layers());
    List<Long> more = new ArrayList<>(other.demand.layers());
    more.add(other.demand.last());
    long last = demand.last();
    for (int i = 0; i < more.size(); i++) {
      int at = Math.min(Math.min(i, more.size() - 2), layers.size() - 1);
      if (at < 0) {
        last += more.get(i);
      } else {
        layers.set(at, layers.get(at) + more.get(i));
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

  /** Adds up what there is by its place among the layers, and keeps what says how large it is. */
  private static final class Tally {
    private final Map<Integer, Long> layers = new TreeMap<>();
    private final Map<String, Long> rows = new HashMap<>();
    private long first;
    private long last;
    private long each;
    private long embedding;
    private boolean head;
    private boolean vision;
    private int together;

    void add(String name, SafetensorsHeader.Entry entry, WeightFormat format) {
      long bytes = MemoryNeed.bytes(name, entry, format);
      Matcher layer = LAYER.matcher(name);
      if (ModelWork.isVision(name)) {
        vision = true;
        first += bytes;
        Matcher deep = DEEP.matcher(name);
        together = deep.find() ? Math.max(together, number(deep) + 1) : together;
        return;
      }
      if (!entry.shape().isEmpty()) {
        String[] parts = name.split("\\.", -1);
        String what =
            parts.length > 1 ? parts[parts.length - 2] + "." + parts[parts.length - 1] : "";
        rows.merge(what, entry.shape().getFirst(), Math::max);
      }
      if (layer.find()) {
        layers.merge(number(layer), bytes, Long::sum);
      } else if (name.contains("lm_head")) {
        head = true;
        last += bytes;
      } else {
        first += bytes;
        embedding += name.contains("embed_tokens") ? bytes : 0;
      }
    }

    /** Rows of the matrix, or length of the vector, that has this name in some layer; 0 of none. */
    int rows(String name) {
      return (int) Math.min(Integer.MAX_VALUE, rows.getOrDefault(name, 0L));
    }

    private static int number(Matcher found) {
      return Integer.parseInt(found.group(1));
    }

    void addToLayers(long bytes) {
      layers.replaceAll((_, held) -> held + bytes);
    }

    long bytes() {
      return demand().bytes();
    }

    /** Without a head of its own the embedding is the head, too. */
    MemoryDemand demand() {
      return new MemoryDemand(
          first, together, List.copyOf(layers.values()), last, head ? 0 : embedding, each);
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

  /**
   * A decoder's sizes by the names that all families use, or by the shapes of its tensors, since
   * configurations leave out what is usual in their family. What is wrong in them is told by who
   * reads the model.
   */
  private record Sizes(
      int heads, int kvHeads, int headSize, int width, int inner, int words, int context) {

    static Sizes of(ConfigNode text, Tally tally) {
      int width = size(text, "hidden_size", tally.rows("input_layernorm.weight"));
      int heads = Math.max(1, size(text, "num_attention_heads", tally.rows("q_proj.weight") / 128));
      int headSize = size(text, "head_dim", tally.rows("q_proj.weight") / heads);
      int kvHeads =
          size(text, "num_key_value_heads", tally.rows("k_proj.weight") / Math.max(1, headSize));
      return new Sizes(
          heads,
          kvHeads,
          headSize,
          width,
          size(text, "intermediate_size", tally.rows("up_proj.weight")),
          size(text, "vocab_size", tally.rows("embed_tokens.weight")),
          Math.max(1, size(text, "max_position_embeddings", CACHED_TOKENS)));
    }

    private static int size(ConfigNode text, String key, int otherwise) {
      return Math.max(0, text.intValue(key, otherwise));
    }

    long cacheBytesPerLayer(CacheFormat format) {
      return KvCache.bytesPerToken(format, 1, kvHeads, headSize);
    }

    /** Activations of so many tokens. */
    long stepBytes(int tokens) {
      long perToken = 3L * width + 2L * ((long) heads + kvHeads) * headSize + 2L * inner;
      return (long) Float.BYTES * tokens * perToken;
    }

    /** Logits of so many tokens. */
    long resultBytes(int rows) {
      return (long) Float.BYTES * rows * ((long) words + width);
    }
  }
}
