package org.vesalius.runtime;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.vesalius.runtime.vision.image.ImageDecoder;
import org.vesalius.runtime.vision.image.ImageFormatException;
import org.vesalius.runtime.vision.image.RasterImage;

/** A piece of a message. */
public sealed interface Part {

  /** Text. Nothing in it ever becomes a control token of the model. */
  record Text(String text) implements Part {}

  /** A picture. */
  sealed interface Picture extends Part {
    /** Where it comes from, for messages. */
    String origin();

    /**
     * Its pixels.
     *
     * @throws ImageFormatException if it is a file that cannot be decoded
     */
    RasterImage pixels();
  }

  /**
   * A picture as a file holds it, decoded when the request runs.
   *
   * @param bytes PNG, JPEG, or another format that the image reader knows
   * @param origin where it comes from, for messages
   */
  @SuppressWarnings("ArrayRecordComponent") // a file's content, handed on; never compared
  record Image(byte[] bytes, String origin) implements Picture {

    /**
     * A picture from a file.
     *
     * @throws UncheckedIOException if it cannot be read
     */
    public static Image read(Path file) {
      try {
        return new Image(Files.readAllBytes(file), file.toString());
      } catch (IOException e) {
        throw new UncheckedIOException("image " + file + " cannot be read", e);
      }
    }

    @Override
    public RasterImage pixels() {
      return ImageDecoder.decode(bytes, origin);
    }
  }

  /** A picture that is decoded already, such as one that was made of measured values. */
  record Pixels(RasterImage pixels, String origin) implements Picture {}

  /**
   * A video as the frames that were taken from it, for models that were made for video.
   *
   * @param frames at equal distances in time, at least one
   * @param framesPerSecond how many of these frames a second has
   */
  record Video(List<Image> frames, double framesPerSecond) implements Part {
    /** Copies the list and checks the numbers. */
    public Video {
      frames = List.copyOf(frames);
      if (frames.isEmpty()) {
        throw new IllegalArgumentException("video: expected at least one frame, found none");
      }
      if (!(framesPerSecond > 0) || Double.isInfinite(framesPerSecond)) {
        throw new IllegalArgumentException(
            "video: expected a positive number of frames per second, found " + framesPerSecond);
      }
    }
  }

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
    return Image.read(file);
  }
}
