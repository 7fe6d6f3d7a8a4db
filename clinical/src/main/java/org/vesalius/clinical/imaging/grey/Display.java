package org.vesalius.clinical.imaging.grey;

import java.util.List;
import java.util.stream.Collectors;
import org.vesalius.runtime.vision.image.RasterImage;

/**
 * How grey values become a picture: a window that was chosen, and why. Brightness is calculated in
 * double for each pixel, and rounded once.
 */
public sealed interface Display {
  /** The windows of {@link WindowChoice.CtRgb}: red, green and blue. */
  List<Window> CT_CHANNELS =
      List.of(
          new Window(-100, 2250, Window.Function.LINEAR_EXACT),
          new Window(40, 350, Window.Function.LINEAR_EXACT),
          new Window(40, 80, Window.Function.LINEAR_EXACT));

  /** The picture of some values; black where there is none. */
  RasterImage picture(GreyValues values);

  /** Which window it is, for people. */
  String description();

  /** Why it is this one. */
  String reason();

  /**
   * One window, shown in grey of 16 bits.
   *
   * @param inverted whether high values are dark, as for MONOCHROME1
   */
  record Grey(VoiTransform voi, boolean inverted, String reason) implements Display {
    private static final int FULL = 0xffff;

    @Override
    public RasterImage picture(GreyValues values) {
      char[] grey = new char[values.count()];
      for (int i = 0; i < grey.length; i++) {
        if (!values.isPadding(i)) {
          double shown = voi.apply(values.value(i));
          grey[i] = (char) Math.rint(FULL * (inverted ? 1 - shown : shown));
        }
      }
      return RasterImage.ofGray16(values.width(), values.height(), grey);
    }

    @Override
    public String description() {
      return voi.description() + (inverted ? ", high values dark" : "");
    }
  }

  /**
   * Three windows of Hounsfield units as red, green and blue of 8 bits. They are calculated in
   * float and rounded half to even, as NumPy does it.
   */
  record CtRgb() implements Display {
    @Override
    public RasterImage picture(GreyValues values) {
      byte[] rgb = new byte[Math.multiplyExact(3, values.count())];
      for (int i = 0; i < values.count(); i++) {
        if (values.isPadding(i)) {
          continue;
        }
        float value = (float) values.value(i);
        for (int c = 0; c < 3; c++) {
          rgb[3 * i + c] = shown(CT_CHANNELS.get(c), value);
        }
      }
      return RasterImage.ofRgb(values.width(), values.height(), rgb);
    }

    private static byte shown(Window window, float value) {
      float darkest = (float) (window.centre() - window.width() / 2);
      float brightest = (float) (window.centre() + window.width() / 2);
      if (Float.isNaN(value)) {
        return 0;
      }
      float above = Math.clamp(value, darkest, brightest) - darkest;
      return (byte) Math.rint(above / (brightest - darkest) * 255f);
    }

    @Override
    public String description() {
      return CT_CHANNELS.stream()
          .map(w -> Window.number(w.width()) + "/" + Window.number(w.centre()))
          .collect(Collectors.joining(", ", "widths/centres ", " as red, green and blue"));
    }

    @Override
    public String reason() {
      return "chosen";
    }
  }
}
