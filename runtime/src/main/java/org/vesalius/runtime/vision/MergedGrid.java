package org.vesalius.runtime.vision;

import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Rotary;
import org.vesalius.runtime.layers.RotaryFrequencies;
import org.vesalius.runtime.layers.WeightReader;
import org.vesalius.runtime.vision.image.ImagePatches;

/**
 * The patches of a picture in merge order: square cells of patches that are merged to one token lie
 * together, cells row by row, frames one after the other.
 *
 * @param frames temporal patches
 * @param rows of patches
 * @param columns of patches
 * @param cellSide patches of a cell's side
 */
public record MergedGrid(int frames, int rows, int columns, int cellSide) {
  /** Base of the rotation in every tower that states none. */
  public static final double THETA = 10_000;

  /** The grid of a prepared picture. */
  public static MergedGrid of(ImagePatches image, int cellSide) {
    return new MergedGrid(image.gridT(), image.gridH(), image.gridW(), cellSide);
  }

  /** Patches of a frame. */
  public int framePatches() {
    return rows * columns;
  }

  /** Patches of all frames. */
  public int patches() {
    return frames * framePatches();
  }

  /** Merged cells of all frames. */
  public int cells() {
    return patches() / (cellSide * cellSide);
  }

  /** Row and column of each patch, {@code [axis][patch]}. */
  public int[][] positions() {
    int[][] positions = new int[2][patches()];
    int cellPatches = cellSide * cellSide;
    int cellColumns = columns / cellSide;
    for (int i = 0; i < positions[0].length; i++) {
      int inFrame = i % framePatches();
      int cell = inFrame / cellPatches;
      int inCell = inFrame % cellPatches;
      positions[0][i] = cell / cellColumns * cellSide + inCell / cellSide;
      positions[1][i] = cell % cellColumns * cellSide + inCell % cellSide;
    }
    return positions;
  }

  /** First patch of each frame, and the number of patches: frames don't see each other. */
  public int[] frameStarts() {
    int[] starts = new int[frames + 1];
    for (int t = 0; t <= frames; t++) {
      starts[t] = t * framePatches();
    }
    return starts;
  }

  /**
   * The two-dimensional rotary embedding of patches: the first half of a head's pairs turns with
   * the patch's row, the other with its column.
   */
  public static Rotary rotary(Kernels kernels, int headSize, double theta) {
    float[] half = RotaryFrequencies.inverse(theta, headSize / 2);
    float[] frequencies = new float[headSize / 2];
    int[] axis = new int[headSize / 2];
    for (int i = 0; i < frequencies.length; i++) {
      frequencies[i] = half[i % half.length];
      axis[i] = i / half.length;
    }
    return new Rotary(
        WeightReader.vector(kernels, frequencies), WeightReader.vector(kernels, axis), 1);
  }
}
