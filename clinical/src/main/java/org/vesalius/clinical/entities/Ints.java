package org.vesalius.clinical.entities;

import java.util.Arrays;

/** A growing array of ints. */
final class Ints {
  private int[] values;
  private int size;

  Ints(int capacity) {
    values = new int[Math.max(4, capacity)];
  }

  int size() {
    return size;
  }

  int get(int index) {
    return values[index];
  }

  void set(int index, int value) {
    values[index] = value;
  }

  void add(int value) {
    if (size == values.length) {
      // Half as much again, because these arrays are large while a dictionary is read.
      values = Arrays.copyOf(values, Math.addExact(size, (size >> 1) + 4));
    }
    values[size++] = value;
  }

  int[] toArray() {
    return Arrays.copyOf(values, size);
  }
}
