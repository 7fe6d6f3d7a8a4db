package org.vesalius.clinical.imaging.slide;

import java.util.Arrays;
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
import org.vesalius.clinical.imaging.grey.WindowChoice;
import org.vesalius.runtime.vision.image.RasterImage;

/**
 * A DICOM file whose frames are the tiles of one picture (PS3.3 C.8.12.4, C.7.6.17.3). Of several
 * focal planes or optical paths none is chosen: such files are refused.
 */
public final class DicomSlide implements TiledPicture {
  private static final Tag TOTAL_COLUMNS = Tag.of(0x0048, 0x0006);
  private static final Tag TOTAL_ROWS = Tag.of(0x0048, 0x0007);
  private static final Tag PLANE_POSITION_SLIDE = Tag.of(0x0048, 0x021a);
  private static final Tag COLUMN_POSITION = Tag.of(0x0048, 0x021e);
  private static final Tag ROW_POSITION = Tag.of(0x0048, 0x021f);

  /** Of a slide of a terapixel in tiles of 256 by 256. */
  private static final int MOST_PLACES = 1 << 24;

  private final DicomImage image;
  private final List<PixelMask.Rectangle> hidden;
  private final int width;
  private final int height;
  private final int tileWidth;
  private final int tileHeight;
  private final int across;

  /** The frame at each place of the grid, row by row; -1 where there is none. */
  private final int[] frames;

  private DicomSlide(DicomImage image, int width, int height, int tileWidth, int tileHeight) {
    this.image = image;
    this.width = width;
    this.height = height;
    this.tileWidth = tileWidth;
    this.tileHeight = tileHeight;
    hidden = List.of();
    across = Math.ceilDiv(width, tileWidth);
    frames = new int[Math.multiplyExact(across, Math.ceilDiv(height, tileHeight))];
  }

  private DicomSlide(DicomSlide slide, List<PixelMask.Rectangle> hidden) {
    image = slide.image;
    width = slide.width;
    height = slide.height;
    tileWidth = slide.tileWidth;
    tileHeight = slide.tileHeight;
    across = slide.across;
    frames = slide.frames;
    this.hidden = List.copyOf(hidden);
  }

  /**
   * The slide of a file; empty if its frames are not tiles.
   *
   * @throws MedicalImageException if they are, but not as one whole picture
   */
  public static Optional<DicomSlide> of(DicomFile file) {
    DataSet data = file.dataSet();
    OptionalInt width = data.integer(TOTAL_COLUMNS);
    OptionalInt height = data.integer(TOTAL_ROWS);
    OptionalInt tileWidth = data.integer(Tag.COLUMNS);
    OptionalInt tileHeight = data.integer(Tag.ROWS);
    if (width.isEmpty() || height.isEmpty() || tileWidth.isEmpty() || tileHeight.isEmpty()) {
      return Optional.empty();
    }
    String name = file.name();
    long places = 0;
    if (Math.min(width.getAsInt(), height.getAsInt()) > 0
        && Math.min(tileWidth.getAsInt(), tileHeight.getAsInt()) > 0) {
      places =
          (long) Math.ceilDiv(width.getAsInt(), tileWidth.getAsInt())
              * Math.ceilDiv(height.getAsInt(), tileHeight.getAsInt());
    }
    // A sparse file has fewer tiles than places, but not a thousandth.
    if (places < 1 || places > Math.min(MOST_PLACES, 1000L * file.frames())) {
      throw fail(
          name,
          "a picture of %dx%d pixels in %d tiles of %dx%d: expected as many as it needs"
              .formatted(
                  width.getAsInt(),
                  height.getAsInt(),
                  file.frames(),
                  tileWidth.getAsInt(),
                  tileHeight.getAsInt()));
    }
    DicomSlide slide =
        new DicomSlide(
            DicomImage.of(file),
            width.getAsInt(),
            height.getAsInt(),
            tileWidth.getAsInt(),
            tileHeight.getAsInt());
    slide.index(name, data, file.frames());
    return Optional.of(slide);
  }

  private static MedicalImageException fail(String name, String problem) {
    return new MedicalImageException(name + ": DICOM: " + problem);
  }

  private void index(String name, DataSet data, int count) {
    List<DataSet> perFrame = data.items(Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE);
    boolean placed =
        !perFrame.isEmpty() && !perFrame.getFirst().items(PLANE_POSITION_SLIDE).isEmpty();
    if (!placed && count != frames.length) {
      throw fail(
          name,
          "expected %d tiles, found %d: several focal planes or optical paths are not supported"
              .formatted(frames.length, count));
    }
    Arrays.fill(frames, -1);
    for (int frame = 0; frame < count; frame++) {
      int place = placed ? place(name, perFrame, frame) : frame;
      if (frames[place] >= 0) {
        throw fail(
            name,
            "two tiles at one place: several focal planes or optical paths are not supported");
      }
      frames[place] = frame;
    }
  }

  private int place(String name, List<DataSet> perFrame, int frame) {
    List<DataSet> position =
        frame < perFrame.size() ? perFrame.get(frame).items(PLANE_POSITION_SLIDE) : List.of();
    if (position.isEmpty()) {
      throw fail(name, "tile " + (frame + 1) + ": expected its position, found none");
    }
    // Positions are those of the tile's first pixel, counted from 1.
    long column = (long) position.getFirst().integer(COLUMN_POSITION).orElse(0) - 1;
    long row = (long) position.getFirst().integer(ROW_POSITION).orElse(0) - 1;
    boolean inGrid =
        column >= 0
            && row >= 0
            && column < width
            && row < height
            && column % tileWidth == 0
            && row % tileHeight == 0;
    if (!inGrid) {
      throw fail(
          name,
          "tile %d: expected it in a grid of %dx%d, found it at column %d, row %d"
              .formatted(frame + 1, tileWidth, tileHeight, column + 1, row + 1));
    }
    return (int) (row / tileHeight) * across + (int) (column / tileWidth);
  }

  @Override
  public int width() {
    return width;
  }

  @Override
  public int height() {
    return height;
  }

  @Override
  public Placement place() {
    return image.place(0);
  }

  @Override
  public PlacedPicture region(Tile tile, int longest) {
    check(tile, longest);
    Reduction reduction = Reduction.of(tile.width(), tile.height(), longest);
    int step = reduction.step();
    int keptWidth = Math.ceilDiv(tile.width(), step);
    int keptHeight = Math.ceilDiv(tile.height(), step);
    byte[] rgb = new byte[Math.multiplyExact(3, keptWidth * keptHeight)];
    int firstRow = tile.top() / tileHeight;
    int lastRow = (tile.top() + tile.height() - 1) / tileHeight;
    int firstColumn = tile.left() / tileWidth;
    int lastColumn = (tile.left() + tile.width() - 1) / tileWidth;
    for (int row = firstRow; row <= lastRow; row++) {
      for (int column = firstColumn; column <= lastColumn; column++) {
        int frame = frames[row * across + column];
        // What was not scanned is black.
        if (frame >= 0) {
          copy(frame, column * tileWidth, row * tileHeight, tile, step, rgb, keptWidth);
        }
      }
    }
    PixelTransform transform =
        PixelTransform.of(width, height)
            // The last step may reach beyond the edge.
            .cropped(tile.left(), tile.top(), keptWidth * step, keptHeight * step)
            .resized(keptWidth, keptHeight);
    return reduction.finish(
        PlacedPicture.of(RasterImage.ofRgb(keptWidth, keptHeight, rgb), transform, place())
            .hiding(hidden));
  }

  @Override
  public DicomSlide masked(List<PixelMask.Rectangle> rectangles) {
    return new DicomSlide(this, rectangles);
  }

  private void copy(int frame, int left, int top, Tile tile, int step, byte[] rgb, int keptWidth) {
    byte[] source = image.frame(frame).shown(WindowChoice.usual()).image().copyRgb();
    int keptHeight = rgb.length / 3 / keptWidth;
    for (int y = 0; y < keptHeight; y++) {
      int fromY = at(tile.top(), y, step, tile.height()) - top;
      if (fromY < 0 || fromY >= tileHeight) {
        continue;
      }
      for (int x = 0; x < keptWidth; x++) {
        int fromX = at(tile.left(), x, step, tile.width()) - left;
        if (fromX >= 0 && fromX < tileWidth) {
          System.arraycopy(
              source, 3 * (fromY * tileWidth + fromX), rgb, 3 * (y * keptWidth + x), 3);
        }
      }
    }
  }

  /** The pixel in the middle of a step. */
  private static int at(int start, int index, int step, int length) {
    return start + Math.min(index * step + step / 2, length - 1);
  }
}
