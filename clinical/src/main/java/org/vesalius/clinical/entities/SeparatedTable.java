package org.vesalius.clinical.entities;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;

/** Tables of separated cells (RFC 4180), in UTF-8 or, with a byte order mark, UTF-16. */
public final class SeparatedTable {
  private SeparatedTable() {}

  /**
   * All rows of a table, each as long as the first.
   *
   * @param origin stands for the stream in messages
   * @param stream stays the caller's
   * @throws DictionaryFormatException if it is malformed, with line and column
   */
  public static List<List<String>> rows(String origin, InputStream stream, char separator)
      throws IOException {
    DictionaryInput input = new DictionaryInput(origin, stream);
    SeparatedReader reader = new SeparatedReader(input, separator);
    List<List<String>> rows = new ArrayList<>();
    for (List<String> row = reader.row(); !row.isEmpty(); row = reader.row()) {
      int width = rows.isEmpty() ? row.size() : rows.getFirst().size();
      if (row.size() != width) {
        throw input.error(
            reader.line(),
            reader.column(Math.min(row.size(), width) - 1),
            "expected " + width + " cells as in the first row, found " + row.size());
      }
      rows.add(List.copyOf(row));
    }
    return rows;
  }
}
