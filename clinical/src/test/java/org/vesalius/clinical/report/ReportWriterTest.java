package org.vesalius.clinical.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.vesalius.clinical.agent.AgentImage;
import org.vesalius.clinical.agent.RunFacts;
import org.vesalius.clinical.agent.Tool;
import org.vesalius.clinical.entities.EntityTagger;
import org.vesalius.clinical.entities.EntityTree;
import org.vesalius.clinical.tools.EntityTool;
import org.vesalius.clinical.trace.NamedEntity;
import org.vesalius.clinical.trace.TraceEntry;
import org.vesalius.clinical.trace.TraceFile;
import org.vesalius.clinical.trace.TraceVerifier;
import org.vesalius.clinical.trace.Verification;
import org.vesalius.demo.DemoModel;
import org.vesalius.runtime.Cancellation;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.OpenOptions;
import org.vesalius.runtime.vision.image.RasterImage;

/** What does not depend on what the model sees: small pictures, and a template of one finding. */
class ReportWriterTest {
  private static final String TEMPLATE =
      """
      name: one
      language: en
      prompt: Write a report.
      answer: {regex: 'Findings: [AB]\\. Impression: C\\.'}
      sections:
        - {id: findings, title: Findings, heading: 'Findings:'}
        - {id: impression, title: Impression, heading: 'Impression:'}
      negations: ['no']
      findings:
        - {id: nodule, terms: [nodule], question: 'Is there a nodule?', absent: 'No.', present: 'Yes.'}
      comparison: {title: Comparison, prompt: Earlier., new: 'New: {finding}.', gone: 'Gone: {finding}.', same: 'Still: {finding}.'}
      """;
  private static DemoModel demo;
  private static ChatModel model;
  private static ReportTemplate template;

  @BeforeAll
  static void open() {
    demo = DemoModel.unpack();
    model = ChatModel.open(demo.directory(), OpenOptions.defaults());
    template = TemplateReader.read(TEMPLATE.getBytes(StandardCharsets.UTF_8), "one.yaml");
  }

  @AfterAll
  static void close() {
    model.close();
    demo.close();
  }

  private static ReportWriter writer(ReportOptions options, Tool... tools) {
    RunFacts facts = RunFacts.of(model, "demo", "as stored");
    return new ReportWriter(model, facts, template, options, List.of(tools));
  }

  private static AgentImage picture(int grey) {
    byte[] pixels = new byte[3 * 28 * 28];
    Arrays.fill(pixels, (byte) grey);
    return AgentImage.of(RasterImage.ofRgb(28, 28, pixels), "grey " + grey);
  }

  @Test
  void checksNameThePicturesThatTheyAskedAbout() {
    ReportTask task =
        new ReportTask(
            List.of(picture(40)),
            List.of(picture(50)),
            QuoteFinder.NONE,
            Optional.empty(),
            Map.of(),
            new Cancellation());
    Instant before = Instant.now();
    WrittenReport written =
        writer(ReportOptions.defaults()).check(task, "Findings: No nodule. Impression: See above.");
    List<TraceEntry.Step> checks =
        written.trace().steps().stream().filter(step -> step.check().isPresent()).toList();
    assertEquals(
        List.of("current images [0]", "earlier images [1]"),
        checks.stream()
            .map(step -> step.text() + " " + step.check().orElseThrow().images().orElseThrow())
            .toList());
    Instant started = written.trace().run().startedAt();
    assertFalse(started.isBefore(before), "begun at " + started);
    assertFalse(
        written.report().createdAt().isBefore(started.plusMillis((long) wholeMillis(written))),
        "a report is made after its run began and not before it ended");
    assertEquals(Optional.empty(), written.trace().claims().getFirst().entities(), "no dictionary");
    assertEquals(List.of(), verified(written).problems());
  }

  private static double wholeMillis(WrittenReport written) {
    return Math.floor(written.trace().outcome().millis());
  }

  private static Verification verified(WrittenReport written) {
    return new TraceVerifier().verify(TraceFile.bytes(written.trace(), Optional.empty()));
  }

  @Test
  void claimsNameTheEntitiesOfTheDictionary() {
    EntityTree tree =
        EntityTree.builder()
            .add("T:1", "nodule", List.of(), List.of())
            .add("T:2", "left lung", List.of(), List.of())
            .build();
    WrittenReport written =
        writer(ReportOptions.defaults(), new EntityTool(EntityTagger.of(tree)))
            .check(
                ReportTask.of(List.of(picture(40))),
                "Findings: No nodule in the left lung. Impression: See above.");
    assertEquals(
        List.of(
            Optional.of(
                List.of(
                    new NamedEntity("T:1", "nodule", 3, 9),
                    new NamedEntity("T:2", "left lung", 17, 26))),
            Optional.of(List.of())),
        written.trace().claims().stream().map(TraceEntry.Claim::entities).toList());
    assertEquals(List.of(), written.trace().run().tools(), "the template offers none");
    assertEquals(List.of(), verified(written).problems());
  }

  @Test
  void theAnswerThatIsTakenDoesNotSpeakForItself() {
    List<String> answers = List.of("first", "a", "b");
    assertEquals(List.of("a", "b"), ReportAnswers.others(answers, 0));
    assertEquals(List.of("first", "b"), ReportAnswers.others(answers, 1));
    assertEquals(List.of("a", "first"), ReportAnswers.others(answers, 2));
    assertEquals(List.of(), ReportAnswers.others(List.of("first"), 0));
  }
}
