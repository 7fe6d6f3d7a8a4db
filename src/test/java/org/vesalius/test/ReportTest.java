package org.vesalius.test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.vesalius.clinical.agent.AgentImage;
import org.vesalius.clinical.agent.RunFacts;
import org.vesalius.clinical.report.Evidence;
import org.vesalius.clinical.report.ReportOptions;
import org.vesalius.clinical.report.ReportTask;
import org.vesalius.clinical.report.ReportTemplate;
import org.vesalius.clinical.report.ReportWriter;
import org.vesalius.clinical.report.Sentence;
import org.vesalius.clinical.report.Sentence.Verdict;
import org.vesalius.clinical.report.WrittenReport;
import org.vesalius.clinical.trace.TraceEntry;
import org.vesalius.clinical.trace.TracePlace;
import org.vesalius.demo.DemoModel;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.OpenOptions;
import org.vesalius.runtime.Part;

/** Reports on the held-out phantoms, whose truth is known. */
class ReportTest {
  private static final long SEED = 7;
  private static DemoModel demo;
  private static ChatModel model;
  private static RunFacts facts;

  @BeforeAll
  static void open() {
    demo = DemoModel.unpack();
    model =
        ChatModel.open(demo.directory(), OpenOptions.defaults().withCacheFormat(CacheFormat.F32));
    facts = RunFacts.of(model, "phantom-vl", "as stored");
  }

  @AfterAll
  static void close() {
    model.close();
    demo.close();
  }

  private static ReportWriter writer(String template, ReportOptions options) {
    return new ReportWriter(
        model, facts, ReportTemplate.named(template), options.withPictures(false), List.of());
  }

  private static ReportTask task(JsonNode line) {
    Part.Image image = Part.Image.read(HeldOutPhantoms.picture(line));
    return ReportTask.of(List.of(AgentImage.of(image.pixels(), image.origin())));
  }

  /** A sentence that is not true of a phantom. */
  private static String falsehood(JsonNode truth, SplittableRandom random) {
    List<String> sentences = new ArrayList<>();
    String side = random.nextBoolean() ? "left" : "right";
    String zone = List.of("upper", "mid", "lower").get(random.nextInt(3));
    for (String kind : List.of("nodule", "consolidation")) {
      String there = truth.path(kind).asText("null");
      if (there.equals("null")) {
        sentences.add("There is a %s in the %s %s zone.".formatted(kind, side, zone));
      } else {
        sentences.add("No " + kind + ".");
        String other = there.startsWith("left") ? "right" : "left";
        sentences.add(
            "There is a %s in the %s zone."
                .formatted(kind, there.replaceFirst("left|right", other)));
      }
    }
    if (truth.path("effusion").isNull()) {
      sentences.add("There is a moderate %s pleural effusion.".formatted(side));
    } else {
      String there = truth.path("effusion").asText();
      sentences.add("No pleural effusion.");
      sentences.add(
          "There is a %s pleural effusion."
              .formatted(
                  there.endsWith("left")
                      ? there.replace("left", "right")
                      : there.replace("right", "left")));
    }
    sentences.add(
        truth.path("pneumothorax").isNull()
            ? "There is a %s pneumothorax.".formatted(side)
            : "No pneumothorax.");
    sentences.add(
        truth.path("cardiomegaly").asBoolean()
            ? "The heart size is normal."
            : "The heart is enlarged.");
    return sentences.get(random.nextInt(sentences.size()));
  }

  @Test
  void whatIsFalseIsMarkedAndWhatIsTrueIsKept() throws Exception {
    SplittableRandom random = new SplittableRandom(SEED);
    ReportWriter writer = writer("phantom", ReportOptions.defaults());
    int planted = 0;
    int found = 0;
    int sentences = 0;
    int kept = 0;
    List<String> missed = new ArrayList<>();
    for (JsonNode truth : HeldOutPhantoms.truths()) {
      String report = truth.path("answers").path("report").asText();
      String lie = falsehood(truth, random);
      int at = report.indexOf("\nImpression:");
      WrittenReport checked =
          writer.check(task(truth), report.substring(0, at) + " " + lie + report.substring(at));
      for (Sentence sentence : checked.report().sentences().toList()) {
        boolean isLie = sentence.text().equals(lie);
        boolean right = sentence.verdict() == (isLie ? Verdict.UNSUPPORTED : Verdict.SUPPORTED);
        planted += isLie ? 1 : 0;
        found += isLie && right ? 1 : 0;
        sentences += isLie ? 0 : 1;
        kept += !isLie && right ? 1 : 0;
        if (!right) {
          missed.add(truth.path("image").asText() + " " + sentence);
        }
      }
    }
    System.out.printf(
        "planted sentences marked: %d of %d; true sentences supported: %d of %d%n",
        found, planted, kept, sentences);
    assertEquals(40, planted, "one in each");
    assertTrue(10 * found >= 9 * planted, "seed " + SEED + ", marked " + found + ": " + missed);
    assertTrue(10 * kept >= 9 * sentences, "seed " + SEED + ", kept " + kept + ": " + missed);
  }

  @Test
  void nodulesAreWhereTransformersFindsThem() throws Exception {
    ReportWriter writer = writer("phantom", ReportOptions.defaults());
    ObjectMapper json = new ObjectMapper();
    int compared = 0;
    for (JsonNode golden : HeldOutPhantoms.goldens()) {
      if (!golden.get("kind").asText().equals("box_nodule")
          || !golden.get("output_text").asText().startsWith("[")) {
        continue;
      }
      JsonNode truth =
          HeldOutPhantoms.truths().stream()
              .filter(line -> line.get("image").equals(golden.get("image")))
              .findFirst()
              .orElseThrow();
      WrittenReport written = writer.write(task(golden));
      List<TracePlace> places =
          written
              .report()
              .sentences()
              .flatMap(sentence -> sentence.evidence().stream())
              .filter(Evidence.Region.class::isInstance)
              .map(region -> ((Evidence.Region) region).place())
              .filter(place -> place.label().equals("nodule"))
              .distinct()
              .toList();
      if (places.isEmpty()) {
        // Asked where it is the model names a place, and in its report it says that there is none.
        assertTrue(
            written
                .report()
                .sentences()
                .flatMap(sentence -> sentence.points().stream())
                .noneMatch(point -> point.finding().equals("nodule") && point.present()),
            golden.get("image").asText());
        continue;
      }
      JsonNode box = json.readTree(golden.get("output_text").asText()).get(0).get("bbox_2d");
      for (int i = 0; i < 4; i++) {
        double scale =
            truth.get("size").get(i % 2).asDouble() / truth.get("resized").get(i % 2).asDouble();
        assertEquals(
            box.get(i).asDouble() * scale,
            places.getFirst().pixels().get(i),
            1,
            golden.get("image").asText());
      }
      compared++;
    }
    System.out.printf("nodule boxes compared with transformers': %d%n", compared);
    assertTrue(compared >= 10, "found " + compared);
  }

  @Test
  void everySentenceHasEvidenceOrIsMarked() throws Exception {
    JsonNode several =
        HeldOutPhantoms.truths().stream()
            .filter(truth -> !truth.path("nodule").isNull())
            .findFirst()
            .orElseThrow();
    WrittenReport written =
        writer("phantom", ReportOptions.defaults().withSamples(3, SEED)).write(task(several));
    assertTrue(written.report().sentences().count() > 3);
    for (Sentence sentence : written.report().sentences().toList()) {
      assertFalse(sentence.points().isEmpty());
      assertTrue(sentence.confidence().isPresent(), sentence.text());
      boolean nodule =
          sentence.points().stream()
              .anyMatch(point -> point.finding().equals("nodule") && point.present());
      assertEquals(nodule, sentence.isGrounded() && nodule, sentence.text());
      if (nodule) {
        assertTrue(sentence.agreement().isPresent());
      }
    }
    assertEquals(3, turns(written, "sample"));
    assertEquals(1, turns(written, "agent"));
    assertTrue(turns(written, "locate") >= 1);
    assertEquals(written.report().sentences().count(), (long) written.trace().claims().size());
    assertTrue(
        written.trace().steps().stream()
            .anyMatch(step -> step.kind() == TraceEntry.Step.Kind.CHECK));
  }

  private static long turns(WrittenReport written, String purpose) {
    return written.trace().turns().stream().filter(t -> t.purpose().equals(purpose)).count();
  }

  /** The same answer with another threshold: nothing but what was supported before is uncertain. */
  @Test
  void whatTheModelGuessedAtIsNotReliedOn() throws Exception {
    ReportTask task = task(HeldOutPhantoms.truths().getFirst());
    ReportOptions options = ReportOptions.defaults();
    List<Sentence> usual = writer("phantom", options).write(task).report().sentences().toList();
    List<Sentence> strict =
        writer("phantom", options.withConfidence(1)).write(task).report().sentences().toList();
    assertEquals(usual.size(), strict.size());
    assertTrue(usual.stream().anyMatch(one -> one.verdict() == Verdict.SUPPORTED));
    for (int i = 0; i < usual.size(); i++) {
      assertEquals(usual.get(i).text(), strict.get(i).text());
      assertTrue(usual.get(i).confidence().orElseThrow() >= options.confidence());
      Verdict before = usual.get(i).verdict();
      assertEquals(
          before == Verdict.SUPPORTED && strict.get(i).confidence().orElseThrow() < 1
              ? Verdict.UNCERTAIN
              : before,
          strict.get(i).verdict(),
          usual.get(i).text());
    }
  }

  @Test
  void whatIsLeftOutIsSaid() throws Exception {
    JsonNode truth =
        HeldOutPhantoms.truths().stream()
            .filter(line -> !line.path("nodule").isNull())
            .findFirst()
            .orElseThrow();
    WrittenReport checked =
        writer("phantom", ReportOptions.defaults())
            .check(task(truth), "Findings: The heart size is normal.\nImpression: See above.");
    assertTrue(
        checked.report().omissions().stream().anyMatch(o -> o.finding().equals("nodule")),
        () -> "found " + checked.report().omissions());
    Sentence unknown = checked.report().sections().get(1).sentences().getFirst();
    assertEquals(Verdict.UNCHECKED, unknown.verdict());
    assertFalse(unknown.isGrounded());
  }

  @Test
  void sentencesThatContradictEachOtherAreMarked() throws IOException, InterruptedException {
    JsonNode truth =
        HeldOutPhantoms.truths().stream()
            .filter(line -> line.path("nodule").isNull())
            .findFirst()
            .orElseThrow();
    WrittenReport checked =
        writer("phantom", ReportOptions.defaults())
            .check(
                task(truth),
                "Findings: There is a nodule in the left upper zone. The lungs are clear.\n"
                    + "Impression: Right upper nodule.");
    List<Sentence> sentences = checked.report().sentences().toList();
    assertEquals(Verdict.UNSUPPORTED, sentences.get(0).verdict());
    assertEquals(Verdict.SUPPORTED, sentences.get(1).verdict());
    assertEquals(Verdict.UNSUPPORTED, sentences.get(2).verdict());
    assertTrue(
        sentences.get(0).contradictions().stream().anyMatch(text -> text.contains("right")),
        () -> "found " + sentences.get(0).contradictions());
    assertTrue(checked.report().abstained().isPresent());
  }

  @Test
  void chineseReportsToo() throws Exception {
    int supported = 0;
    int all = 0;
    for (JsonNode truth : HeldOutPhantoms.truths().subList(0, 8)) {
      WrittenReport written = writer("phantom-zh", ReportOptions.defaults()).write(task(truth));
      for (Sentence sentence : written.report().sentences().toList()) {
        all += sentence.verdict() == Verdict.UNCHECKED ? 0 : 1;
        supported += sentence.verdict() == Verdict.SUPPORTED ? 1 : 0;
      }
    }
    // The model knows little Chinese: it finds one of these nodules unlikely when it is asked.
    assertTrue(10 * supported >= 8 * all && all >= 5, supported + " of " + all);
  }
}
