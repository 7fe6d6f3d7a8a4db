package org.vesalius.cli;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.vesalius.clinical.imaging.PixelMask;
import org.vesalius.clinical.imaging.grey.WindowChoice;
import picocli.CommandLine.Option;

/** The options that say what is taken of a medical picture. */
final class MedicalArguments {
  @Option(
      names = "--window",
      paramLabel = "C/W|PRESET",
      description =
          "Which grey values are shown: CENTRE/WIDTH such as 40/400, #N for the N-th window of the"
              + " file, full, ct-rgb, or abdomen, angiography, bone, brain, liver, lung,"
              + " mediastinum, stroke, subdural (default: what the file says).")
  private @Nullable String window;

  @Option(
      names = "--frame",
      paramLabel = "N",
      description = "Which frame or slice, from 1; a range such as 3-7, or all.")
  private @Nullable String frame;

  @Option(
      names = "--mask",
      paramLabel = "X1,Y1,X2,Y2|regions",
      description =
          "Blacks out a rectangle, in pixels of the stored frame, or all but the ultrasound regions"
              + " of the file, in every picture, before anything sees it; may be repeated.")
  private List<String> mask = List.of();

  /**
   * What is blacked out.
   *
   * @throws IllegalArgumentException if a piece of it is none
   */
  PixelMask mask() {
    try {
      return PixelMask.parse(mask);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("--" + e.getMessage(), e);
    }
  }

  /** What was typed as the mask. */
  List<String> masks() {
    return List.copyOf(mask);
  }

  /**
   * The window.
   *
   * @throws IllegalArgumentException if it is none
   */
  WindowChoice choice() {
    return window == null ? WindowChoice.usual() : WindowChoice.parse(window);
  }

  /**
   * The pictures; empty where nothing is said.
   *
   * @throws IllegalArgumentException if what is said is nothing
   */
  Optional<FrameSelection> frames() {
    return Optional.ofNullable(frame).map(FrameSelection::parse);
  }

  /** What was typed as the window. */
  Optional<String> window() {
    return Optional.ofNullable(window);
  }

  /** What was typed as the frames. */
  Optional<String> frame() {
    return Optional.ofNullable(frame);
  }

  /** Whether something is said that ordinary pictures do not have. */
  boolean isGiven() {
    return window != null || frame != null;
  }
}
