package org.vesalius.clinical.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a model wrote as a report, taken apart.
 *
 * @param sections in the order of the template, each with its sentences
 */
record WrittenText(List<Part> sections) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Where a sentence ends: not after a number that counts, nor within one. */
  private static final Pattern END =
      Pattern.compile(
          "(?<=[.!?])(?<!(?:^|\\s)\\d{1,2}\\.)(?<!\\b(?:e\\.g|i\\.e|cf|approx|no|dr)\\.)\\s+|(?<=[。！？])",
          Pattern.CASE_INSENSITIVE);

  WrittenText {
    sections = List.copyOf(sections);
  }

  /**
   * A section.
   *
   * @param heading of the template
   * @param sentences as they were written
   */
  record Part(ReportTemplate.Heading heading, List<String> sentences) {
    Part {
      sentences = List.copyOf(sentences);
    }
  }

  /** All sentences. */
  List<String> sentences() {
    return sections.stream().flatMap(part -> part.sentences().stream()).toList();
  }

  /**
   * Takes an answer apart. What is not in the form of the template, which happens where an answer
   * was cut off, is kept as sentences of the section it stands in.
   */
  static WrittenText of(ReportTemplate template, String answer) {
    return switch (template.answer()) {
      case ReportTemplate.Answer.Headed _ -> headed(template, answer);
      case ReportTemplate.Answer.Json _ -> json(template, answer);
    };
  }

  private static WrittenText headed(ReportTemplate template, String answer) {
    List<Part> parts = new ArrayList<>();
    int at = 0;
    for (int i = 0; i < template.sections().size(); i++) {
      ReportTemplate.Heading heading = template.sections().get(i);
      int found = answer.indexOf(heading.heading(), at);
      int from = found < 0 ? at : found + heading.heading().length();
      int to = answer.length();
      if (i + 1 < template.sections().size()) {
        int next = answer.indexOf(template.sections().get(i + 1).heading(), from);
        to = next < 0 ? to : next;
      }
      parts.add(new Part(heading, sentences(answer.substring(from, to))));
      at = to;
    }
    return new WrittenText(parts);
  }

  private static WrittenText json(ReportTemplate template, String answer) {
    JsonNode root;
    try {
      root = JSON.readTree(answer);
    } catch (JsonProcessingException e) {
      root = JSON.missingNode();
    }
    List<Part> parts = new ArrayList<>();
    for (ReportTemplate.Heading heading : template.sections()) {
      List<String> sentences = new ArrayList<>();
      if (root != null) {
        root.path(heading.id()).forEach(item -> sentences.addAll(sentences(item.asText())));
      }
      parts.add(new Part(heading, sentences));
    }
    if (parts.stream().allMatch(part -> part.sentences().isEmpty())) {
      parts.set(0, new Part(template.sections().getFirst(), sentences(answer)));
    }
    return new WrittenText(parts);
  }

  /** The sentences of a text. */
  static List<String> sentences(String text) {
    List<String> sentences = new ArrayList<>();
    for (String line : text.lines().toList()) {
      Matcher end = END.matcher(line);
      int from = 0;
      while (end.find()) {
        add(sentences, line.substring(from, end.start()));
        from = end.end();
      }
      add(sentences, line.substring(from));
    }
    return sentences;
  }

  private static void add(List<String> sentences, String text) {
    if (!text.isBlank()) {
      sentences.add(text.strip());
    }
  }
}
