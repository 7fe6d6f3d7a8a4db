package org.vesalius.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** The options that say where a model may look things up. */
final class LookUpArguments {
  @Option(
      names = "--knowledge",
      paramLabel = "DIR",
      description =
          "A folder of documents (Markdown, text, HTML, PDF) that the model may search and"
              + " sentences may rest on; nothing outside of it is read.")
  private @Nullable Path knowledge;

  @Option(
      names = "--embed-knowledge",
      description =
          "Documents of --knowledge are found by meaning too, by the model's embeddings: one pass"
              + " of the model for each thousand characters.")
  private boolean meaning;

  @ArgGroup(
      exclusive = false,
      multiplicity = "0..*",
      heading =
          "Dictionaries of entities: sentences carry the ids of those that they name, the model may"
              + " look them up, and their synonyms count when it searches --knowledge:%n")
  private List<DictionaryArgument> dictionaries = new ArrayList<>();

  @Option(
      names = "--drugs",
      paramLabel = "F",
      description =
          "A table of drugs that the model may look up: .csv, .tsv or .json with name, synonyms,"
              + " ingredients, and what else there is.")
  private @Nullable Path drugs;

  /**
   * What was typed.
   *
   * @throws IllegalArgumentException if it makes no sense together
   */
  LookUps lookUps() {
    if (meaning && knowledge == null) {
      throw new IllegalArgumentException("--embed-knowledge needs --knowledge");
    }
    return new LookUps(
        Optional.ofNullable(knowledge).map(Path::toString),
        meaning,
        dictionaries.stream()
            .map(given -> new LookUps.Dictionary(given.file().toString(), given.columns().text()))
            .toList(),
        Optional.ofNullable(drugs).map(Path::toString));
  }
}
