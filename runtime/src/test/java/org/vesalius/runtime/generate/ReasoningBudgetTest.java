package org.vesalius.runtime.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.answer.AnswerFormat;
import org.vesalius.runtime.answer.ParsedAnswer;
import org.vesalius.runtime.answer.ReasoningFormat;
import org.vesalius.runtime.models.PositionRule;
import org.vesalius.runtime.prompt.ChatTemplate;
import org.vesalius.tokenizer.Tokenizer;

class ReasoningBudgetTest {
  private static final Path FIXTURES =
      Path.of(System.getProperty("vesalius.root", "..")).resolve("src/test/fixtures");

  /** A tokenizer, a template and the marks that go with them. */
  private record Subject(
      String name,
      Tokenizer tokenizer,
      ChatTemplate template,
      AnswerFormat format,
      boolean images) {

    static Subject fixture(String name, AnswerFormat format, boolean images) {
      Path folder = FIXTURES.resolve(name);
      return new Subject(name, Tokenizer.load(folder), ChatTemplate.read(folder), format, images);
    }

    /** Published files; skips the test where they are not there. */
    static Subject real(String tokenizer, String template, AnswerFormat format) {
      try {
        Path file = asset("tokenizers/" + tokenizer + "/tokenizer.json.gz");
        byte[] json;
        try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
          json = in.readAllBytes();
        }
        return new Subject(
            template, Tokenizer.parse(json, tokenizer), realTemplate(template), format, false);
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }

    ReasoningTemplate reasoning() {
      return new ReasoningTemplate(template, format, images);
    }

    ReasoningBudget budget(Optional<ReasoningFormat> opened, OptionalInt tokens) {
      return new ReasoningBudget(tokenizer, format, reasoning(), prompt(opened), tokens);
    }

    ParsedAnswer parsed(Optional<ReasoningFormat> opened, List<Integer> ids) {
      AnswerText text =
          new AnswerText(
              tokenizer, format, ChatRequest.builder().user("?").build(), prompt(opened), _ -> {});
      ids.forEach(text::append);
      return text.finish(List.of());
    }

    @Override
    public String toString() {
      return name;
    }
  }

  private static EncodedPrompt prompt(Optional<ReasoningFormat> opened) {
    return new EncodedPrompt(
        "", new int[0], PositionRule.SEQUENTIAL.number(0, List.of()), List.of(), List.of(), opened);
  }

  private static Path asset(String name) {
    String assets = System.getProperty("vesalius.assets", "");
    assumeTrue(!assets.isEmpty(), "-Dvesalius.assets is not set: " + name + " is not tested");
    Path file = Path.of(assets, name);
    assumeTrue(Files.exists(file), file + " is missing");
    return file;
  }

  private static ChatTemplate realTemplate(String name) throws IOException {
    String source = Files.readString(asset("chat-templates/" + name + ".jinja"));
    return ChatTemplate.of(
        source, name, Map.of("bos_token", "<bos>", "eos_token", "<eos>", "pad_token", "<pad>"));
  }

  static Stream<Subject> subjects() {
    return Stream.of(
        Subject.fixture("qwen3", AnswerFormat.QWEN3, false),
        Subject.fixture("small_qwen3_vl", AnswerFormat.QWEN3_VL, true),
        // Marks of several tokens, and a template that knows no reasoning.
        Subject.fixture("qwen2", AnswerFormat.QWEN2, false),
        Subject.fixture("qwen2_5_vl", AnswerFormat.QWEN2_5_VL, true),
        Subject.fixture("small_seed_oss", AnswerFormat.SEED_OSS, false),
        Subject.fixture("seed_vl", AnswerFormat.SEED_VL, true),
        Subject.fixture("small_gemma3", AnswerFormat.GEMMA3, true),
        Subject.fixture("small_llama", AnswerFormat.LLAMA, false));
  }

  /** What a model that would go on thinking writes, with what it has to write. */
  private static List<Integer> write(ReasoningBudget budget, int[] wanted, int[] afterwards) {
    List<Integer> written = new ArrayList<>();
    int at = 0;
    boolean forced = false;
    while (at < wanted.length || budget.forced() != ReasoningBudget.FREE) {
      int id = budget.forced();
      if (id == ReasoningBudget.FREE) {
        if (forced) {
          break;
        }
        id = wanted[at++];
      } else {
        forced = true;
        assertEquals(id, budget.forced(), "asked twice");
      }
      budget.add(id);
      written.add(id);
    }
    if (forced) {
      for (int id : afterwards) {
        assertEquals(ReasoningBudget.FREE, budget.forced());
        budget.add(id);
        written.add(id);
      }
    }
    return written;
  }

  private static List<Integer> list(int[] ids) {
    return java.util.Arrays.stream(ids).boxed().toList();
  }

  /** However many tokens: the reasoning has as many, and the answer comes out whole. */
  @ParameterizedTest
  @MethodSource("subjects")
  void reasoningEndsWithItsBudget(Subject subject) {
    endsWithItsBudget(subject);
  }

  private static void endsWithItsBudget(Subject subject) {
    String words = "the lung is clear a < b no focal\n opacity or effusion.\n\nSo heart, normal ";
    for (int seed = 0; seed < 40; seed++) {
      Random random = new Random(seed);
      ReasoningFormat marks =
          subject.format.reasoning().get(random.nextInt(subject.format.reasoning().size()));
      boolean opened = random.nextBoolean();
      Optional<ReasoningFormat> open = opened ? Optional.of(marks) : Optional.empty();
      StringBuilder text = new StringBuilder(opened ? "" : "\n" + marks.open() + "\nx");
      for (int i = 0; i < 60; i++) {
        int from = random.nextInt(words.length());
        text.append(words, from, Math.min(words.length(), from + random.nextInt(12)));
      }
      int[] wanted = subject.tokenizer.encode(text.toString());
      int[] answer = subject.tokenizer.encode("Nothing found.");
      int tokens = random.nextInt(30);
      ReasoningBudget budget = subject.budget(open, OptionalInt.of(tokens));
      List<Integer> written = write(budget, wanted, answer);
      ParsedAnswer parsed = subject.parsed(open, written);
      String at = subject + ", seed " + seed + ", budget " + tokens + ": " + parsed;
      assertEquals("Nothing found.", parsed.text().strip(), at);
      assertFalse(parsed.reasoningUnclosed(), at);
      // What was written freely is the beginning of what the model wanted.
      int free = 0;
      while (free < written.size() && free < wanted.length && written.get(free) == wanted[free]) {
        free++;
      }
      int begin = opened ? 0 : afterMark(subject.tokenizer, wanted, marks.open());
      assertTrue(free >= begin + tokens, at + ": " + free + " tokens, the mark ends at " + begin);
      ParsedAnswer alone = subject.parsed(open, list(wanted).subList(0, begin + tokens));
      assertTrue(parsed.reasoning().strip().startsWith(alone.reasoning().strip()), at);
      int ending = subject.tokenizer.encode("x" + marks.close() + "\n\nx").length + 6;
      assertTrue(written.size() <= begin + tokens + ending + answer.length, at);
    }
  }

  /** Index of the token after the one in which the mark ends. */
  private static int afterMark(Tokenizer tokenizer, int[] ids, String mark) {
    for (int count = 1; count <= ids.length; count++) {
      if (tokenizer.decode(java.util.Arrays.copyOf(ids, count), false).contains(mark)) {
        return count;
      }
    }
    throw new AssertionError("no mark");
  }

  @ParameterizedTest
  @MethodSource("subjects")
  void withoutABudgetNothingIsForced(Subject subject) {
    ReasoningFormat marks = subject.format.reasoning().getFirst();
    int[] ids = subject.tokenizer.encode(marks.open() + "\nabc ".repeat(50));
    ReasoningBudget budget = subject.budget(Optional.empty(), OptionalInt.empty());
    assertEquals(list(ids), write(budget, ids, new int[0]));
  }

  @ParameterizedTest
  @MethodSource("subjects")
  void reasoningThatEndsByItselfAndAnswersWithoutAnyAreLeftAlone(Subject subject) {
    ReasoningFormat marks = subject.format.reasoning().getFirst();
    String answer = "Yes. " + marks.open() + " is a mark, " + "and so on ".repeat(30);
    int[] closed =
        subject.tokenizer.encode(marks.open() + "\nshort\n" + marks.close() + "\n\n" + answer);
    ReasoningBudget budget = subject.budget(Optional.empty(), OptionalInt.of(12));
    assertEquals(list(closed), write(budget, closed, new int[0]));
    int[] plain = subject.tokenizer.encode(answer);
    budget = subject.budget(Optional.empty(), OptionalInt.of(0));
    assertEquals(list(plain), write(budget, plain, new int[0]));
  }

  /** A closing mark of several tokens that has begun when the budget ends is not written twice. */
  @Test
  void aMarkThatHasBegunIsWaitedFor() {
    Subject subject = Subject.fixture("qwen2", AnswerFormat.QWEN2, false);
    int[] reason = subject.tokenizer.encode("<think>\nIt is clear.");
    int[] close = subject.tokenizer.encode("</think>");
    assertTrue(close.length > 1, "a mark of several tokens");
    int[] answer = subject.tokenizer.encode("\n\nYes.");
    List<Integer> wanted = new ArrayList<>(list(reason));
    wanted.addAll(list(close));
    wanted.addAll(list(answer));
    int[] ids = wanted.stream().mapToInt(Integer::intValue).toArray();
    int inside = reason.length - afterMark(subject.tokenizer, ids, "<think>");
    for (int tokens = inside + 1; tokens < inside + close.length; tokens++) {
      ReasoningBudget budget = subject.budget(Optional.empty(), OptionalInt.of(tokens));
      assertEquals(wanted, write(budget, ids, new int[0]), "budget " + tokens);
    }
    // What only looks like one is not waited for beyond the token that shows it.
    int[] other = subject.tokenizer.encode("<think>\nIt is </thick and more of it, and more");
    ReasoningBudget budget = subject.budget(Optional.empty(), OptionalInt.of(inside));
    List<Integer> written = write(budget, other, answer);
    ParsedAnswer parsed = subject.parsed(Optional.empty(), written);
    assertEquals("Yes.", parsed.text());
  }

  /** Where a character is several tokens, none is cut. */
  @ParameterizedTest
  @MethodSource("subjects")
  void charactersStayWhole(Subject subject) {
    charactersStay(subject);
  }

  private static void charactersStay(Subject subject) {
    ReasoningFormat marks = subject.format.reasoning().getFirst();
    int[] wanted = subject.tokenizer.encode(marks.open() + "\nx" + "肺部🫁清晰 ".repeat(8));
    int[] answer = subject.tokenizer.encode("Nothing found.");
    for (int tokens = 0; tokens < 40; tokens++) {
      ReasoningBudget budget = subject.budget(Optional.empty(), OptionalInt.of(tokens));
      ParsedAnswer parsed = subject.parsed(Optional.empty(), write(budget, wanted, answer));
      String at = subject + ", budget " + tokens + ": " + parsed;
      assertFalse(parsed.reasoning().contains("\uFFFD"), at);
      assertEquals("Nothing found.", parsed.text().strip(), at);
    }
  }

  /** Qwen3's form without reasoning, token by token. */
  @Test
  void qwen3sEmptyBlock() {
    Subject subject = Subject.fixture("qwen3", AnswerFormat.QWEN3, false);
    ReasoningBudget budget = subject.budget(Optional.empty(), OptionalInt.of(0));
    assertEquals(ReasoningBudget.FREE, budget.forced());
    int[] open = subject.tokenizer.encode("<think>");
    List<Integer> written = write(budget, open, new int[0]);
    assertEquals(list(subject.tokenizer.encode("<think>\n\n</think>\n\n")), written);
    ReasoningBudget opened = subject.budget(Optional.of(ReasoningFormat.THINK), OptionalInt.of(0));
    assertEquals(
        "\n</think>\n\n",
        subject.tokenizer.decode(
            write(opened, new int[0], new int[0]).stream().mapToInt(i -> i).toArray(), false));
  }

  @Test
  void anotherTokenThanTheForcedOneIsRefused() {
    ReasoningBudget budget =
        Subject.fixture("qwen3", AnswerFormat.QWEN3, false)
            .budget(Optional.of(ReasoningFormat.THINK), OptionalInt.of(0));
    assertThrows(IllegalArgumentException.class, () -> budget.add(budget.forced() + 1));
  }

  @Test
  void templatesAreSwitchedAsTheyKnow() {
    check(
        Subject.fixture("qwen3", AnswerFormat.QWEN3, false),
        Map.of("enable_thinking", false),
        Map.of());
    check(Subject.fixture("qwen2", AnswerFormat.QWEN2, false), Map.of(), Map.of());
    check(Subject.fixture("qwen2_5_vl", AnswerFormat.QWEN2_5_VL, true), Map.of(), Map.of());
    check(Subject.fixture("small_gemma3", AnswerFormat.GEMMA3, true), Map.of(), Map.of());
    for (Subject seed :
        List.of(
            Subject.fixture("small_seed_oss", AnswerFormat.SEED_OSS, false),
            Subject.fixture("seed_vl", AnswerFormat.SEED_VL, true))) {
      check(seed, Map.of("thinking_budget", 0), Map.of("thinking_budget", 300));
    }
  }

  private static void check(Subject subject, Map<String, Object> off, Map<String, Object> limited) {
    ReasoningTemplate reasoning = subject.reasoning();
    assertEquals(off, reasoning.variables(OptionalInt.of(0), Map.of()), subject.name);
    assertEquals(limited, reasoning.variables(OptionalInt.of(300), Map.of()), subject.name);
    assertEquals(Map.of(), reasoning.variables(OptionalInt.empty(), Map.of()), subject.name);
    Map<String, @Nullable Object> own = new HashMap<>();
    own.put("enable_thinking", true);
    own.put("thinking_budget", null);
    own.put("more", 1);
    assertEquals(own, reasoning.variables(OptionalInt.of(0), own), "what the request says stays");
  }

  @Test
  void surroundingsAreTheTemplatesOwn() {
    assertEquals(
        new ReasoningTemplate.Surroundings("\n", "\n</think>\n\n"),
        Subject.fixture("qwen3", AnswerFormat.QWEN3, false)
            .reasoning()
            .around(ReasoningFormat.THINK));
    assertEquals(
        new ReasoningTemplate.Surroundings("", "</seed:think>\n"),
        Subject.fixture("small_seed_oss", AnswerFormat.SEED_OSS, false)
            .reasoning()
            .around(ReasoningFormat.SEED));
    assertEquals(
        new ReasoningTemplate.Surroundings("", "</think>\n"),
        Subject.fixture("seed_vl", AnswerFormat.SEED_VL, true)
            .reasoning()
            .around(ReasoningFormat.THINK));
    assertEquals(
        new ReasoningTemplate.Surroundings("thought\n", "<unused95>"),
        Subject.fixture("small_gemma3", AnswerFormat.GEMMA3, true)
            .reasoning()
            .around(ReasoningFormat.MEDGEMMA));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Qwen-Qwen3-0.6B",
        "from-tokenizer_config-qwen3",
        "Qwen3.5-4B",
        "HuggingFaceTB-SmolLM3-3B"
      })
  void publishedTemplatesWithASwitch(String name) throws IOException {
    ReasoningTemplate reasoning =
        new ReasoningTemplate(realTemplate(name), AnswerFormat.QWEN3, false);
    assertEquals(
        Map.of("enable_thinking", false), reasoning.variables(OptionalInt.of(0), Map.of()));
    assertEquals(Map.of(), reasoning.variables(OptionalInt.of(100), Map.of()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Qwen-Qwen2.5-7B-Instruct",
        "Qwen2-VL_Qwen2.5-VL",
        "MiMo-VL",
        "gemma-3-it",
        "meta-llama-Llama-3.1-8B-Instruct",
        "meta-llama-Llama-3.2-3B-Instruct",
        "mistralai-Mistral-Nemo-Instruct-2407",
        "Mistral-Small-3.2-24B-Instruct-2506",
        "microsoft-Phi-3.5-mini-instruct"
      })
  void publishedTemplatesWithoutASwitch(String name) throws IOException {
    ReasoningTemplate reasoning =
        new ReasoningTemplate(realTemplate(name), AnswerFormat.QWEN3, false);
    assertEquals(Map.of(), reasoning.variables(OptionalInt.of(0), Map.of()));
    assertEquals(
        new ReasoningTemplate.Surroundings("\n", "\n</think>\n\n"),
        reasoning.around(ReasoningFormat.THINK));
  }

  @ParameterizedTest
  @ValueSource(strings = {"qwen3", "gemma3", "llama3_1", "llama2"})
  void publishedTokenizers(String name) throws IOException {
    String template = name.equals("gemma3") ? "gemma-3-it" : "Qwen-Qwen3-0.6B";
    AnswerFormat format =
        switch (name) {
          case "gemma3" -> AnswerFormat.GEMMA3;
          case "qwen3" -> AnswerFormat.QWEN3;
          default -> AnswerFormat.LLAMA;
        };
    Subject subject = Subject.real(name, template, format);
    endsWithItsBudget(subject);
    charactersStay(subject);
    if (name.equals("qwen3")) {
      int[] empty = subject.tokenizer.encode("<think>\n\n</think>\n\n");
      assertEquals(4, empty.length, "tokens of the empty block");
    }
  }
}
