package org.vesalius.runtime.generate;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.FinishReason;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.GenerationEvent;
import org.vesalius.runtime.GenerationListener;
import org.vesalius.runtime.NumericalException;
import org.vesalius.runtime.answer.AnswerFormat;
import org.vesalius.runtime.answer.ParsedAnswer;
import org.vesalius.tokenizer.Tokenizer;

/**
 * What a request has generated: tokens, chosen as it wants them, and their text, until something
 * ends it. Not thread-safe; handed from the thread that runs steps to the one that asked.
 */
final class Answer {

  /**
   * What the answers of a model have in common.
   *
   * @param endIds the tokens that end an answer
   * @param format how the model writes reasoning, tool calls and places
   * @param vocabulary number of logits
   */
  record Language(Tokenizer tokenizer, Set<Integer> endIds, AnswerFormat format, int vocabulary) {}

  private final Language language;
  private final ChatRequest request;
  private final EncodedPrompt prompt;
  private final int maxTokens;
  private final GenerationListener listener;
  private final long seed;
  private final Sampler sampler;
  private final AnswerText text;
  private final StepResult result;
  private final List<Integer> ids = new ArrayList<>();
  private final List<Generation.TokenLogprobs> logprobs = new ArrayList<>();
  private long firstTokenNanos;

  /**
   * An answer without a token.
   *
   * @param listener told of tokens and text as they come
   * @param history for a request with penalties
   */
  Answer(
      Language language,
      ChatRequest request,
      EncodedPrompt prompt,
      int maxTokens,
      GenerationListener listener,
      StepSampling.Row history) {
    this.language = language;
    this.request = request;
    this.prompt = prompt;
    this.maxTokens = maxTokens;
    this.listener = listener;
    seed = request.sampling().seed().orElseGet(RandomGenerator.getDefault()::nextLong);
    sampler = new Sampler(request.sampling(), prompt.ids(), seed, language.vocabulary());
    text = new AnswerText(language.tokenizer(), language.format(), request, prompt, listener);
    result = result(history);
  }

  private StepResult result(StepSampling.Row history) {
    if (request.logprobs() > 0) {
      return StepResult.logits(new float[language.vocabulary()]);
    }
    return request.sampling().isLikeliest()
        ? StepResult.likeliest()
        : StepResult.drawn(new StepResult.Draw(sampler, history));
  }

  /** What a step has to find out after the last token. */
  StepResult result() {
    return result;
  }

  /** The tokens. */
  List<Integer> ids() {
    return ids;
  }

  /** How many tokens more it may have. */
  int room() {
    return maxTokens - ids.size();
  }

  /** When the first token was there, by {@link System#nanoTime}; 0 before. */
  long firstTokenNanos() {
    return firstTokenNanos;
  }

  /** The seed that its random numbers come from. */
  long seed() {
    return seed;
  }

  /** Log-probabilities of its tokens, where the request wants them. */
  List<Generation.TokenLogprobs> logprobs() {
    return logprobs;
  }

  /**
   * Takes the next token from a row of the last step's result.
   *
   * @return why the answer has ended, or null if it has not
   * @throws NumericalException if a logit is not finite
   */
  @Nullable FinishReason take(int row) {
    int position = prompt.ids().length + ids.size();
    int id = result.isToken() ? result.token(row, position) : sample(row, position);
    if (ids.isEmpty()) {
      firstTokenNanos = System.nanoTime();
    }
    ids.add(id);
    listener.on(new GenerationEvent.Token(id));
    if (language.endIds().contains(id)) {
      return FinishReason.STOP;
    }
    text.append(id);
    if (text.stopped()) {
      return FinishReason.STOP;
    }
    return ids.size() == maxTokens ? FinishReason.LENGTH : null;
  }

  private int sample(int row, int position) {
    float[] logits = result.logits(row);
    int id = sampler.choose(logits);
    if (id < 0) {
      throw new NumericalException(position);
    }
    logprobs.add(new Logprobs(logits, language.tokenizer()).of(id, request.logprobs()));
    return id;
  }

  /** Ends the text and takes it apart. Called once. */
  ParsedAnswer finish() {
    return text.finish(prompt.frames());
  }
}
