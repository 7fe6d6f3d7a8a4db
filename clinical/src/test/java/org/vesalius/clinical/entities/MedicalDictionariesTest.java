package org.vesalius.clinical.entities;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * The Disease Ontology, the Chinese Human Phenotype Ontology and ICD-10-CM as they are published.
 */
class MedicalDictionariesTest {

  private static EntityTree tree() {
    Path folder = Path.of(System.getProperty("vesalius.assets", ""), "medical-text");
    assumeTrue(
        Files.isDirectory(folder),
        "medical-text is missing: give -Dvesalius.assets to test with it");
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

  @Test
  void allThreeAreOneTree() {
    EntityTree tree = tree();
    // Counted with Python's csv module.
    assertEquals(12_246 + 18_988 + 24_628, tree.size());
    assertEquals(8, tree.notes().unknownParents());
    Entity two = tree.entity(tree.index("DOID:9352").orElseThrow());
    assertEquals("type 2 diabetes mellitus", two.name());
    assertEquals(List.of("DOID:9351"), two.parents());
    Entity cyst = tree.entity(tree.index("HP:0000003").orElseThrow());
    assertEquals(List.of(new EntityName("多囊性肾发育不良", NameKind.EXACT)), cyst.synonyms());
    Entity skin = tree.entity(tree.index("HP:0001027").orElseThrow());
    assertEquals("Soft, doughy skin", skin.name());
    Entity typhoid = tree.entity(tree.index("A010").orElseThrow());
    assertEquals(new Entity("A010", "Typhoid fever", List.of(), List.of("A01"), 2), typhoid);
    EntityTagger tagger = EntityTagger.of(tree);
    long bytes = tree.byteSize() + tagger.byteSize();
    assertTrue(bytes / tree.size() < 250, () -> bytes + " bytes");
    assertEquals(
        List.of(
            "13..37 DOID:9352 E11",
            "57..65 HP:0000003",
            "66..80 DOID:13258 A010",
            "82..88 HP:0025143"),
        tagger
            .tag(
                "Patient with Type-2 Diabetes\nmellitus, kidney cysts; 诊断：左多囊性肾发育不良。Typhoid  fever, chills")
            .stream()
            .map(t ->
                t.start()
                    + ".."
                    + t.end()
                    + t.entities().stream().map(e -> " " + e.id()).reduce("", String::concat))
            .toList());
  }

  /** Each name alone is found as a whole, with its entity among the ids. */
  @Test
  void everyNameIsFound() {
    EntityTree tree = tree();
    EntityTagger tagger = EntityTagger.of(tree);
    long missed =
        IntStream.range(0, tree.size())
            .filter(i ->
                tree.names(i).stream()
                    .anyMatch(name ->
                        tagger.tag(name.text()).stream()
                            .noneMatch(t ->
                                t.start() == 0
                                    && t.end() == name.text().length()
                                    && t.entities().stream()
                                        .anyMatch(e -> e.id().equals(tree.id(i))))))
            .count();
    assertEquals(0, missed);
  }
}
