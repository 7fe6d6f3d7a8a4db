package org.vesalius.runtime.prompt.jinja;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Builds a {@link Text}, keeping the origin of every part, up to {@link #MAX_LENGTH} units. */
final class TextBuilder {
  /** Longest string a template may make: 16 Mi UTF-16 units, far beyond any context window. */
  static final int MAX_LENGTH = 1 << 24;

  private final StringBuilder value = new StringBuilder();
  private byte @Nullable [] origins;

  TextBuilder append(String part) {
    return append(part, Text.TEMPLATE);
  }

  TextBuilder append(String part, int origin) {
    int start = value.length();
    reserve(part.length());
    value.append(part);
    if (origin != Text.TEMPLATE) {
      Arrays.fill(originsFor(value.length()), start, value.length(), (byte) origin);
    } else {
      forget(start);
    }
    return this;
  }

  TextBuilder append(char unit, int origin) {
    return append(String.valueOf(unit), origin);
  }

  TextBuilder append(Text part) {
    return append(part, 0, part.length());
  }

  TextBuilder append(Text part, int start, int end) {
    int at = value.length();
    reserve(end - start);
    value.append(part.value(), start, end);
    byte[] from = part.origins();
    if (from != null) {
      System.arraycopy(from, start, originsFor(value.length()), at, end - start);
    } else {
      forget(at);
    }
    return this;
  }

  TextBuilder repeat(Text part, long count) {
    if (count > 0 && part.length() * (double) count > MAX_LENGTH - value.length()) {
      throw tooLong();
    }
    for (long i = 0; i < count; i++) {
      append(part);
    }
    return this;
  }

  int length() {
    return value.length();
  }

  Text toText() {
    if (value.isEmpty()) {
      return Text.EMPTY;
    }
    return new Text(
        value.toString(), origins == null ? null : Arrays.copyOf(origins, value.length()));
  }

  private void reserve(int more) {
    if (more > MAX_LENGTH - value.length()) {
      throw tooLong();
    }
  }

  private static Problem tooLong() {
    return new Problem(
        "the template makes a string longer than the limit of " + MAX_LENGTH + " characters");
  }

  private byte[] originsFor(int length) {
    if (origins == null) {
      origins = new byte[Math.max(64, length)];
    } else if (origins.length < length) {
      origins = Arrays.copyOf(origins, Math.max(length, origins.length * 2));
    }
    return origins;
  }

  // New units are zero (TEMPLATE) already; only the array has to be long enough.
  private void forget(int start) {
    if (origins != null && value.length() > start) {
      originsFor(value.length());
    }
  }
}
