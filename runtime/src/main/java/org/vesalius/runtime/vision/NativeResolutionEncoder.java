package org.vesalius.runtime.vision;

import org.vesalius.kernels.Tensor;
import org.vesalius.runtime.ImageOptions;
import org.vesalius.runtime.layers.LayerObserver;
import org.vesalius.runtime.vision.image.ImagePatches;
import org.vesalius.runtime.vision.image.QwenImageProcessor;
import org.vesalius.runtime.vision.image.RasterImage;

/**
 * Encodes pictures near their own size: as many patches as they have, cells of neighbouring patches
 * merged to one token (Qwen2-VL and after, Seed-VL).
 *
 * @param processor resizes and cuts
 * @param cellSide patches of a cell's side ({@code merge_size})
 * @param token the image token's text, in templates and after expansion
 * @param tower what computes
 */
public record NativeResolutionEncoder(
    QwenImageProcessor processor, int cellSide, String token, PatchTower tower)
    implements ImageEncoder {

  @Override
  public PreparedImage prepare(RasterImage image, ImageOptions options) {
    options.refusePanAndScan();
    ImagePatches patches = bounded(options).process(image);
    TokenGrid grid = new TokenGrid(patches.gridH() / cellSide, patches.gridW() / cellSide);
    return new PreparedImage(patches, token, grid);
  }

  private QwenImageProcessor bounded(ImageOptions options) {
    if (options.minPixels().isEmpty() && options.maxPixels().isEmpty()) {
      return processor;
    }
    return processor.withPixelBounds(
        options.minPixels().orElse(processor.minPixels()),
        options.maxPixels().orElse(processor.maxPixels()));
  }

  @Override
  public String preparation() {
    return "resized to %d to %d pixels in all, %d x %d of a picture's patches a token"
        .formatted(processor.minPixels(), processor.maxPixels(), cellSide, cellSide);
  }

  @Override
  public int tokens(int width, int height) {
    return processor.grid(width, height).tokens(cellSide);
  }

  @Override
  public double operations(PreparedImage image) {
    return tower.operations(image.tiles().getFirst());
  }

  @Override
  public int outputWidth() {
    return tower.outputWidth();
  }

  @Override
  public void encode(Tensor out, PreparedImage image, LayerObserver observer) {
    tower.encode(out, image.tiles().getFirst(), observer);
  }
}
