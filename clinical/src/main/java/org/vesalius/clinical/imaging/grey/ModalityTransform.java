package org.vesalius.clinical.imaging.grey;

/**
 * From what a modality stored to what it measured, such as Hounsfield units (PS3.3 C.11.1).
 * Calculated in double, as pydicom's {@code apply_modality_lut} does.
 */
public sealed interface ModalityTransform {

  /** What was measured where {@code stored} is stored. */
  double apply(int stored);

  /** What is stored is what was measured. */
  record Identity() implements ModalityTransform {
    @Override
    public double apply(int stored) {
      return stored;
    }
  }

  /** A slope and an intercept. */
  record Rescale(double slope, double intercept) implements ModalityTransform {
    /** Checks the numbers. */
    public Rescale {
      if (!Double.isFinite(slope) || slope == 0 || !Double.isFinite(intercept)) {
        throw new IllegalArgumentException(
            "rescale: expected a slope other than 0 and an intercept, found slope %s and intercept %s"
                .formatted(slope, intercept));
      }
    }

    @Override
    public double apply(int stored) {
      return stored * slope + intercept;
    }
  }

  /** A table. */
  record Table(LookupTable table) implements ModalityTransform {
    @Override
    public double apply(int stored) {
      return table.entry(stored);
    }
  }
}
