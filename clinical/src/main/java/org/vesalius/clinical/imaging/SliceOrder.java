package org.vesalius.clinical.imaging;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.vesalius.clinical.imaging.geometry.SlicePlane;
import org.vesalius.clinical.imaging.geometry.Vector;

/**
 * The order of the slices of a series: by their positions along the normal of their planes, and
 * what is odd about these.
 */
final class SliceOrder {
  /** Planes whose normals agree this well are parallel. */
  private static final double PARALLEL = 0.999;

  /** Positions nearer than this share of the usual distance are the same. */
  private static final double SAME = 0.01;

  /** A distance this many times the usual one is a gap. */
  private static final double GAP = 1.5;

  private static final int MOST_NAMED = 5;

  private SliceOrder() {}

  /**
   * A slice.
   *
   * @param plane where it is, if that is known
   * @param number that the file gives it
   * @param index that tells it from others
   */
  record Slice(Optional<SlicePlane> plane, int number, int index) {}

  /**
   * An order.
   *
   * @param slices in that order
   * @param notes what is odd
   * @param spacing the usual distance in millimetres, where there is one
   */
  record Sorted(List<Slice> slices, List<String> notes, Optional<Double> spacing) {}

  static Sorted sort(List<Slice> slices) {
    Comparator<Slice> byNumber =
        Comparator.comparingInt(Slice::number).thenComparingInt(Slice::index);
    List<Slice> sorted = new ArrayList<>(slices);
    sorted.sort(byNumber);
    if (sorted.size() < 2) {
      return new Sorted(sorted, List.of(), Optional.empty());
    }
    Optional<Vector> normal = normal(sorted);
    if (normal.isEmpty()) {
      boolean known = sorted.stream().allMatch(slice -> slice.plane().isPresent());
      return new Sorted(
          sorted,
          List.of(
              (known ? "the slices are not parallel" : "positions of slices are missing")
                  + ": they are in the order of their numbers"),
          Optional.empty());
    }
    Vector direction = normal.get();
    Comparator<Slice> byPosition = Comparator.comparingDouble(slice -> position(slice, direction));
    sorted.sort(byPosition.thenComparing(byNumber));
    double[] positions = sorted.stream().mapToDouble(slice -> position(slice, direction)).toArray();
    return distances(sorted, positions);
  }

  private static double position(Slice slice, Vector direction) {
    return slice.plane().orElseThrow().firstCentre().dot(direction);
  }

  private static Optional<Vector> normal(List<Slice> slices) {
    Vector first = slices.getFirst().plane().map(SlicePlane::normal).orElse(null);
    if (first == null) {
      return Optional.empty();
    }
    for (Slice slice : slices) {
      if (slice.plane().isEmpty() || slice.plane().get().normal().dot(first) < PARALLEL) {
        return Optional.empty();
      }
    }
    return Optional.of(first);
  }

  private static Sorted distances(List<Slice> sorted, double[] positions) {
    double[] distances = new double[positions.length - 1];
    for (int i = 0; i < distances.length; i++) {
      distances[i] = positions[i + 1] - positions[i];
    }
    double largest = Arrays.stream(distances).max().orElseThrow();
    double[] apart = Arrays.stream(distances).filter(d -> d > SAME * largest).sorted().toArray();
    List<String> notes = new ArrayList<>();
    if (apart.length == 0) {
      notes.add(sorted.size() + " slices lie at one position");
      return new Sorted(sorted, notes, Optional.empty());
    }
    double usual = apart[apart.length / 2];
    int same = 0;
    List<String> gaps = new ArrayList<>();
    for (int i = 0; i < distances.length; i++) {
      if (distances[i] <= SAME * usual) {
        same++;
      } else if (distances[i] > GAP * usual) {
        gaps.add(String.format(Locale.ROOT, "%.2f mm after slice %d", distances[i], i + 1));
      }
    }
    if (same > 0) {
      notes.add(same + (same == 1 ? " slice lies" : " slices lie") + " where another one does");
    }
    if (!gaps.isEmpty()) {
      notes.add(
          String.format(
              Locale.ROOT,
              "gaps, where slices are usually %.2f mm apart: %s",
              usual,
              String.join(", ", gaps.subList(0, Math.min(MOST_NAMED, gaps.size())))
                  + (gaps.size() > MOST_NAMED
                      ? " and " + (gaps.size() - MOST_NAMED) + " more"
                      : "")));
    }
    return new Sorted(sorted, notes, Optional.of(usual));
  }
}
