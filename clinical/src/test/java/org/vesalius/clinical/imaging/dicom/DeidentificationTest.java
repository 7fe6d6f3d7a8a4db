package org.vesalius.clinical.imaging.dicom;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class DeidentificationTest {
  private static final byte[] SALT = "sixteen bytes or more".getBytes(StandardCharsets.US_ASCII);

  private static DataSet patient() {
    return DicomBytes.file("1.2.840.10008.1.2.1")
        .text(0x0008_0016, "UI", "1.2.840.10008.5.1.4.1.1.2")
        .text(0x0008_0018, "UI", "1.2.999.1")
        .text(0x0008_0020, "DA", "20010203")
        .text(0x0008_0050, "SH", "A4711")
        .text(0x0008_0060, "CS", "CT")
        .text(0x0008_103e, "LO", "SECRET")
        .text(0x0010_0010, "PN", "SECRET^NAME")
        .text(0x0010_1010, "AS", "042Y")
        .text(0x0018_0015, "CS", "CHEST")
        .text(0x0018_0050, "DS", "2.5")
        .text(0x0020_000d, "UI", "1.2.999.2")
        .text(0x0020_000e, "UI", "1.2.999.3")
        .text(0x0020_4000, "LT", "SECRET")
        .u16(0x0028_0010, 512)
        .text(0x0028_1050, "DS", "SECRET")
        .text(0x0028_1054, "LO", "HU")
        .text(0x0028_1055, "LO", "SECRET")
        .text(0x0029_0010, "LO", "VENDOR")
        .text(0x0029_1001, "LO", "SECRET")
        .header(0x5200_9230, "SQ", -1)
        .item(0xfffe_e000, -1)
        .text(0x0010_0020, "LO", "SECRET")
        .header(0x0020_9113, "SQ", -1)
        .item(0xfffe_e000, -1)
        .text(0x0020_0032, "DS", "1\\2\\3")
        .item(0xfffe_e00d, 0)
        .item(0xfffe_e0dd, 0)
        .item(0xfffe_e00d, 0)
        .item(0xfffe_e0dd, 0)
        .text(0x6000_3000, "OW", "SECRET")
        .text(0x7fe0_0010, "OW", "SECRET")
        .read()
        .dataSet();
  }

  @Test
  void keepsWhatIsListedOnly() {
    DataSet copy = Deidentification.copy(patient());
    assertEquals(
        List.of(
            Tag.SOP_CLASS_UID,
            Tag.MODALITY,
            Tag.BODY_PART_EXAMINED,
            Tag.SLICE_THICKNESS,
            Tag.ROWS,
            Tag.RESCALE_TYPE,
            Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE),
        copy.tags());
    assertEquals(Optional.of("CT"), copy.text(Tag.MODALITY));
    assertEquals(2.5, copy.number(Tag.SLICE_THICKNESS).orElseThrow());
    assertEquals(512, copy.integer(Tag.ROWS).orElseThrow());
    DataSet frame = copy.items(Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE).get(0);
    assertEquals(List.of(Tag.PLANE_POSITION_SEQUENCE), frame.tags());
    assertArrayEquals(
        new double[] {1, 2, 3},
        frame.items(Tag.PLANE_POSITION_SEQUENCE).get(0).numbers(Tag.IMAGE_POSITION_PATIENT));
    assertFalse(copy.toString().contains("SECRET"));
  }

  @Test
  void dropsListedAttributesWithOtherValues() {
    DataSet copy =
        Deidentification.copy(
            DicomBytes.file("1.2.840.10008.1.2.1")
                .text(0x0008_0008, "CS", "ORIGINAL\\Jane Doe")
                .text(0x0008_0016, "UI", "1.2.840.10008.1 SECRET")
                .text(0x0008_0060, "CS", "A SENTENCE OF MORE THAN SIXTEEN LETTERS")
                .text(0x0018_0050, "LO", "SECRET")
                .text(0x0028_1054, "LO", "SECRET")
                .read()
                .dataSet());
    assertEquals(List.of(), copy.tags());
  }

  @Test
  void replacesIdentifiersByTheSaltOfTheCaller() {
    DataSet one = Deidentification.copy(patient(), SALT);
    DataSet same = Deidentification.copy(patient(), SALT);
    DataSet other = Deidentification.copy(patient(), new byte[16]);
    String study = one.text(Tag.STUDY_INSTANCE_UID).orElseThrow();
    assertTrue(study.matches("2\\.25\\.[1-9][0-9]{10,38}"), study);
    assertEquals(Optional.of(study), same.text(Tag.STUDY_INSTANCE_UID));
    assertNotEquals(Optional.of(study), other.text(Tag.STUDY_INSTANCE_UID));
    assertNotEquals(Optional.of(study), one.text(Tag.SERIES_INSTANCE_UID));
    assertTrue(one.contains(Tag.SOP_INSTANCE_UID));
    assertEquals(Optional.of("1.2.840.10008.5.1.4.1.1.2"), one.text(Tag.SOP_CLASS_UID));
    assertThrows(
        IllegalArgumentException.class, () -> Deidentification.copy(patient(), new byte[15]));
  }

  @Test
  void listsNothingThatTheBasicProfileRemoves() {
    // PS3.15 table E.1-1: dates and times, names, identifiers, descriptions, comments, addresses.
    for (int group : new int[] {0x0008, 0x0010, 0x0018, 0x0020, 0x0028, 0x0032, 0x0040}) {
      for (int element = 0; element <= 0xffff; element++) {
        Attribute known = Dictionary.find(Tag.of(group, element));
        if (known != null && known.exposure() == Attribute.Exposure.KEPT) {
          switch (known.representation()) {
            case CS, DS, IS, US, SS, UL, SL, FL, FD, OW, SQ, UI -> {}
            case LO -> assertTrue(known.keyword().endsWith("Type"), known::keyword);
            default -> throw new AssertionError(known + " may hold text or a time");
          }
          assertNotEquals(0x0010, group, known::keyword);
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "YES,CT,1.2,ORIGINAL,YES",
    "NO,US,1.2,ORIGINAL,NO",
    "'',US,1.2,ORIGINAL,LIKELY",
    "'',CT,1.2.840.10008.5.1.4.1.1.7.2,ORIGINAL,LIKELY",
    "'',MR,1.2.840.10008.5.1.4.1.1.6.1,ORIGINAL,LIKELY",
    "'',CT,1.2.840.10008.5.1.4.1.1.2,DERIVED\\SECONDARY\\SCREEN SAVE,LIKELY",
    "'',CT,1.2.840.10008.5.1.4.1.1.2,ORIGINAL\\PRIMARY\\AXIAL,UNKNOWN",
    "'',CT,1.2.840.10008.5.1.4.1.1.66,ORIGINAL,UNKNOWN"
  })
  void saysWhetherTextIsToBeExpected(
      String said, String modality, String kind, String type, Deidentification.BurnedIn expected) {
    DataSet data =
        DicomBytes.file("1.2.840.10008.1.2.1")
            .text(0x0008_0008, "CS", type)
            .text(0x0008_0016, "UI", kind)
            .text(0x0008_0060, "CS", modality)
            .text(0x0028_0301, "CS", said)
            .read()
            .dataSet();
    assertEquals(expected, Deidentification.burnedIn(data));
  }
}
