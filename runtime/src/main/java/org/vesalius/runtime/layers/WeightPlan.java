package org.vesalius.runtime.layers;

import java.util.Optional;
import org.vesalius.loader.ConfigNode;
import org.vesalius.runtime.UnsupportedModelException;
import org.vesalius.runtime.WeightFormat;

/**
 * How the matrices of a checkpoint become those of a model.
 *
 * @param stored the checkpoint's own quantization; empty for plain numbers
 * @param conversion what happens to plain numbers
 */
public record WeightPlan(Optional<StoredQuantization> stored, MatrixConversion conversion) {

  /** As the checkpoint has them. */
  public static WeightPlan asStored(ConfigNode root) {
    return new WeightPlan(StoredQuantization.read(root), MatrixConversion.NONE);
  }

  /**
   * In a format.
   *
   * @param root of config.json
   * @throws UnsupportedModelException if the checkpoint is quantized already, to something else
   */
  public static WeightPlan of(ConfigNode root, WeightFormat wanted, MatrixConversion conversion) {
    Optional<StoredQuantization> stored = StoredQuantization.read(root);
    if (stored.isEmpty()) {
      return new WeightPlan(stored, conversion);
    }
    WeightFormat found = stored.get().format();
    if (wanted != WeightFormat.AS_STORED && wanted != found) {
      throw new UnsupportedModelException(
          root.file()
              + ": the checkpoint is quantized to "
              + found
              + " and cannot be opened as "
              + wanted
              + "; open it as it is stored, or the checkpoint that it was made from");
    }
    return new WeightPlan(stored, MatrixConversion.NONE);
  }
}
