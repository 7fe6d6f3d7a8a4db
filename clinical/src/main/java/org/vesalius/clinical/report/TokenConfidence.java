package org.vesalius.clinical.report;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.vesalius.runtime.Generation;

/** How sure the model was of the words of a sentence while it wrote them. */
final class TokenConfidence {
  private final StringBuilder text = new StringBuilder();
  private final List<Generation.TokenLogprobs> tokens;
  private final int[] ends;
  private int from;

  /** Of an answer; of none it knows nothing. */
  static TokenConfidence of(Optional<Generation> answer) {
    return new TokenConfidence(answer.map(Generation::logprobs).orElse(List.of()));
  }

  private TokenConfidence(List<Generation.TokenLogprobs> tokens) {
    this.tokens = tokens;
    ends = new int[tokens.size()];
    for (int i = 0; i < ends.length; i++) {
      text.append(tokens.get(i).chosen().token());
      ends[i] = text.length();
    }
  }

  /**
   * Geometric mean of the probabilities of the tokens of a sentence; sentences are asked for in
   * their order. Empty where it cannot be found in the tokens, such as in scripts whose characters
   * are several tokens.
   */
  OptionalDouble of(String sentence) {
    int start = text.indexOf(sentence, from);
    if (start < 0) {
      return OptionalDouble.empty();
    }
    int end = start + sentence.length();
    from = end;
    double sum = 0;
    int count = 0;
    for (int i = 0; i < ends.length; i++) {
      int begin = i == 0 ? 0 : ends[i - 1];
      if (begin < end && ends[i] > start) {
        sum += tokens.get(i).chosen().logprob();
        count++;
      }
    }
    return OptionalDouble.of(Math.exp(sum / count));
  }
}
