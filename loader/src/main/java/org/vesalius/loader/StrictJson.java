package org.vesalius.loader;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.CharArrayReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * JSON as RFC 8259 has it, in UTF-8, with duplicate keys refused at every depth.
 *
 * <p>Bytes are decoded here and not by the parser: that one would also accept UTF-16, UTF-32 and a
 * byte order mark. Names are not put into Jackson's symbol tables, which throw an exception of
 * their own kind when a file makes many names collide.
 */
final class StrictJson {
  /** Deeper nesting occurs in no model file; the reference reader stops at 128. */
  private static final int MAX_DEPTH = 100;

  private static final JsonFactory HEADERS = factory(false);
  private static final ObjectReader CONFIGS =
      JsonMapper.builder(factory(true))
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build()
          .readerFor(JsonNode.class);

  private StrictJson() {}

  private static JsonFactory factory(boolean nonFiniteNumbers) {
    return new JsonFactoryBuilder()
        .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
        .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
        .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
        .configure(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS, nonFiniteNumbers)
        .streamReadConstraints(
            StreamReadConstraints.builder()
                .maxNestingDepth(MAX_DEPTH)
                .maxNameLength(Integer.MAX_VALUE)
                .maxStringLength(Integer.MAX_VALUE)
                .build())
        .build();
  }

  /** A parser of a safetensors header. */
  static JsonParser headerParser(CharBuffer json) throws IOException {
    return HEADERS.createParser(json.array(), json.position(), json.remaining());
  }

  /**
   * The tree of a configuration file.
   *
   * <p>The tokens {@code NaN}, {@code Infinity} and {@code -Infinity} parse, because Python writes
   * them and a key that nobody asks for must not make a model unusable.
   */
  static JsonNode tree(byte[] bytes, Path file) {
    CharBuffer json = decode(ByteBuffer.wrap(bytes), file, "JSON");
    try {
      return CONFIGS.readTree(new CharArrayReader(json.array(), json.position(), json.remaining()));
    } catch (JsonProcessingException e) {
      throw malformed(file, "JSON", e);
    } catch (IOException e) {
      throw new UncheckedIOException(file + ": could not be read", e);
    }
  }

  /** Text of UTF-8 bytes; overlong forms, surrogates and stray bytes are refused. */
  static CharBuffer decode(ByteBuffer bytes, Path file, String subject) {
    var decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    int start = bytes.position();
    CharBuffer text = CharBuffer.allocate(bytes.remaining());
    CoderResult result = decoder.decode(bytes, text, true);
    if (!result.isUnderflow()) {
      throw new ModelFormatException(
          file
              + ": "
              + subject
              + ": expected UTF-8, found an invalid byte at offset "
              + (bytes.position() - start));
    }
    return text.flip();
  }

  static ModelFormatException malformed(Path file, String subject, JsonProcessingException e) {
    // Advice on how to make the parser lenient is no advice to a reader of this message.
    String problem = e.getOriginalMessage().replaceFirst("(?s): enable `.*", "");
    long offset = e.getLocation() == null ? -1 : e.getLocation().getCharOffset();
    String where = offset < 0 ? "" : " at character " + offset;
    String expected =
        problem.startsWith("Duplicate field") ? "every key once" : "strict JSON (RFC 8259)";
    return new ModelFormatException(
        file
            + ": "
            + subject
            + ": expected "
            + expected
            + ", found: "
            + problem.replaceAll("\\s+", " ")
            + where,
        e);
  }
}
