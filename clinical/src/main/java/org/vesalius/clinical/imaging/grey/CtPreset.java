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

  private final Window window;

  CtPreset(double centre, double width) {
    window = new Window(centre, width, Window.Function.LINEAR);
  }

  /** The window. */
  public Window window() {
    return window;
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
