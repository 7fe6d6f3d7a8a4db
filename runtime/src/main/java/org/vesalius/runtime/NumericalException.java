package org.vesalius.runtime;

/**
 * Says that the model computed something that is not a number, so there is no answer. {@link
 * org.vesalius.runtime.layers.FiniteCheck} finds out which layer did.
 */
public final class NumericalException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** With the position. */
  public NumericalException(int position) {
    super(
        "the logits after token "
            + position
            + " are not finite: the weights are damaged, or overflow in this number format;"
            + " run --check-layers (in Java the observer FiniteCheck) names the layer that is first");
  }
}
