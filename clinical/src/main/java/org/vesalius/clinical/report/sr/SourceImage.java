package org.vesalius.clinical.report.sr;

import java.util.ArrayList;
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

  /** Those of a report that are DICOM, at least one. */
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
    if (images.isEmpty()) {
      throw new ReportOutputException(
          "report: expected an image in DICOM for a structured report, found none; write it as text, JSON or FHIR");
    }
    checkPatient(images);
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
        .text(Tag.of(0x0008, 0x1150), ValueRepresentation.UI, uid(Tag.SOP_CLASS_UID))
        .text(Tag.of(0x0008, 0x1155), ValueRepresentation.UI, uid(Tag.SOP_INSTANCE_UID));
  }

  String uid(Tag tag) {
    return data.text(tag).orElseThrow();
  }

  /** All of them by study and series (PS3.3 C.17.2.1). */
  static List<DicomItem> evidence(List<SourceImage> images) {
    Map<String, Map<String, Map<String, DicomItem>>> studies = new LinkedHashMap<>();
    for (SourceImage image : images) {
      studies
          .computeIfAbsent(image.uid(Tag.STUDY_INSTANCE_UID), _ -> new LinkedHashMap<>())
          .computeIfAbsent(image.uid(Tag.SERIES_INSTANCE_UID), _ -> new LinkedHashMap<>())
          .putIfAbsent(image.uid(Tag.SOP_INSTANCE_UID), image.instance());
    }
    List<DicomItem> items = new ArrayList<>();
    studies.forEach((study, series) ->
        items.add(
            new DicomItem()
                .text(Tag.STUDY_INSTANCE_UID, ValueRepresentation.UI, study)
                .sequence(Tag.of(0x0008, 0x1115), series(series))));
    return items;
  }

  private static List<DicomItem> series(Map<String, Map<String, DicomItem>> series) {
    List<DicomItem> items = new ArrayList<>();
    series.forEach((uid, instances) ->
        items.add(
            new DicomItem()
                .text(Tag.SERIES_INSTANCE_UID, ValueRepresentation.UI, uid)
                .sequence(Tag.of(0x0008, 0x1199), List.copyOf(instances.values()))));
    return items;
  }

  static Optional<SourceImage> find(List<SourceImage> images, int index) {
    return images.stream().filter(image -> image.index == index).findFirst();
  }
}
