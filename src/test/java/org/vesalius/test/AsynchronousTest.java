package org.vesalius.test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.vesalius.demo.DemoModel;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.FinishReason;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.GenerationEvent;
import org.vesalius.runtime.Part;

/** Futures, streams, interrupts, and the ways to end a model. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(120)
@SuppressWarnings("NullAway.Init") // opened before all tests
class AsynchronousTest {
  private DemoModel demo;
  private ChatModel model;
  private Generation expected;

  @BeforeAll
  void open() {
    demo = DemoModel.unpack();
    model = ChatModel.open(demo.directory());
    expected = model.generate(report());
  }

  @AfterAll
  void close() {
    assertEquals(0, model.usedCachePages(), "pages that are still held");
    assertEquals(0, model.requests(), "requests that are still there");
    model.close();
    demo.close();
  }

  private ChatRequest report() {
    return ChatRequest.builder()
        .user(Part.image(demo.example("nodule.png")), Part.text("Write a report."))
        .build();
  }

  /** One that has no end of its own for a while: the demo model is fast. */
  private static ChatRequest endless() {
    return ChatRequest.builder().user("Write a report.").maxTokens(1500).stop("\u0001").build();
  }

  private void waitUntilNothingRuns() throws InterruptedException {
    while (model.requests() > 0) {
      Thread.sleep(1);
    }
  }

  @Test
  void aFutureEndsWithTheAnswer() {
    assertEquals(expected.tokenIds(), model.generateAsync(report()).join().tokenIds());
  }

  @Test
  void aFutureEndsWithTheError() {
    CompletableFuture<Generation> future =
        model.generateAsync(ChatRequest.builder().user("?").maxTokens(1_000_000).build());
    CompletionException e = assertThrows(CompletionException.class, future::join);
    assertTrue(String.valueOf(e.getCause()).contains("does not fit the context"), e::toString);
  }

  @Test
  void cancellingAFutureEndsTheRequest() throws InterruptedException {
    CountDownLatch started = new CountDownLatch(1);
    CompletableFuture<Generation> future =
        model.generateAsync(
            report(),
            event -> {
              if (event instanceof GenerationEvent.Token) {
                started.countDown();
              }
            });
    assertTrue(started.await(60, TimeUnit.SECONDS));
    boolean cancelled = future.cancel(true);
    assertEquals(cancelled, future.isCancelled());
    if (cancelled) {
      assertThrows(CancellationException.class, future::join);
    }
    waitUntilNothingRuns();
  }

  @Test
  void anInterruptEndsTheRequestAndStaysSet() throws InterruptedException {
    List<Generation> answers = new ArrayList<>();
    List<Boolean> interrupted = new ArrayList<>();
    Thread thread =
        Thread.ofVirtual()
            .start(() -> {
              Thread.currentThread().interrupt();
              answers.add(model.generate(endless()));
              interrupted.add(Thread.currentThread().isInterrupted());
            });
    thread.join();
    assertEquals(FinishReason.CANCELLED, answers.getFirst().finishReason());
    assertEquals(List.of(true), interrupted);
  }

  /** Takes what it is told to take. */
  private static final class Reader implements Flow.Subscriber<GenerationEvent> {
    final BlockingQueue<GenerationEvent> events = new LinkedBlockingQueue<>();
    final CompletableFuture<Flow.Subscription> subscription = new CompletableFuture<>();
    final CompletableFuture<String> end = new CompletableFuture<>();

    @Override
    public void onSubscribe(Flow.Subscription given) {
      subscription.complete(given);
    }

    @Override
    public void onNext(GenerationEvent event) {
      events.add(event);
    }

    @Override
    public void onError(Throwable failure) {
      end.completeExceptionally(failure);
    }

    @Override
    public void onComplete() {
      end.complete("complete");
    }
  }

  @Test
  void aStreamGivesWhatIsAskedFor() throws InterruptedException {
    Reader reader = new Reader();
    model.events(report()).subscribe(reader);
    Flow.Subscription subscription = reader.subscription.join();
    subscription.request(3);
    for (int i = 0; i < 3; i++) {
      assertTrue(reader.events.poll(60, TimeUnit.SECONDS) != null);
    }
    Thread.sleep(50); // the whole answer takes less
    assertEquals(0, reader.events.size(), "events that nobody asked for");
    assertFalse(reader.end.isDone());
    subscription.request(Long.MAX_VALUE);
    assertEquals("complete", reader.end.join());
    GenerationEvent last = new ArrayList<>(reader.events).getLast();
    Generation generation = assertInstanceOf(GenerationEvent.Finished.class, last).generation();
    assertEquals(expected.tokenIds(), generation.tokenIds());
  }

  @Test
  void aSubscriberThatHoldsBackHoldsUpNobodyElse() throws InterruptedException {
    Reader reader = new Reader();
    model.events(report()).subscribe(reader);
    assertEquals(expected.tokenIds(), model.generate(report()).tokenIds());
    reader.subscription.join().cancel();
    waitUntilNothingRuns();
    assertFalse(reader.end.isDone());
  }

  @Test
  void askingForNothingIsAnError() {
    Reader reader = new Reader();
    model.events(report()).subscribe(reader);
    reader.subscription.join().request(0);
    CompletionException e = assertThrows(CompletionException.class, reader.end::join);
    assertInstanceOf(IllegalArgumentException.class, e.getCause());
  }

  @Test
  void aStreamEndsWithTheError() {
    Reader reader = new Reader();
    model.events(ChatRequest.builder().user("?").maxTokens(1_000_000).build()).subscribe(reader);
    reader.subscription.join().request(9);
    CompletionException e = assertThrows(CompletionException.class, reader.end::join);
    assertTrue(String.valueOf(e.getCause()).contains("does not fit the context"), e::toString);
  }

  @Test
  void whatAListenerThrowsReachesTheCallerAndFreesThePages() {
    RuntimeException thrown = new RuntimeException("enough");
    RuntimeException e =
        assertThrows(
            RuntimeException.class,
            () ->
                model.generate(
                    report(),
                    event -> {
                      if (event instanceof GenerationEvent.Token) {
                        throw thrown;
                      }
                    }));
    assertEquals(thrown, e);
    assertEquals(0, model.usedCachePages());
  }

  @Test
  void drainingLetsRequestsEndAndTakesNoMore() throws InterruptedException {
    ChatModel drained = ChatModel.open(demo.directory());
    List<CompletableFuture<Generation>> answers = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      answers.add(drained.generateAsync(report()));
    }
    while (drained.requests() < 1 && answers.stream().noneMatch(CompletableFuture::isDone)) {
      Thread.sleep(1);
    }
    assertTrue(drained.drain(Duration.ofSeconds(60)));
    assertEquals(0, drained.requests());
    assertThrows(IllegalStateException.class, () -> drained.generate(report()));
    drained.close();
    long refused = 0;
    for (CompletableFuture<Generation> answer : answers) {
      try {
        assertEquals(expected.tokenIds(), answer.join().tokenIds());
      } catch (CompletionException e) {
        assertInstanceOf(IllegalStateException.class, e.getCause());
        refused++;
      }
    }
    assertTrue(refused < 5, "no request was there before draining began");
  }

  /** At every moment of a request, also while nothing but its picture is being computed. */
  @Test
  @Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void closingEndsWhateverTheRequestIsDoing() throws InterruptedException {
    GoldenCase golden = Fixtures.cases("qwen2_5_vl").getFirst();
    for (int round = 0; round < 60; round++) {
      ChatModel closed = ChatModel.open(golden.family());
      CompletableFuture<Generation> answer = closed.generateAsync(golden.request().build());
      TimeUnit.MICROSECONDS.sleep(150L * round);
      closed.close();
      try {
        assertEquals(golden.newTokenIds().size(), answer.join().tokenIds().size());
      } catch (CompletionException e) {
        assertInstanceOf(IllegalStateException.class, e.getCause());
      }
    }
  }
}
