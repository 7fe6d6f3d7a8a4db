package org.vesalius.clinical.imaging.grey;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** Usual windows of computed tomography, in Hounsfield units. */
public enum CtPreset {
  ABDOMEN(40, 400),
  ANGIOGRAPHY(300, 600),
  BONE(400, 1800),
  BRAIN(40, 80),
  LIVER(30, 150),
  LUNG(-600, 1500),
  MEDIASTINUM(50, 350),
  STROKE(40, 40),
  SUBDURAL(75, 215);

  private final double centre;
  private final double width;

  CtPreset(double centre, double width) {
    this.centre = centre;
    this.width = width;
  }

  /** The window. */
  public Window window() {
    return new Window(centre, width, Window.Function.LINEAR);
  }

  /** The name that users type. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The preset of a name that a user typed. */
  static Optional<CtPreset> of(String label) {
    return Arrays.stream(values()).filter(preset -> preset.label().equals(label)).findFirst();
  }
}
