package org.vesalius.runtime.structured;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The tokens of a vocabulary as a tree of their symbols, in arrays: a node comes before its
 * children, which come in the order of their symbols, so that a walk is one pass that skips. Node 0
 * is the root. Immutable.
 */
final class TokenTrie {
  static final int NONE = -1;

  private final char[] labels;
  private final char[] depths;
  private final int[] ends;
  private final int[] tokens;
  private final int[] twins;
  private final int deepest;

  /** How many quotes stand below a node on one path, at most 2. */
  private final byte[] quotes;

  /**
   * @param symbols the symbols of each token; null or empty for one that is never allowed
   */
  TokenTrie(List<char @Nullable []> symbols) {
    twins = new int[symbols.size()];
    Arrays.fill(twins, NONE);
    int[] order =
        IntStream.range(0, symbols.size())
            .filter(id -> of(symbols, id).length > 0)
            .boxed()
            .sorted(Comparator.comparing(id -> of(symbols, id), Arrays::compare))
            .mapToInt(Integer::intValue)
            .toArray();
    int nodes = 1;
    char[] before = {};
    int longest = 0;
    for (int id : order) {
      char[] text = of(symbols, id);
      nodes += text.length - shared(before, text);
      longest = Math.max(longest, text.length);
      before = text;
    }
    deepest = longest;
    labels = new char[nodes];
    depths = new char[nodes];
    ends = new int[nodes];
    tokens = new int[nodes];
    Arrays.fill(tokens, NONE);
    int[] path = new int[longest + 1];
    int depth = 0;
    int used = 1;
    before = new char[0];
    for (int id : order) {
      char[] text = of(symbols, id);
      int common = shared(before, text);
      for (; depth > common; depth--) {
        ends[path[depth]] = used;
      }
      for (; depth < text.length; depth++) {
        labels[used] = text[depth];
        depths[used] = (char) (depth + 1);
        path[depth + 1] = used++;
      }
      int node = path[text.length];
      twins[id] = tokens[node];
      tokens[node] = id;
      before = text;
    }
    for (; depth >= 0; depth--) {
      ends[path[depth]] = used;
    }
    quotes = new byte[nodes];
    int[] parents = new int[longest + 2];
    int[] parentOf = new int[nodes];
    for (int node = 0; node < nodes; node++) {
      parents[depths[node]] = node;
      parentOf[node] = node == 0 ? 0 : parents[depths[node] - 1];
    }
    for (int node = nodes - 1; node > 0; node--) {
      int below = Math.min(2, quotes[node] + (labels[node] == '"' ? 1 : 0));
      quotes[parentOf[node]] = (byte) Math.max(quotes[parentOf[node]], below);
    }
  }

  /** Whether a whole JSON string may stand below a node, within one token. */
  boolean mayHoldString(int node) {
    return quotes[node] > 1;
  }

  private static char[] of(List<char @Nullable []> symbols, int id) {
    char[] text = symbols.get(id);
    return text == null ? new char[0] : text;
  }

  private static int shared(char[] a, char[] b) {
    int mismatch = Arrays.mismatch(a, b);
    return mismatch < 0 ? a.length : mismatch;
  }

  int size() {
    return labels.length;
  }

  /** The symbol that leads to a node. */
  int label(int node) {
    return labels[node];
  }

  int depth(int node) {
    return depths[node];
  }

  /** The depth of the deepest node. */
  int deepest() {
    return deepest;
  }

  /** The node after the last one below a node. */
  int end(int node) {
    return ends[node];
  }

  boolean hasChildren(int node) {
    return ends[node] > node + 1;
  }

  boolean isToken(int node) {
    return tokens[node] >= 0;
  }

  /** Any token at or below a node. */
  int someToken(int node) {
    int at = node;
    while (tokens[at] < 0) {
      at++;
    }
    return tokens[at];
  }

  /** Sets the bits of all tokens that a node is the end of. */
  void mark(int node, long[] bits) {
    for (int id = tokens[node]; id >= 0; id = twins[id]) {
      bits[id >> 6] |= 1L << id;
    }
  }

  /** Clears the bits of all tokens that a node is the end of. */
  void clear(int node, long[] bits) {
    for (int id = tokens[node]; id >= 0; id = twins[id]) {
      bits[id >> 6] &= ~(1L << id);
    }
  }

  /** The child that a symbol leads to, or {@link #NONE}. */
  int child(int node, int symbol) {
    for (int child = node + 1; child < ends[node]; child = ends[child]) {
      if (labels[child] == symbol) {
        return child;
      }
    }
    return NONE;
  }
}
