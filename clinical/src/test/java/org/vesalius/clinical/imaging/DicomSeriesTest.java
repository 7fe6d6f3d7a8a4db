package org.vesalius.clinical.imaging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DicomSeriesTest {
  private static final String AXIAL = "1\\0\\0\\0\\1\\0";
  private static final String SAGITTAL = "0\\1\\0\\0\\0\\-1";

  @TempDir private Path folder = Path.of("");

  /** A slice whose one pixel holds its instance number. */
  private static DicomBytes slice(String series, int instance, String position, String direction) {
    DicomBytes bytes =
        DicomBytes.grey(1, 1, false, instance)
            .text(0x0008_0060, "CS", "MR")
            .text(0x0020_000e, "UI", series)
            .text(0x0020_0011, "IS", series.substring(series.length() - 1))
            .text(0x0020_0013, "IS", String.valueOf(instance))
            .text(0x0028_0030, "DS", "1\\1");
    if (!position.isEmpty()) {
      bytes.text(0x0020_0032, "DS", position).text(0x0020_0037, "DS", direction);
    }
    return bytes;
  }

  private void write(String name, DicomBytes slice) throws IOException {
    Files.write(folder.resolve(name), slice.file());
  }

  private static List<Integer> order(DicomSeries series) {
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < series.frames(); i++) {
      GreyFrame frame = assertInstanceOf(GreyFrame.class, series.frame(i));
      order.add((int) frame.values().value(0));
    }
    return order;
  }

  private DicomSeries only() {
    DicomSeries.Folder found = DicomSeries.read(folder);
    assertEquals(1, found.series().size());
    return found.series().getFirst();
  }

  @Test
  void slicesGoUpwardsWhateverTheirNumbersAndNames() throws IOException {
    double[] heights = {7.5, 2.5, 10, 5, 0};
    for (int i = 0; i < heights.length; i++) {
      write("f" + (9 - i), slice("1.1", i + 1, "0\\0\\" + heights[i], AXIAL));
    }
    DicomSeries series = only();
    assertEquals(List.of(5, 2, 4, 1, 3), order(series));
    assertEquals(2.5, series.facts().get("slice_spacing_mm"));
    assertEquals(List.of(), series.notes());
  }

  @Test
  void theWorstFileSaysWhatTextIsToBeExpected() throws IOException {
    write("a", slice("1.1", 1, "0\\0\\0", AXIAL));
    write("b", slice("1.1", 2, "0\\0\\1", AXIAL).text(0x0028_0301, "CS", "YES"));
    DicomSeries series = only();
    assertEquals("yes", series.facts().get("burned_in_text"));
    assertEquals(Optional.of(new BurnedInText(true, false)), series.burnedIn());
    assertTrue(series.notes().getFirst().contains("burned into"), series.notes().toString());
    DicomSeries masked = series.masked(PixelMask.of(new PixelMask.Rectangle(0, 0, 1, 1)));
    assertEquals(Optional.empty(), masked.burnedIn());
    for (int i = 0; i < 2; i++) {
      GreyFrame frame = assertInstanceOf(GreyFrame.class, masked.frame(i));
      assertTrue(frame.values().isPadding(0) && Double.isNaN(frame.values().value(0)));
      assertEquals(1, masked.hidden(i).size());
    }
    DicomSeries beyond = series.masked(PixelMask.of(new PixelMask.Rectangle(0, 0, 2, 1)));
    assertThrows(MedicalImageException.class, () -> beyond.frame(0));
  }

  @Test
  void obliqueSlicesGoAlongTheirNormal() throws IOException {
    for (int i = 0; i < 4; i++) {
      write("f" + i, slice("1.1", 10 - i, (20 - 3 * i) + "\\5\\5", SAGITTAL));
    }
    // Rows run to the back, columns to the feet: who looks sees from the left.
    assertEquals(List.of(10, 9, 8, 7), order(only()));
  }

  @Test
  void gapsAndDuplicatesAreTold() throws IOException {
    double[] heights = {0, 2, 4, 10, 12, 12};
    for (int i = 0; i < heights.length; i++) {
      write("f" + i, slice("1.1", i + 1, "0\\0\\" + heights[i], AXIAL));
    }
    DicomSeries series = only();
    assertEquals(List.of(1, 2, 3, 4, 5, 6), order(series));
    assertEquals(
        List.of(
            "1 slice lies where another one does",
            "gaps, where slices are usually 2.00 mm apart: 6.00 mm after slice 3"),
        series.notes());
  }

  @Test
  void seriesAreKeptApartAndOtherFilesLeftOut() throws IOException {
    write("a", slice("1.2", 1, "0\\0\\0", AXIAL));
    write("b", slice("1.1", 1, "0\\0\\0", AXIAL));
    write("c", slice("1.2", 2, "0\\0\\1", AXIAL));
    Files.writeString(folder.resolve("notes.txt"), "no DICOM");
    Files.createDirectory(folder.resolve("inner"));
    write("inner/d", slice("1.2", 3, "0\\0\\2", AXIAL));
    DicomSeries.Folder found = DicomSeries.read(folder);
    assertEquals(List.of(1, 3), found.series().stream().map(DicomSeries::frames).toList());
    assertEquals(1, found.unread());
    assertTrue(found.series().toString().contains("DICOM series of 3 slices"));
  }

  @Test
  void withoutPositionsNumbersDecide() throws IOException {
    write("z", slice("1.1", 1, "", ""));
    write("a", slice("1.1", 2, "", ""));
    DicomSeries series = only();
    assertEquals(List.of(1, 2), order(series));
    assertTrue(series.notes().getFirst().startsWith("positions of slices are missing"));
    write("k", slice("1.1", 3, "0\\0\\1", AXIAL));
    write("l", slice("1.1", 4, "0\\0\\1", SAGITTAL));
    assertEquals(List.of(1, 2, 3, 4), order(only()));
  }

  @Test
  void slicesThatAreNotParallelAreInTheOrderOfTheirNumbers() throws IOException {
    write("a", slice("1.1", 2, "0\\0\\1", AXIAL));
    write("b", slice("1.1", 1, "0\\0\\5", SAGITTAL));
    DicomSeries series = only();
    assertEquals(List.of(1, 2), order(series));
    assertTrue(series.notes().getFirst().startsWith("the slices are not parallel"));
  }

  @Test
  void aFolderWithoutPicturesIsRefused() throws IOException {
    Files.writeString(folder.resolve("notes.txt"), "no DICOM");
    String message =
        String.valueOf(
            assertThrows(MedicalImageException.class, () -> MedicalImages.open(folder))
                .getMessage());
    assertTrue(message.endsWith("found none among 1 file"), message);
  }
}
