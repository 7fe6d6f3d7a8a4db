package org.vesalius.runtime.models.gemma3;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Tensor;
import org.vesalius.runtime.ImageOptions;
import org.vesalius.runtime.layers.LayerObserver;
import org.vesalius.runtime.layers.Linear;
import org.vesalius.runtime.layers.RmsNorm;
import org.vesalius.runtime.vision.FixedResolutionTower;
import org.vesalius.runtime.vision.ImageEncoder;
import org.vesalius.runtime.vision.PreparedImage;
import org.vesalius.runtime.vision.TensorPool;
import org.vesalius.runtime.vision.TokenGrid;
import org.vesalius.runtime.vision.VisionScratch;
import org.vesalius.runtime.vision.image.ImagePatches;
import org.vesalius.runtime.vision.image.PanAndScan;
import org.vesalius.runtime.vision.image.PanAndScanImageProcessor;
import org.vesalius.runtime.vision.image.RasterImage;

/**
 * SigLIP's features, averaged over squares of patches, normalised and mapped to the decoder ({@code
 * Gemma3MultiModalProjector}). Pictures that are cut into crops stand in the prompt as a sentence
 * with several images ({@code Gemma3Processor}).
 *
 * @param side tokens of a picture's side
 * @param projection {@code (decoder width, tower width)}
 */
record Gemma3Encoder(
    Kernels kernels,
    PanAndScanImageProcessor processor,
    PanAndScan panAndScan,
    FixedResolutionTower tower,
    TensorPool pool,
    int side,
    RmsNorm norm,
    Linear projection)
    implements ImageEncoder {

  static final String BEGIN = "<start_of_image>";
  static final String TOKEN = "<image_soft_token>";
  private static final String IMAGE = "\n\n" + BEGIN + TOKEN + "<end_of_image>\n\n";

  @Override
  public PreparedImage prepare(RasterImage image, ImageOptions options) {
    options.refusePixelBounds();
    PanAndScanImageProcessor cuts =
        options.panAndScan() ? processor.withPanAndScan(panAndScan) : processor;
    List<ImagePatches> tiles = cuts.process(image);
    String prompt = IMAGE;
    if (tiles.size() > 1) {
      prompt =
          "Here is the original image "
              + IMAGE
              + " and here are some crops to help you see better "
              + String.join(" ", Collections.nCopies(tiles.size() - 1, IMAGE));
    }
    return new PreparedImage(
        tiles, prompt, Collections.nCopies(tiles.size(), new TokenGrid(side, side)));
  }

  @Override
  public String preparation() {
    int pixels = tower.config().imageSize();
    return "resized to %d x %d pixels; with pan and scan also crops of long pictures"
        .formatted(pixels, pixels);
  }

  @Override
  public int tokens(int width, int height) {
    return side * side;
  }

  @Override
  public double operations(PreparedImage image) {
    double projecting =
        2.0 * side * side * projection.weight().rows() * tower.config().sizes().width();
    return image.tiles().size() * (tower.operations() + projecting);
  }

  @Override
  public int outputWidth() {
    return projection.weight().rows();
  }

  @Override
  public void encode(Tensor out, PreparedImage image, LayerObserver observer) {
    int tokens = side * side;
    int width = tower.config().sizes().width();
    for (int i = 0; i < image.tiles().size(); i++) {
      try (VisionScratch scratch =
          new VisionScratch(kernels, pool, tower.config().sizes(), tower.config().rows())) {
        Tensor features = tower.forward(image.tiles().get(i), scratch, observer);
        observer.observe(kernels, "vision.projector_in", features);
        Tensor pooled = scratch.borrow(tokens, width);
        int[][] squares = squares();
        float[] equal = new float[tokens];
        Arrays.fill(equal, 1f / squares.length);
        float[][] shares = new float[squares.length][];
        Arrays.fill(shares, equal);
        kernels.mixRows(pooled, features, scratch.integers(squares), scratch.numbers(shares));
        norm.forward(kernels, pooled, pooled);
        projection.forward(kernels, out.rows(i * tokens, tokens), pooled);
      }
    }
    observer.observe(kernels, "image_embeds", out);
  }

  /** The patches of each token, {@code [patch in the square][token]}. */
  private int[][] squares() {
    int patches = tower.config().side();
    int step = patches / side;
    int[][] index = new int[step * step][side * side];
    for (int k = 0; k < index.length; k++) {
      for (int t = 0; t < side * side; t++) {
        int row = t / side * step + k / step;
        int column = t % side * step + k % step;
        index[k][t] = row * patches + column;
      }
    }
    return index;
  }
}
