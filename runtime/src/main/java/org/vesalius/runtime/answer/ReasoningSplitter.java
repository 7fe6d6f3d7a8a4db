package org.vesalius.runtime.answer;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Splits a stream of text into reasoning and answer. Reasoning stands between two marks at the very
 * beginning; where the prompt has opened it already, the text begins inside. Line breaks next to
 * the marks belong to neither. A mark further on is text of the answer. Without a closing mark all
 * is reasoning.
 */
final class ReasoningSplitter {

  /** Receives the two streams. */
  interface Sink {
    void reasoning(String text);

    void answer(String text);
  }

  private enum State {
    UNDECIDED,
    HEADER,
    REASONING_START,
    REASONING,
    ANSWER_START,
    ANSWER
  }

  private final List<ReasoningFormat> formats;
  private final Sink sink;
  private final TextBuffer held = new TextBuffer();
  private @Nullable ReasoningFormat open;
  private State state;

  /** Where the held text has no closing mark before this. */
  private int searched;

  /**
   * @param opened the block that the prompt ends in, if it does
   */
  ReasoningSplitter(List<ReasoningFormat> formats, Optional<ReasoningFormat> opened, Sink sink) {
    this.formats = List.copyOf(formats);
    this.sink = sink;
    open = opened.orElse(null);
    state = opened.isPresent() ? State.HEADER : State.UNDECIDED;
  }

  /** Takes the next piece of text. */
  void append(String piece) {
    held.append(piece);
    while (advance()) {
      // every step empties the held text or changes the state
    }
  }

  /** Ends the stream; returns whether it ends inside a reasoning block. */
  boolean finish() {
    switch (state) {
      case UNDECIDED, ANSWER -> answer(held.length());
      case HEADER, REASONING_START, REASONING -> {
        reasoning(trimmedEnd(held.length()));
        return true;
      }
      case ANSWER_START -> {}
    }
    return false;
  }

  /** The block that the text is inside of. */
  @Nullable ReasoningFormat inside() {
    return switch (state) {
      case HEADER, REASONING_START, REASONING -> open;
      case UNDECIDED, ANSWER_START, ANSWER -> null;
    };
  }

  /** Whether what is held may become the closing mark. */
  boolean mayClose() {
    return state == State.REASONING && held.length() > searched;
  }

  /** Whether the text is behind the place of the reasoning. */
  boolean answers() {
    return state == State.ANSWER_START || state == State.ANSWER;
  }

  private boolean advance() {
    return switch (state) {
      case UNDECIDED -> decide();
      case HEADER -> skipHeader();
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
    // White space is remembered as searched, since there may be any amount of it.
    while (searched < held.length() && Character.isWhitespace(held.charAt(searched))) {
      searched++;
    }
    boolean unsure = false;
    for (ReasoningFormat format : formats) {
      if (held.startsWith(format.open(), searched)) {
        held.skip(searched + format.open().length());
        open = format;
        state = State.HEADER;
        searched = 0;
        return true;
      }
      unsure |= held.mayBecome(format.open(), searched);
    }
    if (unsure) {
      return false;
    }
    searched = 0;
    state = State.ANSWER;
    return true;
  }

  /** The header counts as one only with its line break, or before the closing mark. */
  private boolean skipHeader() {
    ReasoningFormat format = current();
    held.skip(breaks());
    if (!format.header().isEmpty()) {
      String line = format.header() + "\n";
      String empty = format.header() + format.close();
      if (held.mayBecome(line, 0) || held.mayBecome(empty, 0)) {
        return false;
      }
      if (held.startsWith(line, 0) || held.startsWith(empty, 0)) {
        held.skip(format.header().length());
      }
    }
    state = State.REASONING_START;
    return true;
  }

  private ReasoningFormat current() {
    if (open == null) {
      throw new IllegalStateException("no reasoning is open");
    }
    return open;
  }

  private int breaks() {
    int breaks = 0;
    while (breaks < held.length() && held.charAt(breaks) == '\n') {
      breaks++;
    }
    return breaks;
  }

  private boolean skipLineBreaks(State next) {
    held.skip(breaks());
    if (held.isEmpty()) {
      return false;
    }
    state = next;
    return true;
  }

  private boolean reason() {
    String close = current().close();
    int end = held.firstMark(List.of(close), searched);
    if (end < held.length() && held.startsWith(close, end)) {
      int kept = trimmedEnd(end);
      reasoning(kept);
      held.skip(end - kept + close.length());
      searched = 0;
      state = State.ANSWER_START;
      return true;
    }
    // Line breaks may turn out to stand before the mark; those searched already are all breaks.
    int safe = end;
    while (safe > searched && held.charAt(safe - 1) == '\n') {
      safe--;
    }
    if (safe > searched) {
      reasoning(safe);
      searched = end - safe;
    } else {
      searched = end;
    }
    return false;
  }

  private int trimmedEnd(int end) {
    int trimmed = end;
    while (trimmed > 0 && held.charAt(trimmed - 1) == '\n') {
      trimmed--;
    }
    return trimmed;
  }

  private void reasoning(int length) {
    if (length > 0) {
      sink.reasoning(held.take(length));
    }
  }

  private void answer(int length) {
    if (length > 0) {
      sink.answer(held.take(length));
    }
  }
}
