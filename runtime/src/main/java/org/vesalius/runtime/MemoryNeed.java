package org.vesalius.runtime;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import org.vesalius.kernels.CacheFormat;
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
 *     #CACHED_TOKENS} tokens: the cache grows with use
 * @param work bytes of activations, those of a picture included
 */
public record MemoryNeed(long weights, long cache, long work) {
  private static final int CACHED_TOKENS = 8192;
  private static final MemoryNeed NONE = new MemoryNeed(0, 0, 0);

  /** What encoding a picture of a million pixels takes, about. */
  private static final long PICTURE = 256L << 20;

  private static final Set<DType> PLAIN = Set.of(DType.F32, DType.F16, DType.BF16);

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
    long weights = 0;
    boolean vision = false;
    for (String name : header.names()) {
      weights += bytes(name, header.entry(name), options.weights());
      vision |= ModelWork.isVision(name);
    }
    Sizes sizes = Sizes.of(root.optionalObject("text_config").orElse(root));
    int context = Math.min(options.contextTokens().orElse(sizes.context), sizes.context);
    MemoryNeed draft = options.draft().map(small -> of(small, options.withoutDraft())).orElse(NONE);
    return draft.plus(
        weights,
        Math.min(context, CACHED_TOKENS) * sizes.cacheBytesPerToken(options.cacheFormat()),
        sizes.workBytes(
                Math.min(options.prefillChunk(), context),
                Engine.rows(options.capacity().requests()))
            + (vision ? PICTURE : 0));
  }

  private MemoryNeed plus(long moreWeights, long moreCache, long moreWork) {
    return new MemoryNeed(weights + moreWeights, cache + moreCache, work + moreWork);
  }

  /** All of it. */
  public long bytes() {
    return weights + cache + work;
  }

  private static long bytes(String name, SafetensorsHeader.Entry entry, WeightFormat format) {
    long elements = ModelWork.elements(entry);
    if (entry.shape().size() < 2 || !PLAIN.contains(entry.dtype())) {
      return entry.byteSize();
    }
    return switch (role(name).format(format)) {
      case AS_STORED -> entry.byteSize();
      case BF16 -> 2 * elements;
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

    long cacheBytesPerToken(CacheFormat format) {
      return KvCache.bytesPerToken(format, layers, kvHeads, headSize);
    }

    long workBytes(int chunk, int rows) {
      int tokens = chunk + rows;
      long perToken = 3L * width + 2L * (heads + kvHeads) * headSize + 2L * inner;
      return Float.BYTES * (tokens * perToken + (long) rows * (words + width));
    }
  }
}
