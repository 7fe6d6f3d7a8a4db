package org.vesalius.runtime.structured;

/**
 * What the tokens do to a leaf in one of its states, whatever stands around the leaf.
 *
 * @param inside the tokens after which the leaf still goes on or has just ended
 * @param exits nodes of the trie, with tokens below, at which the leaf may end
 */
record LeafTokens(TokenBits inside, IntArray exits) {

  /** A set of tokens that is written once and read often. */
  sealed interface TokenBits {
    /** Adds the set to another. */
    void addTo(long[] bits);
  }

  /** A bit for each token. */
  static final class Dense implements TokenBits {
    private final long[] words;

    Dense(long[] words) {
      this.words = words;
    }

    @Override
    public void addTo(long[] bits) {
      for (int i = 0; i < bits.length; i++) {
        bits[i] |= words[i];
      }
    }
  }

  /** Nodes of the trie whose tokens are in the set. */
  record Nodes(TokenTrie trie, IntArray nodes) implements TokenBits {
    @Override
    public void addTo(long[] bits) {
      for (int i = 0; i < nodes.size(); i++) {
        trie.mark(nodes.get(i), bits);
      }
    }
  }

  /** Two sets. */
  record Both(TokenBits first, TokenBits second) implements TokenBits {
    @Override
    public void addTo(long[] bits) {
      first.addTo(bits);
      second.addTo(bits);
    }
  }
}
