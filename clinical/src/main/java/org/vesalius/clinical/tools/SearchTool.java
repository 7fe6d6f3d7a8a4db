package org.vesalius.clinical.tools;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.vesalius.clinical.agent.Tool;
import org.vesalius.clinical.agent.ToolContext;
import org.vesalius.clinical.agent.ToolResult;
import org.vesalius.clinical.knowledge.KnowledgeFolder;
import org.vesalius.clinical.knowledge.Passage;
import org.vesalius.clinical.trace.SourceQuote;

/**
 * Searches a knowledge folder, several queries at once.
 *
 * @param folder stays the caller's
 */
public record SearchTool(KnowledgeFolder folder) implements Tool {
  private static final int QUERIES = 5;
  private static final int RESULTS = 10;

  /** Of all queries together: more would not be told to the model, which agents tell so much. */
  private static final int RESULTS_TOGETHER = 25;

  private static final int EXCERPT = 400;

  @Override
  public String name() {
    return "search";
  }

  @Override
  public String description() {
    return "Searches the local documents and returns for each query the best passages with the ids"
        + " of their documents, which can be opened with visit.";
  }

  @Override
  public Map<String, Object> parameters() {
    return new Parameters()
        .texts("query", "One or more queries, each a few words.", QUERIES)
        .require("query");
  }

  @Override
  public ToolResult call(ToolContext context, Map<String, @Nullable Object> arguments) {
    List<String> queries = new Arguments(arguments).texts("query", QUERIES);
    int each = Math.min(RESULTS, RESULTS_TOGETHER / queries.size());
    StringBuilder text = new StringBuilder(QuotedText.NOTICE).append('\n');
    List<SourceQuote> sources = new ArrayList<>();
    for (String query : queries) {
      List<Passage> found = folder.search(query, each);
      text.append("\nQuery ").append(QuotedText.line(query)).append(": ");
      text.append(found.isEmpty() ? "nothing found" : found.size() + " passages").append('\n');
      for (int i = 0; i < found.size(); i++) {
        Passage excerpt = found.get(i).excerpt(query, EXCERPT);
        sources.add(excerpt.quote());
        text.append(
            "%d. %s\n%s\n".formatted(i + 1, heading(excerpt), QuotedText.of(excerpt.text())));
      }
    }
    return ToolResult.quoting(text.toString(), sources);
  }

  /** Which part of which document it is. */
  static String heading(Passage passage) {
    return "id %s, title %s, characters %d to %d"
        .formatted(
            QuotedText.line(passage.document().id()),
            QuotedText.line(passage.document().title()),
            passage.start(),
            passage.end());
  }
}
