package org.vesalius.clinical.imaging.dicom;

import java.io.ByteArrayOutputStream;
import java.util.HashMap;
import java.util.Map;

/**
 * The mapping tables of a JPEG-LS stream (T.87 C.2.4.1.2, C.2.4.1.3): what decoded samples stand
 * for, where few of many values are used.
 */
final class JpegLsTables {
  /** More is a palette of colours, which DICOM keeps in its elements. */
  private static final int MOST_BYTES = 2;

  /** Length, kind, identifier and width of an entry come before the entries. */
  private static final int HEAD = 5;

  /** A sample has 16 bits at most. */
  private static final int MOST_ENTRIES = 1 << 16;

  private record Table(int width, ByteArrayOutputStream bytes) {}

  private final Map<Integer, Table> tables = new HashMap<>();

  /** A table, or as much of it as one segment can hold. */
  void define(byte[] data, int at, int size) {
    tables.put(data[at + 3] & 0xff, read(data, at, size));
  }

  /** More of a table. */
  void extend(byte[] data, int at, int size) {
    Table more = read(data, at, size);
    Table first = tables.get(data[at + 3] & 0xff);
    if (first == null || first.width != more.width) {
      throw new CodecException(at, "corrupt: more of a JPEG-LS mapping table that is not there");
    }
    if (first.bytes.size() + more.bytes.size() > MOST_BYTES * MOST_ENTRIES) {
      throw new CodecException(
          at, "corrupt: a JPEG-LS mapping table of more than %d entries".formatted(MOST_ENTRIES));
    }
    first.bytes.writeBytes(more.bytes.toByteArray());
  }

  private static Table read(byte[] data, int at, int size) {
    int width = size > HEAD ? data[at + 4] & 0xff : 0;
    if (width < 1 || width > MOST_BYTES || data[at + 3] == 0) {
      throw new CodecException(
          at,
          "expected a JPEG-LS mapping table with entries of 1 or 2 bytes, found table %d of %d"
              .formatted(size > HEAD ? data[at + 3] & 0xff : 0, width));
    }
    Table table = new Table(width, new ByteArrayOutputStream());
    table.bytes.write(data, at + HEAD, size - HEAD);
    return table;
  }

  /**
   * Puts in place of samples what they stand for.
   *
   * @param at where the scan is
   * @return bits of an entry
   */
  int map(int[] samples, int id, int at) {
    Table table = tables.get(id);
    if (table == null || table.bytes.size() % table.width != 0) {
      throw new CodecException(at, "corrupt: JPEG-LS mapping table %d is not there".formatted(id));
    }
    byte[] bytes = table.bytes.toByteArray();
    int[] entries = new int[bytes.length / table.width];
    for (int i = 0; i < entries.length; i++) {
      for (int b = 0; b < table.width; b++) {
        entries[i] = entries[i] << 8 | (bytes[i * table.width + b] & 0xff);
      }
    }
    for (int i = 0; i < samples.length; i++) {
      if (samples[i] >= entries.length) {
        throw new CodecException(
            at,
            "corrupt: expected an index below %d of a JPEG-LS mapping table, found %d"
                .formatted(entries.length, samples[i]));
      }
      samples[i] = entries[samples[i]];
    }
    return 8 * table.width;
  }
}
