package org.vesalius.runtime.generate;

import java.util.ArrayList;
import java.util.Arrays;
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
import org.vesalius.runtime.structured.OutputState;
import org.vesalius.runtime.structured.TokenMask;
import org.vesalius.tokenizer.Tokenizer;

/**
 * What a request has generated: tokens, chosen as it wants them, and their text, until something
 * ends it. Not thread-safe; handed from the thread that runs steps to the one that asked.
 */
final class Answer implements Outcome {

  /**
   * What the answers of a model have in common.
   *
   * @param endIds the tokens that end an answer
   * @param format how the model writes reasoning, tool calls and places
   * @param encoder knows how its template does
   * @param constraints what answers have to look like
   * @param vocabulary number of logits
   * @param draft a smaller model that guesses what comes next, or null
   */
  record Language(
      Tokenizer tokenizer,
      Set<Integer> endIds,
      AnswerFormat format,
      PromptEncoder encoder,
      Constraints constraints,
      int vocabulary,
      @Nullable DraftModel draft) {

    Language withoutEndIds() {
      return new Language(tokenizer, Set.of(), format, encoder, constraints, vocabulary, draft);
    }

    private Guesses guesses(EncodedPrompt prompt) {
      return draft == null ? new PromptLookup(prompt.ids()) : draft.guesses(prompt);
    }
  }

  private final Language language;
  private final ChatRequest request;
  private final EncodedPrompt prompt;
  private final int maxTokens;
  private final GenerationListener listener;
  private final long seed;
  private final Sampler sampler;
  private final AnswerText text;
  private final @Nullable ReasoningBudget budget;
  private final @Nullable RepetitionFuse fuse;
  private final @Nullable CallWatch calls;
  private @Nullable OutputState format;
  private final long[] allowed;
  private final StepResult result;
  private final Guesses guesses;
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
    budget =
        request.reasoningTokens().isEmpty()
            ? null
            : new ReasoningBudget(
                language.tokenizer(),
                language.format(),
                language.encoder().reasoning(),
                prompt,
                request.reasoningTokens());
    fuse = request.repetitionFuse() ? new RepetitionFuse() : null;
    format = language.constraints().begin(request, prompt);
    calls = language.constraints().calls(request);
    allowed =
        new long
            [format == null && calls == null ? 0 : Math.ceilDiv(language.vocabulary(), Long.SIZE)];
    result = result(history);
    guesses =
        request.speculativeTokens() > 0 && guessable() ? language.guesses(prompt) : Guesses.NONE;
  }

  private StepResult result(StepSampling.Row history) {
    boolean likeliest = request.sampling().isLikeliest();
    // Biases, formats, and tokens that have to come though they were not drawn, are known here
    // only.
    if (request.logprobs() > 0
        || sampler.hasBias()
        || format != null
        || calls != null
        || (!likeliest && request.reasoningTokens().isPresent())) {
      return StepResult.logits(new float[language.vocabulary()]);
    }
    return likeliest
        ? StepResult.likeliest()
        : StepResult.drawn(new StepResult.Draw(sampler, history));
  }

  @Override
  public StepResult result(boolean last) {
    return last ? result : StepResult.nothing();
  }

  /** Whether tokens after the next may be guessed: not where each changes what is drawn by. */
  private boolean guessable() {
    return result.kind() != StepResult.Kind.DRAWN || !sampler.rule().hasPenalties();
  }

  @Override
  public List<Integer> ids() {
    return ids;
  }

  @Override
  public Guesses guesses() {
    return guesses;
  }

  @Override
  public int mostGuesses() {
    return Math.min(request.speculativeTokens(), maxTokens - ids.size() - 1);
  }

  @Override
  public long firstTokenNanos() {
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

  @Override
  public @Nullable FinishReason take(int row) {
    int position = prompt.ids().length + ids.size();
    int id = result.isToken() ? chosen(row, position) : choose(row, position);
    if (budget != null) {
      budget.add(id);
    }
    if (ids.isEmpty()) {
      firstTokenNanos = System.nanoTime();
    }
    ids.add(id);
    listener.on(new GenerationEvent.Token(id));
    if (language.endIds().contains(id)) {
      return FinishReason.STOP;
    }
    follow(id);
    text.append(id);
    if (text.stopped() || (format != null && format.mustEnd())) {
      return FinishReason.STOP;
    }
    if (fuse != null && fuse.add(id)) {
      return FinishReason.REPETITION;
    }
    return ids.size() == maxTokens ? FinishReason.LENGTH : null;
  }

  /** Where the answer is in its format, or in a call, after a token. */
  private void follow(int id) {
    if (format != null) {
      format.accept(id);
      if (calls != null && format.canEnd()) {
        format = null; // the call is complete: free text again
      }
    } else if (calls != null) {
      format = calls.add(id);
    }
  }

  /** What was chosen where steps compute, unless another has to come. */
  private int chosen(int row, int position) {
    int id = result.token(row, position);
    int forced = forced();
    if (forced != ReasoningBudget.FREE) {
      return forced;
    }
    if (result.kind() == StepResult.Kind.DRAWN) {
      sampler.consumed(1);
      sampler.add(id);
    }
    return id;
  }

  /** The token that has to come next whatever the model would write, or that of no matter. */
  private int forced() {
    return budget == null ? ReasoningBudget.FREE : budget.forced();
  }

  private int choose(int row, int position) {
    float[] logits = result.logits(row);
    int id = forced();
    if (id == ReasoningBudget.FREE) {
      id = format == null ? sampler.choose(logits) : sampler.choose(logits, allowed(format));
      if (id < 0) {
        throw new NumericalException(position);
      }
    } else {
      sampler.add(id);
    }
    if (request.logprobs() > 0) {
      logprobs.add(new Logprobs(logits, language.tokenizer()).of(id, request.logprobs()));
    }
    return id;
  }

  /** The tokens that the format allows now, those that end the answer where it may end. */
  private long[] allowed(OutputState state) {
    TokenMask mask = state.mask();
    if (mask.wordCount() <= allowed.length) {
      Arrays.fill(allowed, mask.wordCount(), allowed.length, 0);
      mask.copyTo(allowed, 0);
    } else {
      // A tokenizer may know more tokens than the model has logits.
      long[] all = new long[mask.wordCount()];
      mask.copyTo(all, 0);
      System.arraycopy(all, 0, allowed, 0, allowed.length);
    }
    for (int id : language.endIds()) {
      if (id < language.vocabulary()) {
        long bit = 1L << id;
        allowed[id / Long.SIZE] =
            state.canEnd() ? allowed[id / Long.SIZE] | bit : allowed[id / Long.SIZE] & ~bit;
      }
    }
    return allowed;
  }

  /** Ends the text and takes it apart. Called once. */
  ParsedAnswer finish() {
    return text.finish(prompt.frames());
  }
}
