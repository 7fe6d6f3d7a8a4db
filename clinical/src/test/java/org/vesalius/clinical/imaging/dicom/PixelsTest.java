package org.vesalius.clinical.imaging.dicom;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Base64;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class PixelsTest {
  private static final String EXPLICIT = "1.2.840.10008.1.2.1";
  private static final String BIG_ENDIAN = "1.2.840.10008.1.2.2";
  private static final String RAW_FRAMES = "1.2.840.10008.1.2.1.98";

  @Test
  void storedBitsAreCutOutAndSigned() {
    StoredFrame frame =
        image(1, 3, 16, 12, 13, 1)
            .element(
                0x7fe0_0010,
                "OW",
                new byte[] {(byte) 0xff, (byte) 0xff, 0x07, 0x20, 0x04, (byte) 0xc0})
            .read()
            .frame(0);
    // Bits 2 to 13: all ones are -1; 0x2007 is 0x801, negative; bits 14 and 15 do not count.
    assertArrayEquals(new int[] {-1, 0x801 - 0x1000, 1}, frame.samples());
    assertEquals(12, frame.bitsStored());
    assertTrue(frame.signed());
  }

  @Test
  void framesOfOneBitFollowEachOtherInsideBytes() {
    DicomFile file =
        DicomBytes.file(EXPLICIT)
            .text(0x0028_0004, "CS", "MONOCHROME2")
            .text(0x0028_0008, "IS", "3")
            .u16(0x0028_0010, 1)
            .u16(0x0028_0011, 5)
            .u16(0x0028_0100, 1)
            .element(0x7fe0_0010, "OB", new byte[] {(byte) 0b010_10011, 0b0_10101_11})
            .read();
    assertArrayEquals(new int[] {1, 1, 0, 0, 1}, file.frame(0).samples());
    assertArrayEquals(new int[] {0, 1, 0, 1, 1}, file.frame(1).samples());
    assertArrayEquals(new int[] {1, 0, 1, 0, 1}, file.frame(2).samples());
    assertThrows(IndexOutOfBoundsException.class, () -> file.frame(3));
  }

  @Test
  void coloursByPlaneAndByPairAreInterleaved() {
    byte[] six = {1, 2, 3, 4, 5, 6};
    DicomBytes planar =
        DicomBytes.file(EXPLICIT)
            .u16(0x0028_0002, 3)
            .text(0x0028_0004, "CS", "RGB")
            .u16(0x0028_0006, 1)
            .u16(0x0028_0010, 1)
            .u16(0x0028_0011, 2)
            .u16(0x0028_0100, 8)
            .element(0x7fe0_0010, "OB", six);
    assertArrayEquals(new int[] {1, 3, 5, 2, 4, 6}, planar.read().frame(0).samples());
    StoredFrame pair =
        DicomBytes.file(EXPLICIT)
            .u16(0x0028_0002, 3)
            .text(0x0028_0004, "CS", "YBR_FULL_422")
            .u16(0x0028_0010, 1)
            .u16(0x0028_0011, 2)
            .u16(0x0028_0100, 8)
            .element(0x7fe0_0010, "OB", new byte[] {1, 2, 3, 4})
            .read()
            .frame(0);
    assertArrayEquals(new int[] {1, 3, 4, 2, 3, 4}, pair.samples());
    assertEquals("YBR_FULL", pair.photometric());
    // Named so, but there for each pixel.
    StoredFrame full =
        DicomBytes.file(EXPLICIT)
            .u16(0x0028_0002, 3)
            .text(0x0028_0004, "CS", "YBR_FULL_422")
            .u16(0x0028_0010, 1)
            .u16(0x0028_0011, 2)
            .u16(0x0028_0100, 8)
            .element(0x7fe0_0010, "OB", six)
            .read()
            .frame(0);
    assertArrayEquals(new int[] {1, 2, 3, 4, 5, 6}, full.samples());
    assertEquals("YBR_FULL", full.photometric());
  }

  @Test
  void pixelsThatContradictTheirDescriptionAreRefused() {
    fails("expected 6 bytes", image(1, 3, 16, 16, 15, 0).element(0x7fe0_0010, "OW", new byte[4]));
    fails("expected 6 bytes", image(1, 3, 16, 16, 15, 0).element(0x7fe0_0010, "OW", new byte[12]));
    fails("expected 11 to 15", image(1, 3, 16, 12, 10, 0).element(0x7fe0_0010, "OW", new byte[6]));
    fails("expected 1 to 16", image(1, 3, 16, 17, 16, 0).element(0x7fe0_0010, "OW", new byte[6]));
    fails(
        "expected 1, 8, 16 or 32",
        image(1, 3, 12, 12, 11, 0).element(0x7fe0_0010, "OW", new byte[6]));
    fails(
        "expected 1 to 65535", image(0, 3, 16, 12, 11, 0).element(0x7fe0_0010, "OW", new byte[6]));
    fails(
        "expected at most 1, as many as there are pixels for, found 2147483647",
        DicomBytes.file(EXPLICIT)
            .text(0x0028_0004, "CS", "MONOCHROME2")
            .text(0x0028_0008, "IS", "2147483647")
            .u16(0x0028_0010, 16000)
            .u16(0x0028_0011, 16000)
            .u16(0x0028_0100, 32)
            .element(0x7fe0_0010, "OW", new byte[6]));
    fails("found none", image(1, 3, 16, 12, 11, 0));
    fails(
        "the contrary",
        image(1, 3, 16, 12, 11, 0)
            .header(0x7fe0_0010, "OB", -1)
            .item(0xfffe_e000, 0)
            .item(0xfffe_e0dd, 0));
  }

  @Test
  void framesAreFoundByEveryKindOfTable() {
    // Without table: one fragment each.
    assertFrames(fragments(3, new byte[0], 4, 4, 4));
    // A table may be wrong where there is no other way.
    assertFrames(fragments(3, offsets(0, 0, 0), 4, 4, 4));
    // A basic offset table; the second frame has two fragments.
    assertFrames(fragments(3, offsets(0, 12, 32), 4, 2, 2, 4));
    fails("no such", "expected a fragment at offset", fragments(3, offsets(0, 11, 32), 4, 2, 2, 4));
    fails("short", "expected a basic offset table", fragments(3, offsets(0, 12), 4, 2, 2, 4));
    fails("order", "expected ascending offsets", fragments(3, offsets(0, 32, 12), 4, 2, 2, 4));
    fails("unsettled", "expected an offset table", fragments(3, new byte[0], 4, 2, 2, 4));
    fails("few", "expected at most 2", fragments(3, new byte[0], 4, 4));
    fails("none", "expected at most 0", fragments(1, new byte[0]));
    // One frame of many fragments needs none.
    DicomFile one = fragments(1, new byte[0], 1, 1, 2);
    assertArrayEquals(new int[] {0, 1, 2, 3}, one.frame(0).samples());
  }

  /** Who goes through all frames of such a file would not come to an end. */
  @Test
  void framesThatAreNotThereAreNotCounted() {
    DicomBytes bytes =
        image(2, 3, 16, 16, 15, 0)
            .text(0x0028_0008, "IS", "2147483647")
            .element(0x7fe0_0010, "OW", new byte[12]);
    var failed = assertThrows(DicomFormatException.class, () -> bytes.read().frames());
    assertTrue(
        String.valueOf(failed.getMessage()).contains("NumberOfFrames at byte"),
        failed.getMessage());
    // A video has many frames in one fragment, and is refused when a frame is asked for.
    DicomFile video =
        DicomBytes.file("1.2.840.10008.1.2.4.102")
            .text(0x0028_0008, "IS", "20")
            .header(0x7fe0_0010, "OB", -1)
            .item(0xfffe_e000, 0)
            .item(0xfffe_e000, 4)
            .bytes((byte) 0, (byte) 0, (byte) 1, (byte) 0)
            .item(0xfffe_e0dd, 0)
            .read();
    assertEquals(20, video.frames());
    assertThrows(UnsupportedTransferSyntaxException.class, () -> video.frame(19));
  }

  @Test
  void framesOfRunLengthsStartWithTheirHeaders() {
    DicomBytes file =
        DicomBytes.file("1.2.840.10008.1.2.5")
            .text(0x0028_0004, "CS", "MONOCHROME2")
            .text(0x0028_0008, "IS", "2")
            .u16(0x0028_0010, 2)
            .u16(0x0028_0011, 2)
            .u16(0x0028_0100, 8)
            .header(0x7fe0_0010, "OB", -1)
            .item(0xfffe_e000, 0);
    byte[] header = new byte[64];
    header[0] = 1;
    header[4] = 64;
    for (byte frame = 0; frame < 2; frame++) {
      file.item(0xfffe_e000, 66).bytes(header).bytes((byte) 3, (byte) (4 * frame));
      file.item(0xfffe_e000, 4);
      file.bytes((byte) (4 * frame + 1), (byte) (4 * frame + 2), (byte) (4 * frame + 3), (byte) 0);
    }
    DicomFile read = file.item(0xfffe_e0dd, 0).read();
    assertArrayEquals(new int[] {0, 1, 2, 3}, read.frame(0).samples());
    assertArrayEquals(new int[] {4, 5, 6, 7}, read.frame(1).samples());
  }

  @Test
  void whiteThatALossyCodecMissesUpwardsDoesNotBecomeBlack() {
    // One pixel of brightness 200 where the elements say 7 bits; written by libjpeg's cjpeg.
    byte[] jpeg =
        Base64.getDecoder()
            .decode(
                "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"
                    + "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQH/wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAACv/E"
                    + "ABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8ASA//2Q==");
    DicomFile file =
        DicomBytes.file("1.2.840.10008.1.2.4.50")
            .text(0x0028_0004, "CS", "MONOCHROME2")
            .u16(0x0028_0010, 1)
            .u16(0x0028_0011, 1)
            .u16(0x0028_0100, 8)
            .u16(0x0028_0101, 7)
            .u16(0x0028_0102, 6)
            .header(0x7fe0_0010, "OB", -1)
            .item(0xfffe_e000, 0)
            .item(0xfffe_e000, jpeg.length)
            .bytes(jpeg)
            .item(0xfffe_e0dd, 0)
            .read();
    assertArrayEquals(new int[] {200}, file.frame(0).samples());
    // What is lossless may have an overlay there, and has a sign where it says so.
    ImagePixels pixels = ImagePixels.of(image(1, 2, 16, 12, 11, 1).read().dataSet());
    int[] cells = {0x1fff, 0x0800};
    assertArrayEquals(
        new int[] {-1, -2048},
        pixels.ofDecoded(new DecodedFrame(2, 1, 1, 16, false, cells.clone()), true).samples());
    assertArrayEquals(
        new int[] {0x1fff, 0x0800},
        pixels.ofDecoded(new DecodedFrame(2, 1, 1, 16, false, cells.clone()), false).samples());
  }

  @Test
  void extendedOffsetTablesSayLengthsToo() {
    DicomBytes file = frames(2);
    file.element(0x7fe0_0001, "OV", longs(0, 14)).element(0x7fe0_0002, "OV", longs(4, 4));
    file.header(0x7fe0_0010, "OB", -1).item(0xfffe_e000, 0);
    file.item(0xfffe_e000, 6).bytes((byte) 0, (byte) 1, (byte) 2, (byte) 3, (byte) 9, (byte) 9);
    file.item(0xfffe_e000, 4).bytes((byte) 4, (byte) 5, (byte) 6, (byte) 7);
    DicomFile read = file.item(0xfffe_e0dd, 0).read();
    assertArrayEquals(new int[] {0, 1, 2, 3}, read.frame(0).samples());
    assertArrayEquals(new int[] {4, 5, 6, 7}, read.frame(1).samples());
  }

  @Test
  void bigEndianWordsOfBytes() {
    byte[] file = {
      0,
      0x28,
      0,
      4,
      'C',
      'S',
      0,
      12,
      'M',
      'O',
      'N',
      'O',
      'C',
      'H',
      'R',
      'O',
      'M',
      'E',
      '2',
      ' ',
      0,
      0x28,
      0,
      0x10,
      'U',
      'S',
      0,
      2,
      0,
      1,
      0,
      0x28,
      0,
      0x11,
      'U',
      'S',
      0,
      2,
      0,
      3,
      0,
      0x28,
      1,
      0,
      'U',
      'S',
      0,
      2,
      0,
      8,
      0x7f,
      (byte) 0xe0,
      0,
      0x10,
      'O',
      'W',
      0,
      0,
      0,
      0,
      0,
      4,
      2,
      1,
      0,
      3
    };
    DicomFile read = DicomFile.read(file, "test.dcm");
    assertEquals(BIG_ENDIAN, read.transferSyntax().uid());
    assertArrayEquals(new int[] {1, 2, 3}, read.frame(0).samples());
  }

  @Test
  void palettesPlainAndInSegments() {
    DicomBytes plain = palette(4, 10, 8);
    for (int c = 1; c <= 3; c++) {
      plain.element(0x0028_1200 + c, "OW", new byte[] {(byte) c, 20, 30, 40});
    }
    StoredFrame indices =
        new StoredFrame(3, 1, 1, 8, false, "PALETTE COLOR", new int[] {5, 11, 200});
    Palette palette = plain.read().palette().orElseThrow();
    StoredFrame colours = palette.apply(indices);
    assertArrayEquals(new int[] {1, 2, 3, 20, 20, 20, 40, 40, 40}, colours.samples());
    assertEquals("RGB", colours.photometric());
    assertEquals(8, palette.bits());
    // Two as they are, four on a line up to 100, the first segment again, one more line.
    int[] codes = {0, 2, 10, 20, 1, 4, 100, 2, 1, 0, 0, 1, 2, 40};
    DicomBytes segmented = palette(10, 0, 16);
    byte[] words = new byte[2 * codes.length];
    IntStream.range(0, codes.length).forEach(i -> words[2 * i] = (byte) codes[i]);
    for (int c = 1; c <= 3; c++) {
      segmented.element(0x0028_1220 + c, "OW", words);
    }
    StoredFrame all =
        new StoredFrame(10, 1, 1, 8, false, "PALETTE COLOR", IntStream.range(0, 10).toArray());
    int[] reds = segmented.read().palette().orElseThrow().apply(all).samples();
    assertArrayEquals(
        new int[] {10, 20, 40, 60, 80, 100, 10, 20, 30, 40},
        IntStream.range(0, 10).map(i -> reds[3 * i]).toArray());
  }

  @Test
  void brokenPalettesAreRefused() {
    int[][] broken = {
      {3, 1, 0}, {0, 9, 1, 2}, {1, 2, 5}, {2, 1, 2, 0, 0, 2}, {2, 1, 0, 0}, {0, 1, 7}, {0, 4, 1}
    };
    for (int[] codes : broken) {
      DicomBytes segmented = palette(4, 0, 16);
      byte[] words = new byte[2 * codes.length];
      IntStream.range(0, codes.length).forEach(i -> words[2 * i] = (byte) codes[i]);
      for (int c = 1; c <= 3; c++) {
        segmented.element(0x0028_1220 + c, "OW", words);
      }
      DicomFile file = segmented.read();
      assertThrows(DicomFormatException.class, file::palette);
    }
  }

  private static DicomBytes palette(int entries, int first, int bits) {
    DicomBytes file = DicomBytes.file(EXPLICIT);
    for (int c = 1; c <= 3; c++) {
      file.u16(0x0028_1100 + c, entries, first, bits);
    }
    return file;
  }

  private static DicomBytes image(
      int rows, int columns, int allocated, int stored, int high, int signed) {
    return DicomBytes.file(EXPLICIT)
        .text(0x0028_0004, "CS", "MONOCHROME2")
        .u16(0x0028_0010, rows)
        .u16(0x0028_0011, columns)
        .u16(0x0028_0100, allocated)
        .u16(0x0028_0101, stored)
        .u16(0x0028_0102, high)
        .u16(0x0028_0103, signed);
  }

  private static DicomBytes frames(int count) {
    return DicomBytes.file(RAW_FRAMES)
        .text(0x0028_0004, "CS", "MONOCHROME2")
        .text(0x0028_0008, "IS", Integer.toString(count))
        .u16(0x0028_0010, 2)
        .u16(0x0028_0011, 2)
        .u16(0x0028_0100, 8);
  }

  /** Fragments of these lengths that count their bytes. */
  private static DicomFile fragments(int frames, byte[] table, int... lengths) {
    DicomBytes file = frames(frames).header(0x7fe0_0010, "OB", -1);
    file.item(0xfffe_e000, table.length).bytes(table);
    byte next = 0;
    for (int length : lengths) {
      file.item(0xfffe_e000, length);
      for (int i = 0; i < length; i++) {
        file.bytes(next++);
      }
    }
    return file.item(0xfffe_e0dd, 0).read();
  }

  private static byte[] offsets(int... values) {
    byte[] bytes = new byte[4 * values.length];
    IntStream.range(0, values.length).forEach(i -> bytes[4 * i] = (byte) values[i]);
    return bytes;
  }

  private static byte[] longs(int... values) {
    byte[] bytes = new byte[8 * values.length];
    IntStream.range(0, values.length).forEach(i -> bytes[8 * i] = (byte) values[i]);
    return bytes;
  }

  private static void assertFrames(DicomFile file) {
    for (int f = 0; f < 3; f++) {
      int first = 4 * f;
      assertArrayEquals(IntStream.range(first, first + 4).toArray(), file.frame(f).samples());
    }
  }

  private static void fails(String part, DicomBytes bytes) {
    fails(part, part, bytes.read());
  }

  private static void fails(String what, String part, DicomFile file) {
    var failed = assertThrows(DicomFormatException.class, () -> file.frame(0), what);
    assertTrue(String.valueOf(failed.getMessage()).contains(part), failed.getMessage());
    MutationTest.assertClear(failed, what);
  }
}
