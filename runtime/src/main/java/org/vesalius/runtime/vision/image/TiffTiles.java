package org.vesalius.runtime.vision.image;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Rectangles of tiled TIFF and BigTIFF files of any size. Only the tiles that a rectangle touches
 * are decoded, one after the other; nothing stays open between calls. Safe for use by several
 * threads.
 */
public final class TiffTiles {
  static final String FORMAT = "TIFF";
  private static final int WIDTH = 256;
  private static final int HEIGHT = 257;
  static final int COMPRESSION = 259;
  private static final int X_RESOLUTION = 282;
  private static final int RESOLUTION_UNIT = 296;
  private static final int TILE_WIDTH = 322;
  private static final int TILE_HEIGHT = 323;
  private static final int TILE_OFFSETS = 324;
  private static final int CENTIMETRE = 3;
  private static final int INCH = 2;

  /** Of the result; sums are kept of each. */
  private static final long MOST_PIXELS = 1 << 25;

  static final int MOST_TILE_PIXELS = 1 << 24;

  private final Path file;
  private final List<TiffDirectory> directories;
  private final List<Page> pages;
  private final TileDecoder decoder;

  private TiffTiles(
      Path file, List<TiffDirectory> directories, List<Page> pages, TileDecoder decoder) {
    this.file = file;
    this.directories = directories;
    this.pages = pages;
    this.decoder = decoder;
  }

  /**
   * One picture of a file.
   *
   * @param width columns
   * @param height rows
   * @param tileWidth columns of a tile; 0 where it is not stored in tiles
   * @param tileHeight rows of a tile; 0 where it is not stored in tiles
   * @param compression how it is coded, as TIFF numbers it
   * @param pixelMillimetres width of a pixel as the file says; many files say something by default
   */
  public record Page(
      int width,
      int height,
      int tileWidth,
      int tileHeight,
      int compression,
      Optional<Double> pixelMillimetres) {
    /** Whether it is stored in tiles. */
    public boolean tiled() {
      return tileWidth > 0;
    }
  }

  /** Whether a file begins like TIFF or BigTIFF. */
  public static boolean matches(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] head = in.readNBytes(4);
      ImageSource source = new ImageSource(head, file.toString(), 1);
      return Stream.of("II*\0", "MM\0*", "II+\0", "MM\0+").anyMatch(m -> source.matches(0, m));
    } catch (IOException e) {
      throw new UncheckedIOException("picture " + file + " cannot be read: " + e, e);
    }
  }

  /**
   * Looks at the pages of a TIFF file.
   *
   * @param decoder is asked for each tile first
   * @throws ImageFormatException if it is none, or damaged
   */
  public static TiffTiles open(Path file, TileDecoder decoder) {
    try (FileChannel channel = FileChannel.open(file)) {
      List<TiffDirectory> directories = TiffDirectory.all(channel);
      List<Page> pages = new ArrayList<>();
      for (TiffDirectory directory : directories) {
        pages.add(page(channel, directory));
      }
      if (pages.isEmpty()) {
        throw new IOException("expected a picture, found none");
      }
      return new TiffTiles(file, directories, List.copyOf(pages), decoder);
    } catch (IOException e) {
      throw failure(file, e);
    }
  }

  private static ImageFormatException failure(Path file, IOException e) {
    return new ImageFormatException(
        file.toString(), FORMAT, "truncated or corrupt: " + e.getMessage(), e);
  }

  private static Page page(FileChannel channel, TiffDirectory directory) throws IOException {
    int width = side(channel, directory, WIDTH);
    int height = side(channel, directory, HEIGHT);
    if (width < 1 || height < 1) {
      throw new IOException("expected positive sides, found %dx%d".formatted(width, height));
    }
    boolean tiled = directory.entries().containsKey(TILE_OFFSETS);
    int tileWidth = tiled ? side(channel, directory, TILE_WIDTH) : 0;
    int tileHeight = tiled ? side(channel, directory, TILE_HEIGHT) : 0;
    if (tiled && (tileWidth < 1 || tileHeight < 1 || tileWidth > MOST_TILE_PIXELS / tileHeight)) {
      throw new IOException(
          "expected tiles of 1 to %d pixels, found %dx%d"
              .formatted(MOST_TILE_PIXELS, tileWidth, tileHeight));
    }
    double resolution = directory.fraction(channel, X_RESOLUTION);
    double unit =
        switch ((int) directory.number(channel, RESOLUTION_UNIT, 0).orElse(INCH)) {
          case INCH -> 25.4;
          case CENTIMETRE -> 10;
          default -> 0;
        };
    double size = unit / resolution;
    return new Page(
        width,
        height,
        tileWidth,
        tileHeight,
        (int) directory.number(channel, COMPRESSION, 0).orElse(1),
        size > 0 && Double.isFinite(size) ? Optional.of(size) : Optional.empty());
  }

  private static int side(FileChannel channel, TiffDirectory directory, int tag)
      throws IOException {
    long side = directory.number(channel, tag, 0).orElse(0);
    return side > Integer.MAX_VALUE ? 0 : (int) side;
  }

  /** The pictures of the file: of a slide its sizes, and what else it has. */
  public List<Page> pages() {
    return pages;
  }

  /**
   * Decodes a rectangle and averages squares of {@code step} by {@code step} pixels; those at the
   * right and the lower edge may be cut off.
   *
   * @param index of the page, from 0
   * @return of width {@code width / step} and height {@code height / step}, rounded up
   * @throws ImageFormatException if it is damaged or of an unknown compression, not tiled, or the
   *     result too large
   */
  public RasterImage read(int index, int left, int top, int width, int height, int step) {
    Page page = pages.get(index);
    boolean inside =
        left >= 0
            && top >= 0
            && width > 0
            && height > 0
            && left <= page.width() - width
            && top <= page.height() - height;
    if (!inside || step < 1) {
      throw new IllegalArgumentException(
          "expected a rectangle inside of %dx%d pixels and a step from 1, found %dx%d at (%d, %d) and step %d"
              .formatted(page.width(), page.height(), width, height, left, top, step));
    }
    ImageSource source = new ImageSource(new byte[0], file.toString(), MOST_PIXELS);
    source.checkSize(FORMAT, Math.ceilDiv(width, step), Math.ceilDiv(height, step));
    if (!page.tiled()) {
      throw source.fail(FORMAT, "expected a picture in tiles, found one in strips");
    }
    SquareAverage average = new SquareAverage(width, height, step);
    try (FileChannel channel = FileChannel.open(file)) {
      TiffTileReader tiles =
          new TiffTileReader(channel, file.toString(), directories.get(index), page, decoder);
      int lastRow = (top + height - 1) / page.tileHeight();
      int lastColumn = (left + width - 1) / page.tileWidth();
      for (int row = top / page.tileHeight(); row <= lastRow; row++) {
        for (int column = left / page.tileWidth(); column <= lastColumn; column++) {
          RasterImage tile = tiles.read(column, row);
          average.add(tile, column * page.tileWidth() - left, row * page.tileHeight() - top);
        }
      }
    } catch (IOException e) {
      throw failure(file, e);
    }
    return average.image();
  }
}
