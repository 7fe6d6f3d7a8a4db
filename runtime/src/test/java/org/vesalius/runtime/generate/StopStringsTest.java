package org.vesalius.runtime.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StopStringsTest {

  @Test
  void aStopStringAcrossPiecesEndsTheTextBeforeIt() {
    StopStrings stops = new StopStrings(List.of("\nUser:"));
    assertEquals("Yes", stops.append("Yes\nUs"));
    assertEquals("", stops.append("er"));
    assertFalse(stops.stopped());
    assertEquals("", stops.append(": and more"));
    assertTrue(stops.stopped());
    assertEquals("", stops.append("ignored"));
    assertEquals("", stops.finish());
  }

  @Test
  void textThatOnlyBeganLikeAStopStringComesOut() {
    StopStrings stops = new StopStrings(List.of("###"));
    assertEquals("a", stops.append("a##"));
    assertEquals("##b", stops.append("b"));
    assertEquals("", stops.append("#"));
    assertEquals("#", stops.finish());
  }

  @Test
  void theEarliestOfSeveralWins() {
    StopStrings stops = new StopStrings(List.of("zz", "b"));
    assertEquals("a", stops.append("abzz"));
    assertTrue(stops.stopped());
  }

  /**
   * However the text is cut into pieces, what comes out is the text before the first stop string.
   */
  @Test
  void piecesDoNotMatter() {
    for (long seed = 0; seed < 2_000; seed++) {
      Random random = new Random(seed);
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < 30; i++) {
        text.append((char) ('a' + random.nextInt(3)));
      }
      List<String> stops = List.of("abca", "ccc", "bb");
      int first = text.length();
      for (String stop : stops) {
        int at = text.indexOf(stop);
        first = at >= 0 ? Math.min(first, at) : first;
      }
      StopStrings filter = new StopStrings(stops);
      StringBuilder out = new StringBuilder();
      for (int i = 0; i < text.length(); ) {
        int end = Math.min(text.length(), i + 1 + random.nextInt(4));
        out.append(filter.append(text.substring(i, end)));
        i = end;
      }
      out.append(filter.finish());
      assertEquals(text.substring(0, first), out.toString(), "seed " + seed);
    }
  }
}
