package org.vesalius.clinical.agent;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.IntFunction;
import org.vesalius.clinical.imaging.Frame;
import org.vesalius.clinical.imaging.MedicalImage;
import org.vesalius.clinical.imaging.MedicalImageException;
import org.vesalius.clinical.imaging.MedicalImages;
import org.vesalius.clinical.imaging.PixelMask;
import org.vesalius.clinical.imaging.grey.WindowChoice;
import org.vesalius.runtime.Part;
import org.vesalius.runtime.vision.image.RasterImage;

/** Reads pictures for a run: ordinary ones, and frames of medical files. */
public final class AgentImages {
  private AgentImages() {}

  /** The pictures of a file, or of a folder that holds one series, without a mask. */
  public static List<AgentImage> read(
      Path path, WindowChoice window, IntFunction<List<Integer>> frames) {
    return read(path, PixelMask.NONE, window, frames);
  }

  /**
   * The pictures of a file, or of a folder that holds one series.
   *
   * @param mask what is black in them, and in all that is made of them
   * @param window which grey values are shown of a medical picture
   * @param frames which of so many frames are taken, counted from 0
   * @throws MedicalImageException if it is damaged, of a kind that is not read, or several series,
   *     or the mask does not fit
   * @throws org.vesalius.runtime.vision.image.ImageFormatException if an ordinary picture cannot be
   *     decoded
   * @throws java.io.UncheckedIOException if it cannot be read
   */
  public static List<AgentImage> read(
      Path path, PixelMask mask, WindowChoice window, IntFunction<List<Integer>> frames) {
    List<MedicalImage> found = MedicalImages.open(path, mask);
    if (found.isEmpty()) {
      return List.of(plain(path, mask));
    }
    if (found.size() > 1) {
      throw new MedicalImageException(
          "%s holds %d series; give a folder of one, or single files (vesalius view shows them)"
              .formatted(path, found.size()));
    }
    MedicalImage medical = found.getFirst();
    List<AgentImage> images = new ArrayList<>();
    for (int index : frames.apply(medical.frames())) {
      Frame frame = medical.frame(index);
      images.add(
          new AgentImage(
              frame.picture(window),
              path.toString(),
              Optional.of(path),
              Optional.of(new AgentImage.MedicalFrame(medical, index)),
              frame
                  .chosen(window)
                  .map(shown -> shown.description() + " (" + shown.reason() + ")")
                  .orElse(""),
              OptionalInt.empty()));
    }
    return images;
  }

  private static AgentImage plain(Path path, PixelMask mask) {
    AgentImage whole = AgentImage.of(Part.Image.read(path).pixels(), path.toString());
    RasterImage pixels = whole.picture().image();
    List<PixelMask.Rectangle> hidden =
        mask.in(whole.origin(), pixels.width(), pixels.height(), List.of());
    return new AgentImage(
        whole.picture().hiding(hidden),
        whole.origin(),
        Optional.of(path),
        Optional.empty(),
        "",
        OptionalInt.empty(),
        hidden,
        Optional.empty());
  }

  /** The frame in the middle, of which most is seen. */
  public static List<Integer> middle(int frames) {
    return List.of(frames / 2);
  }
}
