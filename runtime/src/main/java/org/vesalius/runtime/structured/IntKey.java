package org.vesalius.runtime.structured;

import java.util.Arrays;

/** Integers as a key of a map: equal by content. */
final class IntKey {
  private final int[] values;
  private final int hash;

  /** Of an array that is not changed any more. */
  IntKey(int[] values) {
    this.values = values;
    hash = Arrays.hashCode(values);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof IntKey key && hash == key.hash && Arrays.equals(values, key.values);
  }

  @Override
  public int hashCode() {
    return hash;
  }
}
