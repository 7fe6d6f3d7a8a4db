package org.vesalius.runtime.generate;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
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
 * tokens that the family's formats need are shown to the parser, which takes them out again.
 */
final class AnswerText {
  private final StreamingDecoder decoder;
  private final StopStrings stops;
  private final AnswerParser parser;
  private final Map<Integer, String> marks = new HashMap<>();

  AnswerText(
      Tokenizer tokenizer,
      AnswerFormat format,
      ChatRequest request,
      EncodedPrompt prompt,
      GenerationListener listener) {
    for (String mark : format.marks()) {
      OptionalInt id = tokenizer.id(mark);
      if (id.isPresent() && tokenizer.isSpecial(id.getAsInt())) {
        marks.put(id.getAsInt(), mark);
      }
    }
    decoder = tokenizer.streamingDecoder(true);
    stops = new StopStrings(request.stopStrings());
    parser =
        new AnswerParser(
            format, prompt.openReasoning(), request.tools(), marks.values(), new Events(listener));
  }

  void append(int id) {
    parser.append(stops.append(decoder.append(id)));
    String mark = marks.get(id);
    if (mark != null) {
      // Past the decoder, which skips it: what a reader sees is then what decoding alone gives,
      // even
      // where a mark stands inside the bytes of a character.
      parser.append(stops.append(mark));
    }
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
