package org.vesalius.runtime.structured;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;
import org.vesalius.runtime.structured.LeafTokens.Nodes;
import org.vesalius.runtime.structured.LeafTokens.TokenBits;

/**
 * What all tokens do to each state of a leaf, worked out when first asked for. Walks that saw much
 * of the vocabulary are remembered. In a large leaf, one that counts characters for example, most
 * states differ only far ahead: those that no {@value #SHALLOW} symbols tell apart (Moore's
 * partition) share the walk over short tokens, and only the long ones are looked at for each.
 * Thread-safe.
 */
final class LeafTable {
  private static final int SHALLOW = 32;
  private static final int SMALL_LEAF = 64;
  private static final int EXPENSIVE_WALK = 256;

  private final Leaf leaf;
  private final TokenVocabulary vocabulary;
  private final TokenTrie trie;
  private final AtomicReferenceArray<@Nullable Walk> walks;
  private volatile int @Nullable [] blocks;

  /**
   * A walk over the trie.
   *
   * @param cut nodes below which it did not look
   */
  private record Walk(LeafTokens tokens, IntArray cut) {}

  LeafTable(Leaf leaf, TokenVocabulary vocabulary) {
    this.leaf = leaf;
    this.vocabulary = vocabulary;
    trie = vocabulary.trie();
    walks = new AtomicReferenceArray<>(leaf.size());
  }

  LeafTokens tokens(int state) {
    boolean large = leaf.size() > SMALL_LEAF;
    if (large && walks.get(state) == null) {
      // Most states of a list of words have few tokens: no need to know which are alike.
      Walk small = cheapWalk(state);
      if (small != null) {
        return small.tokens;
      }
    }
    int slot = large ? blocks()[state] : state;
    Walk walk = walks.get(slot);
    if (walk == null) {
      walk = walk(state, large ? SHALLOW : trie.deepest());
      if (walk.tokens.inside() instanceof LeafTokens.Dense) {
        walks.set(slot, walk);
      }
    }
    if (walk.cut.isEmpty()) {
      return walk.tokens;
    }
    IntArray inside = new IntArray();
    IntArray exits = new IntArray();
    int[] path = new int[trie.deepest() + 1];
    for (int i = 0; i < walk.cut.size(); i++) {
      int node = walk.cut.get(i);
      scan(node, follow(state, node), trie.deepest(), path, inside, exits, exits);
    }
    TokenBits both = new LeafTokens.Both(walk.tokens.inside(), new Nodes(trie, inside));
    return new LeafTokens(both, walk.tokens.exits().plus(exits));
  }

  /** Works out what is expensive, so that nobody has to wait for it later. */
  void prepare() {
    if (leaf.size() <= SMALL_LEAF) {
      for (int state = 0; state < leaf.size(); state++) {
        tokens(state);
      }
    } else {
      tokens(0);
    }
  }

  private int follow(int state, int node) {
    char[] symbols = vocabulary.symbols(trie.someToken(node));
    int at = state;
    for (int i = 0; i < trie.depth(node); i++) {
      at = leaf.next(at, symbols[i]);
    }
    return at;
  }

  private Walk walk(int state, int limit) {
    IntArray inside = new IntArray();
    IntArray exits = new IntArray();
    IntArray cut = new IntArray();
    scan(0, state, limit, new int[trie.deepest() + 1], inside, exits, cut);
    TokenBits bits = new Nodes(trie, inside);
    if (inside.size() > EXPENSIVE_WALK) {
      long[] words = new long[vocabulary.wordCount()];
      bits.addTo(words);
      bits = new LeafTokens.Dense(words);
    }
    return new Walk(new LeafTokens(bits, exits), cut);
  }

  /** A walk that sees little of the vocabulary, or null. */
  private @Nullable Walk cheapWalk(int state) {
    IntArray inside = new IntArray();
    IntArray exits = new IntArray();
    int[] path = new int[trie.deepest() + 1];
    path[0] = state;
    int seen = 0;
    for (int node = 1; node < trie.size(); ) {
      int depth = trie.depth(node);
      int next = leaf.next(path[depth - 1], trie.label(node));
      if (next < 0) {
        node = trie.end(node);
        continue;
      }
      if (++seen > 4 * EXPENSIVE_WALK) {
        return null;
      }
      path[depth] = next;
      if (trie.isToken(node)) {
        inside.add(node);
      }
      if (trie.hasChildren(node) && leaf.accepts(next)) {
        exits.add(node);
      }
      node++;
    }
    return new Walk(new LeafTokens(new Nodes(trie, inside), exits), new IntArray());
  }

  private void scan(
      int root, int state, int limit, int[] path, IntArray inside, IntArray exits, IntArray cut) {
    path[trie.depth(root)] = state;
    int end = trie.end(root);
    for (int node = root + 1; node < end; ) {
      int depth = trie.depth(node);
      int next = leaf.next(path[depth - 1], trie.label(node));
      if (next < 0) {
        node = trie.end(node);
        continue;
      }
      path[depth] = next;
      if (trie.isToken(node)) {
        inside.add(node);
      }
      boolean children = trie.hasChildren(node);
      if (children && leaf.accepts(next)) {
        exits.add(node);
      }
      if (depth == limit && children) {
        cut.add(node);
        node = trie.end(node);
      } else {
        node++;
      }
    }
  }

  /** For each state the first one that no short text tells it apart from. */
  private int[] blocks() {
    int[] known = blocks;
    if (known == null) {
      known = refine();
      blocks = known;
    }
    return known;
  }

  private int[] refine() {
    int size = leaf.size();
    int[] block = new int[size];
    for (int s = 0; s < size; s++) {
      block[s] = leaf.accepts(s) ? 1 : 0;
    }
    int count = 0;
    for (int round = 0; round < SHALLOW; round++) {
      Map<IntKey, Integer> numbers = new HashMap<>();
      int[] refined = new int[size];
      for (int s = 0; s < size; s++) {
        int[] cells = new int[leaf.width() + 1];
        cells[0] = block[s];
        for (int c = 0; c < leaf.width(); c++) {
          int target = leaf.nextOfClass(s, c);
          cells[c + 1] = target < 0 ? Dfa.NONE : block[target];
        }
        refined[s] = numbers.computeIfAbsent(new IntKey(cells), x -> numbers.size());
      }
      block = refined;
      if (numbers.size() == count) {
        break;
      }
      count = numbers.size();
    }
    int[] first = new int[size];
    Arrays.fill(first, Dfa.NONE);
    for (int s = 0; s < size; s++) {
      if (first[block[s]] < 0) {
        first[block[s]] = s;
      }
      block[s] = first[block[s]];
    }
    return block;
  }
}
