package org.vesalius.clinical.report;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Reads templates; the first thing that is wrong is told with its place. */
final class TemplateReader {
  private static final YAMLMapper YAML =
      YAMLMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();
  private static final Set<String> KEYS =
      Set.of(
          "name",
          "about",
          "language",
          "prompt",
          "tools",
          "answer",
          "sections",
          "attributes",
          "negations",
          "frontal",
          "findings",
          "phrases",
          "comparison",
          "unknown");
  private static final Set<String> FINDING_KEYS =
      Set.of("id", "name", "terms", "question", "absent", "present", "locate", "codes", "site");
  private static final int MOST_SENTENCES = 40;
  private static final int MOST = 200;
  private static final int MOST_ANSWERS = 256;

  private final String origin;

  private TemplateReader(String origin) {
    this.origin = origin;
  }

  static ReportTemplate read(byte[] yaml, String origin) {
    JsonNode root;
    try {
      root = YAML.readTree(yaml);
    } catch (JacksonException e) {
      var at = e.getLocation();
      throw new ReportTemplateException(
          origin
              + (at == null ? "" : ", line " + at.getLineNr())
              + ": expected YAML: "
              + e.getOriginalMessage(),
          e);
    } catch (IOException e) {
      throw new ReportTemplateException(origin + ": expected YAML: " + e.getMessage(), e);
    }
    return new TemplateReader(origin).template(root);
  }

  private ReportTemplate template(JsonNode root) {
    keys(root, "", KEYS);
    Map<String, Map<String, List<String>>> attributes = attributes(root.path("attributes"));
    List<Finding> findings = new ArrayList<>();
    Set<String> ids = new LinkedHashSet<>();
    for (JsonNode node : list(root, "", "findings")) {
      Finding finding = finding(node, "findings[" + findings.size() + "]", attributes);
      if (!ids.add(finding.id())) {
        throw wrong("findings", "ids that differ", "\"" + finding.id() + "\" twice");
      }
      findings.add(finding);
    }
    boolean json = root.path("answer").has("json");
    return new ReportTemplate(
        text(root, "", "name"),
        Locale.forLanguageTag(text(root, "", "language")),
        text(root, "", "prompt"),
        flag(root, "tools"),
        answer(root.path("answer")),
        sections(root, json),
        attributes,
        lower(texts(root, "", "negations")),
        flag(root, "frontal"),
        findings,
        phrases(root, ids),
        comparison(root.path("comparison")),
        unknown(root.path("unknown")));
  }

  private ReportTemplate.Answer answer(JsonNode node) {
    keys(node, "answer", Set.of("regex", "json"));
    if (node.has("regex") == node.has("json")) {
      throw wrong("answer", "either regex or json", node.toString());
    }
    if (node.has("regex")) {
      return new ReportTemplate.Answer.Headed(text(node, "answer", "regex"));
    }
    keys(node.path("json"), "answer.json", Set.of("most_sentences"));
    JsonNode most = node.path("json").path("most_sentences");
    if (!most.isMissingNode() && !(most.isInt() && most.asInt() > 0 && most.asInt() <= MOST)) {
      throw wrong("answer.json.most_sentences", "1 to " + MOST, most.toString());
    }
    return new ReportTemplate.Answer.Json(most.asInt(MOST_SENTENCES));
  }

  private List<ReportTemplate.Heading> sections(JsonNode root, boolean json) {
    List<ReportTemplate.Heading> sections = new ArrayList<>();
    for (JsonNode node : list(root, "", "sections")) {
      String place = "sections[" + sections.size() + "]";
      keys(node, place, Set.of("id", "title", "heading"));
      sections.add(
          new ReportTemplate.Heading(
              text(node, place, "id"),
              text(node, place, "title"),
              json ? node.path("heading").asText("") : text(node, place, "heading")));
    }
    if (sections.stream().map(ReportTemplate.Heading::id).distinct().count() < sections.size()) {
      throw wrong("sections", "ids that differ", "one twice");
    }
    return sections;
  }

  private Map<String, Map<String, List<String>>> attributes(JsonNode node) {
    Map<String, Map<String, List<String>>> attributes = new LinkedHashMap<>();
    if (!node.isMissingNode() && !node.isObject()) {
      throw wrong("attributes", "names with values", node.toString());
    }
    node.properties()
        .forEach(attribute -> {
          Map<String, List<String>> values = new LinkedHashMap<>();
          String place = "attributes." + attribute.getKey();
          attribute
              .getValue()
              .properties()
              .forEach(value ->
                  values.put(value.getKey(), texts(attribute.getValue(), place, value.getKey())));
          if (values.isEmpty()) {
            throw wrong(place, "values with their words", attribute.getValue().toString());
          }
          attributes.put(attribute.getKey(), values);
        });
    return attributes;
  }

  private Finding finding(
      JsonNode node, String place, Map<String, Map<String, List<String>>> attributes) {
    keys(node, place, FINDING_KEYS);
    String id = text(node, place, "id");
    String absent = text(node, place, "absent");
    String present = text(node, place, "present");
    long answers = 1;
    for (var attribute : attributes.entrySet()) {
      if (present.contains("{" + attribute.getKey() + "}")) {
        answers *= attribute.getValue().size();
      }
    }
    if (answers > MOST_ANSWERS) {
      throw wrong(place + ".present", "at most " + MOST_ANSWERS + " answers", answers + " of them");
    }
    List<Finding.Present> expanded = Finding.expand(present, attributes);
    if (expanded.stream().anyMatch(one -> one.answer().equals(absent))) {
      throw wrong(place + ".present", "an answer other than " + absent, "the same");
    }
    return new Finding(
        id,
        node.has("name") ? text(node, place, "name") : id,
        lower(texts(node, place, "terms")),
        text(node, place, "question"),
        absent,
        expanded,
        node.has("locate") ? Optional.of(text(node, place, "locate")) : Optional.empty(),
        codes(node, place));
  }

  private FindingCodes codes(JsonNode node, String place) {
    try {
      return new FindingCodes(concepts(node, place, "codes"), concepts(node, place, "site"));
    } catch (IllegalArgumentException e) {
      throw new ReportTemplateException(
          origin + ": " + place + ": " + String.valueOf(e.getMessage()), e);
    }
  }

  private List<CodedConcept> concepts(JsonNode node, String place, String key) {
    List<CodedConcept> concepts = new ArrayList<>();
    if (!node.has(key)) {
      return concepts;
    }
    for (JsonNode item : list(node, place, key)) {
      String at = at(place, key) + "[" + concepts.size() + "]";
      keys(item, at, Set.of("system", "code", "display"));
      concepts.add(
          new CodedConcept(
              system(text(item, at, "system"), at),
              text(item, at, "code"),
              text(item, at, "display")));
    }
    return concepts;
  }

  private CodedConcept.Scheme system(String name, String place) {
    return Arrays.stream(CodedConcept.Scheme.values())
        .filter(system -> system.name().equals(name))
        .findFirst()
        .orElseThrow(() ->
            wrong(
                place + ".system",
                "one of " + List.of(CodedConcept.Scheme.values()),
                "\"" + name + "\""));
  }

  private List<ReportTemplate.Phrase> phrases(JsonNode root, Set<String> ids) {
    List<ReportTemplate.Phrase> phrases = new ArrayList<>();
    if (!root.has("phrases")) {
      return phrases;
    }
    for (JsonNode node : list(root, "", "phrases")) {
      String place = "phrases[" + phrases.size() + "]";
      keys(node, place, Set.of("text", "present", "absent"));
      phrases.add(
          new ReportTemplate.Phrase(
              text(node, place, "text").toLowerCase(Locale.ROOT),
              known(node, place, "present", ids),
              known(node, place, "absent", ids)));
    }
    return phrases;
  }

  private List<String> known(JsonNode node, String place, String key, Set<String> ids) {
    List<String> named = node.has(key) ? texts(node, place, key) : List.of();
    for (String id : named) {
      if (!ids.contains(id)) {
        throw wrong(place + "." + key, "ids of findings: " + ids, "\"" + id + "\"");
      }
    }
    return named;
  }

  private Optional<ReportTemplate.Comparison> comparison(JsonNode node) {
    if (node.isMissingNode()) {
      return Optional.empty();
    }
    keys(node, "comparison", Set.of("title", "prompt", "new", "gone", "same"));
    return Optional.of(
        new ReportTemplate.Comparison(
            text(node, "comparison", "title"),
            text(node, "comparison", "prompt"),
            text(node, "comparison", "new"),
            text(node, "comparison", "gone"),
            text(node, "comparison", "same")));
  }

  private Optional<ReportTemplate.Unknown> unknown(JsonNode node) {
    if (node.isMissingNode()) {
      return Optional.empty();
    }
    keys(node, "unknown", Set.of("question", "yes", "no"));
    String question = text(node, "unknown", "question");
    if (!question.contains("{sentence}")) {
      throw wrong("unknown.question", "{sentence} in it", "\"" + question + "\"");
    }
    return Optional.of(
        new ReportTemplate.Unknown(
            question, text(node, "unknown", "yes"), text(node, "unknown", "no")));
  }

  private static List<String> lower(List<String> texts) {
    return texts.stream().map(text -> text.toLowerCase(Locale.ROOT)).toList();
  }

  private boolean flag(JsonNode node, String key) {
    JsonNode value = node.path(key);
    if (!value.isMissingNode() && !value.isBoolean()) {
      throw wrong(key, "true or false", value.toString());
    }
    return value.asBoolean(false);
  }

  private String text(JsonNode node, String place, String key) {
    JsonNode value = node.path(key);
    if (!value.isTextual() || value.asText().isBlank()) {
      throw wrong(at(place, key), "a text", value.isMissingNode() ? "nothing" : value.toString());
    }
    return value.asText();
  }

  private List<String> texts(JsonNode node, String place, String key) {
    List<String> texts = new ArrayList<>();
    for (JsonNode item : list(node, place, key)) {
      if (!item.isTextual() || item.asText().isBlank()) {
        throw wrong(at(place, key), "texts", item.toString());
      }
      texts.add(item.asText());
    }
    return texts;
  }

  private JsonNode list(JsonNode node, String place, String key) {
    JsonNode value = node.path(key);
    if (!value.isArray() || value.isEmpty()) {
      throw wrong(
          at(place, key),
          "a list that is not empty",
          value.isMissingNode() ? "nothing" : value.toString());
    }
    return value;
  }

  private void keys(JsonNode node, String place, Set<String> known) {
    if (!node.isObject()) {
      throw wrong(
          place.isEmpty() ? "template" : place,
          "keys with values",
          node.isMissingNode() ? "nothing" : node.toString());
    }
    node.fieldNames()
        .forEachRemaining(key -> {
          if (!known.contains(key)) {
            throw wrong(at(place, key), "one of " + known.stream().sorted().toList(), "this key");
          }
        });
  }

  private static String at(String place, String key) {
    return place.isEmpty() ? key : place + "." + key;
  }

  private ReportTemplateException wrong(String place, String expected, String found) {
    return new ReportTemplateException(
        "%s: %s: expected %s, found %s".formatted(origin, place, expected, found));
  }
}
