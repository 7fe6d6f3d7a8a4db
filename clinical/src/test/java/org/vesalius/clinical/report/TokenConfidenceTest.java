package org.vesalius.clinical.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.vesalius.runtime.Generation;

/** How sure a model was of a sentence. */
class TokenConfidenceTest {

  /** The n-th token, from 1 on, has the probability 1 / (1 + n). */
  private static TokenConfidence of(String... tokens) {
    List<Generation.TokenLogprobs> all = new ArrayList<>();
    for (int i = 0; i < tokens.length; i++) {
      all.add(
          new Generation.TokenLogprobs(
              new Generation.TokenLogprob(i, tokens[i], -Math.log(2 + i)), List.of()));
    }
    return new TokenConfidence(all);
  }

  private static double mean(int... tokens) {
    double product = 1;
    for (int token : tokens) {
      product /= 1 + token;
    }
    return Math.pow(product, 1.0 / tokens.length);
  }

  private static void check(double expected, OptionalDouble found) {
    assertEquals(expected, found.orElseThrow(), 1e-12);
  }

  @Test
  void aSentenceHasTheMeanOfItsTokens() {
    TokenConfidence confidence = of("No", " effusion", ".", " The", " heart", ".");
    check(mean(1, 2, 3), confidence.of("No effusion."));
    check(mean(4, 5, 6), confidence.of("The heart."));
  }

  @Test
  void theSecondOfTwoEqualSentencesHasItsOwn() {
    TokenConfidence confidence = of("Clear.", " ", "Clear.");
    check(mean(1), confidence.of("Clear."));
    check(mean(3), confidence.of("Clear."));
    assertTrue(confidence.of("Clear.").isEmpty());
  }

  @Test
  void charactersOfSeveralTokensAreFound() {
    TokenConfidence confidence =
        of("\u53F3", "\uFFFD", "\uFFFD", "\u6709\u3002", "\u65E0\uFFFD", "\uFFFD\uFFFD", "\u3002");
    check(mean(1, 2, 3, 4), confidence.of("\u53F3\u80BA\u6709\u3002"));
    check(mean(5, 6, 7), confidence.of("\u65E0\u80F8\u6C34\u3002"));
  }

  @Test
  void whatWasNotWrittenHasNone() {
    assertTrue(of("No", " effusion").of("A nodule.").isEmpty());
    assertTrue(of("No", "\uFFFD").of("None of it.").isEmpty());
    assertTrue(TokenConfidence.of(Optional.empty()).of("Anything.").isEmpty());
  }
}
