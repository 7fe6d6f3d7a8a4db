package org.vesalius.runtime.models.qwen2_5_vl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.vesalius.kernels.Activation;
import org.vesalius.runtime.vision.QwenVisionConfig;
import org.vesalius.runtime.vision.VisionSizes;

class WindowPlanTest {

  private static VisionConfig config(int windowCells) {
    return new VisionConfig(
        new QwenVisionConfig(1, new VisionSizes(8, 8, 1), Activation.SILU, 14, 2, 2, 8),
        windowCells,
        Set.of(),
        2);
  }

  /**
   * Three by five cells in windows of two by two: two full windows and a narrow one, then the same
   * one cell high.
   */
  @Test
  void windowsAtTheBorderAreSmaller() {
    WindowPlan plan = WindowPlan.of(6, 10, config(2));
    assertArrayEquals(
        new int[] {0, 1, 5, 6, 2, 3, 7, 8, 4, 9, 10, 11, 12, 13, 14}, plan.cellOrder());
    assertArrayEquals(new int[] {0, 16, 32, 40, 48, 56, 60}, plan.windowStarts());
  }

  @Test
  void aPatchKnowsItsRowAndColumn() {
    WindowPlan plan = WindowPlan.of(4, 4, config(1));
    assertArrayEquals(new int[] {0, 0, 1, 1, 0, 0, 1, 1}, Arrays.copyOf(plan.positions()[0], 8));
    assertArrayEquals(new int[] {0, 1, 0, 1, 2, 3, 2, 3}, Arrays.copyOf(plan.positions()[1], 8));
    assertArrayEquals(new int[] {8, 9, 10, 11}, Arrays.copyOfRange(plan.patchOrder(4), 8, 12));
  }

  @Test
  void everyCellIsInExactlyOneWindow() {
    for (int h = 2; h <= 26; h += 2) {
      for (int w = 2; w <= 26; w += 2) {
        WindowPlan plan = WindowPlan.of(h, w, config(4));
        int[] sorted = plan.cellOrder().clone();
        Arrays.sort(sorted);
        for (int i = 0; i < sorted.length; i++) {
          assertEquals(i, sorted[i], h + "x" + w);
        }
        assertEquals(h * w, plan.windowStarts()[plan.windowStarts().length - 1], h + "x" + w);
      }
    }
  }
}
