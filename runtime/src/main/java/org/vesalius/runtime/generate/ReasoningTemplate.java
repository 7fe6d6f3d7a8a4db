package org.vesalius.runtime.generate;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.vesalius.runtime.answer.AnswerFormat;
import org.vesalius.runtime.answer.ReasoningFormat;
import org.vesalius.runtime.prompt.ChatTemplate;
import org.vesalius.runtime.prompt.jinja.TemplateException;

/**
 * What a chat template knows of reasoning: by which variables it can be switched off or limited,
 * and what it writes around a block. Found out by rendering a short conversation, not by names of
 * families, since fine-tunes change their templates. Immutable.
 */
final class ReasoningTemplate {
  /** The switches that are in use, with the value that means off. */
  private static final Map<String, Object> OFF =
      Map.of(
          "enable_thinking", false, // Qwen3, SmolLM3
          "thinking", false, // DeepSeek V3.1, Granite
          "thinking_budget", 0); // Seed

  private static final String LIMIT = "thinking_budget";
  private static final int SOME_LIMIT = 512;
  private static final String REASON = "It is so.";
  private static final String ANSWER = "Indeed.";

  /** Some templates write the date, which must not pass for a difference. */
  private static final Clock CLOCK = Clock.fixed(Instant.EPOCH, ZoneOffset.UTC);

  private final Map<String, Object> off = new LinkedHashMap<>();
  private final boolean limits;
  private final Map<ReasoningFormat, Surroundings> surroundings = new HashMap<>();

  /**
   * What stands between the marks of a block and what is inside and after it.
   *
   * @param lead from the opening mark to the reasoning
   * @param ending from the reasoning to the answer, the closing mark included
   */
  record Surroundings(String lead, String ending) {}

  /**
   * Looks at a template.
   *
   * @param withImages whether the model reads pictures, so that contents are lists of parts
   */
  ReasoningTemplate(ChatTemplate template, AnswerFormat format, boolean withImages) {
    Optional<String> plain = render(template, withImages, Map.of(), false);
    OFF.forEach((name, value) -> {
      if (differs(plain, render(template, withImages, Map.of(name, value), false))) {
        off.put(name, value);
      }
    });
    limits = differs(plain, render(template, withImages, Map.of(LIMIT, SOME_LIMIT), false));
    String answered = render(template, withImages, Map.of(), true).orElse("");
    for (ReasoningFormat marks : format.reasoning()) {
      surroundings.put(marks, around(marks, answered));
    }
  }

  private static boolean differs(Optional<String> plain, Optional<String> other) {
    return plain.isPresent() && other.isPresent() && !plain.equals(other);
  }

  /** Empty if the template refuses it: then it says nothing, and requests will tell. */
  private static Optional<String> render(
      ChatTemplate template, boolean withImages, Map<String, Object> variables, boolean answered) {
    Map<String, Object> question = message("user", "?", withImages);
    Map<String, Object> answer = new LinkedHashMap<>(message("assistant", ANSWER, withImages));
    answer.put("reasoning_content", REASON);
    try {
      return Optional.of(
          template
              .render(
                  answered ? List.of(question, answer) : List.of(question),
                  null,
                  variables,
                  !answered,
                  List.of(),
                  CLOCK)
              .text());
    } catch (TemplateException _) {
      return Optional.empty();
    }
  }

  private static Map<String, Object> message(String role, String text, boolean parts) {
    return Map.of(
        "role", role, "content", parts ? List.of(Map.of("type", "text", "text", text)) : text);
  }

  private static Surroundings around(ReasoningFormat marks, String rendered) {
    int reason = rendered.indexOf(REASON);
    int open = reason < 0 ? -1 : rendered.lastIndexOf(marks.open(), reason);
    int behind = reason + REASON.length();
    int close = open < 0 ? -1 : rendered.indexOf(marks.close(), behind);
    int answer = close < 0 ? -1 : rendered.indexOf(ANSWER, close);
    return answer < 0
        ? usual(marks)
        : new Surroundings(
            rendered.substring(open + marks.open().length(), reason),
            rendered.substring(behind, answer));
  }

  /** For templates that leave reasoning out: as Qwen3 writes it, and MedGemma. */
  private static Surroundings usual(ReasoningFormat marks) {
    return marks.header().isEmpty()
        ? new Surroundings("\n", "\n" + marks.close() + "\n\n")
        : new Surroundings(marks.header() + "\n", marks.close());
  }

  /** What stands around a block of this format. */
  Surroundings around(ReasoningFormat marks) {
    return surroundings.getOrDefault(marks, usual(marks));
  }

  /**
   * The variables by which a request's budget is told to the template; what the request has set
   * itself stays as it is.
   *
   * @param budget of the request, in tokens; empty for as much as the model likes
   * @param given by the request
   * @return {@code given} and what has to be added
   */
  Map<String, @Nullable Object> variables(
      OptionalInt budget, Map<String, ? extends @Nullable Object> given) {
    Map<String, @Nullable Object> all = new LinkedHashMap<>();
    if (budget.isPresent() && budget.getAsInt() == 0) {
      all.putAll(off);
    } else if (budget.isPresent() && limits) {
      all.put(LIMIT, budget.getAsInt());
    }
    all.putAll(given);
    return all;
  }
}
