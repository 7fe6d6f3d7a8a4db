package org.vesalius.runtime.layers;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.Weight;

/**
 * Notes which tensors of a checkpoint are matrices of the decoder while a family reads its model,
 * so that what is quantized in a file is by construction what would be quantized on opening.
 */
public final class SelectedMatrices implements MatrixConversion {

  /**
   * The matrices of a tensor.
   *
   * @param role what they are for
   * @param matrices as stored; more than one where the tensor stacks experts
   */
  public record Selected(MatrixRole role, List<Weight> matrices) {}

  private final Map<String, Selected> tensors = new LinkedHashMap<>();

  @Override
  public Weight convert(String tensor, MatrixRole role, Weight stored) {
    tensors
        .computeIfAbsent(tensor, _ -> new Selected(role, new ArrayList<>()))
        .matrices()
        .add(stored);
    return stored;
  }

  /** The matrices of a tensor, or null where it is to stay as it is. */
  public @Nullable Selected find(String tensor) {
    return tensors.get(tensor);
  }

  /** How many tensors hold matrices of the decoder. */
  public int size() {
    return tensors.size();
  }
}
