package org.vesalius.runtime.vision;

import java.util.Arrays;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Tensor;
import org.vesalius.runtime.layers.Linear;
import org.vesalius.runtime.layers.WeightReader;
import org.vesalius.runtime.vision.image.ImagePatches;

/**
 * Maps the pixels of each patch to the tower's width; a convolution whose stride is its size.
 *
 * @param linear {@code (width, pixel values of a patch)}
 */
public record PatchEmbedding(Linear linear) {

  /**
   * Reads the convolution of a Qwen tower.
   *
   * @param bias whether it has one
   */
  public static PatchEmbedding convolution(
      WeightReader reader, QwenVisionConfig config, boolean bias) {
    int width = config.sizes().width();
    int patch = config.patchSize();
    return new PatchEmbedding(
        new Linear(
            reader.weight(
                "weight", width, config.patchValues(), 3, config.temporalPatchSize(), patch, patch),
            bias ? reader.vector("bias", width) : null));
  }

  /** Computes {@code out (patches, width)}. */
  public void forward(Kernels kernels, Tensor out, ImagePatches image, VisionScratch scratch) {
    int values = linear.weight().columns();
    Tensor pixels = scratch.borrow(Math.min(VisionScratch.SLICE, out.rows()), values);
    scratch.slices(
        out.rows(),
        (from, count) -> {
          Tensor slice = pixels.firstRows(count);
          kernels.write(
              slice, Arrays.copyOfRange(image.values(), from * values, (from + count) * values));
          linear.forward(kernels, out.rows(from, count), slice);
        });
  }
}
