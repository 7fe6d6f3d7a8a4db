package org.vesalius.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.vesalius.clinical.entities.EntityColumns;
import org.vesalius.clinical.entities.EntityName;
import org.vesalius.clinical.entities.EntityTagger;
import org.vesalius.clinical.entities.EntityTree;
import org.vesalius.clinical.entities.EntityTreeBuilder;
import org.vesalius.clinical.entities.NameKind;

/**
 * Dictionaries to measure with, and a program that prints what they take: {@code files} is the
 * Disease Ontology, the Chinese Human Phenotype Ontology and ICD-10-CM together, from {@code
 * -Dvesalius.assets}; {@code million} has 1,000,000 entities of an English and a Chinese name each.
 */
final class EntityDictionaries {
  private static final int MILLION = 1_000_000;
  private static final int WORDS = 50_000;

  private EntityDictionaries() {}

  static EntityTree tree(String dictionary) {
    return switch (dictionary) {
      case "files" -> files();
      case "million" -> synthetic(MILLION);
      case "small" -> synthetic(1_000);
      default -> throw new IllegalArgumentException("dictionary=" + dictionary);
    };
  }

  static Path assets() {
    Path folder = Path.of(System.getProperty("vesalius.assets", ""), "medical-text");
    if (!Files.isDirectory(folder)) {
      throw new IllegalArgumentException(
          folder + ": expected a folder; give -Dvesalius.assets, or -p dictionary=million");
    }
    return folder;
  }

  private static EntityTree files() {
    Path folder = assets();
    return EntityTree.builder()
        .read(
            folder.resolve("disease-ontology.HumanDO.tsv.gz"),
            EntityColumns.parse("name=label,parents=subClassOf,parents-by=name,split=none"))
        .read(
            folder.resolve("hpo.hp-zh.babelon.tsv.gz"),
            EntityColumns.parse("id=subject_id,name=source_value,synonyms=translation_value"))
        .read(
            folder.resolve("icd10cm.categories.csv.gz"),
            EntityColumns.parse("header=no,parents-by=prefix"))
        .build();
  }

  /** Words of random letters, the first ones more often; a parent among those before. */
  private static EntityTree synthetic(int entities) {
    SplittableRandom random = new SplittableRandom(1);
    String[] words = new String[WORDS];
    for (int i = 0; i < words.length; i++) {
      words[i] = letters(random, 3 + random.nextInt(9), 'a', 26);
    }
    EntityTreeBuilder builder = EntityTree.builder();
    for (int i = 0; i < entities; i++) {
      StringBuilder name = new StringBuilder();
      for (int n = 1 + random.nextInt(4); n >= 0; n--) {
        double skew = random.nextDouble();
        name.append(words[(int) (skew * skew * WORDS)]).append(n > 0 ? " " : "");
      }
      String chinese = letters(random, 2 + random.nextInt(7), '\u4E00', 3000);
      builder.add(
          "S:" + i,
          name.toString(),
          List.of(new EntityName(chinese, NameKind.EXACT)),
          i < 10 ? List.of() : List.of("S:" + random.nextInt(i)));
    }
    return builder.build();
  }

  private static String letters(SplittableRandom random, int length, char first, int range) {
    StringBuilder letters = new StringBuilder();
    for (int i = 0; i < length; i++) {
      letters.append((char) (first + random.nextInt(range)));
    }
    return letters.toString();
  }

  /** Prints the memory and the time to build of each dictionary that is named. */
  public static void main(String[] dictionaries) {
    for (String dictionary : dictionaries) {
      long empty = heap();
      long start = System.nanoTime();
      EntityTree tree = tree(dictionary);
      long read = System.nanoTime();
      long withTree = heap();
      long again = System.nanoTime();
      EntityTagger tagger = EntityTagger.of(tree);
      long built = System.nanoTime();
      long withTagger = heap();
      System.out.printf(
          "%s: %s, %s%n  read in %d ms, automaton in %d ms%n  bytes of heap for each entity: %d tree,"
              + " %d automaton; by the arrays: %d, %d%n",
          dictionary,
          tree,
          tagger,
          (read - start) / 1_000_000,
          (built - again) / 1_000_000,
          (withTree - empty) / tree.size(),
          (withTagger - withTree) / tree.size(),
          tree.byteSize() / tree.size(),
          tagger.byteSize() / tree.size());
    }
  }

  private static long heap() {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }
}
