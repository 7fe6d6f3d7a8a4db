package org.vesalius.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class BoxesTest {

  @Test
  void readsBoxes() {
    assertEquals(
        List.of(new Boxes.Box(1, 2, 3, 4, "a"), new Boxes.Box(5, 6, 7, 8, "")),
        Boxes.parse(
            "[{\"bbox_2d\": [1, 2, 3, 4], \"label\": \"a\"}, {\"bbox_2d\": [5, 6, 7, 8]}]"));
  }

  @Test
  void sentencesHaveNone() {
    assertEquals(List.of(), Boxes.parse("There is no nodule."));
    assertEquals(List.of(), Boxes.parse(""));
    assertEquals(List.of(), Boxes.parse("{\"nodule\": null}"));
    assertEquals(List.of(), Boxes.parse("[{\"bbox_2d\": [1, 2, 3]}]"));
  }

  @Test
  void scales() {
    assertEquals(new Boxes.Box(2, 6, 6, 12, "a"), new Boxes.Box(1, 2, 3, 4, "a").scaled(2, 3));
  }
}
