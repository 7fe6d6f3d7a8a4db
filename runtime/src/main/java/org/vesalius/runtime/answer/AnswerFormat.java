package org.vesalius.runtime.answer;

import java.util.ArrayList;
import java.util.List;

/**
 * How the models of a family write reasoning, tool calls and places in pictures. A family names one
 * of these; nothing else asks which family a model is of.
 *
 * @param reasoning the marks of reasoning; several where fine-tunes of one family differ
 * @param toolCalls how tools are called
 * @param grounding how places are written
 */
public record AnswerFormat(
    List<ReasoningFormat> reasoning, ToolCallFormat toolCalls, GroundingFormat grounding) {

  /** Qwen2 and Qwen2.5; fine-tunes of them reason. */
  public static final AnswerFormat QWEN2 = thinking(ToolCallFormat.HERMES, GroundingFormat.NONE);

  /** Qwen3, dense or with experts. */
  public static final AnswerFormat QWEN3 = QWEN2;

  /** Qwen2-VL and its fine-tunes, such as MedVLM-R1. */
  public static final AnswerFormat QWEN2_VL =
      thinking(ToolCallFormat.HERMES, GroundingFormat.QWEN2_VL);

  /** Qwen2.5-VL and its fine-tunes, such as Lingshu and QoQ-Med. */
  public static final AnswerFormat QWEN2_5_VL =
      thinking(ToolCallFormat.HERMES, GroundingFormat.QWEN2_5_VL);

  /** Qwen3-VL, dense or with experts, and its fine-tunes, such as MedMO. */
  public static final AnswerFormat QWEN3_VL =
      thinking(ToolCallFormat.HERMES, GroundingFormat.QWEN3_VL);

  /** Gemma 3 and MedGemma, with pictures or without. */
  public static final AnswerFormat GEMMA3 =
      new AnswerFormat(
          List.of(ReasoningFormat.MEDGEMMA), ToolCallFormat.GEMMA, GroundingFormat.GEMMA);

  /** LLaVA and its relatives, which neither call tools nor point. */
  public static final AnswerFormat LLAVA = thinking(ToolCallFormat.NONE, GroundingFormat.NONE);

  /** Llama 3. */
  public static final AnswerFormat LLAMA =
      thinking(ToolCallFormat.LLAMA_JSON, GroundingFormat.NONE);

  /** Mistral. */
  public static final AnswerFormat MISTRAL = thinking(ToolCallFormat.MISTRAL, GroundingFormat.NONE);

  /** Seed-OSS. */
  public static final AnswerFormat SEED_OSS = seed(GroundingFormat.NONE);

  /** Seed-VL. */
  public static final AnswerFormat SEED_VL = seed(GroundingFormat.SEED);

  /** Copies the list. */
  public AnswerFormat {
    reasoning = List.copyOf(reasoning);
  }

  private static AnswerFormat thinking(ToolCallFormat toolCalls, GroundingFormat grounding) {
    return new AnswerFormat(List.of(ReasoningFormat.THINK), toolCalls, grounding);
  }

  private static AnswerFormat seed(GroundingFormat grounding) {
    return new AnswerFormat(
        List.of(ReasoningFormat.SEED, ReasoningFormat.THINK), ToolCallFormat.SEED_XML, grounding);
  }

  /** All marks that must be seen in the text, though a tokenizer may call them special. */
  public List<String> marks() {
    List<String> marks = new ArrayList<>();
    for (ReasoningFormat format : reasoning) {
      marks.add(format.open());
      marks.add(format.close());
    }
    marks.addAll(toolCalls.marks());
    marks.addAll(grounding.marks());
    return List.copyOf(marks);
  }
}
