package org.vesalius.runtime;

/** Says that the model computed something that is not a number, so there is no answer. */
public final class NumericalException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** With the position. */
  public NumericalException(int position) {
    super(
        "the logits after token "
            + position
            + " are not finite: the weights are damaged, or overflow in this number format; compare with --backend reference");
  }
}
