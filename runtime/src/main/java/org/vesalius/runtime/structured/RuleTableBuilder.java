package org.vesalius.runtime.structured;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.vesalius.runtime.structured.Expression.Choice;
import org.vesalius.runtime.structured.Expression.Reference;
import org.vesalius.runtime.structured.Expression.Repeat;
import org.vesalius.runtime.structured.Expression.Rule;
import org.vesalius.runtime.structured.Expression.Sequence;
import org.vesalius.runtime.structured.Expression.Terminal;

/** Makes a {@link RuleTable} of expressions. Used once. */
final class RuleTableBuilder {
  private static final int MAX_STATES = 1 << 20;

  private final TokenVocabulary vocabulary;
  private final List<IntArray> epsilons = new ArrayList<>();
  private final List<IntArray> callees = new ArrayList<>();
  private final List<IntArray> targets = new ArrayList<>();
  private final Map<Rule, Integer> rules = new HashMap<>();
  private final List<Rule> queue = new ArrayList<>();
  private final Map<Terminal, Integer> terminals = new HashMap<>();
  private final Map<Dfa, Dfa> encoded = new HashMap<>();
  private final Map<Leaf, Integer> leafNumbers = new HashMap<>();
  private final List<Leaf> leaves = new ArrayList<>();

  RuleTableBuilder(TokenVocabulary vocabulary) {
    this.vocabulary = vocabulary;
  }

  RuleTable build(Expression root) {
    state();
    Rule first = new Rule("root");
    first.define(root);
    number(first);
    List<Integer> starts = new ArrayList<>();
    List<Integer> ends = new ArrayList<>();
    for (int rule = 0; rule < queue.size(); rule++) {
      int start = state();
      starts.add(start);
      ends.add(add(queue.get(rule).body(), start));
    }
    return close(starts, ends);
  }

  private int number(Rule rule) {
    Integer known = rules.get(rule);
    if (known == null) {
      known = queue.size();
      rules.put(rule, known);
      queue.add(rule);
    }
    return known;
  }

  private int state() {
    if (epsilons.size() == MAX_STATES) {
      throw new UnsupportedFormatException(
          "too large: a format has more than " + MAX_STATES + " places");
    }
    epsilons.add(new IntArray());
    callees.add(new IntArray());
    targets.add(new IntArray());
    return epsilons.size() - 1;
  }

  private int call(int from, int callee) {
    int to = state();
    callees.get(from).add(callee);
    targets.get(from).add(to);
    return to;
  }

  private int add(Expression expression, int from) {
    switch (expression) {
      case Terminal terminal -> {
        return call(from, ~leaf(terminal));
      }
      case Reference(Rule rule) -> {
        return call(from, number(rule));
      }
      case Sequence(List<Expression> parts) -> {
        int at = from;
        for (Expression part : parts) {
          at = add(part, at);
        }
        return at;
      }
      case Choice(List<Expression> branches) -> {
        int to = state();
        for (Expression branch : branches) {
          int begin = state();
          epsilons.get(from).add(begin);
          epsilons.get(add(branch, begin)).add(to);
        }
        return to;
      }
      case Repeat(Expression part, int min, int max) -> {
        return repeat(part, min, max, from);
      }
    }
  }

  private int repeat(Expression part, int min, int max, int from) {
    Expression once = part;
    boolean simple = part instanceof Terminal || part instanceof Reference;
    if (!simple && Math.max(min, max) > 1) {
      Rule rule = new Rule("part");
      rule.define(part);
      once = new Reference(rule);
    }
    int at = from;
    for (int i = 0; i < min; i++) {
      at = add(once, at);
    }
    int to = state();
    if (max == Expression.UNLIMITED) {
      int loop = state();
      epsilons.get(at).add(loop);
      epsilons.get(loop).add(to);
      epsilons.get(add(once, loop)).add(loop);
      return to;
    }
    epsilons.get(at).add(to);
    for (int i = min; i < max; i++) {
      at = add(once, at);
      epsilons.get(at).add(to);
    }
    return to;
  }

  private int leaf(Terminal terminal) {
    Integer known = terminals.get(terminal);
    if (known == null) {
      Dfa bytes = encoded.computeIfAbsent(terminal.text(), Utf8::encode);
      Leaf leaf = new Leaf(bytes, vocabulary.symbolCount(), terminal.unique());
      known = leafNumbers.get(leaf);
      if (known == null) {
        known = leaves.size();
        leaves.add(leaf);
        leafNumbers.put(leaf, known);
      }
      terminals.put(terminal, known);
    }
    return known;
  }

  /** Without empty steps: each state gets the calls of all states that it stands for. */
  private RuleTable close(List<Integer> starts, List<Integer> ends) {
    int size = epsilons.size();
    boolean[] needed = new boolean[size];
    boolean[] isEnd = new boolean[size];
    starts.forEach(s -> needed[s] = true);
    ends.forEach(s -> isEnd[s] = true);
    for (IntArray to : targets) {
      for (int i = 0; i < to.size(); i++) {
        needed[to.get(i)] = true;
      }
    }
    int[][] calls = new int[size][];
    int[][] to = new int[size][];
    boolean[] finals = new boolean[size];
    int[] seenFrom = new int[size];
    for (int s = 0; s < size; s++) {
      IntArray callee = new IntArray();
      IntArray target = new IntArray();
      if (needed[s]) {
        List<Integer> work = new ArrayList<>(List.of(s));
        seenFrom[s] = s + 1;
        while (!work.isEmpty()) {
          int at = work.removeLast();
          finals[s] |= isEnd[at];
          for (int i = 0; i < callees.get(at).size(); i++) {
            callee.add(callees.get(at).get(i));
            target.add(targets.get(at).get(i));
          }
          for (int i = 0; i < epsilons.get(at).size(); i++) {
            int next = epsilons.get(at).get(i);
            if (seenFrom[next] != s + 1) {
              seenFrom[next] = s + 1;
              work.add(next);
            }
          }
        }
      }
      calls[s] = callee.toArray();
      to[s] = target.toArray();
    }
    finals[RuleTable.END] = true;
    int[] startStates = starts.stream().mapToInt(Integer::intValue).toArray();
    return new RuleTable(calls, to, finals, startStates, leaves);
  }
}
