package org.vesalius.runtime.models.llava;

import org.vesalius.kernels.Tensor;
import org.vesalius.runtime.ImageOptions;
import org.vesalius.runtime.layers.LayerObserver;
import org.vesalius.runtime.vision.ImageEncoder;
import org.vesalius.runtime.vision.PreparedImage;
import org.vesalius.runtime.vision.TokenGrid;
import org.vesalius.runtime.vision.image.FixedSizeImageProcessor;
import org.vesalius.runtime.vision.image.RasterImage;

/** LLaVA-1.5: one tile a picture, a token for each patch. */
public record LlavaEncoder(FixedSizeImageProcessor processor, LlavaProjector projector)
    implements ImageEncoder {

  @Override
  public PreparedImage prepare(RasterImage image, ImageOptions options) {
    options.refusePixelBounds();
    options.refusePanAndScan();
    return new PreparedImage(
        processor.process(image), Llava.TOKEN, new TokenGrid(1, projector.tokens()));
  }

  @Override
  public String preparation() {
    int pixels = projector.tower().config().imageSize();
    return "brought to %d x %d pixels".formatted(pixels, pixels);
  }

  @Override
  public int tokens(int width, int height) {
    return projector.tokens();
  }

  @Override
  public double operations(PreparedImage image) {
    return projector.operations();
  }

  @Override
  public int outputWidth() {
    return projector.outputWidth();
  }

  @Override
  public void encode(Tensor out, PreparedImage image, LayerObserver observer) {
    projector.encode(out, image.tiles().getFirst(), observer);
    observer.observe(projector.kernels(), "image_embeds", out);
  }
}
