package org.vesalius.clinical.report;

import java.util.List;
import java.util.Optional;
import org.vesalius.clinical.agent.Tool;
import org.vesalius.clinical.entities.EntityTagger;
import org.vesalius.clinical.tools.EntityTool;
import org.vesalius.clinical.trace.NamedEntity;

/**
 * Dictionaries whose entities are searched for in sentences.
 *
 * @param taggers one for each dictionary
 */
record EntityNames(List<EntityTagger> taggers) {
  /** Of one place in a text: a name that means more than these says nothing. */
  private static final int MOST_MEANINGS = 8;

  EntityNames {
    taggers = List.copyOf(taggers);
  }

  /** The dictionaries that tools look entities up in. */
  static EntityNames of(List<Tool> tools) {
    return new EntityNames(
        tools.stream()
            .filter(EntityTool.class::isInstance)
            .map(tool -> ((EntityTool) tool).tagger())
            .toList());
  }

  /** The entities that a text names, in order; empty without a dictionary. */
  Optional<List<NamedEntity>> in(String text) {
    return taggers.isEmpty()
        ? Optional.empty()
        : Optional.of(taggers.stream().flatMap(tagger -> named(tagger, text).stream()).toList());
  }

  private static List<NamedEntity> named(EntityTagger tagger, String text) {
    return tagger.tag(text).stream()
        .flatMap(tag ->
            tag.entities().stream()
                .limit(MOST_MEANINGS)
                .map(entity ->
                    new NamedEntity(
                        entity.id(),
                        entity.name(),
                        Math.toIntExact(tag.start()),
                        Math.toIntExact(tag.end()))))
        .toList();
  }
}
