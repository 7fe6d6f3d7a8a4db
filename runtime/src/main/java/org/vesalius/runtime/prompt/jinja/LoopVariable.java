package org.vesalius.runtime.prompt.jinja;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The variable {@code loop}: where a {@code for} loop stands. Items are read only when needed. */
final class LoopVariable implements Function, HasAttributes {
  /** Renders the loop's body over other items, for {@code loop(items)} in a recursive loop. */
  @FunctionalInterface
  interface Recursion {
    Text render(Object items, int depth);
  }

  private final int depth0;
  private final @Nullable Recursion recursion;
  private Iterator<Object> items;
  private int length;
  private int index = -1;
  private @Nullable Object previous;
  private @Nullable Object current;
  private @Nullable Object following;
  private @Nullable Object lastChanged;

  /** {@code length} is -1 when only walking the items tells it. */
  LoopVariable(Iterator<Object> items, int length, int depth0, @Nullable Recursion recursion) {
    this.items = items;
    this.length = length;
    this.depth0 = depth0;
    this.recursion = recursion;
  }

  boolean hasNext() {
    return following != null || items.hasNext();
  }

  Object next() {
    Object next = following != null ? following : items.next();
    following = null;
    index++;
    previous = current;
    current = next;
    return next;
  }

  private @Nullable Object peek() {
    if (following == null && items.hasNext()) {
      following = items.next();
    }
    return following;
  }

  int index() {
    return index + 1;
  }

  int length() {
    if (length < 0) {
      List<Object> rest = new ArrayList<>();
      items.forEachRemaining(rest::add);
      items = rest.iterator();
      length = rest.size() + index() + (following != null ? 1 : 0);
    }
    return length;
  }

  @Override
  public @Nullable Object attribute(String name) {
    return switch (name) {
      case "index" -> (long) index();
      case "index0" -> (long) index;
      case "revindex" -> (long) (length() - index);
      case "revindex0" -> (long) (length() - index());
      case "first" -> index == 0;
      case "last" -> peek() == null;
      case "length" -> (long) length();
      case "depth" -> (long) (depth0 + 1);
      case "depth0" -> (long) depth0;
      case "previtem" -> previous == null ? new Undefined("there is no previous item") : previous;
      case "nextitem" -> {
        Object next = peek();
        yield next == null ? new Undefined("there is no next item") : next;
      }
      case "cycle" -> method("cycle", this::cycle);
      case "changed" -> method("changed", this::changed);
      default -> null;
    };
  }

  private static Object method(
      String name, java.util.function.Function<List<Object>, Object> operation) {
    Builtin builtin = Builtin.of(name, "*", (_, _, a) -> operation.apply(a.all().positional()));
    return new Builtin.Method(builtin, None.NONE);
  }

  private Object cycle(List<Object> values) {
    if (values.isEmpty()) {
      throw new Problem("no items for cycling given");
    }
    return values.get(index % values.size());
  }

  private Object changed(List<Object> values) {
    Tuple value = new Tuple(values);
    boolean changed = lastChanged == null || !Values.equal(lastChanged, value);
    lastChanged = value;
    return changed;
  }

  @Override
  public String name() {
    return "loop";
  }

  @Override
  public Object call(Evaluator evaluator, Arguments arguments) {
    if (recursion == null) {
      throw new Problem("The loop must have the 'recursive' marker to be called recursively.");
    }
    if (arguments.positional().size() != 1 || !arguments.named().isEmpty()) {
      throw new Problem("loop() takes the items to loop over as its one argument");
    }
    return recursion.render(arguments.positional().getFirst(), depth0 + 1);
  }
}
