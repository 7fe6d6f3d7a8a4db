package org.vesalius.clinical.imaging.dicom;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DicomWriterTest {
  private static final Tag TEXT = Tag.of(0x0040, 0xa160);
  private static final Tag SEQUENCE = Tag.of(0x0040, 0xa730);
  private static final Tag NUMBERS = Tag.of(0x0070, 0x0022);
  private static final Tag DOUBLE = Tag.of(0x0040, 0xa161);
  private static final Tag NAME = Tag.of(0x0010, 0x0010);

  private static DicomFile file(DicomItem data) {
    return DicomFile.read(DicomWriter.file("1.2.3", "1.2.4", data), "file");
  }

  @Test
  void ourReaderReadsWhatWasWritten() {
    DicomFile file =
        file(
            new DicomItem()
                .text(TEXT, ValueRepresentation.UT, "胸部 \\ text,\nodd")
                .text(Tag.IMAGE_TYPE, ValueRepresentation.CS, "DERIVED", "SECONDARY")
                .text(Tag.WINDOW_CENTER, ValueRepresentation.DS, "-1.5", "2e3")
                .shorts(Tag.ROWS, 0, 65535)
                .floats(NUMBERS, List.of(0.5, -3.25))
                .number(DOUBLE, Math.PI)
                .empty(NAME, ValueRepresentation.PN)
                .sequence(
                    SEQUENCE,
                    List.of(
                        new DicomItem()
                            .text(TEXT, ValueRepresentation.UT, "one")
                            .sequence(
                                SEQUENCE, new DicomItem().text(TEXT, ValueRepresentation.UT, "in")),
                        new DicomItem()))
                .sequence(Tag.of(0x0040, 0xa372), List.of()));
    DataSet data = file.dataSet();
    assertEquals("1.2.840.10008.1.2.1", file.transferSyntax().uid());
    assertEquals(Optional.of("1.2.4"), file.metaInformation().text(Tag.of(0x0002, 0x0003)));
    assertEquals(Optional.of("1.2.3"), data.text(Tag.SOP_CLASS_UID));
    assertEquals(Optional.of("胸部 \\ text,\nodd"), data.text(TEXT));
    assertEquals(List.of("DERIVED", "SECONDARY"), data.texts(Tag.IMAGE_TYPE));
    assertArrayEquals(new double[] {-1.5, 2000}, data.numbers(Tag.WINDOW_CENTER));
    assertArrayEquals(new long[] {0, 65535}, data.integers(Tag.ROWS));
    assertArrayEquals(new double[] {0.5, -3.25}, data.numbers(NUMBERS));
    assertArrayEquals(new double[] {Math.PI}, data.numbers(DOUBLE));
    assertTrue(data.contains(NAME) && data.text(NAME).isEmpty());
    assertEquals(2, data.items(SEQUENCE).size());
    assertEquals(
        Optional.of("in"), data.items(SEQUENCE).getFirst().items(SEQUENCE).getFirst().text(TEXT));
    assertEquals(List.of(), data.items(Tag.of(0x0040, 0xa372)));
    byte[] bytes = DicomWriter.file("1.2.3", "1.2.4", new DicomItem());
    assertEquals(0, bytes.length % 2);
  }

  /** Random trees come back as they were. */
  @Test
  void anyTreeComesBack() {
    for (long seed = 0; seed < 50; seed++) {
      assertTree(new Random(seed), "seed " + seed);
    }
  }

  private static void assertTree(Random random, String message) {
    int depth = 1 + random.nextInt(20);
    DicomItem item = new DicomItem();
    String[] texts = new String[depth];
    for (int i = 0; i < depth; i++) {
      texts[i] = "å字".repeat(random.nextInt(30)) + "x".repeat(random.nextInt(3)) + ".";
      item = new DicomItem().sequence(SEQUENCE, item).text(TEXT, ValueRepresentation.UT, texts[i]);
    }
    DataSet data = file(item).dataSet();
    for (int i = depth - 1; i >= 0; i--) {
      assertEquals(Optional.of(texts[i]), data.text(TEXT), message);
      data = data.items(SEQUENCE).getFirst();
    }
    assertEquals(List.of(), data.tags(), message);
  }

  @Test
  void otherCharacterSetsBecomeUtf8() {
    DataSet latin =
        DicomFile.read(
                DicomBytes.file("1.2.840.10008.1.2.1")
                    .text(0x0008_0005, "CS", "ISO_IR 100")
                    .text(0x0010_0010, "PN", "Müller^A")
                    .toBytes(),
                "latin")
            .dataSet();
    DataSet copied = file(new DicomItem().copy(NAME, ValueRepresentation.PN, latin)).dataSet();
    assertEquals(Optional.of("Müller^A"), copied.text(NAME));
    assertFalse(latin.contains(Tag.MODALITY));
    assertTrue(
        file(new DicomItem().copy(Tag.MODALITY, ValueRepresentation.CS, latin))
            .dataSet()
            .contains(Tag.MODALITY));
  }

  @Test
  void valuesThatAreNotAllowedAreRefused() {
    refused(Tag.MODALITY, ValueRepresentation.CS, "lower");
    refused(Tag.MODALITY, ValueRepresentation.CS, "A".repeat(17));
    refused(Tag.SOP_CLASS_UID, ValueRepresentation.UI, "1.02");
    refused(Tag.SOP_CLASS_UID, ValueRepresentation.UI, "1." + "2".repeat(63));
    refused(Tag.WINDOW_CENTER, ValueRepresentation.DS, "NaN");
    refused(Tag.WINDOW_CENTER, ValueRepresentation.DS, "1.23456789012345678");
    refused(Tag.INSTANCE_NUMBER, ValueRepresentation.IS, "1.5");
    refused(NAME, ValueRepresentation.LO, "a\\b");
    refused(NAME, ValueRepresentation.LO, "a\nb");
    refused(NAME, ValueRepresentation.LO, "x".repeat(65));
    refused(TEXT, ValueRepresentation.UT, "\u001b$B");
    refused(TEXT, ValueRepresentation.UT, "\ud83e");
    refused(TEXT, ValueRepresentation.US, "seven");
    assertThrows(IllegalArgumentException.class, () -> new DicomItem().shorts(Tag.ROWS, -1));
    assertThrows(IllegalArgumentException.class, () -> new DicomItem().number(DOUBLE, Double.NaN));
  }

  private static void refused(Tag tag, ValueRepresentation vr, String value) {
    var e =
        assertThrows(
            IllegalArgumentException.class, () -> new DicomItem().text(tag, vr, value), value);
    assertFalse(String.valueOf(e.getMessage()).contains(value), e.getMessage());
  }
}
