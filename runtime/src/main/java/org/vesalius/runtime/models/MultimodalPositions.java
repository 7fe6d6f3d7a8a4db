package org.vesalius.runtime.models;

import java.util.List;

/**
 * The position rule of the Qwen vision models ({@code get_rope_index}): text counts up on all three
 * axes (time, height, width); the tokens of an image start at the same position and count frames,
 * rows and columns from there; text after it goes on after its rows and columns, whatever its
 * frames took. Generated tokens start after the largest position of the whole prompt. So positions
 * fall behind token counts.
 */
public final class MultimodalPositions implements PositionRule {

  @Override
  public int axes() {
    return 3;
  }

  @Override
  public Positions number(int tokens, List<ImageSpan> images) {
    int[][] axes = new int[3][tokens];
    int next = 0;
    int token = 0;
    int largest = 0;
    for (ImageSpan image : images) {
      next = text(axes, token, image.start(), next);
      int rows = image.grid().rows();
      int columns = image.grid().columns();
      for (int i = image.start(); i < image.end(); i++) {
        int index = i - image.start();
        axes[0][i] = next + index / (rows * columns) * image.grid().frameStep();
        axes[1][i] = next + index / columns % rows;
        axes[2][i] = next + index % columns;
      }
      largest = Math.max(largest, next + (image.grid().frames() - 1) * image.grid().frameStep());
      next += Math.max(rows, columns);
      token = image.end();
    }
    next = text(axes, token, tokens, next);
    return new Positions(axes, Math.max(next, largest + 1));
  }

  private static int text(int[][] axes, int from, int to, int next) {
    for (int i = from; i < to; i++) {
      for (int[] axis : axes) {
        axis[i] = next;
      }
      next++;
    }
    return next;
  }
}
