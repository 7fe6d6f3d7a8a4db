package org.vesalius.clinical.imaging;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.zip.InflaterInputStream;

/**
 * Test data that programs in {@code src/test/oracle} write: Base64 of deflated records, each a line
 * of fields with the number of bytes last, and these bytes.
 */
public final class PackedRecords {
  private PackedRecords() {}

  /** The fields of a line, and the bytes behind it. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record PackedRecord(List<String> fields, byte[] bytes) {
    /** A field that is a number. */
    public int number(int index) {
      return Integer.parseInt(fields.get(index));
    }
  }

  /** The records of a resource beside a test. */
  public static List<PackedRecord> of(Class<?> test, String name) {
    try (InputStream packed = Objects.requireNonNull(test.getResourceAsStream(name));
        InputStream in =
            new InflaterInputStream(
                new ByteArrayInputStream(Base64.getMimeDecoder().decode(packed.readAllBytes())))) {
      List<PackedRecord> records = new ArrayList<>();
      for (String line = line(in); !line.isEmpty(); line = line(in)) {
        List<String> fields = List.of(line.split(" ", -1));
        records.add(new PackedRecord(fields, in.readNBytes(Integer.parseInt(fields.getLast()))));
      }
      return records;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int b = in.read(); b > '\n'; b = in.read()) {
      line.append((char) b);
    }
    return line.toString();
  }
}
