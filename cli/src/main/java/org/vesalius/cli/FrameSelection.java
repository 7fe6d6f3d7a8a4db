package org.vesalius.cli;

import java.util.List;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * Which pictures of a file somebody wants, counted from 1.
 *
 * @param first of them
 * @param last of them; empty for the last there is
 */
record FrameSelection(int first, OptionalInt last) {
  private static final Pattern FORM = Pattern.compile("([1-9][0-9]{0,8})(?:-([1-9][0-9]{0,8}))?");

  /** All that there are. */
  static final FrameSelection ALL = new FrameSelection(1, OptionalInt.empty());

  /**
   * Reads {@code 12}, {@code 3-7} or {@code all}.
   *
   * @throws IllegalArgumentException if it is none of these
   */
  static FrameSelection parse(String text) {
    if (text.equals("all")) {
      return ALL;
    }
    Matcher matcher = FORM.matcher(text);
    if (matcher.matches()) {
      int first = Integer.parseInt(matcher.group(1));
      int last = matcher.group(2) == null ? first : Integer.parseInt(matcher.group(2));
      if (first <= last) {
        return new FrameSelection(first, OptionalInt.of(last));
      }
    }
    throw new IllegalArgumentException(
        "--frame: expected a number from 1, a range such as 3-7, or all; found \"" + text + "\"");
  }

  /**
   * The chosen of {@code count} pictures, counted from 0.
   *
   * @throws CommandFailure if there are not so many
   */
  List<Integer> of(int count) {
    int end = last.orElse(count);
    if (end > count) {
      throw new CommandFailure(
          "--frame: expected %s, found %d"
              .formatted(count == 1 ? "1, as there is one picture" : "1 to " + count, end));
    }
    return IntStream.range(first - 1, end).boxed().toList();
  }
}
