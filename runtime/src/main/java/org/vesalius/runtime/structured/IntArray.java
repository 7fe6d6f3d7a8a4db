package org.vesalius.runtime.structured;

import java.util.Arrays;

/** Integers that are collected one after the other. Not thread-safe while it grows. */
final class IntArray {
  private int[] values = new int[8];
  private int size;

  void add(int value) {
    if (size == values.length) {
      values = Arrays.copyOf(values, 2 * size);
    }
    values[size++] = value;
  }

  int get(int index) {
    return values[index];
  }

  int size() {
    return size;
  }

  boolean isEmpty() {
    return size == 0;
  }

  int[] toArray() {
    return Arrays.copyOf(values, size);
  }

  IntArray plus(IntArray more) {
    if (more.isEmpty()) {
      return this;
    }
    IntArray sum = new IntArray();
    sum.values = Arrays.copyOf(values, size + more.size);
    System.arraycopy(more.values, 0, sum.values, size, more.size);
    sum.size = size + more.size;
    return sum;
  }
}
