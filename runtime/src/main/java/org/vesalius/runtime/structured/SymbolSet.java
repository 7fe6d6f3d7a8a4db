package org.vesalius.runtime.structured;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A set of symbols, most often code points, as sorted ranges that do not touch. Immutable. */
final class SymbolSet {
  static final SymbolSet EMPTY = new SymbolSet(new int[0]);

  /** All characters: code points that are no surrogates. */
  static final SymbolSet CHARACTERS =
      new SymbolSet(
          new int[] {0, Character.MIN_SURROGATE - 1, Character.MAX_SURROGATE + 1, 0x10FFFF});

  /** First and last of each range in turn. */
  private final int[] bounds;

  private SymbolSet(int[] bounds) {
    this.bounds = bounds;
  }

  static SymbolSet of(int symbol) {
    return range(symbol, symbol);
  }

  static SymbolSet range(int first, int last) {
    return new SymbolSet(new int[] {first, last});
  }

  static SymbolSet ofAll(String characters) {
    SymbolSet all = EMPTY;
    for (int codePoint : characters.codePoints().toArray()) {
      all = all.or(of(codePoint));
    }
    return all;
  }

  int ranges() {
    return bounds.length / 2;
  }

  int first(int range) {
    return bounds[2 * range];
  }

  int last(int range) {
    return bounds[2 * range + 1];
  }

  boolean isEmpty() {
    return bounds.length == 0;
  }

  boolean contains(int symbol) {
    for (int i = 0; i < ranges(); i++) {
      if (symbol >= first(i) && symbol <= last(i)) {
        return true;
      }
    }
    return false;
  }

  SymbolSet or(SymbolSet other) {
    List<int[]> all = new ArrayList<>();
    for (SymbolSet set : List.of(this, other)) {
      for (int i = 0; i < set.ranges(); i++) {
        all.add(new int[] {set.first(i), set.last(i)});
      }
    }
    return of(all);
  }

  /** The set of ranges in any order, which may overlap. */
  static SymbolSet of(List<int[]> ranges) {
    List<int[]> sorted = new ArrayList<>(ranges);
    sorted.sort((a, b) -> Integer.compare(a[0], b[0]));
    int[] merged = new int[2 * sorted.size()];
    int used = 0;
    for (int[] range : sorted) {
      if (used > 0 && range[0] <= merged[used - 1] + 1) {
        merged[used - 1] = Math.max(merged[used - 1], range[1]);
      } else {
        merged[used++] = range[0];
        merged[used++] = range[1];
      }
    }
    return new SymbolSet(Arrays.copyOf(merged, used));
  }

  SymbolSet and(SymbolSet other) {
    List<int[]> both = new ArrayList<>();
    int i = 0;
    int j = 0;
    while (i < ranges() && j < other.ranges()) {
      int low = Math.max(first(i), other.first(j));
      int high = Math.min(last(i), other.last(j));
      if (low <= high) {
        both.add(new int[] {low, high});
      }
      if (last(i) < other.last(j)) {
        i++;
      } else {
        j++;
      }
    }
    return of(both);
  }

  SymbolSet minus(SymbolSet other) {
    List<int[]> rest = new ArrayList<>();
    int j = 0;
    for (int i = 0; i < ranges(); i++) {
      int low = first(i);
      while (j < other.ranges() && other.last(j) < low) {
        j++;
      }
      for (int k = j; k < other.ranges() && other.first(k) <= last(i); k++) {
        if (other.first(k) > low) {
          rest.add(new int[] {low, other.first(k) - 1});
        }
        low = Math.max(low, other.last(k) + 1);
      }
      if (low <= last(i)) {
        rest.add(new int[] {low, last(i)});
      }
    }
    return of(rest);
  }

  /** All other characters. */
  SymbolSet complement() {
    return CHARACTERS.minus(this);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SymbolSet set && Arrays.equals(bounds, set.bounds);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bounds);
  }

  @Override
  public String toString() {
    return Arrays.toString(bounds);
  }
}
