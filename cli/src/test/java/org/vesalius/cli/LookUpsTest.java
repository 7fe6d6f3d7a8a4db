package org.vesalius.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vesalius.clinical.agent.Tool;
import org.vesalius.clinical.report.ReportTemplate;

/** What a model may look up, without a model. */
class LookUpsTest {
  private static final ReportTemplate WITH_TOOLS = ReportTemplate.of("chest");
  private static final ReportTemplate WITHOUT_TOOLS = ReportTemplate.of("phantom");

  @TempDir private Path folder = Path.of("");

  private LookUps all() throws IOException {
    Path knowledge = Files.createDirectories(folder.resolve("knowledge"));
    Files.writeString(knowledge.resolve("a.txt"), "Aspirin after myocardial infarction.");
    Path codes = folder.resolve("codes.csv");
    Files.writeString(codes, "code,label,synonyms\nI21,myocardial infarction,heart attack\n");
    Path drugs = Files.writeString(folder.resolve("drugs.tsv"), "name\tdose\nPanadol\t1 g\n");
    return new LookUps(
        Optional.of(knowledge.toString()),
        true,
        List.of(new LookUps.Dictionary(codes.toString(), Optional.of("id=code,name=label"))),
        Optional.of(drugs.toString()));
  }

  @Test
  void thereIsAToolForEach() throws IOException {
    try (LookUps.Opened opened = all().open(WITH_TOOLS)) {
      assertEquals(
          List.of("search", "visit", "entity_lookup", "drug_lookup"),
          opened.tools().stream().map(Tool::name).toList());
      // The dictionary's other names count in documents.
      assertEquals(1, opened.knowledge().orElseThrow().search("heart attack", 5).size());
    }
    try (LookUps.Opened none = LookUps.NONE.open(WITHOUT_TOOLS)) {
      assertEquals(List.of(), none.tools());
    }
  }

  @Test
  void aTraceKeepsThem() throws IOException {
    for (LookUps lookUps : List.of(all(), LookUps.NONE)) {
      Map<String, Object> facts = new LinkedHashMap<>();
      lookUps.putInto(facts);
      Map<String, @Nullable Object> task = new LinkedHashMap<>(facts);
      assertEquals(lookUps, LookUps.of(task));
    }
    assertThrows(
        CommandFailure.class, () -> LookUps.of(Map.of("dictionaries", List.of("codes.csv"))));
  }

  @Test
  void whatWouldNeverBeAskedIsRefused() throws IOException {
    LookUps given = all();
    LookUps unused = new LookUps(Optional.empty(), false, List.of(), given.drugs());
    CommandFailure e = assertThrows(CommandFailure.class, () -> unused.open(WITHOUT_TOOLS));
    assertTrue(String.valueOf(e.getMessage()).contains("offers the model no tools"));
    unused.open(WITH_TOOLS).close();
    // Sentences are tagged with it, and documents searched.
    new LookUps(given.knowledge(), false, given.dictionaries(), Optional.empty())
        .open(WITHOUT_TOOLS)
        .close();
    new LookUps(Optional.empty(), false, given.dictionaries(), Optional.empty())
        .open(WITHOUT_TOOLS)
        .close();
  }

  @Test
  void whatIsMissingIsNamed() throws IOException {
    LookUps given = all();
    Path table = Path.of(given.drugs().orElseThrow());
    Files.delete(table);
    Exception e = assertThrows(RuntimeException.class, () -> given.open(WITH_TOOLS));
    assertTrue(Failures.describe(e).contains("drugs.tsv"), Failures.describe(e));
  }
}
