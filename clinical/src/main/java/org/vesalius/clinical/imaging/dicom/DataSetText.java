package org.vesalius.clinical.imaging.dicom;

import java.util.Arrays;
import java.util.List;

/** What may be shown of a data set: tags, kinds, lengths, and the values that identify nobody. */
final class DataSetText {
  private static final int MAX_VALUES = 8;
  private static final int MAX_LINES = 1000;

  private final StringBuilder text = new StringBuilder();
  private int lines;

  private DataSetText() {}

  static String of(DataSet data) {
    DataSetText text = new DataSetText();
    text.add(data, "");
    return text.text.toString().stripTrailing();
  }

  private void add(DataSet data, String indent) {
    data.forEach(element -> {
      if (++lines > MAX_LINES) {
        if (lines == MAX_LINES + 1) {
          text.append("…\n");
        }
        return;
      }
      text.append(indent)
          .append(element.tag())
          .append(' ')
          .append(element.representation())
          .append(": ")
          .append(value(data, element))
          .append('\n');
      List<DataSet> items = element.items();
      if (items != null) {
        items.forEach(item -> add(item, indent + "  "));
      }
    });
  }

  private static String value(DataSet data, Element element) {
    List<DataSet> items = element.items();
    if (items != null) {
      return items.size() + " items";
    }
    String size = element.length() + " bytes";
    if (!Deidentification.mayShow(data, element) || element.length() > 256) {
      return size;
    }
    try {
      List<?> values =
          element.representation().isText()
              ? data.texts(element.tag()).stream().map(DataSet::printable).toList()
              : Arrays.stream(data.numbers(element.tag())).boxed().toList();
      return values.size() > MAX_VALUES ? size : values.toString();
    } catch (DicomFormatException e) {
      return size + ", not well formed";
    }
  }
}
