package org.vesalius.runtime.structured;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.vesalius.runtime.structured.Expression.Choice;
import org.vesalius.runtime.structured.Expression.Reference;
import org.vesalius.runtime.structured.Expression.Repeat;
import org.vesalius.runtime.structured.Expression.Rule;
import org.vesalius.runtime.structured.Expression.Terminal;

/**
 * JSON in expressions. White space is bounded: none, one space, or a line break and up to {@value
 * #MAX_INDENT} spaces after an opening bracket or a comma and before a closing bracket; none or one
 * space after a colon; none elsewhere.
 */
final class JsonGrammar {
  static final int MAX_INDENT = 24;

  /** How deep values may be nested that no schema describes. */
  static final int FREE_DEPTH = 24;

  private static final String SPACE = "( |\n {0," + MAX_INDENT + "})?";

  private static final Expression OPEN = leaf("\\{");
  private static final Expression SPACES = leaf(SPACE);
  private static final Expression COMMA = leaf("," + SPACE);
  private static final Expression COLON = leaf(": ?");
  private static final Expression CLOSE = leaf(SPACE + "\\}");
  private static final Expression EMPTY = Expression.text("}");
  private static final Expression OPEN_LIST = Expression.text("[");
  private static final Expression CLOSE_LIST = leaf(SPACE + "\\]");
  private static final Expression EMPTY_LIST = Expression.text("]");
  private static final Dfa ANYTHING = JsonStrings.without(List.of());
  private static final Dfa STRING = JsonStrings.written(ANYTHING, true);
  private static final Dfa KEY = JsonStrings.written(ANYTHING, false);
  private static final Expression NUMBER =
      Expression.of(JsonNumbers.of(new JsonNumbers.Range(null, false, null, false, null, false)));
  private static final Expression WORD = leaf("true|false|null");

  private final Dfa allowed;
  private final Expression string;
  private final Expression key;
  private @Nullable List<Rule> values;

  /**
   * @param forbidden what no string may contain, since who reads the answer would take it for a
   *     mark
   */
  JsonGrammar(Collection<String> forbidden) {
    boolean any = forbidden.isEmpty();
    allowed = any ? ANYTHING : JsonStrings.without(forbidden);
    string = Expression.of(any ? STRING : JsonStrings.written(allowed, true));
    key = new Terminal(any ? KEY : JsonStrings.written(allowed, false), true);
  }

  private static Expression leaf(String regex) {
    return Expression.of(RegexParser.whole(regex, RegexParser.Dialect.ECMA, "JSON"));
  }

  /** Any string. */
  Expression string() {
    return string;
  }

  /** What strings may say. */
  Dfa allowed() {
    return allowed;
  }

  /** Strings that say what an automaton accepts. */
  Expression string(Dfa value, boolean allEscapes) {
    Dfa both = value.and(allowed);
    return both.isNothing()
        ? Expression.NOTHING
        : Expression.of(JsonStrings.written(both, allEscapes));
  }

  /** Keys that are not there twice. */
  Expression key(Dfa names) {
    return new Terminal(JsonStrings.written(names.and(allowed), false), true);
  }

  /** Any value. */
  Expression value() {
    return new Reference(values().getFirst());
  }

  /** Any object. */
  Expression object() {
    return freeObject(new Reference(values().get(1)));
  }

  /** Any array. */
  Expression array() {
    return array(List.of(), new Reference(values().get(1)), 0, Expression.UNLIMITED);
  }

  private List<Rule> values() {
    if (values == null) {
      List<Rule> rules = new ArrayList<>();
      for (int depth = 0; depth <= FREE_DEPTH; depth++) {
        rules.add(new Rule("value" + depth));
      }
      Expression scalar = Expression.either(string, NUMBER, WORD);
      for (int depth = 0; depth < FREE_DEPTH; depth++) {
        Expression inner = new Reference(rules.get(depth + 1));
        rules
            .get(depth)
            .define(
                Expression.either(
                    scalar, freeObject(inner), array(List.of(), inner, 0, Expression.UNLIMITED)));
      }
      rules.get(FREE_DEPTH).define(scalar);
      values = rules;
    }
    return values;
  }

  private Expression freeObject(Expression inner) {
    Rule rule = new Rule("object");
    rule.define(object(List.of(), List.of(new More(key, inner)), 0, Expression.UNLIMITED));
    return new Reference(rule);
  }

  /**
   * A property with a name of its own.
   *
   * @param required whether it must be there
   */
  record Member(String name, Expression value, boolean required) {}

  /** Properties with other names. */
  record More(Expression key, Expression value) {}

  /** An object: members in their order, then any number of others. */
  Expression object(List<Member> members, List<More> more, int min, int max) {
    return new Objects(members, more, min, max).whole();
  }

  /** Rules for what follows after some members, a number of which were written. */
  private static final class Objects {
    private final List<Member> members;
    private final List<More> more;
    private final int min;
    private final int max;
    private final Map<List<Integer>, Rule> rules = new java.util.HashMap<>();

    Objects(List<Member> members, List<More> more, int min, int max) {
      this.members = members;
      this.more = more;
      this.min = min;
      this.max = max;
    }

    Expression whole() {
      return Expression.sequence(OPEN, rest(0, 0));
    }

    /** How far a count matters: up to the bounds, or whether there is anything. */
    private int counted(int count) {
      int limit = Math.max(1, max < 0 ? min : Math.max(min, max));
      return Math.min(count, limit);
    }

    private Expression rest(int index, int count) {
      Rule known = rules.get(List.of(index, count));
      if (known == null) {
        if (rules.size() > 50_000) {
          throw new UnsupportedFormatException(
              "too large: an object with bounds has more than 50000 states");
        }
        known = new Rule("members");
        rules.put(List.of(index, count), known);
        known.define(index < members.size() ? member(index, count) : others(count));
      }
      return new Reference(known);
    }

    private Expression member(int index, int count) {
      Member member = members.get(index);
      List<Expression> branches = new ArrayList<>();
      if (!member.required()) {
        branches.add(rest(index + 1, count));
      }
      if (max < 0 || count < max) {
        branches.add(
            Expression.sequence(
                count == 0 ? SPACES : COMMA,
                Expression.text(JsonStrings.literal(member.name())),
                COLON,
                member.value(),
                rest(index + 1, counted(count + 1))));
      }
      return new Choice(branches);
    }

    private Expression others(int count) {
      List<Expression> branches = new ArrayList<>();
      if (count >= min) {
        branches.add(count == 0 ? EMPTY : CLOSE);
      }
      List<Expression> kinds = new ArrayList<>();
      for (More one : more) {
        kinds.add(Expression.sequence(one.key(), COLON, one.value()));
      }
      boolean room = max < 0 || count < max;
      if (!kinds.isEmpty() && room) {
        // In one rule, since its context remembers the keys.
        Expression next = Expression.sequence(COMMA, new Choice(kinds));
        int written = count + 1;
        branches.add(
            Expression.sequence(
                count == 0 ? SPACES : COMMA,
                new Choice(kinds),
                new Repeat(
                    next,
                    Math.max(0, min - written),
                    max < 0 ? Expression.UNLIMITED : max - written),
                CLOSE));
      }
      return new Choice(branches);
    }
  }

  /**
   * An array.
   *
   * @param first its first items
   * @param others the items after those, null for none
   */
  Expression array(List<Expression> first, @Nullable Expression others, int min, int max) {
    int limit = max < 0 ? Integer.MAX_VALUE : max;
    if (others == null) {
      limit = Math.min(limit, first.size());
    }
    List<Expression> branches = new ArrayList<>();
    if (min == 0) {
      branches.add(EMPTY_LIST);
    }
    Expression head = first.isEmpty() ? others : first.getFirst();
    if (limit > 0 && head != null && min <= limit) {
      branches.add(Expression.sequence(SPACES, head, rest(1, first, others, min, limit)));
    }
    return Expression.sequence(OPEN_LIST, new Choice(branches));
  }

  private Expression rest(
      int written, List<Expression> first, @Nullable Expression others, int min, int limit) {
    if (written >= first.size()) {
      if (others == null || written >= limit) {
        return CLOSE_LIST;
      }
      return Expression.sequence(
          new Repeat(
              Expression.sequence(COMMA, others),
              Math.max(0, min - written),
              limit == Integer.MAX_VALUE ? Expression.UNLIMITED : limit - written),
          CLOSE_LIST);
    }
    List<Expression> branches = new ArrayList<>();
    if (written >= min) {
      branches.add(CLOSE_LIST);
    }
    if (written < limit) {
      branches.add(
          Expression.sequence(
              COMMA, first.get(written), rest(written + 1, first, others, min, limit)));
    }
    return new Choice(branches);
  }

  /** One value, written without choice but for white space. */
  Expression literal(@Nullable Object value) {
    return switch (value) {
      case Map<?, ?> map -> {
        List<Member> members = new ArrayList<>();
        map.forEach(
            (name, inner) -> members.add(new Member(String.valueOf(name), literal(inner), true)));
        yield object(members, List.of(), 0, Expression.UNLIMITED);
      }
      case List<?> list -> {
        List<Expression> items = new ArrayList<>();
        list.forEach(item -> items.add(literal(item)));
        yield array(items, null, items.size(), items.size());
      }
      case null, default -> Expression.text(scalar(value));
    };
  }

  /** A value that is no object and no array, as JSON. */
  static String scalar(@Nullable Object value) {
    return switch (value) {
      case String text -> JsonStrings.literal(text);
      case null -> "null";
      case Boolean flag -> flag.toString();
      case Number number -> number.toString();
      default ->
          throw new UnsupportedFormatException(
              "expected parsed JSON, found " + value.getClass().getName());
    };
  }
}
