package org.vesalius.runtime.structured;

import java.util.Arrays;

/**
 * An automaton over the symbols of a vocabulary, bytes and marks, that matches a part of a text
 * without calling others. Its transitions stand in a table, for speed. Immutable.
 */
final class Leaf {
  private final int width;
  private final char[] classOf;
  private final int[] table;
  private final boolean[] accepting;
  private final boolean[] open;
  private final boolean unique;
  private final int hash;

  /**
   * @param bytes over UTF-8 and marks
   * @param symbols how many symbols the vocabulary has
   * @param unique whether it is a key that must not be there twice
   */
  Leaf(Dfa bytes, int symbols, boolean unique) {
    this.unique = unique;
    int size = bytes.size();
    accepting = new boolean[size];
    open = new boolean[size];
    classOf = new char[symbols];
    boolean[] cut = new boolean[symbols + 1];
    int[][] runs = new int[size][];
    for (int s = 0; s < size; s++) {
      accepting[s] = bytes.accepts(s);
      runs[s] = bytes.runs(s);
      open[s] = runs[s].length > 0;
      for (int i = 0; i < runs[s].length; i += 3) {
        cut[Math.min(symbols, runs[s][i])] = true;
        cut[Math.min(symbols, runs[s][i + 1] + 1)] = true;
      }
    }
    int classes = 0;
    for (int symbol = 1; symbol < symbols; symbol++) {
      classes += cut[symbol] ? 1 : 0;
      classOf[symbol] = (char) classes;
    }
    width = classes + 1;
    table = new int[Math.multiplyExact(size, width)];
    Arrays.fill(table, Dfa.NONE);
    for (int s = 0; s < size; s++) {
      for (int i = 0; i < runs[s].length; i += 3) {
        if (runs[s][i] < symbols) {
          int last = classOf[Math.min(symbols - 1, runs[s][i + 1])];
          Arrays.fill(table, s * width + classOf[runs[s][i]], s * width + last + 1, runs[s][i + 2]);
        }
      }
    }
    hash = 31 * Arrays.hashCode(table) + Arrays.hashCode(classOf) + (unique ? 1 : 0);
  }

  int size() {
    return accepting.length;
  }

  int width() {
    return width;
  }

  int next(int state, int symbol) {
    return table[state * width + classOf[symbol]];
  }

  /** Where a class of symbols leads. */
  int nextOfClass(int state, int symbolClass) {
    return table[state * width + symbolClass];
  }

  boolean accepts(int state) {
    return accepting[state];
  }

  /** Whether any symbol can follow. */
  boolean isOpen(int state) {
    return open[state];
  }

  boolean isUnique() {
    return unique;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Leaf leaf
        && hash == leaf.hash
        && unique == leaf.unique
        && Arrays.equals(table, leaf.table)
        && Arrays.equals(classOf, leaf.classOf)
        && Arrays.equals(accepting, leaf.accepting);
  }

  @Override
  public int hashCode() {
    return hash;
  }
}
