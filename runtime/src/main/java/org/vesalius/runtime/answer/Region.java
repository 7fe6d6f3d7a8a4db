package org.vesalius.runtime.answer;

import java.util.List;
import java.util.OptionalInt;

/**
 * A place in a picture that a model has named.
 *
 * <p>Coordinates are pixels of the upright source picture, continuous, with the origin at its top
 * left corner: the right edge of the last pixel is the width. Where {@link #image} is empty, which
 * happens when there are several pictures and the answer does not say which it means, the
 * coordinates are the numbers as written (x before y), on the model's scale and not in pixels.
 */
public sealed interface Region {

  /** What is there, in the model's words; empty where it does not say. */
  String label();

  /** The picture, counted from 0 in the order of the conversation; empty where it is not clear. */
  OptionalInt image();

  /** Where and how the answer says so. */
  Mention mention();

  /** A rectangle; {@code x0 < x1} and {@code y0 < y1}. */
  record Box(
      String label, OptionalInt image, double x0, double y0, double x1, double y1, Mention mention)
      implements Region {}

  /** A point. */
  record Point(String label, OptionalInt image, double x, double y, Mention mention)
      implements Region {}

  /** A closed line through three or more corners. */
  record Polygon(String label, OptionalInt image, List<Corner> corners, Mention mention)
      implements Region {
    /** Copies the list. */
    public Polygon {
      corners = List.copyOf(corners);
    }
  }

  /** A corner of a polygon. */
  record Corner(double x, double y) {}

  /**
   * What the answer says.
   *
   * @param raw the text as the model wrote it, special tokens included
   * @param start index of the text in the answer, special tokens left out
   * @param end index after it
   * @param coordinates the numbers in the order of the text
   */
  record Mention(String raw, int start, int end, List<Double> coordinates) {
    /** Copies the list. */
    public Mention {
      coordinates = List.copyOf(coordinates);
    }
  }
}
