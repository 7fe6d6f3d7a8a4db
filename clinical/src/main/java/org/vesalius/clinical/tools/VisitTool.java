package org.vesalius.clinical.tools;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.vesalius.clinical.agent.Tool;
import org.vesalius.clinical.agent.ToolContext;
import org.vesalius.clinical.agent.ToolException;
import org.vesalius.clinical.agent.ToolResult;
import org.vesalius.clinical.knowledge.KnowledgeDocument;
import org.vesalius.clinical.knowledge.KnowledgeException;
import org.vesalius.clinical.knowledge.KnowledgeFolder;
import org.vesalius.clinical.knowledge.Passage;

/**
 * Opens a document of a knowledge folder: what fits a goal, or page after page. An id is looked up
 * among those that the folder has; it is never a path.
 *
 * @param folder stays the caller's
 */
public record VisitTool(KnowledgeFolder folder) implements Tool {
  private static final int FOR_GOAL = 6;

  /** Passages, of a thousand characters at most, on a page. */
  private static final int PAGE = 6;

  @Override
  public String name() {
    return "visit";
  }

  @Override
  public String description() {
    return "Opens a local document by the id that search returned: the passages that fit a goal, or"
        + " without one its text page by page.";
  }

  @Override
  public Map<String, Object> parameters() {
    return new Parameters()
        .text("id", "The document's id, exactly as search returned it.")
        .text("goal", "What to look for in it.")
        .integer("page", "Which page, from 1, without a goal; 1 if left out.", 1)
        .require("id");
  }

  @Override
  public ToolResult call(ToolContext context, Map<String, @Nullable Object> arguments) {
    Arguments given = new Arguments(arguments);
    String id = given.requiredText("id");
    Optional<String> goal = given.text("goal").filter(text -> !text.isEmpty());
    int page = given.integer("page", 1);
    if (goal.isPresent() && page != 1) {
      throw new ToolException("what fits a goal is one page; leave the goal out for page " + page);
    }
    try {
      return goal.isPresent() ? forGoal(id, goal.get()) : page(folder.document(id), page);
    } catch (KnowledgeException e) {
      throw new ToolException(QuotedText.message(e));
    }
  }

  private ToolResult forGoal(String id, String goal) {
    List<Passage> passages = new ArrayList<>(folder.search(goal, id, FOR_GOAL));
    if (passages.isEmpty()) {
      return ToolResult.of(
          "Nothing in %s fits the goal. Leave the goal out to read it page by page."
              .formatted(QuotedText.line(id)));
    }
    passages.sort(Comparator.comparingInt(Passage::start));
    return quoted("What fits the goal, in the order of the document.", passages);
  }

  private ToolResult page(KnowledgeDocument document, int page) {
    List<Passage> all = folder.passages(document);
    int pages = Math.max(1, (all.size() + PAGE - 1) / PAGE);
    if (page < 1 || page > pages) {
      throw new ToolException("page %d: expected 1 to %d".formatted(page, pages));
    }
    return quoted(
        "Page %d of %d of %s.".formatted(page, pages, QuotedText.line(document.title())),
        all.subList((page - 1) * PAGE, Math.min(page * PAGE, all.size())));
  }

  private static ToolResult quoted(String first, List<Passage> passages) {
    StringBuilder text = new StringBuilder(QuotedText.NOTICE).append('\n').append(first);
    for (Passage passage : passages) {
      text.append('\n')
          .append(SearchTool.heading(passage))
          .append('\n')
          .append(QuotedText.of(passage.text()));
    }
    return ToolResult.quoting(text.toString(), passages.stream().map(Passage::quote).toList());
  }
}
