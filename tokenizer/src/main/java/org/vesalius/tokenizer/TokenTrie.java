package org.vesalius.tokenizer;

import java.util.Arrays;

/**
 * Tokens by their UTF-16 units, for finding all that a text starts with in one walk. A node is a
 * number, and the edges of all nodes are in one hash table, so that a step is one look-up whatever
 * the number of children.
 */
final class TokenTrie {
  /** The node that every walk starts from. */
  static final int ROOT = 0;

  /** What {@link #next} answers where no token goes on, and {@link #id} where none ends. */
  static final int NONE = -1;

  private long[] edges = new long[1 << 12];
  private int[] targets = new int[1 << 12];
  private int[] ids = new int[1 << 10];
  private int size = 1;

  TokenTrie(TokenTable tokens) {
    Arrays.fill(edges, NONE);
    Arrays.fill(ids, NONE);
    for (int id = 0; id < tokens.limit(); id++) {
      String token = tokens.text(id);
      if (token != null) {
        add(token, id);
      }
    }
  }

  private void add(String token, int id) {
    int node = ROOT;
    for (int i = 0; i < token.length(); i++) {
      node = child(node, token.charAt(i));
    }
    if (node != ROOT) {
      ids[node] = id;
    }
  }

  private int child(int node, char c) {
    int known = next(node, c);
    if (known != NONE) {
      return known;
    }
    if (2 * size > edges.length) {
      grow();
    }
    if (size == ids.length) {
      ids = Arrays.copyOf(ids, 2 * size);
      Arrays.fill(ids, size, ids.length, NONE);
    }
    put(edge(node, c), size);
    return size++;
  }

  private void grow() {
    long[] oldEdges = edges;
    int[] oldTargets = targets;
    edges = new long[2 * oldEdges.length];
    targets = new int[edges.length];
    Arrays.fill(edges, NONE);
    for (int i = 0; i < oldEdges.length; i++) {
      if (oldEdges[i] != NONE) {
        put(oldEdges[i], oldTargets[i]);
      }
    }
  }

  private void put(long edge, int target) {
    int slot = slot(edge);
    while (edges[slot] != NONE) {
      slot = (slot + 1) & (edges.length - 1);
    }
    edges[slot] = edge;
    targets[slot] = target;
  }

  /** The node that a character leads to, or {@link #NONE}. */
  int next(int node, char c) {
    long edge = edge(node, c);
    for (int slot = slot(edge); edges[slot] != NONE; slot = (slot + 1) & (edges.length - 1)) {
      if (edges[slot] == edge) {
        return targets[slot];
      }
    }
    return NONE;
  }

  /** The node that a text leads to, or {@link #NONE}. */
  int walk(String text) {
    int node = ROOT;
    for (int i = 0; i < text.length() && node != NONE; i++) {
      node = next(node, text.charAt(i));
    }
    return node;
  }

  /** The token that ends at a node, or {@link #NONE}. */
  int id(int node) {
    return ids[node];
  }

  private static long edge(int node, char c) {
    return ((long) node << Character.SIZE) | c;
  }

  private int slot(long edge) {
    return (int) ((edge * 0x9E3779B97F4A7C15L) >>> Integer.SIZE) & (edges.length - 1);
  }
}
