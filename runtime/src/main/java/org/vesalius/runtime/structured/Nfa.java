package org.vesalius.runtime.structured;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A non-deterministic finite automaton (Thompson's construction) on its way to a {@link Dfa}. Begin
 * and end of the text are transitions that are open only there. Not thread-safe.
 */
final class Nfa {
  private static final int MAX_STATES = 1 << 20;

  private enum Kind {
    ALWAYS,
    AT_BEGIN,
    AT_END
  }

  private record Epsilon(Kind kind, int target) {}

  private record Edge(int set, int target) {}

  private final List<List<Epsilon>> epsilons = new ArrayList<>();
  private final List<List<Edge>> edges = new ArrayList<>();
  private final Map<SymbolSet, Integer> sets = new LinkedHashMap<>();

  int state() {
    if (edges.size() == MAX_STATES) {
      throw new UnsupportedFormatException(
          "too large: an expression has more than " + MAX_STATES + " positions");
    }
    epsilons.add(new ArrayList<>(2));
    edges.add(new ArrayList<>(2));
    return edges.size() - 1;
  }

  private void epsilon(int from, int to) {
    epsilons.get(from).add(new Epsilon(Kind.ALWAYS, to));
  }

  private void edge(int from, SymbolSet set, int to) {
    if (!set.isEmpty()) {
      edges.get(from).add(new Edge(sets.computeIfAbsent(set, x -> sets.size()), to));
    }
  }

  /** Adds an expression that begins in a state; returns the state that it ends in. */
  int add(RegularExpression expression, int from) {
    switch (expression) {
      case RegularExpression.Symbols(SymbolSet set) -> {
        int to = state();
        edge(from, set, to);
        return to;
      }
      case RegularExpression.Concatenation(List<RegularExpression> parts) -> {
        int at = from;
        for (RegularExpression part : parts) {
          at = add(part, at);
        }
        return at;
      }
      case RegularExpression.Alternation(List<RegularExpression> branches) -> {
        int to = state();
        for (RegularExpression branch : branches) {
          int begin = state();
          epsilon(from, begin);
          epsilon(add(branch, begin), to);
        }
        return to;
      }
      case RegularExpression.Repetition(RegularExpression part, int min, int max) -> {
        return repeat(part, min, max, from);
      }
      case RegularExpression.Begin() -> {
        int to = state();
        epsilons.get(from).add(new Epsilon(Kind.AT_BEGIN, to));
        return to;
      }
      case RegularExpression.End() -> {
        int to = state();
        epsilons.get(from).add(new Epsilon(Kind.AT_END, to));
        return to;
      }
      case RegularExpression.Automaton(Dfa dfa) -> {
        return splice(dfa, from);
      }
    }
  }

  private int repeat(RegularExpression part, int min, int max, int from) {
    int at = from;
    for (int i = 0; i < min; i++) {
      at = add(part, at);
    }
    if (max == RegularExpression.UNLIMITED) {
      int loop = state();
      epsilon(at, loop);
      int to = state();
      epsilon(loop, to);
      epsilon(add(part, loop), loop);
      return to;
    }
    int to = state();
    epsilon(at, to);
    for (int i = min; i < max; i++) {
      int begin = state();
      epsilon(at, begin);
      at = add(part, begin);
      epsilon(at, to);
    }
    return to;
  }

  private int splice(Dfa dfa, int from) {
    int base = edges.size();
    int to = -1;
    for (int s = 0; s <= dfa.size(); s++) {
      to = state();
    }
    epsilon(from, base);
    for (int s = 0; s < dfa.size(); s++) {
      if (dfa.accepts(s)) {
        epsilon(base + s, to);
      }
      int[] runs = dfa.runs(s);
      Map<Integer, List<int[]>> byTarget = new TreeMap<>();
      for (int i = 0; i < runs.length; i += 3) {
        byTarget
            .computeIfAbsent(runs[i + 2], x -> new ArrayList<>())
            .add(new int[] {runs[i], runs[i + 1]});
      }
      int state = base + s;
      byTarget.forEach((target, ranges) -> edge(state, SymbolSet.of(ranges), base + target));
    }
    return to;
  }

  /** The states that are current together; equal by content. */
  private record Subset(BitSet states) {}

  /** The automaton that accepts what leads from one state to another. */
  Dfa determinize(int start, int end) {
    TreeSet<Integer> bounds = new TreeSet<>();
    List<SymbolSet> all = List.copyOf(sets.keySet());
    for (SymbolSet set : all) {
      for (int i = 0; i < set.ranges(); i++) {
        bounds.add(set.first(i));
        bounds.add(set.last(i) + 1);
      }
    }
    int[] starts = bounds.stream().mapToInt(Integer::intValue).toArray();
    BitSet[] members = new BitSet[starts.length];
    Arrays.setAll(members, i -> new BitSet());
    for (int set = 0; set < all.size(); set++) {
      for (int i = 0; i < all.get(set).ranges(); i++) {
        int to = Arrays.binarySearch(starts, all.get(set).last(i) + 1);
        for (int c = Arrays.binarySearch(starts, all.get(set).first(i)); c < to; c++) {
          members[c].set(set);
        }
      }
    }
    Map<BitSet, Integer> classes = new HashMap<>();
    List<List<Integer>> classesOf = new ArrayList<>();
    all.forEach(set -> classesOf.add(new ArrayList<>()));
    int[] classOf = new int[starts.length];
    for (int c = 0; c < starts.length; c++) {
      Integer known = members[c].isEmpty() ? (Integer) Dfa.NONE : classes.get(members[c]);
      if (known == null) {
        known = classes.size();
        classes.put(members[c], known);
        int number = known;
        members[c].stream().forEach(set -> classesOf.get(set).add(number));
      }
      classOf[c] = known;
    }
    return subsets(start, end, starts, classOf, classes.size(), classesOf);
  }

  private Dfa subsets(
      int start, int end, int[] starts, int[] classOf, int width, List<List<Integer>> classesOf) {
    Map<Subset, Integer> numbers = new HashMap<>();
    List<BitSet> work = new ArrayList<>();
    BitSet first = new BitSet();
    close(first, start, true, false);
    numbers.put(new Subset(first), 0);
    work.add(first);
    int[] table = new int[16 * width];
    boolean[] accepting = new boolean[16];
    for (int n = 0; n < work.size(); n++) {
      BitSet current = work.get(n);
      if (n == accepting.length) {
        accepting = Arrays.copyOf(accepting, 2 * n);
        table = Arrays.copyOf(table, Math.multiplyExact(2 * n, width));
      }
      BitSet ended = new BitSet();
      if (n == 0) {
        close(ended, start, true, true);
      } else {
        current.stream().forEach(s -> close(ended, s, false, true));
      }
      accepting[n] = ended.get(end);
      @Nullable BitSet[] targets = new BitSet[width];
      for (int s = current.nextSetBit(0); s >= 0; s = current.nextSetBit(s + 1)) {
        for (Edge edge : edges.get(s)) {
          for (int c : classesOf.get(edge.set)) {
            BitSet target = targets[c];
            if (target == null) {
              target = new BitSet();
              targets[c] = target;
            }
            close(target, edge.target, false, false);
          }
        }
      }
      for (int c = 0; c < width; c++) {
        BitSet target = targets[c];
        Integer number = Dfa.NONE;
        if (target != null) {
          Subset key = new Subset(target);
          number = numbers.get(key);
          if (number == null) {
            number = work.size();
            numbers.put(key, number);
            work.add(target);
          }
        }
        table[n * width + c] = number;
      }
      if (work.size() > Dfa.MAX_STATES / 4) {
        throw new UnsupportedFormatException(
            "too large: an automaton has more than " + Dfa.MAX_STATES / 4 + " states");
      }
    }
    int size = work.size();
    return new Dfa(
            starts,
            classOf,
            width,
            Arrays.copyOf(table, size * width),
            Arrays.copyOf(accepting, size))
        .trimmed();
  }

  private void close(BitSet into, int from, boolean atBegin, boolean atEnd) {
    if (into.get(from)) {
      return;
    }
    int[] stack = new int[16];
    int used = 1;
    stack[0] = from;
    into.set(from);
    while (used > 0) {
      int s = stack[--used];
      for (Epsilon epsilon : epsilons.get(s)) {
        boolean open =
            switch (epsilon.kind) {
              case ALWAYS -> true;
              case AT_BEGIN -> atBegin;
              case AT_END -> atEnd;
            };
        if (open && !into.get(epsilon.target)) {
          into.set(epsilon.target);
          if (used == stack.length) {
            stack = Arrays.copyOf(stack, 2 * used);
          }
          stack[used++] = epsilon.target;
        }
      }
    }
  }
}
