package org.vesalius.kernels;

/**
 * The frequencies of a rotary position embedding (Su et al. 2021) with one or several position
 * axes.
 *
 * <p>Pair {@code i} of a head, elements {@code i} and {@code i + headSize/2}, turns by the angle
 * {@code position[axis[i]] * inverseFrequency[i]}. Plain text models have one axis; the multimodal
 * variant of Qwen2-VL has three (time, height, width) and its variants differ only in {@code axis};
 * vision encoders have two (row, column).
 *
 * @param inverseFrequencies {@code (1, headSize/2)} F32
 * @param axis {@code (1, headSize/2)} I32, which row of the positions drives the pair
 * @param scaling factor on cosine and sine, 1 except for YaRN
 */
public record Rotary(Tensor inverseFrequencies, Tensor axis, float scaling) {

  /** Half the head size. */
  public int pairs() {
    return inverseFrequencies.columns();
  }
}
