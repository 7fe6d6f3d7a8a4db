package org.vesalius.clinical.report.sr;

import java.time.DateTimeException;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.vesalius.clinical.imaging.dicom.DataSet;
import org.vesalius.clinical.imaging.dicom.DicomItem;
import org.vesalius.clinical.imaging.dicom.DicomWriter;
import org.vesalius.clinical.imaging.dicom.Tag;
import org.vesalius.clinical.imaging.dicom.ValueRepresentation;
import org.vesalius.clinical.report.PlainText;
import org.vesalius.clinical.report.Report;
import org.vesalius.clinical.report.ReportOutputException;
import org.vesalius.clinical.report.ReportUid;

/**
 * Reports as DICOM files: Comprehensive SR (PS3.3 A.35.3) with a part of TID 1500, Measurement
 * Report (PS3.16). It belongs to the study of the first image that is no earlier one and, as DICOM
 * demands, to its patient: unlike every other form of a report it holds who that is.
 *
 * <p>It is marked as partial, preliminary and not verified.
 */
public final class StructuredReport {
  /** Comprehensive SR Storage. */
  static final String SOP_CLASS = "1.2.840.10008.5.1.4.1.1.88.33";

  /** Timezone Offset From UTC. */
  private static final Tag OFFSET = Tag.of(0x0008, 0x0201);

  private static final DateTimeFormatter DATE =
      DateTimeFormatter.ofPattern("yyyyMMdd", Locale.ROOT);
  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HHmmss", Locale.ROOT);

  private StructuredReport() {}

  /**
   * The file. Equal reports of the same images give equal bytes.
   *
   * @throws ReportOutputException if no current image of the report is DICOM, one lacks the
   *     identifiers that DICOM demands, or they are of different patients
   */
  public static byte[] write(Report report) {
    List<SourceImage> images = SourceImage.of(report);
    try {
      return write(report, images);
    } catch (IllegalArgumentException e) {
      throw new ReportOutputException(
          "report: cannot be written as a structured report: " + e.getMessage(), e);
    }
  }

  private static byte[] write(Report report, List<SourceImage> images) {
    SourceImage subject = images.getFirst();
    ReportUid uids = new ReportUid(report);
    String image = subject.uid(Tag.SOP_INSTANCE_UID);
    DicomItem document = new DicomItem();
    patientAndStudy(document, subject.data());
    series(document, uids.dicom("series of " + image));
    general(document, report, subject.data());
    evidence(document, subject, images);
    new ReportContent(report, uids, images).root().writeTo(document);
    return DicomWriter.file(SOP_CLASS, uids.dicom("document of " + image), document);
  }

  /** PS3.3 C.17.2: what belongs to the study that is reported, and what else was looked at. */
  private static void evidence(DicomItem document, SourceImage subject, List<SourceImage> images) {
    Map<Boolean, List<SourceImage>> current =
        images.stream().collect(Collectors.partitioningBy(image -> image.isOfStudy(subject)));
    document.sequence(
        Tag.of(0x0040, 0xa375), SourceImage.evidence(current.getOrDefault(true, List.of())));
    List<SourceImage> others = current.getOrDefault(false, List.of());
    if (!others.isEmpty()) {
      document.sequence(Tag.of(0x0040, 0xa385), SourceImage.evidence(others));
    }
  }

  /** PS3.3 C.7.1.1 and C.7.2.1, as the image says it. */
  private static void patientAndStudy(DicomItem document, DataSet image) {
    document
        .copy(Tag.of(0x0010, 0x0010), ValueRepresentation.PN, image)
        .copy(Tag.of(0x0010, 0x0020), ValueRepresentation.LO, image)
        .copy(Tag.of(0x0010, 0x0030), ValueRepresentation.DA, image)
        .copy(Tag.of(0x0010, 0x0040), ValueRepresentation.CS, image)
        .copy(Tag.STUDY_INSTANCE_UID, ValueRepresentation.UI, image)
        .copy(Tag.of(0x0008, 0x0020), ValueRepresentation.DA, image)
        .copy(Tag.of(0x0008, 0x0030), ValueRepresentation.TM, image)
        .copy(Tag.of(0x0008, 0x0050), ValueRepresentation.SH, image)
        .copy(Tag.of(0x0008, 0x0090), ValueRepresentation.PN, image)
        .copy(Tag.of(0x0020, 0x0010), ValueRepresentation.SH, image);
  }

  /** PS3.3 C.17.1 and C.7.5.1. */
  private static void series(DicomItem document, String uid) {
    document
        .text(Tag.MODALITY, ValueRepresentation.CS, "SR")
        .text(Tag.SERIES_INSTANCE_UID, ValueRepresentation.UI, uid)
        .text(Tag.SERIES_NUMBER, ValueRepresentation.IS, "9001")
        .text(Tag.of(0x0008, 0x103e), ValueRepresentation.LO, "Model report, not a diagnosis")
        .sequence(Tag.of(0x0008, 0x1111), List.of())
        .text(Tag.of(0x0008, 0x0070), ValueRepresentation.LO, "Vesalius");
  }

  /**
   * PS3.3 C.17.2 and C.12.1. An offset from UTC would be that of the study's time too, which is
   * copied: so it is the image's, or none, and then the content's time is UTC.
   */
  private static void general(DicomItem document, Report report, DataSet image) {
    Optional<ZoneOffset> offset = offset(image);
    OffsetDateTime time = report.createdAt().atOffset(offset.orElse(ZoneOffset.UTC));
    offset.ifPresent(_ -> document.copy(OFFSET, ValueRepresentation.SH, image));
    String scheme = Code.OWN_SCHEME;
    document
        .text(
            Tag.of(0x0008, 0x1090),
            ValueRepresentation.LO,
            PlainText.shortened(report.model(), 64).replace('\\', '/'))
        .text(Tag.INSTANCE_NUMBER, ValueRepresentation.IS, "1")
        .text(Tag.of(0x0008, 0x0023), ValueRepresentation.DA, DATE.format(time))
        .text(Tag.of(0x0008, 0x0033), ValueRepresentation.TM, TIME.format(time))
        .text(Tag.of(0x0040, 0xa491), ValueRepresentation.CS, "PARTIAL")
        .text(Tag.of(0x0040, 0xa492), ValueRepresentation.LO, "Written by a model; not a diagnosis")
        .text(Tag.of(0x0040, 0xa493), ValueRepresentation.CS, "UNVERIFIED")
        .text(Tag.of(0x0040, 0xa496), ValueRepresentation.CS, "PRELIMINARY")
        .sequence(Tag.of(0x0040, 0xa372), List.of())
        .sequence(
            Tag.of(0x0008, 0x0110),
            new DicomItem()
                .text(Tag.of(0x0008, 0x0102), ValueRepresentation.SH, scheme)
                .text(Tag.of(0x0008, 0x0115), ValueRepresentation.ST, "Terms of Vesalius"));
  }

  private static Optional<ZoneOffset> offset(DataSet image) {
    try {
      return image.text(OFFSET).map(String::strip).map(ZoneOffset::of);
    } catch (DateTimeException _) {
      return Optional.empty();
    }
  }
}
