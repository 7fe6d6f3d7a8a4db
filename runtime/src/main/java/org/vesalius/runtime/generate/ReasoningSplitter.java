package org.vesalius.runtime.generate;

/**
 * Splits a stream of text into reasoning and answer. Reasoning stands between {@code <think>} and
 * {@code </think>} at the very beginning; where the prompt has opened it already, the text begins
 * inside. Line breaks next to the marks belong to neither.
 */
final class ReasoningSplitter {
  static final String OPEN = "<think>";
  static final String CLOSE = "</think>";

  /** Receives the two streams. */
  interface Sink {
    void reasoning(String text);

    void answer(String text);
  }

  private enum State {
    UNDECIDED,
    REASONING_START,
    REASONING,
    ANSWER_START,
    ANSWER
  }

  private final Sink sink;
  private final StringBuilder held = new StringBuilder();
  private State state;

  ReasoningSplitter(boolean insideFromStart, Sink sink) {
    this.sink = sink;
    state = insideFromStart ? State.REASONING_START : State.UNDECIDED;
  }

  /** Takes the next piece of text. */
  void append(String piece) {
    held.append(piece);
    while (advance()) {
      // every step empties the held text or changes the state
    }
  }

  /** Ends the stream. */
  void finish() {
    switch (state) {
      case UNDECIDED, ANSWER -> answer(held.length());
      case REASONING_START, REASONING -> reasoning(trimmedEnd());
      case ANSWER_START -> {}
    }
    held.setLength(0);
  }

  private boolean advance() {
    return switch (state) {
      case UNDECIDED -> decide();
      case REASONING_START -> skipLineBreaks(State.REASONING);
      case REASONING -> reason();
      case ANSWER_START -> skipLineBreaks(State.ANSWER);
      case ANSWER -> {
        answer(held.length());
        yield false;
      }
    };
  }

  private boolean decide() {
    String text = held.toString().stripLeading();
    if (text.startsWith(OPEN)) {
      held.delete(0, held.length() - text.length() + OPEN.length());
      state = State.REASONING_START;
      return true;
    }
    if (OPEN.startsWith(text)) {
      return false;
    }
    state = State.ANSWER;
    return true;
  }

  private boolean skipLineBreaks(State next) {
    int breaks = 0;
    while (breaks < held.length() && held.charAt(breaks) == '\n') {
      breaks++;
    }
    held.delete(0, breaks);
    if (held.isEmpty()) {
      return false;
    }
    state = next;
    return true;
  }

  private boolean reason() {
    int end = held.indexOf(CLOSE);
    if (end >= 0) {
      String rest = held.substring(end + CLOSE.length());
      held.setLength(end);
      reasoning(trimmedEnd());
      held.setLength(0);
      held.append(rest);
      state = State.ANSWER_START;
      return true;
    }
    int safe = held.length();
    for (int length = Math.min(CLOSE.length() - 1, held.length()); length > 0; length--) {
      if (CLOSE.startsWith(held.substring(held.length() - length))) {
        safe -= length;
        break;
      }
    }
    while (safe > 0 && held.charAt(safe - 1) == '\n') {
      safe--;
    }
    reasoning(safe);
    return false;
  }

  private int trimmedEnd() {
    int end = held.length();
    while (end > 0 && held.charAt(end - 1) == '\n') {
      end--;
    }
    return end;
  }

  private void reasoning(int length) {
    if (length > 0) {
      sink.reasoning(held.substring(0, length));
      held.delete(0, length);
    }
  }

  private void answer(int length) {
    if (length > 0) {
      sink.answer(held.substring(0, length));
      held.delete(0, length);
    }
  }
}
