package org.vesalius.runtime.models.qwen3_vl;

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
final class VisionTower implements PatchTower {
  /** Epsilon of every norm of the tower; not in the configuration. */
  private static final float EPSILON = 1e-6f;

  private final Kernels kernels;
  private final Qwen3VisionConfig config;
  private final QwenVisionConfig common;
  private final TensorPool pool;
  private final PatchEmbedding embedding;
  private final PositionTable table;
  private final Rotary rotary;
  private final List<VisionBlock> blocks;
  private final PatchMerger merger;
  private final List<PatchMerger> deepMergers;

  VisionTower(WeightReader reader, Kernels kernels, Qwen3VisionConfig config) {
    this.kernels = kernels;
    this.config = config;
    common = config.common();
    pool = new TensorPool(kernels);
    rotary = MergedGrid.rotary(kernels, common.sizes().headSize(), MergedGrid.THETA);
    int width = common.sizes().width();
    int patch = common.patchSize();
    embedding =
        new PatchEmbedding(
            new Linear(
                reader.weight(
                    "patch_embed.proj.weight",
                    width,
                    common.patchValues(),
                    3,
                    common.temporalPatchSize(),
                    patch,
                    patch),
                reader.vector("patch_embed.proj.bias", width)));
    int side = config.tableSide();
    table = new PositionTable(reader.matrix("pos_embed.weight", side * side, width), side);
    List<VisionBlock> all = new ArrayList<>();
    for (int i = 0; i < common.depth(); i++) {
      all.add(block(reader.at("blocks", i)));
    }
    blocks = List.copyOf(all);
    merger = merger(reader.at("merger"), false);
    List<PatchMerger> deep = new ArrayList<>();
    for (int i = 0; i < config.deepLayers().size(); i++) {
      deep.add(merger(reader.at("deepstack_merger_list", i), true));
    }
    deepMergers = List.copyOf(deep);
  }

  private VisionBlock block(WeightReader reader) {
    int width = common.sizes().width();
    int inner = common.sizes().innerWidth();
    return new VisionBlock(
        reader.layerNorm("norm1", width, EPSILON),
        List.of(reader.linear("attn.qkv", 3 * width, width, true)),
        reader.linear("attn.proj", width, width, true),
        reader.layerNorm("norm2", width, EPSILON),
        new PlainMlp(
            reader.linear("mlp.linear_fc1", inner, width, true),
            reader.linear("mlp.linear_fc2", width, inner, true),
            common.activation()),
        AttentionShape.full(common.sizes().heads(), common.sizes().headSize()),
        true);
  }

  private PatchMerger merger(WeightReader reader, boolean normalisesCells) {
    int cell = common.cellWidth();
    int normed = normalisesCells ? cell : common.sizes().width();
    return new PatchMerger(
        reader.layerNorm("norm", normed, EPSILON),
        normalisesCells,
        reader.linear("linear_fc1", cell, cell, true),
        reader.linear("linear_fc2", common.outputWidth(), cell, true));
  }

  @Override
  public int outputWidth() {
    return common.outputWidth() * (1 + deepMergers.size());
  }

  @Override
  public double operations(ImagePatches image) {
    return common.operations(image.gridT(), image.patches(), 1 + deepMergers.size());
  }

  @Override
  public void encode(Tensor out, ImagePatches image, LayerObserver observer) {
    MergedGrid grid = MergedGrid.of(image, common.mergeSize());
    int width = common.outputWidth();
    try (VisionScratch scratch = new VisionScratch(kernels, pool, common.sizes(), grid.patches())) {
      Tensor x = scratch.stream();
      embedding.forward(kernels, x, image, scratch);
      table.forward(kernels, scratch.mixed(), grid, scratch);
      kernels.add(x, scratch.mixed());
      observer.observe("vision.embed", x);
      kernels.rotaryTable(scratch.cos(), scratch.sin(), scratch.integers(grid.positions()), rotary);
      Tensor starts = scratch.integers(grid.frameStarts());
      int[] inOrder = new int[grid.cells()];
      Arrays.setAll(inOrder, i -> i);
      Tensor cellOrder = scratch.integers(inOrder);
      for (int i = 0; i < blocks.size(); i++) {
        blocks.get(i).forward(kernels, x, scratch, starts);
        observer.observe("vision.block." + i, x);
        int level = config.deepLayers().indexOf(i);
        if (level >= 0) {
          Tensor features = out.columns((level + 1) * width, width);
          deepMergers.get(level).forward(kernels, features, x, scratch, cellOrder);
          observer.observe("deepstack." + level, features);
        }
      }
      merger.forward(kernels, out.columns(0, width), x, scratch, cellOrder);
      observer.observe("image_embeds", out.columns(0, width));
    }
  }
}
