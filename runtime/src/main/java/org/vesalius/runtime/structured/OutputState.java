package org.vesalius.runtime.structured;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;

/** How far an answer has come in its format. One per answer, not thread-safe. */
public final class OutputState {
  private static final int MAX_FORCED = 4096;

  private final OutputConstraint constraint;
  private Matcher matcher;
  private StateSet set;

  OutputState(OutputConstraint constraint, Matcher matcher, StateSet set) {
    this.constraint = constraint;
    this.matcher = matcher;
    this.set = set;
  }

  /**
   * Which tokens may come next. It allows no end token: whether one may come says {@link #canEnd}.
   * Empty only where the answer can do nothing but end.
   */
  public TokenMask mask() {
    return constraint.masks().mask(matcher, set);
  }

  /** Whether a token may come next. Cheaper than a mask that is not known yet. */
  public boolean allows(int id) {
    TokenMask known = set.mask();
    return known == null ? leadsOn(id) : known.allows(id);
  }

  /** Whether a token may come next, by following it and not by the mask. */
  boolean leadsOn(int id) {
    return !after(id).isDead();
  }

  private StateSet after(int id) {
    char[] symbols = constraint.vocabulary().symbols(id);
    StateSet at = symbols.length == 0 ? null : set;
    for (int i = 0; i < symbols.length && at != null; i++) {
      at = matcher.step(at, symbols[i]);
    }
    return at == null ? StateSet.DEAD : at;
  }

  /**
   * Takes the next token.
   *
   * @throws IllegalArgumentException if it is not allowed; the state stays as it was
   */
  public void accept(int id) {
    StateSet next = after(id);
    if (next.isDead()) {
      throw new IllegalArgumentException(
          "token "
              + id
              + " cannot come here: the format allows "
              + mask()
              + (canEnd() ? " and the end" : ""));
    }
    Matcher current = constraint.matcher();
    set = current == matcher ? next : current.adopt(next);
    matcher = current;
  }

  /** Whether the answer may end here. */
  public boolean canEnd() {
    return set.canEnd();
  }

  /** Whether the answer can do nothing but end. */
  public boolean mustEnd() {
    return set.items().isEmpty();
  }

  /** The same state, to go on from separately. Costs nothing. */
  public OutputState copy() {
    return new OutputState(constraint, matcher, set);
  }

  /**
   * The text that has to come next whatever the model says, for as far as there is no choice: whole
   * characters, often none. How it is cut into tokens is free.
   */
  public String forced() {
    ByteBuffer bytes = ByteBuffer.allocate(MAX_FORCED);
    StateSet at = set;
    while (bytes.hasRemaining() && !at.canEnd() && !at.atHiddenSpace()) {
      int symbol = onlySymbol(at);
      StateSet next = symbol < 0 ? null : matcher.step(at, symbol);
      if (next == null) {
        break;
      }
      bytes.put((byte) symbol);
      at = next;
    }
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    CharBuffer text = CharBuffer.allocate(MAX_FORCED);
    decoder.decode(bytes.flip(), text, false);
    return text.flip().toString();
  }

  private int onlySymbol(StateSet at) {
    int only = -1;
    for (int symbol = 0; symbol < constraint.vocabulary().symbolCount(); symbol++) {
      if (matcher.step(at, symbol) != null) {
        if (only >= 0 || symbol >= Utf8.FIRST_MARK_BYTE) {
          return -1;
        }
        only = symbol;
      }
    }
    return only;
  }
}
