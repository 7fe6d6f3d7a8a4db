package org.vesalius.clinical.imaging.slide;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.vesalius.clinical.imaging.ColourFrame;
import org.vesalius.clinical.imaging.DicomImage;
import org.vesalius.clinical.imaging.Frame;
import org.vesalius.clinical.imaging.GreyFrame;
import org.vesalius.clinical.imaging.PixelMask;
import org.vesalius.clinical.imaging.grey.Display;
import org.vesalius.clinical.imaging.grey.ValueRange;
import org.vesalius.clinical.imaging.grey.Window;
import org.vesalius.clinical.imaging.grey.WindowChoice;
import org.vesalius.runtime.vision.image.RasterImage;

/**
 * Shows the tiles of a slide of greys, such as one of fluorescence, in one window: where the file
 * has none, a window of each tile's own would make dark tiles as bright as the others.
 */
final class SlideBrightness {
  /** Tiles that are looked at for the values of the whole. */
  private static final int SAMPLE = 16;

  private static final double TAIL = 0.005;

  private final DicomImage image;
  private final SlideGrid grid;
  private final int[] frames;
  private final List<PixelMask.Rectangle> hidden;

  /** Found once; two threads may both find it, and find the same. */
  private volatile @Nullable Display window;

  /**
   * The tiles of a layer.
   *
   * @param frames by places of the grid; -1 where there is none
   * @param hidden rectangles of the whole that are black, and that no window depends on
   */
  SlideBrightness(
      DicomImage image, SlideGrid grid, int[] frames, List<PixelMask.Rectangle> hidden) {
    this.image = image;
    this.grid = grid;
    this.frames = frames;
    this.hidden = List.copyOf(hidden);
  }

  /** The tile at a place, which has one, as it is seen. */
  RasterImage shown(int place) {
    return switch (tile(place)) {
      case ColourFrame colours -> colours.picture().image();
      case GreyFrame grey -> window().picture(grey.values());
    };
  }

  private Frame tile(int place) {
    List<PixelMask.Rectangle> black =
        hidden.stream().flatMap(rectangle -> grid.inTile(place, rectangle).stream()).toList();
    return image.frame(frames[place]).hiding(black);
  }

  private Display window() {
    Display known = window;
    if (known == null) {
      known = found();
      window = known;
    }
    return known;
  }

  private Display found() {
    int[] places = IntStream.range(0, frames.length).filter(i -> frames[i] >= 0).toArray();
    Frame first = tile(places[0]);
    Display usual = first.chosen(WindowChoice.usual()).orElseThrow();
    if (!(first instanceof GreyFrame grey) || isOfFile(grey)) {
      return usual;
    }
    int step = Math.max(1, places.length / SAMPLE);
    double least = Double.POSITIVE_INFINITY;
    double most = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < places.length; i += step) {
      if (tile(places[i]) instanceof GreyFrame tile) {
        Optional<ValueRange> range = ValueRange.without(TAIL, tile.values());
        least = Math.min(least, range.map(ValueRange::least).orElse(least));
        most = Math.max(most, range.map(ValueRange::most).orElse(most));
      }
    }
    return least < most
        ? new Display.Grey(Window.ofRange(least, most), grey.inverted(), "values of the slide")
        : usual;
  }

  /** Whether the window of a tile is that of all. */
  private static boolean isOfFile(GreyFrame grey) {
    return !grey.windows().isEmpty()
        || grey.fallback().isPresent()
        || grey.quantity() == GreyFrame.Quantity.BRIGHTNESS
        || grey.quantity() == GreyFrame.Quantity.HOUNSFIELD;
  }
}
