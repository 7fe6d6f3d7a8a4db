package org.vesalius.runtime.structured;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Automata of finite sets of texts, and back. */
final class Words {
  private Words() {}

  /** A node of a tree of words. */
  private static final class Node {
    private final TreeMap<Integer, Node> children = new TreeMap<>();
    private boolean end;
  }

  /** The automaton that accepts some texts. */
  static Dfa dfa(Collection<String> words) {
    Node root = new Node();
    for (String word : words) {
      Node at = root;
      for (int codePoint : word.codePoints().toArray()) {
        at = at.children.computeIfAbsent(codePoint, c -> new Node());
      }
      at.end = true;
    }
    DfaBuilder builder = new DfaBuilder();
    List<Node> nodes = new ArrayList<>(List.of(root));
    builder.state(root.end);
    for (int i = 0; i < nodes.size(); i++) {
      Runs runs = new Runs();
      for (Map.Entry<Integer, Node> child : nodes.get(i).children.entrySet()) {
        runs.add(child.getKey(), child.getKey(), builder.state(child.getValue().end));
        nodes.add(child.getValue());
      }
      builder.runs(i, runs.flat());
    }
    return builder.build();
  }

  /** The texts that an automaton accepts, or null if they are more than a number. */
  static @Nullable List<String> list(Dfa dfa, int limit) {
    List<String> words = new ArrayList<>();
    return collect(dfa, 0, "", words, limit) ? words : null;
  }

  private static boolean collect(Dfa dfa, int state, String before, List<String> words, int limit) {
    // In an automaton without dead ends each state of a long path stands for a word.
    if (before.length() > 1000) {
      return false;
    }
    if (dfa.accepts(state)) {
      words.add(before);
    }
    int[] runs = dfa.runs(state);
    for (int i = 0; i < runs.length && words.size() <= limit; i += 3) {
      if (runs[i + 1] - runs[i] > limit) {
        return false;
      }
      for (int symbol = runs[i]; symbol <= runs[i + 1]; symbol++) {
        if (!collect(dfa, runs[i + 2], before + Character.toString(symbol), words, limit)) {
          return false;
        }
      }
    }
    return words.size() <= limit;
  }
}
