package org.vesalius.tokenizer;

import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Finds added tokens in text: the leftmost first, of those that start together the longest.
 * Immutable.
 */
final class AddedTokenMatcher {
  private final Node root;
  private final long[] firstChars = new long[0x10000 / Long.SIZE];
  private final boolean empty;

  /**
   * @param tokens what to look for
   * @param spelling how a token reads in the text that is searched
   * @throws IllegalArgumentException when two tokens read the same, or one reads like nothing
   */
  AddedTokenMatcher(List<AddedToken> tokens, Function<AddedToken, String> spelling) {
    Builder builder = new Builder();
    for (AddedToken token : tokens) {
      String text = spelling.apply(token);
      if (text.isEmpty()) {
        throw new IllegalArgumentException(
            "\"%s\" (id %d), of which the normalizer leaves nothing"
                .formatted(token.content(), token.id()));
      }
      builder.add(text, token);
      firstChars[text.charAt(0) >> 6] |= 1L << text.charAt(0);
    }
    root = builder.build();
    empty = tokens.isEmpty();
  }

  /** Receives the text from left to right: what is ordinary, and the tokens between. */
  interface Sink {
    void text(int start, int end);

    void token(AddedToken token);
  }

  /** Whether a token may stand at a place of the text that is searched. */
  interface Filter {
    boolean accept(AddedToken token, int start, int end);
  }

  void find(char[] text, int start, int end, Filter filter, Sink sink) {
    int done = start;
    int i = empty ? end : start;
    while (i < end) {
      AddedToken found = null;
      int stop = i;
      if ((firstChars[text[i] >> 6] >>> text[i] & 1) != 0) {
        Node node = root.next(text[i]);
        for (int k = i + 1; node != null; k++) {
          if (node.token != null && filter.accept(node.token, i, k)) {
            found = node.token;
            stop = k;
          }
          node = k < end ? node.next(text[k]) : null;
        }
      }
      if (found == null) {
        i++;
      } else {
        if (!found.singleWord() || standsAlone(text, start, i, stop, end)) {
          int from = found.lstrip() ? Math.max(spaceBefore(text, start, i), done) : i;
          if (done < from) {
            sink.text(done, from);
          }
          sink.token(found);
          done = found.rstrip() ? spaceAfter(text, stop, end) : stop;
        }
        i = stop;
      }
    }
    if (done < end) {
      sink.text(done, end);
    }
  }

  /** The reference asks for a word character on neither side. */
  private static boolean standsAlone(char[] text, int start, int from, int to, int end) {
    return (from == start || !CodePoints.isWord(Character.codePointBefore(text, from, start)))
        && (to == end || !CodePoints.isWord(Character.codePointAt(text, to, end)));
  }

  private static int spaceBefore(char[] text, int start, int from) {
    int i = from;
    while (i > start && CodePoints.isSpace(text[i - 1])) {
      i--;
    }
    return i;
  }

  private static int spaceAfter(char[] text, int to, int end) {
    int i = to;
    while (i < end && CodePoints.isSpace(text[i])) {
      i++;
    }
    return i;
  }

  /** A state of the trie: the characters that lead on, sorted, and where they lead. */
  private static final class Node {
    private final char[] chars;
    private final Node[] nodes;
    private final @Nullable AddedToken token;

    Node(char[] chars, Node[] nodes, @Nullable AddedToken token) {
      this.chars = chars;
      this.nodes = nodes;
      this.token = token;
    }

    @Nullable Node next(char c) {
      int low = 0;
      int high = chars.length - 1;
      while (low <= high) {
        int middle = (low + high) >>> 1;
        if (chars[middle] == c) {
          return nodes[middle];
        } else if (chars[middle] < c) {
          low = middle + 1;
        } else {
          high = middle - 1;
        }
      }
      return null;
    }
  }

  private static final class Builder {
    private final SortedMap<Character, Builder> children = new TreeMap<>();
    private @Nullable AddedToken token;

    void add(String text, AddedToken added) {
      Builder node = this;
      for (int i = 0; i < text.length(); i++) {
        node = node.children.computeIfAbsent(text.charAt(i), c -> new Builder());
      }
      if (node.token != null) {
        throw new IllegalArgumentException(
            "\"%s\" (id %d), which reads like \"%s\" (id %d)"
                .formatted(added.content(), added.id(), node.token.content(), node.token.id()));
      }
      node.token = added;
    }

    Node build() {
      char[] chars = new char[children.size()];
      Node[] nodes = new Node[chars.length];
      int i = 0;
      for (Map.Entry<Character, Builder> child : children.entrySet()) {
        chars[i] = child.getKey();
        nodes[i++] = child.getValue().build();
      }
      return new Node(chars, nodes, token);
    }
  }
}
