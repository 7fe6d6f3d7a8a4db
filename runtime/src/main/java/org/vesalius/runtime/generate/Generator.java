package org.vesalius.runtime.generate;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.ContextOverflowException;
import org.vesalius.runtime.ContinuationScore;
import org.vesalius.runtime.Embedding;
import org.vesalius.runtime.FinishReason;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.GenerationEvent;
import org.vesalius.runtime.GenerationListener;
import org.vesalius.runtime.IncompleteRequestException;
import org.vesalius.runtime.Pooling;
import org.vesalius.runtime.answer.AnswerFormat;
import org.vesalius.runtime.answer.ParsedAnswer;
import org.vesalius.runtime.layers.LayerObserver;
import org.vesalius.runtime.models.LoadedModel;
import org.vesalius.tokenizer.Tokenizer;

/**
 * Answers requests, and says how likely answers are and what prompts look like inside: encodes the
 * prompt, hands it to the scheduler, and tells the listener what happens, all on the thread that
 * asks. Thread-safe.
 */
public final class Generator {
  /** For what is computed without one: nothing of it is asked for but how it is scheduled. */
  private static final ChatRequest NO_REQUEST = ChatRequest.builder().user("").build();

  private final Engine engine;
  private final PromptEncoder encoder;
  private final Answer.Language language;
  private final int width;

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
    this(
        engine,
        encoder,
        new Answer.Language(
            tokenizer,
            Set.copyOf(endIds),
            answerFormat,
            encoder,
            new Constraints(tokenizer, answerFormat),
            model.decoder().config().vocabulary(),
            engine.draft()),
        model.decoder().config().width());
  }

  private Generator(Engine engine, PromptEncoder encoder, Answer.Language language, int width) {
    this.engine = engine;
    this.encoder = encoder;
    this.language = language;
    this.width = width;
  }

  /** The same for measuring: nothing ends an answer but its length. */
  public Generator withoutEndTokens() {
    return new Generator(engine, encoder, language.withoutEndIds(), width);
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
    var preparation = new RequestCall.Preparation(engine, request, prompt, begin, listener);
    Answer answer =
        new Answer(
            language, request, prompt, maxTokens, preparation.forward(), preparation.history());
    try (var call = preparation.call(answer, observer, true)) {
      call.submit();
      Generation generation = generation(call, call.follow());
      listener.on(new GenerationEvent.Finished(generation));
      return generation;
    }
  }

  private int maxTokens(ChatRequest request, EncodedPrompt prompt) {
    int room = engine.context() - prompt.ids().length;
    int wanted = request.maxTokens().orElse(Math.clamp(room, 1, ChatRequest.DEFAULT_MAX_TOKENS));
    requireRoom(prompt, wanted);
    return wanted;
  }

  private void requireRoom(EncodedPrompt prompt, int more) {
    if (more > engine.context() - prompt.ids().length) {
      throw new ContextOverflowException(
          prompt.ids().length, prompt.imageTokens(), more, engine.context());
    }
  }

  private Generation generation(RequestCall<Answer> call, FinishReason reason) {
    Answer answer = call.outcome();
    RequestRun run = call.run();
    ParsedAnswer parsed = answer.finish();
    return new Generation(
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
  }

  /**
   * How likely the model is to answer a request with each of some texts. They are tokenized by
   * themselves, without special tokens.
   *
   * @throws IllegalArgumentException if a text has no token
   */
  public List<ContinuationScore> score(ChatRequest request, List<String> continuations) {
    long begin = System.nanoTime();
    List<int[]> tokens = continuations.stream().map(encoder::continuation).toList();
    return scoreTokens(request, encoder.encode(request), tokens, begin);
  }

  /** The same of tokens. */
  public List<ContinuationScore> scoreTokens(
      ChatRequest request, EncodedPrompt prompt, List<int[]> continuations, long begin) {
    List<Supplier<RequestCall<Likelihood>>> calls = new ArrayList<>();
    for (int[] continuation : continuations) {
      if (continuation.length == 0) {
        throw new IllegalArgumentException(
            "a continuation: expected at least one token, found none");
      }
      requireRoom(prompt, continuation.length);
      calls.add(() -> {
        Likelihood likelihood =
            new Likelihood(
                prompt.ids().length,
                continuation,
                Math.max(1, request.logprobs()),
                language.tokenizer(),
                language.vocabulary());
        return new RequestCall.Preparation(engine, request, prompt, begin, GenerationListener.NONE)
            .call(likelihood, LayerObserver.NONE, true);
      });
    }
    // The first one alone: the others find its prompt computed.
    int alone = Math.min(1, calls.size());
    List<RequestCall<Likelihood>> ended = new ArrayList<>(together(calls.subList(0, alone)));
    ended.addAll(together(calls.subList(alone, calls.size())));
    return ended.stream()
        .map(call -> new ContinuationScore(call.outcome().logprobs(), call.run().usage()))
        .toList();
  }

  /** Embeds the conversation of a request, up to where the model would begin its answer. */
  public Embedding embed(ChatRequest request, Pooling pooling) {
    long begin = System.nanoTime();
    return embed(request, List.of(encoder.encode(request)), pooling, begin).getFirst();
  }

  /**
   * Embeds texts as they are, without a chat template; the tokenizer adds the special tokens that
   * it adds to any text.
   *
   * @throws IllegalArgumentException if a text has no token
   */
  public List<Embedding> embed(List<String> texts, Pooling pooling) {
    long begin = System.nanoTime();
    List<EncodedPrompt> prompts = texts.stream().map(encoder::encodeText).toList();
    return embed(NO_REQUEST, prompts, pooling, begin);
  }

  private List<Embedding> embed(
      ChatRequest request, List<EncodedPrompt> prompts, Pooling pooling, long begin) {
    List<Supplier<RequestCall<HiddenPooling>>> calls = new ArrayList<>();
    for (EncodedPrompt prompt : prompts) {
      requireRoom(prompt, 0);
      calls.add(() ->
          new RequestCall.Preparation(engine, request, prompt, begin, GenerationListener.NONE)
              .call(
                  new HiddenPooling(prompt.ids().length, pooling, width),
                  LayerObserver.NONE,
                  pooling == Pooling.LAST)); // of a mean, every token has to be computed
    }
    List<Embedding> embeddings = new ArrayList<>();
    for (RequestCall<HiddenPooling> call : together(calls)) {
      embeddings.add(
          new Embedding(call.outcome().vector(), pooling, call.run().usage().promptTokens()));
    }
    return List.copyOf(embeddings);
  }

  /**
   * Computes requests together, as many at a time as run together; all have ended when it returns
   * or throws.
   *
   * @throws IncompleteRequestException if one was ended
   */
  private <O extends Outcome> List<RequestCall<O>> together(
      List<Supplier<RequestCall<O>>> requests) {
    List<RequestCall<O>> calls = new ArrayList<>();
    try {
      int followed = 0;
      for (Supplier<RequestCall<O>> request : requests) {
        if (calls.size() - followed == engine.options().requests()) {
          complete(calls.get(followed++));
        }
        RequestCall<O> call = request.get();
        call.submit();
        calls.add(call);
      }
      for (; followed < calls.size(); followed++) {
        complete(calls.get(followed));
      }
      return calls;
    } finally {
      calls.forEach(RequestCall::close);
    }
  }

  private static void complete(RequestCall<?> call) {
    FinishReason reason = call.follow();
    if (reason != FinishReason.STOP) {
      throw new IncompleteRequestException(reason);
    }
  }
}
