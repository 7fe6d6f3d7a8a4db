package org.vesalius.runtime.models.qwen2_5_vl;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Rotary;
import org.vesalius.kernels.Tensor;
import org.vesalius.runtime.layers.LayerObserver;
import org.vesalius.runtime.layers.Linear;
import org.vesalius.runtime.layers.RotaryFrequencies;
import org.vesalius.runtime.layers.WeightReader;
import org.vesalius.runtime.vision.ImageEncoder;
import org.vesalius.runtime.vision.TensorPool;
import org.vesalius.runtime.vision.image.Grid;
import org.vesalius.runtime.vision.image.ImagePatches;
import org.vesalius.runtime.vision.image.QwenImageProcessor;
import org.vesalius.runtime.vision.image.RasterImage;

/** The vision tower with its patch merger ({@code Qwen2_5_VisionTransformerPretrainedModel}). */
final class VisionTower implements ImageEncoder {
  /** Epsilon of every norm of the tower; not in the configuration. */
  static final float EPSILON = 1e-6f;

  private static final double THETA = 10_000;

  private final Kernels kernels;
  private final VisionConfig config;
  private final QwenImageProcessor processor;
  private final TensorPool pool;
  private final Linear patchEmbedding;
  private final Rotary rotary;
  private final List<VisionBlock> blocks;
  private final PatchMerger merger;

  private VisionTower(
      Kernels kernels,
      VisionConfig config,
      QwenImageProcessor processor,
      TensorPool pool,
      Linear patchEmbedding,
      Rotary rotary,
      List<VisionBlock> blocks,
      PatchMerger merger) {
    this.kernels = kernels;
    this.config = config;
    this.processor = processor;
    this.pool = pool;
    this.patchEmbedding = patchEmbedding;
    this.rotary = rotary;
    this.blocks = blocks;
    this.merger = merger;
  }

  static VisionTower read(
      WeightReader reader,
      Kernels kernels,
      VisionConfig config,
      QwenImageProcessor processor,
      TensorPool pool) {
    int patch = config.patchSize();
    Linear embedding =
        new Linear(
            reader.weight(
                "patch_embed.proj.weight",
                config.width(),
                config.patchValues(),
                3,
                config.temporalPatchSize(),
                patch,
                patch),
            null);
    List<VisionBlock> blocks = new ArrayList<>();
    for (int i = 0; i < config.depth(); i++) {
      blocks.add(VisionBlock.read(reader.at("blocks", i), config));
    }
    return new VisionTower(
        kernels,
        config,
        processor,
        pool,
        embedding,
        rotary(kernels, config.headSize()),
        List.copyOf(blocks),
        PatchMerger.read(reader.at("merger"), config));
  }

  /**
   * A quarter of a head's elements turns with the patch's row, the next with its column, and so
   * again.
   */
  private static Rotary rotary(Kernels kernels, int headSize) {
    float[] half = RotaryFrequencies.inverse(THETA, headSize / 2);
    float[] frequencies = new float[headSize / 2];
    int[] axis = new int[headSize / 2];
    for (int i = 0; i < frequencies.length; i++) {
      frequencies[i] = half[i % half.length];
      axis[i] = i / half.length;
    }
    return new Rotary(
        WeightReader.vector(kernels, frequencies), WeightReader.vector(kernels, axis), 1);
  }

  @Override
  public ImagePatches prepare(RasterImage image) {
    return processor.process(image);
  }

  @Override
  public Grid grid(int width, int height) {
    return processor.grid(width, height);
  }

  @Override
  public TokenGrid tokens(ImagePatches image) {
    return new TokenGrid(image.gridH() / config.mergeSize(), image.gridW() / config.mergeSize());
  }

  @Override
  public double operations(ImagePatches image) {
    double patches = image.patches();
    double width = config.width();
    double inner = config.innerWidth();
    int[] starts = WindowPlan.of(image.gridH(), image.gridW(), config).windowStarts();
    double windowPairs = 0;
    for (int i = 1; i < starts.length; i++) {
      windowPairs += Math.pow(starts[i] - starts[i - 1], 2);
    }
    double pairs = 0;
    for (int i = 0; i < blocks.size(); i++) {
      pairs += config.fullAttention().contains(i) ? patches * patches : windowPairs;
    }
    double cell = width * config.cellPatches();
    double merging = patches / config.cellPatches() * cell * (cell + config.outputWidth());
    double matrices = width * (config.patchValues() + blocks.size() * (4 * width + 3 * inner));
    return 2 * (patches * matrices + merging) + 4 * width * pairs;
  }

  @Override
  public void encode(Tensor out, ImagePatches image, LayerObserver observer) {
    int patches = image.patches();
    WindowPlan plan = WindowPlan.of(image.gridH(), image.gridW(), config);
    try (VisionScratch scratch = new VisionScratch(pool, config, patches)) {
      Tensor x = scratch.stream();
      embed(x, image, plan, scratch);
      observer.observe("vision.embed", x);
      Tensor positions = scratch.borrow(ElementType.I32, 2, patches);
      for (int axis = 0; axis < 2; axis++) {
        kernels.write(positions.rows(axis, 1), plan.positions()[axis]);
      }
      kernels.rotaryTable(scratch.cos(), scratch.sin(), positions, rotary);
      Tensor windows = vector(scratch, plan.windowStarts());
      Tensor whole = vector(scratch, new int[] {0, patches});
      for (int i = 0; i < blocks.size(); i++) {
        blocks
            .get(i)
            .forward(kernels, x, scratch, config.fullAttention().contains(i) ? whole : windows);
        observer.observe("vision.block." + i, x);
      }
      merger.forward(kernels, out, x, scratch, vector(scratch, plan.cellOrder()));
      observer.observe("image_embeds", out);
    }
  }

  /** Embeds the patches and puts them in window order. */
  private void embed(Tensor x, ImagePatches image, WindowPlan plan, VisionScratch scratch) {
    Tensor raster = scratch.mixed();
    int values = config.patchValues();
    Tensor pixels = scratch.borrow(Math.min(VisionScratch.SLICE, x.rows()), values);
    scratch.slices(
        x.rows(),
        (from, count) -> {
          Tensor slice = pixels.firstRows(count);
          kernels.write(
              slice, Arrays.copyOfRange(image.values(), from * values, (from + count) * values));
          patchEmbedding.forward(kernels, raster.rows(from, count), slice);
        });
    kernels.gatherRows(x, raster, vector(scratch, plan.patchOrder(config.cellPatches())));
  }

  private Tensor vector(VisionScratch scratch, int[] values) {
    Tensor tensor = scratch.borrow(ElementType.I32, 1, values.length);
    kernels.write(tensor, values);
    return tensor;
  }
}
