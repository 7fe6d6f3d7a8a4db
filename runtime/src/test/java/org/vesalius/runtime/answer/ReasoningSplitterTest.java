package org.vesalius.runtime.answer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ReasoningSplitterTest {

  private static final class Collected implements ReasoningSplitter.Sink {
    final StringBuilder reasoning = new StringBuilder();
    final StringBuilder answer = new StringBuilder();

    @Override
    public void reasoning(String text) {
      reasoning.append(text);
    }

    @Override
    public void answer(String text) {
      answer.append(text);
    }
  }

  private static String split(String text, boolean inside, long seed) {
    Random random = new Random(seed);
    Collected collected = new Collected();
    ReasoningSplitter splitter =
        new ReasoningSplitter(
            List.of(ReasoningFormat.THINK),
            inside ? Optional.of(ReasoningFormat.THINK) : Optional.empty(),
            collected);
    for (int i = 0; i < text.length(); ) {
      int end = Math.min(text.length(), i + 1 + random.nextInt(5));
      splitter.append(text.substring(i, end));
      i = end;
    }
    splitter.finish();
    return collected.reasoning + "|" + collected.answer;
  }

  private static void check(String expected, String text, boolean inside) {
    for (long seed = 0; seed < 200; seed++) {
      assertEquals(expected, split(text, inside, seed), "seed " + seed);
    }
  }

  @Test
  void anAnswerWithoutReasoning() {
    check("|No. a < b, <b>", "No. a < b, <b>", false);
  }

  @Test
  void reasoningThenAnswer() {
    check(
        "Right base: sharp.\n\nLeft.|No.",
        "<think>\nRight base: sharp.\n\nLeft.\n</think>\n\nNo.",
        false);
  }

  @Test
  void reasoningThatThePromptOpened() {
    check("one </ two|three", "one </ two</think>three", true);
  }

  @Test
  void reasoningThatNeverEnds() {
    check("so </thin|", "<think>so </thin", false);
  }

  @Test
  void emptyReasoning() {
    check("|Yes.", "<think>\n\n</think>\n\nYes.", false);
  }

  @Test
  void aMarkInTheMiddleIsText() {
    check("|The tag <think> is text</think>.", "The tag <think> is text</think>.", false);
  }

  @Test
  void onlyTheBeginningOfAMark() {
    check("|<thi", "<thi", false);
  }
}
