package org.vesalius.clinical.imaging.dicom;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Writes elements for tests, in little endian order. */
final class DicomBytes {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final boolean explicit;

  private DicomBytes(boolean explicit) {
    this.explicit = explicit;
  }

  /** Elements only. */
  static DicomBytes explicit() {
    return new DicomBytes(true);
  }

  static DicomBytes implicit() {
    return new DicomBytes(false);
  }

  /** A file with preamble and meta group, ready for the elements of its data set. */
  static DicomBytes file(String transferSyntax) {
    DicomBytes file = new DicomBytes(true);
    file.out.writeBytes(new byte[128]);
    file.out.writeBytes(TinyFile.ascii("DICM"));
    return file.text(0x0002_0010, "UI", transferSyntax);
  }

  /** An image of one grey byte a pixel, up to its pixel data. */
  static DicomBytes image(String transferSyntax, int rows, int columns) {
    return file(transferSyntax)
        .text(0x0028_0004, "CS", "MONOCHROME2")
        .u16(0x0028_0010, rows)
        .u16(0x0028_0011, columns)
        .u16(0x0028_0100, 8);
  }

  DicomBytes text(int tag, String vr, String value) {
    return element(
        tag, vr, (value + " ".repeat(value.length() % 2)).getBytes(StandardCharsets.ISO_8859_1));
  }

  DicomBytes u16(int tag, int... values) {
    ByteBuffer bytes = ByteBuffer.allocate(2 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int value : values) {
      bytes.putShort((short) value);
    }
    return element(tag, "US", bytes.array());
  }

  DicomBytes element(int tag, String vr, byte[] value) {
    return header(tag, vr, value.length).bytes(value);
  }

  /** Length -1 is the undefined one. */
  DicomBytes header(int tag, String vr, int length) {
    ByteBuffer bytes = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putShort((short) (tag >> 16)).putShort((short) tag);
    if (!explicit) {
      bytes.putInt(length);
    } else {
      bytes.put(TinyFile.ascii(vr));
      boolean wide = ValueRepresentation.valueOf(vr).hasLongLength();
      if (wide) {
        bytes.putShort((short) 0).putInt(length);
      } else {
        bytes.putShort((short) length);
      }
    }
    out.write(bytes.array(), 0, bytes.position());
    return this;
  }

  /** An item or a delimiter. */
  DicomBytes item(int tag, int length) {
    ByteBuffer bytes = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
    out.writeBytes(
        bytes.putShort((short) (tag >> 16)).putShort((short) tag).putInt(length).array());
    return this;
  }

  DicomBytes bytes(byte... value) {
    out.writeBytes(value);
    return this;
  }

  byte[] toBytes() {
    return out.toByteArray();
  }

  DicomFile read() {
    return DicomFile.read(toBytes(), "test.dcm");
  }
}
