package org.vesalius.runtime.answer;

/**
 * How a model marks its reasoning.
 *
 * @param open what begins it
 * @param close what ends it
 * @param header a line that stands between the mark and the reasoning and belongs to neither, such
 *     as {@code thought}; empty where there is none. It is left out where the model writes it
 */
public record ReasoningFormat(String open, String close, String header) {
  /** Qwen3, the fine-tunes that follow DeepSeek-R1, and most others. */
  public static final ReasoningFormat THINK = new ReasoningFormat("<think>", "</think>", "");

  /**
   * Seed-OSS and Seed-VL. The model's notes on its budget, {@code <seed:cot_budget_reflect>…}, are
   * part of the reasoning and stay in it as written.
   */
  public static final ReasoningFormat SEED =
      new ReasoningFormat("<seed:think>", "</seed:think>", "");

  /** MedGemma 27B and 1.5: two unused tokens and a line that says what follows. */
  public static final ReasoningFormat MEDGEMMA =
      new ReasoningFormat("<unused94>", "<unused95>", "thought");

  /** Checks that there are marks. */
  public ReasoningFormat {
    if (open.isBlank() || close.isBlank() || header.contains("\n")) {
      throw new IllegalArgumentException(
          "expected two marks and a header of one line, found \""
              + open
              + "\", \""
              + close
              + "\", \""
              + header
              + "\"");
    }
  }

  /**
   * Where the opening mark stands in a prompt that ends inside a reasoning block, line breaks and
   * header after it allowed; -1 if it ends elsewhere.
   */
  public int openedAt(String prompt) {
    String text = prompt.stripTrailing();
    if (!header.isEmpty() && text.endsWith(header)) {
      String before = text.substring(0, text.length() - header.length()).stripTrailing();
      if (before.endsWith(open)) {
        return before.length() - open.length();
      }
    }
    return text.endsWith(open) ? text.length() - open.length() : -1;
  }
}
