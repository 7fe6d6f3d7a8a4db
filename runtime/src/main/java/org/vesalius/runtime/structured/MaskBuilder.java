package org.vesalius.runtime.structured;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Works out which tokens may follow a state. Most of them stay within an open leaf and are known
 * from its table, whatever stands around it; only those that go beyond its end are followed through
 * the grammar. The idea is that of XGrammar (Dong et al. 2024). Thread-safe.
 */
final class MaskBuilder {
  private final TokenVocabulary vocabulary;
  private final TokenTrie trie;
  private final List<LeafTable> tables = new ArrayList<>();

  MaskBuilder(RuleTable rules, TokenVocabulary vocabulary) {
    this.vocabulary = vocabulary;
    trie = vocabulary.trie();
    for (int i = 0; i < rules.leafCount(); i++) {
      tables.add(vocabulary.table(rules.leaf(i)));
    }
  }

  /** Works out what is expensive. */
  void prepare() {
    tables.forEach(LeafTable::prepare);
  }

  TokenMask mask(Matcher matcher, StateSet set) {
    TokenMask known = set.mask();
    if (known == null) {
      known = TokenMask.of(bits(matcher, set), vocabulary.size());
      set.remember(known);
      matcher.count(known);
    }
    return known;
  }

  private long[] bits(Matcher matcher, StateSet set) {
    long[] bits = new long[vocabulary.wordCount()];
    if (set.atHiddenSpace()) {
      walk(matcher, 0, set, bits);
      return bits;
    }
    for (StateSet.Item item : set.items()) {
      LeafTokens tokens = tables.get(item.leaf()).tokens(item.state());
      if (matcher.rules().leaf(item.leaf()).isUnique()) {
        key(matcher, item, tokens, bits);
        continue;
      }
      tokens.inside().addTo(bits);
      if (!tokens.exits().isEmpty()) {
        StateSet after = matcher.after(item.context());
        for (int i = 0; i < tokens.exits().size(); i++) {
          walk(matcher, tokens.exits().get(i), after, bits);
        }
      }
    }
    return bits;
  }

  /** A key may not end where it would be there twice. */
  private void key(Matcher matcher, StateSet.Item item, LeafTokens tokens, long[] bits) {
    Context context = item.context();
    Set<Integer> taken = new HashSet<>();
    long[] inside = new long[bits.length];
    tokens.inside().addTo(inside);
    for (int i = 0; i < context.size(); i++) {
      Set<String> keys = context.parent(i).keys();
      for (String key : keys == null ? Set.<String>of() : keys) {
        if (key.startsWith(item.key()) && matcher.afterKey(context, key).isDead()) {
          int node = find(key.substring(item.key().length()));
          if (node > 0) {
            taken.add(node);
            trie.clear(node, inside);
          }
        }
      }
    }
    for (int i = 0; i < bits.length; i++) {
      bits[i] |= inside[i];
    }
    for (int i = 0; i < tokens.exits().size(); i++) {
      int node = tokens.exits().get(i);
      if (!taken.contains(node)) {
        // What this key is matters only to tokens that hold another one.
        StateSet after =
            trie.mayHoldString(node)
                ? matcher.afterKey(context, item.key() + text(node))
                : matcher.after(context);
        walk(matcher, node, after, bits);
      }
    }
  }

  private int find(String symbols) {
    int node = 0;
    for (int i = 0; i < symbols.length() && node >= 0; i++) {
      node = trie.child(node, symbols.charAt(i));
    }
    return node;
  }

  private String text(int node) {
    return new String(vocabulary.symbols(trie.someToken(node)), 0, trie.depth(node));
  }

  /** Adds the tokens below a node that can follow, the text up to the node being matched. */
  private void walk(Matcher matcher, int root, StateSet from, long[] bits) {
    if (from.items().isEmpty()) {
      return;
    }
    int base = trie.depth(root);
    int end = trie.end(root);
    List<StateSet> path = new ArrayList<>();
    path.add(from);
    for (int node = root + 1; node < end; ) {
      int depth = trie.depth(node) - base;
      StateSet next = matcher.step(path.get(depth - 1), trie.label(node));
      if (next == null) {
        node = trie.end(node);
        continue;
      }
      if (depth == path.size()) {
        path.add(next);
      } else {
        path.set(depth, next);
      }
      trie.mark(node, bits);
      node++;
    }
  }
}
