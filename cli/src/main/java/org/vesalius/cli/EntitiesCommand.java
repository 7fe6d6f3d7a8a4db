package org.vesalius.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.vesalius.clinical.entities.EntityCoverage;
import org.vesalius.clinical.entities.EntityTag;
import org.vesalius.clinical.entities.EntityTagger;
import org.vesalius.clinical.entities.EntityTree;
import org.vesalius.clinical.entities.EntityTreeBuilder;
import org.vesalius.clinical.entities.MatchPolicy;
import org.vesalius.clinical.entities.NameKind;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Finds the entities of dictionaries in texts. */
@Command(
    name = "entities",
    description =
        "Finds the entities of dictionaries in a text, which is standard input by default.",
    sortOptions = false)
final class EntitiesCommand implements Callable<Integer> {
  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  private final Terminal terminal;

  @Spec private CommandSpec spec = CommandSpec.create();

  @ArgGroup(exclusive = false, multiplicity = "1..*")
  private List<DictionaryArgument> dictionaries = new ArrayList<>();

  @ArgGroup private Source source = new Source();

  @Option(
      names = "--field",
      paramLabel = "NAME",
      description = "Field of --jsonl with the text; default: text.")
  private @Nullable String field;

  @Option(names = "--all", description = "All matches, also those inside others.")
  private boolean all;

  @Option(
      names = "--all-synonyms",
      description = "Also narrow, broad and related synonyms of OBO files.")
  private boolean allSynonyms;

  @Option(
      names = "--coverage",
      description = "No tags, but how much of the dictionaries the texts name.")
  private boolean coverage;

  @Option(
      names = "--branches",
      paramLabel = "LEVEL",
      description = "With --coverage: each branch below an entity of this level, 1 to 5.")
  private @Nullable Integer branches;

  @Option(names = "--format", paramLabel = "F", description = "text or json.")
  private OutputFormat format = OutputFormat.text;

  /** One of the ways to give texts. */
  private static final class Source {
    @Option(names = "--text", paramLabel = "T", description = "The text.")
    private @Nullable String text;

    @Option(
        names = "--jsonl",
        paramLabel = "FILE",
        description =
            "A JSON object with a text in each line, a line of tags out for each; - for standard input.")
    private @Nullable String lines;
  }

  EntitiesCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException {
    if (field != null && source.lines == null) {
      throw misuse("--field needs --jsonl");
    }
    if (branches != null && (!coverage || branches < 1 || branches > EntityTree.LEVELS)) {
      throw misuse("--branches: expected 1 to " + EntityTree.LEVELS + ", with --coverage");
    }
    if (coverage && all) {
      throw misuse("--coverage counts the longest matches only; leave --all out");
    }
    EntityTagger tagger = EntityTagger.of(tree());
    if (coverage) {
      EntityCoverage counts = new EntityCoverage(tagger);
      if (source.lines != null) {
        lines(source.lines, text -> counts.add(text));
      } else {
        List<EntityTag> tags = new ArrayList<>();
        tag(tagger, tags::add);
        counts.add(tags);
      }
      CoverageSummary.print(terminal, tagger, counts, branches, format);
    } else if (source.lines != null) {
      lines(source.lines, text -> println(json(tagger.tag(text, policy())).toString()));
    } else {
      tags(tagger);
    }
    return 0;
  }

  private EntityTree tree() {
    EntityTreeBuilder builder = EntityTree.builder();
    if (allSynonyms) {
      builder.including(NameKind.NARROW, NameKind.BROAD, NameKind.RELATED);
    }
    for (DictionaryArgument dictionary : dictionaries) {
      builder.read(dictionary.file(), dictionary.columns().columns());
    }
    return builder.build();
  }

  private MatchPolicy policy() {
    return all ? MatchPolicy.ALL : MatchPolicy.LEFTMOST_LONGEST;
  }

  /** Tags the text of the command line or of standard input. */
  private void tag(EntityTagger tagger, Consumer<EntityTag> tags) throws IOException {
    try (Reader text =
        source.text == null
            ? new InputStreamReader(terminal.in(), StandardCharsets.UTF_8)
            : new StringReader(source.text)) {
      tagger.tag(text, policy(), tags);
    }
  }

  private void tags(EntityTagger tagger) throws IOException {
    if (format == OutputFormat.json) {
      List<EntityTag> tags = new ArrayList<>();
      tag(tagger, tags::add);
      JsonOutput.print(terminal, json(tags));
    } else {
      tag(
          tagger,
          tag ->
              tag.entities()
                  .forEach(entity ->
                      println(
                          tag.start()
                              + "-"
                              + tag.end()
                              + "\t"
                              + entity.id()
                              + "\t"
                              + entity.name()
                              + "\t"
                              + Failures.oneLine(tag.text()))));
    }
  }

  private static ObjectNode json(List<EntityTag> tags) {
    ObjectNode object = JsonOutput.object();
    object.set("tags", JSON.valueToTree(tags));
    return object;
  }

  private void println(String line) {
    terminal.out().println(line);
    if (terminal.out().checkError()) {
      throw new UncheckedIOException(new IOException("standard output is closed"));
    }
  }

  private void lines(String file, Consumer<String> texts) throws IOException {
    boolean standard = file.equals("-");
    String origin = standard ? "standard input" : file;
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(
                standard ? terminal.in() : open(Path.of(file)), StandardCharsets.UTF_8))) {
      int number = 0;
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        number++;
        texts.accept(text(line, origin + ", line " + number));
      }
    }
  }

  private static InputStream open(Path file) {
    try {
      return Files.newInputStream(file);
    } catch (IOException e) {
      throw new UncheckedIOException(file + " cannot be read: " + e, e);
    }
  }

  /** Messages never show the line, which may be a patient's. */
  private String text(String line, String where) {
    String name = field == null ? "text" : field;
    try {
      JsonNode node = JSON.readTree(line);
      if (node.path(name).isTextual()) {
        return node.path(name).asText();
      }
    } catch (JsonProcessingException e) {
      throw new CommandFailure(
          where + ": no valid JSON at column " + e.getLocation().getColumnNr(), e);
    }
    throw new CommandFailure(where + ": expected a JSON object with a string \"" + name + "\"");
  }

  private ParameterException misuse(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
