package org.vesalius.runtime.answer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/** Feeds a text to a parser in every way that matters and demands one result. */
final class Streams {
  private Streams() {}

  /** What a parser is asked to read. */
  record Question(
      AnswerFormat format,
      Optional<ReasoningFormat> opened,
      List<Map<String, Object>> tools,
      List<String> hidden,
      List<PictureFrame> pictures) {

    static Question of(AnswerFormat format) {
      return new Question(format, Optional.empty(), List.of(), List.of(), List.of());
    }

    Question withTools(List<Map<String, Object>> offered) {
      return new Question(format, opened, offered, hidden, pictures);
    }

    Question opened(ReasoningFormat block) {
      return new Question(format, Optional.of(block), tools, hidden, pictures);
    }

    Question hiding(List<String> marks) {
      return new Question(format, opened, tools, marks, pictures);
    }

    Question seeing(PictureFrame... frames) {
      return new Question(format, opened, tools, hidden, List.of(frames));
    }

    /** The answer, from one piece, from single characters, and from random pieces. */
    ParsedAnswer parse(String text) {
      ParsedAnswer whole = parse(List.of(text));
      assertEquals(whole, parse(text.chars().mapToObj(Character::toString).toList()), text);
      for (long seed = 0; seed < 40; seed++) {
        assertEquals(whole, parse(pieces(text, seed)), "seed " + seed + ": " + text);
      }
      return whole;
    }

    ParsedAnswer parse(List<String> pieces) {
      StringBuilder streamed = new StringBuilder();
      StringBuilder reasoned = new StringBuilder();
      List<ToolCall> called = new ArrayList<>();
      AnswerParser parser =
          new AnswerParser(
              format,
              opened,
              tools,
              hidden,
              new AnswerParser.Listener() {
                @Override
                public void reasoning(String piece) {
                  reasoned.append(piece);
                }

                @Override
                public void text(String piece) {
                  streamed.append(piece);
                }

                @Override
                public void toolCall(ToolCall call) {
                  called.add(call);
                }
              });
      pieces.forEach(parser::append);
      ParsedAnswer answer = parser.finish(pictures);
      assertEquals(answer.text(), streamed.toString(), "the streamed text is the answer");
      assertEquals(answer.reasoning(), reasoned.toString(), "the streamed reasoning");
      assertEquals(answer.toolCalls(), called, "the streamed calls");
      return answer;
    }
  }

  private static List<String> pieces(String text, long seed) {
    Random random = new Random(seed);
    List<String> pieces = new ArrayList<>();
    for (int at = 0; at < text.length(); ) {
      int end = Math.min(text.length(), at + 1 + random.nextInt(12));
      pieces.add(text.substring(at, end));
      at = end;
    }
    return pieces;
  }
}
