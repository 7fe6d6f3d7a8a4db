package org.vesalius.clinical.tools;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Drugs as the caller's own file lists them; the library has no data about drugs. CSV with a line
 * of column names, or JSON as an array of objects. The column {@code name} must be there; {@code
 * synonyms} and {@code ingredients}, separated by {@code |} or as arrays, are names to look up too;
 * every other column is shown as it is, interactions only if the file has such. Immutable.
 */
public final class DrugTable {
  private static final long BYTES = 64L << 20;
  private static final List<String> NAMES = List.of("name", "synonyms", "ingredients");

  private static final JsonMapper JSON =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(16).build())
                  .build())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .build();

  private final List<Map<String, String>> drugs;
  private final Map<String, Set<Integer>> byName = new LinkedHashMap<>();

  private DrugTable(List<Map<String, String>> drugs) {
    this.drugs = drugs;
    for (int i = 0; i < drugs.size(); i++) {
      for (String column : NAMES) {
        for (String name : drugs.get(i).getOrDefault(column, "").split("\\|", -1)) {
          if (!name.isBlank()) {
            byName.computeIfAbsent(key(name), _ -> new LinkedHashSet<>()).add(i);
          }
        }
      }
    }
  }

  /**
   * Reads a file, CSV or JSON by the end of its name.
   *
   * @throws IllegalArgumentException if it is none, or has no names
   */
  public static DrugTable read(Path file) {
    try {
      if (Files.size(file) > BYTES) {
        throw new IllegalArgumentException(
            "drug table %s: expected at most %d bytes".formatted(file, BYTES));
      }
      String text = Files.readString(file, StandardCharsets.UTF_8);
      return String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT).endsWith(".json")
          ? ofJson(text)
          : ofCsv(text);
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "drug table %s: it cannot be read as UTF-8".formatted(file), e);
    }
  }

  /**
   * Reads CSV (RFC 4180).
   *
   * @throws IllegalArgumentException if it is malformed, or has no column {@code name}
   */
  public static DrugTable ofCsv(String text) {
    List<List<String>> rows = Csv.rows(text.startsWith("\uFEFF") ? text.substring(1) : text);
    if (rows.isEmpty()) {
      throw new IllegalArgumentException("drug table: expected a line of column names");
    }
    List<String> columns = rows.getFirst().stream().map(DrugTable::column).toList();
    if (Set.copyOf(columns).size() != columns.size()) {
      throw new IllegalArgumentException("drug table: a column name is there twice");
    }
    List<Map<String, String>> drugs = new ArrayList<>();
    for (int i = 1; i < rows.size(); i++) {
      List<String> row = rows.get(i);
      if (row.size() != columns.size()) {
        throw new IllegalArgumentException(
            "drug table, row %d: expected %d cells, found %d"
                .formatted(i + 1, columns.size(), row.size()));
      }
      Map<String, String> drug = new LinkedHashMap<>();
      for (int c = 0; c < row.size(); c++) {
        drug.put(columns.get(c), row.get(c).strip());
      }
      drugs.add(named(drug, i + 1));
    }
    return new DrugTable(List.copyOf(drugs));
  }

  /**
   * Reads JSON.
   *
   * @throws IllegalArgumentException if it is malformed, or an object has no {@code name}
   */
  public static DrugTable ofJson(String text) {
    try {
      List<Map<String, @Nullable Object>> objects = JSON.readValue(text, new TypeReference<>() {});
      List<Map<String, String>> drugs = new ArrayList<>();
      for (Map<String, @Nullable Object> object : objects) {
        Map<String, String> drug = new LinkedHashMap<>();
        object.forEach((field, value) -> drug.put(column(field), cell(value)));
        drugs.add(named(drug, drugs.size() + 1));
      }
      return new DrugTable(List.copyOf(drugs));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          "drug table: expected a JSON array of objects; " + e.getOriginalMessage(), e);
    }
  }

  private static String column(String name) {
    return name.strip().toLowerCase(Locale.ROOT);
  }

  private static String cell(@Nullable Object value) {
    return switch (value) {
      case null -> "";
      case List<?> list -> String.join("|", list.stream().map(String::valueOf).toList());
      default -> value.toString();
    };
  }

  private static Map<String, String> named(Map<String, String> drug, int row) {
    if (drug.getOrDefault("name", "").isBlank()) {
      throw new IllegalArgumentException("drug table, row %d: expected a name".formatted(row));
    }
    return drug;
  }

  private static String key(String name) {
    return Normalizer.normalize(name, Normalizer.Form.NFKC)
        .toLowerCase(Locale.ROOT)
        .replaceAll("\\s+", " ")
        .strip();
  }

  /** How many drugs it has. */
  public int size() {
    return drugs.size();
  }

  /** The drugs with this name, synonym or ingredient, spelled out; column by column. */
  public List<Map<String, String>> find(String name) {
    return byName.getOrDefault(key(name), Set.of()).stream().map(drugs::get).toList();
  }

  /** Names that have the text in them, for a name that was not found. */
  List<String> similar(String text, int most) {
    String wanted = key(text);
    Stream<String> names =
        wanted.length() < 3
            ? Stream.empty()
            : byName.keySet().stream()
                .filter(name -> name.contains(wanted) || wanted.contains(name));
    return names.limit(most).toList();
  }

  /** How many, without what they are. */
  @Override
  public String toString() {
    return "DrugTable[" + size() + " drugs]";
  }
}
