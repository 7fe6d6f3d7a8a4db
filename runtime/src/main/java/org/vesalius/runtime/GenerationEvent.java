package org.vesalius.runtime;

import org.vesalius.runtime.answer.ToolCall;

/** Something that happens while an answer is generated. */
public sealed interface GenerationEvent {

  /**
   * Template, tokens and pictures are ready.
   *
   * @param promptTokens length of the prompt
   * @param images number of pictures
   */
  record PromptReady(int promptTokens, int images) implements GenerationEvent {}

  /** The vision encoder has finished {@code done} of {@code total} pictures. */
  record VisionProgress(int done, int total) implements GenerationEvent {}

  /** The decoder has read {@code done} of {@code total} prompt tokens. */
  record PrefillProgress(int done, int total) implements GenerationEvent {}

  /** A token was chosen; its text may come later, when a character is complete. */
  record Token(int id) implements GenerationEvent {}

  /** More of the reasoning. */
  record ReasoningText(String text) implements GenerationEvent {}

  /** More of the answer. */
  record AnswerText(String text) implements GenerationEvent {}

  /** A tool call is complete, or known to be malformed. */
  record ToolCalled(ToolCall call) implements GenerationEvent {}

  /** The answer is complete. */
  record Finished(Generation generation) implements GenerationEvent {}
}
