package org.vesalius.bench;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Encoding and decoding of texts of 100,000 characters on one thread, here and in Hugging Face's
 * Rust library through DJL; scores are characters per microsecond.
 *
 * <p>The tokenizer is Qwen3's where {@code -Dvesalius.assets} names the folder that has it, else
 * that of the demo model under {@code -Dvesalius.root}. Both sides give the same ids, which is
 * checked before anything is measured. Both remember the words they have seen, so there are two
 * kinds of text: {@code findings}, one seeded mixture of English and Chinese findings again and
 * again, where remembering helps as it does in practice, and {@code unseen}, many texts of random
 * words in turn, more than either side remembers, where every word has to be merged.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Threads(1)
@Fork(5)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class TokenizerBenchmark {
  private static final int CHARACTERS = 100_000;
  private static final int UNSEEN_TEXTS = 16;
  private static final long SEED = 42;

  /** Whose tokenizer. */
  @Param({"vesalius", "huggingface"})
  public String impl = "";

  /** Which text. */
  @Param({"findings", "unseen"})
  public String kind = "";

  private Codec codec = new Nothing();
  private List<String> texts = List.of();
  private List<int[]> ids = List.of();
  private int turn;

  /** What both sides can do. */
  private interface Codec extends AutoCloseable {
    int[] encode(String text);

    String decode(int[] ids);

    @Override
    void close();
  }

  /** Reads the tokenizer and checks that both sides agree on the text. */
  @Setup(Level.Trial)
  public void open() throws IOException {
    byte[] json = tokenizerJson();
    Random random = new Random(SEED);
    texts =
        switch (kind) {
          case "findings" -> List.of(findings(random));
          case "unseen" -> Stream.generate(() -> randomWords(random)).limit(UNSEEN_TEXTS).toList();
          default -> throw new IllegalArgumentException("kind=" + kind);
        };
    Codec vesalius = new Vesalius(json);
    ids = texts.stream().map(vesalius::encode).toList();
    codec =
        switch (impl) {
          case "vesalius" -> new Vesalius(json);
          case "huggingface" -> new HuggingFace(json);
          default -> throw new IllegalArgumentException("impl=" + impl);
        };
    for (int i = 0; i < texts.size(); i++) {
      if (!Arrays.equals(ids.get(i), codec.encode(texts.get(i)))
          || !codec.decode(ids.get(i)).equals(texts.get(i))) {
        throw new IllegalStateException("the two tokenizers do not agree on text " + i);
      }
    }
  }

  /** Frees the native side. */
  @TearDown(Level.Trial)
  public void close() {
    codec.close();
  }

  /** Text to ids. */
  @Benchmark
  @OperationsPerInvocation(CHARACTERS)
  public int[] encode() {
    turn = (turn + 1) % texts.size();
    return codec.encode(texts.get(turn));
  }

  /** Ids to text. */
  @Benchmark
  @OperationsPerInvocation(CHARACTERS)
  public String decode() {
    turn = (turn + 1) % texts.size();
    return codec.decode(ids.get(turn));
  }

  private static byte[] tokenizerJson() throws IOException {
    String assets = System.getProperty("vesalius.assets", "");
    if (assets.isEmpty()) {
      return Files.readAllBytes(
          Path.of(
              System.getProperty("vesalius.root", "."),
              "demo/src/main/resources/org/vesalius/demo/model/tokenizer.json"));
    }
    try (InputStream in =
        new GZIPInputStream(
            Files.newInputStream(Path.of(assets, "tokenizers/qwen3/tokenizer.json.gz")))) {
      return in.readAllBytes();
    }
  }

  /** Words of random letters, now and then of random ideographs. */
  private static String randomWords(Random random) {
    StringBuilder text = new StringBuilder();
    while (text.length() < CHARACTERS) {
      boolean ideographs = random.nextInt(4) == 0;
      for (int i = 2 + random.nextInt(8); i > 0; i--) {
        text.append((char) (ideographs ? 0x4E00 + random.nextInt(2000) : 'a' + random.nextInt(26)));
      }
      text.append(' ');
    }
    return text.substring(0, CHARACTERS);
  }

  private static String findings(Random random) {
    StringBuilder text = new StringBuilder();
    while (text.length() < CHARACTERS) {
      if (random.nextInt(3) == 0) {
        chinese(random, text);
      } else {
        english(random, text);
      }
      text.append(random.nextInt(4) == 0 ? "\n" : " ");
    }
    return text.substring(0, CHARACTERS);
  }

  private static void english(Random random, StringBuilder text) {
    String[] openings = {
      "There is", "No evidence of", "Findings suggest", "We can't exclude", "Status post"
    };
    String[] prefixes = {
      "peri", "hyper", "hypo", "endo", "sub", "poly", "pseudo", "intra", "post", "para", "micro",
      "neo"
    };
    String[] roots = {
      "cardi",
      "nephr",
      "hepat",
      "pneum",
      "bronch",
      "gastr",
      "arthr",
      "encephal",
      "mening",
      "angi",
      "oste",
      "thyroid",
      "aden",
      "cyt"
    };
    String[] suffixes = {
      "itis",
      "osis",
      "ectomy",
      "oma",
      "opathy",
      "al effusion",
      "ography",
      "ic stenosis",
      "algia",
      "emia"
    };
    String[] places = {
      "the left lower lobe",
      "the right atrium",
      "L4-L5",
      "the mediastinum",
      "both kidneys",
      "the T2 sequence"
    };
    String[] ends = {
      ".",
      ", unchanged.",
      "; follow-up in 6 months.",
      " (see series 3).",
      ", compared with 2024-11-05."
    };
    text.append(pick(random, openings)).append(' ');
    for (int i = 0; i <= random.nextInt(4); i++) {
      text.append(pick(random, prefixes))
          .append(pick(random, roots))
          .append(pick(random, suffixes))
          .append(", ");
    }
    text.append("measuring ")
        .append(
            String.format(Locale.ROOT, "%.1f x %d", random.nextInt(400) / 10.0, random.nextInt(90)))
        .append(" mm in ")
        .append(pick(random, places))
        .append(pick(random, ends));
  }

  private static void chinese(Random random, StringBuilder text) {
    String[] sides = {"左肺", "右肺", "双肾", "肝右叶", "心脏", "纵隔", "胸膜", "颅内", "甲状腺", "腰椎"};
    String[] places = {"上叶", "下叶", "尖段", "边缘", "内侧", "周围", "中央区"};
    String[] findings = {"可见片状高密度影", "未见明显异常", "结节影", "积液", "钙化灶", "软组织肿块", "轻度增大", "信号不均匀"};
    String[] ends = {"，建议随访。", "，考虑炎症可能。", "；请结合临床。", "，较前变化不大。", "。"};
    text.append(pick(random, sides)).append(pick(random, places)).append(pick(random, findings));
    if (random.nextBoolean()) {
      text.append("，大小约")
          .append(random.nextInt(60))
          .append("mm×")
          .append(random.nextInt(60))
          .append("mm");
    }
    text.append(pick(random, ends));
  }

  private static String pick(Random random, String[] words) {
    return words[random.nextInt(words.length)];
  }

  private record Nothing() implements Codec {
    @Override
    public int[] encode(String text) {
      return new int[0];
    }

    @Override
    public String decode(int[] ids) {
      return "";
    }

    @Override
    public void close() {}
  }

  private record Vesalius(org.vesalius.tokenizer.Tokenizer tokenizer) implements Codec {
    Vesalius(byte[] json) {
      this(org.vesalius.tokenizer.Tokenizer.parse(json, "tokenizer.json"));
    }

    @Override
    public int[] encode(String text) {
      return tokenizer.encode(text);
    }

    @Override
    public String decode(int[] ids) {
      return tokenizer.decode(ids, false);
    }

    @Override
    public void close() {}
  }

  private record HuggingFace(HuggingFaceTokenizer tokenizer) implements Codec {
    HuggingFace(byte[] json) throws IOException {
      this(open(json));
    }

    private static HuggingFaceTokenizer open(byte[] json) throws IOException {
      Path file = Files.createTempFile("tokenizer", ".json");
      try {
        Files.write(file, json);
        return HuggingFaceTokenizer.builder()
            .optTokenizerPath(file)
            .optTruncation(false)
            .optPadding(false)
            .build();
      } finally {
        Files.delete(file);
      }
    }

    @Override
    public int[] encode(String text) {
      return Arrays.stream(tokenizer.encode(text, false, false).getIds())
          .mapToInt(Math::toIntExact)
          .toArray();
    }

    @Override
    public String decode(int[] ids) {
      return tokenizer.decode(Arrays.stream(ids).asLongStream().toArray(), false);
    }

    @Override
    public void close() {
      tokenizer.close();
    }
  }
}
