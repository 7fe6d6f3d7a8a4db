package org.vesalius.test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.loader.ModelFormatException;
import org.vesalius.runtime.Capacity;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.CheckpointQuantizer;
import org.vesalius.runtime.DraftAcceptance;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.OpenOptions;
import org.vesalius.runtime.SamplingOptions;
import org.vesalius.runtime.WeightFormat;

/** A second model guesses what the first one writes, which stays what it was. */
class DraftModelTest {
  /** With Qwen2's weights in four bits it is often wrong. */
  @TempDir static Path coarse;

  @BeforeAll
  static void quantize() throws IOException {
    new CheckpointQuantizer(WeightFormat.INT4, new KernelOptions(1))
        .quantize(Fixtures.fixture("qwen2"), coarse.resolve("qwen2"), (_, _) -> {});
  }

  private static OpenOptions options(String backend) {
    return Fixtures.options(backend, CacheFormat.F32);
  }

  @TestFactory
  Stream<DynamicTest> answersAreTransformersWhoeverGuesses() {
    return Fixtures.tested().stream()
        .flatMap(backend ->
            Stream.of("qwen2", "qwen2_5_vl")
                .flatMap(family ->
                    Stream.of(
                            Fixtures.fixture(family),
                            Fixtures.fixture("qwen2"),
                            coarse.resolve("qwen2"))
                        .map(draft ->
                            DynamicTest.dynamicTest(
                                backend + " " + family + " by " + draft.getFileName(),
                                () -> golden(backend, family, draft)))));
  }

  private static void golden(String backend, String family, Path draft) {
    Fixtures.requireBackend(backend);
    try (ChatModel model =
        ChatModel.open(Fixtures.fixture(family), options(backend).withDraft(draft))) {
      int proposed = 0;
      int accepted = 0;
      for (GoldenCase golden : Fixtures.cases(family)) {
        ChatRequest request = golden.request().speculativeTokens(4).build();
        Generation generation = model.generate(request);
        assertEquals(golden.newTokenIds(), generation.tokenIds(), golden.name());
        DraftAcceptance drafts = generation.usage().drafts();
        proposed += drafts.proposed();
        accepted += drafts.accepted();
        assertEquals(0, model.usedCachePages(), "pages, those of the draft included");

        Generation unaided = model.generate(golden.request().speculativeTokens(0).build());
        assertEquals(golden.newTokenIds(), unaided.tokenIds());
        assertEquals(DraftAcceptance.NONE, unaided.usage().drafts());
      }
      assertTrue(proposed > 20, proposed + " guesses");
      boolean same = draft.equals(Fixtures.fixture(family));
      if (same && family.equals("qwen2")) {
        assertTrue(accepted > 0.8 * proposed, accepted + " of " + proposed + " by itself");
      }
    }
  }

  /** The draft's guesses alone: nothing in this prompt comes twice. */
  @Test
  void aModelGuessesItselfPerfectly() {
    Fixtures.requireBackend("native");
    try (ChatModel model =
        ChatModel.open(
            Fixtures.fixture("qwen2"),
            options("native").withDraft(Fixtures.fixture("qwen2")).withPrefillChunk(7))) {
      ChatRequest.Builder request =
          ChatRequest.builder().user("Chest film?").maxTokens(12).repetitionFuse(false);
      Generation alone = model.generate(request.build());
      Generation guessed = model.generate(request.speculativeTokens(4).build());
      assertEquals(alone.tokenIds(), guessed.tokenIds());
      DraftAcceptance drafts = guessed.usage().drafts();
      assertTrue(drafts.proposed() >= 8, drafts.toString());
      assertEquals(1, drafts.rate(), drafts.toString());
    }
  }

  @Test
  void mixedRequestsInLittleRoomAreAsAlone() throws Exception {
    Fixtures.requireBackend("native");
    SplittableRandom random = new SplittableRandom(3);
    List<GoldenCase> cases = Fixtures.cases("qwen2_5_vl");
    List<ChatRequest> requests = new ArrayList<>();
    List<List<Integer>> alone = new ArrayList<>();
    int longest = 0;
    try (ChatModel model =
        ChatModel.open(
            Fixtures.fixture("qwen2_5_vl"),
            options("native").withCapacity(new Capacity(1, 0, 0)))) {
      for (int i = 0; i < 24; i++) {
        SamplingOptions sampling =
            switch (i % 3) {
              case 0 -> SamplingOptions.greedy().withTemperature(0.8).withTopK(20).withSeed(i);
              case 1 -> SamplingOptions.greedy().withRepetitionPenalty(1.2);
              default -> SamplingOptions.greedy();
            };
        ChatRequest.Builder request =
            cases
                .get(random.nextInt(cases.size()))
                .request()
                .maxTokens(1 + random.nextInt(40))
                .repetitionFuse(false)
                .sampling(sampling);
        Generation generation = model.generate(request.build());
        alone.add(generation.tokenIds());
        longest =
            Math.max(
                longest, generation.usage().promptTokens() + generation.usage().completionTokens());
        requests.add(request.speculativeTokens(1 + random.nextInt(8)).build());
      }
    }
    OpenOptions little =
        options("native")
            .withDraft(coarse.resolve("qwen2"))
            .withCacheTokens(longest + 64L)
            .withCapacity(new Capacity(8, 64, 0));
    try (ChatModel model = ChatModel.open(Fixtures.fixture("qwen2_5_vl"), little);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Generation>> answers = new ArrayList<>();
      for (ChatRequest request : requests) {
        answers.add(threads.submit(() -> model.generate(request)));
      }
      for (int i = 0; i < requests.size(); i++) {
        assertEquals(alone.get(i), answers.get(i).get().tokenIds(), "request " + i);
      }
      assertEquals(0, model.usedCachePages());
    }
  }

  @Test
  void anotherTokenizerIsRefused(@TempDir Path folder) throws IOException {
    ModelFormatException other =
        assertThrows(
            ModelFormatException.class,
            () ->
                ChatModel.open(
                    Fixtures.fixture("qwen2"),
                    options("reference").withDraft(Fixtures.fixture("qwen3"))));
    String message = String.valueOf(other.getMessage());
    assertTrue(message.contains("qwen3"), message);
    assertTrue(message.contains("the same tokenizer"), message);

    assertThrows(
        ModelFormatException.class,
        () -> ChatModel.open(Fixtures.fixture("qwen2"), options("reference").withDraft(folder)));
    // What was opened before the refusal is closed: the folder can be opened and deleted.
    Path copy = Fixtures.copy("qwen2", folder.resolve("copy"));
    try (ChatModel model = ChatModel.open(copy, options("reference").withDraft(copy))) {
      assertEquals(0, model.requests());
    }
  }
}
