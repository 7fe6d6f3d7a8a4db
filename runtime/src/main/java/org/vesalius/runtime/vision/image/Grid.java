package org.vesalius.runtime.vision.image;

/**
 * How many patches a picture gives, before merging.
 *
 * @param t temporal patches, 1 for a still picture
 * @param h patch rows
 * @param w patch columns
 * @param resizedWidth pixels across after the resize
 * @param resizedHeight pixels down after the resize
 */
public record Grid(int t, int h, int w, int resizedWidth, int resizedHeight) {

  /** Patches in all. */
  public int patches() {
    return t * h * w;
  }

  /** Visual tokens once blocks of {@code mergeSize} by {@code mergeSize} patches are merged. */
  public int tokens(int mergeSize) {
    return t * (h / mergeSize) * (w / mergeSize);
  }
}
