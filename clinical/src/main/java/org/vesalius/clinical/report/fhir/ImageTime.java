package org.vesalius.clinical.report.fhir;

import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.vesalius.clinical.imaging.dicom.DataSet;
import org.vesalius.clinical.imaging.dicom.Tag;

/** When an image was made, as FHIR writes it. */
final class ImageTime {
  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HHmmss", Locale.ROOT);
  private static final DateTimeFormatter WRITTEN =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ssxxx", Locale.ROOT);
  private static final Tag OFFSET = Tag.of(0x0008, 0x0201);

  private ImageTime() {}

  /**
   * The acquisition, else the content: a date, with the time only where the offset from UTC is
   * known, which FHIR demands with it. Empty for an image that says neither.
   */
  static Optional<String> of(DataSet image) {
    for (int element : List.of(0x22, 0x23)) {
      Optional<LocalDate> date = date(image.text(Tag.of(0x0008, element)).orElse(""));
      if (date.isPresent()) {
        return Optional.of(
            time(image, Tag.of(0x0008, element + 0x10))
                .map(time -> WRITTEN.format(date.get().atTime(time.time()).atOffset(time.offset())))
                .orElse(date.get().toString()));
      }
    }
    return Optional.empty();
  }

  private record Time(LocalTime time, ZoneOffset offset) {}

  private static Optional<LocalDate> date(String text) {
    try {
      return Optional.of(LocalDate.parse(text.strip(), DateTimeFormatter.BASIC_ISO_DATE));
    } catch (DateTimeException _) {
      return Optional.empty();
    }
  }

  private static Optional<Time> time(DataSet image, Tag tag) {
    String text = image.text(tag).orElse("").strip();
    try {
      return Optional.of(
          new Time(
              LocalTime.parse(text.substring(0, Math.min(6, text.length())), TIME),
              ZoneOffset.of(image.text(OFFSET).orElse("").strip())));
    } catch (DateTimeException _) {
      return Optional.empty();
    }
  }
}
