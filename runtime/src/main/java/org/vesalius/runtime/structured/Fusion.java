package org.vesalius.runtime.structured;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.vesalius.runtime.structured.Expression.Choice;
import org.vesalius.runtime.structured.Expression.Reference;
import org.vesalius.runtime.structured.Expression.Repeat;
import org.vesalius.runtime.structured.Expression.Rule;
import org.vesalius.runtime.structured.Expression.Sequence;
import org.vesalius.runtime.structured.Expression.Terminal;

/**
 * Makes one automaton of each part of a grammar that does not recur: what its author wrote
 * character by character is then followed without calls.
 */
final class Fusion {
  private static final int MAX_POSITIONS = 20_000;
  private static final int MAX_STATES = 5_000;

  private final Set<Rule> recursive = new HashSet<>();
  private final Map<Rule, Rule> fused = new HashMap<>();

  Fusion(Collection<Rule> rules) {
    for (Rule rule : rules) {
      Set<Rule> reached = new HashSet<>();
      List<Rule> work = new ArrayList<>(List.of(rule));
      while (!work.isEmpty()) {
        for (Rule next : references(work.removeLast().body(), new ArrayList<>())) {
          if (reached.add(next)) {
            work.add(next);
          }
        }
      }
      if (reached.contains(rule)) {
        recursive.add(rule);
      }
    }
  }

  private static List<Rule> references(Expression expression, List<Rule> into) {
    switch (expression) {
      case Terminal _ -> {}
      case Reference(Rule rule) -> into.add(rule);
      case Sequence(List<Expression> parts) -> parts.forEach(part -> references(part, into));
      case Choice(List<Expression> branches) -> branches.forEach(part -> references(part, into));
      case Repeat(Expression part, int _, int _) -> references(part, into);
    }
    return into;
  }

  Expression fuse(Rule rule) {
    Rule known = fused.get(rule);
    if (known == null) {
      known = new Rule(rule.name());
      fused.put(rule, known);
      known.define(fuse(rule.body()));
    }
    return new Reference(known);
  }

  private Expression fuse(Expression expression) {
    Expression whole = automaton(expression);
    if (whole != null) {
      return whole;
    }
    return switch (expression) {
      case Terminal terminal -> terminal;
      case Reference(Rule rule) -> fuse(rule);
      case Sequence(List<Expression> parts) -> new Sequence(runs(parts));
      case Choice(List<Expression> branches) -> {
        List<Expression> regular = new ArrayList<>();
        List<Expression> others = new ArrayList<>();
        for (Expression branch : branches) {
          (isRegular(branch) ? regular : others).add(branch);
        }
        List<Expression> all = new ArrayList<>();
        Expression joined = regular.isEmpty() ? null : automaton(new Choice(regular));
        if (joined == null) {
          regular.forEach(branch -> all.add(fuse(branch)));
        } else {
          all.add(joined);
        }
        others.forEach(branch -> all.add(fuse(branch)));
        yield new Choice(all);
      }
      case Repeat(Expression part, int min, int max) -> new Repeat(fuse(part), min, max);
    };
  }

  private List<Expression> runs(List<Expression> parts) {
    List<Expression> all = new ArrayList<>();
    for (int i = 0; i < parts.size(); ) {
      int end = i;
      while (end < parts.size() && isRegular(parts.get(end))) {
        end++;
      }
      Expression joined = end > i ? automaton(new Sequence(parts.subList(i, end))) : null;
      if (joined != null) {
        all.add(joined);
        i = end;
      } else {
        all.add(fuse(parts.get(i++)));
      }
    }
    return all;
  }

  private boolean isRegular(Expression expression) {
    return positions(expression) <= MAX_POSITIONS;
  }

  /** How large a part is when it is written out; too large where it recurs. */
  private long positions(Expression expression) {
    long sum =
        switch (expression) {
          case Terminal(Dfa text, boolean _) -> text.size();
          case Reference(Rule rule) ->
              recursive.contains(rule) ? MAX_POSITIONS + 1L : positions(rule.body());
          case Sequence(List<Expression> parts) -> sum(parts);
          case Choice(List<Expression> branches) -> sum(branches);
          case Repeat(Expression part, int min, int max) ->
              positions(part) * Math.max(1, Math.max(min, max));
        };
    return Math.min(sum, MAX_POSITIONS + 1L);
  }

  private long sum(List<Expression> parts) {
    long sum = 1;
    for (Expression part : parts) {
      sum += sum > MAX_POSITIONS ? 0 : positions(part);
    }
    return sum;
  }

  private @Nullable Expression automaton(Expression expression) {
    if (!isRegular(expression)) {
      return null;
    }
    Dfa dfa;
    try {
      dfa = regular(expression).toDfa();
    } catch (UnsupportedFormatException tooLarge) {
      return null;
    }
    return dfa.size() > MAX_STATES ? null : Expression.of(dfa);
  }

  private static RegularExpression regular(Expression expression) {
    return switch (expression) {
      case Terminal(Dfa text, boolean _) -> new RegularExpression.Automaton(text);
      case Reference(Rule rule) -> regular(rule.body());
      case Sequence(List<Expression> parts) ->
          new RegularExpression.Concatenation(parts.stream().map(Fusion::regular).toList());
      case Choice(List<Expression> branches) ->
          new RegularExpression.Alternation(branches.stream().map(Fusion::regular).toList());
      case Repeat(Expression part, int min, int max) ->
          new RegularExpression.Repetition(regular(part), min, max);
    };
  }
}
