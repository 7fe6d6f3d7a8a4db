package org.vesalius.runtime.structured;

import java.util.Arrays;
import java.util.List;

/** A regular expression over symbols. Immutable. */
sealed interface RegularExpression {
  /** What {@code max} is where there is no limit. */
  int UNLIMITED = -1;

  /** One symbol of a set. */
  record Symbols(SymbolSet set) implements RegularExpression {}

  /** Parts one after the other. */
  record Concatenation(List<RegularExpression> parts) implements RegularExpression {}

  /** One of several. */
  record Alternation(List<RegularExpression> branches) implements RegularExpression {}

  /**
   * A part several times.
   *
   * @param max {@link #UNLIMITED} for any number
   */
  record Repetition(RegularExpression part, int min, int max) implements RegularExpression {}

  /** The place before the first symbol. */
  record Begin() implements RegularExpression {}

  /** The place after the last symbol. */
  record End() implements RegularExpression {}

  /** What an automaton accepts. */
  record Automaton(Dfa dfa) implements RegularExpression {}

  static RegularExpression text(String text) {
    return new Concatenation(
        text.codePoints().<RegularExpression>mapToObj(c -> new Symbols(SymbolSet.of(c))).toList());
  }

  static RegularExpression sequence(RegularExpression... parts) {
    return new Concatenation(Arrays.asList(parts));
  }

  static RegularExpression either(RegularExpression... branches) {
    return new Alternation(Arrays.asList(branches));
  }

  static RegularExpression any(RegularExpression part) {
    return new Repetition(part, 0, UNLIMITED);
  }

  /** Any text. */
  static RegularExpression anything() {
    return any(new Symbols(SymbolSet.CHARACTERS));
  }

  /** The automaton that accepts the same. */
  default Dfa toDfa() {
    Nfa nfa = new Nfa();
    int start = nfa.state();
    return nfa.determinize(start, nfa.add(this, start));
  }
}
