package org.vesalius.clinical.tools;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.vesalius.clinical.agent.Tool;
import org.vesalius.clinical.agent.ToolContext;
import org.vesalius.clinical.agent.ToolResult;
import org.vesalius.clinical.entities.Entity;
import org.vesalius.clinical.entities.EntityName;
import org.vesalius.clinical.entities.EntityTagger;
import org.vesalius.clinical.entities.EntityTree;

/**
 * Looks up entities of the caller's dictionary by id or by a name in a text.
 *
 * @param tagger of the dictionary
 */
public record EntityTool(EntityTagger tagger) implements Tool {
  private static final int ENTITIES = 10;
  private static final int NAMES = 12;

  @Override
  public String name() {
    return "entity_lookup";
  }

  @Override
  public String description() {
    return "Looks up medical entities in the local dictionary by id or name: id, names, what stands"
        + " above them, and level. Where a name means several, all are listed.";
  }

  @Override
  public Map<String, Object> parameters() {
    return new Parameters()
        .text("query", "An id, or a text with names of entities.")
        .require("query");
  }

  @Override
  public ToolResult call(ToolContext context, Map<String, @Nullable Object> arguments) {
    String query = new Arguments(arguments).requiredText("query");
    Set<String> ids = new LinkedHashSet<>();
    tagger.tree().index(query).ifPresent(_ -> ids.add(query));
    StringBuilder ambiguous = new StringBuilder();
    for (var tag : tagger.tag(query)) {
      tag.entities().forEach(entity -> ids.add(entity.id()));
      if (tag.ambiguous()) {
        ambiguous.append(
            "%s is ambiguous: it may be any of %s.\n"
                .formatted(
                    QuotedText.line(tag.text()),
                    tag.entities().stream()
                        .limit(ENTITIES)
                        .map(entity -> QuotedText.line(entity.id()))
                        .collect(Collectors.joining(", "))));
      }
    }
    if (ids.isEmpty()) {
      return ToolResult.of("The dictionary has no entity of this id or name.");
    }
    String found =
        ids.stream().limit(ENTITIES).map(this::describe).collect(Collectors.joining("\n"));
    String more =
        ids.size() > ENTITIES
            ? "\n%d more are left out; ask for less.".formatted(ids.size() - ENTITIES)
            : "";
    return ToolResult.of(ambiguous + found + more);
  }

  private String describe(String id) {
    EntityTree tree = tagger.tree();
    Entity entity = tree.entity(tree.index(id).orElseThrow());
    return "id %s, name %s, level %d of %d%s%s"
        .formatted(
            QuotedText.line(id),
            QuotedText.line(entity.name()),
            entity.level(),
            EntityTree.LEVELS,
            list(", also ", entity.synonyms().stream().map(EntityName::text).toList()),
            list(", under ", entity.parents().stream().map(this::named).toList()));
  }

  private String named(String id) {
    OptionalInt index = tagger.tree().index(id);
    return index.isPresent() ? tagger.tree().name(index.getAsInt()) + " (" + id + ")" : id;
  }

  private static String list(String before, List<String> texts) {
    return texts.isEmpty()
        ? ""
        : texts.stream()
            .limit(NAMES)
            .map(QuotedText::line)
            .collect(
                Collectors.joining(
                    ", ",
                    before,
                    texts.size() > NAMES ? " and %d more".formatted(texts.size() - NAMES) : ""));
  }
}
