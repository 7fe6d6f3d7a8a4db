package org.vesalius.runtime.generate;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.FinishReason;
import org.vesalius.runtime.GenerationEvent;
import org.vesalius.runtime.GenerationListener;
import org.vesalius.runtime.layers.KvCache;
import org.vesalius.runtime.layers.LayerObserver;

/**
 * The caller's side of a request: it hands it to the scheduler, and passes events on until it has
 * ended. Closing one that has not ended lets the scheduler drop it, and waits for that.
 *
 * @param <O> what the request is for
 */
final class RequestCall<O extends Outcome> implements AutoCloseable {
  private final Engine engine;
  private final GenerationListener listener;
  private final O outcome;
  private final RequestRun run;
  private boolean submitted;

  /** What a request begins with before it is known what it is for. */
  static final class Preparation {
    private final Engine engine;
    private final ChatRequest request;
    private final EncodedPrompt prompt;
    private final RequestTimes times;
    private final long deadline;
    private final GenerationListener listener;
    private final StepSampling.Row history;
    private final BlockingQueue<RequestRun.Message> messages = RequestRun.messages();

    /**
     * A request whose prompt is encoded.
     *
     * @param begin when it was made, by {@link System#nanoTime}
     */
    Preparation(
        Engine engine,
        ChatRequest request,
        EncodedPrompt prompt,
        long begin,
        GenerationListener listener) {
      this.engine = engine;
      this.request = request;
      this.prompt = prompt;
      this.listener = listener;
      times = new RequestTimes(begin);
      history = engine.newHistory();
      deadline =
          request
              .scheduling()
              .timeLimit()
              .map(limit -> begin + TimeUnit.NANOSECONDS.convert(limit))
              .orElse(Long.MAX_VALUE);
    }

    /** Where it is kept what the request has written, for its penalties. */
    StepSampling.Row history() {
      return history;
    }

    /** Sends what happens from the thread that runs steps to the one that asked. */
    GenerationListener forward() {
      return listener == GenerationListener.NONE
          ? listener
          : event -> messages.add(new RequestRun.Message.Event(event));
    }

    /**
     * The call.
     *
     * @param sharing whether it may use what others have computed, and they what it computes
     */
    <O extends Outcome> RequestCall<O> call(O outcome, LayerObserver observer, boolean sharing) {
      RequestTokens tokens = new RequestTokens(prompt);
      boolean shares = sharing && observer == LayerObserver.NONE && engine.sharesPrefixes();
      if (shares) {
        tokens.pageKeys(prompt.ids().length / KvCache.PAGE_SIZE); // here, not between steps
      }
      return new RequestCall<>(
          engine,
          listener,
          outcome,
          new RequestRun(
              request,
              tokens,
              outcome,
              observer,
              messages,
              engine.newSequence(),
              history,
              times,
              deadline,
              shares));
    }
  }

  private RequestCall(Engine engine, GenerationListener listener, O outcome, RequestRun run) {
    this.engine = engine;
    this.listener = listener;
    this.outcome = outcome;
    this.run = run;
  }

  O outcome() {
    return outcome;
  }

  RequestRun run() {
    return run;
  }

  /** Hands it to the scheduler. */
  void submit() {
    engine.scheduler().submit(run);
    submitted = true;
  }

  /** Passes events on until it has ended. */
  FinishReason follow() {
    while (true) {
      switch (next()) {
        case RequestRun.Message.Event(GenerationEvent event) -> listener.on(event);
        case RequestRun.Message.Ended(FinishReason reason) -> {
          return reason;
        }
        case RequestRun.Message.Failed(Throwable cause) -> throw unchecked(cause);
      }
    }
  }

  /** An interrupt ends the request, which then answers with what it has. */
  private RequestRun.Message next() {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return run.queue().take();
        } catch (InterruptedException e) {
          interrupted = true;
          run.abandon();
          engine.scheduler().wake();
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Waits until the scheduler has let it go, so that nothing is left behind. */
  @Override
  public void close() {
    if (!submitted || run.phase() == RequestRun.Phase.ENDED) {
      return;
    }
    run.abandon();
    engine.scheduler().wake();
    while (run.phase() != RequestRun.Phase.ENDED) {
      RequestRun.@Nullable Message unused = next();
    }
  }

  private static RuntimeException unchecked(Throwable cause) {
    if (cause instanceof Error error) {
      throw error;
    }
    return cause instanceof RuntimeException exception
        ? exception
        : new IllegalStateException(cause);
  }
}
