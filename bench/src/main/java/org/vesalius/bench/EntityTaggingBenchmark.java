package org.vesalius.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.hankcs.algorithm.AhoCorasickDoubleArrayTrie;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPInputStream;
import org.ahocorasick.trie.Trie;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;
import org.vesalius.clinical.entities.EntityTagger;
import org.vesalius.clinical.entities.EntityTree;
import org.vesalius.clinical.entities.MatchPolicy;

/**
 * Tagging on one thread, here and in two libraries of Aho-Corasick automata over characters; scores
 * are bytes of UTF-8 in a microsecond, which is megabytes in a second.
 *
 * <p>The dictionaries are those of {@link EntityDictionaries}. {@code english} is the abstracts of
 * PubMedQA from {@code -Dvesalius.assets}, {@code chinese} sentences with random names of the
 * Chinese Human Phenotype Ontology between plain words, {@code names} a text of the dictionary's
 * own names with commas between, the most matches that a text can have. Ours gets the text as it
 * is; the peers have it in lower case already, know no other rule of normalisation, and {@code
 * ahocorasick} checks whole words, {@code doublearray} not even these. Each fork prints what one
 * thread can read from memory, in the same unit.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Threads(1)
@Fork(5)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class EntityTaggingBenchmark {
  private static final int BYTES = 1_300_000;
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Whose search: {@code vesalius} makes tags, {@code scan} only finds. */
  @Param({"vesalius", "scan", "ahocorasick", "doublearray"})
  public String impl = "";

  /** Which dictionary. */
  @Param({"files", "million"})
  public String dictionary = "";

  /** Which text. */
  @Param({"english", "chinese", "names"})
  public String text = "";

  /** Finds all matches of the text and says how many. */
  private interface Search {
    long matches();
  }

  private Search search = () -> 0;

  /** Builds the automaton and the text. */
  @Setup(Level.Trial)
  public void open() throws IOException {
    EntityTree tree = EntityDictionaries.tree(dictionary);
    String words = padded(text(tree));
    search =
        switch (impl) {
          case "vesalius", "scan" -> vesalius(EntityTagger.of(tree), words);
          case "ahocorasick" -> ahoCorasick(tree, words.toLowerCase(Locale.ROOT));
          case "doublearray" -> doubleArray(tree, words.toLowerCase(Locale.ROOT));
          default -> throw new IllegalArgumentException("impl=" + impl);
        };
    System.out.printf("%n%d matches in %d characters%n", search.matches(), words.length());
    Machine.limits("native", 1)
        .ifPresent(limits ->
            System.out.printf(
                "one thread reads %.0f megabytes in a second%n", limits.readBandwidth() / 1e6));
  }

  /** The whole text. */
  @Benchmark
  @OperationsPerInvocation(BYTES)
  public long tag() {
    return search.matches();
  }

  private Search vesalius(EntityTagger tagger, String words) {
    if (impl.equals("vesalius")) {
      return () -> tagger.tag(words).size();
    }
    return () -> {
      long[] count = new long[1];
      tagger.scan(words, MatchPolicy.LEFTMOST_LONGEST, (_, _, _) -> count[0]++);
      return count[0];
    };
  }

  private static Search ahoCorasick(EntityTree tree, String words) {
    Trie.TrieBuilder builder = Trie.builder().onlyWholeWords();
    for (int i = 0; i < tree.size(); i++) {
      tree.names(i).forEach(name -> builder.addKeyword(name.text().toLowerCase(Locale.ROOT)));
    }
    Trie trie = builder.build();
    return () -> trie.parseText(words).size();
  }

  private static Search doubleArray(EntityTree tree, String words) {
    Map<String, Integer> names = new TreeMap<>();
    for (int i = 0; i < tree.size(); i++) {
      int entity = i;
      tree.names(i).forEach(name -> names.put(name.text().toLowerCase(Locale.ROOT), entity));
    }
    AhoCorasickDoubleArrayTrie<Integer> trie = new AhoCorasickDoubleArrayTrie<>();
    trie.build(names);
    long[] count = new long[1];
    AhoCorasickDoubleArrayTrie.IHit<Integer> hit = (_, _, _) -> count[0]++;
    return () -> {
      count[0] = 0;
      trie.parseText(words, hit);
      return count[0];
    };
  }

  private String text(EntityTree tree) throws IOException {
    SplittableRandom random = new SplittableRandom(2);
    return switch (text) {
      case "english" -> english();
      case "chinese" -> chinese(random);
      case "names" -> {
        StringBuilder names = new StringBuilder();
        while (names.length() < BYTES) {
          names.append(tree.name(random.nextInt(tree.size()))).append(", ");
        }
        yield names.toString();
      }
      default -> throw new IllegalArgumentException("text=" + text);
    };
  }

  private static String english() throws IOException {
    Path file = EntityDictionaries.assets().resolve("pubmedqa.ori_pqal.json.gz");
    StringBuilder abstracts = new StringBuilder();
    try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
      for (JsonNode article : JSON.readTree(in)) {
        article.path("CONTEXTS").forEach(part -> abstracts.append(part.asText()).append('\n'));
      }
    }
    return abstracts.toString();
  }

  private static String chinese(SplittableRandom random) {
    String[] before = {"患者既往有", "影像提示", "左肺上叶未见明显", "随访三个月后出现", "家属否认"};
    String[] after = {"，余未见异常。", "，建议进一步检查；", "病史多年，近日加重。", "，较前片变化不大。\n"};
    List<String> names = new ArrayList<>();
    EntityTree tree = EntityDictionaries.tree("files");
    for (int i = 0; i < tree.size(); i++) {
      tree.names(i).stream()
          .filter(name -> name.text().charAt(0) >= '\u4E00')
          .forEach(name -> names.add(name.text()));
    }
    StringBuilder sentences = new StringBuilder();
    while (sentences.length() < BYTES / 2) {
      sentences
          .append(before[random.nextInt(before.length)])
          .append(names.get(random.nextInt(names.size())))
          .append(after[random.nextInt(after.length)]);
    }
    return sentences.toString();
  }

  /** As many whole characters as fit, and spaces for the rest. */
  private static String padded(String words) {
    byte[] utf8 = words.getBytes(StandardCharsets.UTF_8);
    if (utf8.length < BYTES) {
      throw new IllegalStateException("expected " + BYTES + " bytes, found " + utf8.length);
    }
    int end = BYTES;
    while ((utf8[end] & 0xC0) == 0x80) {
      end--;
    }
    return new String(utf8, 0, end, StandardCharsets.UTF_8) + " ".repeat(BYTES - end);
  }
}
