package org.vesalius.test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.vesalius.demo.DemoModel;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Tensor;
import org.vesalius.runtime.Cancellation;
import org.vesalius.runtime.Capacity;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.FinishReason;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.GenerationListener;
import org.vesalius.runtime.OpenOptions;
import org.vesalius.runtime.Part;
import org.vesalius.runtime.Scheduling;
import org.vesalius.runtime.generate.EncodedPrompt;
import org.vesalius.runtime.layers.LayerObserver;

/** Requests that get in each other's way, and callers that do what they should not. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(120)
@SuppressWarnings("NullAway.Init") // opened before all tests
class SchedulerEdgeTest {
  private static final long PATIENCE_SECONDS = 30;

  private DemoModel demo;

  @BeforeAll
  void open() {
    demo = DemoModel.unpack();
  }

  @AfterAll
  void close() {
    demo.close();
  }

  private static EncodedPrompt prompt(ChatModel model, int tokens, long seed) {
    int[] ids = new SplittableRandom(seed).ints(tokens, 0, model.tokenizer().size()).toArray();
    return EncodedPrompt.ofTokens(ids, model.parts().positions());
  }

  private static ChatRequest.Builder text(int tokens) {
    return ChatRequest.builder().user("").maxTokens(tokens).repetitionFuse(false);
  }

  private static Generation answer(
      ChatModel model, ChatRequest request, EncodedPrompt prompt, LayerObserver observer) {
    return model
        .generator()
        .generate(request, prompt, System.nanoTime(), GenerationListener.NONE, observer);
  }

  private static Generation get(Future<Generation> answer) throws Exception {
    return answer.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  private static void await(CountDownLatch latch) {
    try {
      assertTrue(latch.await(PATIENCE_SECONDS, TimeUnit.SECONDS), "nothing happens");
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private ChatRequest.Builder picture() {
    return ChatRequest.builder()
        .user(Part.image(demo.example("nodule.png")), Part.text("Write a report."));
  }

  /** Two prompts that fit one step and the cache each, but not the cache together. */
  @Test
  void promptsThatDoNotFitTogetherAreReadOneAfterTheOther() throws Exception {
    OpenOptions options = OpenOptions.defaults().withPrefillChunk(1024).withCacheTokens(512);
    try (ChatModel model =
            ChatModel.open(
                Fixtures.fixture("small_llama"), options.withCapacity(new Capacity(4, 4, 512)));
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      CountDownLatch running = new CountDownLatch(1);
      CountDownLatch goOn = new CountDownLatch(1);
      List<Cancellation> ends = List.of(new Cancellation(), new Cancellation());
      Future<Generation> first =
          threads.submit(() ->
              answer(
                  model,
                  text(2).build(),
                  prompt(model, 9, 1),
                  (_, _, _) -> {
                    running.countDown();
                    await(goOn);
                  }));
      await(running);
      List<Future<Generation>> together = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        ChatRequest request = text(3).cancellation(ends.get(i)).build();
        EncodedPrompt prompt = prompt(model, 300, 2 + i);
        together.add(threads.submit(() -> answer(model, request, prompt, LayerObserver.NONE)));
      }
      while (model.requests() < 3) {
        Thread.sleep(1);
      }
      goOn.countDown();
      try {
        assertEquals(2, get(first).tokenIds().size());
        for (Future<Generation> answer : together) {
          assertEquals(3, get(answer).tokenIds().size());
        }
      } finally {
        ends.forEach(Cancellation::cancel);
      }
    }
  }

  /** Makes the encoding of a picture slow until told otherwise, at most for a while. */
  private static final class Slow implements LayerObserver {
    private final CountDownLatch begun = new CountDownLatch(1);
    private final long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(4);
    private volatile boolean fast;

    @Override
    public void observe(Kernels by, String name, Tensor x) {
      begun.countDown();
      while (!fast && System.nanoTime() < end) {
        try {
          Thread.sleep(1);
        } catch (InterruptedException e) {
          throw new AssertionError(e);
        }
      }
    }
  }

  /** Its picture waits for that of another request. */
  @Test
  void aCancelledRequestDoesNotWaitForPicturesOfOthers() throws Exception {
    try (ChatModel model = ChatModel.open(demo.directory());
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Slow slow = new Slow();
      Future<Generation> first =
          threads.submit(() ->
              model
                  .generator()
                  .generate(picture().maxTokens(2).build(), GenerationListener.NONE, slow));
      await(slow.begun);
      Cancellation cancellation = new Cancellation();
      Future<Generation> second =
          threads.submit(() -> model.generate(picture().cancellation(cancellation).build()));
      while (model.requests() < 2) {
        Thread.sleep(1);
      }
      Thread.sleep(50);
      cancellation.cancel();
      try {
        assertEquals(FinishReason.CANCELLED, second.get(2, TimeUnit.SECONDS).finishReason());
        assertFalse(first.isDone());
      } finally {
        slow.fast = true;
      }
      assertEquals(2, get(first).tokenIds().size());
    }
  }

  /** An observer is called in the middle of a step or of a picture. */
  @Test
  void observersCannotCallBack() throws Exception {
    for (boolean vision : new boolean[] {true, false}) {
      List<Consumer<ChatModel>> calls =
          List.of(
              ChatModel::close,
              model -> {
                Generation unused = model.generate(text(1).build());
              });
      for (Consumer<ChatModel> call : calls) {
        ChatModel model = ChatModel.open(demo.directory());
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        ChatRequest request = vision ? picture().maxTokens(2).build() : text(2).build();
        Future<Generation> answer =
            threads.submit(() ->
                model
                    .generator()
                    .generate(request, GenerationListener.NONE, (_, _, _) -> call.accept(model)));
        ExecutionException e = assertThrows(ExecutionException.class, () -> get(answer));
        assertInstanceOf(IllegalStateException.class, e.getCause());
        assertTrue(String.valueOf(e.getCause().getMessage()).contains("observer"), e::toString);
        assertEquals(1, model.generate(text(1).build()).tokenIds().size());
        model.close();
        threads.close();
      }
    }
  }

  @Test
  void theLongestTimeLimitIsNone() {
    try (ChatModel model = ChatModel.open(Fixtures.fixture("small_llama"))) {
      for (Duration limit :
          List.of(Duration.ofSeconds(Long.MAX_VALUE), Duration.ofNanos(Long.MAX_VALUE))) {
        ChatRequest request =
            text(2).scheduling(Scheduling.defaults().withTimeLimit(limit)).build();
        assertEquals(
            FinishReason.LENGTH,
            answer(model, request, prompt(model, 5, 5), LayerObserver.NONE).finishReason());
      }
    }
  }

  @Test
  void theLongestQueueTakesRequests() {
    Capacity capacity = Capacity.defaults().withQueue(Integer.MAX_VALUE);
    try (ChatModel model =
        ChatModel.open(
            Fixtures.fixture("small_llama"), OpenOptions.defaults().withCapacity(capacity))) {
      assertEquals(
          2,
          answer(model, text(2).build(), prompt(model, 5, 5), LayerObserver.NONE)
              .tokenIds()
              .size());
    }
  }

  @Test
  void severalMayCloseAtOnce() throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      for (int round = 0; round < 40; round++) {
        ChatModel model = ChatModel.open(Fixtures.fixture("small_llama"));
        CountDownLatch start = new CountDownLatch(1);
        List<Future<?>> closings = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
          closings.add(
              threads.submit(() -> {
                await(start);
                model.close();
              }));
        }
        start.countDown();
        for (Future<?> closing : closings) {
          closing.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        }
      }
    }
  }

  /** What is done with an answer happens on the thread that waited for it. */
  @Test
  void cancellingWhatHasEndedInterruptsNobody() throws Exception {
    try (ChatModel model = ChatModel.open(demo.directory())) {
      CountDownLatch asked = new CountDownLatch(1);
      CountDownLatch ended = new CountDownLatch(1);
      CompletableFuture<Generation> future =
          model.generateAsync(text(2).build(), event -> await(asked));
      CompletableFuture<Boolean> interrupted =
          future.thenApply(_ -> {
            ended.countDown();
            try {
              Thread.sleep(300);
              return false;
            } catch (InterruptedException e) {
              return true;
            }
          });
      asked.countDown();
      await(ended);
      assertFalse(future.cancel(true));
      assertFalse(interrupted.get(PATIENCE_SECONDS, TimeUnit.SECONDS));
    }
  }

  /** However the future ends, nobody waits for the request any more. */
  @Test
  void aFutureThatTimesOutEndsTheRequest() throws Exception {
    try (ChatModel model = ChatModel.open(demo.directory())) {
      CountDownLatch goOn = new CountDownLatch(1);
      CompletableFuture<Generation> future =
          model
              .generateAsync(
                  ChatRequest.builder()
                      .user("Write a report.")
                      .maxTokens(1500)
                      .stop("\u0001")
                      .repetitionFuse(false)
                      .build(),
                  _ -> {
                    try {
                      assertTrue(goOn.await(PATIENCE_SECONDS, TimeUnit.SECONDS));
                    } catch (InterruptedException e) {
                      goOn.countDown();
                    }
                  })
              .orTimeout(50, TimeUnit.MILLISECONDS);
      ExecutionException e = assertThrows(ExecutionException.class, future::get);
      assertInstanceOf(TimeoutException.class, e.getCause());
      assertTrue(goOn.await(5, TimeUnit.SECONDS), "the request goes on");
    }
  }
}
