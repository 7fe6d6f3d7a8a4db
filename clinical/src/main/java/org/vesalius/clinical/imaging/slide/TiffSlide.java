package org.vesalius.clinical.imaging.slide;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.vesalius.clinical.imaging.PixelMask;
import org.vesalius.clinical.imaging.PlacedPicture;
import org.vesalius.clinical.imaging.Placement;
import org.vesalius.clinical.imaging.geometry.PixelSpacing;
import org.vesalius.clinical.imaging.geometry.PixelTransform;
import org.vesalius.runtime.vision.image.ImageFormatException;
import org.vesalius.runtime.vision.image.RasterImage;
import org.vesalius.runtime.vision.image.TiffTiles;

/**
 * A TIFF or BigTIFF file in tiles that is large: its first page, and smaller pages of the same
 * shape for where less is needed. Other pages, such as a photograph of the label with a name on it,
 * are never read.
 */
public final class TiffSlide implements TiledPicture {
  /** A tiled picture of more pixels is a slide. */
  private static final long LARGE = 4096L * 4096;

  /** Sides of levels are rounded. */
  private static final double SHAPE = 0.01;

  /** Coarser than this is no scan of a slide, but what a program writes by default. */
  private static final double COARSEST_MILLIMETRES = 0.02;

  /** A page, and how many pixels of the whole one of its pixels is wide and high. */
  private record Level(int page, int width, int height) {}

  private final TiffTiles file;
  private final List<Level> levels;
  private final Placement place;
  private final List<PixelMask.Rectangle> hidden;

  private TiffSlide(
      TiffTiles file, List<Level> levels, Placement place, List<PixelMask.Rectangle> hidden) {
    this.file = file;
    this.levels = levels;
    this.place = place;
    this.hidden = List.copyOf(hidden);
  }

  /**
   * Opens a file that is large or in JPEG 2000; empty if it is no TIFF in tiles, or one that is
   * decoded at once as other pictures are.
   *
   * @throws ImageFormatException if it is damaged
   */
  public static Optional<TiffSlide> open(Path path) {
    if (!TiffTiles.matches(path)) {
      return Optional.empty();
    }
    TiffTiles file = TiffTiles.open(path, new Jpeg2000Tiles());
    TiffTiles.Page first = file.pages().getFirst();
    boolean large = (long) first.width() * first.height() > LARGE;
    if (!first.tiled() || !(large || Jpeg2000Tiles.decodes(first.compression()))) {
      return Optional.empty();
    }
    Placement place =
        first
            .pixelMillimetres()
            .filter(size -> size <= COARSEST_MILLIMETRES)
            .map(size ->
                Placement.of(
                    new PixelSpacing(size, size, PixelSpacing.Place.SLIDE), Optional.empty()))
            .orElse(Placement.UNKNOWN);
    return Optional.of(new TiffSlide(file, levels(file.pages()), place, List.of()));
  }

  private static List<Level> levels(List<TiffTiles.Page> pages) {
    TiffTiles.Page first = pages.getFirst();
    List<Level> levels = new ArrayList<>();
    levels.add(new Level(0, first.width(), first.height()));
    for (int i = 1; i < pages.size(); i++) {
      TiffTiles.Page page = pages.get(i);
      double across = first.width() / (double) page.width();
      double down = first.height() / (double) page.height();
      boolean sameShape = Math.abs(across / down - 1) < SHAPE;
      if (page.tiled() && across >= 1 && sameShape) {
        levels.add(new Level(i, page.width(), page.height()));
      }
    }
    levels.sort(Comparator.comparingInt(Level::width));
    return levels;
  }

  /** The widths of the pages that show the whole, the smallest first. */
  public List<Integer> levelWidths() {
    return levels.stream().map(Level::width).toList();
  }

  @Override
  public int width() {
    return levels.getLast().width();
  }

  @Override
  public int height() {
    return levels.getLast().height();
  }

  @Override
  public Placement place() {
    return place;
  }

  @Override
  public PlacedPicture region(Tile tile, int longest) {
    check(tile, longest);
    Level level = level(tile, longest);
    double across = width() / (double) level.width();
    double down = height() / (double) level.height();
    int left = Math.min(level.width() - 1, (int) (tile.left() / across));
    int top = Math.min(level.height() - 1, (int) (tile.top() / down));
    int right = (int) Math.ceil((tile.left() + tile.width()) / across);
    int bottom = (int) Math.ceil((tile.top() + tile.height()) / down);
    int width = Math.min(level.width(), Math.max(right, left + 1)) - left;
    int height = Math.min(level.height(), Math.max(bottom, top + 1)) - top;
    Reduction reduction = Reduction.of(width, height, longest);
    RasterImage kept = file.read(level.page(), left, top, width, height, reduction.step());
    PixelTransform transform =
        PixelTransform.of(width(), height())
            .resized(level.width(), level.height())
            // The last step may reach beyond the edge.
            .cropped(left, top, kept.width() * reduction.step(), kept.height() * reduction.step())
            .resized(kept.width(), kept.height());
    return reduction.finish(PlacedPicture.of(kept, transform, place).hiding(hidden(level)));
  }

  @Override
  public TiffSlide masked(List<PixelMask.Rectangle> rectangles) {
    return new TiffSlide(file, levels, place, rectangles);
  }

  /** Who made a smaller page may have mixed a pixel into the ones beside it. */
  private List<PixelMask.Rectangle> hidden(Level level) {
    int across = level.width() == width() ? 0 : Math.ceilDiv(width(), level.width());
    int down = level.height() == height() ? 0 : Math.ceilDiv(height(), level.height());
    return hidden.stream().map(black -> black.grown(across, down, width(), height())).toList();
  }

  /** The smallest page that has as many pixels as are wanted. */
  private Level level(Tile tile, int longest) {
    double wanted = Math.min(1, longest / (double) Math.max(tile.width(), tile.height()));
    for (Level level : levels) {
      if (level.width() >= wanted * width()) {
        return level;
      }
    }
    return levels.getLast();
  }
}
