package org.vesalius.tokenizer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/**
 * Properties of code points for which the reference tokenizer has tables of an older Unicode than
 * those of {@link CodePoints}: what Unicode 16.0 says, except where a measurement of the reference
 * says otherwise (the resource {@code older-unicode.txt}).
 */
final class OlderUnicode {
  private static final Map<String, BitSet> DIFFERENT = read();
  private static final BitSet PUNCTUATION = DIFFERENT.getOrDefault("punctuation", new BitSet());
  private static final BitSet CONTROL = DIFFERENT.getOrDefault("control", new BitSet());
  private static final BitSet MARK = DIFFERENT.getOrDefault("mark", new BitSet());
  private static final BitSet NONSPACING = DIFFERENT.getOrDefault("nonspacing", new BitSet());
  private static final BitSet COMPATIBILITY = DIFFERENT.getOrDefault("compatibility", new BitSet());
  private static final BitSet UNSCRIPTED = DIFFERENT.getOrDefault("unscripted", new BitSet());

  private OlderUnicode() {}

  /** ASCII punctuation and symbols, and general category P. */
  static boolean isPunctuation(int codePoint) {
    if (codePoint < 0x80) {
      return codePoint > ' ' && codePoint < 0x7F && !Character.isLetterOrDigit(codePoint);
    }
    boolean now =
        switch (type(codePoint)) {
          case Character.DASH_PUNCTUATION,
              Character.START_PUNCTUATION,
              Character.END_PUNCTUATION,
              Character.CONNECTOR_PUNCTUATION,
              Character.OTHER_PUNCTUATION,
              Character.INITIAL_QUOTE_PUNCTUATION,
              Character.FINAL_QUOTE_PUNCTUATION ->
              true;
          default -> false;
        };
    return now != PUNCTUATION.get(codePoint);
  }

  /** General categories Cc, Cf and Co. */
  static boolean isControl(int codePoint) {
    boolean now =
        switch (type(codePoint)) {
          case Character.CONTROL, Character.FORMAT, Character.PRIVATE_USE -> true;
          default -> false;
        };
    return now != CONTROL.get(codePoint);
  }

  /** General category M. */
  static boolean isMark(int codePoint) {
    boolean now =
        switch (type(codePoint)) {
          case Character.NON_SPACING_MARK,
              Character.COMBINING_SPACING_MARK,
              Character.ENCLOSING_MARK ->
              true;
          default -> false;
        };
    return now != MARK.get(codePoint);
  }

  /** General category Mn. */
  static boolean isNonspacingMark(int codePoint) {
    return (type(codePoint) == Character.NON_SPACING_MARK) != NONSPACING.get(codePoint);
  }

  /** Whether this JDK decomposes the code point for compatibility and the reference does not. */
  static boolean lacksCompatibility(int codePoint) {
    return COMPATIBILITY.get(codePoint);
  }

  /** Whether the reference knows no script for the code point. */
  static boolean lacksScript(int codePoint) {
    return UNSCRIPTED.get(codePoint) || CodePoints.unassigned(codePoint);
  }

  private static int type(int codePoint) {
    return CodePoints.unassigned(codePoint) ? Character.UNASSIGNED : Character.getType(codePoint);
  }

  private static Map<String, BitSet> read() {
    String name = "older-unicode.txt";
    Map<String, BitSet> properties = new HashMap<>();
    try (InputStream stream = OlderUnicode.class.getResourceAsStream(name)) {
      if (stream == null) {
        throw new IllegalStateException(
            name + " is missing beside " + OlderUnicode.class.getName());
      }
      BufferedReader reader =
          new BufferedReader(new InputStreamReader(stream, StandardCharsets.US_ASCII));
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        if (!line.startsWith("#")) {
          int first = line.indexOf(' ');
          int last = line.lastIndexOf(' ');
          properties
              .computeIfAbsent(line.substring(0, first), property -> new BitSet())
              .set(
                  Integer.parseInt(line, first + 1, last, 16),
                  Integer.parseInt(line, last + 1, line.length(), 16) + 1);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return properties;
  }
}
