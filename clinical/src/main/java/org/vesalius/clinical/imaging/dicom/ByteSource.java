package org.vesalius.clinical.imaging.dicom;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Bytes that a file's elements lie in, and how to name a place among them.
 *
 * @param bytes the file, or what a deflated data set inflates to
 * @param array the same bytes where they are in one, which is faster to read
 * @param file its name for messages
 * @param place what a position counts, for messages
 */
@SuppressWarnings("ArrayRecordComponent") // inside this package; never compared
record ByteSource(MemorySegment bytes, byte @Nullable [] array, String file, String place) {
  private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
  private static final ValueLayout.OfShort SHORT_LE =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT_BE =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfInt INT_LE =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT_BE =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfLong LONG_LE =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG_BE =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  static ByteSource of(byte[] array, String file, String place) {
    return new ByteSource(MemorySegment.ofArray(array), array, file, place);
  }

  long size() {
    return bytes.byteSize();
  }

  int u8(long at) {
    return (array != null ? array[(int) at] : bytes.get(BYTE, at)) & 0xff;
  }

  int u16(long at, boolean bigEndian) {
    if (array != null) {
      int first = array[(int) at] & 0xff;
      int second = array[(int) at + 1] & 0xff;
      return bigEndian ? first << 8 | second : second << 8 | first;
    }
    return bytes.get(bigEndian ? SHORT_BE : SHORT_LE, at) & 0xffff;
  }

  int i32(long at, boolean bigEndian) {
    if (array != null) {
      int first = u16(at, bigEndian);
      int second = u16(at + 2, bigEndian);
      return bigEndian ? first << 16 | second : second << 16 | first;
    }
    return bytes.get(bigEndian ? INT_BE : INT_LE, at);
  }

  long u32(long at, boolean bigEndian) {
    return i32(at, bigEndian) & 0xffff_ffffL;
  }

  long i64(long at, boolean bigEndian) {
    return bytes.get(bigEndian ? LONG_BE : LONG_LE, at);
  }

  Tag tag(long at, boolean bigEndian) {
    return new Tag(u16(at, bigEndian) << 16 | u16(at + 2, bigEndian));
  }

  byte[] copy(long at, long length) {
    return bytes.asSlice(at, length).toArray(BYTE);
  }

  void copy(long at, byte[] to, int index, int length) {
    MemorySegment.copy(bytes, BYTE, at, to, index, length);
  }

  /** A problem of the file as a whole or of its structure at a place. */
  DicomFormatException fail(long at, String problem) {
    return new DicomFormatException("%s: at %s %d: %s".formatted(file, place, at, problem));
  }

  DicomFormatException fail(Tag tag, long at, String problem) {
    return new DicomFormatException("%s: %s at %s %d: %s".formatted(file, tag, place, at, problem));
  }
}
