package org.vesalius.clinical.imaging.dicom;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.zip.InflaterInputStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * JPEG 2000 of every kind against OpenJPEG; made by {@code src/test/oracle/jpeg2000_streams.py}.
 */
final class Jpeg2000StreamsTest {
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Stream(String name, String digest, ImagePixels pixels, byte[] bytes) {}

  static List<Stream> streams() throws IOException {
    try (InputStream packed =
            Objects.requireNonNull(Jpeg2000StreamsTest.class.getResourceAsStream("jpeg2000.txt"));
        InputStream records =
            new InflaterInputStream(
                new ByteArrayInputStream(Base64.getMimeDecoder().decode(packed.readAllBytes())))) {
      List<Stream> streams = new ArrayList<>();
      for (String line = TinyFile.line(records); !line.isEmpty(); line = TinyFile.line(records)) {
        String[] field = line.split(" ", -1);
        int columns = Integer.parseInt(field[2]);
        int rows = Integer.parseInt(field[3]);
        int colours = Integer.parseInt(field[4]);
        ImagePixels pixels = new ImagePixels(rows, columns, colours, 8, 8, 7, false, false, "RGB");
        byte[] bytes = records.readNBytes(Integer.parseInt(field[5]));
        streams.add(new Stream(field[0], field[1], pixels, bytes));
      }
      assertEquals(11, streams.size());
      return streams;
    }
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
