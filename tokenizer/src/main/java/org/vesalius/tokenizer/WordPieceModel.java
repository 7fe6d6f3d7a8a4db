package org.vesalius.tokenizer;

/**
 * WordPiece (Schuster and Nakajima, 2012; BERT): always the longest token that the rest of the
 * piece starts with, each but the first with a prefix. A piece that cannot be written so is unknown
 * as a whole.
 */
final class WordPieceModel implements Model {
  private final TokenTrie trie;
  private final int continuing;
  private final int unknown;
  private final int mostCodePoints;

  /**
   * @param prefix what tokens that go on in a word start with
   * @param unknown id of the unknown token
   * @param mostCodePoints longest piece that is looked at; a longer one is unknown
   */
  WordPieceModel(TokenTrie trie, String prefix, int unknown, int mostCodePoints) {
    this.trie = trie;
    this.continuing = trie.walk(prefix);
    this.unknown = unknown;
    this.mostCodePoints = mostCodePoints;
  }

  @Override
  public PieceSink open(IntList out) {
    return (text, start, end) -> encode(text, start, end, out);
  }

  private void encode(char[] text, int start, int end, IntList out) {
    int before = out.size();
    if (Character.codePointCount(text, start, end - start) > mostCodePoints) {
      out.add(unknown);
      return;
    }
    for (int from = start; from < end; ) {
      int node = from == start ? TokenTrie.ROOT : continuing;
      int id = TokenTrie.NONE;
      int stop = from;
      for (int i = from; i < end && node != TokenTrie.NONE; i++) {
        node = trie.next(node, text[i]);
        if (node != TokenTrie.NONE && trie.id(node) != TokenTrie.NONE) {
          id = trie.id(node);
          stop = i + 1;
        }
      }
      if (id == TokenTrie.NONE) {
        out.truncate(before);
        out.add(unknown);
        return;
      }
      out.add(id);
      from = stop;
    }
  }
}
