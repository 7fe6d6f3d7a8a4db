package org.vesalius.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EntitiesCommandTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path folder = Path.of("");
  private String table = "";
  private String obo = "";

  @BeforeEach
  void dictionaries() throws IOException {
    table =
        Files.writeString(
                folder.resolve("a.csv"), "code,label,zh\nA,pleural effusion,胸腔积液\nB,Effusion,\n")
            .toString();
    obo =
        Files.writeString(
                folder.resolve("b.obo"),
                """
                [Term]
                id: X:1
                name: effusion
                synonym: "fluid" BROAD []
                is_a: X:2

                [Term]
                id: X:2
                name: finding

                [Term]
                id: X:3
                name: x
                is_obsolete: true
                """)
            .toString();
  }

  private Execution entities(String input, String... more) {
    String[] start = {
      "entities",
      "--dictionary",
      table,
      "--columns",
      "id=code,name=label,synonyms=zh",
      "--dictionary",
      obo
    };
    String[] args = new String[start.length + more.length];
    System.arraycopy(start, 0, args, 0, start.length);
    System.arraycopy(more, 0, args, start.length, more.length);
    return Execution.of(input, false, args);
  }

  @Test
  void textGivesALineForEachEntity() {
    String expected =
        """
        5-21\tA\tpleural effusion\tPleural Effusion
        23-27\tA\tpleural effusion\t胸腔积液
        29-37\tB\tEffusion\teffusion
        29-37\tX:1\teffusion\teffusion
        """;
    String text = "Left Pleural Effusion 左胸腔积液, effusion of fluid";
    assertEquals(expected, entities("", "--text", text).expect(0).out());
    assertEquals(expected, entities(text).expect(0).out());
    String every = entities("", "--text", text, "--all", "--all-synonyms").expect(0).out();
    assertEquals(expected.lines().count() + 3, every.lines().count());
    assertTrue(every.endsWith("\tX:1\teffusion\tfluid\n"), every);
    assertEquals("", entities("", "--text", "").expect(0).out());
  }

  @Test
  void jsonIsOneObject() throws IOException {
    JsonNode json = entities("an effusion", "--format", "json").expect(0).json();
    assertEquals(
        JSON.readTree(
            """
            {"tags":[{"start":3,"end":11,"text":"effusion","entities":[
              {"id":"B","name":"Effusion","kind":"PREFERRED","level":1},
              {"id":"X:1","name":"effusion","kind":"PREFERRED","level":2}]}]}\
            """),
        json);
  }

  @Test
  void linesGiveLines() throws IOException {
    String input =
        "{\"text\":\"no finding\",\"n\":1}\n{\"text\":\"\"}\n{\"text\":\"x\\n effusion\"}\n";
    List<String> lines = entities(input, "--jsonl", "-").expect(0).out().lines().toList();
    assertEquals(3, lines.size());
    assertEquals("X:2", JSON.readTree(lines.get(0)).at("/tags/0/entities/0/id").asText());
    assertEquals("{\"tags\":[]}", lines.get(1));
    assertEquals(3, JSON.readTree(lines.get(2)).at("/tags/0/start").asInt());
    Path file = Files.writeString(folder.resolve("c.jsonl"), input.replace("\"text\"", "\"q\""));
    assertEquals(
        lines,
        entities("", "--jsonl", file.toString(), "--field", "q").expect(0).out().lines().toList());
  }

  @Test
  void coverageIsCounted() {
    String input = "{\"text\":\"effusion, effusion\"}\n{\"text\":\"nothing\"}\n";
    String[] options = {"--jsonl", "-", "--coverage", "--branches", "1"};
    String text = entities(input, options).expect(0).out();
    assertTrue(text.contains("dictionary     4 entities, 5 names\n"), text);
    assertTrue(text.contains("1 obsolete terms left out"), text);
    assertTrue(text.contains("texts          2, 1 of them tagged\n"), text);
    assertTrue(text.contains("tags           2, 2 of them ambiguous\n"), text);
    assertTrue(text.contains("seen           2 of 4 entities (50.0 %), 4 times\n"), text);
    assertTrue(text.contains("level 2        1 of 1 entities (100.0 %), 2 times\n"), text);
    assertTrue(text.contains("X:2            1 of 2 entities (50.0 %), 2 times: finding\n"), text);
    JsonNode json =
        entities("", "--text", "effusion", "--coverage", "--branches", "1", "--format", "json")
            .expect(0)
            .json();
    assertEquals(2, json.at("/coverage/all/seen").asInt());
    assertEquals(1, json.at("/dictionary/notes/looseSynonyms").asInt());
    assertEquals(List.of("A", "B", "X:2"), json.get("branches").findValuesAsText("id"));
    assertEquals(List.of("B", "X:1"), json.get("most").findValuesAsText("id"));
  }

  @Test
  void badLinesAreNamedAndNotShown() {
    for (String bad :
        List.of(
            "[1]", "", "{\"text\":1}", "{\"t\":\"secret\"}", "{\"text\":secret}", "\"secret\"")) {
      Execution run = entities("{\"text\":\"effusion\"}\n" + bad + "\n", "--jsonl", "-");
      String error = run.errorLine(Vesalius.FAILURE);
      assertTrue(error.contains("standard input, line 2"), error);
      assertFalse(error.contains("secret"), error);
      assertEquals(1, run.out().lines().count());
    }
    String missing =
        entities("", "--jsonl", folder.resolve("none.jsonl").toString())
            .errorLine(Vesalius.FAILURE);
    assertTrue(missing.contains("none.jsonl") && missing.contains("no such file"), missing);
  }

  @Test
  void badDictionariesAreNamed() throws IOException {
    String missing =
        Execution.of("entities", "--dictionary", folder.resolve("none.obo").toString())
            .errorLine(Vesalius.FAILURE);
    assertTrue(missing.contains("none.obo") && missing.contains("no such file"), missing);
    Path broken = Files.writeString(folder.resolve("c.csv"), "id,name\n1,\"x\n");
    assertEquals(
        "vesalius: c.csv:2:3: a quote is opened here and never closed",
        Execution.of("entities", "--dictionary", broken.toString(), "--text", "x")
            .errorLine(Vesalius.FAILURE));
    Path cycle = Files.writeString(folder.resolve("d.csv"), "id,name,parents\n1,x,1\n");
    assertTrue(
        Execution.of("entities", "--dictionary", cycle.toString(), "--text", "x")
            .errorLine(Vesalius.FAILURE)
            .contains("\"1\": is above itself"));
    String columns =
        Execution.of("entities", "--dictionary", table, "--text", "x").errorLine(Vesalius.FAILURE);
    assertTrue(columns.contains("expected a column \"id\", found \"code, label, zh\""), columns);
  }
}
