package org.vesalius.runtime.generate;

import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.ContextOverflowException;
import org.vesalius.runtime.FinishReason;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.GenerationEvent;
import org.vesalius.runtime.GenerationListener;
import org.vesalius.runtime.answer.AnswerFormat;
import org.vesalius.runtime.answer.ParsedAnswer;
import org.vesalius.runtime.layers.KvCache;
import org.vesalius.runtime.layers.LayerObserver;
import org.vesalius.runtime.models.LoadedModel;
import org.vesalius.tokenizer.Tokenizer;

/**
 * Answers requests: encodes the prompt, hands it to the scheduler, and tells the listener what
 * happens, all on the thread that asks. Thread-safe.
 */
public final class Generator {
  private final Engine engine;
  private final PromptEncoder encoder;
  private final Answer.Language language;

  /**
   * A generator.
   *
   * @param endIds the tokens that end an answer
   * @param answerFormat how the model writes reasoning, tool calls and places
   */
  public Generator(
      Engine engine,
      PromptEncoder encoder,
      LoadedModel model,
      Tokenizer tokenizer,
      Set<Integer> endIds,
      AnswerFormat answerFormat) {
    this.engine = engine;
    this.encoder = encoder;
    language =
        new Answer.Language(
            tokenizer,
            Set.copyOf(endIds),
            answerFormat,
            encoder,
            new Constraints(tokenizer, answerFormat),
            model.decoder().config().vocabulary());
  }

  /** Answers a request. */
  public Generation generate(ChatRequest request, GenerationListener listener) {
    return generate(request, listener, LayerObserver.NONE);
  }

  /** Answers a request and shows intermediate activations of vision and prefill. */
  public Generation generate(
      ChatRequest request, GenerationListener listener, LayerObserver observer) {
    long begin = System.nanoTime();
    EncodedPrompt prompt = encoder.encode(request);
    return generate(request, prompt, begin, listener, observer);
  }

  /**
   * Answers with a prompt that is encoded already; messages and tools of the request are ignored.
   */
  public Generation generate(
      ChatRequest request,
      EncodedPrompt prompt,
      long begin,
      GenerationListener listener,
      LayerObserver observer) {
    int maxTokens = maxTokens(request, prompt);
    listener.on(new GenerationEvent.PromptReady(prompt.ids().length, prompt.images().size()));
    return new Call(request, prompt, maxTokens, begin, listener, observer).answer();
  }

  private int maxTokens(ChatRequest request, EncodedPrompt prompt) {
    int room = engine.context() - prompt.ids().length;
    int wanted = request.maxTokens().orElse(Math.clamp(room, 1, ChatRequest.DEFAULT_MAX_TOKENS));
    if (wanted > room) {
      throw new ContextOverflowException(
          prompt.ids().length, prompt.imageTokens(), wanted, engine.context());
    }
    return wanted;
  }

  /** The caller's side of a request: it passes events on until the answer has ended. */
  private final class Call {
    private final GenerationListener listener;
    private final Answer answer;
    private final RequestRun run;

    Call(
        ChatRequest request,
        EncodedPrompt prompt,
        int maxTokens,
        long begin,
        GenerationListener listener,
        LayerObserver observer) {
      RequestTimes times = new RequestTimes(begin);
      this.listener = listener;
      var messages = RequestRun.messages();
      GenerationListener forward =
          listener == GenerationListener.NONE
              ? listener
              : event -> messages.add(new RequestRun.Message.Event(event));
      StepSampling.Row history = engine.newHistory();
      answer = new Answer(language, request, prompt, maxTokens, forward, history);
      RequestTokens tokens = new RequestTokens(prompt);
      boolean shares = observer == LayerObserver.NONE && engine.sharesPrefixes();
      if (shares) {
        tokens.pageKeys(prompt.ids().length / KvCache.PAGE_SIZE); // here, not between steps
      }
      long deadline =
          request
              .scheduling()
              .timeLimit()
              .map(limit -> begin + TimeUnit.NANOSECONDS.convert(limit))
              .orElse(Long.MAX_VALUE);
      run =
          new RequestRun(
              request,
              tokens,
              answer,
              observer,
              messages,
              engine.newSequence(),
              history,
              times,
              deadline,
              shares);
    }

    Generation answer() {
      engine.scheduler().submit(run);
      FinishReason reason = null;
      try {
        reason = follow();
      } finally {
        if (reason == null) {
          abandon();
        }
      }
      return finish(reason);
    }

    /** Until the answer has ended. */
    private FinishReason follow() {
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
    private void abandon() {
      run.abandon();
      engine.scheduler().wake();
      while (run.phase() != RequestRun.Phase.ENDED) {
        RequestRun.Message unused = next();
      }
    }

    private Generation finish(FinishReason reason) {
      ParsedAnswer parsed = answer.finish();
      Generation generation =
          new Generation(
              run.observed().id(),
              parsed.text(),
              parsed.reasoning(),
              parsed.reasoningUnclosed(),
              parsed.toolCalls(),
              parsed.regions(),
              parsed.invalidRegions(),
              List.copyOf(answer.ids()),
              List.copyOf(answer.logprobs()),
              reason,
              run.usage(),
              run.timings(),
              engine.backend(),
              answer.seed());
      listener.on(new GenerationEvent.Finished(generation));
      return generation;
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
