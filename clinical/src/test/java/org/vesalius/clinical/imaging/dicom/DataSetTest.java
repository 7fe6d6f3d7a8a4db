package org.vesalius.clinical.imaging.dicom;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.Charset;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class DataSetTest {
  private static final String EXPLICIT = "1.2.840.10008.1.2.1";
  private static final Tag NAME = Tag.of(0x0010, 0x0010);
  private static final Tag COMMENTS = Tag.of(0x0020, 0x4000);

  @Test
  void typedAccess() {
    DataSet data =
        DicomBytes.file(EXPLICIT)
            .text(0x0008_0008, "CS", "ORIGINAL\\PRIMARY \\AXIAL")
            .text(0x0010_4000, "LT", " a\\b ")
            .text(0x0020_0013, "IS", "+17")
            .text(0x0020_0032, "DS", "-1.5e1\\ 2\\.25")
            .u16(0x0028_0010, 65535)
            .element(0x0028_0106, "SS", new byte[] {-2, -1})
            .element(0x0018_9313, "FD", new byte[] {0, 0, 0, 0, 0, 0, (byte) 0xf8, 0x3f})
            .read()
            .dataSet();
    assertEquals(List.of("ORIGINAL", "PRIMARY", "AXIAL"), data.texts(Tag.IMAGE_TYPE));
    assertEquals(Optional.of("ORIGINAL"), data.text(Tag.IMAGE_TYPE));
    assertEquals(List.of(" a\\b"), data.texts(Tag.of(0x0010, 0x4000)));
    assertEquals(17, data.integer(Tag.INSTANCE_NUMBER).orElseThrow());
    assertArrayEquals(new double[] {-15, 2, 0.25}, data.numbers(Tag.IMAGE_POSITION_PATIENT));
    assertEquals(65535, data.integer(Tag.ROWS).orElseThrow());
    assertEquals(-2, data.integer(Tag.of(0x0028, 0x0106)).orElseThrow());
    assertEquals(1.5, data.number(Tag.of(0x0018, 0x9313)).orElseThrow());
    assertTrue(data.integer(Tag.COLUMNS).isEmpty());
    assertEquals(0, data.numbers(Tag.COLUMNS).length);
    assertTrue(data.items(Tag.VOI_LUT_SEQUENCE).isEmpty());
    assertEquals(Optional.of(ValueRepresentation.US), data.representation(Tag.ROWS));
    assertThrows(DicomFormatException.class, () -> data.numbers(Tag.IMAGE_TYPE));
    assertThrows(DicomFormatException.class, () -> data.texts(Tag.ROWS));
    assertThrows(DicomFormatException.class, () -> data.items(Tag.ROWS));
  }

  @ParameterizedTest
  @CsvSource({"1d", "NaN", "0x10", "1e", "--1", "1 2", "Infinity", "1e999", "'1,5'"})
  void whatJavaTakesForANumberDicomMayNot(String text) {
    DataSet data = DicomBytes.file(EXPLICIT).text(0x0028_1053, "DS", text).read().dataSet();
    assertThrows(DicomFormatException.class, () -> data.numbers(Tag.RESCALE_SLOPE));
  }

  @Test
  void elementsWithoutValueAnswerNothing() {
    DataSet data =
        DicomBytes.file(EXPLICIT)
            .text(0x0028_1053, "DS", "")
            .text(0x0028_1052, "DS", "  ")
            .read()
            .dataSet();
    assertTrue(data.contains(Tag.RESCALE_SLOPE));
    assertTrue(data.number(Tag.RESCALE_SLOPE).isEmpty());
    assertTrue(data.number(Tag.RESCALE_INTERCEPT).isEmpty());
    assertTrue(data.text(Tag.RESCALE_INTERCEPT).isEmpty());
  }

  @Test
  void filesWithoutMetaGroupAreGuessed() {
    byte[] little =
        DicomBytes.explicit().text(0x0008_0060, "CS", "CT").u16(0x0028_0010, 3).toBytes();
    byte[] implicit =
        DicomBytes.implicit().text(0x0008_0060, "CS", "CT").u16(0x0028_0010, 3).toBytes();
    byte[] big = {0, 8, 0, 0x60, 'C', 'S', 0, 2, 'C', 'T', 0, 0x28, 0, 0x10, 'U', 'S', 0, 2, 0, 3};
    String[] syntaxes = {EXPLICIT, "1.2.840.10008.1.2", "1.2.840.10008.1.2.2"};
    byte[][] files = {little, implicit, big};
    for (int i = 0; i < files.length; i++) {
      DicomFile file = DicomFile.read(files[i], "test.dcm");
      assertEquals(syntaxes[i], file.transferSyntax().uid());
      assertEquals(3, file.dataSet().integer(Tag.ROWS).orElseThrow());
      assertEquals(Optional.of("CT"), file.dataSet().text(Tag.MODALITY));
      assertEquals(0, file.frames());
      assertTrue(file.metaInformation().tags().isEmpty());
    }
  }

  /** Real writers have declared explicit and stored implicit, and the other way round. */
  @Test
  void theFirstElementShowsHowElementsAreStored() {
    byte[] file =
        DicomBytes.file(EXPLICIT)
            .bytes(DicomBytes.implicit().text(0x0008_0060, "CS", "CT").toBytes())
            .toBytes();
    assertEquals(Optional.of("CT"), DicomFile.read(file, "test.dcm").dataSet().text(Tag.MODALITY));
    byte[] other = DicomBytes.file("1.2.840.10008.1.2").text(0x0008_0060, "CS", "MR").toBytes();
    assertEquals(Optional.of("MR"), DicomFile.read(other, "test.dcm").dataSet().text(Tag.MODALITY));
  }

  @Test
  void implicitValuesHaveTheirKindFromTheDictionary() {
    DataSet data =
        DicomBytes.implicit()
            .text(0x0008_0060, "CS", "CT")
            .u16(0x0028_0103, 1)
            .element(0x0028_0120, "SS", new byte[] {0x18, (byte) 0xfc})
            .header(0x0028_3000, "SQ", -1)
            .item(0xfffe_e000, -1)
            .u16(0x0028_3002, 0xffff, 0xfc18, 16)
            .item(0xfffe_e00d, 0)
            .item(0xfffe_e0dd, 0)
            .header(0x0029_1000, "UN", -1)
            .item(0xfffe_e000, 8)
            .header(0x0029_1001, "UN", 0)
            .item(0xfffe_e0dd, 0)
            .read()
            .dataSet();
    assertEquals(-1000, data.integer(Tag.PIXEL_PADDING_VALUE).orElseThrow());
    DataSet item = data.items(Tag.MODALITY_LUT_SEQUENCE).get(0);
    // The second number is a value of a pixel, which has a sign here.
    assertArrayEquals(new long[] {-1, -1000, 16}, item.integers(Tag.LUT_DESCRIPTOR));
    assertEquals(1, data.items(Tag.of(0x0029, 0x1000)).size());
  }

  /** PS3.5 6.2.2: inside an unknown value of undefined length all is implicit. */
  @Test
  void unknownValuesOfUndefinedLengthAreSequences() {
    DataSet data =
        DicomBytes.file(EXPLICIT)
            .header(0x0028_3010, "UN", -1)
            .item(0xfffe_e000, -1)
            .bytes(DicomBytes.implicit().text(0x0028_3003, "LO", "bone").toBytes())
            .item(0xfffe_e00d, 0)
            .item(0xfffe_e0dd, 0)
            .element(0x0028_0011, "UN", new byte[] {5, 0})
            .read()
            .dataSet();
    assertEquals(
        Optional.of("bone"), data.items(Tag.VOI_LUT_SEQUENCE).get(0).text(Tag.LUT_EXPLANATION));
    assertEquals(5, data.integer(Tag.COLUMNS).orElseThrow());
  }

  @ParameterizedTest
  @CsvSource({
    "ISO_IR 100,ISO-8859-1,Müller^Jörg",
    "ISO_IR 144,ISO-8859-5,Люкceмбypг",
    "ISO_IR 126,ISO-8859-7,Διονυσιος",
    "ISO_IR 192,UTF-8,Wang^XiaoDong=王^小東",
    "GB18030,GB18030,Wang^XiaoDong=王^小东",
    "ISO_IR 166,TIS-620,นามสกุล"
  })
  void textIsInTheCharacterSetOfTheDataSet(String term, String charset, String text) {
    DataSet data =
        DicomBytes.file(EXPLICIT)
            .text(0x0008_0005, "CS", term)
            .element(0x0010_0010, "PN", text.getBytes(Charset.forName(charset)))
            .header(0x0008_1140, "SQ", -1)
            .item(0xfffe_e000, -1)
            .element(0x0020_4000, "LT", text.getBytes(Charset.forName(charset)))
            .item(0xfffe_e00d, 0)
            .item(0xfffe_e0dd, 0)
            .read()
            .dataSet();
    assertEquals(Optional.of(text), data.text(NAME));
    assertEquals(Optional.of(text), data.items(new Tag(0x0008_1140)).get(0).text(COMMENTS));
  }

  /** The examples of PS3.5 H.3.1, H.3.2, I.2 and K.2. */
  @Test
  void escapesSwitchCharacterSets() {
    assertEquals(
        "Yamada^Tarou=山田^太郎=やまだ^たろう",
        name(
            "\\ISO 2022 IR 87",
            "Yamada^Tarou=\u001b$B;3ED\u001b(B^\u001b$BB@O:\u001b(B=\u001b$B$d$^$@\u001b(B^\u001b$B$?$m$&\u001b(B"));
    assertEquals(
        "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎",
        name(
            "ISO 2022 IR 13\\ISO 2022 IR 87",
            "\u00d4\u00cf\u00c0\u00de^\u00c0\u00db\u00b3=\u001b$B;3ED\u001b(J^\u001b$BB@O:\u001b(J"));
    assertEquals(
        "Hong^Gildong=洪^吉洞",
        name(
            "\\ISO 2022 IR 149",
            "Hong^Gildong=\u001b$)C\u00fb\u00f3^\u001b$)C\u00d1\u00ce\u00d4\u00d7"));
    assertEquals(
        "Zhang^XiaoDong=张^小东",
        name(
            "\\ISO 2022 IR 58",
            "Zhang^XiaoDong=\u001b$)A\u00d5\u00c5^\u001b$)A\u00d0\u00a1\u00b6\u00ab"));
  }

  private static String name(String terms, String latin1) {
    return DicomBytes.file(EXPLICIT)
        .text(0x0008_0005, "CS", terms)
        .text(0x0010_0010, "PN", latin1)
        .read()
        .dataSet()
        .text(NAME)
        .orElseThrow();
  }

  @Test
  void unknownCharacterSetsFailWhenTextIsAsked() {
    DataSet data =
        DicomBytes.file(EXPLICIT)
            .text(0x0008_0005, "CS", "ISO_IR 999")
            .text(0x0010_0010, "PN", "\u00e4")
            .text(0x0020_4000, "LT", "plain")
            .read()
            .dataSet();
    assertEquals(Optional.of("plain"), data.text(COMMENTS));
    assertThrows(DicomFormatException.class, () -> data.text(NAME));
  }

  @Test
  void toStringShowsOnlyWhatIdentifiesNobody() {
    DicomFile file =
        DicomBytes.file(EXPLICIT)
            .text(0x0008_0020, "DA", "20010203")
            .text(0x0008_0060, "CS", "CT")
            .text(0x0008_0070, "LO", "SECRET")
            .text(0x0010_0010, "PN", "SECRET^NAME")
            .text(0x0010_0020, "LO", "4711")
            .header(0x0040_a730, "SQ", -1)
            .item(0xfffe_e000, -1)
            .text(0x0040_a160, "UT", "SECRET")
            .item(0xfffe_e00d, 0)
            .item(0xfffe_e0dd, 0)
            .text(0x0018_0015, "CS", "Mr Secret")
            .u16(0x0028_0010, 512)
            .read();
    String text = file.toString();
    assertTrue(text.contains("(0028,0010) Rows US: [512.0]"), text);
    assertTrue(text.contains("(0008,0060) Modality CS: [CT]"), text);
    assertTrue(text.contains("(0010,0010) PatientName PN: 12 bytes"), text);
    for (String hidden : List.of("SECRET", "Secret", "20010203", "4711")) {
      assertFalse(text.contains(hidden), text);
    }
  }

  @Test
  void errorsShowNoPatientText() {
    DataSet data =
        DicomBytes.file(EXPLICIT)
            .text(0x0010_1010, "AS", "SECRET")
            .text(0x0010_1030, "DS", "SECRET")
            .text(0x0018_0050, "DS", "SECRET")
            .text(0x0028_1053, "DS", "1,5")
            .read()
            .dataSet();
    var weight =
        assertThrows(DicomFormatException.class, () -> data.numbers(Tag.of(0x0010, 0x1030)));
    assertFalse(String.valueOf(weight.getMessage()).contains("SECRET"));
    assertTrue(
        String.valueOf(weight.getMessage())
            .startsWith("test.dcm: (0010,1030) PatientWeight at byte "));
    var slope = assertThrows(DicomFormatException.class, () -> data.numbers(Tag.RESCALE_SLOPE));
    assertTrue(String.valueOf(slope.getMessage()).endsWith("found \"1,5\""));
    // What writers put by mistake into a harmless attribute may be a name, too.
    var thick = assertThrows(DicomFormatException.class, () -> data.numbers(Tag.SLICE_THICKNESS));
    assertTrue(String.valueOf(thick.getMessage()).endsWith("found other text"));
  }
}
