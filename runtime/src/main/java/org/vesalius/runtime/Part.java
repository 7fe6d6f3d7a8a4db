package org.vesalius.runtime;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A piece of a message. */
public sealed interface Part {

  /** Text. Nothing in it ever becomes a control token of the model. */
  record Text(String text) implements Part {}

  /**
   * A picture as a file holds it, decoded when the request runs.
   *
   * @param bytes PNG, JPEG, or another format that the image reader knows
   * @param origin where it comes from, for messages
   */
  @SuppressWarnings("ArrayRecordComponent") // a file's content, handed on; never compared
  record Image(byte[] bytes, String origin) implements Part {}

  /** A text. */
  static Part text(String text) {
    return new Text(text);
  }

  /**
   * A picture from a file.
   *
   * @throws UncheckedIOException if it cannot be read
   */
  static Part image(Path file) {
    try {
      return new Image(Files.readAllBytes(file), file.toString());
    } catch (IOException e) {
      throw new UncheckedIOException("image " + file + " cannot be read", e);
    }
  }
}
