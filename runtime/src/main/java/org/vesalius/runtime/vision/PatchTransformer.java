package org.vesalius.runtime.vision;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Rotary;
import org.vesalius.kernels.Tensor;
import org.vesalius.runtime.layers.LayerObserver;
import org.vesalius.runtime.vision.image.ImagePatches;

/**
 * A vision transformer for pictures of any size: embedded patches, a learned position where there
 * is one, and blocks in which all patches of a frame see each other, rotated by row and column.
 *
 * @param table learned positions, interpolated to the picture's grid
 * @param rotary rotation by row and column
 * @param sizes of the blocks
 */
public record PatchTransformer(
    Kernels kernels,
    PatchEmbedding embedding,
    Optional<PositionTable> table,
    Rotary rotary,
    List<VisionBlock> blocks,
    VisionSizes sizes) {

  /** Reads one of the blocks. */
  @FunctionalInterface
  public interface BlockReader {
    /** Reads block {@code index}. */
    VisionBlock read(int index);
  }

  /** What is done with the stream behind a block. */
  @FunctionalInterface
  public interface BlockListener {
    /** Called after block {@code index}. */
    void after(int index, Tensor x);
  }

  /** Reads {@code depth} blocks. */
  public static List<VisionBlock> blocks(int depth, BlockReader reader) {
    List<VisionBlock> blocks = new ArrayList<>();
    for (int i = 0; i < depth; i++) {
      blocks.add(reader.read(i));
    }
    return List.copyOf(blocks);
  }

  /**
   * Computes the features of a picture, {@code (patches, width)} in merge order, in the scratch's
   * stream.
   */
  public Tensor forward(
      ImagePatches image,
      MergedGrid grid,
      VisionScratch scratch,
      LayerObserver observer,
      BlockListener listener) {
    Tensor x = scratch.stream();
    embedding.forward(kernels, x, image, scratch);
    if (table.isPresent()) {
      table.get().forward(kernels, scratch.mixed(), grid, scratch);
      kernels.add(x, scratch.mixed());
    }
    observer.observe(kernels, "vision.embed", x);
    kernels.rotaryTable(scratch.cos(), scratch.sin(), scratch.integers(grid.positions()), rotary);
    Tensor starts = scratch.integers(grid.frameStarts());
    for (int i = 0; i < blocks.size(); i++) {
      blocks.get(i).forward(kernels, x, scratch, starts);
      observer.observe(kernels, "vision.block." + i, x);
      listener.after(i, x);
    }
    return x;
  }
}
