package org.vesalius.clinical.imaging;

import java.util.List;
import java.util.Optional;
import org.vesalius.clinical.imaging.grey.Display;
import org.vesalius.clinical.imaging.grey.WindowChoice;

/** One picture in colours, for which there is no window. */
public record ColourFrame(PlacedPicture picture) implements Frame {

  @Override
  public int width() {
    return picture.transform().sourceWidth();
  }

  @Override
  public int height() {
    return picture.transform().sourceHeight();
  }

  @Override
  public Placement place() {
    return picture.place();
  }

  @Override
  public PlacedPicture shown(WindowChoice choice) {
    if (!(choice instanceof WindowChoice.Usual)) {
      throw new MedicalImageException("window: the picture is in colours; leave the window out");
    }
    return picture;
  }

  @Override
  public ColourFrame hiding(List<PixelMask.Rectangle> hidden) {
    return new ColourFrame(picture.hiding(hidden));
  }

  @Override
  public Optional<Display> chosen(WindowChoice choice) {
    return Optional.empty();
  }
}
