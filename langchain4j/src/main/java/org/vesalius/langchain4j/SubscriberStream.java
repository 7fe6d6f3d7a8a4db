package org.vesalius.langchain4j;

import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatModelStreamingEvent;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.CompleteResponse;
import java.util.concurrent.Flow.Subscriber;
import java.util.concurrent.Flow.Subscription;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.vesalius.runtime.Cancellation;

/**
 * One answer on its way to a subscriber. All signals but {@code onSubscribe} come from the thread
 * that generates, which waits until the subscriber asks for more. A subscriber that throws is told
 * nothing more.
 */
final class SubscriberStream implements Subscription {
  private final Adapter adapter;
  private final ChatRequest request;
  private final Subscriber<? super ChatModelStreamingEvent> subscriber;
  private final Cancellation cancellation = new Cancellation();
  private long demand;
  private @Nullable IllegalArgumentException wrongDemand;

  SubscriberStream(
      Adapter adapter,
      ChatRequest request,
      Subscriber<? super ChatModelStreamingEvent> subscriber) {
    this.adapter = adapter;
    this.request = request;
    this.subscriber = subscriber;
  }

  void start() {
    subscriber.onSubscribe(this);
    try {
      adapter.options().executor().execute(this::run);
    } catch (RejectedExecutionException e) {
      fail(Failures.of(e));
    }
  }

  private void run() {
    ToolRequests calls = new ToolRequests();
    EventTranslation events = new EventTranslation(calls);
    try {
      if (cancellation.isCancelled()) {
        return;
      }
      ChatResponse response =
          adapter.answer(
              request, cancellation, event -> events.of(event).ifPresent(this::deliver), calls);
      deliver(new CompleteResponse(response));
      if (end()) {
        subscriber.onComplete();
      }
    } catch (RuntimeException e) {
      fail(e);
    } catch (Error e) {
      // The subscriber would wait for ever.
      fail(e);
      throw e;
    }
  }

  private void deliver(ChatModelStreamingEvent event) {
    if (!awaitDemand()) {
      return;
    }
    try {
      subscriber.onNext(event);
    } catch (RuntimeException | Error e) {
      cancel();
      throw e;
    }
  }

  private void fail(Throwable failure) {
    if (end()) {
      IllegalArgumentException wrong = wrongDemand();
      subscriber.onError(wrong == null ? failure : wrong);
    }
  }

  /** False if the subscription has ended before: after its end there are no signals. */
  private synchronized boolean end() {
    if (cancellation.isCancelled()) {
      return false;
    }
    cancellation.cancel();
    return true;
  }

  private synchronized @Nullable IllegalArgumentException wrongDemand() {
    return wrongDemand;
  }

  /** False if nothing more is wanted. */
  private synchronized boolean awaitDemand() {
    while (demand == 0 && wrongDemand == null && !cancellation.isCancelled()) {
      try {
        wait();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while the subscriber asked for no more", e);
      }
    }
    if (cancellation.isCancelled()) {
      return false;
    }
    if (wrongDemand != null) {
      throw wrongDemand;
    }
    if (demand != Long.MAX_VALUE) {
      demand--;
    }
    return true;
  }

  @Override
  public synchronized void request(long n) {
    if (n <= 0) {
      wrongDemand = new IllegalArgumentException("request: expected at least 1, found " + n);
    } else {
      demand = Long.MAX_VALUE - demand < n ? Long.MAX_VALUE : demand + n;
    }
    notifyAll();
  }

  @Override
  public synchronized void cancel() {
    cancellation.cancel();
    notifyAll();
  }
}
