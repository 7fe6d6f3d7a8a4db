package org.vesalius.runtime.vision;

/**
 * The sizes of a vision tower's blocks.
 *
 * @param width of the tower
 * @param innerWidth of its feed-forward networks
 * @param heads of its attention
 */
public record VisionSizes(int width, int innerWidth, int heads) {

  /** Width of a head. */
  public int headSize() {
    return width / heads;
  }

  /** Operations of one block's matrices for a patch, if its network has so many of them. */
  public double operationsPerPatch(int mlpMatrices) {
    return 2.0 * width * (4.0 * width + (double) mlpMatrices * innerWidth);
  }

  /** Operations of attention for so many pairs of patches. */
  public double operationsOfPairs(double pairs) {
    return 4.0 * width * pairs;
  }
}
