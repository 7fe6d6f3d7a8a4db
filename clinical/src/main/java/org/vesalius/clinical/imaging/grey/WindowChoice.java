package org.vesalius.clinical.imaging.grey;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** Which window somebody wants. */
public sealed interface WindowChoice {
  /** The name of {@link CtRgb}. */
  String CT_RGB = "ct-rgb";

  /** The name of {@link FullRange}. */
  String FULL = "full";

  /** What the file says, and where it says nothing what suits its kind. */
  record Usual() implements WindowChoice {}

  /** One of the windows of the file, counted from 1: its tables first, then its windows. */
  record OfFile(int number) implements WindowChoice {}

  /** This window. */
  record Given(Window window) implements WindowChoice {}

  /** A usual window of computed tomography. */
  record Preset(CtPreset preset) implements WindowChoice {}

  /** From the smallest to the largest value of the picture. */
  record FullRange() implements WindowChoice {}

  /**
   * Three windows of computed tomography as red, green and blue, which is how MedGemma sees it:
   * widths and centres 2250/-100, 350/40 and 80/40.
   */
  record CtRgb() implements WindowChoice {}

  /** What a file, or its kind, asks for. */
  static WindowChoice usual() {
    return new Usual();
  }

  /**
   * A choice as users type it: {@code CENTRE/WIDTH}, the name of a preset, {@code ct-rgb}, {@code
   * full}, or {@code #N} for a window of the file.
   *
   * @throws IllegalArgumentException if it is none of these
   */
  static WindowChoice parse(String text) {
    String name = text.strip().toLowerCase(Locale.ROOT);
    Optional<CtPreset> preset = CtPreset.of(name);
    if (preset.isPresent()) {
      return new Preset(preset.get());
    }
    if (name.equals(CT_RGB)) {
      return new CtRgb();
    }
    if (name.equals(FULL)) {
      return new FullRange();
    }
    if (name.matches("#[1-9][0-9]{0,4}")) {
      return new OfFile(Integer.parseInt(name.substring(1)));
    }
    int slash = name.indexOf('/');
    if (slash > 0) {
      try {
        return new Given(
            new Window(
                Double.parseDouble(name.substring(0, slash)),
                Double.parseDouble(name.substring(slash + 1)),
                Window.Function.LINEAR));
      } catch (NumberFormatException _) {
        // The message below says what is expected.
      }
    }
    throw new IllegalArgumentException(
        "window: expected CENTRE/WIDTH such as 40/400, #N for the N-th window of the file, %s, %s or %s; found \"%s\""
            .formatted(
                Arrays.stream(CtPreset.values())
                    .map(CtPreset::label)
                    .collect(Collectors.joining(", ")),
                CT_RGB,
                FULL,
                text));
  }
}
