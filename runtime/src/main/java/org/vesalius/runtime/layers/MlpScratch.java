package org.vesalius.runtime.layers;

import java.util.Optional;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.ExpertRouting;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Tensor;

/**
 * Activations inside feed-forward networks.
 *
 * @param gated {@code (tokens, inner)}
 * @param raised {@code (tokens, inner)}
 * @param experts where layers are sparse
 */
public record MlpScratch(Tensor gated, Tensor raised, Optional<Experts> experts) {

  /**
   * Activations of a sparse layer. A choice is a pair of a token and one of its experts.
   *
   * @param logits {@code (tokens, experts)}
   * @param routing which expert computes which token
   * @param grouped inputs grouped by expert, {@code (choices, width)}
   * @param raised gates, then ups, {@code (choices, 2 * inner)}
   * @param lowered outputs, {@code (choices, width)}
   */
  public record Experts(
      Tensor logits, ExpertRouting routing, Tensor grouped, Tensor raised, Tensor lowered) {}

  /** Allocates scratch for up to {@code tokens} tokens of a decoder. */
  static MlpScratch allocate(Kernels kernels, DecoderConfig config, int tokens) {
    return new MlpScratch(
        kernels.allocate(ElementType.F32, tokens, config.innerWidth()),
        kernels.allocate(ElementType.F32, tokens, config.innerWidth()),
        config.experts().map(experts -> experts(kernels, config.width(), experts, tokens)));
  }

  private static Experts experts(Kernels kernels, int width, ExpertConfig config, int tokens) {
    int choices = Math.multiplyExact(tokens, config.perToken());
    return new Experts(
        kernels.allocate(ElementType.F32, tokens, config.count()),
        ExpertRouting.allocate(kernels, tokens, config.count(), config.perToken()),
        kernels.allocate(ElementType.F32, choices, width),
        kernels.allocate(ElementType.F32, choices, 2 * config.innerWidth()),
        kernels.allocate(ElementType.F32, choices, width));
  }
}
