package org.vesalius.clinical.entities;

import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Finds the names of an {@link EntityTree} in texts, English and Chinese and mixtures, in one pass.
 * Immutable, for any number of threads.
 *
 * <p>Texts and names are compared in a normal form: NFKC, case folded, dashes, quotation marks and
 * white space made one, formatting characters removed. A hyphen between two letters or digits is as
 * a space, and space counts only between words of scripts that write words apart. In those a name
 * matches whole words only; between Han characters and the like it matches anywhere. Places are
 * those of the original text.
 */
public final class EntityTagger {
  private static final int BLOCK = 4096;

  private final EntityTree tree;
  private final Vocabulary vocabulary;
  private final Automaton automaton;

  private EntityTagger(EntityTree tree, Vocabulary vocabulary, Automaton automaton) {
    this.tree = tree;
    this.vocabulary = vocabulary;
    this.automaton = automaton;
  }

  /** Builds the automaton of all names of a tree. */
  public static EntityTagger of(EntityTree tree) {
    Vocabulary vocabulary = new Vocabulary();
    AutomatonBuilder forms = new AutomatonBuilder();
    for (int entity = 0; entity < tree.size(); entity++) {
      for (int name = tree.firstName(entity); name < tree.firstName(entity + 1); name++) {
        String text = tree.nameText(name);
        for (WordScanner words = scanner(text, vocabulary); advance(words); ) {
          for (int i = 0; i < words.words(); i++) {
            forms.word(
                vocabulary.intern(words.normal(), words.begin(i), words.length(i), words.key(i)));
          }
        }
        forms.end(entity, NameKind.of(tree.kind(name)));
      }
    }
    return new EntityTagger(tree, vocabulary, forms.build(vocabulary.size()));
  }

  private static WordScanner scanner(String text, Vocabulary vocabulary) {
    return new WordScanner(
        new StringReader(text), Math.min(BLOCK, text.length()), vocabulary.multiplier());
  }

  private static boolean advance(WordScanner words) {
    try {
      return words.advance(Long.MAX_VALUE);
    } catch (IOException e) {
      throw new UncheckedIOException("a string could not be read", e);
    }
  }

  /** The dictionary. */
  public EntityTree tree() {
    return tree;
  }

  /** The tags of a text, leftmost longest ones. */
  public List<EntityTag> tag(String text) {
    return tag(text, MatchPolicy.LEFTMOST_LONGEST);
  }

  /** The tags of a text. */
  public List<EntityTag> tag(String text, MatchPolicy policy) {
    List<EntityTag> tags = new ArrayList<>();
    scan(
        text,
        policy,
        (start, end, form) ->
            tags.add(
                new EntityTag(start, end, text.substring((int) start, (int) end), entities(form))));
    return tags;
  }

  /**
   * Tags a text of any length while it is read, in memory that does not depend on its length.
   *
   * @param tags gets each tag as soon as it is certain
   */
  public void tag(Reader text, MatchPolicy policy, Consumer<EntityTag> tags) throws IOException {
    tag(text, BLOCK, policy, tags);
  }

  void tag(Reader text, int block, MatchPolicy policy, Consumer<EntityTag> tags)
      throws IOException {
    WordScanner words = new WordScanner(text, block, vocabulary.multiplier());
    new TagScan(
            vocabulary,
            automaton,
            words,
            policy,
            (start, end, form) ->
                tags.accept(new EntityTag(start, end, words.text(start, end), entities(form))))
        .run();
  }

  /** Finds the matches of a text without making objects of them. */
  public void scan(String text, MatchPolicy policy, MatchSink sink) {
    try {
      new TagScan(vocabulary, automaton, scanner(text, vocabulary), policy, sink).run();
    } catch (IOException e) {
      throw new UncheckedIOException("a string could not be read", e);
    }
  }

  /** How many different forms the names have. Forms are numbered from 0. */
  public int forms() {
    return automaton.forms();
  }

  /** The entities that a form names, in the order of {@link EntityTag#entities}. */
  public List<TaggedEntity> entities(int form) {
    int first = automaton.firstEntry(form);
    int end = automaton.firstEntry(form + 1);
    TaggedEntity[] entities = new TaggedEntity[end - first];
    for (int i = first; i < end; i++) {
      int entity = automaton.entry(i) >>> 3;
      entities[i - first] =
          new TaggedEntity(
              tree.id(entity),
              tree.name(entity),
              NameKind.of(automaton.entry(i) & 7),
              tree.level(entity));
    }
    return List.of(entities);
  }

  /** Numbers in the tree of the entities that a form names. */
  public int[] indices(int form) {
    int first = automaton.firstEntry(form);
    int[] indices = new int[automaton.firstEntry(form + 1) - first];
    for (int i = 0; i < indices.length; i++) {
      indices[i] = automaton.entry(first + i) >>> 3;
    }
    return indices;
  }

  /** The memory that automaton and words hold beside the tree, in bytes. */
  public long byteSize() {
    return vocabulary.byteSize() + automaton.byteSize();
  }

  /** How large it is. */
  @Override
  public String toString() {
    return "EntityTagger["
        + forms()
        + " forms, "
        + vocabulary.size()
        + " words, "
        + automaton.states()
        + " states]";
  }
}
