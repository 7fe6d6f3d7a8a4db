package org.vesalius.test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.vesalius.runtime.Cancellation;
import org.vesalius.runtime.Capacity;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.FinishReason;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.GenerationEvent;
import org.vesalius.runtime.GenerationListener;
import org.vesalius.runtime.OpenOptions;
import org.vesalius.runtime.QueueFullException;
import org.vesalius.runtime.SamplingOptions;
import org.vesalius.runtime.Scheduling;
import org.vesalius.runtime.generate.EncodedPrompt;
import org.vesalius.runtime.layers.CacheFullException;
import org.vesalius.runtime.layers.LayerObserver;

/** Requests that are computed together: what each answers is what it answers alone. */
@Timeout(600)
class SchedulerTest {
  private static final int REQUESTS = 24;

  /** Of all mixed runs: when a request has to give way depends on how fast the machine is. */
  private static final LongAdder PREEMPTIONS = new LongAdder();

  private static final int PAGE = 32;

  private static OpenOptions options(String backend) {
    return OpenOptions.defaults().withBackend(backend).withPrefillChunk(16);
  }

  /** Nothing shared and nothing together. */
  private static final Capacity ALONE = new Capacity(1, 0, 0);

  /**
   * Pictures, pictures whose tokens see each other, experts, features of deeper tower layers,
   * rotations that depend on the length, sliding windows.
   */
  @TestFactory
  Stream<DynamicTest> requestsOfAnyLengthAndArrivalAnswerAsAlone() {
    return Fixtures.backends().stream()
        .flatMap(backend ->
            Stream.of(
                    "qwen2_5_vl",
                    "small_gemma3",
                    "small_qwen3_vl_moe",
                    "small_llama_dynamic",
                    "small_llava_next")
                .filter(family -> backend.equals("native") || !family.equals("qwen2_5_vl"))
                .filter(
                    family -> !backend.equals("reference") || family.equals("small_llama_dynamic"))
                .map(family ->
                    DynamicTest.dynamicTest(backend + " " + family, () -> mixed(backend, family))));
  }

  @AfterAll
  static void someGaveWay() {
    assertTrue(PREEMPTIONS.sum() > 0, "no request gave way to another in any run");
  }

  private static void mixed(String backend, String family) throws Exception {
    Fixtures.requireBackend(backend);
    SplittableRandom random = new SplittableRandom(family.hashCode());
    List<Case> requests = requests(family, random);
    List<List<Integer>> alone = new ArrayList<>();
    int longest = 0;
    try (ChatModel model =
        ChatModel.open(Fixtures.fixture(family), options(backend).withCapacity(ALONE))) {
      for (Case request : requests) {
        Generation generation = model.generate(request.plain());
        assertEquals(0, generation.usage().cachedTokens());
        alone.add(generation.tokenIds());
        longest =
            Math.max(longest, generation.usage().promptTokens() + generation.tokenIds().size());
      }
      assertEquals(0, model.retainedCachePages());
    }
    // Room for a few of them only, so that some have to give way; and then for all.
    for (boolean narrow : new boolean[] {true, false}) {
      OpenOptions options = options(backend).withCapacity(new Capacity(7, REQUESTS, 512));
      if (narrow) {
        options = options.withCacheTokens(longest);
      }
      try (ChatModel model = ChatModel.open(Fixtures.fixture(family), options);
          ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
        List<Future<Generation>> answers = new ArrayList<>();
        for (Case request : requests) {
          answers.add(threads.submit(() -> model.generate(request.guessing())));
          Thread.sleep(random.nextInt(4));
        }
        for (int i = 0; i < REQUESTS; i++) {
          Generation generation = answers.get(i).get();
          assertEquals(
              alone.get(i),
              generation.tokenIds(),
              "request " + i + (narrow ? " in little room" : ""));
        }
        PREEMPTIONS.add(model.engine().preemptions());
        assertEquals(0, model.usedCachePages(), "pages that are still held");
      }
    }
  }

  /** A request with nothing guessed, and the same with guesses. */
  private record Case(ChatRequest plain, ChatRequest guessing) {}

  private static List<Case> requests(String family, SplittableRandom random) {
    List<GoldenCase> cases = Fixtures.cases(family);
    List<Case> requests = new ArrayList<>();
    for (int i = 0; i < REQUESTS; i++) {
      SamplingOptions sampling =
          switch (i % 4) {
            case 0 -> SamplingOptions.greedy().withTemperature(1.2).withTopP(0.9).withSeed(i);
            case 1 -> SamplingOptions.greedy().withRepetitionPenalty(1.2);
            default -> SamplingOptions.greedy();
          };
      ChatRequest.Builder request =
          cases
              .get(random.nextInt(cases.size()))
              .request()
              .maxTokens(1 + random.nextInt(60))
              .repetitionFuse(false)
              .sampling(sampling)
              .logprobs(i % 7 == 0 ? 3 : 0)
              .scheduling(Scheduling.defaults().withPriority(random.nextInt(3)));
      int guesses = i % 3 == 0 ? 0 : 1 + random.nextInt(8);
      requests.add(new Case(request.build(), request.speculativeTokens(guesses).build()));
    }
    return requests;
  }

  private static EncodedPrompt prompt(ChatModel model, int tokens, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int[] ids = random.ints(tokens, 0, model.tokenizer().size()).toArray();
    return EncodedPrompt.ofTokens(ids, model.parts().positions());
  }

  private static Generation answer(ChatModel model, EncodedPrompt prompt, int tokens) {
    return answer(
        model,
        ChatRequest.builder().user("").maxTokens(tokens).repetitionFuse(false).build(),
        prompt);
  }

  private static Generation answer(ChatModel model, ChatRequest request, EncodedPrompt prompt) {
    return model
        .generator()
        .generate(request, prompt, System.nanoTime(), GenerationListener.NONE, LayerObserver.NONE);
  }

  /** Also where the prompt ends with a page, so that all of it is known. */
  @Test
  void whatIsKnownOfAPromptIsNotComputedAgain() {
    try (ChatModel fresh =
            ChatModel.open(Fixtures.fixture("small_llama"), options("auto").withCapacity(ALONE));
        ChatModel model = ChatModel.open(Fixtures.fixture("small_llama"), options("auto"))) {
      for (int length : new int[] {1, 31, 32, 33, 63, 64, 65, 96, 200}) {
        EncodedPrompt prompt = prompt(model, length, length);
        List<Integer> expected = answer(fresh, prompt, 12).tokenIds();
        Generation first = answer(model, prompt, 12);
        Generation second = answer(model, prompt, 12);
        assertEquals(expected, first.tokenIds(), "length " + length);
        assertEquals(expected, second.tokenIds(), "length " + length);
        assertEquals(0, first.usage().cachedTokens());
        assertEquals((length - 1) / PAGE * PAGE, second.usage().cachedTokens());
      }
      EncodedPrompt prompt = prompt(model, 70, 70);
      Generation first = answer(model, prompt, 70);
      // The next turn of a conversation: prompt and answer, and something new.
      int[] ids =
          Stream.of(first.tokenIds(), List.of(5, 6, 7))
              .flatMap(List::stream)
              .mapToInt(Integer::intValue)
              .toArray();
      int[] longer = Arrays.copyOf(prompt.ids(), 70 + ids.length);
      System.arraycopy(ids, 0, longer, 70, ids.length);
      EncodedPrompt next = EncodedPrompt.ofTokens(longer, model.parts().positions());
      Generation turn = answer(model, next, 12);
      assertEquals(answer(fresh, next, 12).tokenIds(), turn.tokenIds());
      assertEquals((70 + first.tokenIds().size() - 1) / PAGE * PAGE, turn.usage().cachedTokens());
      assertTrue(turn.usage().cachedTokens() > 96, "answers are known, too");
    }
  }

  @Test
  void noMoreIsRetainedThanWasAllowed() {
    try (ChatModel model =
        ChatModel.open(
            Fixtures.fixture("small_llama"),
            options("auto").withCapacity(Capacity.defaults().withPrefixTokens(5 * PAGE)))) {
      for (int i = 0; i < 12; i++) {
        Generation unused = answer(model, prompt(model, 70, i), 2);
        assertTrue(model.retainedCachePages() <= 5, () -> model.retainedCachePages() + " pages");
      }
      assertEquals(5, model.retainedCachePages());
      assertEquals(64, answer(model, prompt(model, 70, 11), 2).usage().cachedTokens());
      assertEquals(0, answer(model, prompt(model, 70, 3), 2).usage().cachedTokens());
    }
  }

  @Test
  void aRequestBeyondTheQueueIsRefused() throws Exception {
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    LayerObserver blocking =
        (_, _, _) -> {
          running.countDown();
          await(goOn);
        };
    try (ChatModel model =
            ChatModel.open(
                Fixtures.fixture("small_llama"),
                options("auto").withCapacity(new Capacity(1, 2, 0)));
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      ChatRequest request = ChatRequest.builder().user("").maxTokens(2).build();
      Future<Generation> first =
          threads.submit(() ->
              model
                  .generator()
                  .generate(
                      request,
                      prompt(model, 9, 1),
                      System.nanoTime(),
                      GenerationListener.NONE,
                      blocking));
      await(running);
      List<Future<Generation>> others = new ArrayList<>();
      List<Cancellation> cancellations = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        Cancellation cancellation = new Cancellation();
        cancellations.add(cancellation);
        ChatRequest waiting =
            ChatRequest.builder().user("").maxTokens(3).cancellation(cancellation).build();
        EncodedPrompt prompt = prompt(model, 12, i);
        others.add(threads.submit(() -> answer(model, waiting, prompt)));
        while (model.requests() < 2 + i) {
          Thread.sleep(1);
        }
      }
      EncodedPrompt prompt = prompt(model, 3, 3);
      QueueFullException refused =
          assertThrows(QueueFullException.class, () -> answer(model, request, prompt));
      assertTrue(String.valueOf(refused.getMessage()).contains("1 to run and 2 to wait"));
      cancellations.getFirst().cancel();
      goOn.countDown();
      assertEquals(2, first.get().tokenIds().size());
      assertEquals(FinishReason.CANCELLED, others.getFirst().get().finishReason());
      assertEquals(3, others.getLast().get().tokenIds().size());
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      assertTrue(latch.await(60, TimeUnit.SECONDS), "nothing happened for a minute");
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void timeLimitsEndRequestsWithWhatTheyHave() {
    try (ChatModel model = ChatModel.open(Fixtures.fixture("small_llama"), options("auto"))) {
      Scheduling limited = Scheduling.defaults().withTimeLimit(Duration.ofMillis(40));
      ChatRequest request =
          ChatRequest.builder()
              .user("")
              .maxTokens(model.contextTokens() - 10)
              .repetitionFuse(false)
              .scheduling(limited)
              .build();
      Generation generation =
          model
              .generator()
              .generate(
                  request,
                  prompt(model, 5, 5),
                  System.nanoTime(),
                  event -> {
                    // the first token may take longer than all others
                    if (event instanceof GenerationEvent.PromptReady) {
                      Generation warm = answer(model, prompt(model, 5, 6), 3);
                      assertEquals(3, warm.tokenIds().size());
                    }
                  },
                  LayerObserver.NONE);
      assertEquals(FinishReason.DEADLINE, generation.finishReason());
      assertTrue(generation.tokenIds().size() < model.contextTokens() - 10);
      assertEquals(0, model.usedCachePages());
    }
  }

  @Test
  void aRequestThatFitsNoCacheFailsAndOthersGoOn() throws Exception {
    try (ChatModel model =
            ChatModel.open(Fixtures.fixture("small_llama"), options("auto").withCacheTokens(512));
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      int[] before =
          answer(model, prompt(model, 40, 1), 60).tokenIds().stream()
              .mapToInt(Integer::intValue)
              .toArray();
      Future<Generation> large = threads.submit(() -> answer(model, prompt(model, 700, 2), 5));
      List<Future<Generation>> small = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        small.add(threads.submit(() -> answer(model, prompt(model, 40, 1), 60)));
      }
      for (Future<Generation> answer : small) {
        assertEquals(Arrays.stream(before).boxed().toList(), answer.get().tokenIds());
      }
      Throwable cause = assertThrows(ExecutionException.class, large::get).getCause();
      assertTrue(cause instanceof CacheFullException, cause + "");
      assertEquals(0, model.usedCachePages());
    }
  }
}
