package org.vesalius.runtime.prompt.jinja;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Attributes and items of values, by the rules of Jinja's immutable sandbox. */
final class Members {
  private static final Set<String> DICT_CHANGES =
      Set.of("clear", "pop", "popitem", "setdefault", "update");
  private static final Set<String> LIST_CHANGES =
      Set.of("append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove");

  private Members() {}

  /** {@code target.name}: the attribute, else the item, else undefined. */
  static Object attribute(Object target, String name) {
    if (target instanceof Undefined undefined) {
      throw undefined.failure();
    }
    Object attribute = ownAttribute(target, name);
    if (attribute != null) {
      return attribute;
    }
    Text key = Text.of(name);
    Object item = ownItem(target, key);
    return item != null ? item : Undefined.of(target, key);
  }

  /** {@code target[index]}: the item, else for strings the attribute, else undefined. */
  static Object item(Object target, Object index) {
    if (target instanceof Undefined undefined) {
      throw undefined.failure();
    }
    Object item = ownItem(target, index);
    if (item == null && index instanceof Text name) {
      item = ownAttribute(target, name.value());
    }
    return item != null ? item : Undefined.of(target, index);
  }

  /** The attribute alone, or null. */
  static @Nullable Object ownAttribute(Object target, String name) {
    if (target instanceof HasAttributes owner) {
      Object attribute = owner.attribute(name);
      if (attribute != null) {
        return attribute;
      }
    }
    if ((target instanceof Dict && DICT_CHANGES.contains(name))
        || (target instanceof ListValue && LIST_CHANGES.contains(name))
        || (name.startsWith("__") && name.endsWith("__") && !(target instanceof Dict))) {
      return Undefined.unsafe(target, name);
    }
    Builtin method =
        switch (target) {
          case Text _ -> StringMethods.ALL.get(name);
          case Dict _ -> ContainerMethods.DICT.get(name);
          case Sequence _ -> ContainerMethods.SEQUENCE.get(name);
          case Range _ -> ContainerMethods.SEQUENCE.get(name);
          default -> null;
        };
    return method == null ? null : new Builtin.Method(method, target);
  }

  private static @Nullable Object ownItem(Object target, Object index) {
    if (target instanceof Dict dict) {
      boolean hashable =
          !(index instanceof ListValue || index instanceof Dict || index instanceof DictView);
      return hashable ? dict.get(index) : null;
    }
    if (!(index instanceof Long || index instanceof Boolean)) {
      return null;
    }
    long at = Numbers.big(index).longValue();
    return switch (target) {
      case Sequence sequence -> at(sequence.items(), at);
      case Range range -> {
        long from = at < 0 ? at + range.length() : at;
        boolean inside = from >= 0 && from < range.length();
        yield inside ? (Object) (range.start() + from * range.step()) : null;
      }
      case Text text -> {
        int length = text.codePoints();
        long from = at < 0 ? at + length : at;
        if (from < 0 || from >= length) {
          yield null;
        }
        int start = text.unitIndex((int) from);
        yield text.cut(start, start + Character.charCount(text.value().codePointAt(start)));
      }
      default -> null;
    };
  }

  private static @Nullable Object at(List<Object> items, long index) {
    long from = index < 0 ? index + items.size() : index;
    return from >= 0 && from < items.size() ? items.get((int) from) : null;
  }

  /** What filters with an {@code attribute} argument read: {@code "a.b.0"} is three items. */
  static Object path(Object target, Object path, @Nullable Object otherwise) {
    if (!(path instanceof Text text)) {
      return orElse(item(target, path), otherwise);
    }
    Object value = target;
    for (String part : text.value().split("\\.", -1)) {
      boolean number = !part.isEmpty() && part.chars().allMatch(Character::isDigit);
      Object index = number ? Numbers.parseInteger(part, 10) : Text.of(part);
      value = orElse(item(value, index == null ? Text.of(part) : index), otherwise);
    }
    return value;
  }

  private static Object orElse(Object value, @Nullable Object otherwise) {
    return value instanceof Undefined && otherwise != null ? otherwise : value;
  }
}
