package org.vesalius.runtime.answer;

import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The ways of calling that prompts for Gemma ask for. */
final class GemmaSyntax implements CallSyntax {
  private static final String FENCE = "```";
  private static final String PYTHON = FENCE + "tool_code";
  private static final String JSON = FENCE + "json";
  private static final List<String> KEYS = List.of("parameters", "arguments", "args");
  private static final Pattern OBJECTS =
      Pattern.compile("\\s*(\\[\\s*)?\\{\\s*\"(name|parameters|arguments|args)\"\\s*:");
  private static final Pattern LIST = Pattern.compile("\\s*\\[\\s*[A-Za-z_][\\w.]*\\(");

  @Override
  public List<String> marks() {
    return List.of(PYTHON, JSON);
  }

  @Override
  public CallBlock open(String mark) {
    return new Fence(mark);
  }

  @Override
  public @Nullable CallBlock openAnswer(char first) {
    return switch (first) {
      case '{', '[' ->
          new WholeAnswerBlock(
              Pattern.compile(OBJECTS.pattern() + "|" + LIST.pattern()), GemmaSyntax::answer);
      default -> null;
    };
  }

  private static List<ToolCall> answer(String text) {
    return LIST.matcher(text).lookingAt()
        ? PythonReader.calls(text.strip())
        : JsonCalls.unmarked(text, ',', KEYS);
  }

  /** From one fence to the next. */
  private static final class Fence implements CallBlock {
    private final String mark;
    private int searched;

    Fence(String mark) {
      this.mark = mark;
      searched = mark.length();
    }

    @Override
    public int end(TextBuffer text) {
      int at = text.indexOf(FENCE, searched);
      if (at >= 0) {
        return at + FENCE.length();
      }
      searched = Math.max(searched, text.length() - FENCE.length() + 1);
      return MORE;
    }

    @Override
    public List<ToolCall> calls(String raw, boolean ended) {
      String body =
          raw.substring(mark.length(), ended ? raw.length() - FENCE.length() : raw.length());
      if (mark.equals(JSON)) {
        if (!OBJECTS.matcher(body).lookingAt()) {
          return List.of();
        }
        List<ToolCall> calls = JsonCalls.unmarked(body, ',', KEYS);
        return ended || calls.isEmpty() ? calls : List.of(incomplete(raw));
      }
      if (!ended) {
        return List.of(incomplete(raw));
      }
      List<ToolCall> calls = PythonReader.calls(body);
      return calls.isEmpty() ? List.of(ToolCall.malformed("", raw, "an empty block")) : calls;
    }

    private static ToolCall incomplete(String raw) {
      return ToolCall.malformed("", raw, "incomplete: the answer ends before " + FENCE);
    }
  }
}
