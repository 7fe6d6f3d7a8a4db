package org.vesalius.runtime.structured;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeSet;

/**
 * Collects the states of a {@link Dfa} with their transitions as runs of symbols. State 0 is the
 * start. Not thread-safe.
 */
final class DfaBuilder {
  private static final int MAX_CELLS = 1 << 26;

  private int[][] runs = new int[16][];
  private boolean[] accepting = new boolean[16];
  private int size;
  private final Map<IntKey, Integer> shared = new HashMap<>();

  /** A state that has no transitions yet. */
  int state(boolean accepts) {
    if (size == Dfa.MAX_STATES) {
      throw new UnsupportedFormatException(
          "too large: an automaton has more than " + Dfa.MAX_STATES + " states");
    }
    if (size == runs.length) {
      runs = Arrays.copyOf(runs, 2 * size);
      accepting = Arrays.copyOf(accepting, 2 * size);
    }
    runs[size] = new int[0];
    accepting[size] = accepts;
    return size++;
  }

  /**
   * Sets the transitions of a state.
   *
   * @param flat first symbol, last symbol and target of each run, in order, disjoint
   */
  void runs(int state, int[] flat) {
    runs[state] = flat;
  }

  /** A state that does not accept, the same one for equal transitions. */
  int shared(int[] flat) {
    IntKey key = new IntKey(flat);
    Integer known = shared.get(key);
    if (known == null) {
      known = state(false);
      runs(known, flat);
      shared.put(key, known);
    }
    return known;
  }

  int size() {
    return size;
  }

  /** The automaton, without states that lead nowhere. */
  Dfa build() {
    TreeSet<Integer> bounds = new TreeSet<>();
    for (int s = 0; s < size; s++) {
      for (int i = 0; i < runs[s].length; i += 3) {
        bounds.add(runs[s][i]);
        bounds.add(runs[s][i + 1] + 1);
      }
    }
    int[] starts = bounds.stream().mapToInt(Integer::intValue).toArray();
    // Symbols that behave alike everywhere are one class: found by hashes of columns.
    long[] columns = new long[starts.length];
    for (int s = 0; s < size; s++) {
      for (int i = 0; i < runs[s].length; i += 3) {
        long cell = mix(s * 0x9E3779B97F4A7C15L + runs[s][i + 2] + 1);
        int to = index(starts, runs[s][i + 1] + 1);
        for (int c = index(starts, runs[s][i]); c < to; c++) {
          columns[c] += cell;
        }
      }
    }
    Map<Long, Integer> classes = new HashMap<>();
    int[] classOf = new int[starts.length];
    for (int c = 0; c < starts.length; c++) {
      classOf[c] =
          columns[c] == 0 ? Dfa.NONE : classes.computeIfAbsent(columns[c], x -> classes.size());
    }
    int width = classes.size();
    if ((long) size * width > MAX_CELLS) {
      throw new UnsupportedFormatException("too large: an automaton has " + size + " states");
    }
    int[] table = new int[size * width];
    Arrays.fill(table, Dfa.NONE);
    for (int s = 0; s < size; s++) {
      for (int i = 0; i < runs[s].length; i += 3) {
        int to = index(starts, runs[s][i + 1] + 1);
        for (int c = index(starts, runs[s][i]); c < to; c++) {
          table[s * width + classOf[c]] = runs[s][i + 2];
        }
      }
    }
    return new Dfa(starts, classOf, width, table, Arrays.copyOf(accepting, size)).trimmed();
  }

  private static int index(int[] starts, int symbol) {
    return Arrays.binarySearch(starts, symbol);
  }

  private static long mix(long value) {
    long z = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return (z ^ (z >>> 31)) | 1;
  }
}
