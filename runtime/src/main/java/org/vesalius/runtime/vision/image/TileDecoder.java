package org.vesalius.runtime.vision.image;

import java.io.IOException;
import java.util.Optional;

/** Decodes tiles of TIFF files in compressions that {@link ImageDecoder} does not know. */
@FunctionalInterface
public interface TileDecoder {
  /** Knows no further compression. */
  TileDecoder NONE = (_, _) -> Optional.empty();

  /**
   * How a tile is coded, by the tags of TIFF 6.0.
   *
   * @param compression tag 259
   * @param photometric tag 262; 1, a grey, where {@code samples} is one plane of several
   * @param samples tag 277, for each pixel
   * @param width columns of the tile
   * @param height rows of the tile
   */
  record Coding(int compression, int photometric, int samples, int width, int height) {}

  /**
   * The picture of a tile, of the width and the height of its coding; empty where this decoder does
   * not know the compression.
   *
   * @throws IOException if it is broken
   */
  Optional<RasterImage> decode(Coding coding, byte[] tile) throws IOException;
}
