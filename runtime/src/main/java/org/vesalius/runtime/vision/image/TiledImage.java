package org.vesalius.runtime.vision.image;

import java.util.List;

/**
 * The inputs of a LLaVA-Next vision tower for one picture.
 *
 * @param whole the whole picture, squeezed to the size of a tile
 * @param tiles row by row, of the picture resized in its shape and padded with black
 * @param grid how the tiles lie
 */
public record TiledImage(ImagePatches whole, List<ImagePatches> tiles, TileGrid grid) {
  public TiledImage {
    tiles = List.copyOf(tiles);
    if (tiles.size() != grid.count()) {
      throw new IllegalArgumentException(
          "tiles: expected %d rows of %d, found %d"
              .formatted(grid.rows(), grid.columns(), tiles.size()));
    }
  }
}
