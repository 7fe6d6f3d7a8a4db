package org.vesalius.kernels;

/**
 * Which experts compute which tokens, in the two orders that a sparse feed-forward network needs:
 * grouped by expert, so that an expert's weights are read once for all its tokens, and by token, to
 * mix the results. With {@code n} tokens and {@code k} experts per token there are {@code n * k}
 * choices.
 *
 * @param starts {@code (1, experts + 1)} I32: the choices of expert {@code e}, when grouped, are
 *     {@code starts[e]} to before {@code starts[e + 1]}; in a group tokens ascend
 * @param rows {@code (1, n * k)} I32: the token of each grouped choice
 * @param places {@code (k, n)} I32: where the choices of a token are among the grouped ones,
 *     largest share first
 * @param shares {@code (k, n)} F32: how much each choice of a token counts
 */
public record ExpertRouting(Tensor starts, Tensor rows, Tensor places, Tensor shares) {

  /** Allocates a routing for up to {@code tokens} tokens. */
  public static ExpertRouting allocate(Kernels kernels, int tokens, int experts, int perToken) {
    return new ExpertRouting(
        kernels.allocate(ElementType.I32, 1, experts + 1),
        kernels.allocate(ElementType.I32, 1, tokens * perToken),
        kernels.allocate(ElementType.I32, perToken, tokens),
        kernels.allocate(ElementType.F32, perToken, tokens));
  }

  /** The routing of fewer tokens in the same memory. */
  public ExpertRouting firstTokens(int tokens) {
    return new ExpertRouting(
        starts,
        rows.columns(0, tokens * perToken()),
        places.columns(0, tokens),
        shares.columns(0, tokens));
  }

  /** Number of experts. */
  public int experts() {
    return starts.columns() - 1;
  }

  /** Experts that each token has. */
  public int perToken() {
    return places.rows();
  }
}
