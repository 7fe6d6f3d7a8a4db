package org.vesalius.cli;

import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;
import org.vesalius.runtime.GenerationEvent;

/** A progress bar on a terminal, nothing in a pipe. Gone when the first text comes. */
final class Progress implements AutoCloseable {
  private static final int DEFAULT_COLUMNS = 80;
  private static final int UPDATE_MILLIS = 100;

  private final Terminal terminal;
  private @Nullable ProgressBar bar;

  Progress(Terminal terminal) {
    this.terminal = terminal;
  }

  /** Begins something whose end is not known. */
  void begin(String name) {
    begin(name, -1);
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
              .clearDisplayOnFinish()
              .setConsumer(new ConsoleProgressBarConsumer(terminal.err(), columns()))
              .build();
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
      case GenerationEvent.VisionProgress(int done, int total) ->
          stepTo(done < total ? done : total);
      case GenerationEvent.PrefillProgress(int done, int total) -> {
        if (done < total) {
          begin("Prompt", total);
          stepTo(done);
        }
      }
      case GenerationEvent.Token _,
          GenerationEvent.ReasoningText _,
          GenerationEvent.AnswerText _,
          GenerationEvent.Finished _ ->
          close();
    }
  }

  private static int columns() {
    String columns = System.getenv("COLUMNS");
    try {
      return columns == null ? DEFAULT_COLUMNS : Math.max(20, Integer.parseInt(columns));
    } catch (NumberFormatException e) {
      return DEFAULT_COLUMNS;
    }
  }

  /** Takes the bar away. */
  @Override
  public void close() {
    if (bar != null) {
      bar.close();
      bar = null;
    }
  }
}
