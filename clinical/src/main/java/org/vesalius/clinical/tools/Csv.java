package org.vesalius.clinical.tools;

import java.util.ArrayList;
import java.util.List;

/** Reads comma-separated values as RFC 4180 has them; empty lines are left out. */
final class Csv {
  private final String text;
  private int at;

  private Csv(String text) {
    this.text = text;
  }

  static List<List<String>> rows(String text) {
    Csv csv = new Csv(text);
    List<List<String>> rows = new ArrayList<>();
    while (csv.at < text.length()) {
      List<String> row = csv.row();
      if (!(row.size() == 1 && row.getFirst().isBlank())) {
        rows.add(row);
      }
    }
    return rows;
  }

  private List<String> row() {
    List<String> cells = new ArrayList<>();
    while (true) {
      cells.add(at < text.length() && text.charAt(at) == '"' ? quoted() : plain());
      if (at < text.length() && text.charAt(at) == ',') {
        at++;
      } else {
        break;
      }
    }
    if (at < text.length() && text.charAt(at) == '\r') {
      at++;
    }
    if (at < text.length() && text.charAt(at) == '\n') {
      at++;
    }
    return cells;
  }

  private String plain() {
    int start = at;
    while (at < text.length() && ",\r\n".indexOf(text.charAt(at)) < 0) {
      at++;
    }
    return text.substring(start, at);
  }

  private String quoted() {
    int open = at++;
    StringBuilder cell = new StringBuilder();
    while (true) {
      int close = text.indexOf('"', at);
      if (close < 0) {
        throw new IllegalArgumentException(
            "CSV: the quote that opens at character %d is never closed".formatted(open));
      }
      cell.append(text, at, close);
      at = close + 1;
      if (at < text.length() && text.charAt(at) == '"') {
        cell.append('"');
        at++;
      } else {
        break;
      }
    }
    if (at < text.length() && ",\r\n".indexOf(text.charAt(at)) < 0) {
      throw new IllegalArgumentException(
          "CSV: expected a comma or the end of the line after the quote at character " + (at - 1));
    }
    return cell.toString();
  }
}
