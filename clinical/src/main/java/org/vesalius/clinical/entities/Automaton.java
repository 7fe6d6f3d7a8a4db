package org.vesalius.clinical.entities;

import java.util.Arrays;

/**
 * A matching automaton over numbered words (Aho and Corasick 1975) in flat arrays.
 *
 * <p>States are numbered level by level from the root, 0, and the children of a state stand side by
 * side, sorted by their word. So a state is four ints in one array: its first child (the next
 * state's first child ends its own), the word that leads to it, the state of its longest proper
 * suffix, and its output. The root's children have a table by word.
 *
 * <p>A state in which a form ends has the form's number as its output. Any other has the complement
 * of the nearest state on its way of suffixes in which one ends; of 0 where there is none.
 */
final class Automaton {
  static final int ROOT = 0;
  static final int STRIDE = 4;
  static final int CHILD = 0;
  static final int WORD = 1;
  static final int SUFFIX = 2;
  static final int OUTPUT = 3;

  /** Most forms have no more words. */
  private static final int SHORT = 8;

  private final int[] nodes;
  private final int[] fromRoot;
  private final int[] levelStarts;
  private final int[] formFirst;
  private final int[] entries;

  /**
   * What {@link AutomatonBuilder#build} made.
   *
   * @param nodes four ints for each state and one more
   * @param fromRoot the child of the root for each word, or 0
   * @param levelStarts the first state of each level, and one after the last state
   * @param formFirst where the entries of each form begin, and one more
   * @param entries entities of the forms, with their kind in the lowest three bits
   */
  Automaton(int[] nodes, int[] fromRoot, int[] levelStarts, int[] formFirst, int[] entries) {
    this.nodes = nodes;
    this.fromRoot = fromRoot;
    this.levelStarts = levelStarts;
    this.formFirst = formFirst;
    this.entries = entries;
  }

  /** The state after one more word, which is not 0. */
  int step(int state, int word) {
    int at = state;
    while (at != ROOT) {
      int child = child(nodes, at, word);
      if (child != ROOT) {
        return child;
      }
      at = nodes[at * STRIDE + SUFFIX];
    }
    return fromRoot[word];
  }

  /** Whether any form begins with a word. */
  boolean begins(int word) {
    return fromRoot[word] != ROOT;
  }

  /** The child of a state by a word, or 0. */
  int child(int state, int word) {
    return state == ROOT ? fromRoot[word] : child(nodes, state, word);
  }

  /** The same, of states below the root. */
  static int child(int[] nodes, int state, int word) {
    int low = nodes[state * STRIDE + CHILD];
    int count = nodes[(state + 1) * STRIDE + CHILD] - low;
    if (count == 0) {
      return ROOT;
    }
    while (count > 1) {
      int half = count >>> 1;
      low += nodes[(low + half) * STRIDE + WORD] <= word ? half : 0;
      count -= half;
    }
    return nodes[low * STRIDE + WORD] == word ? low : ROOT;
  }

  int suffix(int state) {
    return nodes[state * STRIDE + SUFFIX];
  }

  /** A state itself where a form ends in it, else the next one of its suffixes; 0 for none. */
  int ending(int state) {
    int output = nodes[state * STRIDE + OUTPUT];
    return output >= 0 ? state : ~output;
  }

  /** The form that ends in a state of {@link #ending}. */
  int form(int state) {
    return nodes[state * STRIDE + OUTPUT];
  }

  /** How many words lead to a state. */
  int depth(int state) {
    int depth = 0;
    while (state >= levelStarts[depth + 1]) {
      if (++depth == SHORT) {
        int found = Arrays.binarySearch(levelStarts, state);
        return found >= 0 ? found : -found - 2;
      }
    }
    return depth;
  }

  /** The most words of a form. */
  int maxDepth() {
    return levelStarts.length - 2;
  }

  int states() {
    return levelStarts[levelStarts.length - 1];
  }

  int forms() {
    return formFirst.length - 1;
  }

  int firstEntry(int form) {
    return formFirst[form];
  }

  int entry(int index) {
    return entries[index];
  }

  long byteSize() {
    return 4L
        * ((long) nodes.length
            + fromRoot.length
            + levelStarts.length
            + formFirst.length
            + entries.length);
  }
}
