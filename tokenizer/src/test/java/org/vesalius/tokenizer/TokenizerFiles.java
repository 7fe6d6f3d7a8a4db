package org.vesalius.tokenizer;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;

/**
 * Tokenizer files that tests read: small ones of the repository, real ones outside it, and ones
 * made on the spot.
 */
final class TokenizerFiles {
  static final String SMALL_BYTE_LEVEL =
      """
      {"type":"ByteLevel","add_prefix_space":false,"trim_offsets":false,"use_regex":false}\
      """;

  private TokenizerFiles() {}

  static Path root() {
    return Path.of(System.getProperty("vesalius.root", ".."));
  }

  /** The tokenizers of the golden fixtures and of the demo model. */
  static List<Path> small() {
    return List.of(
        root().resolve("src/test/fixtures/qwen2/tokenizer.json"),
        root().resolve("src/test/fixtures/qwen2_5_vl/tokenizer.json"),
        root().resolve("src/test/fixtures/qwen3/tokenizer.json"),
        root().resolve("demo/src/main/resources/org/vesalius/demo/model/tokenizer.json"));
  }

  static Path demo() {
    return root().resolve("demo/src/main/resources/org/vesalius/demo/model/tokenizer.json");
  }

  /** A file of the material outside the repository; skips the test where it is not there. */
  static Path asset(String name) {
    String assets = System.getProperty("vesalius.assets", "");
    assumeTrue(!assets.isEmpty(), "-Dvesalius.assets is not set: " + name + " is not tested");
    Path file = Path.of(assets, name);
    assumeTrue(Files.exists(file), file + " is missing");
    return file;
  }

  static byte[] read(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return file.toString().endsWith(".gz")
          ? new GZIPInputStream(in).readAllBytes()
          : in.readAllBytes();
    }
  }

  static byte[] qwen3() throws IOException {
    return real("qwen3");
  }

  /** A published tokenizer; skips the test where it is not there. */
  static byte[] real(String name) throws IOException {
    String assets = System.getProperty("vesalius.assets", "");
    String plain = "tokenizers/" + name + "/tokenizer.json";
    return read(
        !assets.isEmpty() && Files.exists(Path.of(assets, plain))
            ? asset(plain)
            : asset(plain + ".gz"));
  }

  /** GPT-2, published as two files, as a tokenizer.json. */
  static byte[] gpt2() throws IOException {
    String vocab = new String(read(asset("tokenizers/gpt2/vocab.json.gz")), StandardCharsets.UTF_8);
    String merges =
        Files.readAllLines(asset("tokenizers/gpt2/merges.txt")).stream()
            .filter(line -> !line.startsWith("#version") && !line.isEmpty())
            .map(line -> "\"" + line.replace("\\", "\\\\").replace("\"", "\\\"") + "\"")
            .collect(Collectors.joining(","));
    String byteLevel =
        "{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":true,\"use_regex\":true}";
    return tokenizer(
            "null",
            byteLevel,
            added(50256, "<|endoftext|>", "special"),
            byteLevel,
            byteLevel,
            "{\"type\":\"BPE\",\"vocab\":%s,\"merges\":[%s]}".formatted(vocab, merges))
        .getBytes(StandardCharsets.UTF_8);
  }

  /** A family's golden fixture outside the repository; skips the test where it is not there. */
  static Path fixture(String family) {
    String fixtures = System.getProperty("vesalius.fixtures", "");
    String assets = System.getProperty("vesalius.assets", "");
    assumeTrue(
        !fixtures.isEmpty() || !assets.isEmpty(),
        "neither -Dvesalius.fixtures nor -Dvesalius.assets is set: " + family + " is not tested");
    Path folder =
        (fixtures.isEmpty() ? Path.of(assets).resolveSibling("fixtures") : Path.of(fixtures))
            .resolve(family);
    assumeTrue(Files.exists(folder), folder + " is missing");
    return folder;
  }

  /**
   * A byte-level tokenizer without merges: each byte is a token, so pieces can be told from its
   * ids.
   */
  static String bytesOnly(String normalizer, String preTokenizer, String addedTokens) {
    return bytesOnly(normalizer, preTokenizer, addedTokens, "null");
  }

  static String bytesOnly(
      String normalizer, String preTokenizer, String addedTokens, String postProcessor) {
    return tokenizer(
        normalizer,
        preTokenizer,
        addedTokens,
        postProcessor,
        SMALL_BYTE_LEVEL,
        """
        {"type":"BPE","dropout":null,"unk_token":null,"continuing_subword_prefix":null,\
        "end_of_word_suffix":null,"fuse_unk":false,"byte_fallback":false,"ignore_merges":false,\
        "vocab":{%s},"merges":[]}\
        """
            .formatted(byteVocabulary()));
  }

  static String byteVocabulary() {
    return IntStream.range(0, 256)
        .mapToObj(b -> {
          char c = ByteAlphabet.toChar(b);
          return (c == '"' || c == '\\' ? "\"\\" : "\"") + c + "\":" + b;
        })
        .collect(Collectors.joining(","));
  }

  static String tokenizer(
      String normalizer,
      String preTokenizer,
      String addedTokens,
      String postProcessor,
      String decoder,
      String model) {
    return """
    {"version":"1.0","truncation":null,"padding":null,"added_tokens":[%s],"normalizer":%s,\
    "pre_tokenizer":%s,"post_processor":%s,"decoder":%s,"model":%s}\
    """
        .formatted(addedTokens, normalizer, preTokenizer, postProcessor, decoder, model);
  }

  static String sequence(String... preTokenizers) {
    return "{\"type\":\"Sequence\",\"pretokenizers\":[" + String.join(",", preTokenizers) + "]}";
  }

  static String split(String regex, String behavior, boolean invert) {
    return """
    {"type":"Split","pattern":{"Regex":"%s"},"behavior":"%s","invert":%s}\
    """
        .formatted(
            regex.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n"),
            behavior,
            invert);
  }

  /** An added token; {@code flags} names those of its properties that are true. */
  static String added(int id, String content, String... flags) {
    List<String> on = List.of(flags);
    return """
    {"id":%d,"content":"%s","single_word":%s,"lstrip":%s,"rstrip":%s,"normalized":%s,"special":%s}\
    """
        .formatted(
            id,
            content,
            on.contains("single_word"),
            on.contains("lstrip"),
            on.contains("rstrip"),
            on.contains("normalized"),
            on.contains("special"));
  }
}
