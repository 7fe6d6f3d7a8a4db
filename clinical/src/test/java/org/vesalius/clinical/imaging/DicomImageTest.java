package org.vesalius.clinical.imaging;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.vesalius.clinical.imaging.dicom.DicomFile;
import org.vesalius.clinical.imaging.dicom.DicomFormatException;
import org.vesalius.clinical.imaging.geometry.PixelSpacing;
import org.vesalius.clinical.imaging.geometry.PixelSpacing.Place;
import org.vesalius.clinical.imaging.geometry.Point;
import org.vesalius.clinical.imaging.geometry.Vector;
import org.vesalius.clinical.imaging.grey.Display;
import org.vesalius.clinical.imaging.grey.GreyValues;
import org.vesalius.clinical.imaging.grey.VoiTransform;
import org.vesalius.clinical.imaging.grey.Window;
import org.vesalius.clinical.imaging.grey.WindowChoice;

class DicomImageTest {
  private static final int MODALITY = 0x0008_0060;
  private static final int SLOPE = 0x0028_1053;
  private static final int INTERCEPT = 0x0028_1052;
  private static final int CENTRE = 0x0028_1050;
  private static final int WIDTH = 0x0028_1051;
  private static final int SPACING = 0x0028_0030;
  private static final int IMAGER_SPACING = 0x0018_1164;

  private static DicomImage image(DicomBytes bytes) {
    return DicomImage.of(DicomFile.read(bytes.file(), "scan.dcm"));
  }

  private static GreyFrame grey(DicomBytes bytes) {
    return assertInstanceOf(GreyFrame.class, image(bytes).frame(0));
  }

  private static DicomBytes ct(int... pixels) {
    return DicomBytes.grey(pixels.length, 1, true, pixels)
        .text(MODALITY, "CS", "CT")
        .text(SLOPE, "DS", "1")
        .text(INTERCEPT, "DS", "-1024");
  }

  @Test
  void severalWindowsMayBeChosen() {
    DicomBytes bytes = ct(1064).text(CENTRE, "DS", "40\\-600").text(WIDTH, "DS", "400\\1500");
    GreyFrame frame = grey(bytes);
    assertEquals(40, frame.values().value(0));
    assertEquals(2, frame.windows().size());
    assertEquals(
        new Window(-600, 1500, Window.Function.LINEAR),
        assertInstanceOf(Display.Grey.class, frame.display(WindowChoice.parse("#2"))).voi());
    String message =
        String.valueOf(
            assertThrows(MedicalImageException.class, () -> frame.display(WindowChoice.parse("#3")))
                .getMessage());
    assertEquals("window #3: the file has 2, #1 to #2", message);
  }

  @Test
  void withoutAWindowTheKindDecidesAndSaysSo() {
    assertTrue(
        grey(ct(0, 2000)).display(WindowChoice.usual()).reason().contains("abdomen, as it is CT"));
    DicomBytes mr = DicomBytes.grey(2, 1, false, 5, 900).text(MODALITY, "CS", "MR");
    Display display = grey(mr).display(WindowChoice.usual());
    assertEquals("centre 452.5, width 895, linear exact", display.description());
    assertEquals(GreyFrame.MOST_VALUES, display.reason());
  }

  @Test
  void presetsOfCtAreForCt() {
    grey(ct(0)).display(WindowChoice.parse("lung"));
    GreyFrame mr = grey(DicomBytes.grey(1, 1, false, 5).text(MODALITY, "CS", "MR"));
    for (String preset : new String[] {"lung", "ct-rgb"}) {
      assertThrows(
          MedicalImageException.class, () -> mr.display(WindowChoice.parse(preset)), preset);
    }
  }

  @Test
  void windowsThatDicomDoesNotAllowAreNotUsed() {
    DicomImage image = image(ct(0).text(CENTRE, "DS", "40").text(WIDTH, "DS", "0"));
    assertTrue(assertInstanceOf(GreyFrame.class, image.frame(0)).windows().isEmpty());
    assertTrue(image.notes().stream().anyMatch(note -> note.contains("not used")));
    assertTrue(image(ct(0)).notes().isEmpty());
  }

  @Test
  void tablesComeBeforeWindowsAndSlopes() {
    DicomBytes modality =
        new DicomBytes()
            .signed(0x0028_3002, 3, -1, 16)
            .bytes(0x0028_3006, "OW", new byte[] {10, 0, 20, 0, 30, 0});
    DicomBytes voi =
        new DicomBytes()
            .numbers(0x0028_3002, 4, 10, 8)
            .bytes(0x0028_3006, "OW", new byte[] {0, 100, (byte) 200, (byte) 255});
    GreyFrame frame =
        grey(
            ct(-5, 0, 1)
                .text(CENTRE, "DS", "40")
                .text(WIDTH, "DS", "400")
                .sequence(0x0028_3000, modality)
                .sequence(0x0028_3010, voi));
    assertArrayEquals(
        new double[] {10, 20, 30},
        new double[] {frame.values().value(0), frame.values().value(1), frame.values().value(2)});
    VoiTransform first = frame.windows().getFirst();
    assertInstanceOf(VoiTransform.Table.class, first);
    assertEquals(100 / 255.0, first.apply(11));
    assertEquals(1, first.apply(4000));
  }

  @Test
  void bytesAreNoEntriesOfSixteenBits() {
    DicomBytes voi =
        new DicomBytes()
            .numbers(0x0028_3002, 2, 0, 16)
            .bytes(0x0028_3006, "OB", new byte[] {0, 1, 0, 2});
    DicomImage image = image(ct(1).sequence(0x0028_3010, voi));
    String message =
        String.valueOf(
            assertThrows(MedicalImageException.class, () -> image.frame(0)).getMessage());
    assertTrue(message.contains("expected words for entries of 16 bits"), message);
  }

  @Test
  void invertedAndPadded() {
    DicomBytes bytes =
        DicomBytes.grey(4, 1, false, 0, 100, 60000, 61000)
            .text(0x0028_0004, "CS", "MONOCHROME1")
            .numbers(0x0028_0120, 62000)
            .numbers(0x0028_0121, 60000)
            .text(CENTRE, "DS", "50")
            .text(WIDTH, "DS", "100")
            .text(0x0028_1056, "CS", "LINEAR_EXACT");
    GreyFrame frame = grey(bytes);
    assertArrayEquals(
        new char[] {65535, 0, 0, 0}, frame.shown(WindowChoice.usual()).image().copyGray16());
    DicomBytes signed =
        DicomBytes.grey(2, 1, true, -2000, 7)
            .text(MODALITY, "CS", "CT")
            .numbers(0x0028_0120, 63536);
    assertTrue(grey(signed).values().isPadding(0));
    assertFalse(grey(signed).values().isPadding(1));
  }

  private static DicomBytes floats(int frames, float... pixels) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * pixels.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(pixels);
    return new DicomBytes()
        .text(MODALITY, "CS", "MR")
        .text(0x0028_0008, "IS", Integer.toString(frames))
        .numbers(0x0028_0010, 1)
        .numbers(0x0028_0011, pixels.length / frames)
        .numbers(0x0028_0100, 32)
        .text(0x0028_0004, "CS", "MONOCHROME2")
        .bytes(0x7fe0_0008, "OF", bytes.array());
  }

  @Test
  void floatingPointHasItsValues() {
    ByteBuffer padding = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(-1);
    DicomBytes bytes =
        floats(2, 1, 2, 3, -1, 0.1f, Float.NaN)
            .text(SLOPE, "DS", "2")
            .text(INTERCEPT, "DS", "10")
            .bytes(0x0028_0122, "FL", padding.array());
    DicomImage image = image(bytes);
    assertEquals(2, image.frames());
    GreyValues values = assertInstanceOf(GreyFrame.class, image.frame(1)).values();
    assertTrue(values.isPadding(0), "padding");
    assertEquals(10 + 2 * (double) 0.1f, values.value(1));
    assertTrue(values.isPadding(2), "no number");
    assertEquals(16, assertInstanceOf(GreyFrame.class, image.frame(0)).values().value(2));
    ByteBuffer doubles =
        ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN).putDouble(0.1).putDouble(1e300);
    DicomBytes wide =
        new DicomBytes()
            .numbers(0x0028_0010, 2)
            .numbers(0x0028_0011, 1)
            .text(0x0028_0004, "CS", "MONOCHROME1")
            .bytes(0x7fe0_0009, "OD", doubles.array());
    GreyFrame frame = grey(wide);
    assertEquals(0.1, frame.values().value(0));
    assertEquals(1e300, frame.values().value(1));
    assertArrayEquals(
        new char[] {65535, 0}, frame.shown(WindowChoice.parse("full")).image().copyGray16());
  }

  @Test
  void floatingPointThatContradictsItsDescriptionIsRefused() {
    fails("expected 8 bytes for 1 frames, found 12", floats(1, 1, 2, 3).numbers(0x0028_0011, 2));
    fails("expected MONOCHROME2", floats(1, 1).text(0x0028_0004, "CS", "RGB"));
    fails("expected 1 for", floats(1, 1).numbers(0x0028_0002, 3));
    DicomFile file = DicomFile.read(floats(1, 1).file(), "scan.dcm");
    assertTrue(file.hasRealPixels());
    String message =
        String.valueOf(assertThrows(DicomFormatException.class, () -> file.frame(0)).getMessage());
    assertTrue(message.contains("found floating point"), message);
    DicomFile whole = DicomFile.read(ct(1).file(), "scan.dcm");
    assertFalse(whole.hasRealPixels());
    assertThrows(DicomFormatException.class, () -> whole.realFrame(0));
    assertThrows(IndexOutOfBoundsException.class, () -> whole.realFrame(1));
  }

  private static void fails(String part, DicomBytes bytes) {
    DicomImage image = image(bytes);
    String message =
        String.valueOf(assertThrows(DicomFormatException.class, () -> image.frame(0)).getMessage());
    assertTrue(message.contains(part), message);
  }

  private static Optional<PixelSpacing> spacing(String modality, String own, String imager) {
    DicomBytes bytes = DicomBytes.grey(1, 1, false, 0).text(MODALITY, "CS", modality);
    if (!own.isEmpty()) {
      bytes.text(SPACING, "DS", own);
    }
    if (!imager.isEmpty()) {
      bytes.text(IMAGER_SPACING, "DS", imager);
    }
    return image(bytes).place(0).spacing();
  }

  @Test
  void whatMillimetresMeanDependsOnWhereTheyAreMeasured() {
    assertEquals(
        new PixelSpacing(0.5, 0.75, Place.PATIENT), spacing("CT", "0.75\\0.5", "").orElseThrow());
    assertEquals(Place.DETECTOR, spacing("DX", "", "0.14\\0.14").orElseThrow().place());
    assertEquals(Place.DETECTOR, spacing("CR", "0.14\\0.14", "0.14\\0.14").orElseThrow().place());
    assertEquals(Place.CALIBRATED, spacing("DX", "0.12\\0.12", "0.14\\0.14").orElseThrow().place());
    assertTrue(spacing("CT", "", "").isEmpty());
    assertTrue(spacing("CT", "0\\0", "").isEmpty());
    assertTrue(spacing("CT", "1e-300\\1e-300", "").isEmpty());
  }

  @Test
  void framesOfEnhancedFilesHaveTheirOwnValuesAndPlaces() {
    DicomBytes shared =
        new DicomBytes()
            .sequence(0x0028_9110, new DicomBytes().text(SPACING, "DS", "2\\1"))
            .sequence(0x0020_9116, new DicomBytes().text(0x0020_0037, "DS", "1\\0\\0\\0\\0\\-1"));
    DicomBytes[] frames = new DicomBytes[2];
    for (int f = 0; f < 2; f++) {
      frames[f] =
          new DicomBytes()
              .sequence(
                  0x0020_9113,
                  new DicomBytes().text(0x0020_0032, "DS", "10\\" + (20 + 5 * f) + "\\30"))
              .sequence(
                  0x0028_9145,
                  new DicomBytes()
                      .text(INTERCEPT, "DS", String.valueOf(100 * f))
                      .text(SLOPE, "DS", "2")
                      .text(0x0028_1054, "LO", "US"))
              .sequence(
                  0x0028_9132,
                  new DicomBytes()
                      .text(CENTRE, "DS", String.valueOf(50 + f))
                      .text(WIDTH, "DS", "100"));
    }
    DicomImage image =
        image(
            DicomBytes.grey(2, 1, false, 1, 2, 3, 4)
                .text(0x0028_0008, "IS", "2")
                .text(MODALITY, "CS", "MR")
                .sequence(0x5200_9229, shared)
                .sequence(0x5200_9230, frames));
    assertEquals(2, image.frames());
    GreyFrame second = assertInstanceOf(GreyFrame.class, image.frame(1));
    assertEquals(106, second.values().value(0));
    assertEquals(108, second.values().value(1));
    assertEquals(new Window(51, 100, Window.Function.LINEAR), second.windows().getFirst());
    Vector there = second.place().plane().orElseThrow().toPatient(new Point(1.5, 1.5));
    assertEquals(new Vector(11, 25, 28), there);
    // Pixels are twice as high as wide: the picture that people see has square ones.
    PlacedPicture picture = second.picture(WindowChoice.usual());
    assertEquals(2, picture.image().height());
    assertEquals(new Vector(11, 25, 28), picture.toPatient(new Point(1.5, 3)).orElseThrow());
    assertThrows(IndexOutOfBoundsException.class, () -> image.frame(2));
  }

  @Test
  void coloursBecomeRgb() {
    byte[] ybr = {(byte) 76, (byte) 85, (byte) 255, (byte) 150, 44, 21};
    ColourFrame frame =
        assertInstanceOf(
            ColourFrame.class, image(DicomBytes.colours(2, 1, "YBR_FULL", ybr)).frame(0));
    byte[] rgb = frame.picture().image().copyRgb();
    // Red and green, as they are written in this colour space.
    int[] expected = {254, 0, 0, 0, 255, 1};
    for (int i = 0; i < 6; i++) {
      assertEquals(expected[i], rgb[i] & 0xff, 1, "sample " + i);
    }
    assertThrows(MedicalImageException.class, () -> frame.shown(WindowChoice.parse("40/400")));
  }

  @Test
  void coloursHaveNoSign() {
    DicomBytes bytes =
        DicomBytes.colours(1, 1, "RGB", (byte) 200, (byte) 100, (byte) 0).numbers(0x0028_0103, 1);
    ColourFrame frame = assertInstanceOf(ColourFrame.class, image(bytes).frame(0));
    assertArrayEquals(new byte[] {(byte) 200, 100, 0}, frame.picture().image().copyRgb());
  }

  @Test
  void nothingThatIdentifiesIsInFactsOrMessages() {
    DicomBytes bytes =
        ct(1)
            .text(0x0010_0010, "PN", "DOE^JOHN")
            .text(0x0010_0020, "LO", "MRN-12345")
            .text(0x0010_0030, "DA", "19701231")
            .text(0x0008_0080, "LO", "St. Elsewhere")
            .text(0x0008_103e, "LO", "DOE JOHN THORAX")
            .text(0x0020_000e, "UI", "1.2.3.4.5.6789")
            .text(0x0028_1055, "LO", "DOE WINDOW")
            .text(0x0018_0015, "CS", "DOE JOHN, CHEST");
    DicomImage image = image(bytes);
    String all =
        image.facts() + image.notes().toString() + image.kind() + image + image.frame(0).place();
    for (String secret : new String[] {"DOE", "12345", "1970", "Elsewhere", "6789"}) {
      assertFalse(all.contains(secret), secret + " in " + all);
    }
    assertEquals("CT", image.facts().get("modality"));
  }

  @Test
  void burnedInTextIsTold() {
    DicomImage image = image(ct(1).text(0x0028_0301, "CS", "YES"));
    assertEquals("yes", image.facts().get("burned_in_text"));
    assertTrue(image.notes().getFirst().contains("burned into"));
  }

  @Test
  void filesWithoutPixelsAreRefused() {
    DicomBytes bytes = new DicomBytes().text(MODALITY, "CS", "SR");
    String message =
        String.valueOf(assertThrows(MedicalImageException.class, () -> image(bytes)).getMessage());
    assertTrue(message.startsWith("scan.dcm: DICOM: expected pixels"), message);
  }
}
