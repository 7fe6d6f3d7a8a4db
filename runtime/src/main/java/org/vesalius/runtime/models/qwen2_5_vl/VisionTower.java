package org.vesalius.runtime.models.qwen2_5_vl;

import java.util.ArrayList;
import java.util.List;
import org.vesalius.kernels.Activation;
import org.vesalius.kernels.AttentionShape;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Rotary;
import org.vesalius.kernels.Tensor;
import org.vesalius.runtime.layers.GatedMlp;
import org.vesalius.runtime.layers.LayerObserver;
import org.vesalius.runtime.layers.Linear;
import org.vesalius.runtime.layers.WeightReader;
import org.vesalius.runtime.vision.MergedGrid;
import org.vesalius.runtime.vision.PatchEmbedding;
import org.vesalius.runtime.vision.PatchMerger;
import org.vesalius.runtime.vision.PatchTower;
import org.vesalius.runtime.vision.TensorPool;
import org.vesalius.runtime.vision.VisionBlock;
import org.vesalius.runtime.vision.VisionScratch;
import org.vesalius.runtime.vision.image.ImagePatches;

/** The vision tower with its patch merger ({@code Qwen2_5_VisionTransformerPretrainedModel}). */
final class VisionTower implements PatchTower {
  /** Epsilon of every norm of the tower; not in the configuration. */
  private static final float EPSILON = 1e-6f;

  private static final int MLP_MATRICES = 3;

  private final Kernels kernels;
  private final VisionConfig config;
  private final TensorPool pool;
  private final PatchEmbedding embedding;
  private final Rotary rotary;
  private final List<VisionBlock> blocks;
  private final PatchMerger merger;

  VisionTower(WeightReader reader, Kernels kernels, VisionConfig config) {
    this.kernels = kernels;
    this.config = config;
    pool = new TensorPool(kernels);
    rotary = MergedGrid.rotary(kernels, config.sizes().headSize(), MergedGrid.THETA);
    int patch = config.patchSize();
    embedding =
        new PatchEmbedding(
            new Linear(
                reader.weight(
                    "patch_embed.proj.weight",
                    config.width(),
                    config.patchValues(),
                    3,
                    config.temporalPatchSize(),
                    patch,
                    patch),
                null));
    List<VisionBlock> all = new ArrayList<>();
    for (int i = 0; i < config.depth(); i++) {
      all.add(block(reader.at("blocks", i)));
    }
    blocks = List.copyOf(all);
    merger = merger(reader.at("merger"));
  }

  private VisionBlock block(WeightReader reader) {
    int width = config.width();
    int inner = config.innerWidth();
    WeightReader attention = reader.at("attn");
    WeightReader mlp = reader.at("mlp");
    return new VisionBlock(
        reader.rmsNorm("norm1", width, EPSILON),
        List.of(attention.linear("qkv", 3 * width, width, true)),
        attention.linear("proj", width, width, true),
        reader.rmsNorm("norm2", width, EPSILON),
        new GatedMlp(
            mlp.linear("gate_proj", inner, width, true),
            mlp.linear("up_proj", inner, width, true),
            mlp.linear("down_proj", width, inner, true),
            Activation.SILU),
        AttentionShape.full(config.heads(), config.sizes().headSize()),
        true);
  }

  private PatchMerger merger(WeightReader reader) {
    int cell = config.width() * config.cellPatches();
    WeightReader mlp = reader.at("mlp");
    return new PatchMerger(
        reader.rmsNorm("ln_q", config.width(), EPSILON),
        false,
        mlp.linear("0", cell, cell, true),
        mlp.linear("2", config.outputWidth(), cell, true));
  }

  @Override
  public int outputWidth() {
    return config.outputWidth();
  }

  @Override
  public double operations(ImagePatches image) {
    double patches = image.patches();
    int[] starts = plan(image).windowStarts();
    double windowPairs = 0;
    for (int i = 1; i < starts.length; i++) {
      windowPairs += Math.pow(starts[i] - starts[i - 1], 2);
    }
    double pairs = 0;
    for (int i = 0; i < blocks.size(); i++) {
      pairs += config.fullAttention().contains(i) ? patches * patches / image.gridT() : windowPairs;
    }
    double cell = (double) config.width() * config.cellPatches();
    double merging = 2 * patches / config.cellPatches() * cell * (cell + config.outputWidth());
    double embedding = 2 * patches * config.width() * config.patchValues();
    return embedding
        + patches * blocks.size() * config.sizes().operationsPerPatch(MLP_MATRICES)
        + config.sizes().operationsOfPairs(pairs)
        + merging;
  }

  private WindowPlan plan(ImagePatches image) {
    return WindowPlan.of(image.gridT(), image.gridH(), image.gridW(), config);
  }

  @Override
  public void encode(Tensor out, ImagePatches image, LayerObserver observer) {
    WindowPlan plan = plan(image);
    try (VisionScratch scratch =
        new VisionScratch(kernels, pool, config.sizes(), image.patches())) {
      Tensor x = scratch.stream();
      embedding.forward(kernels, scratch.mixed(), image, scratch);
      kernels.gatherRows(
          x, scratch.mixed(), scratch.integers(plan.patchOrder(config.cellPatches())));
      observer.observe("vision.embed", x);
      kernels.rotaryTable(scratch.cos(), scratch.sin(), scratch.integers(plan.positions()), rotary);
      Tensor windows = scratch.integers(plan.windowStarts());
      Tensor frames = scratch.integers(MergedGrid.of(image, config.mergeSize()).frameStarts());
      for (int i = 0; i < blocks.size(); i++) {
        Tensor starts = config.fullAttention().contains(i) ? frames : windows;
        blocks.get(i).forward(kernels, x, scratch, starts);
        observer.observe("vision.block." + i, x);
      }
      merger.forward(kernels, out, x, scratch, scratch.integers(plan.cellOrder()));
      observer.observe("image_embeds", out);
    }
  }
}
