package org.vesalius.tokenizer;

import java.text.Normalizer;
import java.text.Normalizer.Form;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Puts long rows of combining marks in canonical order.
 *
 * <p>{@link Normalizer} does that by insertion, in time quadratic in the length of the row: a
 * hundred kilobytes of marks keep it busy for many seconds. After sorting it has nothing left to
 * move. The JDK does not tell a mark's combining class, but it tells of two marks which one comes
 * first.
 */
final class MarkOrder {
  /** Rows up to this long are left to the normalizer. */
  static final int LONGEST_ROW = 64;

  private final Map<Integer, Boolean> starters = new HashMap<>();

  private MarkOrder() {}

  /**
   * A canonically equal text in which the marks of long rows are in order; the same instance
   * without such rows.
   */
  static String sort(String text) {
    int row = 0;
    for (int i = 0; i < text.length(); ) {
      int codePoint = text.codePointAt(i);
      i += Character.charCount(codePoint);
      row = isMark(codePoint) ? row + 1 : 0;
      if (row > LONGEST_ROW) {
        return new MarkOrder().sorted(text);
      }
    }
    return text;
  }

  private String sorted(String text) {
    StringBuilder out = new StringBuilder(text.length());
    List<Integer> row = new ArrayList<>();
    for (int i = 0; i < text.length(); ) {
      int codePoint = text.codePointAt(i);
      i += Character.charCount(codePoint);
      if (isMark(codePoint)) {
        // A mark may stand for several, each with its own place in the order.
        Normalizer.normalize(Character.toString(codePoint), Form.NFD)
            .codePoints()
            .forEach(mark -> {
              if (isStarter(mark)) {
                append(out, row);
                out.appendCodePoint(mark);
              } else {
                row.add(mark);
              }
            });
      } else {
        append(out, row);
        out.appendCodePoint(codePoint);
      }
    }
    append(out, row);
    return out.toString();
  }

  /**
   * Appends the marks of a row, sorted by class and otherwise in the order they came, and empties
   * it.
   */
  private static void append(StringBuilder out, List<Integer> row) {
    row.sort(BY_CLASS);
    row.forEach(out::appendCodePoint);
    row.clear();
  }

  private static final Comparator<Integer> BY_CLASS =
      (a, b) -> comesBefore(b, a) ? 1 : comesBefore(a, b) ? -1 : 0;

  /** Whether the class of {@code a} is lower than that of {@code b}, neither being a starter. */
  private static boolean comesBefore(int a, int b) {
    return swaps(b, a);
  }

  /**
   * A mark of class zero stays where it is, between a mark of the lowest class and one of the
   * highest.
   */
  private boolean isStarter(int mark) {
    return starters.computeIfAbsent(mark, m -> !swaps(0x345, m) && !swaps(m, 0x334) && m != 0x334);
  }

  private static boolean swaps(int first, int second) {
    String text = new StringBuilder("q").appendCodePoint(first).appendCodePoint(second).toString();
    return first != second && !Normalizer.isNormalized(text, Form.NFD);
  }

  private static boolean isMark(int codePoint) {
    return codePoint >= 0x300
        && switch (Character.getType(codePoint)) {
          case Character.NON_SPACING_MARK,
              Character.COMBINING_SPACING_MARK,
              Character.ENCLOSING_MARK ->
              true;
          default -> false;
        };
  }
}
