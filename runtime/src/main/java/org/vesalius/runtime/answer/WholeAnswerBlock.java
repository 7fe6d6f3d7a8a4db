package org.vesalius.runtime.answer;

import java.util.List;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Calls that are the whole answer, without marks: only a beginning that looks like one counts. */
final class WholeAnswerBlock implements CallBlock {
  private static final int LONGEST_BEGINNING = 200;

  private final Pattern beginning;
  private final Function<String, List<ToolCall>> reader;
  private boolean looksRight;

  WholeAnswerBlock(Pattern beginning, Function<String, List<ToolCall>> reader) {
    this.beginning = beginning;
    this.reader = reader;
  }

  @Override
  public int end(TextBuffer text) {
    if (!looksRight) {
      Matcher matcher =
          beginning.matcher(text.subSequence(0, Math.min(text.length(), LONGEST_BEGINNING)));
      if (!matcher.lookingAt()) {
        return matcher.hitEnd() && text.length() < LONGEST_BEGINNING ? MORE : NONE;
      }
      looksRight = true;
    }
    return MORE;
  }

  @Override
  public List<ToolCall> calls(String raw, boolean ended) {
    return looksRight ? reader.apply(raw) : List.of();
  }
}
