package org.vesalius.runtime.answer;

import org.vesalius.runtime.vision.image.ImageTransform;

/**
 * A picture as it was and as the model saw it.
 *
 * @param sourceWidth columns of the upright source picture
 * @param sourceHeight rows of the upright source picture
 * @param modelWidth columns that the model saw, padding included
 * @param modelHeight rows that the model saw, padding included
 * @param mapping from what the model saw to the source
 */
public record PictureFrame(
    int sourceWidth, int sourceHeight, int modelWidth, int modelHeight, Mapping mapping) {

  /** The way back from what the model saw. */
  @FunctionalInterface
  public interface Mapping {
    /** Point (x, y) of the source for a point that the model saw. */
    double[] toSource(double x, double y);
  }

  /** Checks the sides. */
  public PictureFrame {
    if (sourceWidth < 1 || sourceHeight < 1 || modelWidth < 1 || modelHeight < 1) {
      throw new IllegalArgumentException(
          "expected positive sides, found %dx%d and %dx%d"
              .formatted(sourceWidth, sourceHeight, modelWidth, modelHeight));
    }
  }

  /** The frame of a picture that the way of whose pixels is known. */
  public static PictureFrame of(ImageTransform transform) {
    return new PictureFrame(
        transform.sourceWidth(),
        transform.sourceHeight(),
        transform.modelWidth(),
        transform.modelHeight(),
        transform::toSource);
  }
}
