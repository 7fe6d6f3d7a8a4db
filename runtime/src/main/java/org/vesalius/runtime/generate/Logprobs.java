package org.vesalius.runtime.generate;

import java.util.ArrayList;
import java.util.List;
import org.vesalius.runtime.Generation.TokenLogprob;
import org.vesalius.runtime.Generation.TokenLogprobs;
import org.vesalius.tokenizer.Tokenizer;

/**
 * Log-probabilities of the likeliest tokens of one step: of the model's own distribution, {@code
 * log(softmax(logits))}, before bias, mask, penalties and temperature. So a token that had to come
 * has the probability that the model gave it. The logits are not copied.
 */
final class Logprobs {
  private final float[] logits;
  private final double logTotal;
  private final Tokenizer tokenizer;

  Logprobs(float[] logits, Tokenizer tokenizer) {
    this.logits = logits;
    this.tokenizer = tokenizer;
    double top = Double.NEGATIVE_INFINITY;
    for (float logit : logits) {
      top = Math.max(top, logit);
    }
    double total = 0;
    for (float logit : logits) {
      total += Math.exp(logit - top);
    }
    logTotal = top + Math.log(total);
  }

  TokenLogprobs of(int chosen, int count) {
    TokenHeap heap = new TokenHeap(logits);
    List<TokenLogprob> top = new ArrayList<>();
    for (int i = 0; i < Math.min(count, logits.length); i++) {
      top.add(entry(heap.pop()));
    }
    return new TokenLogprobs(entry(chosen), List.copyOf(top));
  }

  private TokenLogprob entry(int id) {
    // A padded row of the embedding has no token.
    String text = tokenizer.token(id) == null ? "" : tokenizer.decode(new int[] {id}, false);
    return new TokenLogprob(id, text, logits[id] - logTotal);
  }
}
