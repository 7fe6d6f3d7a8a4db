package org.vesalius.runtime.answer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * Takes marks out of a stream of text that a reader does not get to see, since they are special
 * tokens, and remembers where they were.
 */
final class HiddenMarks {
  private final List<String> marks;
  private final Consumer<String> visible;
  private final TextBuffer held = new TextBuffer();
  private final StringBuilder marked = new StringBuilder();
  private final List<int[]> removed = new ArrayList<>();

  HiddenMarks(List<String> marks, Consumer<String> visible) {
    this.marks = marks;
    this.visible = visible;
  }

  void append(String piece) {
    held.append(piece);
    for (; ; ) {
      show(held.firstMark(marks, 0));
      int length = length();
      if (length == 0) {
        return;
      }
      removed.add(new int[] {marked.length(), length});
      marked.append(held.take(length));
    }
  }

  private int length() {
    for (String mark : marks) {
      if (held.startsWith(mark, 0)) {
        return mark.length();
      }
    }
    return 0;
  }

  void finish() {
    show(held.length());
  }

  private void show(int length) {
    if (length > 0) {
      String text = held.take(length);
      marked.append(text);
      visible.accept(text);
    }
  }

  /** The text with the marks. */
  String marked() {
    return marked.toString();
  }

  /** For each index of the marked text the index in the text without the marks. */
  int[] offsets() {
    int[] offsets = new int[marked.length() + 1];
    Arrays.fill(offsets, 1);
    for (int[] range : removed) {
      Arrays.fill(offsets, range[0], range[0] + range[1], 0);
    }
    int sum = 0;
    for (int i = 0; i < offsets.length; i++) {
      int step = offsets[i];
      offsets[i] = sum;
      sum += step;
    }
    return offsets;
  }
}
