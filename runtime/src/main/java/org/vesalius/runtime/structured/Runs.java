package org.vesalius.runtime.structured;

import java.util.Arrays;

/** Transitions of one state as they are collected: first symbol, last symbol, target. */
final class Runs {
  private int[] flat = new int[12];
  private int used;

  /** Adds a run after all others; one that goes on like the last is joined with it. */
  void add(int first, int last, int target) {
    if (used > 0 && flat[used - 1] == target && flat[used - 2] == first - 1) {
      flat[used - 2] = last;
      return;
    }
    if (used == flat.length) {
      flat = Arrays.copyOf(flat, 2 * used);
    }
    flat[used++] = first;
    flat[used++] = last;
    flat[used++] = target;
  }

  int[] flat() {
    return Arrays.copyOf(flat, used);
  }
}
