package org.vesalius.bench.gpu;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * All parts of a run in one, with the table of figures.
 *
 * @param parts by name
 * @param devices what computed them
 * @param shapes what they are figures of
 */
record Report(Map<String, JsonNode> parts, Set<String> devices, Set<String> shapes) {
  private static final String SUFFIX = ".json";

  /** Reads the parts that are there. */
  static Report of(Path folder) throws IOException {
    Map<String, JsonNode> parts = new TreeMap<>();
    Set<String> devices = new TreeSet<>();
    Set<String> shapes = new TreeSet<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(path -> path.toString().endsWith(SUFFIX)).toList()) {
        String name = file.getFileName().toString();
        JsonNode part = PartFile.JSON.readTree(file.toFile());
        parts.put(name.substring(0, name.length() - SUFFIX.length()), part);
        add(devices, part.path("device").asText());
        add(shapes, part.path("shapes").asText());
      }
    }
    if (parts.isEmpty()) {
      throw new IllegalArgumentException(folder + ": expected results of parts, found none");
    }
    return new Report(parts, devices, shapes);
  }

  private static void add(Set<String> all, String value) {
    if (!value.isEmpty()) {
      all.add(value);
    }
  }

  /** Whether any part comes from the device of the tests. */
  boolean isSimulated() {
    return parts.values().stream().anyMatch(part -> part.path("simulated").asBoolean());
  }

  /** Why figures must not be compared with their bars; empty if they may be. */
  String refusal() {
    if (isSimulated()) {
      return "a simulated device: its times say nothing about any GPU";
    }
    if (names().size() > 1) {
      return "parts of several devices: " + String.join(", ", names());
    }
    if (shapes.size() > 1) {
      return "parts of several shapes: " + String.join(", ", shapes);
    }
    return shapes.isEmpty() || shapes.contains(Figures.JUDGED)
        ? ""
        : "the bars are those of " + Figures.JUDGED;
  }

  /** What computed, by name: peers know no more, and our description has the rest in brackets. */
  private Set<String> names() {
    Set<String> names = new TreeSet<>();
    devices.stream().map(Report::name).forEach(names::add);
    return names;
  }

  /** {@code NVIDIA H200} of {@code cuda (NVIDIA H200, sm_90, CUDA 12.6, cuBLAS 12)}. */
  static String name(String device) {
    int open = device.indexOf('(');
    String inside = open < 0 ? device : device.substring(open + 1);
    int end = inside.indexOf(',');
    return (end < 0 ? inside : inside.substring(0, end)).replace(")", "").strip();
  }

  private List<Figures.Figure> figures() {
    return Figures.of(parts, refusal().isEmpty());
  }

  /** The table. */
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add("device: " + String.join("; ", devices) + "; shapes: " + String.join(", ", shapes));
    String format = "%-46s %-34s %-24s %-10s %s";
    lines.add(format.formatted("figure", "measured", "bar", "met", "beside it").stripTrailing());
    for (Figures.Figure figure : figures()) {
      lines.add(
          format
              .formatted(
                  figure.name(), figure.measured(), figure.bar(), figure.met(), figure.beside())
              .stripTrailing());
    }
    if (!refusal().isEmpty()) {
      lines.add("no bar is compared: " + refusal());
    }
    parts.forEach((name, part) -> {
      for (String key : List.of("error", "missing")) {
        String why = part.path("result").path(key).asText();
        if (!why.isEmpty()) {
          lines.add(name + ": " + why);
        }
      }
    });
    return lines;
  }

  /** Writes {@code DATE-gpu-NAME.json} and returns where. */
  Path write(Path folder) throws IOException {
    ObjectNode json = PartFile.JSON.createObjectNode();
    LocalDate date = LocalDate.now(Clock.systemUTC());
    json.put("date", date.toString());
    devices.forEach(json.putArray("devices")::add);
    json.put("simulated", isSimulated());
    shapes.forEach(json.putArray("shapes")::add);
    json.put("bars_compared", refusal().isEmpty());
    ArrayNode figures = json.putArray("figures");
    for (Figures.Figure figure : figures()) {
      figures
          .addObject()
          .put("figure", figure.name())
          .put("measured", figure.measured())
          .put("bar", figure.bar())
          .put("met", figure.met())
          .put("beside", figure.beside());
    }
    json.putObject("parts").setAll(parts);
    Files.createDirectories(folder);
    String slug =
        isSimulated()
            ? "simulated"
            : String.join("-", names())
                .toLowerCase(Locale.ROOT)
                .replaceAll("[^a-z0-9]+", "-")
                .replaceAll("^-|-$", "");
    Path file = folder.resolve(date + "-gpu-" + (slug.isEmpty() ? "unknown" : slug) + SUFFIX);
    PartFile.JSON.writeValue(file.toFile(), json);
    return file;
  }
}
