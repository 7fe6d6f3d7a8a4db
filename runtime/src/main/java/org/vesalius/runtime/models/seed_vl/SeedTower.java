package org.vesalius.runtime.models.seed_vl;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.vesalius.kernels.Activation;
import org.vesalius.kernels.AttentionShape;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Rotary;
import org.vesalius.kernels.Tensor;
import org.vesalius.loader.ConfigNode;
import org.vesalius.runtime.layers.Activations;
import org.vesalius.runtime.layers.LayerNorm;
import org.vesalius.runtime.layers.LayerObserver;
import org.vesalius.runtime.layers.Linear;
import org.vesalius.runtime.layers.PlainMlp;
import org.vesalius.runtime.layers.WeightReader;
import org.vesalius.runtime.vision.MergedGrid;
import org.vesalius.runtime.vision.PatchEmbedding;
import org.vesalius.runtime.vision.PatchSizes;
import org.vesalius.runtime.vision.PatchTower;
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
final class SeedTower implements PatchTower {
  private final Kernels kernels;
  private final QwenVisionConfig config;
  private final TensorPool pool;
  private final PatchEmbedding embedding;
  private final Rotary rotary;
  private final List<VisionBlock> blocks;
  private final LayerNorm norm;
  private final Linear inner;
  private final Activation activation;
  private final Linear output;

  SeedTower(WeightReader root, Kernels kernels, ConfigNode vision, ConfigNode model, int width) {
    this.kernels = kernels;
    pool = new TensorPool(kernels);
    int towerWidth = vision.intValue("hidden_size");
    config =
        QwenVisionConfig.of(
            vision.withDefault("temporal_patch_size", 1),
            towerWidth,
            (int) (towerWidth * vision.doubleValue("mlp_ratio", 4)),
            27,
            "gelu",
            14,
            width);
    if (config.temporalPatchSize() != 1) {
      throw vision.error("temporal_patch_size", "1", "" + config.temporalPatchSize());
    }
    float epsilon = (float) vision.doubleValue("layer_norm_eps", 1e-6);
    rotary =
        MergedGrid.rotary(
            kernels, config.sizes().headSize(), vision.doubleValue("rope_theta", MergedGrid.THETA));
    WeightReader tower = root.at("vision_tower");
    embedding =
        new PatchEmbedding(tower.linear("patch_embed", towerWidth, config.patchValues(), true));
    List<VisionBlock> all = new ArrayList<>();
    for (int i = 0; i < config.depth(); i++) {
      all.add(block(tower.at("blocks", i), epsilon));
    }
    blocks = List.copyOf(all);
    norm = tower.layerNorm("norm", towerWidth, epsilon);
    inner = root.linear("adapter.fc1", width, towerWidth, true);
    activation = Activations.read(model, "adapter_hidden_act", "gelu");
    output = root.linear("adapter.fc2", width, width, true);
  }

  private VisionBlock block(WeightReader reader, float epsilon) {
    int width = config.sizes().width();
    int innerWidth = config.sizes().innerWidth();
    return new VisionBlock(
        reader.layerNorm("norm1", width, epsilon),
        List.of(reader.linear("attn.qkv", 3 * width, width, true)),
        reader.linear("attn.proj", width, width, true),
        reader.layerNorm("norm2", width, epsilon),
        new PlainMlp(
            reader.linear("mlp.fc1", innerWidth, width, true),
            reader.linear("mlp.fc2", width, innerWidth, true),
            config.activation()),
        AttentionShape.full(config.sizes().heads(), config.sizes().headSize()),
        true);
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
      Tensor x = scratch.stream();
      embedding.forward(kernels, x, image, scratch);
      observer.observe("vision.embed", x);
      kernels.rotaryTable(scratch.cos(), scratch.sin(), scratch.integers(grid.positions()), rotary);
      Tensor starts = scratch.integers(grid.frameStarts());
      for (int i = 0; i < blocks.size(); i++) {
        blocks.get(i).forward(kernels, x, scratch, starts);
        observer.observe("vision.block." + i, x);
      }
      norm.forward(kernels, x, x);
      observer.observe("vision.projector_in", x);
      Tensor pooled = scratch.borrow(grid.cells(), x.columns());
      Tensor raised = scratch.borrow(grid.cells(), out.columns());
      average(pooled, x, scratch);
      inner.forward(kernels, raised, pooled);
      kernels.activate(raised, activation);
      output.forward(kernels, out, raised);
      observer.observe("image_embeds", out);
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
