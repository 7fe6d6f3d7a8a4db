package org.vesalius.langchain4j;

import dev.langchain4j.data.image.Image;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Locale;
import org.vesalius.runtime.Part;

/**
 * LangChain4j's pictures: base64, {@code data:} URLs with base64, and {@code file:} URLs. Nothing
 * is fetched from a network. The detail level is not looked at: a model sees a picture as its own
 * files say, or as {@link VesaliusChatRequestParameters.Own#imageOptions} do.
 */
final class Pictures {
  private static final int SHOWN = 60;

  private Pictures() {}

  /**
   * Reads a picture's bytes; they are decoded when the request runs.
   *
   * @param where the place in the request, for messages
   * @throws UnsupportedFeatureException if it would have to be fetched
   * @throws InvalidRequestException if it cannot be read
   */
  static Part.Image of(ImageContent content, String where) {
    Image image = content.image();
    if (image.base64Data() != null) {
      return base64(image.base64Data(), where);
    }
    URI url = image.url();
    if (url == null) {
      throw new InvalidRequestException(where + ": expected base64 or a URL, found neither");
    }
    String scheme = url.getScheme() == null ? "" : url.getScheme().toLowerCase(Locale.ROOT);
    return switch (scheme) {
      case "data" -> data(url.toString(), where);
      case "file" -> file(url, where);
      default ->
          throw new UnsupportedFeatureException(
              where
                  + ": expected base64, a data: URL or a file: URL, found "
                  + brief(url.toString())
                  + "; nothing is fetched from a network: read the picture yourself");
    };
  }

  private static Part.Image data(String url, String where) {
    int comma = url.indexOf(',');
    if (comma < 0 || !url.substring(0, comma).endsWith(";base64")) {
      throw new InvalidRequestException(
          where + ": expected data:image/...;base64,..., found " + brief(url));
    }
    return base64(url.substring(comma + 1), where);
  }

  private static Part.Image base64(String text, String where) {
    try {
      return new Part.Image(Base64.getMimeDecoder().decode(text), where);
    } catch (IllegalArgumentException e) {
      throw new InvalidRequestException(where + ": the base64 is damaged: " + e.getMessage(), e);
    }
  }

  private static Part.Image file(URI url, String where) {
    try {
      return Part.Image.read(Path.of(url));
    } catch (IllegalArgumentException | FileSystemNotFoundException e) {
      throw new InvalidRequestException(
          where + ": expected a file: URL, found " + brief(url.toString()), e);
    } catch (UncheckedIOException e) {
      throw new InvalidRequestException(where + ": " + e.getMessage(), e);
    }
  }

  /** Messages are printed and logged, so what a user sent shows only its beginning. */
  private static String brief(String text) {
    return text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "...";
  }
}
