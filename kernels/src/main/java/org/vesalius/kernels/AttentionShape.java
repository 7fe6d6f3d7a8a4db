package org.vesalius.kernels;

/**
 * The fixed geometry of an attention layer.
 *
 * @param heads number of query heads
 * @param kvHeads number of key/value heads; {@code heads / kvHeads} consecutive query heads share
 *     one
 * @param headSize width of a head
 * @param scale factor on the dot product of query and key, usually {@code 1/sqrt(headSize)}
 * @param causal whether a query sees only keys at its own position and before
 * @param window how many keys a query sees at most, itself included (sliding window); 0 for all.
 *     Only with {@code causal}
 */
public record AttentionShape(
    int heads, int kvHeads, int headSize, float scale, boolean causal, int window) {

  /** Checks that heads divide and that a window goes with a causal mask. */
  public AttentionShape {
    if (heads <= 0 || kvHeads <= 0 || headSize <= 0 || heads % kvHeads != 0) {
      throw new IllegalArgumentException(
          "attention: expected heads to be a multiple of key/value heads, found "
              + heads
              + " and "
              + kvHeads
              + " of size "
              + headSize);
    }
    if (window < 0 || (window > 0 && !causal)) {
      throw new IllegalArgumentException(
          "attention: a window of " + window + " needs a causal mask");
    }
  }

  /** Causal self-attention over everything before. */
  public static AttentionShape causal(int heads, int kvHeads, int headSize) {
    return new AttentionShape(heads, kvHeads, headSize, (float) (1 / Math.sqrt(headSize)), true, 0);
  }

  /** Attention of every position to every position of its sequence, as vision encoders use it. */
  public static AttentionShape full(int heads, int headSize) {
    return new AttentionShape(heads, heads, headSize, (float) (1 / Math.sqrt(headSize)), false, 0);
  }

  /** How many query heads share a key/value head. */
  public int group() {
    return heads / kvHeads;
  }
}
