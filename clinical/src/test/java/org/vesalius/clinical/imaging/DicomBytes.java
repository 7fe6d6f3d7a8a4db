package org.vesalius.clinical.imaging;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;

/** DICOM files for tests: explicit, little endian, elements in the order of their tags. */
public final class DicomBytes {
  private static final int LONG_FORM = 12;

  private final Map<Integer, byte[]> elements = new TreeMap<>(Integer::compareUnsigned);

  /** An image of grey values of 16 bits that count in full. */
  public static DicomBytes grey(int columns, int rows, boolean signed, int... pixels) {
    ByteBuffer bytes = ByteBuffer.allocate(2 * pixels.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int pixel : pixels) {
      bytes.putShort((short) pixel);
    }
    return new DicomBytes()
        .numbers(0x0028_0010, rows)
        .numbers(0x0028_0011, columns)
        .numbers(0x0028_0002, 1)
        .numbers(0x0028_0100, 16)
        .numbers(0x0028_0101, 16)
        .numbers(0x0028_0102, 15)
        .numbers(0x0028_0103, signed ? 1 : 0)
        .text(0x0028_0004, "CS", "MONOCHROME2")
        .bytes(0x7fe0_0010, "OW", bytes.array());
  }

  /** An image of colours of 8 bits. */
  public static DicomBytes colours(int columns, int rows, String photometric, byte... samples) {
    return new DicomBytes()
        .numbers(0x0028_0010, rows)
        .numbers(0x0028_0011, columns)
        .numbers(0x0028_0002, photometric.startsWith("PALETTE") ? 1 : 3)
        .numbers(0x0028_0006, 0)
        .numbers(0x0028_0100, 8)
        .numbers(0x0028_0101, 8)
        .numbers(0x0028_0102, 7)
        .numbers(0x0028_0103, 0)
        .text(0x0028_0004, "CS", photometric)
        .bytes(0x7fe0_0010, "OB", samples);
  }

  /** A text. */
  public DicomBytes text(int tag, String representation, String value) {
    byte pad = (byte) (representation.equals("UI") ? 0 : ' ');
    byte[] bytes = value.getBytes(StandardCharsets.ISO_8859_1);
    byte[] even = java.util.Arrays.copyOf(bytes, (bytes.length + 1) & ~1);
    if (even.length > bytes.length) {
      even[bytes.length] = pad;
    }
    return bytes(tag, representation, even);
  }

  /** Unsigned numbers of 16 bits. */
  public DicomBytes numbers(int tag, int... values) {
    return bytes(tag, "US", words(values));
  }

  /** Signed numbers of 16 bits. */
  public DicomBytes signed(int tag, int... values) {
    return bytes(tag, "SS", words(values));
  }

  /** Unsigned numbers of 32 bits. */
  public DicomBytes longs(int tag, String representation, int... values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int value : values) {
      bytes.putInt(value);
    }
    return bytes(tag, representation, bytes.array());
  }

  private static byte[] words(int... values) {
    ByteBuffer bytes = ByteBuffer.allocate(2 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int value : values) {
      bytes.putShort((short) value);
    }
    return bytes.array();
  }

  /** A sequence. */
  public DicomBytes sequence(int tag, DicomBytes... items) {
    ByteArrayOutputStream value = new ByteArrayOutputStream();
    for (DicomBytes item : items) {
      byte[] content = item.content();
      value.writeBytes(
          ByteBuffer.allocate(8)
              .order(ByteOrder.LITTLE_ENDIAN)
              .putInt(0xe000_fffe)
              .putInt(content.length)
              .array());
      value.writeBytes(content);
    }
    return bytes(tag, "SQ", value.toByteArray());
  }

  /** Any element. */
  public DicomBytes bytes(int tag, String representation, byte[] value) {
    boolean longForm =
        java.util.List.of("OB", "OD", "OF", "OW", "SQ", "UN").contains(representation);
    byte[] even = java.util.Arrays.copyOf(value, (value.length + 1) & ~1);
    ByteBuffer element =
        ByteBuffer.allocate((longForm ? LONG_FORM : 8) + even.length)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putShort((short) (tag >>> 16))
            .putShort((short) tag)
            .put(representation.getBytes(StandardCharsets.US_ASCII));
    if (longForm) {
      element.putShort((short) 0).putInt(even.length);
    } else {
      element.putShort((short) even.length);
    }
    elements.put(tag, element.put(even).array());
    return this;
  }

  /** Encapsulated pixels, one fragment for each frame, without a table of offsets. */
  public DicomBytes fragments(byte[]... frames) {
    ByteArrayOutputStream value = new ByteArrayOutputStream();
    value.writeBytes(new byte[] {(byte) 0xe0, 0x7f, 0x10, 0, 'O', 'B', 0, 0, -1, -1, -1, -1});
    value.writeBytes(item(0xe000, 0));
    for (byte[] frame : frames) {
      byte[] even = java.util.Arrays.copyOf(frame, (frame.length + 1) & ~1);
      value.writeBytes(item(0xe000, even.length));
      value.writeBytes(even);
    }
    value.writeBytes(item(0xe0dd, 0));
    elements.put(0x7fe0_0010, value.toByteArray());
    return this;
  }

  private static byte[] item(int element, int length) {
    return ByteBuffer.allocate(8)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putShort((short) 0xfffe)
        .putShort((short) element)
        .putInt(length)
        .array();
  }

  /** The elements. */
  private byte[] content() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    elements.values().forEach(out::writeBytes);
    return out.toByteArray();
  }

  /** The file, with preamble and meta group. */
  public byte[] file() {
    return file("1.2.840.10008.1.2.1");
  }

  /** The file in an explicit transfer syntax of little endian. */
  public byte[] file(String transferSyntax) {
    byte[] syntax = new DicomBytes().text(0x0002_0010, "UI", transferSyntax).content();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(new byte[128]);
    out.writeBytes("DICM".getBytes(StandardCharsets.US_ASCII));
    out.writeBytes(new DicomBytes().longs(0x0002_0000, "UL", syntax.length).content());
    out.writeBytes(syntax);
    out.writeBytes(content());
    return out.toByteArray();
  }
}
