package org.vesalius.clinical.imaging.slide;

import java.util.Optional;
import org.vesalius.clinical.imaging.PixelMask;

/**
 * A picture in tiles of one size; those at the right and the lower edge reach beyond it.
 *
 * @param width columns of the whole
 * @param height rows of the whole
 * @param tileWidth columns of a tile
 * @param tileHeight rows of a tile
 */
record SlideGrid(int width, int height, int tileWidth, int tileHeight) {

  boolean isEmpty() {
    return Math.min(width, height) < 1 || Math.min(tileWidth, tileHeight) < 1;
  }

  /** Tiles in a row. */
  int across() {
    return Math.ceilDiv(width, tileWidth);
  }

  /** How many tiles cover the whole. */
  long places() {
    return isEmpty() ? 0 : (long) across() * Math.ceilDiv(height, tileHeight);
  }

  /** Whether a tile of the grid begins at a pixel. */
  boolean hasTileAt(long column, long row) {
    return column >= 0
        && row >= 0
        && column < width
        && row < height
        && column % tileWidth == 0
        && row % tileHeight == 0;
  }

  /** The first column of a tile. */
  int left(int place) {
    return place % across() * tileWidth;
  }

  /** The first row of a tile. */
  int top(int place) {
    return place / across() * tileHeight;
  }

  /** What of a rectangle of the whole lies in a tile, in pixels of the tile. */
  Optional<PixelMask.Rectangle> inTile(int place, PixelMask.Rectangle rectangle) {
    int x1 = Math.max(rectangle.x1() - left(place), 0);
    int y1 = Math.max(rectangle.y1() - top(place), 0);
    int x2 = Math.min(rectangle.x2() - left(place), tileWidth);
    int y2 = Math.min(rectangle.y2() - top(place), tileHeight);
    return x1 < x2 && y1 < y2
        ? Optional.of(new PixelMask.Rectangle(x1, y1, x2, y2))
        : Optional.empty();
  }

  /** The number of the tile, row by row, that begins at a pixel. */
  int place(long column, long row) {
    return (int) (row / tileHeight * across() + column / tileWidth);
  }
}
