package org.vesalius.clinical.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.networknt.schema.InputFormat;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ReportJsonTest {
  private final Report full = Reports.full(Reports.plainImages());

  @Test
  void whatIsReadEqualsWhatWasWritten() {
    for (Report report : List.of(full, Reports.empty())) {
      String json = ReportJson.write(report);
      assertEquals(report, ReportJson.read(json, "report"));
      assertEquals(json, ReportJson.write(ReportJson.read(json, "report")));
    }
  }

  @Test
  void dicomFilesAndWhatTheySayStayOut() {
    String json = ReportJson.write(Reports.full(Reports.dicomImages()));
    for (String secret : List.of("Ottilie", "4711", "1.2.3", "ACC-77", "19500102")) {
      assertFalse(json.contains(secret), secret);
    }
    Report read = ReportJson.read(json, "report");
    assertTrue(read.images().stream().allMatch(image -> image.dicom().isEmpty()));
    assertEquals(full.sections(), read.sections());
  }

  @Test
  void whatIsWrittenFollowsThePublishedSchema() {
    var schema =
        SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
            .getSchema(ReportJson.schema(), InputFormat.JSON);
    for (Report report : List.of(full, Reports.empty())) {
      assertEquals(List.of(), schema.validate(ReportJson.write(report), InputFormat.JSON));
    }
    assertFalse(
        schema
            .validate(ReportJson.write(full).replace("\"run-1\"", "1"), InputFormat.JSON)
            .isEmpty());
  }

  @Test
  void whatContradictsItselfIsRefused() {
    String json = ReportJson.write(full);
    refused(
        json.replaceFirst("\"verdict\" : \"supported\"", "\"verdict\" : \"uncertain\""),
        "sentence 0");
    refused(json.replaceFirst("\"groundable\" : true", "\"groundable\" : false"), "sentence 0");
    refused(
        json.replaceFirst("\"measurement\" : 2", "\"measurement\" : 3"), "one of 3 measurements");
    refused(json.replaceFirst("\"end\" : ", "\"end\" : 9"), "quote");
    refused(json.replaceFirst("\"created_at\" : \"2026", "\"created_at\" : \"x"), "created_at");
    refused(json.replaceFirst("\"index\" : 0", "\"index\" : 0, \"index\" : 0"), "line");
    refused(
        json.replaceFirst("\"index\" : 0", "\"more\" : 0, \"index\" : 0"), "additionalProperties");
    for (String number : List.of("1e40", "-1e40", "1e400", "1e999999999", "9".repeat(40))) {
      refused(json.replaceFirst("\"index\" : 0", "\"index\" : " + number), "schema");
    }
    refused(json.replace(Report.NOTICE, "A diagnosis."), "const");
    refused("[".repeat(100_000), "line");
    refused(json + "x", "line");
    refused(json + "{}", "line");
    refused("{}", "required");
    refused("", "schema");
  }

  private static void refused(String json, String part) {
    var e = assertThrows(ReportOutputException.class, () -> ReportJson.read(json, "file"), part);
    String message = String.valueOf(e.getMessage());
    assertTrue(message.startsWith("file: ") && message.contains(part), message);
    assertTrue(message.length() < 300 && !message.contains("nodule of"), message);
  }

  /** No change of one character gives another exception. */
  @Test
  void damagedTextsAreRefusedOrRead() {
    String json = ReportJson.write(full);
    long seed = 7;
    Random random = new Random(seed);
    for (int i = 0; i < 40; i++) {
      int at = random.nextInt(json.length());
      String damaged =
          json.substring(0, at) + (char) (' ' + random.nextInt(95)) + json.substring(at + 1);
      try {
        ReportJson.read(damaged, "file");
      } catch (ReportOutputException e) {
        assertTrue(String.valueOf(e.getMessage()).startsWith("file: "), "seed " + seed + ", " + i);
      }
    }
  }

  @Test
  void numbersThatAreNoneAreRefused() {
    Report report =
        new Report(
            "id",
            Instant.EPOCH,
            "t",
            Locale.ROOT,
            List.of(),
            List.of(new Report.Omission("nodule", "present", Double.NaN)),
            List.of(),
            List.of(),
            Map.of(),
            Optional.empty(),
            "",
            "");
    assertThrows(ReportOutputException.class, () -> ReportJson.write(report));
  }

  @Test
  void identifiersAreThoseOfTheReport() {
    assertEquals(new ReportUid(full).uuid("a"), new ReportUid(full).uuid("a"));
    assertEquals(8, new ReportUid(full).uuid("a").version());
    assertEquals(2, new ReportUid(full).uuid("a").variant());
    assertFalse(new ReportUid(full).uuid("a").equals(new ReportUid(full).uuid("b")));
    assertFalse(new ReportUid(full).uuid("a").equals(new ReportUid(Reports.empty()).uuid("a")));
    assertTrue(new ReportUid(full).dicom("a").matches("2\\.25\\.[1-9]\\d{1,38}"));
  }
}
