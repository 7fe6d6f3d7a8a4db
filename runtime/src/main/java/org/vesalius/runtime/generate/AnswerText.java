package org.vesalius.runtime.generate;

import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.GenerationEvent;
import org.vesalius.runtime.GenerationListener;
import org.vesalius.runtime.answer.AnswerFormat;
import org.vesalius.runtime.answer.AnswerParser;
import org.vesalius.runtime.answer.ParsedAnswer;
import org.vesalius.runtime.answer.PictureFrame;
import org.vesalius.runtime.answer.ToolCall;
import org.vesalius.tokenizer.StreamingDecoder;
import org.vesalius.tokenizer.Tokenizer;

/**
 * The text of an answer as it grows: whole characters, cut at stop strings, taken apart. Special
 * tokens that the family's formats need are decoded for the parser, which takes them out again.
 */
final class AnswerText {
  private final StreamingDecoder decoder;
  private final StopStrings stops;
  private final AnswerParser parser;

  AnswerText(
      Tokenizer tokenizer,
      AnswerFormat format,
      ChatRequest request,
      EncodedPrompt prompt,
      GenerationListener listener) {
    Set<String> hidden = new HashSet<>();
    Set<Integer> kept = new HashSet<>();
    for (String mark : format.marks()) {
      OptionalInt id = tokenizer.id(mark);
      if (id.isPresent() && tokenizer.isSpecial(id.getAsInt())) {
        hidden.add(mark);
        kept.add(id.getAsInt());
      }
    }
    decoder = tokenizer.streamingDecoder(true, kept);
    stops = new StopStrings(request.stopStrings());
    parser =
        new AnswerParser(
            format, prompt.openReasoning(), request.tools(), hidden, new Events(listener));
  }

  void append(int id) {
    parser.append(stops.append(decoder.append(id)));
  }

  boolean stopped() {
    return stops.stopped();
  }

  ParsedAnswer finish(List<PictureFrame> pictures) {
    parser.append(stops.append(decoder.finish()));
    parser.append(stops.finish());
    return parser.finish(pictures);
  }

  private record Events(GenerationListener listener) implements AnswerParser.Listener {
    @Override
    public void reasoning(String text) {
      listener.on(new GenerationEvent.ReasoningText(text));
    }

    @Override
    public void text(String text) {
      listener.on(new GenerationEvent.AnswerText(text));
    }

    @Override
    public void toolCall(ToolCall call) {
      listener.on(new GenerationEvent.ToolCalled(call));
    }
  }
}
