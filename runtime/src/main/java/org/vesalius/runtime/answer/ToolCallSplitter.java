package org.vesalius.runtime.answer;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Takes the tool calls out of a stream of text. Line breaks around a proper call belong to neither;
 * the text of a malformed call stays. What stands between the marks of reasoning is not looked at:
 * a model that thinks of a call does not make it.
 */
final class ToolCallSplitter {

  /** Receives text and calls in order. */
  interface Sink {
    void text(String text);

    void call(ToolCall call);
  }

  private enum State {
    START,
    TEXT,
    REASONING,
    BLOCK
  }

  private final CallSyntax syntax;
  private final List<ReasoningFormat> reasoning;
  private final Sink sink;
  private final List<String> marks = new ArrayList<>();
  private final TextBuffer held = new TextBuffer();
  private final StringBuilder breaks = new StringBuilder();
  private State state = State.START;
  private @Nullable CallBlock block;
  private String closing = "";
  private int searched;
  private boolean written;
  private boolean called;
  private boolean justCalled;

  ToolCallSplitter(CallSyntax syntax, List<ReasoningFormat> reasoning, Sink sink) {
    this.syntax = syntax;
    this.reasoning = reasoning;
    this.sink = sink;
    marks.addAll(syntax.marks());
    reasoning.forEach(format -> marks.add(format.open()));
  }

  void append(String piece) {
    held.append(piece);
    while (advance()) {
      // every step takes text or changes the state
    }
  }

  void finish() {
    String rest = held.take(held.length());
    if (block != null) {
      emit(block.calls(rest, false), rest);
    } else {
      text(rest);
    }
    if (!justCalled) {
      writeBreaks();
    }
  }

  private boolean advance() {
    return switch (state) {
      case START -> start();
      case TEXT -> text();
      case REASONING -> reasoning();
      case BLOCK -> block();
    };
  }

  private boolean start() {
    while (searched < held.length() && Character.isWhitespace(held.charAt(searched))) {
      searched++;
    }
    if (searched == held.length()) {
      return false;
    }
    block = syntax.openAnswer(held.charAt(searched));
    state = block == null ? State.TEXT : State.BLOCK;
    return true;
  }

  private boolean text() {
    text(held.take(held.firstMark(marks, 0)));
    for (String mark : syntax.marks()) {
      if (held.startsWith(mark, 0)) {
        block = syntax.open(mark);
        state = State.BLOCK;
        return true;
      }
    }
    for (ReasoningFormat format : reasoning) {
      if (held.startsWith(format.open(), 0)) {
        text(held.take(format.open().length()));
        closing = format.close();
        state = State.REASONING;
        return true;
      }
    }
    return false;
  }

  private boolean reasoning() {
    text(held.take(held.firstMark(List.of(closing), 0)));
    if (!held.startsWith(closing, 0)) {
      return false;
    }
    text(held.take(closing.length()));
    state = State.TEXT;
    return true;
  }

  private boolean block() {
    CallBlock open = block;
    int end = open == null ? CallBlock.NONE : open.end(held);
    if (open == null || end == CallBlock.NONE) {
      block = null;
      state = State.TEXT;
      return true;
    }
    if (end == CallBlock.MORE) {
      return false;
    }
    String raw = held.take(end);
    block = null;
    state = State.TEXT;
    emit(open.calls(raw, true), raw);
    return true;
  }

  private void emit(List<ToolCall> calls, String raw) {
    if (calls.stream().allMatch(ToolCall::isMalformed)) {
      text(raw);
      calls.forEach(sink::call);
      return;
    }
    for (ToolCall call : calls) {
      if (call.isMalformed()) {
        text(call.raw());
      } else {
        breaks.setLength(0);
        called = true;
        justCalled = true;
      }
      sink.call(call);
    }
  }

  private void text(String piece) {
    int begin = 0;
    while (begin < piece.length() && piece.charAt(begin) == '\n') {
      begin++;
    }
    int end = piece.length();
    while (end > begin && piece.charAt(end - 1) == '\n') {
      end--;
    }
    breaks.append(piece, 0, begin);
    if (end > begin) {
      writeBreaks();
      sink.text(piece.substring(begin, end));
      written = true;
      justCalled = false;
    }
    breaks.append(piece, end, piece.length());
  }

  private void writeBreaks() {
    if (!breaks.isEmpty() && (written || !called)) {
      sink.text(breaks.toString());
    }
    breaks.setLength(0);
  }
}
