package org.vesalius.runtime.vision;

/**
 * How a run of image tokens lies.
 *
 * @param frames of tokens; 1 for a picture
 * @param rows of tokens
 * @param columns of tokens
 * @param frameStep by how much the time position grows from frame to frame
 */
public record TokenGrid(int frames, int rows, int columns, int frameStep) {

  /** The tokens of a picture. */
  public TokenGrid(int rows, int columns) {
    this(1, rows, columns, 1);
  }

  /** Number of tokens. */
  public int count() {
    return frames * rows * columns;
  }
}
