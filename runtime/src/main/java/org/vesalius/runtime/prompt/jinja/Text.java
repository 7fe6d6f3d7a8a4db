package org.vesalius.runtime.prompt.jinja;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A string whose characters remember their origin, a number from 0 (the template itself) to 127
 * chosen by whoever brings a string in.
 *
 * <p>Every string inside the interpreter is a {@code Text}, and every operation that cuts, joins or
 * rewrites strings keeps the origin of each character; so after rendering it is known, exactly and
 * without markers in the text, which characters came from a chat message and which from the
 * template. Two texts are equal when their characters are, whatever their origins. Indexes are
 * UTF-16 units, as in {@link String}.
 */
public final class Text implements Comparable<Text> {
  /** Origin of everything that the template itself wrote. */
  public static final int TEMPLATE = 0;

  static final Text EMPTY = new Text("", null);

  private final String value;
  // One entry per UTF-16 unit; null when all are TEMPLATE, which is by far the most common case.
  private final byte @Nullable [] origins;

  Text(String value, byte @Nullable [] origins) {
    this.value = value;
    this.origins = origins;
  }

  /** Text that the template wrote. */
  public static Text of(String value) {
    return value.isEmpty() ? EMPTY : new Text(value, null);
  }

  /** Text from elsewhere; {@code origin} is 0 to 127. */
  public static Text of(String value, int origin) {
    if (origin < 0 || origin > Byte.MAX_VALUE) {
      throw new IllegalArgumentException("origin: expected 0 to 127, found " + origin);
    }
    if (origin == TEMPLATE || value.isEmpty()) {
      return of(value);
    }
    byte[] origins = new byte[value.length()];
    Arrays.fill(origins, (byte) origin);
    return new Text(value, origins);
  }

  /** The characters. */
  public String value() {
    return value;
  }

  /** Number of UTF-16 units. */
  public int length() {
    return value.length();
  }

  /** Origin of the UTF-16 unit at {@code index}. */
  public int originAt(int index) {
    return origins == null ? TEMPLATE : origins[index];
  }

  byte @Nullable [] origins() {
    return origins;
  }

  boolean isEmpty() {
    return value.isEmpty();
  }

  /** The part from {@code start} to before {@code end}, in UTF-16 units. */
  Text cut(int start, int end) {
    if (start == 0 && end == value.length()) {
      return this;
    }
    if (start >= end) {
      return EMPTY;
    }
    return new Text(
        value.substring(start, end),
        origins == null ? null : Arrays.copyOfRange(origins, start, end));
  }

  /** The same origins over other characters; {@code mapped} must have the same length. */
  Text withCharacters(String mapped) {
    assert mapped.length() == value.length();
    return new Text(mapped, origins);
  }

  /** Number of code points, which is what Python counts. */
  int codePoints() {
    return value.codePointCount(0, value.length());
  }

  /** UTF-16 index of the code point with number {@code index}. */
  int unitIndex(int index) {
    return value.offsetByCodePoints(0, index);
  }

  @Override
  public int compareTo(Text other) {
    int mismatch = Arrays.mismatch(value.toCharArray(), other.value.toCharArray());
    if (mismatch < 0) {
      return 0;
    }
    if (mismatch == value.length() || mismatch == other.value.length()) {
      return Integer.compare(value.length(), other.value.length());
    }
    char a = value.charAt(mismatch);
    char b = other.value.charAt(mismatch);
    // Python orders by code point: a surrogate stands for something above every other unit.
    if (Character.isSurrogate(a) != Character.isSurrogate(b)) {
      return Character.isSurrogate(a) ? 1 : -1;
    }
    return Character.compare(a, b);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Text text && value.equals(text.value);
  }

  @Override
  public int hashCode() {
    return value.hashCode();
  }

  @Override
  public String toString() {
    return value;
  }
}
