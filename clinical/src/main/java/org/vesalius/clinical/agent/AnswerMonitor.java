package org.vesalius.clinical.agent;

import java.util.Optional;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.answer.ToolCall;

/**
 * Keeps the answer that each turn gives, if it gives one beside its calls, and says when it has not
 * changed for a while: more evidence then rather confuses (the over-evidence monitor of DeepMed,
 * arXiv 2601.18496).
 */
final class AnswerMonitor {
  private final int window;
  private String last = "";
  private Optional<Generation> lastGeneration = Optional.empty();
  private int same;

  AnswerMonitor(int window) {
    this.window = window;
  }

  /**
   * Takes the answer of a turn; a turn that only calls tools says nothing, nor does one whose calls
   * are malformed, since their text stays in the answer.
   */
  void observe(Generation generation) {
    if (generation.toolCalls().stream().anyMatch(ToolCall::isMalformed)) {
      return;
    }
    String answer = generation.taggedAnswer().orElse(generation.text()).strip();
    if (answer.isEmpty()) {
      return;
    }
    same = normal(answer).equals(normal(last)) ? same + 1 : 1;
    last = answer;
    lastGeneration = Optional.of(generation);
  }

  boolean isStable() {
    return same >= window;
  }

  /** The last answer there was. */
  Optional<String> answer() {
    return last.isEmpty() ? Optional.empty() : Optional.of(last);
  }

  /** The turn that gave it. */
  Optional<Generation> generation() {
    return lastGeneration;
  }

  private static String normal(String text) {
    return text.replaceAll("\\s+", " ");
  }
}
