package org.vesalius.runtime.layers;

import java.util.ArrayList;
import java.util.List;
import org.vesalius.kernels.Kernels;

/**
 * Consecutive layers of a decoder that one device computes (pipeline parallelism, Huang et al.
 * 2019). There is one stage, of all layers, unless they are split over several devices.
 *
 * @param kernels of the device
 * @param first the first layer
 * @param end the first one that is not of this stage any more
 */
public record PipelineStage(Kernels kernels, int first, int end) {

  /** The stages of so many layers, at least one. */
  public static List<PipelineStage> of(Kernels kernels, int layers) {
    List<PipelineStage> stages = new ArrayList<>();
    int first = 0;
    for (int layer = 1; layer <= layers; layer++) {
      Kernels here = kernels.ofLayer(first);
      if (layer == layers || kernels.ofLayer(layer) != here) {
        stages.add(new PipelineStage(here, first, layer));
        first = layer;
      }
    }
    return List.copyOf(stages);
  }
}
