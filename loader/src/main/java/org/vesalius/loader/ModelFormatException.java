package org.vesalius.loader;

import java.nio.file.Path;

/**
 * A file of a model folder that does not say what it must say.
 *
 * <p>The message reads {@code file: subject: expected …, found …; remedy}, where the subject is the
 * tensor or the dotted key path at fault. It is the only exception that the content of a file can
 * cause; a disk that fails is an {@link java.io.UncheckedIOException}.
 */
public final class ModelFormatException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public ModelFormatException(String message) {
    super(message);
  }

  public ModelFormatException(String message, Throwable cause) {
    super(message, cause);
  }

  /** An error whose repair is obvious from what was expected. */
  public static ModelFormatException of(Path file, String subject, String expected, String found) {
    return new ModelFormatException(describe(file, subject, expected, found));
  }

  /** An error together with what the user can do about it. */
  public static ModelFormatException of(
      Path file, String subject, String expected, String found, String remedy) {
    return new ModelFormatException(describe(file, subject, expected, found) + "; " + remedy);
  }

  private static String describe(Path file, String subject, String expected, String found) {
    return file + ": " + subject + ": expected " + expected + ", found " + found;
  }
}
