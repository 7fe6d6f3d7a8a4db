package org.vesalius.clinical.imaging.dicom;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each transfer syntax decodes to what GDCM and DCMTK decode, or is refused by name. */
final class TransferSyntaxesTest {
  static List<TinyFile> files() {
    return TinyFile.all();
  }

  @ParameterizedTest
  @MethodSource("files")
  void equalsOtherDecoders(TinyFile tiny) {
    DicomFile file = DicomFile.read(tiny.bytes(), tiny.name());
    StoredFrame frame = file.frame(0);
    assertEquals(
        tiny.digest(),
        TinyFile.digest(TinyFile.frames(file), frame.bitsStored() > 8 ? 16 : 8, false, false));
    assertEquals(tiny.photometric(), frame.photometric());
    assertEquals(9, frame.rows());
    assertEquals(11, frame.columns());
    assertEquals(tiny.name().endsWith("frames") ? 2 : 1, file.frames());
  }

  @Test
  void filesAreOfManySyntaxes() {
    Set<TransferSyntax> seen = new HashSet<>();
    for (TinyFile tiny : files()) {
      seen.add(DicomFile.read(tiny.bytes(), tiny.name()).transferSyntax());
    }
    assertEquals(15, seen.size(), seen::toString);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "4.52", "4.59", "4.66", "4.92", "4.94", "4.100", "4.102", "4.107", "4.110", "4.201",
        "4.202", "4.203", "4.205", "6.1", "7.1"
      })
  void refusesByName(String suffix) {
    String uid = "1.2.840.10008.1.2." + suffix;
    DicomFile file =
        DicomBytes.image(uid, 2, 2)
            .header(0x7fe0_0010, "OB", -1)
            .item(0xfffe_e000, 0)
            .item(0xfffe_e000, 2)
            .bytes((byte) 1, (byte) 2)
            .item(0xfffe_e0dd, 0)
            .read();
    assertEquals(2, file.dataSet().integer(Tag.ROWS).orElseThrow());
    assertFalse(file.transferSyntax().isDecodable());
    UnsupportedTransferSyntaxException refused =
        assertThrows(UnsupportedTransferSyntaxException.class, () -> file.frame(0));
    String name = refused.transferSyntax().name();
    assertFalse(name.equals("unknown"), uid);
    assertTrue(
        String.valueOf(refused.getMessage()).contains(uid + " (" + name + ")"),
        refused.getMessage());
  }

  @Test
  void refusesWhatTheStandardDoesNotKnow() {
    DicomFile file =
        DicomBytes.image("1.2.3.4", 1, 1).element(0x7fe0_0010, "OB", new byte[2]).read();
    var refused = assertThrows(UnsupportedTransferSyntaxException.class, () -> file.frame(0));
    assertTrue(
        String.valueOf(refused.getMessage()).contains("1.2.3.4 (unknown)"), refused.getMessage());
  }

  @Test
  void decodesFramesThatAreEncapsulatedOnly() {
    byte[] deflated = {0x63, 0x64, 0x62, 0x66, 0x01, 0x00}; // 1, 2, 3, 4 by Python's zlib
    StoredFrame plain =
        encapsulated("1.2.840.10008.1.2.1.98", (byte) 1, (byte) 2, (byte) 3, (byte) 4);
    StoredFrame inflated = encapsulated("1.2.840.10008.1.2.8.1", deflated);
    for (StoredFrame frame : List.of(plain, inflated)) {
      assertEquals(List.of(1, 2, 3, 4), java.util.Arrays.stream(frame.samples()).boxed().toList());
    }
  }

  private static StoredFrame encapsulated(String uid, byte... frame) {
    return DicomBytes.image(uid, 2, 2)
        .header(0x7fe0_0010, "OB", -1)
        .item(0xfffe_e000, 0)
        .item(0xfffe_e000, frame.length)
        .bytes(frame)
        .item(0xfffe_e0dd, 0)
        .read()
        .frame(0);
  }
}
