package org.vesalius.runtime.structured;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A deterministic finite automaton over symbols. From each of its states an accepting one can be
 * reached, except in the automaton of nothing, which has one state. State 0 is the start.
 * Immutable.
 */
final class Dfa {
  static final int NONE = -1;
  static final int MAX_STATES = 1 << 18;

  /** First symbols of intervals; the last one begins where nothing has a transition. */
  private final int[] starts;

  private final int[] classOf;
  private final int width;
  private final int[] table;
  private final boolean[] accepting;

  Dfa(int[] starts, int[] classOf, int width, int[] table, boolean[] accepting) {
    this.starts = starts;
    this.classOf = classOf;
    this.width = width;
    this.table = table;
    this.accepting = accepting;
  }

  /** The automaton that accepts nothing. */
  static Dfa nothing() {
    return new Dfa(new int[0], new int[0], 0, new int[0], new boolean[1]);
  }

  int size() {
    return accepting.length;
  }

  boolean accepts(int state) {
    return accepting[state];
  }

  /** Where a symbol leads, or {@link #NONE}. */
  int next(int state, int symbol) {
    int at = Arrays.binarySearch(starts, symbol);
    int interval = at >= 0 ? at : -at - 2;
    int c = interval < 0 ? NONE : classOf[interval];
    return c < 0 ? NONE : table[state * width + c];
  }

  private int cell(int state, int interval) {
    return interval < 0 || classOf[interval] < 0 ? NONE : table[state * width + classOf[interval]];
  }

  boolean isNothing() {
    return size() == 1 && !accepting[0] && Arrays.stream(table).allMatch(t -> t < 0);
  }

  boolean matches(String text) {
    int state = 0;
    for (int i = 0;
        i < text.length() && state >= 0;
        i += Character.charCount(text.codePointAt(i))) {
      state = next(state, text.codePointAt(i));
    }
    return state >= 0 && accepting[state];
  }

  boolean hasTransitions(int state) {
    for (int c = 0; c < width; c++) {
      if (table[state * width + c] >= 0) {
        return true;
      }
    }
    return false;
  }

  /** The transitions of a state as first symbol, last symbol and target of each run, in order. */
  int[] runs(int state) {
    Runs runs = new Runs();
    for (int i = 0; i + 1 < starts.length; i++) {
      int target = cell(state, i);
      if (target >= 0) {
        runs.add(starts[i], starts[i + 1] - 1, target);
      }
    }
    return runs.flat();
  }

  /** Without states from which nothing is accepted, or that nothing reaches. */
  Dfa trimmed() {
    boolean[] live = live();
    if (!live[0]) {
      return nothing();
    }
    int[] number = new int[size()];
    Arrays.fill(number, NONE);
    int[] order = new int[size()];
    int count = 1;
    number[0] = 0;
    for (int i = 0; i < count; i++) {
      for (int c = 0; c < width; c++) {
        int target = table[order[i] * width + c];
        if (target >= 0 && live[target] && number[target] < 0) {
          number[target] = count;
          order[count++] = target;
        }
      }
    }
    int[] cells = new int[count * width];
    boolean[] accept = new boolean[count];
    for (int i = 0; i < count; i++) {
      accept[i] = accepting[order[i]];
      for (int c = 0; c < width; c++) {
        int target = table[order[i] * width + c];
        cells[i * width + c] = target >= 0 && live[target] ? number[target] : NONE;
      }
    }
    return new Dfa(starts, classOf, width, cells, accept);
  }

  private boolean[] live() {
    int[] heads = new int[size()];
    Arrays.fill(heads, NONE);
    int[] nexts = new int[table.length];
    for (int cell = 0; cell < table.length; cell++) {
      if (table[cell] >= 0) {
        nexts[cell] = heads[table[cell]];
        heads[table[cell]] = cell;
      }
    }
    boolean[] live = accepting.clone();
    int[] work = new int[size()];
    int used = 0;
    for (int s = 0; s < size(); s++) {
      if (live[s]) {
        work[used++] = s;
      }
    }
    while (used > 0) {
      for (int cell = heads[work[--used]]; cell >= 0; cell = nexts[cell]) {
        int source = cell / width;
        if (!live[source]) {
          live[source] = true;
          work[used++] = source;
        }
      }
    }
    return live;
  }

  /** What both accept. */
  Dfa and(Dfa other) {
    return product(other, Mode.AND);
  }

  /** What either accepts. */
  Dfa or(Dfa other) {
    return product(other, Mode.OR);
  }

  /** What this accepts and the other does not. */
  Dfa minus(Dfa other) {
    return product(other, Mode.MINUS);
  }

  private enum Mode {
    AND,
    OR,
    MINUS
  }

  private Dfa product(Dfa other, Mode mode) {
    // Pairs of intervals of the two partitions that occur together, and where.
    TreeMap<Integer, int[]> cuts = new TreeMap<>();
    for (int i = 0; i < starts.length; i++) {
      cuts.put(starts[i], new int[] {i, interval(other.starts, starts[i])});
    }
    for (int i = 0; i < other.starts.length; i++) {
      cuts.put(other.starts[i], new int[] {interval(starts, other.starts[i]), i});
    }
    int[] bounds = cuts.keySet().stream().mapToInt(Integer::intValue).toArray();
    int[][] pairs = cuts.values().toArray(int[][]::new);
    DfaBuilder builder = new DfaBuilder();
    Map<Long, Integer> numbers = new HashMap<>();
    List<int[]> states = new ArrayList<>();
    number(0, 0, other, mode, builder, numbers, states);
    for (int n = 0; n < states.size(); n++) {
      int a = states.get(n)[0];
      int b = states.get(n)[1];
      Runs runs = new Runs();
      for (int i = 0; i + 1 < bounds.length; i++) {
        int x = a < 0 ? NONE : cell(a, pairs[i][0]);
        int y = b < 0 ? NONE : other.cell(b, pairs[i][1]);
        boolean dead =
            switch (mode) {
              case AND -> x < 0 || y < 0;
              case OR -> x < 0 && y < 0;
              case MINUS -> x < 0;
            };
        if (!dead) {
          runs.add(
              bounds[i], bounds[i + 1] - 1, number(x, y, other, mode, builder, numbers, states));
        }
      }
      builder.runs(n, runs.flat());
    }
    return builder.build();
  }

  private int number(
      int a,
      int b,
      Dfa other,
      Mode mode,
      DfaBuilder builder,
      Map<Long, Integer> numbers,
      List<int[]> states) {
    return numbers.computeIfAbsent(
        ((long) a << 32) | (b & 0xFFFFFFFFL),
        key -> {
          boolean left = a >= 0 && accepting[a];
          boolean right = b >= 0 && other.accepting[b];
          states.add(new int[] {a, b});
          return builder.state(
              switch (mode) {
                case AND -> left && right;
                case OR -> left || right;
                case MINUS -> left && !right;
              });
        });
  }

  private static int interval(int[] starts, int symbol) {
    int at = Arrays.binarySearch(starts, symbol);
    return at >= 0 ? at : -at - 2;
  }

  /** Whether from each state that does not only end more words follow than any number. */
  boolean isExtendable() {
    // Growing means that a cycle can be reached; states without transitions are ends.
    boolean[] endless = new boolean[size()];
    int[] rank = new int[size()];
    for (int s = 0; s < size(); s++) {
      endless[s] = reachesCycle(s, rank);
    }
    for (int s = 0; s < size(); s++) {
      if (hasTransitions(s) && !endless[s]) {
        return false;
      }
    }
    return true;
  }

  /** Depth-first, without recursion: 1 is on the way, 2 reaches no cycle, 3 reaches one. */
  private boolean reachesCycle(int from, int[] rank) {
    int[] path = new int[size() + 1];
    int[] column = new int[size() + 1];
    int depth = 0;
    if (rank[from] == 0) {
      path[depth] = from;
      column[depth++] = 0;
      rank[from] = 1;
    }
    while (depth > 0) {
      int s = path[depth - 1];
      if (column[depth - 1] == width) {
        rank[s] = 2;
        depth--;
        continue;
      }
      int target = table[s * width + column[depth - 1]++];
      if (target >= 0 && (rank[target] == 1 || rank[target] == 3)) {
        for (; depth > 0; depth--) {
          rank[path[depth - 1]] = 3;
        }
      } else if (target >= 0 && rank[target] == 0) {
        rank[target] = 1;
        column[depth] = 0;
        path[depth++] = target;
      }
    }
    return rank[from] == 3;
  }
}
