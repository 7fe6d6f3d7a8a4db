package org.vesalius.clinical.imaging.dicom;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Arrays;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

final class CorruptFilesTest {
  private static final String EXPLICIT = "1.2.840.10008.1.2.1";
  private static final String RLE = "1.2.840.10008.1.2.5";
  private static final String JPEG_LS = "1.2.840.10008.1.2.4.80";
  private static final String JPEG_2000 = "1.2.840.10008.1.2.4.90";

  static Iterable<TinyFile> files() {
    return TinyFile.all();
  }

  @ParameterizedTest
  @MethodSource("files")
  void everyFlippedByteIsAnErrorOrAFrame(TinyFile tiny) {
    for (int at = 0; at < tiny.bytes().length; at++) {
      byte[] bytes = tiny.bytes().clone();
      bytes[at] = (byte) ~bytes[at];
      exercise(bytes, tiny.name() + " byte " + at);
    }
  }

  @ParameterizedTest
  @MethodSource("files")
  void everyTruncationIsAnErrorOrEndsBeforeThePixels(TinyFile tiny) {
    DicomFile whole = DicomFile.read(tiny.bytes(), "test.dcm");
    int inPixels = 0;
    for (int length = 0; length < tiny.bytes().length; length++) {
      byte[] bytes = Arrays.copyOf(tiny.bytes(), length);
      DicomFormatException failed =
          assertThrows(DicomFormatException.class, () -> MutationTest.decode(bytes));
      MutationTest.assertClear(failed, tiny.name() + " cut at " + length);
      inPixels += String.valueOf(failed.getMessage()).contains("truncated") ? 1 : 0;
    }
    assertTrue(inPixels > 20, whole + ": " + inPixels);
  }

  @Test
  void nothingIsNotAFile() {
    failsWith("expected a DICOM file", () -> DicomFile.read(new byte[0], "test.dcm"));
    failsWith("expected a DICOM file", () -> DicomFile.read(new byte[1000], "test.dcm"));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void nestingTenThousandDeepIsRefused(boolean undefined) {
    int depth = 10_000;
    DicomBytes nested = DicomBytes.file(EXPLICIT);
    int size = 20 * depth;
    for (int i = 0; i < depth; i++, size -= 20) {
      nested.header(0x0008_1140, "SQ", undefined ? -1 : size - 12);
      nested.item(0xfffe_e000, undefined ? -1 : size - 20);
    }
    failsWith("nested more than 64 deep", nested::read);
  }

  @Test
  void nestingThatIsUsualIsRead() {
    DicomBytes nested = DicomBytes.file(EXPLICIT);
    for (int i = 0; i < 60; i++) {
      nested.header(0x0008_1140, "SQ", -1).item(0xfffe_e000, -1);
    }
    nested.u16(0x0028_0010, 7);
    for (int i = 0; i < 60; i++) {
      nested.item(0xfffe_e00d, 0).item(0xfffe_e0dd, 0);
    }
    DataSet data = nested.read().dataSet();
    for (int i = 0; i < 60; i++) {
      data = data.items(new Tag(0x0008_1140)).get(0);
    }
    assertEquals(7, data.integer(Tag.ROWS).orElseThrow());
  }

  @ParameterizedTest
  @ValueSource(ints = {-2, Integer.MIN_VALUE, Integer.MAX_VALUE})
  void lengthsOfGigabytesAllocateNothing(int length) {
    failsWith(
        "truncated", () -> DicomBytes.file(EXPLICIT).header(0x0008_1140, "SQ", length).read());
    failsWith(
        "truncated", () -> DicomBytes.file(EXPLICIT).header(0x0040_a160, "UT", length).read());
    failsWith(
        "truncated",
        () ->
            DicomBytes.file(EXPLICIT)
                .header(0x0008_1140, "SQ", -1)
                .item(0xfffe_e000, length)
                .read());
    failsWith(
        "truncated",
        () ->
            DicomBytes.image(RLE, 2, 2)
                .header(0x7fe0_0010, "OB", -1)
                .item(0xfffe_e000, 0)
                .item(0xfffe_e000, length)
                .read());
  }

  @Test
  void undefinedLengthsWithoutEndAreRefused() {
    failsWith("truncated", () -> DicomBytes.file(EXPLICIT).header(0x0008_1140, "SQ", -1).read());
    failsWith("undefined", () -> DicomBytes.file(EXPLICIT).header(0x0040_a160, "UT", -1).read());
    DicomBytes many = DicomBytes.file(EXPLICIT).header(0x0008_1140, "SQ", -1);
    for (int i = 0; i < 20_000; i++) {
      many.item(0xfffe_e000, -1);
      many.item(0xfffe_e00d, 0);
    }
    failsWith("truncated", many::read);
  }

  @Test
  void hugePicturesAreRefusedBeforeTheyAreAllocated() {
    for (String syntax :
        new String[] {EXPLICIT, RLE, JPEG_LS, JPEG_2000, "1.2.840.10008.1.2.4.70"}) {
      DicomBytes image = DicomBytes.image(syntax, 65535, 65535);
      failsWith("exceed the limit", () -> pixels(image, syntax, new byte[1000]).read().frame(0));
      DicomBytes large = DicomBytes.image(syntax, 16000, 16000);
      DicomFormatException refused =
          assertThrows(
              DicomFormatException.class,
              () -> pixels(large, syntax, new byte[1000]).read().frame(0));
      MutationTest.assertClear(refused, syntax);
    }
  }

  @Test
  void codedPicturesThatCannotBeThereAreRefusedBeforeTheyAreAllocated() {
    byte[] rle = new byte[100];
    rle[0] = 1;
    rle[4] = 64;
    failsWith(
        "cannot hold", () -> pixels(DicomBytes.image(RLE, 16000, 16000), RLE, rle).read().frame(0));
    byte[] lossless = {
      -1, -40, -1, -61, 0, 11, 8, 0x3e, (byte) 0x80, 0x3e, (byte) 0x80, 1, 1, 0x11, 0
    };
    failsWith(
        "cannot hold",
        () ->
            pixels(DicomBytes.image("1.2.840.10008.1.2.4.70", 16000, 16000), RLE, lossless)
                .read()
                .frame(0));
    byte[] baseline = lossless.clone();
    baseline[3] = -64;
    failsWith(
        "cannot hold",
        () ->
            pixels(DicomBytes.image("1.2.840.10008.1.2.4.50", 16000, 16000), RLE, baseline)
                .read()
                .frame(0));
    byte[] near = lossless.clone();
    near[3] = -9;
    failsWith(
        "JPEG-LS picture",
        () -> pixels(DicomBytes.image(JPEG_LS, 16000, 16000), RLE, near).read().frame(0));
  }

  /** One run after the other of a JPEG-LS stream of ones: 2^15 samples a bit, and no end. */
  @Test
  void flatStreamsEndWithTheirData() {
    byte[] stream = new byte[600];
    byte[] header = {
      -1,
      -40,
      -1,
      -9,
      0,
      11,
      8,
      0x3e,
      (byte) 0x80,
      0x3e,
      (byte) 0x80,
      1,
      1,
      0x11,
      0,
      -1,
      -38,
      0,
      8,
      1,
      1,
      0,
      0,
      0,
      0
    };
    Arrays.fill(stream, (byte) 0x7f);
    System.arraycopy(header, 0, stream, 0, header.length);
    assertTimeout(
        Duration.ofSeconds(30),
        () ->
            failsWith(
                "JPEG-LS",
                () ->
                    pixels(DicomBytes.image(JPEG_LS, 16000, 16000), RLE, stream).read().frame(0)));
  }

  @Test
  void deflatedBombsStopAtTheLimit() {
    byte[] zeros = new byte[1 << 20];
    byte[] block = new byte[1 << 16];
    int length;
    try (Deflater deflater = new Deflater(9, true)) {
      deflater.setInput(zeros);
      length = deflater.deflate(block, 0, block.length, Deflater.FULL_FLUSH);
    }
    byte[] bomb = new byte[100 * length];
    for (int i = 0; i < 100; i++) {
      System.arraycopy(block, 0, bomb, i * length, length);
    }
    ByteSource source = ByteSource.of(bomb, "test.dcm", "byte");
    failsWith("more than the limit of 8388608 bytes", () -> Inflation.inflate(source, 0, 8 << 20));
    failsWith(
        "does not end", () -> DicomFile.read(deflated(Arrays.copyOf(bomb, length)), "test.dcm"));
  }

  private static byte[] deflated(byte[] data) {
    return DicomBytes.file("1.2.840.10008.1.2.1.99").bytes(data).toBytes();
  }

  @Test
  void twiceTheSameElementIsRefused() {
    failsWith(
        "(0028,0010) Rows at byte",
        () -> DicomBytes.file(EXPLICIT).u16(0x0028_0010, 1).u16(0x0028_0010, 2).read());
  }

  private static DicomBytes pixels(DicomBytes image, String syntax, byte[] frame) {
    if (syntax.equals(EXPLICIT)) {
      return image.element(0x7fe0_0010, "OB", frame);
    }
    return image
        .header(0x7fe0_0010, "OB", -1)
        .item(0xfffe_e000, 0)
        .item(0xfffe_e000, frame.length)
        .bytes(frame)
        .item(0xfffe_e0dd, 0);
  }

  private static void exercise(byte[] bytes, String where) {
    try {
      MutationTest.decode(bytes);
    } catch (DicomFormatException | UnsupportedTransferSyntaxException e) {
      MutationTest.assertClear(e, where);
    } catch (RuntimeException e) {
      throw new AssertionError(where, e);
    }
  }

  private static void failsWith(String part, org.junit.jupiter.api.function.Executable action) {
    DicomFormatException failed = assertThrows(DicomFormatException.class, action);
    MutationTest.assertClear(failed, part);
    assertTrue(String.valueOf(failed.getMessage()).contains(part), failed.getMessage());
  }
}
