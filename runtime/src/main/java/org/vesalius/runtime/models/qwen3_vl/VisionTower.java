package org.vesalius.runtime.models.qwen3_vl;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Tensor;
import org.vesalius.runtime.layers.LayerObserver;
import org.vesalius.runtime.layers.WeightReader;
import org.vesalius.runtime.vision.MergedGrid;
import org.vesalius.runtime.vision.PatchEmbedding;
import org.vesalius.runtime.vision.PatchMerger;
import org.vesalius.runtime.vision.PatchTower;
import org.vesalius.runtime.vision.PatchTransformer;
import org.vesalius.runtime.vision.PositionTable;
import org.vesalius.runtime.vision.QwenVisionConfig;
import org.vesalius.runtime.vision.TensorPool;
import org.vesalius.runtime.vision.VisionBlock;
import org.vesalius.runtime.vision.VisionScratch;
import org.vesalius.runtime.vision.image.ImagePatches;

/**
 * The vision tower with its mergers ({@code Qwen3VLVisionModel}). Patches have a learned position,
 * interpolated, and a rotary one; the mergers of some middle layers give features to the decoder's
 * first layers (DeepStack).
 */
record VisionTower(
    Kernels kernels,
    Qwen3VisionConfig config,
    TensorPool pool,
    PatchTransformer transformer,
    PatchMerger merger,
    List<PatchMerger> deepMergers)
    implements PatchTower {
  /** Epsilon of every norm of the tower; not in the configuration. */
  private static final float EPSILON = 1e-6f;

  static VisionTower read(WeightReader reader, Kernels kernels, Qwen3VisionConfig config) {
    QwenVisionConfig common = config.common();
    int side = config.tableSide();
    List<PatchMerger> deep = new ArrayList<>();
    for (int i = 0; i < config.deepLayers().size(); i++) {
      deep.add(merger(reader.at("deepstack_merger_list", i), common, true));
    }
    return new VisionTower(
        kernels,
        config,
        new TensorPool(kernels),
        new PatchTransformer(
            kernels,
            PatchEmbedding.convolution(reader.at("patch_embed.proj"), common, true),
            Optional.of(
                new PositionTable(
                    reader.matrix("pos_embed.weight", side * side, common.sizes().width()), side)),
            MergedGrid.rotary(kernels, common.sizes().headSize(), MergedGrid.THETA),
            PatchTransformer.blocks(
                common.depth(),
                i ->
                    VisionBlock.plain(
                        reader.at("blocks", i),
                        common.sizes(),
                        EPSILON,
                        common.activation(),
                        "mlp.linear_fc1",
                        "mlp.linear_fc2")),
            common.sizes()),
        merger(reader.at("merger"), common, false),
        List.copyOf(deep));
  }

  private static PatchMerger merger(
      WeightReader reader, QwenVisionConfig config, boolean normalisesCells) {
    int cell = config.cellWidth();
    return new PatchMerger(
        reader.layerNorm("norm", normalisesCells ? cell : config.sizes().width(), EPSILON),
        normalisesCells,
        reader.linear("linear_fc1", cell, cell, true),
        reader.linear("linear_fc2", config.outputWidth(), cell, true));
  }

  @Override
  public int outputWidth() {
    return config.common().outputWidth() * (1 + deepMergers.size());
  }

  @Override
  public double operations(ImagePatches image) {
    return config.common().operations(image.gridT(), image.patches(), 1 + deepMergers.size());
  }

  @Override
  public void encode(Tensor out, ImagePatches image, LayerObserver observer) {
    QwenVisionConfig common = config.common();
    MergedGrid grid = MergedGrid.of(image, common.mergeSize());
    int width = common.outputWidth();
    try (VisionScratch scratch = new VisionScratch(kernels, pool, common.sizes(), grid.patches())) {
      Tensor last =
          transformer.forward(
              image,
              grid,
              scratch,
              observer,
              (block, x) -> {
                int level = config.deepLayers().indexOf(block);
                if (level >= 0) {
                  Tensor features = out.columns((level + 1) * width, width);
                  deepMergers.get(level).forward(kernels, features, x, scratch);
                  observer.observe(kernels, "deepstack." + level, features);
                }
              });
      Tensor embeddings = out.columns(0, width);
      merger.forward(kernels, embeddings, last, scratch);
      observer.observe(kernels, "image_embeds", embeddings);
    }
  }
}
