package org.vesalius.runtime.vision.image;

/**
 * The input of a Qwen vision tower for one picture.
 *
 * @param values (gridT·gridH·gridW, 3·temporal·patch·patch), rows in merge-block order: the patches
 *     of a merge block are neighbours; within a row channel, then time, then y, then x
 * @param gridT temporal patches
 * @param gridH patch rows
 * @param gridW patch columns
 * @param sourceWidth columns of the upright picture
 * @param sourceHeight rows of the upright picture
 * @param resizedWidth columns after the resize
 * @param resizedHeight rows after the resize
 */
@SuppressWarnings("ArrayRecordComponent") // handed to a tensor as it is; never compared
public record ImagePatches(
    float[] values,
    int gridT,
    int gridH,
    int gridW,
    int sourceWidth,
    int sourceHeight,
    int resizedWidth,
    int resizedHeight) {

  /** Patches in all: rows of {@code values}. */
  public int patches() {
    return gridT * gridH * gridW;
  }
}
