package org.vesalius.clinical.imaging.grey;

/**
 * Which of the values that were measured are shown, and how bright: the VOI transformation (PS3.3
 * C.11.2). Brightness is a fraction here, 0 for the darkest and 1 for the brightest; what it is
 * rounded to, 8 bits or 16, is decided afterwards.
 */
public sealed interface VoiTransform permits Window, VoiTransform.Table {

  /** Brightness of a value, 0 to 1; 0 for what is no number. */
  double apply(double value);

  /** What people read about it. */
  String description();

  /** A table. */
  record Table(LookupTable table) implements VoiTransform {
    @Override
    public double apply(double value) {
      return Math.min(1, table.entry(value) / (double) table.full());
    }

    @Override
    public String description() {
      return table.toString();
    }
  }
}
