package org.vesalius.clinical.tools;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.vesalius.clinical.agent.Tool;
import org.vesalius.clinical.agent.ToolContext;
import org.vesalius.clinical.agent.ToolResult;

/**
 * Looks up drugs in the caller's own table. It knows nothing else of drugs: what the table does not
 * say, such as an interaction, is said to be missing, not to be absent.
 *
 * @param table of drugs
 */
public record DrugTool(DrugTable table) implements Tool {
  private static final int DRUGS = 5;
  private static final int SIMILAR = 10;
  private static final int CELL = 1_000;

  @Override
  public String name() {
    return "drug_lookup";
  }

  @Override
  public String description() {
    return "Looks up a drug by name, synonym or ingredient in the local drug table and returns what"
        + " the table says. What the table does not say is not known.";
  }

  @Override
  public Map<String, Object> parameters() {
    return new Parameters()
        .text("name", "Name, synonym or ingredient of one drug.")
        .require("name");
  }

  @Override
  public ToolResult call(ToolContext context, Map<String, @Nullable Object> arguments) {
    String name = new Arguments(arguments).requiredText("name");
    List<Map<String, String>> found = table.find(name);
    if (found.isEmpty()) {
      List<String> similar = table.similar(name, SIMILAR);
      return ToolResult.of(
          "The table has no drug %s.%s"
              .formatted(
                  QuotedText.line(name),
                  similar.isEmpty()
                      ? ""
                      : similar.stream()
                          .map(QuotedText::line)
                          .collect(Collectors.joining(", ", " It has ", "."))));
    }
    String text =
        found.stream().limit(DRUGS).map(DrugTool::describe).collect(Collectors.joining("\n\n"));
    return ToolResult.of(
        "%s\n%d of the table's drugs %s. What is not listed is not known.\n%s"
            .formatted(
                QuotedText.NOTICE,
                found.size(),
                found.size() > DRUGS ? "fit, the first " + DRUGS + " are shown" : "fit",
                text));
  }

  private static String describe(Map<String, String> drug) {
    return drug.entrySet().stream()
        .filter(column -> !column.getValue().isBlank())
        .map(column -> QuotedText.of(column.getKey() + ": " + cut(column.getValue())))
        .collect(Collectors.joining("\n"));
  }

  private static String cut(String cell) {
    return cell.codePointCount(0, cell.length()) <= CELL
        ? cell
        : cell.substring(0, cell.offsetByCodePoints(0, CELL)) + "… (cut)";
  }
}
