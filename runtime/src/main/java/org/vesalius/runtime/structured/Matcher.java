package org.vesalius.runtime.structured;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Follows texts through a grammar, symbol by symbol, all readings at once, after Earley (1970) with
 * Leo's shortcut for right recursion (1991). What it finds is kept: states that are equal are one
 * object, so that in time each step is a look-up. It grows with what it has seen, and is replaced
 * when it is {@link #isFull full}; states of the old one go on through {@link #adopt}. Thread-safe.
 */
final class Matcher {
  private static final int MAX_OBJECTS = 50_000;
  private static final int MAX_MASK_BYTES = 32 << 20;

  private final RuleTable rules;
  private final int symbols;
  private final Map<List<Object>, Context> contexts = new HashMap<>();
  private final Map<List<Object>, List<Context>> knots = new HashMap<>();
  private final Map<StateSet, StateSet> sets = new HashMap<>();
  private final Map<Context, StateSet> endings = new HashMap<>();
  private final Context root;
  private long nextId;
  private final AtomicInteger objects = new AtomicInteger();
  private final AtomicInteger maskBytes = new AtomicInteger();

  /**
   * @param before the matcher that this one replaces, whose contexts go on here
   */
  Matcher(RuleTable rules, int symbols, @Nullable Matcher before) {
    this.rules = rules;
    this.symbols = symbols;
    if (before == null) {
      Context nowhere = new Context(nextId++, new int[0], new Context[0], null);
      root = new Context(nextId++, new int[] {RuleTable.END}, new Context[] {nowhere}, null);
    } else {
      root = before.root;
      synchronized (before) {
        nextId = before.nextId + (1L << 32);
      }
    }
  }

  RuleTable rules() {
    return rules;
  }

  /** Whether it remembers more than it should. */
  boolean isFull() {
    return objects.get() > MAX_OBJECTS || maskBytes.get() > MAX_MASK_BYTES;
  }

  /** Counts a mask that a state of this matcher remembers. */
  void count(TokenMask mask) {
    maskBytes.addAndGet(mask.byteSize());
  }

  /**
   * The state before the text.
   *
   * @param hiddenSpace whether the decoder drops a first space
   */
  synchronized StateSet start(boolean hiddenSpace) {
    Closure closure = new Closure(rules, this);
    closure.add(rules.start(0), root);
    return set(closure.run(), closure.canEnd(), hiddenSpace);
  }

  /** The same state in this matcher. */
  synchronized StateSet adopt(StateSet set) {
    return set(set.items(), set.canEnd(), set.atHiddenSpace());
  }

  /** The state after one symbol more, or null if none can follow. */
  @Nullable StateSet step(StateSet from, int symbol) {
    StateSet known = from.step(symbol);
    if (known == null) {
      known = find(from, symbol);
    }
    return known.isDead() ? null : known;
  }

  private synchronized StateSet find(StateSet from, int symbol) {
    StateSet target;
    if (from.atHiddenSpace() && symbol == ' ') {
      target = set(from.items(), from.canEnd(), false);
    } else {
      target = advance(from, symbol);
    }
    from.remember(symbol, target);
    return target;
  }

  private boolean leadsNowhere(StateSet from, int symbol) {
    for (StateSet.Item item : from.items()) {
      if (rules.leaf(item.leaf()).next(item.state(), symbol) >= 0) {
        return false;
      }
    }
    return true;
  }

  private StateSet advance(StateSet from, int symbol) {
    if (leadsNowhere(from, symbol)) {
      return StateSet.DEAD;
    }
    Set<StateSet.Item> items = new HashSet<>();
    Closure closure = null;
    for (StateSet.Item item : from.items()) {
      Leaf leaf = rules.leaf(item.leaf());
      int next = leaf.next(item.state(), symbol);
      if (next < 0) {
        continue;
      }
      String key = leaf.isUnique() ? item.key() + (char) symbol : "";
      if (leaf.isOpen(next)) {
        items.add(new StateSet.Item(item.leaf(), next, item.context(), key));
      }
      if (leaf.accepts(next)) {
        closure = closure == null ? new Closure(rules, this) : closure;
        leave(closure, item.context(), key);
      }
    }
    if (closure != null) {
      items.addAll(closure.run());
    }
    boolean canEnd = closure != null && closure.canEnd();
    return items.isEmpty() && !canEnd ? StateSet.DEAD : set(items, canEnd, false);
  }

  private void leave(Closure closure, Context context, String key) {
    if (key.isEmpty()) {
      closure.leave(context);
      return;
    }
    for (int i = 0; i < context.size(); i++) {
      Context object = context.parent(i);
      if (!object.hasKey(key)) {
        closure.add(context.state(i), withKey(object, key));
      }
    }
  }

  private Context withKey(Context object, String key) {
    Set<String> keys = new HashSet<>();
    Set<String> before = object.keys();
    if (before != null) {
      keys.addAll(before);
    }
    keys.add(key);
    return context(object.returns(), object.parents(), Set.copyOf(keys));
  }

  /** The state after a leaf in a context has ended; {@link StateSet#DEAD} if that cannot be. */
  synchronized StateSet after(Context context) {
    return endings.computeIfAbsent(
        context,
        key -> {
          Closure closure = new Closure(rules, this);
          closure.leave(key);
          List<StateSet.Item> items = closure.run();
          return items.isEmpty() && !closure.canEnd()
              ? StateSet.DEAD
              : set(items, closure.canEnd(), false);
        });
  }

  /** The state after a key has ended; {@link StateSet#DEAD} if it was there before. */
  synchronized StateSet afterKey(Context context, String key) {
    Closure closure = new Closure(rules, this);
    leave(closure, context, key);
    List<StateSet.Item> items = closure.run();
    return items.isEmpty() && !closure.canEnd()
        ? StateSet.DEAD
        : set(items, closure.canEnd(), false);
  }

  private StateSet set(Collection<StateSet.Item> items, boolean canEnd, boolean hiddenSpace) {
    List<StateSet.Item> sorted = new ArrayList<>(items);
    sorted.sort(
        Comparator.comparingInt(StateSet.Item::leaf)
            .thenComparingInt(StateSet.Item::state)
            .thenComparingLong(item -> item.context().id())
            .thenComparing(StateSet.Item::key));
    StateSet set = new StateSet(sorted, canEnd, hiddenSpace, symbols);
    StateSet known = sets.putIfAbsent(set, set);
    if (known != null) {
      return known;
    }
    objects.incrementAndGet();
    return set;
  }

  /** The context of some content; parents stand in a fixed order. */
  Context context(int[] returns, Context[] parents, @Nullable Set<String> keys) {
    List<Object> key = new ArrayList<>(returns.length + 2);
    key.add(new IntKey(returns));
    key.addAll(Arrays.asList(parents));
    key.add(keys == null ? Set.of() : keys);
    Context known = contexts.get(key);
    if (known == null) {
      known = new Context(nextId++, returns, parents, keys);
      contexts.put(key, known);
      objects.incrementAndGet();
    }
    return known;
  }

  /**
   * Contexts that are in each other.
   *
   * @param returns for each its states
   * @param inner for each state the number of the context among these, or -1
   * @param outer for each state the context elsewhere, or null
   */
  List<Context> knot(List<int[]> returns, List<int[]> inner, List<@Nullable Context[]> outer) {
    List<Object> key = new ArrayList<>();
    for (int i = 0; i < returns.size(); i++) {
      key.add(new IntKey(returns.get(i)));
      key.add(new IntKey(inner.get(i)));
      for (Context context : outer.get(i)) {
        key.add(context == null ? 0 : context);
      }
    }
    List<Context> known = knots.get(key);
    if (known == null) {
      known = new ArrayList<>();
      for (int[] states : returns) {
        known.add(new Context(nextId++, states, new Context[states.length], null));
      }
      for (int i = 0; i < known.size(); i++) {
        for (int j = 0; j < inner.get(i).length; j++) {
          Context elsewhere = outer.get(i)[j];
          known.get(i).setParent(j, elsewhere == null ? known.get(inner.get(i)[j]) : elsewhere);
        }
      }
      knots.put(key, known);
      objects.addAndGet(known.size());
    }
    return known;
  }
}
