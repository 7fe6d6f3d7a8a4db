package org.vesalius.runtime.vision.image;

import java.math.BigDecimal;
import java.math.RoundingMode;

/**
 * How LLaVA-Next laid the tiles of a picture, with what is needed to pack their features.
 *
 * @param rows tiles down
 * @param columns tiles across
 * @param sourceWidth columns of the upright picture
 * @param sourceHeight rows of the upright picture
 */
public record TileGrid(int rows, int columns, int sourceWidth, int sourceHeight) {

  /**
   * The part of all tiles' features, laid out as the tiles lie, that is not padding.
   *
   * @param left first column
   * @param top first row
   * @param columns features across
   * @param rows features down; the model appends one line-break embedding to each
   */
  public record Unpadded(int left, int top, int columns, int rows) {
    /** Features and line breaks. */
    public int tokens() {
      return rows * (columns + 1);
    }
  }

  /** Number of tiles. */
  public int count() {
    return rows * columns;
  }

  /**
   * What is left of the features without padding.
   *
   * <p>Source: transformers 5.12.1, {@code unpad_image} of LLaVA-Next.
   *
   * @param patchesPerSide features along a side of a tile
   */
  public Unpadded unpadded(int patchesPerSide) {
    int height = rows * patchesPerSide;
    int width = columns * patchesPerSide;
    if ((double) sourceWidth / sourceHeight > (double) width / height) {
      int kept = truncated(sourceHeight * ((double) width / sourceWidth));
      int padding = Math.floorDiv(height - kept, 2);
      return new Unpadded(0, padding, width, height - 2 * padding);
    }
    int kept = truncated(sourceWidth * ((double) height / sourceHeight));
    int padding = Math.floorDiv(width - kept, 2);
    return new Unpadded(padding, 0, width - 2 * padding, height);
  }

  /** Rounded to 7 decimals, so that 23.99999999 counts as 24, then down. */
  private static int truncated(double value) {
    return new BigDecimal(value).setScale(7, RoundingMode.HALF_EVEN).intValue();
  }
}
