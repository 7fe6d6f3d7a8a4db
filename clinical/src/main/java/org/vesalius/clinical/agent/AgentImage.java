package org.vesalius.clinical.agent;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.vesalius.clinical.imaging.BurnedInText;
import org.vesalius.clinical.imaging.MedicalImage;
import org.vesalius.clinical.imaging.PixelMask;
import org.vesalius.clinical.imaging.PlacedPicture;
import org.vesalius.clinical.imaging.Placement;
import org.vesalius.clinical.imaging.geometry.PixelTransform;
import org.vesalius.runtime.Part;
import org.vesalius.runtime.vision.image.RasterImage;

/**
 * A picture in a run, with the way back to what it was made of.
 *
 * @param picture what the model looks at
 * @param origin the file, as the caller named it, or what made it, for people
 * @param file that it was read from; empty for one from memory
 * @param medical the medical file and the frame of it, for tools that show it otherwise; empty for
 *     an ordinary picture
 * @param window what grey values are shown, for people; empty where there is no choice
 * @param parent index of the picture that it was made of; empty for one of the request's
 * @param hidden rectangles of the source that are black
 * @param burnedIn text that is to be expected in the picture; where there is some, traces and
 *     overlays leave the picture out
 */
public record AgentImage(
    PlacedPicture picture,
    String origin,
    Optional<Path> file,
    Optional<MedicalFrame> medical,
    String window,
    OptionalInt parent,
    List<PixelMask.Rectangle> hidden,
    Optional<BurnedInText> burnedIn) {

  /** Copies the list. */
  public AgentImage {
    hidden = List.copyOf(hidden);
  }

  /** A picture of which the medical file, where there is one, says what it shows. */
  public AgentImage(
      PlacedPicture picture,
      String origin,
      Optional<Path> file,
      Optional<MedicalFrame> medical,
      String window,
      OptionalInt parent) {
    this(
        picture,
        origin,
        file,
        medical,
        window,
        parent,
        medical.map(frame -> frame.image().hidden(frame.index())).orElse(List.of()),
        medical.flatMap(frame -> frame.image().burnedIn()));
  }

  /**
   * A frame of a medical file.
   *
   * @param image the file
   * @param index of the frame, from 0
   */
  public record MedicalFrame(MedicalImage image, int index) {}

  /** An ordinary picture. */
  public static AgentImage of(RasterImage pixels, String origin) {
    return new AgentImage(
        PlacedPicture.of(
            pixels, PixelTransform.of(pixels.width(), pixels.height()), Placement.UNKNOWN),
        origin,
        Optional.empty(),
        Optional.empty(),
        "",
        OptionalInt.empty());
  }

  /** Another picture of the same source. */
  public AgentImage madeInto(PlacedPicture other, String how, int ofImage) {
    return new AgentImage(
        other, how, file, medical, window, OptionalInt.of(ofImage), hidden, burnedIn);
  }

  /** The same with other grey values. */
  public AgentImage withWindow(PlacedPicture other, String shown, String how, int ofImage) {
    return new AgentImage(
        other, how, file, medical, shown, OptionalInt.of(ofImage), hidden, burnedIn);
  }

  /**
   * Why what is written for others leaves the picture out, and what to do; empty if it need not.
   */
  public Optional<String> withheld() {
    return burnedIn.map(text ->
        "left out: %s; %s, and --show-burned-in shows it as it is"
            .formatted(text.reason(), text.remedy()));
  }

  /** As a part of a message. */
  public Part.Picture part() {
    return new Part.Pixels(picture.image(), origin);
  }
}
