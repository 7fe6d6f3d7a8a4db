package org.vesalius.tokenizer;

import java.util.Arrays;

/** A growing list of ints: ids on their way out. Not thread-safe. */
final class IntList {
  private int[] values;
  private int size;

  IntList(int capacity) {
    values = new int[Math.max(capacity, 16)];
  }

  void add(int value) {
    if (size == values.length) {
      values = Arrays.copyOf(values, size * 2);
    }
    values[size++] = value;
  }

  void addAll(int[] source, int count) {
    if (size + count > values.length) {
      values = Arrays.copyOf(values, Math.max(size * 2, size + count));
    }
    // Most pieces are one to three tokens, where a loop beats the call.
    for (int i = 0; i < count; i++) {
      values[size + i] = source[i];
    }
    size += count;
  }

  void clear() {
    size = 0;
  }

  /** Leaves the first {@code count} values. */
  void truncate(int count) {
    size = count;
  }

  int size() {
    return size;
  }

  int get(int index) {
    return values[index];
  }

  int[] toArray() {
    return Arrays.copyOf(values, size);
  }
}
