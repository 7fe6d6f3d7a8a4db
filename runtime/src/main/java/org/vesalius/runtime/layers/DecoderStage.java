package org.vesalius.runtime.layers;

import java.util.List;
import org.vesalius.kernels.Kernels;

/**
 * What a device has of a decoder.
 *
 * @param place which device and layers
 * @param positions position embeddings; a layer's attention says which one it uses
 * @param blocks the layers
 */
public record DecoderStage(
    PipelineStage place, List<PositionEmbedding> positions, List<DecoderBlock> blocks) {

  /** Checks that there are as many blocks as the place says, at least one. */
  public DecoderStage {
    if (blocks.isEmpty() || blocks.size() != place.end() - place.first()) {
      throw new IllegalArgumentException(
          "layers %d to %d: found %d blocks"
              .formatted(place.first(), place.end() - 1, blocks.size()));
    }
  }

  /** What computes it. */
  public Kernels kernels() {
    return place.kernels();
  }
}
