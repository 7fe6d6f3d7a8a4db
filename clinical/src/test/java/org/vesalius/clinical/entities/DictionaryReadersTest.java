package org.vesalius.clinical.entities;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DictionaryReadersTest {
  @TempDir private Path folder = Path.of("");

  private Path file(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  private EntityTree read(String name, String text) throws IOException {
    return EntityTree.load(file(name, text));
  }

  private EntityTree table(String columns, String name, String text) throws IOException {
    return EntityTree.builder().read(file(name, text), EntityColumns.parse(columns)).build();
  }

  /** {@code id|name|synonyms|parents|level} of each entity. */
  private static List<String> lines(EntityTree tree) {
    return java.util.stream.IntStream.range(0, tree.size())
        .mapToObj(tree::entity)
        .map(e ->
            e.id()
                + "|"
                + e.name()
                + "|"
                + String.join(";", e.synonyms().stream().map(EntityName::text).toList())
                + "|"
                + String.join(";", e.parents())
                + "|"
                + e.level())
        .toList();
  }

  @Test
  void tablesHaveTheUsualColumns() throws IOException {
    List<String> expected = List.of("1|Lung, left|左肺;sinister|2|2", "2|\"Lung\"|||1");
    assertEquals(
        expected,
        lines(
            read(
                "a.csv",
                """
                id,more,name,synonyms,parents
                1,x,"Lung,  left",左肺| sinister |,2

                2,"y
                ",\"""Lung""\",,
                """)));
    assertEquals(
        expected,
        lines(
            read(
                "a.TSV",
                "\uFEFFid\tname\tparents\tsynonyms\r\n1\tLung, left\t2\t左肺|sinister\r\n"
                    + "2\t\"\"\"Lung\"\"\"\t\t")));
    assertEquals(List.of("a|b|||1"), lines(read("a.txt", "name\tid\nb\ta")));
  }

  @Test
  void columnsAreMapped() throws IOException {
    assertEquals(
        List.of("D:1|flu|grippe;influenza|D:2|2", "D:2|disease|||1"),
        lines(
            table(
                "id=ID,name=label,synonyms=fr,synonyms=4,parents=up,parents-by=name,split=/,separator=semicolon",
                "a.csv",
                "ID;label;fr;x;up\nD:1;flu;grippe;influenza;disease/nothing\nD:2;disease;;;\n")));
    EntityTree codes =
        table("header=no,parents-by=prefix", "icd.csv", "A01,x\nA0101,z\nA010,y\nB,w\nA01021,v\n");
    assertEquals(
        List.of("A01|x|||1", "A0101|z||A010|3", "A010|y||A01|2", "B|w|||1", "A01021|v||A010|3"),
        lines(codes));
  }

  @Test
  void rowsOfOneIdAndFilesOfOneOntologyAddUp() throws IOException {
    Path rows = file("a.csv", "id,name,parents\n1,a,2\n1,a,3\n1,b,2\n2,c,\n3,d,\n");
    Path more =
        file(
            "b.json",
            "[{\"id\":\"1\",\"name\":\"甲\",\"parents\":[\"4\"]},{\"id\":\"4\",\"name\":\"e\"}]");
    EntityTree tree = EntityTree.builder().read(rows).read(more).build();
    assertEquals(List.of("1|a|b;甲|2;3;4|2", "2|c|||1", "3|d|||1", "4|e|||1"), lines(tree));
  }

  @Test
  void oboTermsAreRead() throws IOException {
    Path obo =
        file(
            "a.obo",
            """
            format-version: 1.2
            ! a comment
            synonymtypedef: x "y"

            [Term]
            id: X:1 ! the first
            name: left\\, \\{large\\} lung {source="a"} ! comment
            synonym: "sinister \\"lung\\"" EXACT layperson [X:1, "a, b"] {b="c"} ! d
            synonym: "narrow" NARROW []
            synonym: "related" []
            exact_synonym: "old exact" [x:y]
            is_a: X:2 {is_inferred="true"} ! lung
            is_a: X:9 ! nothing has it
            relationship: part_of X:3

            [Term]
            id: X:2
            name: long \\
            name

            [Term]
            id: X:3
            name: gone
            is_obsolete: true
            is_a: X:2

            [Typedef]
            id: part_of
            name: part of

            [Term]
            id: X:4
            """);
    EntityTree tree = EntityTree.load(obo);
    assertEquals(
        List.of(
            "X:1|left, {large} lung|sinister \"lung\";old exact|X:2|2",
            "X:2|long name|||1",
            "X:4|X:4|||1"),
        lines(tree));
    assertEquals(new ReadingNotes(1, 2, 1, 1, 0), tree.notes());
    EntityTree all =
        EntityTree.builder().including(NameKind.NARROW, NameKind.RELATED).read(obo).build();
    assertEquals(
        List.of(
            new EntityName("left, {large} lung", NameKind.PREFERRED),
            new EntityName("sinister \"lung\"", NameKind.EXACT),
            new EntityName("old exact", NameKind.EXACT),
            new EntityName("narrow", NameKind.NARROW),
            new EntityName("related", NameKind.RELATED)),
        all.names(0));
  }

  @Test
  void jsonMayBeNestedOrFlat() throws IOException {
    String flat =
        """
        [{"id":"1","name":"a","children":[
           {"id":"2","name":"b","synonyms":["乙","β"],"children":[{"id":"3","name":"c"}]},
           {"id":"4","name":"d","parents":["2"]}]}]
        """;
    List<String> expected = List.of("1|a|||1", "2|b|乙;β|1|2", "3|c||2|3", "4|d||1;2|2");
    assertEquals(expected, lines(read("a.json", flat)));
    assertEquals(expected, lines(read("b.json", "{\"entities\":" + flat + "}")));
  }

  @Test
  void compressedAndUtf16FilesAreRead() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
      gzip.write("id,name\n1,肺癌\n".getBytes(StandardCharsets.UTF_8));
    }
    for (String name : List.of("a.csv.gz", "a.csv")) {
      Path file = Files.write(folder.resolve(name), bytes.toByteArray());
      assertEquals(List.of("1|肺癌|||1"), lines(EntityTree.load(file)));
    }
    Path cut =
        Files.write(folder.resolve("cut.csv.gz"), java.util.Arrays.copyOf(bytes.toByteArray(), 20));
    assertEquals(
        "cut.csv.gz: the gzip data is damaged: Unexpected end of ZLIB input stream", refusal(cut));
    for (String charset : List.of("UTF-16LE", "UTF-16BE")) {
      Path wide = folder.resolve(charset + ".csv");
      Files.write(wide, "\uFEFFid,name\n1,肺癌\n".getBytes(Charset.forName(charset)));
      assertEquals(List.of("1|肺癌|||1"), lines(EntityTree.load(wide)));
    }
  }

  @Test
  void bytesThatAreNoTextAreNamedWithTheirPlace() throws IOException {
    Path latin = folder.resolve("latin.csv");
    Files.write(latin, "id,name\n1,x\n2,na\u00EFve\n".getBytes(StandardCharsets.ISO_8859_1));
    assertEquals(
        "latin.csv:3:5: found bytes that are not UTF-8; convert the file to UTF-8, as iconv -t UTF-8"
            + " does",
        refusal(latin));
    Path far = folder.resolve("far.csv");
    Files.write(
        far,
        ("id,name\n" + "1,x\n".repeat(30_000) + "2,\u00EF").getBytes(StandardCharsets.ISO_8859_1));
    assertTrue(refusal(far).startsWith("far.csv:30002:3: found bytes"), refusal(far));
    assertEquals(
        "zero.obo:1:2: found a zero character: this is no text file",
        refusal(file("zero.obo", "a\0")));
  }

  private static String refusal(Path file) {
    return String.valueOf(
        assertThrows(DictionaryFormatException.class, () -> EntityTree.load(file)).getMessage());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '`',
      textBlock =
          """
          a.csv ~ `` ~ a.csv:1:1: expected a table, found nothing
          a.csv ~ `code,name\\n` ~ a.csv:1:1: expected a column "id", found "code, name"; say which columns hold what
          a.csv ~ `id,name\\n1,a,b` ~ a.csv:2:3: expected 2 cells as in the first row, found 3
          a.csv ~ `id,name\\n\\n1\\n` ~ a.csv:3:1: expected 2 cells as in the first row, found 1
          a.csv ~ `id,name\\n1,"a\\n2,b` ~ a.csv:2:3: a quote is opened here and never closed
          a.csv ~ `id,name\\n1,"a"b` ~ a.csv:2:6: expected a separator or the end of the line after a closing quote; a quote inside quotes is written twice
          a.csv ~ `id,name\\n1,` ~ a.csv:2:3: expected a name of 1 to 10000 UTF-16 units, found none
          a.csv ~ `id,name\\n ,x` ~ a.csv:2:1: expected an id of 1 to 200 UTF-16 units, found none
          a.obo ~ `x: y` ~ a.obo:1:5: expected terms, found no line [Term]
          a.obo ~ `format-version: 2.0\\n` ~ a.obo:1:17: expected OBO format 1.0 to 1.4, found "2.0"
          a.obo ~ `[Term]\\nid: 1\\nname x\\n` ~ a.obo:3:1: expected tag: value or a stanza such as [Term]
          a.obo ~ `[Term\\nid: 1` ~ a.obo:1:1: expected a stanza such as [Term], found no closing bracket
          a.obo ~ `[Term]\\nname: x` ~ a.obo:1:1: expected an id in this term
          a.obo ~ `[Term]\\nid: 1\\nname: x\\nname: y` ~ a.obo:4:7: expected one name in a term, found another
          a.obo ~ `[Term]\\nid: 1\\nname: ` ~ a.obo:3:7: expected 1 to 10000 UTF-16 units, found none
          a.obo ~ `[Term]\\nid: 1\\nsynonym: x` ~ a.obo:3:10: expected a synonym in quotes
          a.obo ~ `[Term]\\nid: 1\\nsynonym: "x` ~ a.obo:3:10: a quote is opened here and never closed in its line
          a.obo ~ `[Term]\\nid: 1\\nsynonym: "x" SAME []` ~ a.obo:3:14: expected EXACT, NARROW, BROAD or RELATED, found "SAME"
          a.obo ~ `[Term]\\nid: 1\\nis_obsolete: yes` ~ a.obo:3:14: expected true or false, found "yes"
          a.json ~ `{"x":[]}` ~ a.json:1:2: expected one of the fields entities, found "x"
          a.json ~ `[{"id":"1"}]` ~ a.json:1:2: expected an entity with "id" and "name"
          a.json ~ `[{"name":"1"}]` ~ a.json:1:10: expected "id" as an entity's first field, found "name"
          a.json ~ `[{"id":"1","name":"x","level":2}]` ~ a.json:1:31: expected one of the fields id, name, synonyms, parents, children, found "level"
          a.json ~ `[{"id":1}]` ~ a.json:1:8: expected a string, found VALUE_NUMBER_INT
          a.json ~ `[{"id":"1","name":""}]` ~ a.json:1:19: expected a name of 1 to 10000 UTF-16 units, found none
          a.json ~ `[{"id":"1","name":"x"}] []` ~ a.json:1:25: expected the end of the file
          a.xml ~ `<a/>` ~ a.xml: expected a name that ends in .csv, .tsv, .txt, .obo or .json, with or without .gz
          """)
  void whatIsWrongIsNamedWithItsPlace(String name, String text, String expected)
      throws IOException {
    assertEquals(expected, refusal(file(name, text == null ? "" : text.replace("\\n", "\n"))));
  }

  @Test
  void brokenJsonIsNamedWithItsPlace() throws IOException {
    String comma = refusal(file("a.json", "[{\"id\":\"1\",}]"));
    assertTrue(comma.startsWith("a.json:1:12: no valid JSON: "), comma);
    String brackets = refusal(file("b.json", "[".repeat(100_000)));
    assertTrue(brackets.startsWith("b.json:1:2: expected an object"), brackets);
    String nested =
        refusal(file("c.json", "[{\"id\":\"1\",\"name\":\"x\",\"children\":".repeat(10_000)));
    assertTrue(nested.contains("depth"), nested);
    String twice = refusal(file("d.json", "[{\"id\":\"1\",\"id\":\"2\"}]"));
    assertTrue(twice.contains("Duplicate"), twice);
  }

  @Test
  void filesThatAreNotThereAreNamed() {
    UncheckedIOException missing =
        assertThrows(
            UncheckedIOException.class, () -> EntityTree.load(folder.resolve("missing.obo")));
    assertTrue(String.valueOf(missing.getMessage()).contains("missing.obo"), missing.getMessage());
    assertTrue(refusal(folder).endsWith("expected a file, found a folder"));
  }

  @Test
  void columnsAreChecked() {
    for (String bad :
        List.of("", "id", "id=", "header=maybe", "parents-by=level", "separator=|", "level=3")) {
      assertThrows(IllegalArgumentException.class, () -> EntityColumns.parse(bad), bad);
    }
  }
}
