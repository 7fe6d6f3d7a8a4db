package org.vesalius.clinical.imaging.slide;

import java.util.ArrayList;
import java.util.List;
import org.vesalius.clinical.imaging.MedicalImageException;
import org.vesalius.clinical.imaging.PixelMask;
import org.vesalius.clinical.imaging.PlacedPicture;
import org.vesalius.clinical.imaging.Placement;

/**
 * A picture that is too large to be decoded at once, in pieces of any size: an overview of all of
 * it, and tiles. Pieces know the way back to the pixels of the whole. Safe for use by several
 * threads.
 */
public interface TiledPicture {

  /** A rectangle, in pixels of the whole. */
  record Tile(int left, int top, int width, int height) {}

  /** Columns of the whole. */
  int width();

  /** Rows of the whole. */
  int height();

  /** Where the pixels of the whole are. */
  Placement place();

  /**
   * A piece, made smaller where it is larger than wanted. Memory is that of a few times the result
   * and a tile of the file.
   *
   * @param longest the longer side of the result is at most this
   * @throws MedicalImageException if it is damaged
   * @throws IllegalArgumentException if it is not inside of the whole
   */
  PlacedPicture region(Tile tile, int longest);

  /**
   * The same with rectangles of the whole black, in every piece before it is made smaller.
   *
   * @param rectangles inside of the whole; in place of those so far
   */
  TiledPicture masked(List<PixelMask.Rectangle> rectangles);

  /** All of it, made smaller so that the longer side is at most {@code longest}. */
  default PlacedPicture overview(int longest) {
    return region(new Tile(0, 0, width(), height()), longest);
  }

  /** The rectangles of a grid over the whole, row by row; those at the edges may be smaller. */
  default List<Tile> tiles(int side) {
    if (side < 1) {
      throw new IllegalArgumentException("tiles: expected a side of at least 1, found " + side);
    }
    List<Tile> tiles = new ArrayList<>();
    for (int top = 0; top < height(); top += Math.min(side, height() - top)) {
      for (int left = 0; left < width(); left += Math.min(side, width() - left)) {
        tiles.add(
            new Tile(left, top, Math.min(side, width() - left), Math.min(side, height() - top)));
      }
    }
    return tiles;
  }

  /** Refuses a rectangle that is not inside of the whole. */
  default void check(Tile tile, int longest) {
    boolean inside =
        tile.left() >= 0
            && tile.top() >= 0
            && tile.width() > 0
            && tile.height() > 0
            && tile.left() <= width() - tile.width()
            && tile.top() <= height() - tile.height();
    if (!inside || longest < 1) {
      throw new IllegalArgumentException(
          "expected a rectangle inside of %dx%d pixels and a longest side from 1, found %s and %d"
              .formatted(width(), height(), tile, longest));
    }
  }
}
