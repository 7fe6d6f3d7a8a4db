package org.vesalius.clinical.imaging.dicom;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Writes DICOM files (PS3.10 7) in Explicit VR Little Endian. */
public final class DicomWriter {
  private static final int PREAMBLE = 128;

  /** The name-based UUID (version 3) of {@code org.vesalius} as a UID of PS3.5 B.2. */
  private static final String IMPLEMENTATION = "2.25.16400944623605403433684353541116388382";

  private static final Tag GROUP_LENGTH = Tag.of(0x0002, 0x0000);
  private static final Tag VERSION = Tag.of(0x0002, 0x0001);
  private static final Tag MEDIA_STORAGE_CLASS = Tag.of(0x0002, 0x0002);
  private static final Tag MEDIA_STORAGE_INSTANCE = Tag.of(0x0002, 0x0003);
  private static final Tag IMPLEMENTATION_CLASS = Tag.of(0x0002, 0x0012);
  private static final Tag IMPLEMENTATION_NAME = Tag.of(0x0002, 0x0013);

  private DicomWriter() {}

  /**
   * A file. Class, instance and character set (UTF-8) are set in the data set, too.
   *
   * @param sopClass unique identifier of the kind of object
   * @param sopInstance unique identifier of the object
   * @param data its elements
   */
  public static byte[] file(String sopClass, String sopInstance, DicomItem data) {
    data.text(Tag.SPECIFIC_CHARACTER_SET, ValueRepresentation.CS, "ISO_IR 192")
        .text(Tag.SOP_CLASS_UID, ValueRepresentation.UI, sopClass)
        .text(Tag.SOP_INSTANCE_UID, ValueRepresentation.UI, sopInstance);
    byte[] meta =
        new DicomItem()
            .put(VERSION, ValueRepresentation.OB, new byte[] {0, 1})
            .text(MEDIA_STORAGE_CLASS, ValueRepresentation.UI, sopClass)
            .text(MEDIA_STORAGE_INSTANCE, ValueRepresentation.UI, sopInstance)
            .text(
                Tag.TRANSFER_SYNTAX_UID,
                ValueRepresentation.UI,
                TransferSyntax.EXPLICIT_LITTLE_ENDIAN.uid())
            .text(IMPLEMENTATION_CLASS, ValueRepresentation.UI, IMPLEMENTATION)
            .text(IMPLEMENTATION_NAME, ValueRepresentation.SH, "VESALIUS")
            .encoded();
    byte[] length =
        ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(meta.length).array();
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.writeBytes(new byte[PREAMBLE]);
    file.writeBytes("DICM".getBytes(StandardCharsets.US_ASCII));
    file.writeBytes(new DicomItem().put(GROUP_LENGTH, ValueRepresentation.UL, length).encoded());
    file.writeBytes(meta);
    file.writeBytes(data.encoded());
    return file.toByteArray();
  }
}
