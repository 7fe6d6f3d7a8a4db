package org.vesalius.runtime.layers;

import java.util.Optional;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Rotary;
import org.vesalius.kernels.Tensor;

/**
 * A rotary position embedding of a decoder.
 *
 * @param rotary its frequencies
 * @param dynamic where frequencies depend on the length of the sequence
 */
public record PositionEmbedding(Rotary rotary, Optional<DynamicFrequencies> dynamic) {

  /**
   * Cosines and sines of a step's tokens.
   *
   * @param cos {@code (tokens, headSize / 2)}
   * @param sin {@code (tokens, headSize / 2)}
   */
  public record Rotation(Tensor cos, Tensor sin) {}

  /** Sets the frequencies where they depend on how long a sequence is. */
  void prepare(Kernels kernels, Step step) {
    if (dynamic.isPresent()) {
      kernels.write(rotary.inverseFrequencies(), dynamic.get().at(step.sequenceLength()));
    }
  }

  /** Computes the rotation of every token of the step. */
  void forward(Kernels kernels, Rotation rotation, Step step) {
    kernels.rotaryTable(rotation.cos(), rotation.sin(), step.positions(), rotary);
  }
}
