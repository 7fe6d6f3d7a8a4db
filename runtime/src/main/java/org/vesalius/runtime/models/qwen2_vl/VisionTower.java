package org.vesalius.runtime.models.qwen2_vl;

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
import org.vesalius.runtime.vision.QwenVisionConfig;
import org.vesalius.runtime.vision.TensorPool;
import org.vesalius.runtime.vision.VisionBlock;
import org.vesalius.runtime.vision.VisionScratch;
import org.vesalius.runtime.vision.image.ImagePatches;

/** The vision tower with its patch merger ({@code Qwen2VisionTransformerPretrainedModel}). */
record VisionTower(
    Kernels kernels,
    QwenVisionConfig config,
    TensorPool pool,
    PatchTransformer transformer,
    PatchMerger merger)
    implements PatchTower {
  /** Epsilon of every norm of the tower; not in the configuration. */
  private static final float EPSILON = 1e-6f;

  static VisionTower read(WeightReader reader, Kernels kernels, QwenVisionConfig config) {
    WeightReader merging = reader.at("merger");
    int cell = config.cellWidth();
    return new VisionTower(
        kernels,
        config,
        new TensorPool(kernels),
        new PatchTransformer(
            kernels,
            PatchEmbedding.convolution(reader.at("patch_embed.proj"), config, false),
            Optional.empty(),
            MergedGrid.rotary(kernels, config.sizes().headSize(), MergedGrid.THETA),
            PatchTransformer.blocks(
                config.depth(),
                i ->
                    VisionBlock.plain(
                        reader.at("blocks", i),
                        config.sizes(),
                        EPSILON,
                        config.activation(),
                        "mlp.fc1",
                        "mlp.fc2")),
            config.sizes()),
        new PatchMerger(
            merging.layerNorm("ln_q", config.sizes().width(), EPSILON),
            false,
            merging.linear("mlp.0", cell, cell, true),
            merging.linear("mlp.2", config.outputWidth(), cell, true)));
  }

  @Override
  public int outputWidth() {
    return config.outputWidth();
  }

  @Override
  public double operations(ImagePatches image) {
    return config.operations(image.gridT(), image.patches(), 1);
  }

  @Override
  public void encode(Tensor out, ImagePatches image, LayerObserver observer) {
    MergedGrid grid = MergedGrid.of(image, config.mergeSize());
    try (VisionScratch scratch = new VisionScratch(kernels, pool, config.sizes(), grid.patches())) {
      Tensor x = transformer.forward(image, grid, scratch, observer, (_, _) -> {});
      merger.forward(kernels, out, x, scratch);
      observer.observe(kernels, "image_embeds", out);
    }
  }
}
