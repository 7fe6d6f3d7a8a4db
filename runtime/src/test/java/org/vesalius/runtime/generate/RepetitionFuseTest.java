package org.vesalius.runtime.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vesalius.tokenizer.Tokenizer;

class RepetitionFuseTest {
  private static final Tokenizer TOKENIZER =
      Tokenizer.load(
          Path.of(System.getProperty("vesalius.root", ".."))
              .resolve("demo/src/main/resources/org/vesalius/demo/model"));

  /** Whether the last tokens are some block again and again, as the definition says it. */
  private static boolean loop(int[] ids, int count, int tokens, int repetitions, int longest) {
    for (int block = 1; block <= longest; block++) {
      int wanted = Math.max(tokens, repetitions * block);
      boolean same = wanted <= count;
      for (int i = count - 1; same && i >= count - wanted + block; i--) {
        same = ids[i] == ids[i - block];
      }
      if (same) {
        return true;
      }
    }
    return false;
  }

  /** Pieces that repeat, noise between them, small bounds: as often a loop as none. */
  @Test
  void agreesWithTheDefinition() {
    int loops = 0;
    for (int seed = 0; seed < 400; seed++) {
      Random random = new Random(seed);
      int tokens = 1 + random.nextInt(24);
      int repetitions = 2 + random.nextInt(4);
      int longest = 1 + random.nextInt(12);
      int[] ids = new int[200];
      int block = 1;
      for (int i = 0; i < ids.length; i++) {
        if (random.nextInt(25) == 0) {
          block = 1 + random.nextInt(14);
        }
        ids[i] = i < block || random.nextInt(40) == 0 ? random.nextInt(3) : ids[i - block];
      }
      RepetitionFuse fuse = new RepetitionFuse(tokens, repetitions, longest);
      for (int i = 0; i < ids.length; i++) {
        boolean expected = loop(ids, i + 1, tokens, repetitions, longest);
        loops += expected ? 1 : 0;
        assertEquals(expected, fuse.add(ids[i]), "seed " + seed + ", token " + i);
      }
    }
    assertTrue(loops > 10_000 && loops < 70_000, loops + " loops of 80000");
  }

  /** The token after which the fuse goes, or -1. */
  private static int end(int[] ids) {
    RepetitionFuse fuse = new RepetitionFuse();
    for (int i = 0; i < ids.length; i++) {
      if (fuse.add(ids[i])) {
        return i;
      }
    }
    return -1;
  }

  @Test
  void blocksOfAllLengthsEndAtTheBound() {
    int[] before = new Random(3).ints(700, 1000, 100_000).toArray();
    for (int block = 1; block <= 300; block++) {
      int[] ids = new int[before.length + 3000];
      System.arraycopy(before, 0, ids, 0, before.length);
      for (int i = before.length; i < ids.length; i++) {
        ids[i] = (i - before.length) % block;
      }
      int wanted = Math.max(RepetitionFuse.LEAST_TOKENS, RepetitionFuse.LEAST_REPETITIONS * block);
      int expected = block > RepetitionFuse.LONGEST_BLOCK ? -1 : before.length + wanted - 1;
      assertEquals(expected, end(ids), "block of " + block);
    }
  }

  @Test
  void whatPeopleWantToReadIsNoLoop() {
    String row = "| %d | normal | normal | none | 0 |\n";
    String table = rows(200, row);
    assertNoLoop(table);
    assertNoLoop(rows(200, "Slice %d: no focal lesion.\n"));
    assertNoLoop("normal. ".repeat(60));
    assertNoLoop("| normal | normal | none |\n".repeat(20));
    assertNoLoop(("[" + "0, ".repeat(11) + "0],\n").repeat(12));
    assertNoLoop("-".repeat(400));
    String paragraph =
        "The lesion is round, sharply bounded and shows no enhancement. It has not changed. ";
    assertNoLoop(paragraph.repeat(5));
  }

  private static String rows(int count, String row) {
    return IntStream.range(0, count).mapToObj(row::formatted).collect(Collectors.joining());
  }

  private static void assertNoLoop(String text) {
    int[] ids = TOKENIZER.encode(text);
    assertEquals(-1, end(ids), () -> ids.length + " tokens: " + text.substring(0, 30));
  }

  @Test
  void aLoopInTextIsSeen() {
    int[] ids =
        TOKENIZER.encode("There is no effusion. " + "Wait, let me check again.\n".repeat(300));
    int end = end(ids);
    assertTrue(end > 0 && end < RepetitionFuse.LEAST_TOKENS + 40, "ended at " + end);
  }

  private static List<String> unpacked(Path file) throws IOException {
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(Files.newInputStream(file)), StandardCharsets.UTF_8))) {
      return reader.lines().toList();
    }
  }

  /**
   * The demo model's answers, read end to end, come nowhere near: the longest stretch that repeats
   * is less than a quarter of what the fuse needs.
   */
  @Test
  void realAnswersComeNowhereNear() throws IOException {
    ObjectMapper json = new ObjectMapper();
    Path file =
        Path.of(System.getProperty("vesalius.root", "..")).resolve("demo/heldout/goldens.jsonl.gz");
    RepetitionFuse strict =
        new RepetitionFuse(
            RepetitionFuse.LEAST_TOKENS / 4,
            RepetitionFuse.LEAST_REPETITIONS,
            RepetitionFuse.LONGEST_BLOCK);
    int read = 0;
    for (String line : unpacked(file)) {
      JsonNode ids = json.readTree(line).get("output_ids");
      for (JsonNode id : ids) {
        assertFalse(strict.add(id.intValue()), line);
        read++;
      }
    }
    assertTrue(read > 10_000, "tokens read: " + read);
  }

  /** Reports, questions and abstracts: not even a sixteenth of what the fuse needs. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "iu_xray.test.json",
        "medqa.us.4opt.test.jsonl.gz",
        "pubmedqa.ori_pqal.json.gz",
        "disease-ontology.HumanDO.tsv.gz"
      })
  void medicalTextsComeNowhereNear(String name) throws IOException {
    Tokenizer tokenizer =
        Tokenizer.parse(asset("tokenizers/qwen3/tokenizer.json.gz"), "tokenizer of Qwen3");
    byte[] text = asset("medical-text/" + name);
    RepetitionFuse strict =
        new RepetitionFuse(
            RepetitionFuse.LEAST_TOKENS / 16,
            RepetitionFuse.LEAST_REPETITIONS,
            RepetitionFuse.LONGEST_BLOCK);
    int[] ids = tokenizer.encode(new String(text, StandardCharsets.UTF_8));
    assertTrue(ids.length > 30_000, "tokens read: " + ids.length);
    for (int i = 0; i < ids.length; i++) {
      assertFalse(strict.add(ids[i]), name + ", token " + i);
    }
  }

  /** A file outside the repository; skips the test where it is not there. */
  private static byte[] asset(String name) throws IOException {
    String assets = System.getProperty("vesalius.assets", "");
    assumeTrue(!assets.isEmpty(), "-Dvesalius.assets is not set: " + name + " is not tested");
    Path file = Path.of(assets, name);
    assumeTrue(Files.exists(file), file + " is missing");
    try (InputStream in = Files.newInputStream(file)) {
      return name.endsWith(".gz") ? new GZIPInputStream(in).readAllBytes() : in.readAllBytes();
    }
  }

  @Test
  void nothingIsAllocatedForAToken() {
    RepetitionFuse fuse = new RepetitionFuse();
    int[] ids = new Random(5).ints(2000, 0, 50).toArray();
    var threads =
        (com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean();
    Arrays.stream(ids).forEach(fuse::add);
    long before = threads.getCurrentThreadAllocatedBytes();
    boolean loop = false;
    for (int id : ids) {
      loop |= fuse.add(id);
    }
    long allocated = threads.getCurrentThreadAllocatedBytes() - before;
    assertFalse(loop);
    assertTrue(allocated < 1000, allocated + " bytes for 2000 tokens");
  }
}
