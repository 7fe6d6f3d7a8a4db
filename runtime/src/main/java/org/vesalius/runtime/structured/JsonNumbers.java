package org.vesalius.runtime.structured;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Numbers of a range as automata over how JSON writes them: at most {@value #DIGITS} digits before
 * the point and {@value #DIGITS} after it. They are compared with the bounds digit by digit, so
 * that the range is exact.
 */
final class JsonNumbers {
  static final int DIGITS = 20;

  private static final String WHOLE = "(0|[1-9][0-9]{0,%d})".formatted(DIGITS - 1);

  private JsonNumbers() {}

  /**
   * A range.
   *
   * @param low the least, null for none
   * @param high the greatest, null for none
   * @param multiple of what numbers are a multiple, null for nothing
   */
  record Range(
      @Nullable BigDecimal low,
      boolean lowExclusive,
      @Nullable BigDecimal high,
      boolean highExclusive,
      @Nullable BigDecimal multiple,
      boolean whole) {

    boolean isFree() {
      return low == null && high == null && multiple == null;
    }
  }

  static Dfa of(Range range) {
    if (range.isFree()) {
      String pattern =
          range.whole
              ? "0|-?[1-9][0-9]{0,%d}".formatted(DIGITS - 1)
              : "-?" + WHOLE + "([.][0-9]{1,%d})?([eE][+-]?[0-9]{1,2})?".formatted(DIGITS);
      return RegexParser.whole(pattern, RegexParser.Dialect.ECMA, "numbers").toDfa();
    }
    Dfa positive = Dfa.nothing();
    if (range.high == null || range.high.signum() >= 0) {
      Bound least =
          range.low == null || range.low.signum() < 0
              ? Bound.of(BigDecimal.ZERO, false)
              : Bound.of(range.low, range.lowExclusive);
      Bound most = range.high == null ? null : Bound.of(range.high, range.highExclusive);
      positive = new Magnitudes(least, most, range).dfa();
    }
    if (range.low != null && range.low.signum() >= 0) {
      return positive;
    }
    Dfa negative =
        new Magnitudes(
                range.high == null || range.high.signum() >= 0
                    ? Bound.of(BigDecimal.ZERO, true)
                    : Bound.of(range.high.negate(), range.highExclusive),
                range.low == null ? null : Bound.of(range.low.negate(), range.lowExclusive),
                range)
            .dfa();
    RegularExpression minus =
        RegularExpression.sequence(
            RegularExpression.text("-"), new RegularExpression.Automaton(negative));
    return RegularExpression.either(new RegularExpression.Automaton(positive), minus).toDfa();
  }

  /** A number that is not negative, in digits. */
  private record Bound(String whole, String fraction, boolean exclusive) {
    static Bound of(BigDecimal value, boolean exclusive) {
      String plain = value.stripTrailingZeros().toPlainString();
      int point = plain.indexOf('.');
      return point < 0
          ? new Bound(plain, "", exclusive)
          : new Bound(plain.substring(0, point), plain.substring(point + 1), exclusive);
    }

    /** How the first digits of a number compare, given how those before compare. */
    int compareWhole(int before, int at, int digit) {
      return before != 0 || at >= whole.length() ? before : digit - (whole.charAt(at) - '0');
    }

    int compareFraction(int before, int at, int digit) {
      int own = at < fraction.length() ? fraction.charAt(at) - '0' : 0;
      return before != 0 ? before : digit - own;
    }

    int endWhole(int before, int length) {
      return length != whole.length() ? length - whole.length() : before;
    }

    int end(int before, int fractionDigits) {
      return before == 0 && fractionDigits < fraction.length() ? -1 : before;
    }
  }

  /** Numbers without a sign between two bounds. */
  private static final class Magnitudes {
    private final Bound low;
    private final @Nullable Bound high;
    private final boolean whole;

    /** The multiple, and what numbers are compared with it, as integers of this many decimals. */
    private final int decimals;

    private final BigInteger multiple;
    private final DfaBuilder builder = new DfaBuilder();
    private final Map<State, Integer> numbers = new HashMap<>();
    private final List<State> work = new ArrayList<>();

    /**
     * What has been read.
     *
     * @param digits of the part that is being read
     * @param fraction whether that is after the point
     * @param zero whether it is the single digit 0, which no other may follow
     * @param toLow sign of how it compares with the lower bound
     * @param remainder of all digits read, divided by the multiple
     */
    private record State(
        int digits, boolean fraction, boolean zero, int toLow, int toHigh, int remainder) {}

    Magnitudes(Bound low, @Nullable Bound high, Range range) {
      this.low = low;
      this.high = high;
      whole = range.whole();
      BigDecimal of = range.multiple();
      BigDecimal stripped = of == null ? BigDecimal.ONE : of.stripTrailingZeros();
      decimals = of == null ? DIGITS : Math.max(0, stripped.scale());
      multiple =
          of == null
              ? BigInteger.ONE
              : stripped
                  .movePointRight(decimals)
                  .setScale(0, RoundingMode.UNNECESSARY)
                  .toBigIntegerExact();
    }

    Dfa dfa() {
      number(new State(0, false, false, 0, 0, 0));
      for (int n = 0; n < work.size(); n++) {
        State state = work.get(n);
        Runs runs = new Runs();
        if (!state.fraction && !whole && decimals > 0 && state.digits > 0) {
          runs.add('.', '.', number(point(state)));
        }
        boolean more =
            !state.zero && state.digits < (state.fraction ? Math.min(DIGITS, decimals) : DIGITS);
        for (int digit = 0; digit < 10 && more; digit++) {
          runs.add('0' + digit, '0' + digit, number(digit(state, digit)));
        }
        builder.runs(n, runs.flat());
      }
      return builder.build();
    }

    private State point(State state) {
      return new State(
          0,
          true,
          false,
          Integer.signum(low.endWhole(state.toLow, state.digits)),
          high == null ? 0 : Integer.signum(high.endWhole(state.toHigh, state.digits)),
          state.remainder);
    }

    private State digit(State state, int digit) {
      int at = state.digits;
      int toLow =
          state.fraction
              ? low.compareFraction(state.toLow, at, digit)
              : low.compareWhole(state.toLow, at, digit);
      int toHigh = 0;
      if (high != null) {
        toHigh =
            state.fraction
                ? high.compareFraction(state.toHigh, at, digit)
                : high.compareWhole(state.toHigh, at, digit);
      }
      int remainder =
          BigInteger.valueOf(10L * state.remainder + digit).mod(multiple).intValueExact();
      return new State(
          at + 1,
          state.fraction,
          !state.fraction && at == 0 && digit == 0,
          Integer.signum(toLow),
          Integer.signum(toHigh),
          remainder);
    }

    private int number(State state) {
      Integer known = numbers.get(state);
      if (known == null) {
        known = builder.state(accepts(state));
        numbers.put(state, known);
        work.add(state);
      }
      return known;
    }

    private boolean accepts(State state) {
      if (state.digits == 0) {
        return false;
      }
      State at = state.fraction ? state : point(state);
      int fractionDigits = at.digits;
      int toLow = low.end(at.toLow, fractionDigits);
      boolean fits = low.exclusive ? toLow > 0 : toLow >= 0;
      if (high != null) {
        int toHigh = high.end(at.toHigh, fractionDigits);
        fits &= high.exclusive ? toHigh < 0 : toHigh <= 0;
      }
      BigInteger scaled =
          BigInteger.valueOf(at.remainder).multiply(BigInteger.TEN.pow(decimals - fractionDigits));
      return fits && scaled.mod(multiple).signum() == 0;
    }
  }
}
