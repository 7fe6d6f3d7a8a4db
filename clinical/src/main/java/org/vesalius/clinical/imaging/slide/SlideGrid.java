package org.vesalius.clinical.imaging.slide;

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

  /** The number of the tile, row by row, that begins at a pixel. */
  int place(long column, long row) {
    return (int) (row / tileHeight * across() + column / tileWidth);
  }
}
