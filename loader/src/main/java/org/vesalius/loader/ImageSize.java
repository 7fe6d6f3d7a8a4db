package org.vesalius.loader;

import java.util.OptionalInt;

/**
 * A size as image processors state it: height and width, or an edge, or both edges.
 *
 * @param height height in pixels
 * @param width width in pixels
 * @param shortestEdge length of the shorter side; for Qwen2-VL the smallest area in pixels
 * @param longestEdge length of the longer side; for Qwen2-VL the largest area in pixels
 */
public record ImageSize(
    OptionalInt height, OptionalInt width, OptionalInt shortestEdge, OptionalInt longestEdge) {

  static final ImageSize NONE =
      new ImageSize(
          OptionalInt.empty(), OptionalInt.empty(), OptionalInt.empty(), OptionalInt.empty());

  static ImageSize rectangle(int height, int width) {
    return new ImageSize(
        OptionalInt.of(height), OptionalInt.of(width), OptionalInt.empty(), OptionalInt.empty());
  }

  static ImageSize edges(OptionalInt shortest, OptionalInt longest) {
    return new ImageSize(OptionalInt.empty(), OptionalInt.empty(), shortest, longest);
  }

  /** Whether nothing is given. */
  public boolean isEmpty() {
    return equals(NONE);
  }

  /** An object, or one number as older files have it: a square, or else the shorter side. */
  static ImageSize read(ConfigNode node, String key, ImageSize absent, boolean numberIsSquare) {
    if (!node.has(key)) {
      return absent;
    }
    if (!node.isObject(key)) {
      int number = node.intValue(key);
      return numberIsSquare
          ? rectangle(number, number)
          : edges(OptionalInt.of(number), OptionalInt.empty());
    }
    ConfigNode size = node.object(key);
    return new ImageSize(
        size.optionalInt("height"),
        size.optionalInt("width"),
        size.optionalInt("shortest_edge"),
        size.optionalInt("longest_edge"));
  }
}
