package org.vesalius.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.vesalius.clinical.agent.AgentImage;
import org.vesalius.clinical.agent.Places;
import org.vesalius.clinical.report.Evidence;
import org.vesalius.clinical.report.ReportImage;
import org.vesalius.clinical.report.ReportJson;
import org.vesalius.clinical.report.ReportOutputException;
import org.vesalius.clinical.report.ReportText;
import org.vesalius.clinical.report.WrittenReport;
import org.vesalius.clinical.report.fhir.FhirOptions;
import org.vesalius.clinical.report.fhir.FhirReport;
import org.vesalius.clinical.report.sr.StructuredReport;
import org.vesalius.clinical.rubric.BestOfN;
import org.vesalius.clinical.trace.TraceFile;
import org.vesalius.clinical.trace.TraceHtml;
import org.vesalius.clinical.trace.TraceSigner;
import org.vesalius.clinical.trace.TraceVerifier;
import org.vesalius.runtime.answer.Overlay;
import org.vesalius.runtime.answer.Region;

/** Writes a report into a folder, in every form. */
final class ReportFiles {
  /** Files that not every report has. */
  private static final List<String> OPTIONAL = List.of("report.dcm", "rubric.json");

  private final Path folder;
  private final List<Path> written = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();

  private ReportFiles(Path folder) {
    this.folder = folder;
  }

  /**
   * What was written.
   *
   * @param files in the order in which a reader wants them
   * @param notes what could not be, a sentence each
   */
  record Written(List<Path> files, List<String> notes) {}

  /** Writes all files. */
  static Written write(WrittenReport report, Optional<TraceSigner> signer, Path folder) {
    ReportFiles files = new ReportFiles(folder);
    try {
      Files.createDirectories(folder);
      files.clear();
      files.all(report, signer);
    } catch (IOException e) {
      throw new UncheckedIOException("folder " + folder + " cannot be written: " + e, e);
    }
    return new Written(List.copyOf(files.written), List.copyOf(files.notes));
  }

  private void all(WrittenReport report, Optional<TraceSigner> signer) throws IOException {
    text("report.txt", ReportText.of(report.report()));
    text("report.json", ReportJson.write(report.report()));
    text("fhir.json", FhirReport.json(report.report(), FhirOptions.anonymous()));
    structured(report);
    Path trace = file("trace.json");
    TraceFile.write(report.trace(), trace, signer);
    TraceHtml.render(report.trace(), new TraceVerifier().verify(trace), file("trace.html"));
    if (!report.ranking().isEmpty()) {
      text("rubric.json", ranking(report.ranking()));
    }
    for (ReportImage image : report.report().images()) {
      overlay(report, image.index());
    }
  }

  /** What an earlier report left must not stand beside this one. */
  private void clear() throws IOException {
    for (String name : OPTIONAL) {
      Files.deleteIfExists(folder.resolve(name));
    }
    try (DirectoryStream<Path> overlays = Files.newDirectoryStream(folder, "overlay-*.png")) {
      for (Path overlay : overlays) {
        Files.delete(overlay);
      }
    }
  }

  /** One that cannot refer to its images is left out; the other forms need no identifiers. */
  private void structured(WrittenReport report) throws IOException {
    if (report.report().images().stream().allMatch(image -> image.dicom().isEmpty())) {
      return;
    }
    byte[] document;
    try {
      document = StructuredReport.write(report.report());
    } catch (ReportOutputException e) {
      notes.add("no DICOM report: " + e.getMessage());
      return;
    }
    Files.write(file("report.dcm"), document);
  }

  private Path file(String name) {
    Path file = folder.resolve(name);
    written.add(file);
    return file;
  }

  private void text(String name, String content) throws IOException {
    Files.writeString(file(name), content, StandardCharsets.UTF_8);
  }

  private void overlay(WrittenReport report, int index) {
    String name = "overlay-" + (index + 1) + ".png";
    if (report.trace().images().get(index).withheld().isPresent()) {
      notes.add(
          "no "
              + name
              + ", nor this picture in the trace: text in it may name the patient;"
              + " --mask hides it, --show-burned-in shows all of it");
      return;
    }
    AgentImage image = report.images().get(index);
    List<Region> regions =
        report
            .report()
            .sentences()
            .flatMap(sentence -> sentence.evidence().stream())
            .filter(Evidence.Region.class::isInstance)
            .map(evidence -> ((Evidence.Region) evidence).place())
            .filter(place -> place.image() == index)
            .distinct()
            .map(place -> Places.region(image.picture(), place))
            .toList();
    Overlay.write(
        image.picture().image(),
        index,
        regions,
        MedicalReport.scaleBar(image.picture()).orElse(null),
        file(name));
  }

  private static String ranking(List<BestOfN.Ranked> ranking) {
    ArrayNode all = JsonOutput.array();
    for (BestOfN.Ranked ranked : ranking) {
      ObjectNode one = all.addObject();
      one.put("answer", ranked.candidate().answer());
      one.put("number", ranked.index() + 1);
      one.put("score", ranked.score().score());
      one.put("points", ranked.score().points());
      one.put("reachable", ranked.score().reachable());
      ArrayNode failed = one.putArray("failed_safety");
      ranked.score().failedSafety().forEach(failed::add);
      ArrayNode criteria = one.putArray("criteria");
      ranked
          .score()
          .criteria()
          .forEach(criterion -> {
            ObjectNode node = criteria.addObject();
            node.put("id", criterion.criterion().id());
            node.put("met", criterion.met());
            node.put("points", criterion.points());
            criterion.probability().ifPresent(value -> node.put("probability", value));
          });
    }
    return all.toPrettyString() + "\n";
  }
}
