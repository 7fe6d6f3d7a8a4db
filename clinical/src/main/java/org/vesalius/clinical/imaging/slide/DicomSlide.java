package org.vesalius.clinical.imaging.slide;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.vesalius.clinical.imaging.DicomImage;
import org.vesalius.clinical.imaging.MedicalImageException;
import org.vesalius.clinical.imaging.PixelMask;
import org.vesalius.clinical.imaging.PlacedPicture;
import org.vesalius.clinical.imaging.Placement;
import org.vesalius.clinical.imaging.dicom.DataSet;
import org.vesalius.clinical.imaging.dicom.DicomFile;
import org.vesalius.clinical.imaging.dicom.Tag;
import org.vesalius.clinical.imaging.geometry.PixelTransform;
import org.vesalius.runtime.vision.image.RasterImage;

/**
 * A DICOM file whose frames are the tiles of one picture (PS3.3 C.8.12.4, C.7.6.17.3). Of several
 * focal planes and optical paths it is one, which {@link SlideLayer} chooses.
 */
public final class DicomSlide implements TiledPicture {
  private static final Tag TOTAL_COLUMNS = Tag.of(0x0048, 0x0006);
  private static final Tag TOTAL_ROWS = Tag.of(0x0048, 0x0007);

  /** Of a slide of a terapixel in tiles of 256 by 256. */
  private static final int MOST_PLACES = 1 << 24;

  private final DicomImage image;
  private final SlideGrid grid;
  private final SlideFrames tiles;
  private final SlideBrightness brightness;
  private final Placement place;

  private DicomSlide(
      DicomImage image, SlideGrid grid, SlideFrames tiles, List<PixelMask.Rectangle> hidden) {
    this.image = image;
    this.grid = grid;
    this.tiles = tiles;
    this.brightness = new SlideBrightness(image, grid, tiles.frames(), hidden);
    this.place = image.place(tiles.first());
  }

  /**
   * The slide of a file; empty if its frames are not tiles.
   *
   * @throws MedicalImageException if they are, but not as one whole picture
   */
  public static Optional<DicomSlide> of(DicomFile file) {
    return of(file, SlideLayer.usual());
  }

  /**
   * One layer of the slide of a file; empty if its frames are not tiles.
   *
   * @throws MedicalImageException if they are, but not as one whole picture, or there is no such
   *     layer
   */
  public static Optional<DicomSlide> of(DicomFile file, SlideLayer layer) {
    DataSet data = file.dataSet();
    OptionalInt width = data.integer(TOTAL_COLUMNS);
    OptionalInt height = data.integer(TOTAL_ROWS);
    OptionalInt tileWidth = data.integer(Tag.COLUMNS);
    OptionalInt tileHeight = data.integer(Tag.ROWS);
    if (width.isEmpty() || height.isEmpty() || tileWidth.isEmpty() || tileHeight.isEmpty()) {
      return Optional.empty();
    }
    SlideGrid grid =
        new SlideGrid(
            width.getAsInt(), height.getAsInt(), tileWidth.getAsInt(), tileHeight.getAsInt());
    // A sparse file has fewer tiles than places, but not a thousandth.
    if (grid.places() < 1 || grid.places() > Math.min(MOST_PLACES, 1000L * file.frames())) {
      throw SlideFrames.fail(
          file.name(),
          "a picture of %dx%d pixels in %d tiles of %dx%d: expected as many as it needs"
              .formatted(
                  grid.width(), grid.height(), file.frames(), grid.tileWidth(), grid.tileHeight()));
    }
    SlideFrames tiles = SlideFrames.of(file.name(), data, file.frames(), grid, layer);
    return Optional.of(new DicomSlide(DicomImage.of(file), grid, tiles, List.of()));
  }

  /** How many focal planes the file has. */
  public int focalPlanes() {
    return tiles.focalPlanes();
  }

  /**
   * How high the focal planes lie over the nominal focus, in micrometres; empty where the file does
   * not say it.
   */
  public List<Double> focalPlaneHeights() {
    return tiles.heights();
  }

  /** The focal plane that this slide is, from 1. */
  public int focalPlane() {
    return tiles.focalPlane();
  }

  /** How many optical paths the file has. */
  public int opticalPaths() {
    return tiles.opticalPaths();
  }

  /** The optical path that this slide is, from 1. */
  public int opticalPath() {
    return tiles.opticalPath();
  }

  @Override
  public int width() {
    return grid.width();
  }

  @Override
  public int height() {
    return grid.height();
  }

  @Override
  public Placement place() {
    return place;
  }

  @Override
  public PlacedPicture region(Tile tile, int longest) {
    check(tile, longest);
    Reduction reduction = Reduction.of(tile.width(), tile.height(), longest);
    int step = reduction.step();
    int keptWidth = Math.ceilDiv(tile.width(), step);
    int keptHeight = Math.ceilDiv(tile.height(), step);
    byte[] rgb = new byte[Math.multiplyExact(3, keptWidth * keptHeight)];
    int firstRow = tile.top() / grid.tileHeight();
    int lastRow = (tile.top() + tile.height() - 1) / grid.tileHeight();
    int firstColumn = tile.left() / grid.tileWidth();
    int lastColumn = (tile.left() + tile.width() - 1) / grid.tileWidth();
    for (int row = firstRow; row <= lastRow; row++) {
      for (int column = firstColumn; column <= lastColumn; column++) {
        int place = row * grid.across() + column;
        // What was not scanned is black.
        if (tiles.frames()[place] >= 0) {
          copy(place, tile, step, rgb, keptWidth);
        }
      }
    }
    PixelTransform transform =
        PixelTransform.of(grid.width(), grid.height())
            // The last step may reach beyond the edge.
            .cropped(tile.left(), tile.top(), keptWidth * step, keptHeight * step)
            .resized(keptWidth, keptHeight);
    return reduction.finish(
        PlacedPicture.of(RasterImage.ofRgb(keptWidth, keptHeight, rgb), transform, place()));
  }

  @Override
  public DicomSlide masked(List<PixelMask.Rectangle> rectangles) {
    return new DicomSlide(image, grid, tiles, rectangles);
  }

  private void copy(int place, Tile tile, int step, byte[] rgb, int keptWidth) {
    int left = grid.left(place);
    int top = grid.top(place);
    byte[] source = brightness.shown(place).copyRgb();
    int keptHeight = rgb.length / 3 / keptWidth;
    for (int y = 0; y < keptHeight; y++) {
      int fromY = at(tile.top(), y, step, tile.height()) - top;
      if (fromY < 0 || fromY >= grid.tileHeight()) {
        continue;
      }
      for (int x = 0; x < keptWidth; x++) {
        int fromX = at(tile.left(), x, step, tile.width()) - left;
        if (fromX >= 0 && fromX < grid.tileWidth()) {
          System.arraycopy(
              source, 3 * (fromY * grid.tileWidth() + fromX), rgb, 3 * (y * keptWidth + x), 3);
        }
      }
    }
  }

  /** The pixel in the middle of a step. */
  private static int at(int start, int index, int step, int length) {
    return start + Math.min(index * step + step / 2, length - 1);
  }
}
