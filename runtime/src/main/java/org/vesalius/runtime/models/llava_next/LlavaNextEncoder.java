package org.vesalius.runtime.models.llava_next;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Tensor;
import org.vesalius.runtime.ImageOptions;
import org.vesalius.runtime.layers.LayerObserver;
import org.vesalius.runtime.models.llava.Llava;
import org.vesalius.runtime.models.llava.LlavaProjector;
import org.vesalius.runtime.vision.ImageEncoder;
import org.vesalius.runtime.vision.PreparedImage;
import org.vesalius.runtime.vision.TokenGrid;
import org.vesalius.runtime.vision.VisionScratch;
import org.vesalius.runtime.vision.image.ImagePatches;
import org.vesalius.runtime.vision.image.RasterImage;
import org.vesalius.runtime.vision.image.TileGrid;
import org.vesalius.runtime.vision.image.TiledImage;
import org.vesalius.runtime.vision.image.TiledImageProcessor;

/**
 * LLaVA-Next: the whole picture, then tiles of it in a finer resolution without their padding, with
 * a learned line break after each row ({@code pack_image_features}).
 *
 * @param newline {@code (1, decoder width)}
 */
record LlavaNextEncoder(
    Kernels kernels, TiledImageProcessor processor, LlavaProjector projector, Tensor newline)
    implements ImageEncoder {

  @Override
  public PreparedImage prepare(RasterImage image, ImageOptions options) {
    options.refusePixelBounds();
    options.refusePanAndScan();
    TiledImage tiled = processor.process(image);
    List<ImagePatches> tiles = new ArrayList<>();
    tiles.add(tiled.whole());
    tiles.addAll(tiled.tiles());
    int tokens = tokens(image.width(), image.height());
    return new PreparedImage(tiles, Llava.TOKEN, List.of(new TokenGrid(1, tokens)));
  }

  @Override
  public String preparation() {
    int pixels = projector.tower().config().imageSize();
    return "resized to %d x %d pixels, and cut into up to %d tiles of that size"
        .formatted(
            pixels,
            pixels,
            processor.resolutions().stream()
                .mapToInt(size -> size.height() / pixels * (size.width() / pixels))
                .max()
                .orElse(1));
  }

  @Override
  public int tokens(int width, int height) {
    return projector.tokens() + processor.tiles(width, height).unpadded(side()).tokens();
  }

  private int side() {
    return projector.tower().config().side();
  }

  @Override
  public double operations(PreparedImage image) {
    return image.tiles().size() * projector.operations();
  }

  @Override
  public int outputWidth() {
    return projector.outputWidth();
  }

  @Override
  public void encode(Tensor out, PreparedImage image, LayerObserver observer) {
    int perTile = projector.tokens();
    List<ImagePatches> tiles = image.tiles();
    try (VisionScratch scratch =
        new VisionScratch(
            kernels, projector.pool(), projector.tower().config().sizes(), perTile + 1)) {
      Tensor all = scratch.borrow(tiles.size() * perTile + 1, out.columns());
      for (int i = 0; i < tiles.size(); i++) {
        projector.encode(all.rows(i * perTile, perTile), tiles.get(i), observer);
      }
      int lineBreak = tiles.size() * perTile;
      kernels.gatherRows(all.rows(lineBreak, 1), newline, scratch.integers(new int[] {0}));
      kernels.gatherRows(out, all, scratch.integers(order(image, lineBreak)));
    }
    observer.observe(kernels, "image_embeds", out);
  }

  /** For each token the row of all tiles' embeddings that it is. */
  private int[] order(PreparedImage image, int lineBreak) {
    int perTile = projector.tokens();
    int side = side();
    var source = image.tiles().getFirst().transform();
    TileGrid grid = processor.tiles(source.sourceWidth(), source.sourceHeight());
    TileGrid.Unpadded kept = grid.unpadded(side);
    int[] order = new int[perTile + kept.tokens()];
    Arrays.setAll(order, i -> i);
    int at = perTile;
    for (int y = kept.top(); y < kept.top() + kept.rows(); y++) {
      for (int x = kept.left(); x < kept.left() + kept.columns(); x++) {
        int tile = 1 + y / side * grid.columns() + x / side;
        order[at++] = tile * perTile + y % side * side + x % side;
      }
      order[at++] = lineBreak;
    }
    return order;
  }
}
