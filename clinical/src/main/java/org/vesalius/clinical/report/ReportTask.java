package org.vesalius.clinical.report;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.vesalius.clinical.agent.AgentImage;
import org.vesalius.clinical.imaging.DicomImage;
import org.vesalius.clinical.imaging.dicom.Tag;
import org.vesalius.clinical.rubric.Rubric;
import org.vesalius.runtime.Cancellation;

/**
 * What a report is written about.
 *
 * @param images current ones, at least one
 * @param priors earlier ones, for comparison
 * @param quotes documents that sentences may rest on
 * @param rubric by which the best of several reports is chosen; empty for the first
 * @param description of the task as parsed JSON, complete enough to ask it again
 * @param cancellation ends the writing
 */
public record ReportTask(
    List<AgentImage> images,
    List<AgentImage> priors,
    QuoteFinder quotes,
    Optional<Rubric> rubric,
    Map<String, Object> description,
    Cancellation cancellation) {
  private static final Tag PATIENT_ID = Tag.of(0x0010, 0x0020);

  /** Copies the lists, and refuses pictures that say that they are of different patients. */
  public ReportTask {
    images = List.copyOf(images);
    priors = List.copyOf(priors);
    if (images.isEmpty()) {
      throw new IllegalArgumentException("report: expected at least one image, found none");
    }
    long patients =
        Stream.concat(images.stream(), priors.stream())
            .flatMap(image -> image.medical().stream())
            .map(AgentImage.MedicalFrame::image)
            .filter(DicomImage.class::isInstance)
            .flatMap(image -> ((DicomImage) image).file().dataSet().text(PATIENT_ID).stream())
            .distinct()
            .count();
    if (patients > 1) {
      throw new IllegalArgumentException(
          "report: expected images of one patient, found %d different patient ids"
              .formatted(patients));
    }
  }

  /** About pictures alone. */
  public static ReportTask of(List<AgentImage> images) {
    return new ReportTask(
        images, List.of(), QuoteFinder.NONE, Optional.empty(), Map.of(), new Cancellation());
  }
}
