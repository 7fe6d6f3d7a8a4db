package org.vesalius.runtime;

import java.util.concurrent.Flow;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The events of a request as a reactive stream (Java's {@link Flow}). Every subscriber starts the
 * request anew; cancelling the subscription ends it. A subscriber that wants nothing holds up
 * nobody else.
 *
 * @param model answers
 * @param request what is asked
 */
record GenerationPublisher(ChatModel model, ChatRequest request)
    implements Flow.Publisher<GenerationEvent> {

  @Override
  public void subscribe(Flow.Subscriber<? super GenerationEvent> subscriber) {
    if (subscriber == null) {
      throw new NullPointerException("subscriber");
    }
    Events events = new Events(subscriber);
    events.thread =
        Thread.ofVirtual().name("vesalius-request").unstarted(() -> events.run(model, request));
    events.thread.start();
  }

  /** Ends a request whose subscriber has gone. */
  private static final class Cancelled extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Cancelled() {
      super("the subscription was cancelled", null, false, false);
    }
  }

  /** One subscriber's stream, whose signals all come from one thread. */
  private static final class Events implements Flow.Subscription {
    private final Flow.Subscriber<? super GenerationEvent> subscriber;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private Thread thread = Thread.currentThread();
    private long demand;
    private boolean refused;
    private boolean cancelled;

    Events(Flow.Subscriber<? super GenerationEvent> subscriber) {
      this.subscriber = subscriber;
    }

    void run(ChatModel model, ChatRequest request) {
      subscriber.onSubscribe(this);
      try {
        Generation unused = model.generate(request, this::next);
        if (!isCancelled()) {
          subscriber.onComplete();
        }
      } catch (Cancelled _) {
        // it wants to hear no more
      } catch (RuntimeException | Error e) {
        if (!isCancelled()) {
          subscriber.onError(e);
        }
      }
    }

    private boolean isCancelled() {
      lock.lock();
      try {
        return cancelled;
      } finally {
        lock.unlock();
      }
    }

    private void next(GenerationEvent event) {
      lock.lock();
      try {
        while (demand == 0 && !cancelled && !refused) {
          changed.awaitUninterruptibly();
        }
        if (cancelled) {
          throw new Cancelled();
        }
        if (refused) {
          throw new IllegalArgumentException("request: expected at least 1 event, found fewer");
        }
        demand--;
      } finally {
        lock.unlock();
      }
      subscriber.onNext(event);
    }

    @Override
    public void request(long n) {
      lock.lock();
      try {
        if (n < 1) {
          refused = true;
        } else {
          demand = demand + n < 0 ? Long.MAX_VALUE : demand + n;
        }
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void cancel() {
      lock.lock();
      try {
        cancelled = true;
        changed.signalAll();
      } finally {
        lock.unlock();
      }
      thread.interrupt();
    }
  }
}
