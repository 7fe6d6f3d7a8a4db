package org.vesalius.clinical.tools;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.vesalius.clinical.agent.Tool;
import org.vesalius.clinical.agent.ToolContext;
import org.vesalius.clinical.agent.ToolException;
import org.vesalius.clinical.agent.ToolResult;
import org.vesalius.clinical.scores.ClinicalScore;
import org.vesalius.clinical.scores.ClinicalScores;
import org.vesalius.clinical.scores.ScoreInputException;
import org.vesalius.clinical.scores.ScoreResult;

/** Calculates published clinical scores; without a name it lists them, without inputs one's. */
public record ScoreTool() implements Tool {

  @Override
  public String name() {
    return "clinical_score";
  }

  @Override
  public String description() {
    return "Calculates a published clinical score. Without a name it lists the scores; with a name"
        + " and without inputs it says which inputs the score needs.";
  }

  @Override
  public Map<String, Object> parameters() {
    return new Parameters()
        .text("name", "Name of the score, such as curb_65.")
        .object(
            "inputs",
            "The inputs by name: true or false, a text, or a number with its unit such as \"1.2"
                + " mg/dL\".",
            Map.of("type", "object", "additionalProperties", true))
        .require();
  }

  @Override
  public ToolResult call(ToolContext context, Map<String, @Nullable Object> arguments) {
    Arguments given = new Arguments(arguments);
    Optional<String> name = given.text("name").filter(text -> !text.isEmpty());
    if (name.isEmpty()) {
      return ToolResult.of(
          ClinicalScores.all().stream()
              .map(score -> score.name() + ": " + score.title())
              .collect(Collectors.joining("\n", "Scores:\n", "")));
    }
    ClinicalScore score =
        ClinicalScores.of(name.get())
            .orElseThrow(() ->
                new ToolException(
                    "there is no score of this name; call without a name to list them"));
    if (!given.has("inputs")) {
      return ToolResult.of(needs(score));
    }
    try {
      return ToolResult.of(describe(score.calculate(inputs(given))));
    } catch (ScoreInputException e) {
      throw new ToolException(String.valueOf(e.getMessage()));
    }
  }

  private static Map<String, @Nullable Object> inputs(Arguments given) {
    Map<String, @Nullable Object> inputs = new LinkedHashMap<>();
    given.object("inputs").forEach((name, value) -> inputs.put(String.valueOf(name), value));
    return inputs;
  }

  private static String needs(ClinicalScore score) {
    return score.inputs().stream()
        .map(input -> "- %s: %s; %s".formatted(input.name(), input.description(), input.form()))
        .collect(
            Collectors.joining(
                "\n",
                "%s (%s). Inputs, all needed:\n".formatted(score.title(), score.version()),
                "\nSource: " + score.source()));
  }

  private static String describe(ScoreResult result) {
    ClinicalScore score = result.score();
    StringBuilder text = new StringBuilder();
    text.append("%s (%s): %s\n".formatted(score.title(), score.version(), result.shownValue()));
    if (!result.band().isEmpty()) {
      text.append(result.band()).append('\n');
    }
    result.notes().forEach(note -> text.append(note).append('\n'));
    text.append("Inputs: ")
        .append(
            result.inputs().entrySet().stream()
                .map(input -> input.getKey() + " " + input.getValue())
                .collect(Collectors.joining(", ")));
    text.append("\nFormula: ").append(score.definition());
    if (!result.parts().isEmpty()) {
      text.append("\nPoints: ").append(String.join(", ", result.parts()));
    }
    return text.append("\nSource: ")
        .append(score.source())
        .append("\nFor development and research, not a diagnosis.")
        .toString();
  }
}
