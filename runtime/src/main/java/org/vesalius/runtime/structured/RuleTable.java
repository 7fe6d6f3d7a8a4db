package org.vesalius.runtime.structured;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * A context-free grammar as a recursive transition network: each rule is a small automaton whose
 * transitions are calls, of other rules or of leaves. What leads nowhere is taken out. Immutable.
 */
final class RuleTable {
  /** The state after the whole text. */
  static final int END = 0;

  private final int[][] callees;
  private final int[][] targets;
  private final boolean[] finals;
  private final int[] starts;
  private final boolean[] nullable;
  private final List<Leaf> leaves;
  private final int[] leafBases;

  RuleTable(int[][] callees, int[][] targets, boolean[] finals, int[] starts, List<Leaf> leaves) {
    this.callees = callees;
    this.targets = targets;
    this.finals = finals;
    this.starts = starts;
    this.leaves = List.copyOf(leaves);
    leafBases = new int[leaves.size()];
    int base = 0;
    for (int i = 0; i < leafBases.length; i++) {
      leafBases[i] = base;
      base = Math.addExact(base, leaves.get(i).size());
    }
    trim();
    nullable = nullable();
  }

  int[] callees(int state) {
    return callees[state];
  }

  int[] targets(int state) {
    return targets[state];
  }

  boolean isFinal(int state) {
    return finals[state];
  }

  /** Whether nothing but the end of its rule follows a state. */
  boolean isTail(int state) {
    return state != END && finals[state] && callees[state].length == 0;
  }

  /** Whether a callee is a leaf, not a rule. */
  static boolean isLeaf(int callee) {
    return callee < 0;
  }

  static int leafNumber(int callee) {
    return ~callee;
  }

  int start(int rule) {
    return starts[rule];
  }

  Leaf leaf(int number) {
    return leaves.get(number);
  }

  int leafCount() {
    return leafBases.length;
  }

  /** The number of a leaf's first state among those of all leaves. */
  int leafBase(int number) {
    return leafBases[number];
  }

  boolean isNullable(int callee) {
    return isLeaf(callee) ? leaves.get(leafNumber(callee)).accepts(0) : nullable[callee];
  }

  /** Whether the first rule matches any text. */
  boolean isProductive() {
    return finals[starts[0]] || callees[starts[0]].length > 0;
  }

  private boolean[] nullable() {
    boolean[] known = new boolean[starts.length];
    for (boolean changed = true; changed; ) {
      changed = false;
      for (int rule = 0; rule < starts.length; rule++) {
        if (!known[rule] && reaches(starts[rule], known)) {
          known[rule] = true;
          changed = true;
        }
      }
    }
    return known;
  }

  private boolean reaches(int start, boolean[] known) {
    BitSet seen = new BitSet();
    List<Integer> work = new ArrayList<>(List.of(start));
    seen.set(start);
    while (!work.isEmpty()) {
      int s = work.removeLast();
      if (finals[s]) {
        return true;
      }
      for (int i = 0; i < callees[s].length; i++) {
        int callee = callees[s][i];
        boolean empty = isLeaf(callee) ? leaves.get(leafNumber(callee)).accepts(0) : known[callee];
        if (empty && !seen.get(targets[s][i])) {
          seen.set(targets[s][i]);
          work.add(targets[s][i]);
        }
      }
    }
    return false;
  }

  /** Takes out calls that match nothing or after which the rule cannot end. */
  private void trim() {
    boolean[] live = new boolean[callees.length];
    for (boolean changed = true; changed; ) {
      changed = false;
      for (int s = callees.length - 1; s >= 0; s--) {
        if (!live[s] && (finals[s] || anyLive(s, live))) {
          live[s] = true;
          changed = true;
        }
      }
    }
    for (int s = 0; s < callees.length; s++) {
      IntArray kept = new IntArray();
      IntArray to = new IntArray();
      for (int i = 0; i < callees[s].length; i++) {
        if (live[targets[s][i]] && isLive(callees[s][i], live)) {
          kept.add(callees[s][i]);
          to.add(targets[s][i]);
        }
      }
      callees[s] = kept.toArray();
      targets[s] = to.toArray();
    }
  }

  private boolean anyLive(int state, boolean[] live) {
    for (int i = 0; i < callees[state].length; i++) {
      if (live[targets[state][i]] && isLive(callees[state][i], live)) {
        return true;
      }
    }
    return false;
  }

  private boolean isLive(int callee, boolean[] live) {
    if (!isLeaf(callee)) {
      return live[starts[callee]];
    }
    Leaf leaf = leaves.get(leafNumber(callee));
    return leaf.isOpen(0) || leaf.accepts(0);
  }

  /** For error messages and tests: how large it is. */
  @Override
  public String toString() {
    int states = 0;
    for (Leaf leaf : leaves) {
      states += leaf.size();
    }
    return starts.length
        + " rules of "
        + callees.length
        + " states, "
        + leaves.size()
        + " leaves of "
        + states
        + " states";
  }

  /** The rule table of an expression. */
  static RuleTable of(Expression root, TokenVocabulary vocabulary) {
    return new RuleTableBuilder(vocabulary).build(root);
  }
}
