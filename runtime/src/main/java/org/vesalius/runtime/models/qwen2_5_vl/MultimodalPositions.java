package org.vesalius.runtime.models.qwen2_5_vl;

import java.util.List;
import org.vesalius.runtime.models.PositionRule;

/**
 * The position rule of Qwen2-VL and Qwen2.5-VL for still images ({@code get_rope_index}): text
 * counts up on all three axes (time, height, width); an image's tokens share the time of its start
 * and count rows and columns from there; what follows an image starts after the largest position
 * used so far. So positions fall behind token counts, also for generated tokens.
 */
final class MultimodalPositions implements PositionRule {

  @Override
  public int axes() {
    return 3;
  }

  @Override
  public Positions number(int tokens, List<ImageSpan> images) {
    int[][] axes = new int[3][tokens];
    int next = 0;
    int token = 0;
    for (ImageSpan image : images) {
      next = text(axes, token, image.start(), next);
      for (int i = image.start(); i < image.end(); i++) {
        axes[0][i] = next;
        axes[1][i] = next + (i - image.start()) / image.columns();
        axes[2][i] = next + (i - image.start()) % image.columns();
      }
      next += Math.max(image.rows(), image.columns());
      token = image.end();
    }
    next = text(axes, token, tokens, next);
    return new Positions(axes, next);
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
