package org.vesalius.runtime.generate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vesalius.runtime.FinishReason;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.NumericalException;
import org.vesalius.tokenizer.Tokenizer;

/**
 * How likely a model is to go on with given tokens. They are generated, so to speak: each one has
 * to come, and all that come are guessed before, so that a step checks several.
 */
final class Likelihood implements Outcome {
  private final int promptLength;
  private final int[] continuation;
  private final int alternatives;
  private final Tokenizer tokenizer;
  private final StepResult result;
  private final List<Integer> ids = new ArrayList<>();
  private final List<Generation.TokenLogprobs> logprobs = new ArrayList<>();
  private long firstTokenNanos;

  /**
   * Nothing known yet.
   *
   * @param continuation at least one token
   * @param alternatives how many of the likeliest tokens are named at each place
   */
  Likelihood(
      int promptLength, int[] continuation, int alternatives, Tokenizer tokenizer, int vocabulary) {
    this.promptLength = promptLength;
    this.continuation = continuation;
    this.alternatives = alternatives;
    this.tokenizer = tokenizer;
    result = StepResult.logits(new float[vocabulary]);
  }

  @Override
  public StepResult result(boolean last) {
    return last ? result : StepResult.nothing();
  }

  @Override
  public @Nullable FinishReason take(int row) {
    float[] logits = result.logits(row);
    for (float logit : logits) {
      if (!Float.isFinite(logit)) {
        throw new NumericalException(promptLength + ids.size());
      }
    }
    if (ids.isEmpty()) {
      firstTokenNanos = System.nanoTime();
    }
    int id = continuation[ids.size()];
    logprobs.add(new Logprobs(logits, tokenizer).of(id, alternatives));
    ids.add(id);
    return ids.size() == continuation.length ? FinishReason.STOP : null;
  }

  @Override
  public List<Integer> ids() {
    return ids;
  }

  @Override
  public Guesses guesses() {
    return this::known;
  }

  @Override
  public int mostGuesses() {
    return continuation.length - ids.size() - 1;
  }

  @Override
  public long firstTokenNanos() {
    return firstTokenNanos;
  }

  /** Of each token of the continuation. */
  List<Generation.TokenLogprobs> logprobs() {
    return logprobs;
  }

  private int[] known(int most) {
    int from = ids.size();
    return Arrays.copyOfRange(continuation, from, from + Math.max(0, most));
  }
}
