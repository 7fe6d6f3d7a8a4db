package org.vesalius.clinical.imaging;

import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import org.vesalius.clinical.imaging.geometry.PixelTransform;
import org.vesalius.clinical.imaging.grey.CtPreset;
import org.vesalius.clinical.imaging.grey.Display;
import org.vesalius.clinical.imaging.grey.GreyValues;
import org.vesalius.clinical.imaging.grey.ValueRange;
import org.vesalius.clinical.imaging.grey.VoiTransform;
import org.vesalius.clinical.imaging.grey.Window;
import org.vesalius.clinical.imaging.grey.WindowChoice;

/**
 * One picture of grey values.
 *
 * @param values in units of the modality
 * @param windows what the file says may be shown of them, the preferred first: tables, then windows
 * @param inverted whether high values are dark (MONOCHROME1)
 * @param quantity what the values are
 * @param fallback the window where the file says none; empty for {@link #MOST_VALUES} of this frame
 * @param place where the picture is
 */
public record GreyFrame(
    GreyValues values,
    List<VoiTransform> windows,
    boolean inverted,
    Quantity quantity,
    Optional<Display.Grey> fallback,
    Placement place)
    implements Frame {

  /** What is done without a better reason: all but the extreme values. */
  static final String MOST_VALUES =
      "no window in the file: all but the 0.5% lowest and highest values";

  private static final double TAIL = 0.005;

  /** What grey values are. */
  public enum Quantity {
    /** Hounsfield units, on which the presets of computed tomography are defined. */
    HOUNSFIELD,
    /** Brightness of 8 bits, made to be looked at. */
    BRIGHTNESS,
    /** Something else that is known, such as the signal of magnetic resonance. */
    OTHER,
    /** The file does not say. */
    UNKNOWN
  }

  /** Copies the list. */
  public GreyFrame {
    windows = List.copyOf(windows);
  }

  @Override
  public int width() {
    return values.width();
  }

  @Override
  public int height() {
    return values.height();
  }

  @Override
  public GreyFrame hiding(List<PixelMask.Rectangle> hidden) {
    if (hidden.isEmpty()) {
      return this;
    }
    BitSet pixels = new BitSet(values.count());
    for (PixelMask.Rectangle rectangle : hidden) {
      rectangle.requireInside("frame", width(), height());
      for (int y = rectangle.y1(); y < rectangle.y2(); y++) {
        pixels.set(y * width() + rectangle.x1(), y * width() + rectangle.x2());
      }
    }
    return new GreyFrame(values.without(pixels), windows, inverted, quantity, fallback, place);
  }

  @Override
  public PlacedPicture shown(WindowChoice choice) {
    return new PlacedPicture(
        display(choice).picture(values), PixelTransform.of(width(), height()), place);
  }

  @Override
  public Optional<Display> chosen(WindowChoice choice) {
    return Optional.of(display(choice));
  }

  /**
   * The window that a choice means here.
   *
   * @throws MedicalImageException if the file has no such window, or a preset of computed
   *     tomography is wanted of something else
   */
  public Display display(WindowChoice choice) {
    return switch (choice) {
      case WindowChoice.Usual _ -> usual();
      case WindowChoice.Given(Window window) -> new Display.Grey(window, inverted, "chosen");
      case WindowChoice.Preset(CtPreset preset) -> {
        requireHounsfield(preset.label());
        yield new Display.Grey(preset.window(), inverted, "chosen: " + preset.label());
      }
      case WindowChoice.CtRgb _ -> {
        requireHounsfield(WindowChoice.CT_RGB);
        yield new Display.CtRgb();
      }
      case WindowChoice.FullRange _ ->
          new Display.Grey(
              range(ValueRange.of(values)), inverted, "chosen: all values of the picture");
      case WindowChoice.OfFile(int number) -> {
        if (number > windows.size()) {
          throw new MedicalImageException(
              "window #%d: the file has %s".formatted(number, count(windows.size())));
        }
        yield new Display.Grey(
            windows.get(number - 1),
            inverted,
            "chosen: window %d of %d in the file".formatted(number, windows.size()));
      }
    };
  }

  private static String count(int windows) {
    return windows == 0 ? "none" : windows == 1 ? "one, #1" : windows + ", #1 to #" + windows;
  }

  private Display.Grey usual() {
    if (!windows.isEmpty()) {
      return new Display.Grey(windows.getFirst(), inverted, "the file's own");
    }
    if (fallback.isPresent()) {
      return fallback.get();
    }
    return switch (quantity) {
      case HOUNSFIELD ->
          new Display.Grey(
              CtPreset.ABDOMEN.window(),
              inverted,
              "no window in the file: " + CtPreset.ABDOMEN.label() + ", as it is CT");
      case BRIGHTNESS ->
          new Display.Grey(
              Window.ofRange(0, 255), inverted, "no window in the file: 8 bits as they are");
      case OTHER, UNKNOWN ->
          new Display.Grey(range(ValueRange.without(TAIL, values)), inverted, MOST_VALUES);
    };
  }

  private static Window range(Optional<ValueRange> range) {
    return range
        .map(r -> Window.ofRange(r.least(), r.most()))
        // Nothing but padding: any window shows it black.
        .orElse(Window.ofRange(0, 1));
  }

  private void requireHounsfield(String preset) {
    if (quantity != Quantity.HOUNSFIELD && quantity != Quantity.UNKNOWN) {
      throw new MedicalImageException(
          "window "
              + preset
              + ": it is for Hounsfield units of computed tomography, and this picture has none;"
              + " give a window as CENTRE/WIDTH");
    }
  }
}
