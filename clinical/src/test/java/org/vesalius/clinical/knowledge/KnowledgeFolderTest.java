package org.vesalius.clinical.knowledge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vesalius.clinical.entities.EntityTagger;
import org.vesalius.clinical.entities.EntityTree;
import org.vesalius.clinical.entities.NameKind;

class KnowledgeFolderTest {
  @TempDir Path temporary;

  private Path write(String name, String text) {
    return write(name, text.getBytes(StandardCharsets.UTF_8));
  }

  private Path write(String name, byte[] bytes) {
    try {
      Path file = temporary.resolve("knowledge").resolve(name);
      Files.createDirectories(file.getParent());
      return Files.write(file, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private KnowledgeFolder open() {
    return open(KnowledgeOptions.DEFAULT);
  }

  private KnowledgeFolder open(KnowledgeOptions options) {
    return KnowledgeFolder.open(temporary.resolve("knowledge"), options);
  }

  private static List<String> ids(List<Passage> passages) {
    return passages.stream().map(passage -> passage.document().id()).toList();
  }

  @Test
  void readsAllKindsWithTheirTitles() {
    write(
        "a.md", "```\n# no title\n```\n\nIntro\n\n## Sepsis *care* ##\n\nGive antibiotics early.");
    write("b.txt", "Plain text on stroke.");
    write(
        "c/d.HTML",
        "<html><head><title>Nodules &amp; more</title><style>p{}</style><script>evil()</script>"
            + "</head><body><!-- secret --><p>Follow up <b>nodules</b>.</p><p>Second</p></body>");
    write("e.pdf", Pdfs.ofText("Pneumothorax needs a drain"));
    write("f.docx", "not read");
    try (KnowledgeFolder folder = open()) {
      assertEquals(
          List.of("a.md", "b.txt", "c/d.HTML", "e.pdf"),
          folder.documents().stream().map(KnowledgeDocument::id).toList());
      assertEquals(
          List.of("Sepsis *care*", "b.txt", "Nodules & more", "e.pdf"),
          folder.documents().stream().map(KnowledgeDocument::title).toList());
      assertEquals(
          List.of("f.docx: left out, only Markdown, text, HTML and PDF are read"), folder.notes());
      String html = folder.document("c/d.HTML").text();
      assertTrue(html.contains("Follow up nodules."), html);
      assertFalse(html.contains("evil") || html.contains("secret") || html.contains("p{"), html);
      assertEquals(List.of("e.pdf"), ids(folder.search("pneumothorax drain", 5)));
      assertEquals(List.of("a.md"), ids(folder.search("antibiotic", 5)));
    }
  }

  @Test
  void quotesAreLiteral() {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 300; i++) {
      text.append("Sentence ").append(i).append(" of a long paragraph about lungs \uD83E\uDEC1. ");
      text.append(i % 40 == 0 ? "\n\n" : "");
    }
    write("long.txt", text.toString());
    try (KnowledgeFolder folder = open()) {
      KnowledgeDocument document = folder.document("long.txt");
      int end = 0;
      StringBuilder words = new StringBuilder();
      for (Passage passage : folder.passages(document)) {
        assertTrue(passage.start() >= end, "passages overlap at " + passage.start());
        assertTrue(passage.text().length() <= Passages.LENGTH);
        assertTrue(document.text().substring(end, passage.start()).isBlank());
        assertFalse(Character.isLowSurrogate(passage.text().charAt(0)));
        words.append(passage.text()).append(' ');
        end = passage.end();
      }
      assertTrue(document.text().substring(end).isBlank());
      assertEquals(document.text().replaceAll("\\s+", ""), words.toString().replaceAll("\\s+", ""));
      Passage excerpt = folder.search("sentence 123", 1).getFirst().excerpt("sentence 123", 200);
      assertTrue(excerpt.text().contains("Sentence 123 "), excerpt.text());
      assertTrue(excerpt.text().length() <= 200);
      assertEquals(
          document.text().substring(excerpt.start(), excerpt.end()), excerpt.quote().quote());
      assertEquals(document.sha256(), excerpt.quote().sha256());
    }
  }

  @Test
  void findsStemsAndChineseInOneIndex() {
    write("en.txt", "Fractures of the ribs are treated conservatively.");
    write("zh.txt", "肺栓塞的诊断需要CT血管造影。");
    write("mixed.txt", "患者有高血压 and chronic kidney disease.");
    try (KnowledgeFolder folder = open()) {
      assertEquals(List.of("en.txt"), ids(folder.search("fractured rib", 5)));
      assertEquals(List.of("zh.txt"), ids(folder.search("肺栓塞", 5)));
      assertEquals(List.of("mixed.txt"), ids(folder.search("高血压", 5)));
      assertEquals(List.of("mixed.txt"), ids(folder.search("Kidneys", 5)));
      assertEquals(List.of(), folder.search("the of and", 5));
      assertEquals(List.of(), folder.search("", 5));
      // No syntax: these are words, or nothing.
      for (String query :
          List.of("*:*", "document:en.txt", "ribs AND NOT (", "\"", "ri?s*", "[a TO z]")) {
        folder.search(query, 5);
      }
      assertEquals(List.of(), folder.search("*:*", 5));
      assertEquals(0, folder.search("x ".repeat(5000), 5).size());
    }
  }

  @Test
  void anotherNameOfAnEntityIsFound() {
    write("one.txt", "Aspirin after myocardial infarction.");
    write("two.txt", "An attack of asthma.");
    EntityTagger tagger =
        EntityTagger.of(
            EntityTree.builder()
                .read(
                    write(
                        "../entities.csv",
                        "id,name,synonyms\nD1,myocardial infarction,heart attack\n"))
                .build());
    assertEquals(
        NameKind.EXACT, tagger.tag("heart attack").getFirst().entities().getFirst().kind());
    try (KnowledgeFolder words = open();
        KnowledgeFolder entities = open(KnowledgeOptions.DEFAULT.withTagger(tagger))) {
      assertEquals(List.of("two.txt"), ids(words.search("heart attack", 5)));
      assertEquals(List.of("one.txt", "two.txt"), ids(entities.search("heart attack", 5)));
    }
  }

  @Test
  void embeddingsAddWhatWordsDoNotFind() {
    write("one.txt", "Dyspnoea on exertion.");
    write("two.txt", "A rash on the arm.");
    // As wide as a language model, wider than Lucene's usual limit.
    PassageEmbedder embedder =
        text -> {
          float[] vector = new float[2560];
          String lower = text.toLowerCase(Locale.ROOT);
          vector[lower.contains("dyspnoea") || lower.contains("breath") ? 0 : 1] = 1;
          return vector;
        };
    try (KnowledgeFolder folder = open(KnowledgeOptions.DEFAULT.withEmbedder(embedder))) {
      assertEquals("one.txt", ids(folder.search("short of breath", 5)).getFirst());
      assertEquals(List.of("one.txt"), ids(folder.search("short of breath", "one.txt", 5)));
    }
  }

  @Test
  void meaningMayComeLaterThanTheFolder() {
    write("one.txt", "Dyspnoea on exertion.");
    write("two.txt", "A rash on the arm.");
    PassageEmbedder embedder =
        text -> {
          boolean breath = text.toLowerCase(Locale.ROOT).matches("(?s).*(dyspnoea|breath).*");
          return new float[] {breath ? 1 : 0, breath ? 0 : 1};
        };
    KnowledgeFolder meant;
    try (KnowledgeFolder words = open()) {
      assertEquals(List.of(), words.search("short of breath", 5));
      meant = words.withEmbedder(embedder);
    }
    // It is another folder: the first one is closed.
    try (KnowledgeFolder folder = meant) {
      assertEquals("one.txt", ids(folder.search("short of breath", 5)).getFirst());
      assertEquals("Dyspnoea on exertion.", folder.document("one.txt").text());
    }
  }

  @Test
  void anEmbeddingWithoutDirectionIsLeftOut() {
    write("one.txt", "Words alone.");
    try (KnowledgeFolder folder = open(KnowledgeOptions.DEFAULT.withEmbedder(_ -> new float[4]))) {
      assertEquals(List.of("one.txt"), ids(folder.search("words", 5)));
    }
  }

  @Test
  void anIndexOnDiskNeedsAFolderOfItsOwn() throws IOException {
    write("one.txt", "Words on disk.");
    Path index = temporary.resolve("index");
    try (KnowledgeFolder folder = open(KnowledgeOptions.DEFAULT.withIndexDirectory(index))) {
      assertEquals(List.of("one.txt"), ids(folder.search("disk", 5)));
    }
    assertThrows(
        KnowledgeException.class, () -> open(KnowledgeOptions.DEFAULT.withIndexDirectory(index)));
    Path inside = temporary.resolve("knowledge/index");
    assertThrows(
        KnowledgeException.class, () -> open(KnowledgeOptions.DEFAULT.withIndexDirectory(inside)));
    assertFalse(Files.exists(inside));
  }

  @Test
  void limitsAreKept() {
    write("a.txt", "x".repeat(2_000));
    write("b/c/d.txt", "deep");
    write("e.txt", "some words");
    KnowledgeOptions small =
        KnowledgeOptions.DEFAULT.withLimits(
            new KnowledgeOptions.Limits(10, 2, 1_000, 500, 1_000, 10));
    try (KnowledgeFolder folder = open(small)) {
      assertEquals(
          List.of("e.txt"), folder.documents().stream().map(KnowledgeDocument::id).toList());
      assertEquals(2, folder.notes().size(), folder.notes().toString());
    }
    // Folders count: a tree of nothing but folders would be walked for ever.
    write("b/f/g.txt", "deep");
    assertThrows(
        KnowledgeException.class,
        () ->
            open(
                KnowledgeOptions.DEFAULT.withLimits(
                    new KnowledgeOptions.Limits(6, 9, 9_999, 9_999, 99_999, 10))));
    for (var limits :
        List.of(
            new KnowledgeOptions.Limits(2, 9, 9_999, 9_999, 99_999, 10),
            new KnowledgeOptions.Limits(9, 9, 9_999, 9_999, 100, 10))) {
      assertThrows(
          KnowledgeException.class, () -> open(KnowledgeOptions.DEFAULT.withLimits(limits)));
    }
  }

  @Test
  void hostileCharactersAreTakenOut() {
    write(
        "a.txt",
        "one\u0000two\u001B[31m\u202Ethree\u200Bfour\r\nfive\u2028six "
            + new String(Character.toChars(0xE0041))
            + "seven\u0085eight");
    try (KnowledgeFolder folder = open()) {
      assertEquals("one two [31mthreefour\nfive\nsix seven eight", folder.document("a.txt").text());
    }
  }

  @Test
  void damagedDocumentsAreNotedAndTheOthersRead() {
    write("bad.txt", new byte[] {(byte) 0xC3, 0x28});
    write("bad.pdf", "%PDF-1.4 nothing");
    write("half.pdf", Arrays.copyOf(Pdfs.ofText("Half of it"), 200));
    write("locked.pdf", Pdfs.encrypted());
    write("empty.pdf", new byte[0]);
    write("good.txt", "good");
    try (KnowledgeFolder folder = open()) {
      List<String> ids = folder.documents().stream().map(KnowledgeDocument::id).toList();
      assertTrue(ids.contains("good.txt"), ids.toString());
      String notes = String.join("\n", folder.notes());
      for (String bad : List.of("bad.txt", "bad.pdf", "empty.pdf")) {
        assertFalse(ids.contains(bad), ids.toString());
        assertTrue(notes.contains(bad + ": left out"), notes);
      }
      assertTrue(notes.contains("locked.pdf: left out, it is encrypted"), notes);
    }
  }

  @Test
  void ordinaryCompressionIsRead() {
    byte[] content = Pdfs.latin("BT /F1 12 Tf 72 720 Td (Compressed 85 words) Tj ET");
    byte[] flate = Pdfs.compressed(content);
    write("flate.pdf", Pdfs.ofContent("/Filter/FlateDecode", flate));
    write(
        "hex.pdf",
        Pdfs.ofContent(
            "/Filter[/ASCIIHexDecode/FlateDecode]",
            Pdfs.latin(HexFormat.of().formatHex(flate) + ">")));
    write("plain.pdf", Pdfs.ofContent("", content));
    // Names and streams that only look like something else.
    write(
        "names.pdf",
        Pdfs.ofContent("/Note(ASCII85Decode ASCIIHexDecode)/Filter/FlateDecode", flate));
    try (KnowledgeFolder folder = open()) {
      assertEquals(List.of(), folder.notes());
      for (KnowledgeDocument document : folder.documents()) {
        assertEquals("Compressed 85 words", document.text().strip(), document.id());
      }
      assertEquals(4, folder.documents().size());
    }
  }

  /** Each beginning is a stored block of deflate to those before it, and empty ones follow. */
  private static String overlapping(int count) {
    // A stored block of 9 bytes: the mark, a line end, and two bytes that no reader looks at.
    String mark = "\0\t\0\u00F6\u00FFstream\nxx";
    String empty = "\0\0\0\u00FF\u00FF";
    return (mark + empty.repeat(100)).repeat(count);
  }

  @Test
  void bombsDoNotGoOff() {
    byte[] once = Pdfs.bomb(65L << 20);
    write("one.pdf", Pdfs.ofContent("/Filter/FlateDecode", once));
    write("two.pdf", Pdfs.ofContent("/Filter[/FlateDecode/FlateDecode]", Pdfs.compressed(once)));
    // A header that only the reader does not look at.
    byte[] odd = once.clone();
    odd[0] = '\n';
    odd[1] = 'x';
    write("odd.pdf", Pdfs.ofContent("/Filter/FlateDecode", odd));
    write(
        "hex.pdf",
        Pdfs.ofContent(
            "/Filter[/ASCIIHexDecode/FlateDecode]",
            Pdfs.latin(HexFormat.of().formatHex(once) + ">")));
    // Empty blocks of deflate without end, and a thousand beginnings.
    write("overlap.pdf", Pdfs.latin("%PDF-1.4\n" + overlapping(1_000)));
    write("lzw.pdf", Pdfs.ofContent("/Filter/#4cZWDecode", new byte[9]));
    // Each form draws the next twice: 2 to the power of 40.
    byte[][] forms = new byte[40][];
    for (int i = 0; i < forms.length; i++) {
      forms[i] =
          Pdfs.latin(("/X" + (i + 1) % forms.length + " Do ").repeat(i + 1 < forms.length ? 2 : 0));
    }
    write("forms.pdf", Pdfs.ofContent("", Pdfs.latin("/X0 Do"), forms));
    write("nested.pdf", Pdfs.ofContent("", Pdfs.latin("[".repeat(200_000))));
    write("nested.html", "<div>".repeat(200_000) + "deep");
    write("nested.md", ">".repeat(200_000) + "deep\n\n" + "[".repeat(100_000));
    try (KnowledgeFolder folder = open()) {
      String notes = String.join("\n", folder.notes());
      for (String bomb : List.of("one.pdf", "two.pdf", "odd.pdf", "hex.pdf")) {
        assertTrue(notes.contains(bomb + ": left out, it expands to more"), bomb + "\n" + notes);
      }
      assertTrue(notes.contains("overlap.pdf: left out, its compressed parts overlap"), notes);
      assertTrue(notes.contains("lzw.pdf: left out, it is compressed with LZWDecode"), notes);
      assertTrue(notes.contains("forms.pdf: left out, it draws more than"), notes);
      List<String> ids = folder.documents().stream().map(KnowledgeDocument::id).toList();
      assertTrue(ids.contains("nested.md"), notes);
    }
  }

  @Test
  void whatItIsSaysNothingOfWhatItSays() {
    write("a.txt", "private words");
    try (KnowledgeFolder folder = open()) {
      String shown =
          folder + folder.documents().stream().map(String::valueOf).collect(Collectors.joining());
      assertFalse(shown.contains("private"), shown);
      assertEquals(
          Optional.of("a.txt"), folder.documents().stream().map(KnowledgeDocument::id).findFirst());
    }
  }
}
