package org.vesalius.runtime.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.GenerationEvent;
import org.vesalius.runtime.answer.AnswerFormat;
import org.vesalius.runtime.answer.ParsedAnswer;
import org.vesalius.runtime.answer.PictureFrame;
import org.vesalius.runtime.answer.Region;
import org.vesalius.runtime.models.PositionRule;
import org.vesalius.tokenizer.Tokenizer;

/** Tokens to parsed answers, with a tokenizer whose box marks are special tokens. */
class AnswerTextTest {
  private static final Tokenizer TOKENIZER =
      Tokenizer.load(
          Path.of(System.getProperty("vesalius.root", ".."))
              .resolve("src/test/fixtures/qwen2_5_vl"));
  private static final PictureFrame FRAME =
      new PictureFrame(2000, 1000, 500, 250, (x, y) -> new double[] {4 * x, 4 * y});

  private static ParsedAnswer answer(int[] ids, List<GenerationEvent> events) {
    EncodedPrompt prompt =
        new EncodedPrompt(
            "",
            new int[0],
            PositionRule.SEQUENTIAL.number(0, List.of()),
            List.of(),
            List.of(),
            Optional.empty());
    ChatRequest request = ChatRequest.builder().user("?").build();
    AnswerText text =
        new AnswerText(TOKENIZER, AnswerFormat.QWEN2_VL, request, prompt, events::add);
    for (int id : ids) {
      text.append(id);
    }
    return text.finish(List.of(FRAME));
  }

  @Test
  void boxTokensAreReadAndNotShown() {
    String written =
        "The <|object_ref_start|>nodule<|object_ref_end|><|box_start|>(100,200),(300,400)<|box_end|>.<|im_end|>";
    int[] ids = TOKENIZER.encode(written);
    assertTrue(TOKENIZER.isSpecial(TOKENIZER.id("<|box_start|>").orElseThrow()), "special");
    List<GenerationEvent> events = new ArrayList<>();
    ParsedAnswer answer = answer(ids, events);
    assertEquals("The nodule(100,200),(300,400).", answer.text());
    assertEquals(TOKENIZER.decode(ids, true), answer.text());
    Region.Box box = (Region.Box) answer.regions().getFirst();
    assertEquals("nodule", box.label());
    assertEquals(200, box.x0());
    assertEquals(400, box.y1());
    StringBuilder streamed = new StringBuilder();
    for (GenerationEvent event : events) {
      if (event instanceof GenerationEvent.AnswerText(String piece)) {
        streamed.append(piece);
      }
    }
    assertEquals(answer.text(), streamed.toString());
  }

  @Test
  void callsAreEvents() {
    List<GenerationEvent> events = new ArrayList<>();
    ParsedAnswer answer =
        answer(
            TOKENIZER.encode(
                "Look.\n<tool_call>\n{\"name\": \"zoom\", \"arguments\": {\"x\": 1}}\n</tool_call><|im_end|>"),
            events);
    assertEquals("Look.", answer.text());
    assertEquals(new GenerationEvent.ToolCalled(answer.toolCalls().getFirst()), events.getLast());
    assertEquals("{\"x\":1}", answer.toolCalls().getFirst().argumentsJson());
  }

  /** Whatever a model writes, the text is what the tokenizer decodes without special tokens. */
  @Test
  void noiseDecodesAsWithoutAnyFormat() {
    for (long seed = 0; seed < 300; seed++) {
      Random random = new Random(seed);
      int[] ids = random.ints(60, 0, TOKENIZER.size()).toArray();
      for (int i = 0; i < ids.length; i += 7) {
        ids[i] = TOKENIZER.id("<|box_start|>").orElseThrow() + random.nextInt(3);
      }
      assertEquals(
          TOKENIZER.decode(ids, true), answer(ids, new ArrayList<>()).text(), "seed " + seed);
    }
  }
}
