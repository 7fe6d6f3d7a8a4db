package org.vesalius.runtime.vision;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.AttentionShape;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Tensor;
import org.vesalius.loader.ConfigNode;
import org.vesalius.runtime.layers.Activations;
import org.vesalius.runtime.layers.LayerNorm;
import org.vesalius.runtime.layers.LayerObserver;
import org.vesalius.runtime.layers.Linear;
import org.vesalius.runtime.layers.PlainMlp;
import org.vesalius.runtime.layers.WeightReader;
import org.vesalius.runtime.vision.image.Grid;
import org.vesalius.runtime.vision.image.ImagePatches;

/**
 * A vision transformer for pictures of one size with a learned embedding for each position: CLIP
 * ({@code CLIPVisionModel}), with a class token and a norm before the first block, and SigLIP
 * ({@code SiglipVisionModel}), with neither.
 */
public final class FixedResolutionTower {
  /** The {@code model_type} of CLIP's towers. */
  public static final String CLIP = "clip_vision_model";

  /** The {@code model_type} of SigLIP's towers. */
  public static final String SIGLIP = "siglip_vision_model";

  private static final int CHANNELS = 3;

  /**
   * What config.json says about the tower.
   *
   * @param classToken whether a class token comes before the patches
   * @param depth number of blocks that are stored
   * @param sizes of the blocks
   * @param imageSize pixels of the picture's side
   * @param patchSize pixels of a patch's side
   * @param epsilon of the norms
   */
  public record Config(
      ConfigNode node,
      boolean classToken,
      int depth,
      VisionSizes sizes,
      int imageSize,
      int patchSize,
      float epsilon) {

    /**
     * Reads the keys of CLIP and SigLIP towers. What a file leaves out is the default of the
     * configuration class, since such files leave out what equals it.
     *
     * @param defaultType {@code model_type} where the file does not say
     */
    public static Config read(ConfigNode vision, String defaultType) {
      String type = vision.string("model_type", defaultType);
      boolean clip = type.equals(CLIP);
      if (!clip && !type.equals(SIGLIP)) {
        throw vision.error("model_type", CLIP + " or " + SIGLIP, type);
      }
      if (vision.intValue("num_channels", CHANNELS) != CHANNELS) {
        throw vision.error("num_channels", "3", "" + vision.intValue("num_channels"));
      }
      int width = vision.intValue("hidden_size", 768);
      int heads = vision.intValue("num_attention_heads", 12);
      int depth = vision.intValue("num_hidden_layers", 12);
      int image = vision.intValue("image_size", 224);
      int patch = vision.intValue("patch_size", clip ? 32 : 16);
      if (width <= 0 || heads <= 0 || width % heads != 0 || depth <= 0) {
        throw vision.error(
            "num_attention_heads",
            "heads that divide the width",
            heads + " heads of a width of " + width + " in " + depth + " layers");
      }
      if (patch <= 0 || image < patch) {
        throw vision.error("patch_size", "1 to image_size " + image, "" + patch);
      }
      return new Config(
          vision,
          clip,
          depth,
          new VisionSizes(width, vision.intValue("intermediate_size", 3072), heads),
          image,
          patch,
          (float) vision.doubleValue("layer_norm_eps", clip ? 1e-5 : 1e-6));
    }

    /** Patches of a picture's side. */
    public int side() {
      return imageSize / patchSize;
    }

    /**
     * Refuses pictures that the tower's positions don't fit.
     *
     * @param node where the pictures' size is given
     * @param key the key that gives it
     */
    public void requireGrid(ConfigNode node, String key, Grid grid) {
      if (grid.h() != side() || grid.w() != side()) {
        throw node.error(
            key,
            "pictures of %d by %d patches, as the tower has positions".formatted(side(), side()),
            "%d by %d".formatted(grid.h(), grid.w()));
      }
    }

    /** Rows of the tower's output: patches, and the class token. */
    public int rows() {
      return side() * side() + (classToken ? 1 : 0);
    }
  }

  private final Kernels kernels;
  private final Config config;
  private final PatchEmbedding embedding;
  private final @Nullable Tensor classEmbedding;
  private final Tensor positions;
  private final @Nullable LayerNorm firstNorm;
  private final List<VisionBlock> blocks;
  private final @Nullable LayerNorm lastNorm;

  /**
   * Reads a tower.
   *
   * @param reader where {@code embeddings} and {@code encoder} are
   * @param depth how many blocks to run; the ones after them are not read
   * @param normalised whether the last norm is applied to the output
   */
  public FixedResolutionTower(
      WeightReader reader, Kernels kernels, Config config, int depth, boolean normalised) {
    this.kernels = kernels;
    this.config = config;
    int width = config.sizes().width();
    int patch = config.patchSize();
    WeightReader embeddings = reader.at("embeddings");
    embedding =
        new PatchEmbedding(
            new Linear(
                embeddings.weight(
                    "patch_embedding.weight",
                    width,
                    CHANNELS * patch * patch,
                    CHANNELS,
                    patch,
                    patch),
                config.classToken() ? null : embeddings.vector("patch_embedding.bias", width)));
    classEmbedding = config.classToken() ? embeddings.vector("class_embedding", width) : null;
    positions = embeddings.matrix("position_embedding.weight", config.rows(), width);
    firstNorm =
        config.classToken() ? reader.layerNorm("pre_layrnorm", width, config.epsilon()) : null;
    List<VisionBlock> read = new ArrayList<>();
    for (int i = 0; i < depth; i++) {
      read.add(block(reader.at("encoder").at("layers", i)));
    }
    blocks = List.copyOf(read);
    lastNorm = normalised ? reader.layerNorm("post_layernorm", width, config.epsilon()) : null;
  }

  private VisionBlock block(WeightReader reader) {
    int width = config.sizes().width();
    int inner = config.sizes().innerWidth();
    WeightReader attention = reader.at("self_attn");
    return new VisionBlock(
        reader.layerNorm("layer_norm1", width, config.epsilon()),
        List.of(
            attention.linear("q_proj", width, width, true),
            attention.linear("k_proj", width, width, true),
            attention.linear("v_proj", width, width, true)),
        attention.linear("out_proj", width, width, true),
        reader.layerNorm("layer_norm2", width, config.epsilon()),
        new PlainMlp(
            reader.linear("mlp.fc1", inner, width, true),
            reader.linear("mlp.fc2", width, inner, true),
            Activations.read(
                config.node(),
                "hidden_act",
                config.classToken() ? "quick_gelu" : "gelu_pytorch_tanh")),
        AttentionShape.full(config.sizes().heads(), config.sizes().headSize()),
        false);
  }

  /**
   * Whether a tensor belongs to parts of a tower that run in training only, or not in this model.
   *
   * @param config of the tower; blocks beyond those that it counts have no place in the model
   * @param depth how many blocks run
   */
  public static boolean isUnused(String name, Config config, int depth) {
    if (name.contains("vision_model.head.") || name.endsWith("embeddings.position_ids")) {
      return true;
    }
    if (!name.contains("vision_tower.")) {
      return false;
    }
    int layer = name.indexOf(".encoder.layers.");
    if (layer >= 0) {
      String rest = name.substring(layer + ".encoder.layers.".length());
      String number = rest.substring(0, Math.max(0, rest.indexOf('.')));
      return number.matches("\\d{1,4}")
          && Integer.parseInt(number) >= depth
          && Integer.parseInt(number) < config.depth();
    }
    return name.contains(".post_layernorm.");
  }

  /** What it was read from. */
  public Config config() {
    return config;
  }

  /** Operations for one picture; multiply and add are two. */
  public double operations() {
    double rows = config.rows();
    double values = (double) CHANNELS * config.patchSize() * config.patchSize();
    return 2 * rows * config.sizes().width() * values
        + blocks.size() * rows * config.sizes().operationsPerPatch(2)
        + blocks.size() * config.sizes().operationsOfPairs(rows * rows);
  }

  /** Computes the features of a picture, {@code (rows, width)}, in the scratch's stream. */
  public Tensor forward(ImagePatches image, VisionScratch scratch, LayerObserver observer) {
    return forward(image, scratch, List.of(), scratch.stream(), observer);
  }

  /**
   * Computes the features of a picture and keeps the stream at several depths.
   *
   * @param depths after how many blocks the stream is kept; 0 is the input of the first
   * @param kept {@code (rows, depths * width)}
   */
  public Tensor forward(
      ImagePatches image,
      VisionScratch scratch,
      List<Integer> depths,
      Tensor kept,
      LayerObserver observer) {
    Tensor x = scratch.stream();
    int classRows = classEmbedding == null ? 0 : 1;
    embedding.forward(kernels, x.rows(classRows, image.patches()), image, scratch);
    if (classEmbedding != null) {
      kernels.gatherRows(x.rows(0, 1), classEmbedding, scratch.integers(new int[] {0}));
    }
    kernels.add(x, positions);
    if (firstNorm != null) {
      firstNorm.forward(kernels, x, x);
    }
    observer.observe(kernels, "vision.embed", x);
    Tensor starts = scratch.integers(new int[] {0, x.rows()});
    keep(x, 0, depths, kept, scratch);
    for (int i = 0; i < blocks.size(); i++) {
      blocks.get(i).forward(kernels, x, scratch, starts);
      observer.observe(kernels, "vision.block." + i, x);
      keep(x, i + 1, depths, kept, scratch);
    }
    if (lastNorm != null) {
      lastNorm.forward(kernels, x, x);
    }
    return x;
  }

  private void keep(Tensor x, int depth, List<Integer> depths, Tensor kept, VisionScratch scratch) {
    int width = x.columns();
    for (int i = 0; i < depths.size(); i++) {
      if (depths.get(i) == depth) {
        int[] rows = new int[x.rows()];
        Arrays.setAll(rows, r -> r);
        kernels.gatherRows(kept.columns(i * width, width), x, scratch.integers(rows));
      }
    }
  }
}
