package org.vesalius.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Small medical files, written by hand. */
final class MedicalFiles {
  static final String NAME = "DOE^JOHN";

  private MedicalFiles() {}

  private static void element(ByteArrayOutputStream out, int tag, String vr, byte[] value) {
    byte[] even = java.util.Arrays.copyOf(value, (value.length + 1) & ~1);
    if (even.length > value.length && !vr.equals("UI")) {
      even[value.length] = ' ';
    }
    boolean longForm = vr.equals("OW") || vr.equals("SQ");
    ByteBuffer head = ByteBuffer.allocate(longForm ? 12 : 8).order(ByteOrder.LITTLE_ENDIAN);
    head.putShort((short) (tag >>> 16)).putShort((short) tag);
    head.put(vr.getBytes(StandardCharsets.US_ASCII));
    if (longForm) {
      head.putShort((short) 0).putInt(even.length);
    } else {
      head.putShort((short) even.length);
    }
    out.writeBytes(head.array());
    out.writeBytes(even);
  }

  private static void text(ByteArrayOutputStream out, int tag, String vr, String value) {
    element(out, tag, vr, value.getBytes(StandardCharsets.US_ASCII));
  }

  private static void number(ByteArrayOutputStream out, int tag, int value) {
    element(out, tag, "US", new byte[] {(byte) value, (byte) (value >> 8)});
  }

  private static void wide(ByteArrayOutputStream out, int tag, int value) {
    element(
        out,
        tag,
        "UL",
        ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
  }

  /** An ultrasound picture of 8 bits that counts from the row {@code top} on. */
  static Path ultrasound(Path file, int columns, int rows, int top, int[] pixels)
      throws IOException {
    ByteArrayOutputStream out = head();
    text(out, 0x0008_0060, "CS", "US");
    text(out, 0x0010_0010, "PN", NAME);
    ByteArrayOutputStream region = new ByteArrayOutputStream();
    wide(region, 0x0018_6018, 0);
    wide(region, 0x0018_601a, top);
    wide(region, 0x0018_601c, columns - 1);
    wide(region, 0x0018_601e, rows - 1);
    ByteArrayOutputStream item = new ByteArrayOutputStream();
    item.writeBytes(
        ByteBuffer.allocate(8)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt(0xe000_fffe)
            .putInt(region.size())
            .array());
    item.writeBytes(region.toByteArray());
    element(out, 0x0018_6011, "SQ", item.toByteArray());
    shape(out, columns, rows, 8);
    byte[] bytes = new byte[pixels.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) pixels[i];
    }
    element(out, 0x7fe0_0010, "OW", bytes);
    return Files.write(file, out.toByteArray());
  }

  private static ByteArrayOutputStream head() {
    ByteArrayOutputStream meta = new ByteArrayOutputStream();
    text(meta, 0x0002_0010, "UI", "1.2.840.10008.1.2.1");
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(new byte[128]);
    out.writeBytes("DICM".getBytes(StandardCharsets.US_ASCII));
    wide(out, 0x0002_0000, meta.size());
    out.writeBytes(meta.toByteArray());
    return out;
  }

  private static void shape(ByteArrayOutputStream out, int columns, int rows, int bits) {
    number(out, 0x0028_0002, 1);
    text(out, 0x0028_0004, "CS", "MONOCHROME2");
    number(out, 0x0028_0010, rows);
    number(out, 0x0028_0011, columns);
    text(out, 0x0028_0030, "DS", "0.5\\0.5");
    number(out, 0x0028_0100, bits);
    number(out, 0x0028_0101, bits);
    number(out, 0x0028_0102, bits - 1);
    number(out, 0x0028_0103, 0);
  }

  /** One slice of CT with pixels of 0.5 mm; Hounsfield units are the numbers minus 1024. */
  static Path ct(Path file, int columns, int rows, int height, short... pixels) throws IOException {
    return ct(file, "1.2.3", columns, rows, height, pixels);
  }

  /** The same of any series. */
  static Path ct(Path file, String series, int columns, int rows, int height, short... pixels)
      throws IOException {
    ByteArrayOutputStream out = head();
    text(out, 0x0008_0060, "CS", "CT");
    text(out, 0x0010_0010, "PN", NAME);
    text(out, 0x0020_000e, "UI", series);
    text(out, 0x0020_0032, "DS", String.join("\\", "-100", "-50", String.valueOf(height)));
    text(out, 0x0020_0037, "DS", "1\\0\\0\\0\\1\\0");
    shape(out, columns, rows, 16);
    text(out, 0x0028_1050, "DS", "40");
    text(out, 0x0028_1051, "DS", "400");
    text(out, 0x0028_1052, "DS", "-1024");
    text(out, 0x0028_1053, "DS", "1");
    ByteBuffer data = ByteBuffer.allocate(2 * pixels.length).order(ByteOrder.LITTLE_ENDIAN);
    for (short pixel : pixels) {
      data.putShort(pixel);
    }
    element(out, 0x7fe0_0010, "OW", data.array());
    return Files.write(file, out.toByteArray());
  }

  /** A volume whose axes run to the right, the front and the head, with voxels of 1 mm. */
  static Path volume(Path file, int columns, int rows, int slices, byte[] voxels)
      throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(352 + voxels.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putInt(0, 348);
    int[] sizes = {3, columns, rows, slices};
    for (int i = 0; i < 4; i++) {
      bytes.putShort(40 + 2 * i, (short) sizes[i]).putFloat(76 + 4 * i, 1);
    }
    bytes.putShort(70, (short) 2).putShort(72, (short) 8).putFloat(108, 352);
    bytes.put(123, (byte) 2).putShort(254, (short) 1);
    bytes.putFloat(280, 1).putFloat(300, 1).putFloat(320, 1);
    bytes.put(148, NAME.getBytes(StandardCharsets.US_ASCII));
    bytes.put(344, new byte[] {'n', '+', '1', 0}).put(352, voxels);
    return Files.write(file, bytes.array());
  }
}
