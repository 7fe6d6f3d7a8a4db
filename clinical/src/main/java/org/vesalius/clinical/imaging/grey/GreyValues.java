package org.vesalius.clinical.imaging.grey;

import java.util.BitSet;

/**
 * The values of one picture in the units of its modality, row after row from the top left.
 * Immutable; pixels of padding have no value.
 */
public abstract sealed class GreyValues {
  private final int width;
  private final int height;

  private GreyValues(int width, int height, int found) {
    if (width < 1 || height < 1 || (long) width * height != found) {
      throw new IllegalArgumentException(
          "expected the %d values of %dx%d pixels, found %d"
              .formatted((long) width * height, width, height, found));
    }
    this.width = width;
    this.height = height;
  }

  /**
   * Values of stored numbers.
   *
   * @param stored not copied; must not change afterwards
   */
  public static GreyValues ofStored(
      int width, int height, int[] stored, ModalityTransform modality, Padding padding) {
    return new Stored(width, height, stored, modality, padding);
  }

  /**
   * Values as they are; what is not a number counts as padding.
   *
   * @param values not copied; must not change afterwards
   */
  public static GreyValues of(int width, int height, double[] values) {
    return new Real(width, height, values);
  }

  /** Columns. */
  public final int width() {
    return width;
  }

  /** Rows. */
  public final int height() {
    return height;
  }

  /** Pixels. */
  public final int count() {
    return width * height;
  }

  /** The value of pixel {@code index}, counted row by row; of padding whatever is stored there. */
  public abstract double value(int index);

  /** Whether pixel {@code index} has no value. */
  public abstract boolean isPadding(int index);

  /**
   * The same where some pixels are padding, and nothing is known of what was stored there.
   *
   * @param hidden these pixels, counted row by row; not copied, must not change afterwards
   */
  public final GreyValues without(BitSet hidden) {
    return new Hidden(this, hidden);
  }

  /** Values some of which nobody is to know. */
  private static final class Hidden extends GreyValues {
    private final GreyValues values;
    private final BitSet hidden;

    Hidden(GreyValues values, BitSet hidden) {
      super(values.width(), values.height(), values.count());
      this.values = values;
      this.hidden = hidden;
    }

    @Override
    public double value(int index) {
      return hidden.get(index) ? Double.NaN : values.value(index);
    }

    @Override
    public boolean isPadding(int index) {
      return hidden.get(index) || values.isPadding(index);
    }
  }

  /** Values that were stored as whole numbers. */
  private static final class Stored extends GreyValues {
    private final int[] stored;
    private final ModalityTransform modality;
    private final Padding padding;

    Stored(int width, int height, int[] stored, ModalityTransform modality, Padding padding) {
      super(width, height, stored.length);
      this.stored = stored;
      this.modality = modality;
      this.padding = padding;
    }

    @Override
    public double value(int index) {
      return modality.apply(stored[index]);
    }

    @Override
    public boolean isPadding(int index) {
      return padding.contains(stored[index]);
    }
  }

  /** Values that were stored as such. */
  private static final class Real extends GreyValues {
    private final double[] values;

    Real(int width, int height, double[] values) {
      super(width, height, values.length);
      this.values = values;
    }

    @Override
    public double value(int index) {
      return values[index];
    }

    @Override
    public boolean isPadding(int index) {
      return Double.isNaN(values[index]);
    }
  }
}
