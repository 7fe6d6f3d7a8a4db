package org.vesalius.clinical.entities;

import java.util.Arrays;

/**
 * Builds an {@link Automaton} level by level: a state is a range of forms with the same first
 * words, and sorting the range by the next word gives its children, sorted and side by side.
 */
final class AutomatonBuilder {
  private static final int MOST_STATES = Integer.MAX_VALUE / Automaton.STRIDE - 4;

  private static final int NO_FORM = ~Automaton.ROOT;

  private final Ints words = new Ints(64);
  private final Ints firsts = new Ints(64);
  private final Ints owners = new Ints(64);

  private int[] nodes = new int[64];
  private int states = 1;
  private final Ints levelStarts = new Ints(16);
  private final Ints formFirst = new Ints(64);
  private final Ints entries = new Ints(64);

  AutomatonBuilder() {
    firsts.add(0);
  }

  /** Adds a word to the form that is being added. */
  void word(int word) {
    words.add(word);
  }

  /** Ends a form; one without words is none. */
  void end(int entity, NameKind kind) {
    if (words.size() > firsts.get(firsts.size() - 1)) {
      firsts.add(words.size());
      owners.add((entity << 3) | kind.code());
    }
  }

  Automaton build(int vocabulary) {
    long[] keys = new long[owners.size()];
    for (int i = 0; i < keys.length; i++) {
      keys[i] = i;
    }
    int[] fromRoot = new int[vocabulary + 1];
    nodes[Automaton.OUTPUT] = NO_FORM;
    levelStarts.add(0);
    Ints bounds = new Ints(16);
    bounds.add(0);
    bounds.add(keys.length);
    for (int depth = 0, first = 0; first < states; depth++) {
      int end = states;
      levelStarts.add(end);
      Ints next = new Ints(bounds.size());
      for (int state = first; state < end; state++) {
        int low = bounds.get((state - first) * 2);
        int high = bounds.get((state - first) * 2 + 1);
        expand(state, depth, keys, low, high, next, fromRoot);
      }
      bounds = next;
      first = end;
    }
    nodes = Arrays.copyOf(nodes, (states + 1) * Automaton.STRIDE);
    nodes[states * Automaton.STRIDE + Automaton.CHILD] = states;
    link();
    formFirst.add(entries.size());
    return new Automaton(
        nodes, fromRoot, levelStarts.toArray(), formFirst.toArray(), entries.toArray());
  }

  /** Makes the children of a state from its range of keys, and its output. */
  private void expand(
      int state, int depth, long[] keys, int low, int high, Ints next, int[] fromRoot) {
    for (int i = low; i < high; i++) {
      int form = (int) keys[i];
      int at = firsts.get(form) + depth;
      // Forms that end here come first, because no word is 0.
      long word = at < firsts.get(form + 1) ? words.get(at) : 0;
      keys[i] = (word << 32) | form;
    }
    Arrays.sort(keys, low, high);
    int at = low;
    while (at < high && keys[at] >>> 32 == 0) {
      at++;
    }
    if (at > low) {
      nodes[state * Automaton.STRIDE + Automaton.OUTPUT] = formFirst.size();
      form(keys, low, at);
    }
    nodes[state * Automaton.STRIDE + Automaton.CHILD] = states;
    while (at < high) {
      int word = (int) (keys[at] >>> 32);
      int begin = at;
      while (at < high && (int) (keys[at] >>> 32) == word) {
        at++;
      }
      next.add(begin);
      next.add(at);
      child(state, word, fromRoot);
    }
  }

  private void child(int parent, int word, int[] fromRoot) {
    if (states == MOST_STATES) {
      throw new IllegalArgumentException("the dictionary has too many names; split it");
    }
    int child = states++;
    if ((states + 1) * Automaton.STRIDE > nodes.length) {
      nodes =
          Arrays.copyOf(
              nodes,
              (int) Math.min(Integer.MAX_VALUE - 8L, nodes.length + (nodes.length >> 1) + 64L));
    }
    int suffix = Automaton.ROOT;
    if (parent == Automaton.ROOT) {
      fromRoot[word] = child;
    } else {
      // Suffixes are shorter than the parent, so their children are all there.
      int at = nodes[parent * Automaton.STRIDE + Automaton.SUFFIX];
      while (at != Automaton.ROOT && suffix == Automaton.ROOT) {
        suffix = Automaton.child(nodes, at, word);
        at = nodes[at * Automaton.STRIDE + Automaton.SUFFIX];
      }
      suffix = suffix == Automaton.ROOT ? fromRoot[word] : suffix;
    }
    int node = child * Automaton.STRIDE;
    nodes[node + Automaton.WORD] = word;
    nodes[node + Automaton.SUFFIX] = suffix;
    nodes[node + Automaton.OUTPUT] = NO_FORM;
  }

  /** Outputs of states in which no form ends; their suffixes are shorter and so done before. */
  private void link() {
    for (int state = 1; state < states; state++) {
      int node = state * Automaton.STRIDE;
      if (nodes[node + Automaton.OUTPUT] < 0) {
        int suffix = nodes[node + Automaton.SUFFIX];
        int output = nodes[suffix * Automaton.STRIDE + Automaton.OUTPUT];
        nodes[node + Automaton.OUTPUT] = output >= 0 ? ~suffix : output;
      }
    }
  }

  /** The entities of one form: closest kind first, then in the tree's order, each once. */
  private void form(long[] keys, int low, int high) {
    formFirst.add(entries.size());
    long[] sorted = new long[high - low];
    for (int i = low; i < high; i++) {
      // By entity, and the closest kind of each first.
      sorted[i - low] = owners.get((int) keys[i]);
    }
    Arrays.sort(sorted);
    int different = 0;
    long last = -1;
    for (long owner : sorted) {
      if (owner >>> 3 != last) {
        last = owner >>> 3;
        sorted[different++] = ((owner & 7) << 32) | owner;
      }
    }
    Arrays.sort(sorted, 0, different);
    for (int i = 0; i < different; i++) {
      entries.add((int) sorted[i]);
    }
  }
}
