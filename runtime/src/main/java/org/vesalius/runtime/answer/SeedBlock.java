package org.vesalius.runtime.answer;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Calls in Seed's tags. */
final class SeedBlock implements CallBlock {
  static final String OPEN = "<seed:tool_call>";
  private static final String CLOSE = "</seed:tool_call>";
  private static final String FUNCTION = "<function=";
  private static final String FUNCTION_END = "</function>";
  private static final String PARAMETER = "<parameter=";
  private static final String PARAMETER_END = "</parameter>";

  private final ToolSchemas tools;
  private int searched = OPEN.length();

  SeedBlock(ToolSchemas tools) {
    this.tools = tools;
  }

  @Override
  public int end(TextBuffer text) {
    int at = text.indexOf(CLOSE, searched);
    if (at >= 0) {
      return at + CLOSE.length();
    }
    searched = Math.max(searched, text.length() - CLOSE.length() + 1);
    return MORE;
  }

  @Override
  public List<ToolCall> calls(String raw, boolean ended) {
    if (!ended) {
      return List.of(ToolCall.malformed("", raw, "incomplete: the answer ends before " + CLOSE));
    }
    String body = raw.substring(OPEN.length(), raw.length() - CLOSE.length());
    Cursor cursor = new Cursor(body);
    List<ToolCall> calls = new ArrayList<>();
    String name = "";
    try {
      do {
        name = cursor.name(FUNCTION);
        Map<String, @Nullable Object> arguments = new LinkedHashMap<>();
        while (!cursor.takes(FUNCTION_END)) {
          String key = cursor.name(PARAMETER);
          if (arguments.containsKey(key)) {
            throw new Malformed("parameter \"" + key + "\" is there twice");
          }
          arguments.put(key, tools.value(name, key, cursor.until(PARAMETER_END)));
        }
        calls.add(ToolCall.proper(name, arguments, raw));
        name = "";
      } while (!cursor.atEnd());
    } catch (Malformed e) {
      // One report for the whole: half of what a model wanted is not what it wanted.
      return List.of(ToolCall.malformed(name, raw, String.valueOf(e.getMessage())));
    }
    return calls;
  }

  /** Reads the tags from left to right. */
  private static final class Cursor {
    private final String text;
    private int at;

    Cursor(String text) {
      this.text = text;
    }

    boolean atEnd() {
      while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
        at++;
      }
      return at == text.length();
    }

    boolean takes(String tag) {
      if (atEnd() || !text.startsWith(tag, at)) {
        return false;
      }
      at += tag.length();
      return true;
    }

    String name(String tag) {
      if (!takes(tag)) {
        throw new Malformed(
            "expected " + tag + "...>, found \"" + CallJson.brief(text.substring(at)) + "\"");
      }
      String name = until(">").strip();
      if (name.isEmpty() || name.indexOf('<') >= 0) {
        throw new Malformed("expected " + tag + "NAME>, found the name \"" + name + "\"");
      }
      return name;
    }

    String until(String end) {
      int found = text.indexOf(end, at);
      if (found < 0) {
        throw new Malformed(
            "expected "
                + end
                + " after \""
                + CallJson.brief(text.substring(Math.max(0, at - 20), at))
                + "\"");
      }
      String value = text.substring(at, found);
      at = found + end.length();
      return value;
    }
  }
}
