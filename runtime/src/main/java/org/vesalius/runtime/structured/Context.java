package org.vesalius.runtime.structured;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where a rule goes on when it has ended: all places that called it at one position of the text,
 * each in its own context. A node of a graph-structured stack (Tomita 1985), shared by all states
 * that stand on it; only left recursion makes a cycle. Compared by identity: a {@link Matcher}
 * keeps one for each content.
 */
final class Context {
  private final long id;
  private final int[] returns;
  private final Context[] parents;
  private final @Nullable Set<String> keys;

  /**
   * @param id orders contexts; no two of a constraint have the same
   * @param returns states after the calls
   * @param parents the contexts that those states are in
   * @param keys what the object that is matched here has as keys so far, null for none
   */
  Context(long id, int[] returns, Context[] parents, @Nullable Set<String> keys) {
    this.id = id;
    this.returns = returns;
    this.parents = parents;
    this.keys = keys;
  }

  long id() {
    return id;
  }

  int size() {
    return returns.length;
  }

  int state(int index) {
    return returns[index];
  }

  Context parent(int index) {
    return parents[index];
  }

  /** Closes a cycle of left recursion, while the context is made. */
  void setParent(int index, Context parent) {
    parents[index] = parent;
  }

  @Nullable Set<String> keys() {
    return keys;
  }

  boolean hasKey(String key) {
    return keys != null && keys.contains(key);
  }

  int[] returns() {
    return returns;
  }

  Context[] parents() {
    return parents;
  }
}
