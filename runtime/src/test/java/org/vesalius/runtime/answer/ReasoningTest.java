package org.vesalius.runtime.answer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.vesalius.runtime.answer.Streams.Question;

class ReasoningTest {

  private static void check(Question question, String text, String reasoning, String answer) {
    ParsedAnswer parsed = question.parse(text);
    assertEquals(reasoning, parsed.reasoning());
    assertEquals(answer, parsed.text());
    assertFalse(parsed.reasoningUnclosed());
  }

  @Test
  void thinkTags() {
    check(
        Question.of(AnswerFormat.QWEN3),
        "\n<think>\n\na < b\n\nc\n</think>\n\nYes.\n",
        "a < b\n\nc",
        "Yes.\n");
  }

  @Test
  void theAnswerTagsOfTunedModelsStay() {
    check(
        Question.of(AnswerFormat.QWEN2_5_VL),
        "<think>look</think>\n<answer> B </answer>",
        "look",
        "<answer> B </answer>");
  }

  @Test
  void seedTagsWithBudgetNotes() {
    check(
        Question.of(AnswerFormat.SEED_OSS),
        "<seed:think>one <seed:cot_budget_reflect>12 used</seed:cot_budget_reflect> two"
            + "</seed:think>\nThree",
        "one <seed:cot_budget_reflect>12 used</seed:cot_budget_reflect> two",
        "Three");
  }

  @Test
  void medGemmaTokensWithAHeader() {
    Question question = Question.of(AnswerFormat.GEMMA3);
    check(question, "<unused94>thought\nfirst\n<unused95>The answer", "first", "The answer");
    check(question, "<unused94>thoughtful\n<unused95>A", "thoughtful", "A");
    check(question, "<unused94>\n\nno header<unused95>A", "no header", "A");
    check(question, "<unused94>thought<unused95>A", "", "A");
    check(question.opened(ReasoningFormat.MEDGEMMA), "thought\nx<unused95>A", "x", "A");
    check(question.opened(ReasoningFormat.MEDGEMMA), "x<unused95>A", "x", "A");
  }

  @Test
  void aPromptMayHaveOpenedTheBlock() {
    assertEquals(3, ReasoningFormat.THINK.openedAt("abc<think>\n"));
    assertEquals(-1, ReasoningFormat.THINK.openedAt("abc<think>\n\n</think>\n\n"));
    assertEquals(1, ReasoningFormat.MEDGEMMA.openedAt("a<unused94>thought\n"));
    assertEquals(1, ReasoningFormat.MEDGEMMA.openedAt("a<unused94>"));
    assertEquals(-1, ReasoningFormat.MEDGEMMA.openedAt("a thought\n"));
    check(Question.of(AnswerFormat.QWEN3).opened(ReasoningFormat.THINK), "x</think>y", "x", "y");
  }

  @Test
  void reasoningThatNeverEndsIsVisible() {
    for (String text : new String[] {"<think>on and on </thin", "<think>", "<think>\n"}) {
      ParsedAnswer parsed = Question.of(AnswerFormat.QWEN3).parse(text);
      assertTrue(parsed.reasoningUnclosed(), text);
      assertEquals("", parsed.text());
    }
    ParsedAnswer opened =
        Question.of(AnswerFormat.SEED_OSS).opened(ReasoningFormat.SEED).parse("abc");
    assertTrue(opened.reasoningUnclosed());
    assertEquals("abc", opened.reasoning());
    ParsedAnswer header =
        Question.of(AnswerFormat.GEMMA3).opened(ReasoningFormat.MEDGEMMA).parse("thou");
    assertEquals("thou", header.reasoning());
  }

  @Test
  void anotherFamilysTagsAreText() {
    check(Question.of(AnswerFormat.GEMMA3), "<think>a</think>b", "", "<think>a</think>b");
  }

  @Test
  void specialTokensAreNotPartOfReasoningOrAnswer() {
    check(
        Question.of(AnswerFormat.QWEN2_VL).hiding(GroundingFormat.QWEN2_VL.marks()),
        "<think>at <|box_start|>(1,2)<|box_end|></think>It is <|box_start|>here",
        "at (1,2)",
        "It is here");
  }
}
