package org.vesalius.langchain4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatModelStreamingEvent;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow.Subscriber;
import java.util.concurrent.Flow.Subscription;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.vesalius.runtime.Cancellation;
import org.vesalius.runtime.FinishReason;
import org.vesalius.runtime.GenerationEvent;

/** Streams to subscribers keep the rules of reactive streams. */
class SubscriberStreamTest {
  private static final ChatRequest REQUEST =
      ChatRequest.builder().messages(UserMessage.from("Hello!")).build();

  /** Writes down signals. */
  private static class Recorder implements Subscriber<ChatModelStreamingEvent> {
    final BlockingQueue<String> signals = new LinkedBlockingQueue<>();
    volatile @Nullable Subscription subscription;

    @Override
    public void onSubscribe(Subscription given) {
      subscription = given;
      signals.add("subscribed");
    }

    @Override
    public void onNext(ChatModelStreamingEvent event) {
      signals.add(event.getClass().getSimpleName());
    }

    @Override
    public void onError(Throwable failure) {
      signals.add(failure.getClass().getSimpleName() + ": " + failure.getMessage());
    }

    @Override
    public void onComplete() {
      signals.add("complete");
    }

    void request(long n) {
      Subscription given = subscription;
      if (given == null) {
        throw new AssertionError("not subscribed");
      }
      given.request(n);
    }

    void cancel() {
      Subscription given = subscription;
      if (given == null) {
        throw new AssertionError("not subscribed");
      }
      given.cancel();
    }

    void expect(String... wanted) throws InterruptedException {
      for (String signal : wanted) {
        assertEquals(signal, signals.poll(60, TimeUnit.SECONDS));
      }
    }

    void expectNothing() throws InterruptedException {
      assertEquals(null, signals.poll(200, TimeUnit.MILLISECONDS));
    }
  }

  /** Two pieces of text. */
  private static ScriptedModel twoPieces() {
    return new ScriptedModel()
        .then((_, listener) -> {
          listener.on(new GenerationEvent.AnswerText("a"));
          listener.on(new GenerationEvent.AnswerText("b"));
          return ScriptedModel.text("ab");
        });
  }

  private static Recorder subscribe(ScriptedModel model, Recorder recorder) {
    new VesaliusStreamingChatModel(model.adapter()).chat(REQUEST).subscribe(recorder);
    return recorder;
  }

  @Test
  void nothingHappensBeforeASubscriptionAndEachIsARequest() throws InterruptedException {
    ScriptedModel model = twoPieces();
    var publisher = new VesaliusStreamingChatModel(model.adapter()).chat(REQUEST);
    assertEquals(0, model.requests().size());
    for (int i = 0; i < 2; i++) {
      Recorder recorder = new Recorder();
      publisher.subscribe(recorder);
      recorder.request(Long.MAX_VALUE);
      recorder.request(Long.MAX_VALUE);
      recorder.expect(
          "subscribed", "PartialResponse", "PartialResponse", "CompleteResponse", "complete");
      assertEquals(i + 1, model.requests().size());
      model.then((_, listener) -> {
        listener.on(new GenerationEvent.AnswerText("a"));
        listener.on(new GenerationEvent.AnswerText("b"));
        return ScriptedModel.text("ab");
      });
    }
  }

  @Test
  void noMoreComesThanIsAskedFor() throws InterruptedException {
    Recorder recorder = subscribe(twoPieces(), new Recorder());
    recorder.expect("subscribed");
    recorder.expectNothing();
    recorder.request(1);
    recorder.expect("PartialResponse");
    recorder.expectNothing();
    recorder.request(1);
    recorder.request(1);
    // The end needs no demand.
    recorder.expect("PartialResponse", "CompleteResponse", "complete");
  }

  @Test
  void cancellingEndsTheRequestAlsoWhereItWaits() throws InterruptedException {
    CountDownLatch ended = new CountDownLatch(1);
    BlockingQueue<Cancellation> cancellations = new LinkedBlockingQueue<>();
    ScriptedModel model =
        new ScriptedModel()
            .then((request, listener) -> {
              cancellations.add(request.cancellation());
              listener.on(new GenerationEvent.AnswerText("a"));
              ended.countDown();
              return ScriptedModel.ended("a", FinishReason.CANCELLED);
            });
    Recorder recorder = subscribe(model, new Recorder());
    Cancellation cancellation = cancellations.poll(60, TimeUnit.SECONDS);
    recorder.cancel();
    assertTrue(ended.await(60, TimeUnit.SECONDS));
    assertTrue(cancellation != null && cancellation.isCancelled());
    recorder.expect("subscribed");
    recorder.expectNothing();
  }

  @Test
  void aDemandOfNothingIsAnError() throws InterruptedException {
    Recorder recorder = subscribe(twoPieces(), new Recorder());
    recorder.request(0);
    recorder.expect(
        "subscribed", "IllegalArgumentException: request: expected at least 1, found 0");
    recorder.expectNothing();
  }

  @Test
  void aSubscriberThatThrowsHearsNothingMore() throws InterruptedException {
    Recorder recorder =
        new Recorder() {
          @Override
          public void onNext(ChatModelStreamingEvent event) {
            super.onNext(event);
            throw new IllegalStateException("for a test");
          }
        };
    subscribe(twoPieces(), recorder).request(Long.MAX_VALUE);
    recorder.expect("subscribed", "PartialResponse");
    recorder.expectNothing();
  }

  @Test
  void whatGoesWrongIsSignalledOnce() throws InterruptedException {
    ScriptedModel model =
        new ScriptedModel()
            .then((_, _) -> {
              throw new IllegalStateException("the model is closed");
            });
    Recorder recorder = subscribe(model, new Recorder());
    recorder.expect("subscribed", "NonRetriableException: the model is closed");
    recorder.expectNothing();

    AdapterOptions options =
        AdapterOptions.defaults()
            .withExecutor(_ -> {
              throw new RejectedExecutionException("full");
            });
    Recorder rejected = new Recorder();
    new VesaliusStreamingChatModel(new ScriptedModel().adapter(options))
        .chat(REQUEST)
        .subscribe(rejected);
    rejected.expect("subscribed", "NonRetriableException: full");
  }
}
