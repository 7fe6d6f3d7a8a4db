package org.vesalius.runtime.prompt.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What Python's operators and built-in functions do with any value of the interpreter. */
final class Values {
  private static final int MAX_DEPTH = 200;

  private Values() {}

  /**
   * A Java value as the interpreter holds it; text that is not yet {@link Text} is the template's.
   */
  static Object from(@Nullable Object value) {
    return from(value, 0);
  }

  private static Object from(@Nullable Object value, int depth) {
    if (depth > MAX_DEPTH) {
      throw new Problem("a variable is nested more than " + MAX_DEPTH + " levels deep");
    }
    return switch (value) {
      case null -> None.NONE;
      case CharSequence text -> Text.of(text.toString());
      case Text text -> text;
      case Boolean b -> b;
      case Byte n -> n.longValue();
      case Short n -> n.longValue();
      case Integer n -> n.longValue();
      case Long n -> n;
      case BigInteger n -> Numbers.narrow(n);
      case Float n -> Double.valueOf(n.toString());
      case Number n -> n.doubleValue();
      case Map<?, ?> map -> {
        Dict dict = new Dict();
        map.forEach((key, item) -> dict.put(from(key, depth + 1), from(item, depth + 1)));
        yield dict;
      }
      case Iterable<?> items -> {
        List<Object> list = new ArrayList<>();
        items.forEach(item -> list.add(from(item, depth + 1)));
        yield new ListValue(list);
      }
      default ->
          throw new Problem(
              "a variable has a value of type %s; expected text, number, boolean, list, map or null"
                  .formatted(value.getClass().getName()));
    };
  }

  static boolean truth(Object value) {
    return switch (value) {
      case Boolean b -> b;
      case None _, Undefined _ -> false;
      case Long l -> l != 0;
      case Double d -> d != 0;
      case Text text -> !text.isEmpty();
      case Sequence sequence -> !sequence.items().isEmpty();
      case Dict dict -> dict.size() > 0;
      case DictView view -> view.dict().size() > 0;
      case Range range -> range.length() > 0;
      case LoopVariable loop -> loop.length() > 0;
      default -> true;
    };
  }

  static boolean equal(Object a, Object b) {
    if (a == b) {
      return !Numbers.isNan(a);
    }
    if (Numbers.isNumber(a) && Numbers.isNumber(b)) {
      return !Numbers.isNan(a) && !Numbers.isNan(b) && Numbers.compare(a, b) == 0;
    }
    return switch (a) {
      case Undefined _ -> b instanceof Undefined;
      case ListValue x -> b instanceof ListValue y && equalItems(x, y);
      case Sequence x -> b instanceof Sequence y && !(y instanceof ListValue) && equalItems(x, y);
      case Dict x -> b instanceof Dict y && equalDicts(x, y);
      case Range x -> b instanceof Range y && x.items().equals(y.items());
      case DictView _, Generator _, Namespace _ -> false;
      default -> a.equals(b);
    };
  }

  private static boolean equalItems(Sequence a, Sequence b) {
    if (a.items().size() != b.items().size()) {
      return false;
    }
    for (int i = 0; i < a.items().size(); i++) {
      if (!equal(a.items().get(i), b.items().get(i))) {
        return false;
      }
    }
    return true;
  }

  private static boolean equalDicts(Dict a, Dict b) {
    if (a.size() != b.size()) {
      return false;
    }
    for (Dict.Entry entry : a.entries()) {
      Object other = b.get(entry.key());
      if (other == null || !equal(entry.value(), other)) {
        return false;
      }
    }
    return true;
  }

  /** The comparison {@code a operator b} for one of {@code < <= > >=}. */
  static boolean ordered(String operator, Object a, Object b) {
    if (a instanceof Undefined u) {
      throw u.failure();
    }
    if (b instanceof Undefined u) {
      throw u.failure();
    }
    if (Numbers.isNan(a) || Numbers.isNan(b)) {
      return false;
    }
    int order;
    if (Numbers.isNumber(a) && Numbers.isNumber(b)) {
      order = Numbers.compare(a, b);
    } else if (a instanceof Text x && b instanceof Text y) {
      order = x.compareTo(y);
    } else if (a instanceof Sequence x
        && b instanceof Sequence y
        && (x instanceof ListValue) == (y instanceof ListValue)) {
      List<Object> left = x.items();
      List<Object> right = y.items();
      int shared = Math.min(left.size(), right.size());
      for (int i = 0; i < shared; i++) {
        if (!equal(left.get(i), right.get(i))) {
          return ordered(operator, left.get(i), right.get(i));
        }
      }
      order = Integer.compare(left.size(), right.size());
    } else {
      throw new Problem(
          "'%s' not supported between instances of '%s' and '%s'"
              .formatted(operator, typeName(a), typeName(b)));
    }
    return switch (operator) {
      case "<" -> order < 0;
      case "<=" -> order <= 0;
      case ">" -> order > 0;
      default -> order >= 0;
    };
  }

  static boolean contains(Object container, Object item) {
    if (container instanceof Text text) {
      if (item instanceof Text part) {
        return text.value().contains(part.value());
      }
      throw new Problem("'in <string>' requires string as left operand, not " + typeName(item));
    }
    if (container instanceof Dict dict) {
      return dict.get(item) != null;
    }
    Iterator<Object> items = tryIterate(container);
    if (items == null) {
      throw new Problem(
          "argument of type '" + typeName(container) + "' is not a container or iterable");
    }
    while (items.hasNext()) {
      Object each = items.next();
      if (each == item || equal(each, item)) {
        return true;
      }
    }
    return false;
  }

  static Iterator<Object> iterate(Object value) {
    Iterator<Object> items = tryIterate(value);
    if (items == null) {
      throw new Problem("'" + typeName(value) + "' object is not iterable");
    }
    return items;
  }

  static @Nullable Iterator<Object> tryIterate(Object value) {
    return switch (value) {
      case Sequence sequence -> sequence.items().iterator();
      case Dict dict -> dict.keys().iterator();
      case DictView view -> view.items().iterator();
      case Range range -> range.items().iterator();
      case Generator generator -> generator.items();
      case Text text -> characters(text).iterator();
      case Undefined _ -> List.of().iterator();
      default -> null;
    };
  }

  static List<Object> list(Object value) {
    List<Object> items = new ArrayList<>();
    iterate(value).forEachRemaining(items::add);
    return items;
  }

  private static List<Object> characters(Text text) {
    List<Object> characters = new ArrayList<>(text.length());
    for (int i = 0; i < text.length(); ) {
      int next = i + Character.charCount(text.value().codePointAt(i));
      characters.add(text.cut(i, next));
      i = next;
    }
    return characters;
  }

  /** Python's {@code len}, or -1 where it is not defined. */
  static int length(Object value) {
    return switch (value) {
      case Text text -> text.codePoints();
      case Sequence sequence -> sequence.items().size();
      case Dict dict -> dict.size();
      case DictView view -> view.dict().size();
      case Range range -> (int) range.length();
      case Undefined _ -> 0;
      case LoopVariable loop -> loop.length();
      default -> -1;
    };
  }

  /** Python's name of the type, as its error messages say it. */
  static String typeName(Object value) {
    return switch (value) {
      case None _ -> "NoneType";
      case Boolean _ -> "bool";
      case Long _, BigInteger _ -> "int";
      case Double _ -> "float";
      case Text _ -> "str";
      case ListValue _ -> "list";
      case Tuple _ -> "tuple";
      case Group _ -> "_GroupTuple";
      case Dict _ -> "dict";
      case DictView view ->
          switch (view.kind()) {
            case KEYS -> "dict_keys";
            case VALUES -> "dict_values";
            case ITEMS -> "dict_items";
          };
      case Range _ -> "range";
      case Generator _ -> "generator";
      case Undefined _ -> "Undefined";
      case Namespace _ -> "Namespace";
      case LoopVariable _ -> "LoopContext";
      case Macro _ -> "Macro";
      default -> "builtin_function_or_method";
    };
  }

  /** How an undefined member names its owner. */
  static String objectType(Object value) {
    return switch (value) {
      case None _ -> "None";
      case Namespace _ -> "jinja2.utils.Namespace object";
      case LoopVariable _ -> "jinja2.runtime.LoopContext object";
      case Macro _ -> "jinja2.runtime.Macro object";
      case Group _ -> "jinja2.filters._GroupTuple object";
      default -> typeName(value) + " object";
    };
  }

  static Map<String, Object> variables(Map<String, ? extends @Nullable Object> values) {
    Map<String, Object> converted = new LinkedHashMap<>();
    values.forEach((name, value) -> converted.put(name, from(value)));
    return converted;
  }
}
