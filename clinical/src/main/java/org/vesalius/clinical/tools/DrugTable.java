package org.vesalius.clinical.tools;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
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
import org.vesalius.clinical.entities.DictionaryFormatException;
import org.vesalius.clinical.entities.SeparatedTable;

/**
 * Drugs as the caller's own file lists them; the library has no data about drugs. A table of
 * separated cells with a line of column names, or JSON as an array of objects. The column {@code
 * name} must be there; {@code synonyms} and {@code ingredients}, separated by {@code |} or as
 * arrays, are names to look up too; every other column is shown as it is, interactions only if the
 * file has such. Immutable.
 */
public final class DrugTable {
  private static final int BYTES = 64 << 20;
  private static final List<String> NAMES = List.of("name", "synonyms", "ingredients");
  private static final String ORIGIN = "drug table";

  private static final JsonMapper JSON =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(16).build())
                  .build())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
          .build();

  private final List<Map<String, String>> drugs;
  private final Map<String, Set<Integer>> byName = new LinkedHashMap<>();

  private DrugTable(List<Map<String, String>> drugs) {
    this.drugs = List.copyOf(drugs);
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
   * Reads a file by the end of its name: {@code .csv}, {@code .tsv} or {@code .json}.
   *
   * @throws IllegalArgumentException if it is none, or has no names
   * @throws UncheckedIOException if it cannot be read
   */
  public static DrugTable read(Path file) {
    String name = String.valueOf(file.getFileName());
    String origin = ORIGIN + " " + name;
    String ending = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    if (!List.of("csv", "tsv", "json").contains(ending)) {
      throw new IllegalArgumentException(
          origin + ": expected a name that ends in .csv, .tsv or .json");
    }
    byte[] bytes = bytes(file, origin);
    return switch (ending) {
      case "csv" -> ofCells(bytes, origin, ',');
      case "tsv" -> ofCells(bytes, origin, '\t');
      default -> ofJson(bytes, origin);
    };
  }

  private static byte[] bytes(Path file, String origin) {
    // How large a file says that it is need not be how much it gives.
    try (InputStream stream = Files.newInputStream(file)) {
      byte[] bytes = stream.readNBytes(BYTES + 1);
      if (bytes.length > BYTES) {
        throw new IllegalArgumentException(
            "%s: expected at most %d bytes".formatted(origin, BYTES));
      }
      return bytes;
    } catch (IOException e) {
      throw new UncheckedIOException(ORIGIN + " " + file + " cannot be read: " + e, e);
    }
  }

  /**
   * Reads CSV (RFC 4180).
   *
   * @throws IllegalArgumentException if it is malformed, or has no column {@code name}
   */
  public static DrugTable ofCsv(String text) {
    return ofCells(text.getBytes(StandardCharsets.UTF_8), ORIGIN, ',');
  }

  private static DrugTable ofCells(byte[] bytes, String origin, char separator) {
    List<List<String>> rows = rows(bytes, origin, separator);
    List<String> columns = rows.isEmpty() ? List.of() : rows.getFirst();
    if (columns.stream().map(DrugTable::column).noneMatch("name"::equals)) {
      throw new IllegalArgumentException(
          origin + ": expected a line of column names first, with a column \"name\"");
    }
    List<Map<String, String>> drugs = new ArrayList<>();
    for (List<String> row : rows.subList(1, rows.size())) {
      Row drug = new Row(origin, drugs.size() + 1);
      for (int c = 0; c < row.size(); c++) {
        drug.put(columns.get(c), row.get(c).strip());
      }
      drugs.add(drug.named());
    }
    return new DrugTable(drugs);
  }

  private static List<List<String>> rows(byte[] bytes, String origin, char separator) {
    try {
      return SeparatedTable.rows(origin, new ByteArrayInputStream(bytes), separator);
    } catch (DictionaryFormatException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    } catch (IOException e) {
      throw new UncheckedIOException("bytes could not be read", e);
    }
  }

  /**
   * Reads JSON.
   *
   * @throws IllegalArgumentException if it is malformed, or an object has no {@code name}
   */
  public static DrugTable ofJson(String text) {
    return ofJson(text.getBytes(StandardCharsets.UTF_8), ORIGIN);
  }

  private static DrugTable ofJson(byte[] bytes, String origin) {
    JsonNode array;
    try {
      array = JSON.readTree(bytes);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          "%s: expected JSON, found an error in line %d"
              .formatted(origin, e.getLocation() == null ? 1 : e.getLocation().getLineNr()),
          e);
    } catch (IOException e) {
      throw new IllegalArgumentException(origin + ": expected JSON in UTF-8", e);
    }
    if (!array.isArray()) {
      throw new IllegalArgumentException(origin + ": expected a JSON array of objects");
    }
    List<Map<String, String>> drugs = new ArrayList<>();
    for (JsonNode object : array) {
      Row drug = new Row(origin, drugs.size() + 1);
      object.properties().forEach(field -> drug.put(field.getKey(), cell(drug, field.getValue())));
      drugs.add(drug.named());
    }
    return new DrugTable(drugs);
  }

  private static String cell(Row drug, JsonNode value) {
    if (value.isArray()) {
      List<String> cells = new ArrayList<>();
      value.forEach(item -> cells.add(scalar(drug, item)));
      return String.join("|", cells);
    }
    return scalar(drug, value);
  }

  private static String scalar(Row drug, JsonNode value) {
    if (value.isContainerNode()) {
      throw drug.refused("expected texts, numbers, true, false, or arrays of these");
    }
    return value.isNull() ? "" : value.asText();
  }

  /** The cells of a drug by the names of their columns. */
  private record Row(String origin, int number, Map<String, String> cells) {
    Row(String origin, int number) {
      this(origin, number, new LinkedHashMap<>());
    }

    void put(String column, String cell) {
      String name = column(column);
      if (cells.put(name, cell) != null) {
        throw refused("the column \"%s\" is there twice".formatted(name));
      }
    }

    Map<String, String> named() {
      if (cells.getOrDefault("name", "").isBlank()) {
        throw refused("expected a name");
      }
      return cells;
    }

    IllegalArgumentException refused(String problem) {
      return new IllegalArgumentException("%s, drug %d: %s".formatted(origin, number, problem));
    }
  }

  private static String column(String name) {
    return name.strip().toLowerCase(Locale.ROOT);
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
