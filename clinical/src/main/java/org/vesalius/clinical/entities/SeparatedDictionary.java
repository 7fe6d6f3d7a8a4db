package org.vesalius.clinical.entities;

import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.vesalius.clinical.entities.EntityColumns.ParentsBy;

/** Reads entities from a table: one in each row, or one in several rows of the same id. */
final class SeparatedDictionary {
  private final EntityTreeBuilder builder;
  private final DictionaryInput input;
  private final EntityColumns columns;
  private final SeparatedReader rows;
  private int id;
  private int name;
  private int[] synonyms = new int[0];
  private int parents = -1;

  /** Entities of this file, for parents that only its end tells. */
  private final Ints mine = new Ints(64);

  private final Map<String, String> idsByName = new HashMap<>();
  private final List<NamedParent> namedParents = new ArrayList<>();

  private record NamedParent(int entity, String name) {}

  private SeparatedDictionary(
      EntityTreeBuilder builder, DictionaryInput input, EntityColumns columns) {
    this.builder = builder;
    this.input = input;
    this.columns = columns;
    this.rows = new SeparatedReader(input, columns.separator().orElseThrow());
  }

  static void read(EntityTreeBuilder builder, DictionaryInput input, EntityColumns columns)
      throws IOException {
    new SeparatedDictionary(builder, input, columns).read();
  }

  private void read() throws IOException {
    List<String> row = rows.row();
    if (row.isEmpty()) {
      throw input.error(1, 1, "expected a table, found nothing");
    }
    int width = row.size();
    locate(columns.header() ? row : List.of(), width);
    if (columns.header()) {
      row = rows.row();
    }
    for (; !row.isEmpty(); row = rows.row()) {
      if (row.size() != width) {
        throw input.error(
            rows.line(),
            rows.column(Math.min(row.size(), width) - 1),
            "expected " + width + " cells as in the first row, found " + row.size());
      }
      entity(row);
    }
    switch (columns.parentsBy()) {
      case ID -> {}
      case NAME -> {
        for (NamedParent named : namedParents) {
          String parent = idsByName.get(named.name());
          if (parent == null) {
            builder.countUnknownParent();
          } else {
            builder.parent(named.entity(), parent);
          }
        }
      }
      case PREFIX -> prefixes();
    }
  }

  private void locate(List<String> header, int width) {
    id = column(header, width, columns.id());
    name = column(header, width, columns.name());
    synonyms =
        columns.synonyms().isEmpty()
            ? optional(header, "synonyms").stream().mapToInt(Integer::intValue).toArray()
            : columns.synonyms().stream().mapToInt(s -> column(header, width, s)).toArray();
    if (columns.parentsBy() != ParentsBy.PREFIX) {
      parents =
          columns
              .parents()
              .map(p -> column(header, width, p))
              .or(() -> optional(header, "parents"))
              .orElse(-1);
      if (parents < 0 && columns.parentsBy() == ParentsBy.NAME) {
        throw input.error(1, 1, "expected a column with parents, as parents-by=name says");
      }
    } else if (columns.parents().isPresent()) {
      throw input.error(1, 1, "expected no column with parents, as parents-by=prefix says");
    }
  }

  private static Optional<Integer> optional(List<String> header, String wanted) {
    int found = header.indexOf(wanted);
    return found < 0 ? Optional.empty() : Optional.of(found);
  }

  private int column(List<String> header, int width, String wanted) {
    int named = header.stream().map(String::strip).toList().indexOf(wanted);
    if (named >= 0) {
      return named;
    }
    if (wanted.matches("[1-9][0-9]{0,3}") && Integer.parseInt(wanted) <= width) {
      return Integer.parseInt(wanted) - 1;
    }
    String found =
        header.isEmpty()
            ? width + " columns without names"
            : DictionaryFormatException.quoted(String.join(", ", header));
    throw input.error(
        1,
        1,
        "expected a column "
            + DictionaryFormatException.quoted(wanted)
            + ", found "
            + found
            + "; say which columns hold what");
  }

  private void entity(List<String> row) {
    int cell = id;
    try {
      int entity = builder.entity(row.get(id).strip());
      mine.add(entity);
      cell = name;
      builder.name(entity, row.get(name), NameKind.PREFERRED);
      for (int synonym : synonyms) {
        cell = synonym;
        for (String text : cells(row.get(synonym))) {
          builder.name(entity, text, NameKind.EXACT);
        }
      }
      if (columns.parentsBy() == ParentsBy.NAME) {
        idsByName.putIfAbsent(row.get(name).strip(), row.get(id).strip());
      }
      if (parents >= 0) {
        cell = parents;
        for (String parent : cells(row.get(parents))) {
          if (columns.parentsBy() == ParentsBy.NAME) {
            namedParents.add(new NamedParent(entity, parent));
          } else {
            builder.parent(entity, parent);
          }
        }
      }
    } catch (IllegalArgumentException e) {
      throw input.error(rows.line(), rows.column(cell), String.valueOf(e.getMessage()));
    }
  }

  private List<String> cells(String cell) {
    List<String> parts =
        columns.split().isEmpty()
            ? List.of(cell)
            : List.of(cell.split(Pattern.quote(columns.split()), -1));
    return parts.stream().map(String::strip).filter(p -> !p.isEmpty()).toList();
  }

  private void prefixes() {
    BitSet known = new BitSet();
    for (int i = 0; i < mine.size(); i++) {
      known.set(mine.get(i));
    }
    for (int entity = known.nextSetBit(0); entity >= 0; entity = known.nextSetBit(entity + 1)) {
      String own = builder.id(entity);
      for (int length = own.length() - 1; length > 0; length--) {
        String prefix = own.substring(0, length);
        int above = builder.find(prefix);
        if (above >= 0 && known.get(above)) {
          builder.parent(entity, prefix);
          break;
        }
      }
    }
  }
}
