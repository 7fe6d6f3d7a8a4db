package org.vesalius.runtime.vision.image;

/**
 * The input of a vision tower for one picture, one crop of a picture, or one video.
 *
 * @param values (gridT·gridH·gridW, 3·temporal·patch·patch); within a row channel, then time, then
 *     y, then x. For Qwen and Seed the rows are in merge-block order: the patches of a merge block
 *     are neighbours; for towers of a fixed size in raster order
 * @param gridT temporal patches, 1 for a still picture
 * @param gridH patch rows
 * @param gridW patch columns
 * @param transform the way between pixels of the source picture and pixels that the model saw; of a
 *     video, that of each frame
 */
@SuppressWarnings("ArrayRecordComponent") // handed to a tensor as it is; never compared
public record ImagePatches(
    float[] values, int gridT, int gridH, int gridW, ImageTransform transform) {

  /** Patches in all: rows of {@code values}. */
  public int patches() {
    return gridT * gridH * gridW;
  }
}
