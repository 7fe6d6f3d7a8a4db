package org.vesalius.runtime.prompt.jinja;

import java.util.ArrayList;
import java.util.List;

/** Python's slices, {@code target[start:stop:step]}, of strings, lists, tuples and ranges. */
final class Slices {
  private Slices() {}

  /** Bounds that are not given are {@code none}. */
  static Object slice(Object target, Object start, Object stop, Object step) {
    if (target instanceof Undefined undefined) {
      throw undefined.failure();
    }
    int length =
        switch (target) {
          case Text text -> text.codePoints();
          case Sequence sequence -> sequence.items().size();
          case Range range -> (int) range.length();
          default -> -1;
        };
    if (length < 0) {
      throw new Problem("'" + Values.typeName(target) + "' object cannot be sliced");
    }
    if (!isBound(start) || !isBound(stop) || !isBound(step)) {
      throw new Problem("slice indices must be integers or None");
    }
    int by = step == None.NONE ? 1 : Numbers.clamp(step);
    if (by == 0) {
      throw new Problem("slice step cannot be zero");
    }
    int from = bound(start, by > 0 ? 0 : length - 1, length, by);
    int to = bound(stop, by > 0 ? length : -1, length, by);
    Range indexes = new Range(from, to, by);
    return switch (target) {
      case Text text -> text(text, length, indexes);
      case ListValue list -> new ListValue(items(list.items(), indexes));
      case Sequence tuple -> new Tuple(items(tuple.items(), indexes));
      case Range range ->
          new Range(
              range.start() + from * range.step(),
              range.start() + to * range.step(),
              range.step() * by);
      default -> throw new AssertionError(target);
    };
  }

  private static boolean isBound(Object value) {
    return value == None.NONE || Numbers.isInteger(value);
  }

  private static int bound(Object value, int otherwise, int length, int step) {
    if (value == None.NONE) {
      return otherwise;
    }
    int index = Numbers.clamp(value);
    if (index < 0) {
      return Math.max(index + length, step > 0 ? 0 : -1);
    }
    return Math.min(index, step > 0 ? length : length - 1);
  }

  private static List<Object> items(List<Object> items, Range indexes) {
    List<Object> chosen = new ArrayList<>((int) indexes.length());
    for (long i = 0; i < indexes.length(); i++) {
      chosen.add(items.get((int) (indexes.start() + i * indexes.step())));
    }
    return chosen;
  }

  private static Text text(Text text, int length, Range indexes) {
    if (indexes.length() == 0) {
      return Text.EMPTY;
    }
    if (indexes.step() == 1) {
      return text.cut(text.unitIndex((int) indexes.start()), text.unitIndex((int) indexes.stop()));
    }
    int[] units = new int[length + 1];
    for (int i = 0; i < length; i++) {
      units[i + 1] = units[i] + Character.charCount(text.value().codePointAt(units[i]));
    }
    TextBuilder out = new TextBuilder();
    for (long i = 0; i < indexes.length(); i++) {
      int at = (int) (indexes.start() + i * indexes.step());
      out.append(text, units[at], units[at + 1]);
    }
    return out.toText();
  }
}
