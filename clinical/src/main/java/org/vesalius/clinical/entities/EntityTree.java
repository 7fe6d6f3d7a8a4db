package org.vesalius.clinical.entities;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.OptionalInt;

/**
 * Entities in up to five levels: what medical words name, and what stands above what. Immutable,
 * for any number of threads.
 *
 * <p>Ontologies are graphs: an entity may have several parents and keeps them all. Its level is 1
 * without parents, else one more than the least level among them, so the shortest way up counts.
 * What lies deeper than the fifth level stays an entity of its own, with its own parents, and is of
 * level five.
 *
 * <p>Entities are numbered from 0 in the order in which the dictionaries first name them. All names
 * lie in one array; {@link Entity} objects are made when asked for.
 */
public final class EntityTree {
  /** The most levels that a tree tells apart. */
  public static final int LEVELS = 5;

  private final Texts texts;
  private final Ints ids;
  private final IdTable table;
  private final int[] nameFirst;
  private final int[] nameAt;
  private final byte[] nameKind;
  private final int[] parentFirst;
  private final int[] parents;
  private final byte[] levels;
  private final ReadingNotes notes;

  /** What {@link EntityTreeBuilder#build} found. */
  EntityTree(
      Texts texts,
      Ints ids,
      IdTable table,
      int[] nameFirst,
      int[] nameAt,
      byte[] nameKind,
      int[] parentFirst,
      int[] parents,
      byte[] levels,
      ReadingNotes notes) {
    this.texts = texts;
    this.ids = ids;
    this.table = table;
    this.nameFirst = nameFirst;
    this.nameAt = nameAt;
    this.nameKind = nameKind;
    this.parentFirst = parentFirst;
    this.parents = parents;
    this.levels = levels;
    this.notes = notes;
  }

  /** Collects entities from files and by hand. */
  public static EntityTreeBuilder builder() {
    return new EntityTreeBuilder();
  }

  /**
   * Reads one file, whose format its name tells; see {@link EntityTreeBuilder#read(Path)}.
   *
   * @throws DictionaryFormatException when the file is malformed
   * @throws java.io.UncheckedIOException when it cannot be read
   */
  public static EntityTree load(Path file) {
    return builder().read(file).build();
  }

  /** How many entities there are. */
  public int size() {
    return levels.length;
  }

  /** How many names all entities have together. */
  public int names() {
    return nameAt.length;
  }

  /** What was left out or adjusted while the dictionaries were read. */
  public ReadingNotes notes() {
    return notes;
  }

  /** The number of the entity with this id, spelled exactly so. */
  public OptionalInt index(String id) {
    int found = table.find(id.getBytes(StandardCharsets.UTF_8));
    return found < 0 ? OptionalInt.empty() : OptionalInt.of(found);
  }

  /** An entity by number. */
  public Entity entity(int index) {
    List<EntityName> synonyms = new ArrayList<>();
    for (int i = nameFirst[index] + 1; i < nameFirst[index + 1]; i++) {
      synonyms.add(nameOf(i));
    }
    return new Entity(
        id(index),
        name(index),
        synonyms,
        parents(index).stream().map(this::id).toList(),
        level(index));
  }

  /** The id of an entity. */
  public String id(int index) {
    return texts.get(ids.get(index));
  }

  /** The preferred name of an entity. */
  public String name(int index) {
    return texts.get(nameAt[nameFirst[index]]);
  }

  /** All names of an entity: the preferred one first, then by kind. */
  public List<EntityName> names(int index) {
    List<EntityName> names = new ArrayList<>();
    for (int i = nameFirst[index]; i < nameFirst[index + 1]; i++) {
      names.add(nameOf(i));
    }
    return List.copyOf(names);
  }

  private EntityName nameOf(int name) {
    return new EntityName(texts.get(nameAt[name]), NameKind.of(nameKind[name]));
  }

  /** 1 to {@link #LEVELS}. */
  public int level(int index) {
    return levels[index];
  }

  /** Numbers of the entities right above one. */
  public List<Integer> parents(int index) {
    List<Integer> above = new ArrayList<>();
    for (int i = parentFirst[index]; i < parentFirst[index + 1]; i++) {
      above.add(parents[i]);
    }
    return List.copyOf(above);
  }

  /**
   * Numbers of all entities above one, in no particular order, each once.
   *
   * @param index the entity, which is not among them
   */
  public List<Integer> ancestors(int index) {
    BitSet known = new BitSet();
    List<Integer> all = new ArrayList<>();
    for (int at = -1; at < all.size(); at++) {
      int below = at < 0 ? index : all.get(at);
      for (int i = parentFirst[below]; i < parentFirst[below + 1]; i++) {
        if (!known.get(parents[i])) {
          known.set(parents[i]);
          all.add(parents[i]);
        }
      }
    }
    return all;
  }

  /** The memory that the tree holds, in bytes. */
  public long byteSize() {
    return texts.byteSize()
        + 4L * (ids.size() + nameFirst.length + nameAt.length + parentFirst.length + parents.length)
        + table.byteSize()
        + nameKind.length
        + levels.length;
  }

  int firstName(int index) {
    return nameFirst[index];
  }

  String nameText(int name) {
    return texts.get(nameAt[name]);
  }

  int kind(int name) {
    return nameKind[name];
  }

  /** How many entities, without what they are: names can be somebody's own. */
  @Override
  public String toString() {
    return "EntityTree[" + size() + " entities, " + names() + " names]";
  }
}
