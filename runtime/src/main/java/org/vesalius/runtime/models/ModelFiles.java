package org.vesalius.runtime.models;

import java.nio.file.Path;
import org.vesalius.kernels.Kernels;
import org.vesalius.loader.Checkpoint;
import org.vesalius.runtime.layers.WeightPlan;
import org.vesalius.runtime.layers.WeightReader;

/**
 * The folder of a model.
 *
 * @param directory holds config.json, the weights, the tokenizer
 * @param weights how its matrices are read
 */
public record ModelFiles(Path directory, WeightPlan weights) {

  /** A reader of the whole checkpoint. */
  public WeightReader reader(Checkpoint checkpoint, Kernels kernels) {
    return new WeightReader(checkpoint, kernels, weights);
  }
}
