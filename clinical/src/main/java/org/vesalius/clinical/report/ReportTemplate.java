package org.vesalius.clinical.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.vesalius.runtime.ResponseFormat;

/**
 * What a report consists of and how a model is asked for it, as data; the format of the files is in
 * {@code docs/reports.md}.
 *
 * @param name of the template
 * @param language of its words
 * @param prompt that asks for the report
 * @param tools whether tools are offered meanwhile
 * @param answer what the model's answer looks like
 * @param sections in order
 * @param attributes names of attributes with their values, and words for each value
 * @param negations words that negate what follows them
 * @param frontal whether pictures are seen from the front, so that the patient's right is at the
 *     left
 * @param findings that are asked about
 * @param phrases that say something about several findings
 * @param comparison words for what has changed since earlier pictures; empty where they are not
 *     compared
 * @param unknown how a sentence is asked about that names no finding; empty where it is not
 */
public record ReportTemplate(
    String name,
    Locale language,
    String prompt,
    boolean tools,
    Answer answer,
    List<Heading> sections,
    Map<String, Map<String, List<String>>> attributes,
    List<String> negations,
    boolean frontal,
    List<Finding> findings,
    List<Phrase> phrases,
    Optional<Comparison> comparison,
    Optional<Unknown> unknown) {
  /** The templates that come with this library. */
  public static final List<String> NAMES = List.of("chest", "chest-zh", "phantom", "phantom-zh");

  private static final long MAX_BYTES = 1 << 20;

  /** Copies the lists. */
  public ReportTemplate {
    sections = List.copyOf(sections);
    negations = List.copyOf(negations);
    findings = List.copyOf(findings);
    phrases = List.copyOf(phrases);
  }

  /** What an answer looks like. */
  public sealed interface Answer {
    /** A text with headings, of which the whole matches an expression. */
    record Headed(String regex) implements Answer {}

    /** A JSON object with an array of sentences for each section. */
    record Json(int mostSentences) implements Answer {}
  }

  /**
   * A section.
   *
   * @param id its name in JSON
   * @param title for people
   * @param heading that begins it in a text with headings; empty for JSON
   */
  public record Heading(String id, String title, String heading) {}

  /**
   * Words that say something about findings that they do not name.
   *
   * @param text in lower case
   * @param present ids of findings that it says are there
   * @param absent ids of findings that it says are not
   */
  public record Phrase(String text, List<String> present, List<String> absent) {
    /** Copies the lists. */
    public Phrase {
      present = List.copyOf(present);
      absent = List.copyOf(absent);
    }
  }

  /**
   * Words for what has changed, with {@code {finding}} in each.
   *
   * @param title of the section
   * @param prompt that says which pictures are earlier ones, where they are shown with the others
   * @param added of what is new
   * @param gone of what is not there any more
   * @param same of what is still there
   */
  public record Comparison(String title, String prompt, String added, String gone, String same) {
    /** The section's id. */
    public static final String ID = "comparison";
  }

  /**
   * A question about any sentence.
   *
   * @param question with {@code {sentence}} in it
   * @param yes the answer where it holds
   * @param no the answer where it does not
   */
  public record Unknown(String question, String yes, String no) {}

  /**
   * One that comes with this library, or a file.
   *
   * @param nameOrFile one of {@link #NAMES}, or a path
   * @throws ReportTemplateException if it is not what a template should be
   * @throws UncheckedIOException if it cannot be read
   */
  public static ReportTemplate of(String nameOrFile) {
    return NAMES.contains(nameOrFile) ? named(nameOrFile) : read(Path.of(nameOrFile));
  }

  /** One that comes with this library. */
  public static ReportTemplate named(String name) {
    String resource = "templates/" + name + ".yaml";
    try (InputStream in = ReportTemplate.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalArgumentException(
            "template \"%s\": expected one of %s".formatted(name, String.join(", ", NAMES)));
      }
      return TemplateReader.read(in.readAllBytes(), resource);
    } catch (IOException e) {
      throw new UncheckedIOException("template " + name + " cannot be read", e);
    }
  }

  /**
   * One from a file.
   *
   * @throws ReportTemplateException if it is not what a template should be
   * @throws UncheckedIOException if it cannot be read
   */
  public static ReportTemplate read(Path file) {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new ReportTemplateException(
            file + ": expected a template of at most " + MAX_BYTES + " bytes, found more");
      }
      return TemplateReader.read(Files.readAllBytes(file), file.toString());
    } catch (IOException e) {
      throw new UncheckedIOException("template " + file + " cannot be read: " + e, e);
    }
  }

  /** The finding of an id. */
  public Optional<Finding> finding(String id) {
    return findings.stream().filter(finding -> finding.id().equals(id)).findFirst();
  }

  /** What the model's answer has to look like. */
  public ResponseFormat format() {
    return switch (answer) {
      case Answer.Headed(String regex) -> ResponseFormat.regex(regex);
      case Answer.Json(int mostSentences) -> {
        Map<String, Object> properties = new LinkedHashMap<>();
        sections.forEach(section ->
            properties.put(
                section.id(),
                Map.of(
                    "type",
                    "array",
                    "minItems",
                    1,
                    "maxItems",
                    mostSentences,
                    "items",
                    Map.of("type", "string", "minLength", 1))));
        Map<String, Object> schema = new LinkedHashMap<>();
        schema.put("type", "object");
        schema.put("properties", properties);
        schema.put("required", List.copyOf(properties.keySet()));
        schema.put("additionalProperties", false);
        yield ResponseFormat.jsonSchema(schema);
      }
    };
  }
}
