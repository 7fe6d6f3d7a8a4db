package org.vesalius.runtime.answer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.vesalius.runtime.answer.Streams.Question;

/** Texts made to take long. Quadratic time would be about a quarter of an hour for each. */
class HostileTextTest {
  private static final Duration LONG = Duration.ofSeconds(30);

  static List<AnswerFormat> formats() {
    return List.of(
        AnswerFormat.QWEN2_VL,
        AnswerFormat.QWEN3_VL,
        AnswerFormat.MISTRAL,
        AnswerFormat.LLAMA,
        AnswerFormat.GEMMA3,
        AnswerFormat.SEED_VL);
  }

  private static List<String> texts(int size) {
    List<String> texts = new ArrayList<>();
    for (String begin :
        List.of(
            "",
            "<think>",
            "<unused94>",
            "<tool_call>",
            "<tool_call>{\"",
            "<seed:tool_call>",
            "<seed:tool_call><function=a>",
            "[TOOL_CALLS]",
            "[TOOL_CALLS]a[ARGS]",
            "{\"name\":",
            "```tool_code\na(x=",
            "{\"bbox_2d\":",
            "{\"")) {
      texts.add(begin + "[".repeat(size));
    }
    for (String part :
        List.of(
            "<",
            "\n",
            " ",
            "{",
            "```",
            "<tool_call>",
            "<tool_call></tool_call>",
            "<tool_call>{\"",
            "</tool_call>",
            "\\\"</tool_call>",
            "[TOOL_CALLS]",
            "[TOOL_CALLS]a[ARGS]{",
            "<|python_tag|>",
            "<parameter=a>1</parameter>",
            "{\"name\":",
            "{\"a\":",
            "{\"bbox_2d\":",
            "{\"bbox_2d\":}",
            "{\"box_2d\":[1,2,3,4]}",
            "bbox_2d:[",
            "{\"\\\"",
            "<bbox>",
            "<bbox>1 2 3 4</bbox>",
            "<box>",
            "<box>[[1,2,3,4]]</box>",
            "<|object_ref_start|>a<|object_ref_end|>",
            "<|box_start|>",
            "<|box_start|>(1,2),(3,4)<|box_end|>",
            "(")) {
      for (String begin : List.of("", "{\"")) {
        texts.add(begin + part.repeat(size / part.length()));
      }
    }
    return texts;
  }

  @ParameterizedTest
  @MethodSource("formats")
  void aMegabyteIsReadInLinearTime(AnswerFormat format) {
    PictureFrame frame = new PictureFrame(10, 10, 10, 10, (x, y) -> new double[] {x, y});
    List<Map<String, Object>> tools = List.of(Map.of("name", "a"));
    Question question = Question.of(format).withTools(tools).seeing(frame);
    for (String text : texts(1 << 18)) {
      ParsedAnswer answer =
          assertTimeout(LONG, () -> question.parse(List.of(text)), () -> text.substring(0, 40));
      boolean proper = answer.toolCalls().stream().anyMatch(call -> !call.isMalformed());
      assertTrue(
          proper || answer.reasoningUnclosed() || answer.text().equals(text),
          () -> "the text is kept: " + text.substring(0, 40));
    }
    ParsedAnswer brackets = assertTimeout(LONG, () -> question.parse(List.of("[".repeat(1 << 20))));
    assertEquals(1 << 20, brackets.text().length());
  }

  @ParameterizedTest
  @MethodSource("formats")
  void piecesMakeNoDifference(AnswerFormat format) {
    Question question = Question.of(format).withTools(List.of(Map.of("name", "a")));
    for (String text : texts(1 << 12)) {
      ParsedAnswer whole = question.parse(List.of(text));
      List<String> single = text.chars().mapToObj(Character::toString).toList();
      assertEquals(whole, question.parse(single), () -> text.substring(0, 40));
    }
  }
}
