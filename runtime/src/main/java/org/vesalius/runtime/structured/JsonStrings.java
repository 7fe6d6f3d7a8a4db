package org.vesalius.runtime.structured;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * The ways to write strings in JSON, as automata over the characters of the JSON text. An automaton
 * over what a string says becomes one over how it is written, quotes included.
 */
final class JsonStrings {
  private static final String SHORT = "\"\\bfnrt";
  private static final String MEANT = "\"\\\b\f\n\r\t";

  private final DfaBuilder builder = new DfaBuilder();
  private final Dfa value;
  private final boolean allEscapes;

  private JsonStrings(Dfa value, boolean allEscapes) {
    this.value = value;
    this.allEscapes = allEscapes;
  }

  /**
   * How to write strings.
   *
   * @param value what they say
   * @param allEscapes whether each character may be written as an escape, too; otherwise only those
   *     that have to be, in the shortest way
   */
  static Dfa written(Dfa value, boolean allEscapes) {
    return new JsonStrings(value, allEscapes).run();
  }

  /** A string as this class writes it without choice. */
  static String literal(String text) {
    StringBuilder out = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      int known = MEANT.indexOf(c);
      if (known >= 0) {
        out.append('\\').append(SHORT.charAt(known));
      } else if (c < ' ') {
        out.append("\\u%04x".formatted((int) c));
      } else if (Character.isSurrogate(c) && !isPair(text, i)) {
        throw new UnsupportedFormatException(
            "half a surrogate pair is no character: found in \"" + text + "\"");
      } else {
        out.append(c);
      }
    }
    return out.append('"').toString();
  }

  private static boolean isPair(String text, int at) {
    int begin = Character.isLowSurrogate(text.charAt(at)) ? at - 1 : at;
    return begin >= 0
        && begin + 1 < text.length()
        && Character.isSurrogatePair(text.charAt(begin), text.charAt(begin + 1));
  }

  /** Texts in which none of some others occurs. */
  static Dfa without(Collection<String> parts) {
    Dfa any = RegularExpression.anything().toDfa();
    for (String part : parts) {
      any =
          any.minus(
              RegularExpression.sequence(
                      RegularExpression.anything(),
                      RegularExpression.text(part),
                      RegularExpression.anything())
                  .toDfa());
    }
    return any;
  }

  /**
   * Texts of a length in code points.
   *
   * @param max {@link RegularExpression#UNLIMITED} for no limit
   */
  static Dfa ofLength(int min, int max) {
    DfaBuilder lengths = new DfaBuilder();
    SymbolSet all = SymbolSet.CHARACTERS;
    int last = max < 0 ? min : max;
    for (int n = 0; n <= last; n++) {
      lengths.state(n >= min);
    }
    for (int n = 0; n <= last; n++) {
      int target = n < last ? n + 1 : n;
      if (n < last || max < 0) {
        lengths.runs(
            n, new int[] {all.first(0), all.last(0), target, all.first(1), all.last(1), target});
      }
    }
    return lengths.build();
  }

  private Dfa run() {
    builder.state(false);
    for (int s = 0; s < value.size(); s++) {
      builder.state(false);
    }
    int end = builder.state(true);
    builder.runs(0, new int[] {'"', '"', 1});
    for (int s = 0; s < value.size(); s++) {
      int[] runs = value.runs(s);
      Runs out = new Runs();
      clip(runs, ' ', '"' - 1, out);
      if (value.accepts(s)) {
        out.add('"', '"', end);
      }
      clip(runs, '"' + 1, '\\' - 1, out);
      int escape = escape(s, runs);
      if (escape >= 0) {
        out.add('\\', '\\', escape);
      }
      clip(runs, '\\' + 1, Character.MAX_CODE_POINT, out);
      builder.runs(1 + s, out.flat());
    }
    return builder.build();
  }

  private static void clip(int[] runs, int from, int to, Runs out) {
    for (int i = 0; i < runs.length; i += 3) {
      int low = Math.max(runs[i], from);
      int high = Math.min(runs[i + 1], to);
      if (low <= high) {
        out.add(low, high, 1 + runs[i + 2]);
      }
    }
  }

  private int escape(int state, int[] runs) {
    List<int[]> units = allEscapes ? units(runs) : controls(state);
    Runs out = new Runs();
    for (char c : "\"/\\bfnrtu".toCharArray()) {
      int known = SHORT.indexOf(c);
      if (c == 'u' && !units.isEmpty()) {
        out.add(c, c, digits(units, 3));
      } else if (c != 'u' && (known >= 0 || allEscapes)) {
        int target = value.next(state, known >= 0 ? MEANT.charAt(known) : c);
        if (target >= 0) {
          out.add(c, c, 1 + target);
        }
      }
    }
    int[] flat = out.flat();
    return flat.length == 0 ? -1 : builder.shared(flat);
  }

  private List<int[]> controls(int state) {
    List<int[]> units = new ArrayList<>();
    for (int c = 0; c < ' '; c++) {
      int target = value.next(state, c);
      if (target >= 0 && MEANT.indexOf(c) < 0) {
        units.add(new int[] {c, c, 1 + target});
      }
    }
    return units;
  }

  /** UTF-16 units and where they lead; a high surrogate leads to an escape of a low one. */
  private List<int[]> units(int[] runs) {
    List<int[]> units = new ArrayList<>();
    Runs first = new Runs();
    clip(runs, 0, Character.MIN_SURROGATE - 1, first);
    addAll(units, first.flat());
    Runs pairs = new Runs();
    clip(runs, Character.MIN_SUPPLEMENTARY_CODE_POINT, Character.MAX_CODE_POINT, pairs);
    addAll(units, highSurrogates(pairs.flat()));
    Runs last = new Runs();
    clip(runs, Character.MAX_SURROGATE + 1, 0xFFFF, last);
    addAll(units, last.flat());
    return units;
  }

  private static void addAll(List<int[]> units, int[] flat) {
    for (int i = 0; i < flat.length; i += 3) {
      units.add(new int[] {flat[i], flat[i + 1], flat[i + 2]});
    }
  }

  private int[] highSurrogates(int[] pairs) {
    Runs out = new Runs();
    for (int high = 0; high < 1024 && pairs.length > 0; ) {
      int base = Character.MIN_SUPPLEMENTARY_CODE_POINT + (high << 10);
      int shift = Character.MIN_LOW_SURROGATE - base;
      List<int[]> lows = new ArrayList<>();
      int same = 1;
      for (int i = 0; i < pairs.length; i += 3) {
        int from = Math.max(pairs[i], base);
        int to = Math.min(pairs[i + 1], base + 1023);
        if (from <= to) {
          lows.add(new int[] {from + shift, to + shift, pairs[i + 2]});
          // Most high surrogates are alike: all that follows them leads to one place.
          same = from == base ? Math.max(1, (pairs[i + 1] + 1 - base) >> 10) : 1;
        }
      }
      if (!lows.isEmpty()) {
        int u = builder.shared(new int[] {'u', 'u', digits(lows, 3)});
        int unit = Character.MIN_HIGH_SURROGATE + high;
        out.add(unit, unit + same - 1, builder.shared(new int[] {'\\', '\\', u}));
      }
      high += same;
    }
    return out.flat();
  }

  /** The state before some hexadecimal digits, in either case. */
  private int digits(List<int[]> units, int more) {
    int[] targets = new int[16];
    int bits = 4 * more;
    int[] only = units.getFirst();
    if (units.size() == 1 && only[0] == 0 && only[1] == (16 << bits) - 1) {
      // All digits lead on alike.
      int next =
          more == 0 ? only[2] : digits(List.of(new int[] {0, (1 << bits) - 1, only[2]}), more - 1);
      return builder.shared(new int[] {'0', '9', next, 'A', 'F', next, 'a', 'f', next});
    }
    for (int digit = 0; digit < 16; digit++) {
      targets[digit] = -1;
      List<int[]> inside = new ArrayList<>();
      for (int[] unit : units) {
        int from = Math.max(unit[0], digit << bits);
        int to = Math.min(unit[1], ((digit + 1) << bits) - 1);
        if (from <= to) {
          inside.add(new int[] {from - (digit << bits), to - (digit << bits), unit[2]});
        }
      }
      if (!inside.isEmpty()) {
        targets[digit] = more == 0 ? inside.getFirst()[2] : digits(inside, more - 1);
      }
    }
    Runs out = new Runs();
    for (int digit = 0; digit < 22; digit++) {
      int target = targets[digit < 16 ? digit : digit - 6];
      int c = digit < 10 ? '0' + digit : digit < 16 ? 'A' + digit - 10 : 'a' + digit - 16;
      if (target >= 0) {
        out.add(c, c, target);
      }
    }
    return builder.shared(out.flat());
  }
}
