package org.vesalius.cli;

import org.vesalius.runtime.Cancellation;
import org.vesalius.runtime.GenerationEvent;

/**
 * Prints an answer as it grows: the answer on standard output, the reasoning on standard error, so
 * that a pipe gets the answer alone.
 */
final class AnswerPrinter {
  private enum State {
    NOTHING,
    REASONING,
    ANSWER
  }

  private final Terminal terminal;
  private final Progress progress;
  private final Cancellation cancellation;
  private State state = State.NOTHING;
  private boolean lineOpen;

  AnswerPrinter(Terminal terminal, Progress progress, Cancellation cancellation) {
    this.terminal = terminal;
    this.progress = progress;
    this.cancellation = cancellation;
  }

  void on(GenerationEvent event) {
    progress.on(event);
    switch (event) {
      case GenerationEvent.ReasoningText(String text) -> reasoning(text);
      case GenerationEvent.AnswerText(String text) -> answer(text);
      default -> {}
    }
  }

  private void reasoning(String text) {
    if (state == State.NOTHING && !terminal.errIsTerminal()) {
      terminal.err().print("reasoning: ");
    }
    state = State.REASONING;
    terminal.err().print(terminal.dim(text));
    terminal.err().flush();
  }

  private void answer(String text) {
    if (state == State.REASONING) {
      terminal.err().println();
    }
    state = State.ANSWER;
    terminal.out().print(text);
    lineOpen = !text.endsWith("\n");
    // Nobody reads any more, as in "vesalius run ... | head -1": going on would be for nothing.
    if (terminal.out().checkError()) {
      cancellation.cancel();
    }
  }

  /** Ends the last line. */
  void end() {
    if (state == State.REASONING) {
      terminal.err().println();
    }
    if (lineOpen || state != State.ANSWER) {
      terminal.out().println();
    }
  }
}
