package org.vesalius.clinical.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
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
  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  private static final Pattern FENCE = Pattern.compile("^```(?:json)?|```$");

  /** Where a sentence ends: not after a number that counts, nor within one. */
  private static final Pattern END =
      Pattern.compile(
          "(?<=[.!?])(?<!(?:^|[.!?] )\\d{1,2}\\.)(?<!\\b(?:e\\.g|i\\.e|cf|approx|no|dr)\\.)\\s+|(?<=[。！？])",
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
      // What stands before the first heading was said too.
      List<String> before = i == 0 && found > 0 ? sentences(answer.substring(0, found)) : List.of();
      int to = answer.length();
      if (i + 1 < template.sections().size()) {
        int next = answer.indexOf(template.sections().get(i + 1).heading(), from);
        to = next < 0 ? to : next;
      }
      List<String> sentences = new ArrayList<>(before);
      sentences.addAll(sentences(answer.substring(from, to)));
      parts.add(new Part(heading, sentences));
      at = to;
    }
    return new WrittenText(parts);
  }

  private static WrittenText json(ReportTemplate template, String answer) {
    JsonNode root;
    try {
      root = JSON.readTree(FENCE.matcher(answer.strip()).replaceAll(""));
    } catch (JsonProcessingException e) {
      return whole(template, answer);
    }
    if (root == null || !root.isObject()) {
      return whole(template, answer);
    }
    List<Part> parts = new ArrayList<>();
    for (ReportTemplate.Heading heading : template.sections()) {
      List<String> sentences = new ArrayList<>();
      collect(root.path(heading.id()), sentences);
      parts.add(new Part(heading, sentences));
    }
    List<String> others = new ArrayList<>();
    root.properties()
        .forEach(member -> {
          if (template.sections().stream().noneMatch(s -> s.id().equals(member.getKey()))) {
            collect(member.getValue(), others);
          }
        });
    if (!others.isEmpty()) {
      others.addAll(0, parts.getLast().sentences());
      parts.set(parts.size() - 1, new Part(parts.getLast().heading(), others));
    }
    return new WrittenText(parts);
  }

  /** Not in the form of the template: all of it is the first section. */
  private static WrittenText whole(ReportTemplate template, String answer) {
    List<Part> parts = new ArrayList<>();
    for (ReportTemplate.Heading heading : template.sections()) {
      parts.add(new Part(heading, parts.isEmpty() ? sentences(answer) : List.of()));
    }
    return new WrittenText(parts);
  }

  /** Texts at any depth. */
  private static void collect(JsonNode node, List<String> sentences) {
    if (node.isValueNode()) {
      sentences.addAll(sentences(node.asText()));
    } else {
      node.forEach(item -> collect(item, sentences));
    }
  }

  /** The sentences of a text. */
  static List<String> sentences(String text) {
    List<String> sentences = new ArrayList<>();
    for (String line : text.lines().map(String::strip).toList()) {
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
