package org.vesalius.runtime.models.seed_vl;

import java.util.Arrays;
import java.util.Optional;
import org.vesalius.kernels.Activation;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Tensor;
import org.vesalius.loader.ConfigNode;
import org.vesalius.runtime.layers.Activations;
import org.vesalius.runtime.layers.LayerNorm;
import org.vesalius.runtime.layers.LayerObserver;
import org.vesalius.runtime.layers.Linear;
import org.vesalius.runtime.layers.WeightReader;
import org.vesalius.runtime.vision.MergedGrid;
import org.vesalius.runtime.vision.PatchEmbedding;
import org.vesalius.runtime.vision.PatchSizes;
import org.vesalius.runtime.vision.PatchTower;
import org.vesalius.runtime.vision.PatchTransformer;
import org.vesalius.runtime.vision.QwenVisionConfig;
import org.vesalius.runtime.vision.TensorPool;
import org.vesalius.runtime.vision.VisionBlock;
import org.vesalius.runtime.vision.VisionScratch;
import org.vesalius.runtime.vision.image.ImagePatches;

/**
 * Seed-ViT with its adapter: a plain vision transformer with two-dimensional rotation, the mean of
 * each cell of patches, two matrices (Seed1.5-VL report; docs/seed-vl.md says what is stated there
 * and what is assumed).
 */
record SeedTower(
    Kernels kernels,
    QwenVisionConfig config,
    TensorPool pool,
    PatchTransformer transformer,
    LayerNorm norm,
    Linear inner,
    Activation activation,
    Linear output)
    implements PatchTower {

  static SeedTower read(
      WeightReader root, Kernels kernels, ConfigNode vision, ConfigNode model, int width) {
    QwenVisionConfig config = config(vision, width);
    int towerWidth = config.sizes().width();
    float epsilon = (float) vision.doubleValue("layer_norm_eps", 1e-6);
    double theta = vision.doubleValue("rope_theta", MergedGrid.THETA);
    WeightReader tower = root.at("vision_tower");
    return new SeedTower(
        kernels,
        config,
        new TensorPool(kernels),
        new PatchTransformer(
            kernels,
            new PatchEmbedding(tower.linear("patch_embed", towerWidth, config.patchValues(), true)),
            Optional.empty(),
            MergedGrid.rotary(kernels, config.sizes().headSize(), theta),
            PatchTransformer.blocks(
                config.depth(),
                i ->
                    VisionBlock.plain(
                        tower.at("blocks", i),
                        config.sizes(),
                        epsilon,
                        config.activation(),
                        "mlp.fc1",
                        "mlp.fc2")),
            config.sizes()),
        tower.layerNorm("norm", towerWidth, epsilon),
        root.linear("adapter.fc1", width, towerWidth, true),
        Activations.read(model, "adapter_hidden_act", "gelu"),
        root.linear("adapter.fc2", width, width, true));
  }

  private static QwenVisionConfig config(ConfigNode vision, int decoderWidth) {
    int width = vision.intValue("hidden_size");
    double inner = width * vision.doubleValue("mlp_ratio", 4);
    QwenVisionConfig config =
        QwenVisionConfig.of(
            vision.withDefault("temporal_patch_size", 1),
            width,
            (int) inner,
            27,
            "gelu",
            14,
            decoderWidth);
    if (config.temporalPatchSize() != 1) {
      throw vision.error("temporal_patch_size", "1", "" + config.temporalPatchSize());
    }
    return config;
  }

  PatchSizes patches() {
    return config.patches();
  }

  @Override
  public int outputWidth() {
    return config.outputWidth();
  }

  @Override
  public double operations(ImagePatches image) {
    double cells = (double) image.patches() / config.cellPatches();
    double adapting = 2 * cells * outputWidth() * (config.sizes().width() + outputWidth());
    return config.operations(image.gridT(), image.patches(), 0) + adapting;
  }

  @Override
  public void encode(Tensor out, ImagePatches image, LayerObserver observer) {
    MergedGrid grid = MergedGrid.of(image, config.mergeSize());
    try (VisionScratch scratch = new VisionScratch(kernels, pool, config.sizes(), grid.patches())) {
      Tensor x = transformer.forward(image, grid, scratch, observer, (_, _) -> {});
      norm.forward(kernels, x, x);
      observer.observe(kernels, "vision.projector_in", x);
      Tensor pooled = scratch.borrow(grid.cells(), x.columns());
      Tensor raised = scratch.borrow(grid.cells(), out.columns());
      average(pooled, x, scratch);
      inner.forward(kernels, raised, pooled);
      kernels.activate(raised, activation);
      output.forward(kernels, out, raised);
      observer.observe(kernels, "image_embeds", out);
    }
  }

  /** The patches of a cell are neighbours. */
  private void average(Tensor out, Tensor x, VisionScratch scratch) {
    int parts = config.cellPatches();
    int[][] index = new int[parts][out.rows()];
    float[][] shares = new float[parts][out.rows()];
    for (int part = 0; part < parts; part++) {
      int first = part;
      Arrays.setAll(index[part], cell -> cell * parts + first);
      Arrays.fill(shares[part], 1f / parts);
    }
    kernels.mixRows(out, x, scratch.integers(index), scratch.numbers(shares));
  }
}
