package org.vesalius.tokenizer;

import java.util.ArrayList;
import java.util.List;

/** Reads a pattern: {@code {"String": …}} or {@code {"Regex": …}}. */
final class PatternJson {
  private PatternJson() {}

  static SplitPattern read(JsonValue json) {
    json.onlyFields("Regex", "String");
    JsonValue literal = json.optional("String");
    if (literal != null) {
      if (literal.text().isEmpty()) {
        throw literal.unsupported("a string that is not empty");
      }
      return new SplitPattern.Literal(literal.text());
    }
    JsonValue regex = json.required("Regex");
    return switch (regex.text()) {
      case WordScanner.QWEN2_PATTERN -> new WordScanner(1);
      case WordScanner.LLAMA3_PATTERN -> new WordScanner(3);
      default -> {
        try {
          yield new RegexPattern(OnigurumaRegex.compile(regex.text()));
        } catch (IllegalArgumentException e) {
          throw new TokenizerFormatException(
              json.origin(),
              regex.path(),
              String.valueOf(e.getMessage()),
              "the Oniguruma syntax that OnigurumaRegex lists");
        }
      }
    };
  }

  static SplitPreTokenizer.Behavior behavior(JsonValue json) {
    List<String> labels = new ArrayList<>();
    for (SplitPreTokenizer.Behavior behavior : SplitPreTokenizer.Behavior.values()) {
      if (behavior.label().equals(json.text())) {
        return behavior;
      }
      labels.add(behavior.label());
    }
    throw json.unsupported(String.join(", ", labels));
  }
}
