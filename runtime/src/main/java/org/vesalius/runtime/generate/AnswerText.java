package org.vesalius.runtime.generate;

import java.util.List;
import org.vesalius.runtime.GenerationEvent;
import org.vesalius.runtime.GenerationListener;
import org.vesalius.tokenizer.StreamingDecoder;
import org.vesalius.tokenizer.Tokenizer;

/**
 * The text of an answer as it grows: whole characters, cut at stop strings, reasoning apart from
 * the answer.
 */
final class AnswerText implements ReasoningSplitter.Sink {
  private final StreamingDecoder decoder;
  private final StopStrings stops;
  private final ReasoningSplitter splitter;
  private final GenerationListener listener;
  private final StringBuilder reasoning = new StringBuilder();
  private final StringBuilder answer = new StringBuilder();

  AnswerText(
      Tokenizer tokenizer,
      List<String> stopStrings,
      boolean reasoningOpen,
      GenerationListener listener) {
    decoder = tokenizer.streamingDecoder(true);
    stops = new StopStrings(stopStrings);
    splitter = new ReasoningSplitter(reasoningOpen, this);
    this.listener = listener;
  }

  void append(int id) {
    splitter.append(stops.append(decoder.append(id)));
  }

  boolean stopped() {
    return stops.stopped();
  }

  void finish() {
    splitter.append(stops.append(decoder.finish()));
    splitter.append(stops.finish());
    splitter.finish();
  }

  String reasoning() {
    return reasoning.toString();
  }

  String answer() {
    return answer.toString();
  }

  @Override
  public void reasoning(String text) {
    reasoning.append(text);
    listener.on(new GenerationEvent.ReasoningText(text));
  }

  @Override
  public void answer(String text) {
    answer.append(text);
    listener.on(new GenerationEvent.AnswerText(text));
  }
}
