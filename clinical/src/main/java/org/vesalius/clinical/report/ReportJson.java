package org.vesalius.clinical.report;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.networknt.schema.Error;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import tools.jackson.core.JacksonException;

/**
 * Reports as JSON, by a published schema. What is read equals what was written, but for the DICOM
 * files of its pictures, which JSON does not hold.
 */
public final class ReportJson {
  /** Of a text that is read, in characters. */
  private static final int MAX_LENGTH = 1 << 24;

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(32)
                          .maxStringLength(MAX_LENGTH)
                          .build())
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private static final ObjectWriter WRITER =
      MAPPER.writer(new DefaultPrettyPrinter().withObjectIndenter(new DefaultIndenter("  ", "\n")));

  private ReportJson() {}

  /** The JSON Schema (2020-12) that every written report follows. */
  public static String schema() {
    try (InputStream stream = ReportJson.class.getResourceAsStream("report.schema.json")) {
      if (stream == null) {
        throw new IllegalStateException("report.schema.json is missing beside ReportJson.class");
      }
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The report as a text; the same for equal reports.
   *
   * @throws ReportOutputException if one of its numbers is not finite, or a share not within 0 to 1
   */
  public static String write(Report report) {
    try {
      return WRITER.writeValueAsString(ReportNodes.of(report)) + "\n";
    } catch (JsonProcessingException e) {
      throw new ReportOutputException("report: cannot be written as JSON", e);
    }
  }

  /**
   * A report from a text.
   *
   * @param origin stands for the text in messages
   * @throws ReportOutputException if it is no JSON, does not follow the schema, or contradicts
   *     itself
   */
  public static Report read(String text, String origin) {
    if (text.length() > MAX_LENGTH) {
      throw new ReportOutputException(
          "%s: expected a report of at most %d characters, found %d"
              .formatted(origin, MAX_LENGTH, text.length()));
    }
    JsonNode node = parse(text, origin);
    List<Error> errors = errors(text, origin);
    if (!errors.isEmpty()) {
      Error first = errors.getFirst();
      throw new ReportOutputException(
          "%s: no report of this version: at \"%s\" the rule \"%s\" of its schema is broken; write it with ReportJson"
              .formatted(origin, first.getInstanceLocation(), first.getKeyword()));
    }
    try {
      return ReportNodes.report(node);
    } catch (IllegalArgumentException e) {
      throw new ReportOutputException(origin + ": " + e.getMessage(), e);
    }
  }

  private static List<Error> errors(String text, String origin) {
    try {
      return Validator.SCHEMA.validate(text, InputFormat.JSON);
    } catch (JacksonException _) {
      // The validator gives up on 1e40 where it compares integers. Its message repeats the value.
      throw new ReportOutputException(
          origin
              + ": no report of this version: a number is too large, or nesting too deep, for its schema; write it with ReportJson");
    }
  }

  private static JsonNode parse(String text, String origin) {
    try {
      return MAPPER.readTree(text);
    } catch (JsonProcessingException e) {
      // Its own message quotes the text, and what is nested too deeply has no place.
      JsonLocation at = e.getLocation() == null ? JsonLocation.NA : e.getLocation();
      throw new ReportOutputException(
          "%s: expected JSON, found an error in line %d, column %d"
              .formatted(origin, at.getLineNr(), at.getColumnNr()));
    }
  }

  /** Compiled when a report is read for the first time. */
  private static final class Validator {
    private static final Schema SCHEMA =
        SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
            .getSchema(schema(), InputFormat.JSON);
  }
}
