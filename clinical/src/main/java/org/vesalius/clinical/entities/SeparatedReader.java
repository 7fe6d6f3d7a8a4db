package org.vesalius.clinical.entities;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads a table of separated cells row by row (RFC 4180, any separator): a cell that begins with a
 * quote ends with one, holds separators and line ends as they are, and a doubled quote stands for
 * one. Quotes inside other cells are plain characters. Rows without any character are left out.
 */
final class SeparatedReader {
  /** The most UTF-16 units of a cell. */
  static final int CELL_LENGTH = 1 << 16;

  /** The most cells of a row. */
  static final int ROW_LENGTH = 1 << 12;

  private final DictionaryInput input;
  private final char separator;
  private final StringBuilder cell = new StringBuilder();
  private final List<Long> columns = new ArrayList<>();
  private long line;

  SeparatedReader(DictionaryInput input, char separator) {
    this.input = input;
    this.separator = separator;
  }

  /** The cells of the next row; none at the end. */
  List<String> row() throws IOException {
    while (input.peek() == '\n') {
      input.next();
    }
    List<String> row = new ArrayList<>();
    columns.clear();
    line = input.line();
    if (input.peek() == DictionaryInput.END) {
      return row;
    }
    while (true) {
      if (row.size() == ROW_LENGTH) {
        throw input.error("expected at most " + ROW_LENGTH + " cells in a row");
      }
      columns.add(input.column());
      cell.setLength(0);
      if (input.peek() == '"') {
        quoted();
      } else {
        plain();
      }
      row.add(cell.toString());
      if (input.next() != separator) {
        return row;
      }
    }
  }

  /** Where the last row began. */
  long line() {
    return line;
  }

  /** Where a cell of the last row began; in a row over several lines, in the cell's own line. */
  long column(int index) {
    return index < columns.size() ? columns.get(index) : 1;
  }

  private void plain() throws IOException {
    for (int c = input.peek();
        c != separator && c != '\n' && c != DictionaryInput.END;
        c = input.peek()) {
      append((char) input.next());
    }
  }

  private void quoted() throws IOException {
    long openLine = input.line();
    long openColumn = input.column();
    input.next();
    while (true) {
      if (input.peek() == DictionaryInput.END) {
        throw input.error(openLine, openColumn, "a quote is opened here and never closed");
      }
      char c = (char) input.next();
      if (c != '"') {
        append(c);
      } else if (input.peek() == '"') {
        append((char) input.next());
      } else {
        break;
      }
    }
    int after = input.peek();
    if (after != separator && after != '\n' && after != DictionaryInput.END) {
      throw input.error(
          "expected a separator or the end of the line after a closing quote; a quote inside quotes"
              + " is written twice");
    }
  }

  private void append(char c) {
    if (cell.length() == CELL_LENGTH) {
      throw input.error(
          "a cell has more than " + CELL_LENGTH + " characters; is a quote not closed before it?");
    }
    cell.append(c);
  }
}
