package org.vesalius.runtime.vision.image;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Objects;
import java.util.zip.GZIPInputStream;

/** Reads the golden files of this package's tests. */
final class Goldens {
  static final JsonMapper JSON = new JsonMapper();

  private Goldens() {}

  /** A gzipped JSON resource beside the tests. */
  static JsonNode resource(String name) throws IOException {
    try (InputStream in = Objects.requireNonNull(Goldens.class.getResourceAsStream(name), name)) {
      return JSON.readTree(new GZIPInputStream(in));
    }
  }

  static String message(Throwable thrown) {
    return Objects.requireNonNull(thrown.getMessage());
  }

  static byte[] bytes(JsonNode base64) {
    return Base64.getDecoder().decode(base64.asText());
  }

  static char[] chars(JsonNode base64) {
    byte[] bytes = bytes(base64);
    char[] chars = new char[bytes.length / 2];
    ByteBuffer.wrap(bytes).asCharBuffer().get(chars);
    return chars;
  }

  static float[] floats(JsonNode base64) {
    byte[] bytes = bytes(base64);
    float[] floats = new float[bytes.length / 4];
    ByteBuffer.wrap(bytes).asFloatBuffer().get(floats);
    return floats;
  }

  /** One F32 tensor of a safetensors file, gzipped or not; {@code .gz} is added where needed. */
  static float[] tensor(Path file, String name) throws IOException {
    Path stored = Files.exists(file) ? file : file.resolveSibling(file.getFileName() + ".gz");
    byte[] bytes = Files.readAllBytes(stored);
    if (stored.toString().endsWith(".gz")) {
      bytes = new GZIPInputStream(new ByteArrayInputStream(bytes)).readAllBytes();
    }
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int header = (int) buffer.getLong(0);
    JsonNode entry = JSON.readTree(bytes, 8, header).path(name);
    if (!entry.path("dtype").asText().equals("F32")) {
      throw new IllegalArgumentException(file + ": no F32 tensor " + name);
    }
    int begin = entry.path("data_offsets").get(0).asInt();
    int end = entry.path("data_offsets").get(1).asInt();
    float[] values = new float[(end - begin) / 4];
    buffer
        .slice(8 + header + begin, end - begin)
        .order(ByteOrder.LITTLE_ENDIAN)
        .asFloatBuffer()
        .get(values);
    return values;
  }
}
