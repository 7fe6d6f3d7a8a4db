package org.vesalius.runtime.models;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.vesalius.runtime.models.PositionRule.ImageSpan;
import org.vesalius.runtime.models.PositionRule.Positions;
import org.vesalius.runtime.vision.TokenGrid;

class MultimodalPositionsTest {

  @Test
  void textAloneCountsUp() {
    Positions positions = new MultimodalPositions().number(3, List.of());
    for (int[] axis : positions.axes()) {
      assertArrayEquals(new int[] {0, 1, 2}, axis);
    }
    assertEquals(3, positions.next());
  }

  /**
   * One text token, an image of two by three, one text token, an image of one by one at the end.
   */
  @Test
  void textGoesOnAfterTheLargestPositionOfAnImage() {
    Positions positions =
        new MultimodalPositions()
            .number(
                9,
                List.of(
                    new ImageSpan(1, new TokenGrid(2, 3)), new ImageSpan(8, new TokenGrid(1, 1))));
    assertArrayEquals(new int[] {0, 1, 1, 1, 1, 1, 1, 4, 5}, positions.axes()[0]);
    assertArrayEquals(new int[] {0, 1, 1, 1, 2, 2, 2, 4, 5}, positions.axes()[1]);
    assertArrayEquals(new int[] {0, 1, 2, 3, 1, 2, 3, 4, 5}, positions.axes()[2]);
    assertEquals(6, positions.next());
  }
}
