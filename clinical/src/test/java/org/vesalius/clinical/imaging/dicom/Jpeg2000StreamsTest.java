package org.vesalius.clinical.imaging.dicom;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.vesalius.clinical.imaging.PackedRecords;
import org.vesalius.clinical.imaging.PackedRecords.PackedRecord;

/**
 * JPEG 2000 of every kind against OpenJPEG; made by {@code src/test/oracle/jpeg2000_streams.py}.
 */
final class Jpeg2000StreamsTest {
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Stream(String name, String digest, ImagePixels pixels, byte[] bytes) {}

  static List<Stream> streams() {
    List<Stream> streams = new ArrayList<>();
    for (PackedRecord r : PackedRecords.of(Jpeg2000StreamsTest.class, "jpeg2000.txt")) {
      ImagePixels pixels =
          new ImagePixels(r.number(3), r.number(2), r.number(4), 8, 8, 7, false, false, "RGB");
      streams.add(new Stream(r.fields().get(0), r.fields().get(1), pixels, r.bytes()));
    }
    assertEquals(11, streams.size());
    return streams;
  }

  @ParameterizedTest
  @MethodSource("streams")
  void decodesLikeOpenJpeg(Stream stream) throws NoSuchAlgorithmException {
    int[] samples = Jpeg2000Decoder.decode(stream.bytes, stream.pixels).samples();
    byte[] bytes = new byte[samples.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) samples[i];
    }
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
    assertEquals(stream.digest, HexFormat.of().formatHex(digest));
  }

  /** The end marker of two bytes alone may be missing. */
  @ParameterizedTest
  @MethodSource("streams")
  void everyTruncationFails(Stream stream) {
    for (int length = 0; length < stream.bytes.length - 2; length++) {
      byte[] cut = Arrays.copyOf(stream.bytes, length);
      assertThrows(CodecException.class, () -> Jpeg2000Decoder.decode(cut, stream.pixels));
    }
  }
}
