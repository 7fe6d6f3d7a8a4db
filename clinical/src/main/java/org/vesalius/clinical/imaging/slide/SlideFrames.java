package org.vesalius.clinical.imaging.slide;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.vesalius.clinical.imaging.MedicalImageException;
import org.vesalius.clinical.imaging.dicom.DataSet;
import org.vesalius.clinical.imaging.dicom.Tag;

/**
 * Which frame of a DICOM file stands at each place of a slide, in one focal plane and one optical
 * path (PS3.3 C.7.6.17.3, C.8.12.6, C.8.12.14).
 *
 * @param frames from 0, row by row; -1 where there is none
 * @param focalPlanes how many there are
 * @param heights of the focal planes over the nominal focus in micrometres; empty where they are
 *     not known
 * @param focalPlane the one that was taken, from 1
 * @param opticalPaths how many there are
 * @param opticalPath the one that was taken, from 1
 */
@SuppressWarnings("ArrayRecordComponent") // inside this package; never compared
record SlideFrames(
    int[] frames,
    int focalPlanes,
    List<Double> heights,
    int focalPlane,
    int opticalPaths,
    int opticalPath) {
  private static final Tag ORIGIN = Tag.of(0x0048, 0x0008);
  private static final Tag Z_OFFSET = Tag.of(0x0040, 0x074a);
  private static final Tag OPTICAL_PATHS = Tag.of(0x0048, 0x0105);
  private static final Tag PATH_IDENTIFIER = Tag.of(0x0048, 0x0106);
  private static final Tag PATH_IDENTIFICATION = Tag.of(0x0048, 0x0207);
  private static final Tag PLANE_POSITION = Tag.of(0x0048, 0x021a);
  private static final Tag COLUMN_POSITION = Tag.of(0x0048, 0x021e);
  private static final Tag ROW_POSITION = Tag.of(0x0048, 0x021f);
  private static final Tag NUMBER_OF_PATHS = Tag.of(0x0048, 0x0302);
  private static final Tag NUMBER_OF_PLANES = Tag.of(0x0048, 0x0303);

  private static final double MICROMETRES_PER_MILLIMETRE = 1000;

  /** Heights that differ by less are those of one plane. */
  private static final double NANOMETRES_PER_MICROMETRE = 1000;

  /** Where a frame says that it is. */
  private record Position(int frame, int place, double height, String path) {}

  /**
   * The frames of a layer.
   *
   * @param name of the file, for messages
   * @throws MedicalImageException if there is no such layer, or tiles are not where they can be
   *     understood
   */
  static SlideFrames of(String name, DataSet data, int count, SlideGrid grid, SlideLayer wanted) {
    List<DataSet> perFrame = data.items(Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE);
    boolean placed = !perFrame.isEmpty() && !perFrame.getFirst().items(PLANE_POSITION).isEmpty();
    return placed
        ? sparse(name, positions(name, data, perFrame, count, grid), data, grid, wanted)
        : full(name, data, count, grid, wanted);
  }

  /** The frame of the first place that has one. */
  int first() {
    return Arrays.stream(frames).filter(frame -> frame >= 0).findFirst().orElse(0);
  }

  static MedicalImageException fail(String name, String problem) {
    return new MedicalImageException(name + ": DICOM: " + problem);
  }

  private static int chosen(String name, String what, OptionalInt wanted, int count, int usual) {
    int number = wanted.orElse(usual);
    if (number < 1 || number > count) {
      throw fail(name, "%s: expected 1 to %d, found %d".formatted(what, count, number));
    }
    return number;
  }

  private static int nearestToFocus(List<Double> heights) {
    int nearest = 0;
    for (int i = 1; i < heights.size(); i++) {
      if (Math.abs(heights.get(i)) < Math.abs(heights.get(nearest))) {
        nearest = i;
      }
    }
    return nearest + 1;
  }

  /** All places of a plane, row by row, then those of the next plane, then the next path. */
  private static SlideFrames full(
      String name, DataSet data, int count, SlideGrid grid, SlideLayer wanted) {
    int places = Math.toIntExact(grid.places());
    int planes = Math.max(1, data.integer(NUMBER_OF_PLANES).orElse(1));
    long perPath = (long) places * planes;
    int described = perPath == count ? 1 : data.items(OPTICAL_PATHS).size();
    int paths = Math.max(1, data.integer(NUMBER_OF_PATHS).orElse(described));
    if (perPath > count || perPath * paths != count) {
      throw fail(
          name,
          "expected %d tiles for each layer, %d (focal planes) times %d (optical paths), found %d in all"
              .formatted(places, planes, paths, count));
    }
    List<Double> heights = heights(data, planes);
    int plane = chosen(name, "focal plane", wanted.focalPlane(), planes, nearestToFocus(heights));
    int path = chosen(name, "optical path", wanted.opticalPath(), paths, 1);
    int first = ((path - 1) * planes + plane - 1) * places;
    int[] frames = new int[places];
    Arrays.setAll(frames, i -> first + i);
    return new SlideFrames(frames, planes, heights, plane, paths, path);
  }

  /** Evenly from the height of the whole upwards. */
  private static List<Double> heights(DataSet data, int planes) {
    double first = 0;
    for (DataSet origin : data.items(ORIGIN)) {
      first = origin.number(Z_OFFSET).orElse(0);
    }
    double step = 0;
    for (DataSet shared : data.items(Tag.SHARED_FUNCTIONAL_GROUPS_SEQUENCE)) {
      for (DataSet measures : shared.items(Tag.PIXEL_MEASURES_SEQUENCE)) {
        step = measures.number(Tag.SPACING_BETWEEN_SLICES).orElse(0) * MICROMETRES_PER_MILLIMETRE;
      }
    }
    List<Double> heights = new ArrayList<>();
    for (int i = 0; i < planes && step > 0; i++) {
      heights.add(rounded(first + i * step));
    }
    return List.copyOf(heights);
  }

  private static double rounded(double micrometres) {
    // There is one zero only.
    return Math.rint(micrometres * NANOMETRES_PER_MICROMETRE) / NANOMETRES_PER_MICROMETRE + 0.0;
  }

  private static List<Position> positions(
      String name, DataSet data, List<DataSet> perFrame, int count, SlideGrid grid) {
    String shared =
        data.items(Tag.SHARED_FUNCTIONAL_GROUPS_SEQUENCE).stream()
            .map(group -> path(group, ""))
            .findFirst()
            .orElse("");
    List<Position> positions = new ArrayList<>();
    for (int frame = 0; frame < count; frame++) {
      List<DataSet> position =
          frame < perFrame.size() ? perFrame.get(frame).items(PLANE_POSITION) : List.of();
      if (position.isEmpty()) {
        throw fail(name, "tile " + (frame + 1) + ": expected its position, found none");
      }
      // Positions are those of the tile's first pixel, counted from 1.
      long column = (long) position.getFirst().integer(COLUMN_POSITION).orElse(0) - 1;
      long row = (long) position.getFirst().integer(ROW_POSITION).orElse(0) - 1;
      if (!grid.hasTileAt(column, row)) {
        throw fail(
            name,
            "tile %d: expected it in a grid of %dx%d, found it at column %d, row %d"
                .formatted(frame + 1, grid.tileWidth(), grid.tileHeight(), column + 1, row + 1));
      }
      double height = rounded(position.getFirst().number(Z_OFFSET).orElse(0));
      String path = path(perFrame.get(frame), shared);
      positions.add(new Position(frame, grid.place(column, row), height, path));
    }
    return positions;
  }

  /** The identifier of the optical path that a functional group names. */
  private static String path(DataSet group, String missing) {
    List<DataSet> named = group.items(PATH_IDENTIFICATION);
    return named.isEmpty() ? missing : named.getFirst().text(PATH_IDENTIFIER).orElse(missing);
  }

  private static SlideFrames sparse(
      String name, List<Position> positions, DataSet data, SlideGrid grid, SlideLayer wanted) {
    List<String> paths = paths(positions, data);
    int path = chosen(name, "optical path", wanted.opticalPath(), paths.size(), 1);
    List<Position> ofPath =
        positions.stream().filter(p -> p.path.equals(paths.get(path - 1))).toList();
    int[] tilesAt = new int[Math.toIntExact(grid.places())];
    int most = 0;
    Set<Double> distinct = new TreeSet<>();
    for (Position position : ofPath) {
      most = Math.max(most, ++tilesAt[position.place]);
      distinct.add(position.height);
    }
    if (most == 1) {
      // Each tile may have been focused for itself.
      List<Double> height = distinct.size() == 1 ? List.copyOf(distinct) : List.of();
      chosen(name, "focal plane", wanted.focalPlane(), 1, 1);
      return new SlideFrames(
          frames(name, ofPath, tilesAt.length), 1, height, 1, paths.size(), path);
    }
    if (distinct.size() != most) {
      throw fail(
          name,
          "%d focal planes at one place and %d in all: expected tiles in planes that are the same everywhere"
              .formatted(most, distinct.size()));
    }
    List<Double> heights = List.copyOf(distinct);
    int plane = chosen(name, "focal plane", wanted.focalPlane(), most, nearestToFocus(heights));
    double height = heights.get(plane - 1);
    List<Position> ofPlane = ofPath.stream().filter(p -> p.height == height).toList();
    int[] frames = frames(name, ofPlane, tilesAt.length);
    return new SlideFrames(frames, most, heights, plane, paths.size(), path);
  }

  /** Those that tiles have: first as the file describes them, then as they come. */
  private static List<String> paths(List<Position> positions, DataSet data) {
    Set<String> used =
        positions.stream().map(Position::path).collect(Collectors.toCollection(LinkedHashSet::new));
    Set<String> ordered = new LinkedHashSet<>();
    for (DataSet path : data.items(OPTICAL_PATHS)) {
      path.text(PATH_IDENTIFIER).filter(used::contains).ifPresent(ordered::add);
    }
    ordered.addAll(used);
    return List.copyOf(ordered);
  }

  private static int[] frames(String name, List<Position> positions, int places) {
    int[] frames = new int[places];
    Arrays.fill(frames, -1);
    for (Position position : positions) {
      if (frames[position.place] >= 0) {
        throw fail(
            name, "two tiles at one place, of one focal plane and one optical path: expected one");
      }
      frames[position.place] = position.frame;
    }
    return frames;
  }
}
