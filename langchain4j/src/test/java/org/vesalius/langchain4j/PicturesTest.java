package org.vesalius.langchain4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.langchain4j.data.image.Image;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.LangChain4jException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where pictures may come from, and where they may not. */
class PicturesTest {
  private static final byte[] BYTES = {(byte) 0x89, 'P', 'N', 'G', 0, 1, 2, 3};
  private static final String BASE64 = Base64.getEncoder().encodeToString(BYTES);

  private static byte[] read(ImageContent content) {
    return Pictures.of(content, "here").bytes();
  }

  private static String invalid(ImageContent content) {
    return String.valueOf(
        assertThrows(InvalidRequestException.class, () -> read(content)).getMessage());
  }

  @Test
  void base64AndUrlsOfThisMachineAreRead(@TempDir Path folder) throws IOException {
    Path file = Files.write(folder.resolve("a picture.png"), BYTES);
    assertArrayEquals(BYTES, read(ImageContent.from(BASE64, "image/png")));
    assertArrayEquals(BYTES, read(ImageContent.from("data:image/png;base64," + BASE64)));
    assertArrayEquals(BYTES, read(ImageContent.from("DATA:image/png;base64," + BASE64)));
    assertArrayEquals(BYTES, read(ImageContent.from(file.toUri())));
    assertArrayEquals(BYTES, read(ImageContent.from(file, "image/png")));
    Image withoutType = Image.builder().base64Data(BASE64).build();
    assertArrayEquals(BYTES, read(ImageContent.from(withoutType)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://127.0.0.1:1/chest.png",
        "https://example.org/chest.png",
        "HTTPS://example.org/chest.png",
        "ftp://example.org/chest.png",
        "jar:file:/chest.jar!/chest.png",
        "chest.png"
      })
  void nothingIsFetched(String url) {
    LangChain4jException e =
        assertThrows(UnsupportedFeatureException.class, () -> read(ImageContent.from(url)));
    assertEquals(
        "here: expected base64, a data: URL or a file: URL, found "
            + url
            + "; nothing is fetched from a network: read the picture yourself",
        e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "data:image/png,abc",
        "data:image/png;base64",
        "file://elsewhere/chest.png",
        "file:relative.png"
      })
  void whatCannotBeReadIsAnInvalidRequest(String url) {
    String message = invalid(ImageContent.from(url));
    assertTrue(message.startsWith("here: "), message);
    assertTrue(message.endsWith("found " + url), message);
  }

  @Test
  void aFileThatIsNotThereIsAnInvalidRequest(@TempDir Path folder) {
    Path file = folder.resolve("none.png");
    assertEquals(
        "here: image " + file + " cannot be read", invalid(ImageContent.from(file.toUri())));
  }

  @Test
  void damagedBase64IsAnInvalidRequestAndIsNotPrinted() {
    String damaged = invalid(ImageContent.from("abcde", "image/png"));
    assertTrue(damaged.startsWith("here: the base64 is damaged: "), damaged);
    String message = invalid(ImageContent.from("data:image/png," + "x".repeat(500)));
    assertTrue(message.endsWith("x..."), message);
    assertTrue(message.length() < 150, message);
  }
}
