package org.vesalius.runtime.models.qwen2_vl;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.vesalius.kernels.AttentionShape;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Rotary;
import org.vesalius.kernels.Tensor;
import org.vesalius.runtime.layers.LayerObserver;
import org.vesalius.runtime.layers.Linear;
import org.vesalius.runtime.layers.PlainMlp;
import org.vesalius.runtime.layers.WeightReader;
import org.vesalius.runtime.vision.MergedGrid;
import org.vesalius.runtime.vision.PatchEmbedding;
import org.vesalius.runtime.vision.PatchMerger;
import org.vesalius.runtime.vision.PatchTower;
import org.vesalius.runtime.vision.QwenVisionConfig;
import org.vesalius.runtime.vision.TensorPool;
import org.vesalius.runtime.vision.VisionBlock;
import org.vesalius.runtime.vision.VisionScratch;
import org.vesalius.runtime.vision.image.ImagePatches;

/** The vision tower with its patch merger ({@code Qwen2VisionTransformerPretrainedModel}). */
final class VisionTower implements PatchTower {
  /** Epsilon of every norm of the tower; not in the configuration. */
  private static final float EPSILON = 1e-6f;

  private final Kernels kernels;
  private final QwenVisionConfig config;
  private final TensorPool pool;
  private final PatchEmbedding embedding;
  private final Rotary rotary;
  private final List<VisionBlock> blocks;
  private final PatchMerger merger;

  VisionTower(WeightReader reader, Kernels kernels, QwenVisionConfig config) {
    this.kernels = kernels;
    this.config = config;
    pool = new TensorPool(kernels);
    rotary = MergedGrid.rotary(kernels, config.sizes().headSize(), MergedGrid.THETA);
    int width = config.sizes().width();
    int patch = config.patchSize();
    embedding =
        new PatchEmbedding(
            new Linear(
                reader.weight(
                    "patch_embed.proj.weight",
                    width,
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
    WeightReader merging = reader.at("merger");
    int cell = config.cellWidth();
    merger =
        new PatchMerger(
            merging.layerNorm("ln_q", width, EPSILON),
            false,
            merging.linear("mlp.0", cell, cell, true),
            merging.linear("mlp.2", config.outputWidth(), cell, true));
  }

  private VisionBlock block(WeightReader reader) {
    int width = config.sizes().width();
    int inner = config.sizes().innerWidth();
    return new VisionBlock(
        reader.layerNorm("norm1", width, EPSILON),
        List.of(reader.linear("attn.qkv", 3 * width, width, true)),
        reader.linear("attn.proj", width, width, true),
        reader.layerNorm("norm2", width, EPSILON),
        new PlainMlp(
            reader.linear("mlp.fc1", inner, width, true),
            reader.linear("mlp.fc2", width, inner, true),
            config.activation()),
        AttentionShape.full(config.sizes().heads(), config.sizes().headSize()),
        true);
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
      Tensor x = scratch.stream();
      embedding.forward(kernels, x, image, scratch);
      observer.observe("vision.embed", x);
      kernels.rotaryTable(scratch.cos(), scratch.sin(), scratch.integers(grid.positions()), rotary);
      Tensor starts = scratch.integers(grid.frameStarts());
      for (int i = 0; i < blocks.size(); i++) {
        blocks.get(i).forward(kernels, x, scratch, starts);
        observer.observe("vision.block." + i, x);
      }
      int[] inOrder = new int[grid.cells()];
      Arrays.setAll(inOrder, i -> i);
      merger.forward(kernels, out, x, scratch, scratch.integers(inOrder));
      observer.observe("image_embeds", out);
    }
  }
}
