package org.vesalius.clinical.imaging.dicom;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What JPEG-LS streams may have beside their samples. Streams are those of DCMTK, with segments put
 * in, left out and changed; what must come out follows from T.87.
 */
final class JpegLsTest {
  private static final int SOS = 0xda;
  private static final int LSE = 0xf8;

  /** The codestream in a file of one frame. */
  private static byte[] stream(String name) {
    byte[] file = TinyFile.of(name).bytes();
    int start = find(file, 0xd8, 0);
    int end = find(file, 0xd9, start) + 2;
    return Arrays.copyOfRange(file, start, end);
  }

  private static int find(byte[] bytes, int marker, int from) {
    int at = from;
    while (bytes[at] != -1 || (bytes[at + 1] & 0xff) != marker) {
      at++;
    }
    return at;
  }

  private static int[] decode(byte[] stream) {
    return JpegLsDecoder.decode(stream, 1 << 10)[0].samples();
  }

  /** A stream with segments before its scan. */
  private static byte[] with(byte[] stream, byte[]... segments) {
    int scan = find(stream, SOS, 0);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(stream, 0, scan);
    for (byte[] segment : segments) {
      out.writeBytes(segment);
    }
    out.write(stream, scan, stream.length - scan);
    return out.toByteArray();
  }

  /** A stream whose one component has a mapping table, and whose scan a point transform. */
  private static byte[] scan(byte[] stream, int table, int transform) {
    byte[] changed = stream.clone();
    int scan = find(stream, SOS, 0);
    changed[scan + 6] = (byte) table;
    changed[scan + 9] = (byte) transform;
    return changed;
  }

  private static byte[] table(int kind, int id, int width, int... entries) {
    int size = 5 + width * entries.length;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int value : new int[] {0xff, LSE, size >> 8, size, kind, id, width}) {
      out.write(value);
    }
    for (int entry : entries) {
      for (int b = width - 1; b >= 0; b--) {
        out.write(entry >> (8 * b));
      }
    }
    return out.toByteArray();
  }

  private static void fails(String part, byte[] stream) {
    String problem = assertThrows(CodecException.class, () -> decode(stream)).problem();
    assertTrue(problem.contains(part), problem);
  }

  @Test
  void samplesAreMappedByTheirTable() {
    byte[] plain = stream("jpeg-ls-7");
    int[] indices = decode(plain);
    for (int width = 1; width <= 2; width++) {
      int factor = width == 1 ? 2 : 300;
      int[] entries = IntStream.range(0, 128).map(i -> 255 - i * factor & 0xffff).toArray();
      int mask = width == 1 ? 0xff : 0xffff;
      int[] expected = Arrays.stream(indices).map(i -> entries[i] & mask).toArray();
      byte[] whole = scan(with(plain, table(2, 7, width, entries)), 7, 0);
      assertArrayEquals(expected, decode(whole));
      byte[] parts =
          with(
              plain,
              table(2, 3, width, 1, 2, 3),
              table(2, 7, width, Arrays.copyOf(entries, 50)),
              table(3, 7, width, Arrays.copyOfRange(entries, 50, 90)),
              table(3, 7, width, Arrays.copyOfRange(entries, 90, 128)));
      assertArrayEquals(expected, decode(scan(parts, 7, 0)));
      assertArrayEquals(indices, decode(parts), "a table that no component asks for");
    }
  }

  @Test
  void tablesThatAreNotWholeAreRefused() {
    byte[] plain = stream("jpeg-ls-7");
    int[] entries = new int[128];
    fails("mapping table 7 is not there", scan(with(plain, table(2, 8, 1, entries)), 7, 0));
    fails("expected an index below 3", scan(with(plain, table(2, 7, 1, 1, 2, 3)), 7, 0));
    fails("entries of 1 or 2 bytes", with(plain, table(2, 7, 3, entries)));
    fails("entries of 1 or 2 bytes", with(plain, table(2, 0, 1, entries)));
    fails("entries of 1 or 2 bytes", with(plain, table(2, 7, 1)));
    fails("more of a JPEG-LS mapping table", with(plain, table(3, 7, 1, entries)));
    fails(
        "more of a JPEG-LS mapping table",
        with(plain, table(2, 7, 1, entries), table(3, 7, 2, entries)));
    byte[] half = table(2, 7, 2, entries);
    half[3]--;
    fails("is not there", scan(with(plain, Arrays.copyOf(half, half.length - 1)), 7, 0));
    byte[][] endless = new byte[5][];
    Arrays.fill(endless, table(3, 7, 2, new int[30_000]));
    endless[0] = table(2, 7, 2, entries);
    fails("of more than 65536 entries", with(plain, endless));
    fails("kind 4 (an oversized picture)", with(plain, table(4, 7, 1, entries)));
  }

  @Test
  void theLowestBitsMayBeLeftOut() {
    // Samples of 6 bits in 8.
    byte[] low = stream("jpeg-ls-low");
    int[] samples = decode(low);
    assertArrayEquals(Arrays.stream(samples).map(s -> s << 2).toArray(), decode(scan(low, 0, 2)));
    fails("of more than 8 bits by its point transform", scan(low, 0, 3));
    fails("less than 8 bits", scan(low, 0, 8));
    fails("without mapping tables", scan(with(low, table(2, 1, 1, new int[256])), 1, 2));
  }

  /** Their thresholds are not those of T.87, and not in the stream. */
  @ParameterizedTest
  @ValueSource(strings = {"jpeg-ls-7", "jpeg-ls-7-near"})
  void streamsOfEarlyCharLsAreTold(String name) {
    assertEquals(2, JpegLsParameters.UNSET.complete(7, name.endsWith("near") ? 2 : 0, 0).size());
    TinyFile tiny = TinyFile.of(name);
    DicomFile file = DicomFile.read(tiny.bytes(), "test.dcm");
    assertEquals(tiny.digest(), TinyFile.digest(TinyFile.frames(file), 8, false, false));
  }

  /** Java Advanced Imaging used these thresholds, and did not write them. */
  @Test
  void streamsOfJavaAdvancedImagingAreTold() {
    byte[] said = stream("jpeg-ls-thresholds");
    int segment = find(said, LSE, 0);
    ByteArrayOutputStream unsaid = new ByteArrayOutputStream();
    unsaid.write(said, 0, segment);
    unsaid.write(said, segment + 15, said.length - segment - 15);
    assertArrayEquals(decode(said), decode(unsaid.toByteArray()));
  }

  @ParameterizedTest
  @CsvSource({
    "3, 0, 2 3 3",
    "63, 0, 2 3 5 / 2 3 4",
    "127, 0, 2 3 10 / 2 3 4",
    "127, 2, 7 13 24 / 8 13 18",
    "255, 0, 3 7 21",
    "4095, 0, 18 67 276",
    "65535, 0, 18 67 276 / 258 1027 4356"
  })
  void thresholdsAreThoseOfTheFormulas(int max, int near, String expected) {
    String found =
        JpegLsParameters.UNSET.complete(32 - Integer.numberOfLeadingZeros(max), near, 0).stream()
            .map(p -> p.t1() + " " + p.t2() + " " + p.t3())
            .reduce((a, b) -> a + " / " + b)
            .orElseThrow();
    assertEquals(expected, found);
  }

  /** By the number of bits that are taken; -1 where these are not all. */
  @ParameterizedTest
  @CsvSource({
    "a0 ff d9, 3, 1",
    "a0 ff d9, 1, -1",
    "a0 00 ff d9, 3, -1",
    "ff 00 ff d9, 8, 2",
    "ff 00 ff d9, 9, 2",
    "55 ff 00 ff d9, 16, 3",
    "55 ff 00 ff d9, 15, -1",
    "ff ff d9, 8, 1",
    "a0 ff ff ff d9, 3, 1",
    "a0 ff, 3, -1",
    "a0, 3, 1"
  })
  void scansEndWithZerosBeforeAMarker(String hex, int taken, int marker) {
    byte[] data = HexFormat.ofDelimiter(" ").parseHex(hex);
    JpegLsBits bits = new JpegLsBits(data, 0);
    bits.take(taken);
    if (marker < 0) {
      assertThrows(CodecException.class, () -> bits.finish(0));
    } else {
      assertEquals(marker, bits.finish(0));
    }
  }

  /** A scan that ends elsewhere was not decoded as it was coded. */
  @Test
  void nothingIsLeftBehindAScan() {
    byte[] whole = stream("jpeg-ls-near");
    int end = whole.length - 2;
    for (int more : new int[] {1, 2, 9}) {
      byte[] longer = Arrays.copyOf(whole, whole.length + more);
      Arrays.fill(longer, end, end + more, (byte) 0x55);
      System.arraycopy(whole, end, longer, end + more, 2);
      fails("does not end with its picture", longer);
    }
    byte[] filled = Arrays.copyOf(whole, whole.length + 3);
    Arrays.fill(filled, end, end + 4, (byte) -1);
    filled[end + 4] = whole[end + 1];
    assertArrayEquals(decode(whole), decode(filled), "bytes of ones may come before a marker");
  }
}
