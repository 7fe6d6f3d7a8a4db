package org.vesalius.clinical.entities;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Which columns of a table hold what.
 *
 * <p>A column is given by its name in the header row or by its number from 1. What is not given is
 * {@code id}, {@code name}, and {@code synonyms} and {@code parents} where the header has them;
 * without a header it is columns 1 and 2.
 *
 * @param header whether the first row names the columns
 * @param id the column with the id
 * @param name the column with the preferred name
 * @param synonyms columns with more names; empty for the one called {@code synonyms}, if any
 * @param parents the column that says what stands above; empty for the one called {@code parents},
 *     if any
 * @param parentsBy how that column, or the id, tells the parents
 * @param split what separates several synonyms or parents in one cell; empty where a cell is one
 * @param separator what separates cells; empty for what the file's name says
 */
public record EntityColumns(
    boolean header,
    String id,
    String name,
    List<String> synonyms,
    Optional<String> parents,
    ParentsBy parentsBy,
    String split,
    Optional<Character> separator) {

  /** A header row with {@code id}, {@code name}, {@code synonyms} and {@code parents}. */
  public static final EntityColumns DEFAULT =
      new EntityColumns(
          true, "id", "name", List.of(), Optional.empty(), ParentsBy.ID, "|", Optional.empty());

  /** How a table tells what stands above an entity. */
  public enum ParentsBy {
    /** By ids in the parents' column. */
    ID,
    /** By preferred names of the same file in the parents' column. */
    NAME,
    /** By the ids themselves: the longest other id of the file that an id begins with. */
    PREFIX
  }

  /** Keeps a copy of the list. */
  public EntityColumns {
    synonyms = List.copyOf(synonyms);
  }

  /**
   * Columns in one line: {@code key=value} with commas between, of the keys {@code header} (yes,
   * no), {@code id}, {@code name}, {@code synonyms} (again for each column), {@code parents},
   * {@code parents-by} (id, name, prefix), {@code split} ({@code none} for nothing) and {@code
   * separator} (comma, tab, semicolon). For example {@code
   * id=subject_id,name=source_value,synonyms=translation_value}.
   *
   * @throws IllegalArgumentException for anything else
   */
  public static EntityColumns parse(String line) {
    boolean header = true;
    Optional<String> id = Optional.empty();
    Optional<String> name = Optional.empty();
    List<String> synonyms = new ArrayList<>();
    Optional<String> parents = Optional.empty();
    ParentsBy parentsBy = ParentsBy.ID;
    String split = "|";
    Optional<Character> separator = Optional.empty();
    for (String part : line.split(",", -1)) {
      int equals = part.indexOf('=');
      String key = equals < 0 ? part : part.substring(0, equals).strip();
      String value = equals < 0 ? "" : part.substring(equals + 1).strip();
      if (value.isEmpty()) {
        throw new IllegalArgumentException(
            "columns: expected key=value, found " + DictionaryFormatException.quoted(part));
      }
      switch (key) {
        case "header" -> header = oneOf(key, value, List.of("yes", "no")).equals("yes");
        case "id" -> id = Optional.of(value);
        case "name" -> name = Optional.of(value);
        case "synonyms" -> synonyms.add(value);
        case "parents" -> parents = Optional.of(value);
        case "parents-by" ->
            parentsBy =
                ParentsBy.valueOf(
                    oneOf(key, value, List.of("id", "name", "prefix")).toUpperCase(Locale.ROOT));
        case "split" -> split = value.equals("none") ? "" : value;
        case "separator" ->
            separator =
                Optional.of(
                    switch (oneOf(key, value, List.of("comma", "tab", "semicolon"))) {
                      case "comma" -> ',';
                      case "tab" -> '\t';
                      default -> ';';
                    });
        default ->
            throw new IllegalArgumentException(
                "columns: expected one of header, id, name, synonyms, parents, parents-by, split,"
                    + " separator, found "
                    + DictionaryFormatException.quoted(key));
      }
    }
    return new EntityColumns(
        header,
        id.orElse(header ? "id" : "1"),
        name.orElse(header ? "name" : "2"),
        synonyms,
        parents,
        parentsBy,
        split,
        separator);
  }

  private static String oneOf(String key, String value, List<String> known) {
    if (!known.contains(value)) {
      throw new IllegalArgumentException(
          "columns: "
              + key
              + ": expected one of "
              + String.join(", ", known)
              + ", found "
              + DictionaryFormatException.quoted(value));
    }
    return value;
  }

  EntityColumns separatedBy(char usual) {
    return new EntityColumns(
        header,
        id,
        name,
        synonyms,
        parents,
        parentsBy,
        split,
        Optional.of(separator.orElse(usual)));
  }
}
