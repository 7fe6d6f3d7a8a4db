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
import org.vesalius.clinical.imaging.grey.WindowChoice;
import org.vesalius.runtime.Part;

/** Reads pictures for a run: ordinary ones, and frames of medical files. */
public final class AgentImages {
  private AgentImages() {}

  /**
   * The pictures of a file, or of a folder that holds one series.
   *
   * @param window which grey values are shown of a medical picture
   * @param frames which of so many frames are taken, counted from 0
   * @throws MedicalImageException if it is damaged, of a kind that is not read, or several series
   * @throws org.vesalius.runtime.vision.image.ImageFormatException if an ordinary picture cannot be
   *     decoded
   * @throws java.io.UncheckedIOException if it cannot be read
   */
  public static List<AgentImage> read(
      Path path, WindowChoice window, IntFunction<List<Integer>> frames) {
    List<MedicalImage> found = MedicalImages.open(path);
    if (found.isEmpty()) {
      AgentImage plain = AgentImage.of(Part.Image.read(path).pixels(), path.toString());
      return List.of(
          new AgentImage(
              plain.picture(),
              plain.origin(),
              Optional.of(path),
              Optional.empty(),
              "",
              OptionalInt.empty()));
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

  /** The frame in the middle, of which most is seen. */
  public static List<Integer> middle(int frames) {
    return List.of(frames / 2);
  }
}
