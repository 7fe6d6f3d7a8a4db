package org.vesalius.runtime.layers;

import org.vesalius.kernels.Weight;

/** What happens to a matrix between the file and the model. */
@FunctionalInterface
public interface MatrixConversion {
  /** Nothing. */
  MatrixConversion NONE = (_, _, stored) -> stored;

  /**
   * The matrix that the model gets.
   *
   * @param tensor name of the tensor that holds it, for messages; several experts may share one
   * @param role other than {@link MatrixRole#PLAIN}, of which none comes here
   * @param stored single numbers, perhaps transposed
   */
  Weight convert(String tensor, MatrixRole role, Weight stored);
}
