package org.vesalius.runtime.generate;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.Tensor;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.ContextOverflowException;
import org.vesalius.runtime.FinishReason;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.GenerationEvent;
import org.vesalius.runtime.GenerationListener;
import org.vesalius.runtime.NumericalException;
import org.vesalius.runtime.answer.AnswerFormat;
import org.vesalius.runtime.answer.ParsedAnswer;
import org.vesalius.runtime.layers.CachedSequence;
import org.vesalius.runtime.layers.LayerObserver;
import org.vesalius.runtime.models.LoadedModel;
import org.vesalius.runtime.vision.TensorPool;
import org.vesalius.tokenizer.Tokenizer;

/**
 * Answers requests: encode the prompt, encode its images, prefill in chunks, then token by token.
 * Thread-safe.
 */
public final class Generator {
  private final Engine engine;
  private final PromptEncoder encoder;
  private final LoadedModel model;
  private final Tokenizer tokenizer;
  private final Set<Integer> endIds;
  private final AnswerFormat answerFormat;

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
    this.model = model;
    this.tokenizer = tokenizer;
    this.endIds = Set.copyOf(endIds);
    this.answerFormat = answerFormat;
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
    Run run = new Run(request, prompt, maxTokens, begin, listener, observer);
    return run.answer();
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

  /** One request on its way. */
  private final class Run {
    private final ChatRequest request;
    private final EncodedPrompt prompt;
    private final int maxTokens;
    private final long begin;
    private final GenerationListener listener;
    private final LayerObserver observer;
    private final long seed;
    private final Sampler sampler;
    private final StepSampling.Row history;
    private final AnswerText text;
    private final List<Integer> ids = new ArrayList<>();
    private final List<Generation.TokenLogprobs> logprobs = new ArrayList<>();
    private final float[] logits;
    private final StepResult result;
    private long preprocessed;
    private long encoded;
    private long prefilled;
    private long firstToken;

    Run(
        ChatRequest request,
        EncodedPrompt prompt,
        int maxTokens,
        long begin,
        GenerationListener listener,
        LayerObserver observer) {
      this.request = request;
      this.prompt = prompt;
      this.maxTokens = maxTokens;
      this.begin = begin;
      this.listener = listener;
      this.observer = observer;
      seed = request.sampling().seed().orElseGet(RandomGenerator.getDefault()::nextLong);
      int vocabulary = model.decoder().config().vocabulary();
      sampler = new Sampler(request.sampling(), prompt.ids(), seed, vocabulary);
      history = engine.newHistory();
      logits = new float[request.logprobs() == 0 ? 0 : vocabulary];
      result = result();
      text = new AnswerText(tokenizer, answerFormat, request, prompt, listener);
    }

    private StepResult result() {
      if (request.logprobs() > 0) {
        return StepResult.logits(logits);
      }
      return request.sampling().isLikeliest()
          ? StepResult.likeliest()
          : StepResult.drawn(new StepResult.Draw(sampler, history));
    }

    Generation answer() {
      preprocessed = System.nanoTime();
      try (CachedSequence sequence = engine.newSequence();
          TensorPool.Loan embeddings = engine.borrowEmbeddings(prompt.imageTokens());
          StepSampling.Row _ = history) {
        FinishReason reason =
            encodeImages(embeddings.tensor()) ? prefill(sequence, embeddings.tensor()) : null;
        if (reason == null) {
          reason = cancelled() ? FinishReason.CANCELLED : decode(sequence);
        }
        return finish(reason);
      }
    }

    private boolean cancelled() {
      return request.cancellation().isCancelled();
    }

    /** False if cancelled on the way. */
    private boolean encodeImages(Tensor embeddings) {
      int row = 0;
      for (int i = 0; i < prompt.images().size(); i++) {
        if (cancelled()) {
          return false;
        }
        int rows = prompt.images().get(i).tokens();
        engine.encode(
            embeddings.rows(row, rows),
            prompt.images().get(i),
            model.images().orElseThrow().encoder(),
            observer);
        row += rows;
        listener.on(new GenerationEvent.VisionProgress(i + 1, prompt.images().size()));
      }
      encoded = System.nanoTime();
      return true;
    }

    /** Null when the whole prompt is in. */
    private @Nullable FinishReason prefill(CachedSequence sequence, Tensor embeddings) {
      int total = prompt.ids().length;
      int from = 0;
      while (from < total) {
        if (cancelled()) {
          return FinishReason.CANCELLED;
        }
        int to = engine.chunkEnd(prompt, from);
        StepResult wanted = to == total ? result : StepResult.nothing();
        engine.feed(sequence, prompt, embeddings, from, to, wanted, observer);
        listener.on(new GenerationEvent.PrefillProgress(to, total));
        from = to;
      }
      prefilled = System.nanoTime();
      return null;
    }

    private int sample(int position) {
      int id = sampler.choose(logits);
      if (id < 0) {
        throw new NumericalException(position);
      }
      logprobs.add(new Logprobs(logits, tokenizer).of(id, request.logprobs()));
      return id;
    }

    private FinishReason decode(CachedSequence sequence) {
      for (; ; ) {
        int id = choose();
        boolean end = endIds.contains(id);
        if (!end) {
          text.append(id);
        }
        if (end || text.stopped()) {
          return FinishReason.STOP;
        }
        if (ids.size() == maxTokens) {
          return FinishReason.LENGTH;
        }
        if (cancelled()) {
          return FinishReason.CANCELLED;
        }
        engine.decode(sequence, id, prompt.positions().next() + ids.size() - 1, result, observer);
      }
    }

    private int choose() {
      int position = prompt.ids().length + ids.size();
      int id = result.isToken() ? result.token(position) : sample(position);
      if (ids.isEmpty()) {
        firstToken = System.nanoTime();
      }
      ids.add(id);
      listener.on(new GenerationEvent.Token(id));
      return id;
    }

    private Generation finish(FinishReason reason) {
      long end = System.nanoTime();
      ParsedAnswer answer = text.finish(prompt.frames());
      Generation generation =
          new Generation(
              answer.text(),
              answer.reasoning(),
              answer.reasoningUnclosed(),
              answer.toolCalls(),
              answer.regions(),
              answer.invalidRegions(),
              List.copyOf(ids),
              List.copyOf(logprobs),
              reason,
              new Generation.Usage(prompt.ids().length, prompt.imageTokens(), ids.size()),
              timings(end),
              engine.backend(),
              seed);
      listener.on(new GenerationEvent.Finished(generation));
      return generation;
    }

    /** A phase that a cancellation kept from ending counts up to the end. */
    private Generation.Timings timings(long end) {
      long vision = encoded == 0 ? end : encoded;
      long prefill = prefilled == 0 ? end : prefilled;
      return new Generation.Timings(
          preprocessed - begin,
          vision - preprocessed,
          Math.max(0, prefill - vision),
          ids.isEmpty() ? 0 : end - firstToken,
          ids.isEmpty() ? 0 : firstToken - begin);
    }
  }
}
