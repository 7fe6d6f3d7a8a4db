package org.vesalius.runtime.models.llava;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Tensor;
import org.vesalius.loader.ConfigNode;
import org.vesalius.runtime.layers.Activations;
import org.vesalius.runtime.layers.Decoder;
import org.vesalius.runtime.layers.DecoderReader;
import org.vesalius.runtime.layers.WeightReader;
import org.vesalius.runtime.vision.FixedResolutionTower;
import org.vesalius.runtime.vision.TensorPool;

/** Reads the parts of a LLaVA model from wherever the layouts that exist keep their tensors. */
public final class LlavaParts {
  private final WeightReader root;
  private final Kernels kernels;

  /** The parts of a checkpoint. */
  public LlavaParts(WeightReader root, Kernels kernels) {
    this.root = root;
    this.kernels = kernels;
  }

  /** Where the decoder is. */
  public WeightReader text() {
    return root.atFirstWith(
        "embed_tokens.weight", List.of("language_model.model", "model.language_model", "model"));
  }

  /** Where the decoder's head is. */
  public WeightReader head() {
    return root.has("language_model.lm_head.weight") ? root.at("language_model") : root;
  }

  /** Whether the tower is in the checkpoint. */
  public boolean hasTower() {
    return TOWERS.stream().anyMatch(name -> root.at(name).has(TOWER_PROBE));
  }

  private static final String TOWER_PROBE = "embeddings.patch_embedding.weight";
  private static final List<String> TOWERS =
      List.of(
          "vision_tower.vision_model",
          "vision_tower",
          "model.vision_tower.vision_model",
          "model.vision_tower",
          "model.vision_tower.vision_tower.vision_model",
          "model.vision_tower.vision_tower");

  /**
   * After how many blocks features are taken; negative numbers count from the end of the list of
   * all hidden states, of which there is one more than blocks.
   */
  public static List<Integer> depths(ConfigNode root, String key, int blocks) {
    int[] layers = root.has(key) ? root.intOrInts(key) : new int[] {-2};
    List<Integer> depths = new ArrayList<>();
    for (int layer : layers) {
      int depth = layer < 0 ? blocks + 1 + layer : layer;
      if (depth < 0 || depth > blocks) {
        throw root.error(key, "a layer of a tower of " + blocks + " blocks", "" + layer);
      }
      depths.add(depth);
    }
    if (depths.isEmpty()) {
      throw root.error(key, "at least one layer", "none");
    }
    return List.copyOf(depths);
  }

  /** Reads tower and projector. */
  public LlavaProjector projector(
      FixedResolutionTower.Config tower,
      List<Integer> depths,
      boolean dropsClassToken,
      int decoderWidth,
      ConfigNode config) {
    boolean original = root.has("model.mm_projector.0.weight");
    WeightReader at =
        original
            ? root.at("model.mm_projector")
            : root.atFirstWith(
                "linear_1.weight", List.of("multi_modal_projector", "model.multi_modal_projector"));
    boolean bias = config.booleanValue("multimodal_projector_bias", true);
    int featureWidth = depths.size() * tower.sizes().width();
    return new LlavaProjector(
        kernels,
        new FixedResolutionTower(
            root.atFirstWith(TOWER_PROBE, TOWERS), kernels, tower, Collections.max(depths), false),
        new TensorPool(kernels),
        depths,
        dropsClassToken,
        at.linear(original ? "0" : "linear_1", decoderWidth, featureWidth, bias),
        Activations.read(config, "projector_hidden_act", "gelu"),
        at.linear(original ? "2" : "linear_2", decoderWidth, decoderWidth, bias));
  }

  /** The embedding that ends a row of tiles. */
  public Tensor newline(int decoderWidth) {
    return root.atFirstWith("image_newline", List.of("", "model"))
        .vector("image_newline", decoderWidth);
  }

  /** Refuses tensors that neither the model nor the rest of the tower explains. */
  public void requireAllRead(Decoder decoder, LlavaProjector projector) {
    int depth = Collections.max(projector.depths());
    root.requireAllRead(name ->
        DecoderReader.isDerived(name)
            || FixedResolutionTower.isUnused(name, projector.tower().config(), depth));
  }
}
