package org.vesalius.runtime.vision.image;

/**
 * A picture that cannot be used: not an image, an unsupported variant, truncated, corrupt, too
 * large or of an impossible shape. The message names where the picture came from, its format and
 * what is wrong.
 */
public final class ImageFormatException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  ImageFormatException(String origin, String format, String problem) {
    super(origin + ": " + format + ": " + problem);
  }

  ImageFormatException(String origin, String format, String problem, Throwable cause) {
    super(origin + ": " + format + ": " + problem, cause);
  }

  ImageFormatException(String problem) {
    super(problem);
  }
}
