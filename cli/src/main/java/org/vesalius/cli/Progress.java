package org.vesalius.cli;

import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarConsumer;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;
import org.vesalius.runtime.GenerationEvent;

/** A progress bar on a terminal, nothing in a pipe. Gone when the first text comes. */
final class Progress implements AutoCloseable {
  private static final int DEFAULT_COLUMNS = 80;
  private static final int FEWEST_COLUMNS = 20;
  private static final int UPDATE_MILLIS = 100;

  private final Terminal terminal;
  private @Nullable ProgressBar bar;
  private boolean shown;

  Progress(Terminal terminal) {
    this.terminal = terminal;
  }

  /** Begins something whose end is not known. */
  void begin(String name) {
    close();
    if (terminal.errIsTerminal()) {
      terminal.err().print(terminal.dim(name + "..."));
      terminal.err().flush();
      shown = true;
    }
  }

  /** Begins something of {@code total} steps. */
  void begin(String name, long total) {
    close();
    if (terminal.errIsTerminal()) {
      bar =
          new ProgressBarBuilder()
              .setTaskName(name)
              .setInitialMax(total)
              .setStyle(ProgressBarStyle.ASCII)
              .setUpdateIntervalMillis(UPDATE_MILLIS)
              .setConsumer(new Line(terminal))
              .build();
      shown = true;
    }
  }

  void stepTo(long done) {
    if (bar != null) {
      bar.stepTo(done);
    }
  }

  /** Follows a generation up to its first token. */
  void on(GenerationEvent event) {
    switch (event) {
      case GenerationEvent.PromptReady(int tokens, int images) ->
          begin(images > 0 ? "Images" : "Prompt", images > 0 ? images : tokens);
      case GenerationEvent.VisionProgress(int done, int total) -> {
        stepTo(done);
        if (done == total) {
          begin("Prompt");
        }
      }
      case GenerationEvent.PrefillProgress(int done, int total) -> {
        if (done < total) {
          if (bar == null) {
            begin("Prompt", total);
          }
          stepTo(done);
        }
      }
      case GenerationEvent.Token _,
          GenerationEvent.ReasoningText _,
          GenerationEvent.AnswerText _,
          GenerationEvent.ToolCalled _,
          GenerationEvent.Finished _ ->
          close();
    }
  }

  /** Takes the bar away. */
  @Override
  public void close() {
    if (bar != null) {
      bar.close();
      bar = null;
    }
    if (shown) {
      terminal.err().print(terminal.freshLine());
      terminal.err().flush();
      shown = false;
    }
  }

  /** Draws the bar over itself, without the library's search for the kind of terminal. */
  private record Line(Terminal terminal) implements ProgressBarConsumer {
    @Override
    public int getMaxRenderedLength() {
      String columns = System.getenv("COLUMNS");
      try {
        return columns == null
            ? DEFAULT_COLUMNS
            : Math.max(FEWEST_COLUMNS, Integer.parseInt(columns));
      } catch (NumberFormatException e) {
        return DEFAULT_COLUMNS;
      }
    }

    @Override
    public void accept(String rendered) {
      terminal.err().print("\r" + rendered);
      terminal.err().flush();
    }

    @Override
    public void close() {}
  }
}
