package org.vesalius.clinical.entities;

import java.io.IOException;

/**
 * One text on its way through an automaton.
 *
 * <p>All matches are found at their last words. For the leftmost longest ones each first word
 * remembers its longest match so far, and is settled as soon as no state can begin there any more.
 * What is remembered is bounded by the longest form, however long the text.
 */
final class TagScan {
  /** More UTF-16 units than these between two words, and no match goes across. */
  static final int GAP = 64;

  private final Vocabulary vocabulary;
  private final Automaton automaton;
  private final WordScanner words;
  private final boolean all;
  private final MatchSink sink;

  // Rings by the number of the word in the text.
  private final int mask;
  private final long[] starts;
  private final long[] ends;
  private final long[] longest;
  private final int[] forms;

  /** The numbers of the words of a block. */
  private int[] symbols = {};

  private int state = Automaton.ROOT;
  private int depth;
  private long word = -1;
  private long settled;
  private long free;

  /** The last word at which a match begins that may not be settled. */
  private long pending = -1;

  TagScan(
      Vocabulary vocabulary,
      Automaton automaton,
      WordScanner words,
      MatchPolicy policy,
      MatchSink sink) {
    this.vocabulary = vocabulary;
    this.automaton = automaton;
    this.words = words;
    this.all = policy == MatchPolicy.ALL;
    this.sink = sink;
    int ring = Integer.highestOneBit(automaton.maxDepth() + 1) * 2;
    mask = ring - 1;
    starts = new long[ring];
    ends = new long[ring];
    longest = new long[ring];
    forms = new int[ring];
  }

  void run() throws IOException {
    while (words.advance(retained())) {
      findSymbols();
      for (int i = 0; i < words.words(); i++) {
        int symbol = symbols[i];
        if (symbol == 0) {
          unknown();
        } else if (state != Automaton.ROOT || automaton.begins(symbol)) {
          known(symbol, words.start(i), words.end(i));
        }
      }
      if (state != Automaton.ROOT && words.position() - ends[(int) word & mask] > GAP) {
        // However long the gap goes on, nothing before it has to be kept.
        unknown();
      }
    }
    settle(word + 1);
  }

  /**
   * Numbers the words of a block: each waits for memory of its own and none for another, so they
   * wait together.
   */
  private void findSymbols() {
    if (symbols.length < words.words()) {
      symbols = new int[words.words()];
    }
    char[] normal = words.normal();
    for (int i = 0; i < words.words(); i++) {
      symbols[i] =
          words.isOverlong(i)
              ? 0
              : vocabulary.find(normal, words.begin(i), words.length(i), words.key(i));
    }
  }

  /** Where the first word begins that is not settled. */
  private long retained() {
    return settled <= word ? starts[(int) settled & mask] : Long.MAX_VALUE;
  }

  private void unknown() {
    if (state != Automaton.ROOT) {
      settle(word + 1);
      state = Automaton.ROOT;
      depth = 0;
    }
  }

  private void known(int symbol, long start, long end) {
    if (state != Automaton.ROOT && start - ends[(int) word & mask] > GAP) {
      unknown();
    }
    step(symbol);
    if (state == Automaton.ROOT) {
      depth = 0;
      settle(word + 1);
      return;
    }
    word++;
    int slot = (int) word & mask;
    starts[slot] = start;
    ends[slot] = end;
    longest[slot] = -1;
    matches();
    settle(word - depth + 1);
  }

  private void step(int symbol) {
    int child = automaton.child(state, symbol);
    if (child != Automaton.ROOT || state == Automaton.ROOT) {
      state = child;
      depth++;
    } else {
      state = automaton.step(automaton.suffix(state), symbol);
      depth = automaton.depth(state);
    }
  }

  private void matches() {
    int at = automaton.ending(state);
    while (at != Automaton.ROOT) {
      int length = at == state ? depth : automaton.depth(at);
      match(word - length + 1, automaton.form(at));
      at = automaton.ending(automaton.suffix(at));
    }
  }

  private void match(long first, int form) {
    int slot = (int) first & mask;
    if (all) {
      sink.match(starts[slot], ends[(int) word & mask], form);
    } else {
      longest[slot] = word;
      forms[slot] = form;
      pending = Math.max(pending, first);
    }
  }

  /** Decides about all words before one, which no match to come can begin at. */
  private void settle(long before) {
    for (; settled < before && settled <= pending; settled++) {
      int slot = (int) settled & mask;
      if (settled >= free && longest[slot] >= 0) {
        free = longest[slot] + 1;
        sink.match(starts[slot], ends[(int) longest[slot] & mask], forms[slot]);
      }
    }
    settled = before;
  }
}
