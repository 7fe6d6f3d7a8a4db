package org.vesalius.runtime;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.Weight;
import org.vesalius.loader.SafetensorsHeader;
import org.vesalius.runtime.layers.Decoder;
import org.vesalius.runtime.layers.DecoderBlock;
import org.vesalius.runtime.layers.DecoderConfig;
import org.vesalius.runtime.layers.ExpertConfig;
import org.vesalius.runtime.layers.ExpertMlp;
import org.vesalius.runtime.layers.GatedMlp;
import org.vesalius.runtime.layers.KvCache;
import org.vesalius.runtime.layers.Linear;
import org.vesalius.runtime.layers.PlainMlp;
import org.vesalius.runtime.layers.RmsNorm;
import org.vesalius.runtime.layers.SelfAttention;
import org.vesalius.runtime.models.LoadedModel;
import org.vesalius.runtime.vision.ImageEncoder;
import org.vesalius.runtime.vision.PreparedImage;

/**
 * What a model must compute and read at least, by its shapes: the yardstick for measured speeds. A
 * multiplication and an addition count as two operations; norms, rotations and other small things
 * don't count.
 */
public final class ModelWork {
  private final DecoderConfig sizes;
  private final LoadedModel model;
  private final long decoderBytes;
  private final CacheFormat cacheFormat;

  /**
   * The work of a loaded model.
   *
   * @param cacheFormat how keys and values are stored
   */
  public ModelWork(LoadedModel model, CacheFormat cacheFormat) {
    this.model = model;
    this.cacheFormat = cacheFormat;
    sizes = model.decoder().config();
    decoderBytes = decoderBytes(model.decoder());
  }

  /**
   * A lookup reads one row of the embedding, which is nothing; as tied head it is read whole. Of
   * the experts a token reads its own only.
   */
  private static long decoderBytes(Decoder decoder) {
    long bytes = bytes(decoder.head()) + bytes(decoder.finalNorm());
    for (DecoderBlock block : decoder.blocks()) {
      SelfAttention attention = block.attention();
      bytes += bytes(attention.query()) + bytes(attention.key()) + bytes(attention.value());
      bytes += bytes(attention.output());
      bytes += bytes(attention.queryNorm()) + bytes(attention.keyNorm());
      bytes += bytes(block.attentionNorm()) + bytes(block.attentionPostNorm());
      bytes += bytes(block.mlpNorm()) + bytes(block.mlpPostNorm());
      bytes +=
          switch (block.mlp()) {
            case GatedMlp mlp -> bytes(mlp.gate()) + bytes(mlp.up()) + bytes(mlp.down());
            case PlainMlp mlp -> bytes(mlp.up()) + bytes(mlp.down());
            case ExpertMlp mlp -> bytes(mlp, decoder.config().experts().orElseThrow());
          };
    }
    return bytes;
  }

  private static long bytes(ExpertMlp mlp, ExpertConfig config) {
    long experts = mlp.down().stream().mapToLong(Weight::byteSize).sum();
    for (List<Weight> input : mlp.inputs()) {
      experts += input.stream().mapToLong(Weight::byteSize).sum();
    }
    return bytes(mlp.router()) + experts / config.count() * config.perToken();
  }

  private static long bytes(Linear linear) {
    return linear.weight().byteSize() + bytes(linear.bias());
  }

  private static long bytes(@Nullable RmsNorm norm) {
    return norm == null ? 0 : bytes(norm.gain());
  }

  private static long bytes(@Nullable Tensor vector) {
    return vector == null ? 0 : (long) vector.columns() * vector.type().byteSize();
  }

  /** Whether a tensor of this name belongs to the vision part: tower, merger or projector. */
  static boolean isVision(String name) {
    return name.contains("visual.")
        || name.contains("vision_tower.")
        || name.contains("vision_model.")
        || name.contains("multi_modal_projector.")
        || name.contains("mm_projector.")
        || name.startsWith("adapter.")
        || name.endsWith("image_newline");
  }

  static long elements(SafetensorsHeader.Entry entry) {
    return entry.shape().stream().mapToLong(Long::longValue).reduce(1, Math::multiplyExact);
  }

  /**
   * Bytes that generating one token reads when {@code position} tokens came before it: all weights
   * once, and the cache.
   */
  public long decodeBytes(int position) {
    return decoderBytes
        + position
            * KvCache.bytesPerToken(cacheFormat, sizes.layers(), sizes.kvHeads(), sizes.headSize());
  }

  /**
   * Operations of reading a prompt of {@code tokens} from an empty cache, the logits of its last
   * token included.
   */
  public double prefillOperations(int tokens) {
    double width = sizes.width();
    double query = (double) sizes.heads() * sizes.headSize();
    double keyValue = 2.0 * sizes.kvHeads() * sizes.headSize();
    double projections = width * (2 * query + keyValue) * sizes.layers();
    double matrices = projections + feedForwardMatrices();
    double attention = 0;
    for (int window : sizes.windows()) {
      attention += 4 * query * causalPairs(tokens, window);
    }
    return 2 * matrices * tokens + attention + 2 * width * sizes.vocabulary();
  }

  /** Elements of the matrices that a token meets in the feed-forward networks of all layers. */
  private double feedForwardMatrices() {
    int sparse = sizes.experts().map(experts -> experts.layers().size()).orElse(0);
    double dense = 3.0 * sizes.width() * sizes.innerWidth() * (sizes.layers() - sparse);
    double expert =
        sizes
            .experts()
            .map(e -> (double) sizes.width() * (e.count() + 3.0 * e.innerWidth() * e.perToken()))
            .orElse(0.0);
    return dense + sparse * expert;
  }

  /** Pairs of a query and a key that it sees. */
  private static double causalPairs(double tokens, int window) {
    double full = tokens * (tokens + 1) / 2;
    double beyond = window == 0 ? 0 : Math.max(0, tokens - window);
    return full - beyond * (beyond + 1) / 2;
  }

  /**
   * Operations of encoding a picture.
   *
   * @throws IllegalStateException if the model reads no pictures
   */
  public double visionOperations(PreparedImage image) {
    return encoder().operations(image);
  }

  /** Whether the model reads pictures. */
  public boolean hasVision() {
    return model.images().isPresent();
  }

  private ImageEncoder encoder() {
    return model
        .images()
        .map(LoadedModel.ImageInput::encoder)
        .orElseThrow(() -> new IllegalStateException("this model reads no pictures"));
  }
}
