package org.vesalius.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.vesalius.clinical.agent.Tool;
import org.vesalius.clinical.entities.EntityTagger;
import org.vesalius.clinical.entities.EntityTree;
import org.vesalius.clinical.entities.EntityTreeBuilder;
import org.vesalius.clinical.knowledge.KnowledgeFolder;
import org.vesalius.clinical.knowledge.KnowledgeOptions;
import org.vesalius.clinical.knowledge.PassageEmbedder;
import org.vesalius.clinical.report.ReportTemplate;
import org.vesalius.clinical.tools.DrugTable;
import org.vesalius.clinical.tools.DrugTool;
import org.vesalius.clinical.tools.EntityTool;
import org.vesalius.clinical.tools.SearchTool;
import org.vesalius.clinical.tools.VisitTool;

/**
 * Where a model may look things up, as a user names it and a trace keeps it.
 *
 * @param knowledge folder of documents
 * @param meaning whether they are found by the model's embeddings too
 * @param dictionaries of entities
 * @param drugs a table
 */
record LookUps(
    Optional<String> knowledge,
    boolean meaning,
    List<Dictionary> dictionaries,
    Optional<String> drugs) {
  static final LookUps NONE = new LookUps(Optional.empty(), false, List.of(), Optional.empty());

  /**
   * A dictionary.
   *
   * @param file its name
   * @param columns as they were typed; empty for the usual ones
   */
  record Dictionary(String file, Optional<String> columns) {}

  LookUps {
    dictionaries = List.copyOf(dictionaries);
  }

  /** What there is to look up, read. */
  record Opened(
      Optional<KnowledgeFolder> knowledge,
      Optional<EntityTagger> entities,
      Optional<DrugTable> drugs)
      implements AutoCloseable {

    /** With documents that are found by meaning too; their folder is to be closed by itself. */
    Opened with(KnowledgeFolder other) {
      return new Opened(Optional.of(other), entities, drugs);
    }

    /** Tools for all of it. */
    List<Tool> tools() {
      List<Tool> tools = new ArrayList<>();
      knowledge.ifPresent(folder -> {
        tools.add(new SearchTool(folder));
        tools.add(new VisitTool(folder));
      });
      entities.ifPresent(tagger -> tools.add(new EntityTool(tagger)));
      drugs.ifPresent(table -> tools.add(new DrugTool(table)));
      return tools;
    }

    /** Which documents are left out, a sentence each. */
    List<String> notes() {
      return knowledge.map(KnowledgeFolder::notes).orElse(List.of());
    }

    @Override
    public void close() {
      knowledge.ifPresent(KnowledgeFolder::close);
    }
  }

  /**
   * Reads all of it.
   *
   * @throws CommandFailure if the template offers no tools, so that no drug would ever be looked up
   */
  Opened open(ReportTemplate template) {
    if (drugs.isPresent() && !template.tools()) {
      throw new CommandFailure(
          "--drugs: the template %s offers the model no tools, so nothing would be looked up; leave the option out, or take a template with tools: true"
              .formatted(template.name()));
    }
    Optional<DrugTable> table = drugs.map(Path::of).map(DrugTable::read);
    Optional<EntityTagger> tagger = tagger();
    KnowledgeOptions options =
        tagger.map(KnowledgeOptions.DEFAULT::withTagger).orElse(KnowledgeOptions.DEFAULT);
    return new Opened(
        knowledge.map(folder -> KnowledgeFolder.open(Path.of(folder), options)), tagger, table);
  }

  private Optional<EntityTagger> tagger() {
    if (dictionaries.isEmpty()) {
      return Optional.empty();
    }
    EntityTreeBuilder builder = EntityTree.builder();
    for (Dictionary dictionary : dictionaries) {
      builder.read(
          Path.of(dictionary.file()), EntityColumnsSpec.of(dictionary.columns()).columns());
    }
    return Optional.of(EntityTagger.of(builder.build()));
  }

  /** The same documents found by meaning too, if that was asked for. */
  Optional<KnowledgeFolder> meant(Opened opened, PassageEmbedder embedder) {
    return meaning ? opened.knowledge().map(f -> f.withEmbedder(embedder)) : Optional.empty();
  }

  /** Puts it into what a trace keeps. */
  void putInto(Map<String, Object> facts) {
    knowledge.ifPresent(value -> facts.put("knowledge", value));
    if (meaning) {
      facts.put("embed_knowledge", true);
    }
    if (!dictionaries.isEmpty()) {
      facts.put("dictionaries", dictionaries.stream().map(LookUps::facts).toList());
    }
    drugs.ifPresent(value -> facts.put("drugs", value));
  }

  private static Map<String, Object> facts(Dictionary dictionary) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("file", dictionary.file());
    dictionary.columns().ifPresent(columns -> facts.put("columns", columns));
    return facts;
  }

  /** What a trace keeps of it. */
  static LookUps of(Map<String, @Nullable Object> task) {
    List<Dictionary> dictionaries = new ArrayList<>();
    if (task.get("dictionaries") instanceof List<?> list) {
      for (Object item : list) {
        if (!(item instanceof Map<?, ?> facts && facts.get("file") instanceof String file)) {
          throw new CommandFailure("the trace's task: dictionaries: expected their files");
        }
        dictionaries.add(new Dictionary(file, text(facts, "columns")));
      }
    }
    return new LookUps(
        text(task, "knowledge"),
        Boolean.TRUE.equals(task.get("embed_knowledge")),
        dictionaries,
        text(task, "drugs"));
  }

  private static Optional<String> text(Map<?, ?> facts, String key) {
    return facts.get(key) instanceof String text ? Optional.of(text) : Optional.empty();
  }
}
