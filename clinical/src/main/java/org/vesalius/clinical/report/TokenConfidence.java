package org.vesalius.clinical.report;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.vesalius.runtime.Generation;

/** How sure the model was of the words of a sentence while it wrote them. */
final class TokenConfidence {
  /** How a token shows that holds a part of a character. */
  private static final char PART = '\uFFFD';

  /** What a text of nothing but such parts may cost. */
  private static final int MOST_TRIES = 1 << 20;

  private final StringBuilder text = new StringBuilder();
  private final List<Generation.TokenLogprobs> tokens;
  private final int[] ends;
  private int from;
  private int tries;

  /** Of an answer; of none it knows nothing. */
  static TokenConfidence of(Optional<Generation> answer) {
    return new TokenConfidence(answer.map(Generation::logprobs).orElse(List.of()));
  }

  TokenConfidence(List<Generation.TokenLogprobs> tokens) {
    this.tokens = tokens;
    ends = new int[tokens.size()];
    for (int i = 0; i < ends.length; i++) {
      text.append(tokens.get(i).chosen().token());
      ends[i] = text.length();
    }
  }

  /**
   * Geometric mean of the probabilities of the tokens of a sentence; sentences are asked for in
   * their order. Empty where it cannot be found in the tokens.
   */
  OptionalDouble of(String sentence) {
    for (int start = from; start < text.length(); start++) {
      int end = end(start, sentence, 0);
      if (end > 0) {
        from = end;
        return OptionalDouble.of(mean(start, end));
      }
    }
    return OptionalDouble.empty();
  }

  /**
   * Where the sentence from {@code j} on ends in the tokens from {@code i} on, or -1. A character
   * that several tokens make up stands there as a replacement character for each of them.
   */
  private int end(int i, String sentence, int j) {
    while (j < sentence.length()) {
      if (i == text.length()) {
        return -1;
      }
      if (text.charAt(i) == PART) {
        break;
      }
      if (text.charAt(i++) != sentence.charAt(j++)) {
        return -1;
      }
    }
    if (j == sentence.length()) {
      return i;
    }
    if (++tries > MOST_TRIES) {
      return -1;
    }
    int parts = i;
    while (parts < text.length() && text.charAt(parts) == PART) {
      parts++;
    }
    for (int characters = 1;
        characters <= Math.min(parts - i, sentence.length() - j);
        characters++) {
      int end = end(parts, sentence, j + characters);
      if (end > 0) {
        return end;
      }
    }
    return -1;
  }

  private double mean(int start, int end) {
    double sum = 0;
    int count = 0;
    for (int i = 0; i < ends.length; i++) {
      int begin = i == 0 ? 0 : ends[i - 1];
      if (begin < end && ends[i] > start) {
        sum += tokens.get(i).chosen().logprob();
        count++;
      }
    }
    return Math.exp(sum / count);
  }
}
