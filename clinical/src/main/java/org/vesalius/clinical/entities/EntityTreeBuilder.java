package org.vesalius.clinical.entities;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Collects the entities of an {@link EntityTree} from any number of files and by hand.
 *
 * <p>An id that comes again, in the same table or in another file, is the same entity: its names
 * and parents add up, and only its first preferred name stays preferred. So a file with
 * translations adds names to the ontology that it translates. A builder builds one tree; it is not
 * for several threads.
 */
public final class EntityTreeBuilder {
  /** The most UTF-16 units of a name. */
  static final int NAME_LENGTH = 10_000;

  /** The most UTF-16 units of an id. */
  static final int ID_LENGTH = 200;

  /** Names are numbered in the upper bits of an int beside their kind. */
  private static final int MOST_ENTITIES = 1 << 28;

  private final Texts texts = new Texts(1 << 12);
  private final Ints ids = new Ints(64);
  private final IdTable table = new IdTable(texts, ids);
  private final Ints names = new Ints(64);
  private final Ints nameOwners = new Ints(64);
  private final Ints links = new Ints(64);
  private final Ints linkOwners = new Ints(64);
  private final Set<NameKind> kinds = EnumSet.of(NameKind.PREFERRED, NameKind.EXACT);
  private int obsolete;
  private int loose;
  private int unnamed;
  private int unknownParents;
  private boolean built;

  EntityTreeBuilder() {}

  /**
   * Also takes synonyms of these kinds from what is read and added from now on. Without it they are
   * preferred names and exact synonyms, because the others name something else.
   */
  public EntityTreeBuilder including(NameKind... more) {
    kinds.addAll(Arrays.asList(more));
    return this;
  }

  /**
   * Adds the entities of a file. Its name, without {@code .gz}, tells the format: {@code .csv},
   * {@code .tsv} or {@code .txt} with the columns of {@link EntityColumns#DEFAULT}, {@code .obo} or
   * {@code .json}.
   *
   * @throws DictionaryFormatException when the file is malformed
   * @throws java.io.UncheckedIOException when it cannot be read
   */
  public EntityTreeBuilder read(Path file) {
    return read(file, EntityColumns.DEFAULT);
  }

  /** The same; the columns matter for {@code .csv}, {@code .tsv} and {@code .txt}. */
  public EntityTreeBuilder read(Path file, EntityColumns columns) {
    DictionaryFile.read(this, file, columns);
    return this;
  }

  /**
   * Adds an entity. Synonyms of kinds that are not asked for are left out and counted.
   *
   * @param id 1 to 200 UTF-16 units
   * @param name the preferred name, 1 to 10,000 UTF-16 units
   * @param synonyms other names
   * @param parents ids of what stands above, which may be added later
   * @throws IllegalArgumentException for a text that is empty or too long
   */
  public EntityTreeBuilder add(
      String id, String name, List<EntityName> synonyms, List<String> parents) {
    int entity = entity(id);
    name(entity, name, NameKind.PREFERRED);
    for (EntityName synonym : synonyms) {
      name(entity, synonym.text(), synonym.kind());
    }
    for (String parent : parents) {
      parent(entity, parent);
    }
    return this;
  }

  /** The number of an entity, which is new or known. */
  int entity(String id) {
    open();
    byte[] utf8 = utf8(id, "id", ID_LENGTH);
    int known = table.find(utf8);
    if (known >= 0) {
      return known;
    }
    if (ids.size() == MOST_ENTITIES) {
      throw new IllegalArgumentException("expected at most " + MOST_ENTITIES + " entities");
    }
    ids.add(keep(utf8));
    table.add(ids.size() - 1);
    return ids.size() - 1;
  }

  /** The number of a known entity, or -1. */
  int find(String id) {
    return table.find(id.getBytes(StandardCharsets.UTF_8));
  }

  String id(int entity) {
    return texts.get(ids.get(entity));
  }

  void name(int entity, String name, NameKind kind) {
    open();
    if (!kinds.contains(kind)) {
      loose++;
      return;
    }
    names.add(keep(utf8(spaced(name), "name", NAME_LENGTH)));
    nameOwners.add((entity << 3) | kind.code());
  }

  void parent(int entity, String parent) {
    open();
    links.add(keep(utf8(parent, "parent", ID_LENGTH)));
    linkOwners.add(entity);
  }

  void countObsolete() {
    obsolete++;
  }

  void countUnnamed() {
    unnamed++;
  }

  void countUnknownParent() {
    unknownParents++;
  }

  private void open() {
    if (built) {
      throw new IllegalStateException("the tree is built already; take a new builder");
    }
  }

  /** Names are shown in one line and compared by words, so runs of white space say nothing. */
  private static String spaced(String name) {
    StringBuilder out = new StringBuilder(name.length());
    boolean gap = false;
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (c <= ' ' || c == 0x7F) {
        gap = out.length() > 0;
      } else {
        if (gap) {
          out.append(' ');
          gap = false;
        }
        out.append(c);
      }
    }
    return out.toString();
  }

  private int keep(byte[] utf8) {
    try {
      return texts.add(utf8);
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException(
          "the names and ids of one tree need more than 2 GiB; split the dictionary", e);
    }
  }

  private static byte[] utf8(String text, String what, int most) {
    if (text.isBlank() || text.length() > most) {
      throw new IllegalArgumentException(
          "expected "
              + (what.equals("id") ? "an " : "a ")
              + what
              + " of 1 to "
              + most
              + " UTF-16 units, found "
              + (text.isBlank() ? "none" : "" + text.length()));
    }
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /**
   * The tree of all that was added.
   *
   * @throws IllegalArgumentException when entities are above themselves or without a name
   */
  public EntityTree build() {
    open();
    built = true;
    int size = ids.size();
    int[] linkFirst = new int[size + 1];
    int[] parents = new int[links.size()];
    resolve(linkFirst, parents);
    parents = Arrays.copyOf(parents, linkFirst[size]);
    EntityLevels levels = EntityLevels.of(linkFirst, parents, this::id);

    int[] order = grouped(nameOwners, size, 3);
    int[] nameFirst = new int[size + 1];
    int[] nameAt = new int[order.length];
    byte[] nameKind = new byte[order.length];
    int used = 0;
    int at = 0;
    for (int entity = 0; entity < size; entity++) {
      int end = at;
      while (end < order.length && nameOwners.get(order[end]) >>> 3 == entity) {
        end++;
      }
      if (at == end) {
        throw new IllegalArgumentException(
            "entity " + DictionaryFormatException.quoted(id(entity)) + ": has no name");
      }
      for (Map.Entry<Integer, NameKind> name : named(order, at, end).entrySet()) {
        nameAt[used] = name.getKey();
        nameKind[used++] = (byte) name.getValue().code();
      }
      nameFirst[entity + 1] = used;
      at = end;
    }
    texts.trim();
    return new EntityTree(
        texts,
        ids,
        table,
        nameFirst,
        Arrays.copyOf(nameAt, used),
        Arrays.copyOf(nameKind, used),
        linkFirst,
        parents,
        levels.levels(),
        new ReadingNotes(obsolete, loose, unnamed, unknownParents, levels.deeper()));
  }

  /**
   * One entity's names, each text once, as where it is kept and what it is, closest kinds first.
   */
  private Map<Integer, NameKind> named(int[] order, int begin, int end) {
    Map<String, Integer> starts = new LinkedHashMap<>();
    Map<String, NameKind> found = new LinkedHashMap<>();
    boolean preferred = false;
    for (int i = begin; i < end; i++) {
      String text = texts.get(names.get(order[i]));
      NameKind kind = NameKind.of(nameOwners.get(order[i]) & 7);
      if (kind == NameKind.PREFERRED) {
        kind = preferred ? NameKind.EXACT : kind;
        preferred = true;
      }
      starts.putIfAbsent(text, names.get(order[i]));
      found.merge(text, kind, (a, b) -> a.compareTo(b) <= 0 ? a : b);
    }
    Map<Integer, NameKind> sorted = new LinkedHashMap<>();
    for (NameKind kind : NameKind.all()) {
      found.forEach((text, k) -> {
        if (k == kind) {
          sorted.put(starts.getOrDefault(text, 0), preferredOr(kind, sorted.isEmpty()));
        }
      });
    }
    return sorted;
  }

  /** Whoever has only synonyms is shown by the first of them. */
  private static NameKind preferredOr(NameKind kind, boolean first) {
    return first ? NameKind.PREFERRED : kind;
  }

  /** Fills the parents of each entity, each once. */
  private void resolve(int[] first, int[] parents) {
    int[] order = grouped(linkOwners, ids.size(), 0);
    int used = 0;
    int at = 0;
    for (int entity = 0; entity < ids.size(); entity++) {
      Set<Integer> above = new LinkedHashSet<>();
      for (; at < order.length && linkOwners.get(order[at]) == entity; at++) {
        int parent = table.find(texts.get(links.get(order[at])).getBytes(StandardCharsets.UTF_8));
        if (parent < 0) {
          unknownParents++;
        } else {
          above.add(parent);
        }
      }
      for (int parent : above) {
        parents[used++] = parent;
      }
      first[entity + 1] = used;
    }
  }

  /** Numbers of the items, those of one owner together, in their order of arrival. */
  private static int[] grouped(Ints owners, int size, int shift) {
    int[] next = new int[size + 1];
    for (int i = 0; i < owners.size(); i++) {
      next[(owners.get(i) >>> shift) + 1]++;
    }
    for (int i = 0; i < size; i++) {
      next[i + 1] += next[i];
    }
    int[] order = new int[owners.size()];
    for (int i = 0; i < order.length; i++) {
      order[next[owners.get(i) >>> shift]++] = i;
    }
    return order;
  }
}
