package org.vesalius.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;

/** The boxes in an answer of a model of the Qwen2.5-VL class. */
final class Boxes {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Boxes() {}

  /**
   * A box.
   *
   * @param left first column
   * @param top first row
   * @param right last column
   * @param bottom last row
   * @param label what is in it
   */
  record Box(double left, double top, double right, double bottom, String label) {

    /** The same place in a picture of another size. */
    Box scaled(double x, double y) {
      return new Box(left * x, top * y, right * x, bottom * y, label);
    }
  }

  /**
   * Reads {@code [{"bbox_2d": [x1, y1, x2, y2], "label": "..."}]}; none if the answer is something
   * else.
   */
  static List<Box> parse(String answer) {
    List<Box> boxes = new ArrayList<>();
    try {
      for (JsonNode entry : JSON.readTree(answer)) {
        JsonNode corners = entry.path("bbox_2d");
        if (corners.size() == 4) {
          boxes.add(
              new Box(
                  corners.get(0).asDouble(),
                  corners.get(1).asDouble(),
                  corners.get(2).asDouble(),
                  corners.get(3).asDouble(),
                  entry.path("label").asText("")));
        }
      }
    } catch (JsonProcessingException e) {
      // A sentence instead of boxes is a proper answer: there is nothing to box.
      return List.of();
    }
    return boxes;
  }
}
