package org.vesalius.clinical.report.sr;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.vesalius.clinical.imaging.dicom.DataSet;
import org.vesalius.clinical.imaging.dicom.DicomItem;
import org.vesalius.clinical.imaging.dicom.Tag;
import org.vesalius.clinical.imaging.dicom.ValueRepresentation;
import org.vesalius.clinical.report.Report;
import org.vesalius.clinical.report.ReportImage;
import org.vesalius.clinical.report.ReportOutputException;

/**
 * A DICOM image that a report is about.
 *
 * @param index that places use
 * @param data its elements
 * @param frame of it, from 1; empty for a file of one frame
 * @param prior whether it is an earlier one
 */
record SourceImage(int index, DataSet data, OptionalInt frame, boolean prior) {

  /** Those of a report that are DICOM, at least one, current ones first. */
  static List<SourceImage> of(Report report) {
    List<SourceImage> images = new ArrayList<>();
    for (ReportImage image : report.images()) {
      image
          .dicom()
          .ifPresent(file -> {
            SourceImage source =
                new SourceImage(
                    image.index(),
                    file.dataSet(),
                    file.frames() > 1 ? image.frame() : OptionalInt.empty(),
                    image.prior());
            source.checkIdentifiers();
            images.add(source);
          });
    }
    if (images.stream().allMatch(SourceImage::prior)) {
      throw new ReportOutputException(
          "report: expected a current image in DICOM, whose study a structured report belongs to, found none; write it as text, JSON or FHIR");
    }
    checkPatient(images);
    images.sort(Comparator.comparing(SourceImage::prior));
    return List.copyOf(images);
  }

  private void checkIdentifiers() {
    for (Tag tag :
        List.of(
            Tag.SOP_CLASS_UID,
            Tag.SOP_INSTANCE_UID,
            Tag.STUDY_INSTANCE_UID,
            Tag.SERIES_INSTANCE_UID)) {
      if (data.text(tag).isEmpty()) {
        throw new ReportOutputException(
            "image %d: expected %s, which a structured report refers to, found none"
                .formatted(index, tag));
      }
    }
  }

  private static void checkPatient(List<SourceImage> images) {
    long patients =
        images.stream()
            .flatMap(image -> image.data.text(Tag.of(0x0010, 0x0020)).stream())
            .distinct()
            .count();
    if (patients > 1) {
      throw new ReportOutputException(
          "report: expected images of one patient, found %d different patient ids"
              .formatted(patients));
    }
  }

  String modality() {
    return data.text(Tag.MODALITY).orElse("");
  }

  /** What a node refers to it by, with the frame. */
  DicomItem reference() {
    DicomItem reference = instance();
    frame.ifPresent(number ->
        reference.text(Tag.of(0x0008, 0x1160), ValueRepresentation.IS, Integer.toString(number)));
    return reference;
  }

  private DicomItem instance() {
    return new DicomItem()
        .copy(Tag.of(0x0008, 0x1150), ValueRepresentation.UI, data, Tag.SOP_CLASS_UID)
        .copy(Tag.of(0x0008, 0x1155), ValueRepresentation.UI, data, Tag.SOP_INSTANCE_UID);
  }

  boolean isOfStudy(SourceImage other) {
    return uid(Tag.STUDY_INSTANCE_UID).equals(other.uid(Tag.STUDY_INSTANCE_UID));
  }

  String uid(Tag tag) {
    return data.text(tag).orElseThrow();
  }

  /** All of them by study and series (PS3.3 C.17.2.1). */
  static List<DicomItem> evidence(List<SourceImage> images) {
    return by(Tag.STUDY_INSTANCE_UID, images).stream()
        .map(study ->
            study
                .getFirst()
                .identified(Tag.STUDY_INSTANCE_UID)
                .sequence(Tag.of(0x0008, 0x1115), series(study)))
        .toList();
  }

  private static List<DicomItem> series(List<SourceImage> study) {
    return by(Tag.SERIES_INSTANCE_UID, study).stream()
        .map(series ->
            series
                .getFirst()
                .identified(Tag.SERIES_INSTANCE_UID)
                .sequence(
                    Tag.of(0x0008, 0x1199),
                    by(Tag.SOP_INSTANCE_UID, series).stream()
                        .map(frames -> frames.getFirst().instance())
                        .toList()))
        .toList();
  }

  /** Groups of those with the same identifier, in the order of the first of each. */
  private static List<List<SourceImage>> by(Tag identifier, List<SourceImage> images) {
    Map<String, List<SourceImage>> groups = new LinkedHashMap<>();
    for (SourceImage image : images) {
      groups.computeIfAbsent(image.uid(identifier), _ -> new ArrayList<>()).add(image);
    }
    return List.copyOf(groups.values());
  }

  private DicomItem identified(Tag identifier) {
    return new DicomItem().copy(identifier, ValueRepresentation.UI, data);
  }

  static Optional<SourceImage> find(List<SourceImage> images, int index) {
    return images.stream().filter(image -> image.index == index).findFirst();
  }
}
