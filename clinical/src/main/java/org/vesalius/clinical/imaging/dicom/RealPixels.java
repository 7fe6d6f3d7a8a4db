package org.vesalius.clinical.imaging.dicom;

import org.jspecify.annotations.Nullable;

/** Pixels that are stored as floating point numbers (PS3.3 C.7.6.24 and C.7.6.25). */
final class RealPixels {
  private RealPixels() {}

  /** The element that holds them; null where there is none. */
  static @Nullable Element find(DataSet data) {
    Element single = data.find(Tag.FLOAT_PIXEL_DATA);
    return single != null ? single : data.find(Tag.DOUBLE_FLOAT_PIXEL_DATA);
  }

  /**
   * The values of a frame, row by row.
   *
   * @param count of frames
   */
  static RealFrame frame(DataSet data, Element element, int index, int count) {
    int width = element.tag().equals(Tag.FLOAT_PIXEL_DATA) ? 4 : 8;
    int rows = data.integer(Tag.ROWS, 1, 65535);
    int columns = data.integer(Tag.COLUMNS, 1, 65535);
    if (data.integer(Tag.SAMPLES_PER_PIXEL).orElse(1) != 1) {
      throw data.fail(Tag.SAMPLES_PER_PIXEL, "expected 1 for pixels of floating point");
    }
    long pixels = (long) rows * columns;
    if (pixels > ImagePixels.MAX_SAMPLES) {
      throw data.fail(
          Tag.ROWS,
          "%d rows of %d columns exceed the limit of %d samples a frame; use tiles"
              .formatted(rows, columns, ImagePixels.MAX_SAMPLES));
    }
    long expected = pixels * width * count;
    if (element.length() != expected) {
      throw element.fail(
          "expected %d bytes for %d frames, found %d".formatted(expected, count, element.length()));
    }
    double[] values = new double[(int) pixels];
    long at = element.at() + pixels * width * index;
    for (int i = 0; i < values.length; i++, at += width) {
      values[i] =
          width == 4
              ? Float.intBitsToFloat(element.source().i32(at, element.bigEndian()))
              : Double.longBitsToDouble(element.source().i64(at, element.bigEndian()));
    }
    return new RealFrame(columns, rows, photometric(data), values);
  }

  private static String photometric(DataSet data) {
    String text = data.text(Tag.PHOTOMETRIC_INTERPRETATION).orElse("MONOCHROME2");
    if (!text.equals("MONOCHROME1") && !text.equals("MONOCHROME2")) {
      throw data.fail(
          Tag.PHOTOMETRIC_INTERPRETATION, "expected MONOCHROME2 for pixels of floating point");
    }
    return text;
  }
}
