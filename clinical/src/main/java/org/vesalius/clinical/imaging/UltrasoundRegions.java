package org.vesalius.clinical.imaging;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalInt;
import java.util.TreeSet;
import org.vesalius.clinical.imaging.PixelMask.Rectangle;
import org.vesalius.clinical.imaging.dicom.DataSet;
import org.vesalius.clinical.imaging.dicom.DicomFile;
import org.vesalius.clinical.imaging.dicom.DicomFormatException;
import org.vesalius.clinical.imaging.dicom.Tag;

/**
 * The parts of an ultrasound frame that show something measured, which are the same in all frames
 * of a file (PS3.3 C.8.5.5).
 */
final class UltrasoundRegions {
  private static final Tag X0 = Tag.of(0x0018, 0x6018);
  private static final Tag Y0 = Tag.of(0x0018, 0x601a);
  private static final Tag X1 = Tag.of(0x0018, 0x601c);
  private static final Tag Y1 = Tag.of(0x0018, 0x601e);

  /** A screen has a handful; the work grows with the square of them. */
  private static final int MOST = 64;

  private UltrasoundRegions() {}

  /**
   * What a file names, as far as it lies in its frames. One without a place there shows nothing.
   *
   * @throws DicomFormatException if a bound is not a number
   * @throws MedicalImageException if there are too many
   */
  static List<Rectangle> of(String name, DataSet data, int width, int height) {
    List<DataSet> items = data.items(Tag.SEQUENCE_OF_ULTRASOUND_REGIONS);
    if (items.size() > MOST) {
      throw new MedicalImageException(
          "%s: DICOM: (0018,6011) SequenceOfUltrasoundRegions: expected at most %d, found %d"
              .formatted(name, MOST, items.size()));
    }
    List<Rectangle> regions = new ArrayList<>();
    for (DataSet item : items) {
      OptionalInt left = item.integer(X0);
      OptionalInt top = item.integer(Y0);
      OptionalInt right = item.integer(X1);
      OptionalInt bottom = item.integer(Y1);
      if (left.isEmpty() || top.isEmpty() || right.isEmpty() || bottom.isEmpty()) {
        continue;
      }
      // The bounds are pixels of the region themselves.
      int x1 = Math.max(left.getAsInt(), 0);
      int y1 = Math.max(top.getAsInt(), 0);
      int x2 = Math.min(right.getAsInt(), width - 1) + 1;
      int y2 = Math.min(bottom.getAsInt(), height - 1) + 1;
      if (x1 < x2 && y1 < y2) {
        regions.add(new Rectangle(x1, y1, x2, y2));
      }
    }
    return List.copyOf(regions);
  }

  /** Those of a file; empty where they are broken or leave nothing of a frame out. */
  static List<Rectangle> usable(DicomFile file) {
    int width = file.dataSet().integer(Tag.COLUMNS).orElse(0);
    int height = file.dataSet().integer(Tag.ROWS).orElse(0);
    try {
      List<Rectangle> regions = of(file.name(), file.dataSet(), width, height);
      return outside(regions, width, height).isEmpty() ? List.of() : regions;
    } catch (DicomFormatException | MedicalImageException _) {
      // A mask of regions says what is wrong with them.
      return List.of();
    }
  }

  /** All of a frame but some rectangles, as rectangles that do not overlap. */
  static List<Rectangle> outside(List<Rectangle> regions, int width, int height) {
    TreeSet<Integer> edges = new TreeSet<>(List.of(0, height));
    for (Rectangle region : regions) {
      edges.add(region.y1());
      edges.add(region.y2());
    }
    List<Rectangle> outside = new ArrayList<>();
    int top = 0;
    for (int bottom : edges.tailSet(1)) {
      gaps(regions, top, bottom, width, outside);
      top = bottom;
    }
    return outside;
  }

  /** Between two neighbouring edges a region has all rows or none. */
  private static void gaps(
      List<Rectangle> regions, int top, int bottom, int width, List<Rectangle> outside) {
    List<Rectangle> here =
        regions.stream()
            .filter(region -> region.y1() <= top && region.y2() >= bottom)
            .sorted(Comparator.comparingInt(Rectangle::x1))
            .toList();
    int from = 0;
    for (Rectangle region : here) {
      if (region.x1() > from) {
        outside.add(new Rectangle(from, top, region.x1(), bottom));
      }
      from = Math.max(from, region.x2());
    }
    if (from < width) {
      outside.add(new Rectangle(from, top, width, bottom));
    }
  }
}
