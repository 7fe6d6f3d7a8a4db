package org.vesalius.clinical.report;

import java.util.ArrayList;
import java.util.List;
import org.vesalius.clinical.agent.AgentImage;
import org.vesalius.clinical.trace.TracePlace;

/** Widths and heights of boxes, each box measured once. */
final class Measurements {
  private static final List<String> AXES = List.of("width", "height");

  private final List<AgentImage> images;
  private final List<Measurement> all = new ArrayList<>();

  Measurements(List<AgentImage> images) {
    this.images = images;
  }

  /** All of them, by index. */
  List<Measurement> all() {
    return List.copyOf(all);
  }

  /** Indices of the measurements of a place; none where it is no box. */
  List<Integer> of(TracePlace place) {
    if (place.kind() != TracePlace.Kind.BOX) {
      return List.of();
    }
    List<Integer> indices = new ArrayList<>();
    for (int i = 0; i < all.size(); i++) {
      if (all.get(i).place().equals(place)) {
        indices.add(i);
      }
    }
    if (!indices.isEmpty()) {
      return indices;
    }
    boolean known = !place.millimetres().isEmpty();
    List<Double> corners = known ? place.millimetres() : place.pixels();
    String qualifier =
        images
            .get(place.image())
            .picture()
            .place()
            .spacing()
            .map(spacing -> spacing.place().description())
            .orElse("");
    for (int axis = 0; axis < AXES.size(); axis++) {
      indices.add(all.size());
      all.add(
          new Measurement(
              place.label(),
              place,
              AXES.get(axis),
              Math.abs(corners.get(2 + axis) - corners.get(axis)),
              known ? "mm" : "px",
              qualifier));
    }
    return indices;
  }
}
