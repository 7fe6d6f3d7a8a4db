package org.vesalius.runtime.models.qwen2_5_vl;

import java.util.List;
import org.vesalius.kernels.AttentionShape;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Rotary;
import org.vesalius.kernels.Tensor;
import org.vesalius.runtime.layers.GatedMlp;
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
import org.vesalius.runtime.vision.VisionSizes;
import org.vesalius.runtime.vision.image.ImagePatches;

/**
 * The vision tower with its patch merger ({@code Qwen2_5_VisionTransformerPretrainedModel}). It
 * works in the order of its windows, in which most blocks look only around themselves.
 */
record VisionTower(
    Kernels kernels,
    VisionConfig config,
    TensorPool pool,
    PatchEmbedding embedding,
    Rotary rotary,
    List<VisionBlock> blocks,
    PatchMerger merger)
    implements PatchTower {
  /** Epsilon of every norm of the tower; not in the configuration. */
  private static final float EPSILON = 1e-6f;

  private static final int MLP_MATRICES = 3;

  static VisionTower read(WeightReader reader, Kernels kernels, VisionConfig config) {
    QwenVisionConfig common = config.common();
    WeightReader merging = reader.at("merger");
    int cell = common.cellWidth();
    return new VisionTower(
        kernels,
        config,
        new TensorPool(kernels),
        PatchEmbedding.convolution(reader.at("patch_embed.proj"), common, false),
        MergedGrid.rotary(kernels, common.sizes().headSize(), MergedGrid.THETA),
        PatchTransformer.blocks(common.depth(), i -> block(reader.at("blocks", i), common)),
        new PatchMerger(
            merging.rmsNorm("ln_q", common.sizes().width(), EPSILON),
            false,
            merging.linear("mlp.0", cell, cell, true),
            merging.linear("mlp.2", common.outputWidth(), cell, true)));
  }

  private static VisionBlock block(WeightReader reader, QwenVisionConfig config) {
    VisionSizes sizes = config.sizes();
    int width = sizes.width();
    int inner = sizes.innerWidth();
    return new VisionBlock(
        reader.rmsNorm("norm1", width, EPSILON),
        List.of(reader.linear("attn.qkv", 3 * width, width, true)),
        reader.linear("attn.proj", width, width, true),
        reader.rmsNorm("norm2", width, EPSILON),
        new GatedMlp(
            reader.linear("mlp.gate_proj", inner, width, true),
            reader.linear("mlp.up_proj", inner, width, true),
            reader.linear("mlp.down_proj", width, inner, true),
            config.activation()),
        AttentionShape.full(sizes.heads(), sizes.headSize()),
        true);
  }

  @Override
  public int outputWidth() {
    return config.common().outputWidth();
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
    QwenVisionConfig common = config.common();
    double cell = common.cellWidth();
    double merging = 2 * patches / common.cellPatches() * cell * (cell + common.outputWidth());
    double embedded = 2 * patches * common.sizes().width() * common.patchValues();
    return embedded
        + patches * blocks.size() * common.sizes().operationsPerPatch(MLP_MATRICES)
        + common.sizes().operationsOfPairs(pairs)
        + merging;
  }

  private WindowPlan plan(ImagePatches image) {
    return WindowPlan.of(image.gridT(), image.gridH(), image.gridW(), config);
  }

  @Override
  public void encode(Tensor out, ImagePatches image, LayerObserver observer) {
    WindowPlan plan = plan(image);
    QwenVisionConfig common = config.common();
    try (VisionScratch scratch =
        new VisionScratch(kernels, pool, common.sizes(), image.patches())) {
      Tensor x = scratch.stream();
      embedding.forward(kernels, scratch.mixed(), image, scratch);
      kernels.gatherRows(
          x, scratch.mixed(), scratch.integers(plan.patchOrder(common.cellPatches())));
      observer.observe(kernels, "vision.embed", x);
      kernels.rotaryTable(scratch.cos(), scratch.sin(), scratch.integers(plan.positions()), rotary);
      Tensor windows = scratch.integers(plan.windowStarts());
      Tensor frames = scratch.integers(MergedGrid.of(image, common.mergeSize()).frameStarts());
      for (int i = 0; i < blocks.size(); i++) {
        Tensor starts = config.fullAttention().contains(i) ? frames : windows;
        blocks.get(i).forward(kernels, x, scratch, starts);
        observer.observe(kernels, "vision.block." + i, x);
      }
      merger.forward(kernels, out, x, scratch, scratch.integers(plan.cellOrder()));
      observer.observe(kernels, "image_embeds", out);
    }
  }
}
