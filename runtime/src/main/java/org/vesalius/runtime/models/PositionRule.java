package org.vesalius.runtime.models;

import java.util.Arrays;
import java.util.List;
import org.vesalius.runtime.vision.TokenGrid;

/** Numbers the positions of a prompt for the rotary embedding. */
public interface PositionRule {

  /** How many position axes there are. */
  int axes();

  /**
   * The positions of a prompt.
   *
   * @param tokens length of the prompt, image tokens expanded
   * @param images the images in it, in order
   */
  Positions number(int tokens, List<ImageSpan> images);

  /**
   * Where the tokens of an image lie.
   *
   * @param start index of its first token
   * @param grid how they are laid out
   */
  record ImageSpan(int start, TokenGrid grid) {
    /** Index after its last token. */
    public int end() {
      return start + grid.count();
    }
  }

  /**
   * Numbered positions.
   *
   * @param axes {@code [axis][token]}
   * @param next position of the first generated token, the same on all axes
   */
  @SuppressWarnings("ArrayRecordComponent") // copied into a tensor; never compared
  record Positions(int[][] axes, int next) {}

  /** Counts every token once: position is index. */
  PositionRule SEQUENTIAL =
      new PositionRule() {
        @Override
        public int axes() {
          return 1;
        }

        @Override
        public Positions number(int tokens, List<ImageSpan> images) {
          int[] positions = new int[tokens];
          Arrays.setAll(positions, i -> i);
          return new Positions(new int[][] {positions}, tokens);
        }
      };
}
