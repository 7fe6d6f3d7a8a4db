package org.vesalius.runtime.structured;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Follows all calls and returns that are possible at one position of the text without reading a
 * symbol. A rule is begun once, however many places call it here. Used once.
 */
final class Closure {
  private final RuleTable rules;
  private final Matcher matcher;
  private final Map<Integer, Call> calls = new LinkedHashMap<>();
  private final Set<Place> seen = new HashSet<>();
  private final List<Place> work = new ArrayList<>();
  private boolean canEnd;

  /**
   * A state of a rule and what it returns to: a context that exists, or a call made here.
   *
   * @param parent a {@link Context} or a {@link Call}; both are compared by identity
   */
  private record Place(int state, Object parent) {}

  /** A rule or leaf that is begun here. */
  private static final class Call {
    private final int callee;
    private final Set<Place> returns = new HashSet<>();
    private @Nullable Context context;

    /** Tarjan's numbers, while cycles are looked for. */
    private int index;

    private int low;
    private boolean onStack;

    Call(int callee) {
      this.callee = callee;
    }
  }

  Closure(RuleTable rules, Matcher matcher) {
    this.rules = rules;
    this.matcher = matcher;
  }

  void add(int state, Context context) {
    reach(new Place(state, context));
  }

  /** Ends what was called: adds the places that it returns to. */
  void leave(Context context) {
    for (int i = 0; i < context.size(); i++) {
      add(context.state(i), context.parent(i));
    }
  }

  private void reach(Place place) {
    if (seen.add(place)) {
      work.add(place);
    }
  }

  /** Whether the whole text may end here. */
  boolean canEnd() {
    return canEnd;
  }

  /** Runs; returns the leaves that are begun. */
  List<StateSet.Item> run() {
    while (!work.isEmpty()) {
      Place place = work.removeLast();
      if (place.state == RuleTable.END) {
        canEnd = true;
        continue;
      }
      // A rule that was begun here and has matched nothing: its callers have gone on already.
      if (rules.isFinal(place.state) && place.parent instanceof Context context) {
        leave(context);
      }
      int[] callees = rules.callees(place.state);
      int[] targets = rules.targets(place.state);
      for (int i = 0; i < callees.length; i++) {
        Place after = new Place(targets[i], place.parent);
        begin(callees[i]).returns.add(after);
        if (rules.isNullable(callees[i])) {
          reach(after);
        }
      }
    }
    findContexts();
    List<StateSet.Item> items = new ArrayList<>();
    for (Call call : calls.values()) {
      Context context = call.context;
      if (context != null && RuleTable.isLeaf(call.callee)) {
        int number = RuleTable.leafNumber(call.callee);
        if (rules.leaf(number).isOpen(0)) {
          items.add(new StateSet.Item(number, 0, context, ""));
        }
      }
    }
    return items;
  }

  private Call begin(int callee) {
    Call known = calls.get(callee);
    if (known == null) {
      known = new Call(callee);
      calls.put(callee, known);
      if (!RuleTable.isLeaf(callee)) {
        reach(new Place(rules.start(callee), known));
      }
    }
    return known;
  }

  /** Tarjan's strongly connected components: callers first, cycles together. */
  private void findContexts() {
    int[] counter = {0};
    List<Call> stack = new ArrayList<>();
    for (Call call : calls.values()) {
      if (call.index == 0) {
        connect(call, counter, stack);
      }
    }
  }

  private void connect(Call call, int[] counter, List<Call> stack) {
    call.index = ++counter[0];
    call.low = call.index;
    stack.add(call);
    call.onStack = true;
    for (Place place : call.returns) {
      if (place.parent instanceof Call caller) {
        if (caller.index == 0) {
          connect(caller, counter, stack);
          call.low = Math.min(call.low, caller.low);
        } else if (caller.onStack) {
          call.low = Math.min(call.low, caller.index);
        }
      }
    }
    if (call.low == call.index) {
      List<Call> knot = new ArrayList<>();
      Call member;
      do {
        member = stack.removeLast();
        member.onStack = false;
        knot.add(member);
      } while (member != call);
      tie(knot);
    }
  }

  private record Return(int state, Context parent) {}

  private void tie(List<Call> knot) {
    Call only = knot.getFirst();
    if (knot.size() == 1 && only.returns.stream().noneMatch(p -> p.parent == only)) {
      Set<Return> flat = new HashSet<>();
      for (Place place : only.returns) {
        flatten(place.state, contextOf(place.parent), flat);
      }
      List<Return> sorted = sorted(flat);
      only.context =
          matcher.context(
              sorted.stream().mapToInt(Return::state).toArray(),
              sorted.stream().map(Return::parent).toArray(Context[]::new),
              null);
      return;
    }
    knot.sort(Comparator.comparingInt(call -> call.callee));
    Map<Call, Integer> members = new HashMap<>();
    knot.forEach(call -> members.put(call, members.size()));
    List<int[]> returns = new ArrayList<>();
    List<int[]> inner = new ArrayList<>();
    List<@Nullable Context[]> outer = new ArrayList<>();
    for (Call call : knot) {
      Set<Return> flat = new HashSet<>();
      List<int[]> cyclic = new ArrayList<>();
      for (Place place : call.returns) {
        Integer member = place.parent instanceof Call caller ? members.get(caller) : null;
        if (member != null) {
          cyclic.add(new int[] {place.state, member});
        } else {
          flatten(place.state, contextOf(place.parent), flat);
        }
      }
      cyclic.sort(Arrays::compare);
      List<Return> sorted = sorted(flat);
      int size = sorted.size() + cyclic.size();
      int[] states = new int[size];
      int[] inside = new int[size];
      @Nullable Context[] outside = new Context[size];
      for (int i = 0; i < size; i++) {
        boolean isOuter = i < sorted.size();
        states[i] = isOuter ? sorted.get(i).state : cyclic.get(i - sorted.size())[0];
        inside[i] = isOuter ? -1 : cyclic.get(i - sorted.size())[1];
        outside[i] = isOuter ? sorted.get(i).parent : null;
      }
      returns.add(states);
      inner.add(inside);
      outer.add(outside);
    }
    List<Context> contexts = matcher.knot(returns, inner, outer);
    for (int i = 0; i < knot.size(); i++) {
      knot.get(i).context = contexts.get(i);
    }
  }

  /**
   * Where a rule would only end, its own caller is returned to at once: a list that is written as
   * an element and a list does not pile up contexts.
   */
  private void flatten(int state, Context parent, Set<Return> into) {
    if (!rules.isTail(state)) {
      into.add(new Return(state, parent));
      return;
    }
    for (int i = 0; i < parent.size(); i++) {
      // Those of a parent are flat already; a state of a knot may be a tail and stays.
      into.add(new Return(parent.state(i), parent.parent(i)));
    }
  }

  private static List<Return> sorted(Set<Return> returns) {
    return returns.stream()
        .sorted(
            Comparator.comparingInt(Return::state).thenComparingLong(place -> place.parent.id()))
        .toList();
  }

  private static Context contextOf(Object parent) {
    if (parent instanceof Context context) {
      return context;
    }
    if (parent instanceof Call call && call.context != null) {
      return call.context;
    }
    throw new IllegalStateException("a caller has no context yet");
  }
}
