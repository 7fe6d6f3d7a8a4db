package org.vesalius.runtime.vision.image;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Turns a picture into the inputs of LLaVA-Next ("anyres"): the whole picture squeezed to a square
 * tile, then the picture in the best of several resolutions, its shape kept, centred on black and
 * cut into tiles.
 *
 * <p>Values equal those of {@code LlavaNextImageProcessorPil} of transformers 5.12.1 in float32.
 * Immutable.
 */
public final class TiledImageProcessor {
  private final int side;
  private final Filter resample;
  private final List<Size> resolutions;
  private final FixedSizeImageProcessor tile;

  /**
   * @param side pixels along a side of a tile
   * @param resolutions sizes to choose from ({@code image_grid_pinpoints}), whole tiles each
   * @param patchSize pixels along a side of a patch
   * @throws IllegalArgumentException when there is no resolution, or one is not made of whole tiles
   */
  public TiledImageProcessor(
      int side,
      Filter resample,
      List<Size> resolutions,
      PixelNormalization normalization,
      int patchSize) {
    this.tile =
        new FixedSizeImageProcessor(
            false,
            new FixedSizeImageProcessor.Resize.Exact(side, side),
            resample,
            Optional.empty(),
            normalization,
            patchSize);
    this.side = side;
    this.resample = resample;
    this.resolutions = List.copyOf(resolutions);
    if (resolutions.isEmpty()) {
      throw new IllegalArgumentException("image_grid_pinpoints: expected at least one, found none");
    }
    for (Size size : resolutions) {
      if (size.height() < side
          || size.width() < side
          || size.height() % side != 0
          || size.width() % side != 0) {
        throw new IllegalArgumentException(
            "image_grid_pinpoints: expected multiples of the tile's side %d, found [%d, %d] (height, width)"
                .formatted(side, size.height(), size.width()));
      }
    }
  }

  /** Patches of the whole picture and of each tile. */
  public Grid grid() {
    return tile.grid();
  }

  /** The resolutions that it chooses from; height before width. */
  public List<Size> resolutions() {
    return resolutions;
  }

  /** How the tiles of a picture of this size lie, without its pixels. */
  public TileGrid tiles(int width, int height) {
    Size best = bestResolution(width, height);
    return new TileGrid(best.height() / side, best.width() / side, width, height);
  }

  /** The resolution that keeps most of the picture's pixels and, among those, wastes least. */
  Size bestResolution(int width, int height) {
    Size best = resolutions.getFirst();
    long most = -1;
    long leastWaste = Long.MAX_VALUE;
    long pixels = (long) width * height;
    for (Size size : resolutions) {
      double scale = Math.min((double) size.width() / width, (double) size.height() / height);
      long kept = Math.min(((long) (width * scale)) * (long) (height * scale), pixels);
      long waste = (long) size.width() * size.height() - kept;
      if (kept > most || (kept == most && waste < leastWaste)) {
        most = kept;
        leastWaste = waste;
        best = size;
      }
    }
    return best;
  }

  /** The whole picture and its tiles. */
  public TiledImage process(RasterImage image) {
    WorkingImage source = WorkingImage.of(image);
    Size target = bestResolution(image.width(), image.height());
    double scaleX = (double) target.width() / image.width();
    double scaleY = (double) target.height() / image.height();
    int width = target.width();
    int height = target.height();
    if (scaleX < scaleY) {
      height = Math.min((int) Math.ceil(image.height() * scaleX), target.height());
    } else {
      width = Math.min((int) Math.ceil(image.width() * scaleY), target.width());
    }
    WorkingImage padded =
        source
            .resized(width, height, resample)
            .cropped(
                -((target.width() - width) / 2),
                -((target.height() - height) / 2),
                target.width(),
                target.height());
    TileGrid grid = tiles(image.width(), image.height());
    List<ImagePatches> tiles = new ArrayList<>(grid.count());
    for (int row = 0; row < grid.rows(); row++) {
      for (int column = 0; column < grid.columns(); column++) {
        tiles.add(tile.patches(padded.cropped(column * side, row * side, side, side)));
      }
    }
    return new TiledImage(tile.process(source), tiles, grid);
  }
}
