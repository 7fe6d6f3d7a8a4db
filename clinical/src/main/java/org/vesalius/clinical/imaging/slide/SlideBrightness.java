package org.vesalius.clinical.imaging.slide;

import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.vesalius.clinical.imaging.ColourFrame;
import org.vesalius.clinical.imaging.DicomImage;
import org.vesalius.clinical.imaging.Frame;
import org.vesalius.clinical.imaging.GreyFrame;
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
  private final int[] frames;

  /** Found once; two threads may both find it, and find the same. */
  private volatile @Nullable Display window;

  /**
   * The tiles of a layer.
   *
   * @param frames of its tiles; -1 where there is none
   */
  SlideBrightness(DicomImage image, int[] frames) {
    this.image = image;
    this.frames = Arrays.stream(frames).filter(frame -> frame >= 0).toArray();
  }

  /** A tile as it is seen. */
  RasterImage shown(int frame) {
    return switch (image.frame(frame)) {
      case ColourFrame colours -> colours.picture().image();
      case GreyFrame grey -> window().picture(grey.values());
    };
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
    Frame first = image.frame(frames.length == 0 ? 0 : frames[0]);
    Display usual = first.chosen(WindowChoice.usual()).orElseThrow();
    if (!(first instanceof GreyFrame grey) || isOfFile(grey)) {
      return usual;
    }
    int step = Math.max(1, frames.length / SAMPLE);
    double least = Double.POSITIVE_INFINITY;
    double most = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < frames.length; i += step) {
      if (image.frame(frames[i]) instanceof GreyFrame tile) {
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
