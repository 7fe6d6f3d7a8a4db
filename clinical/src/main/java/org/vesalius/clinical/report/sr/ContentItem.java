package org.vesalius.clinical.report.sr;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.vesalius.clinical.imaging.dicom.DicomItem;
import org.vesalius.clinical.imaging.dicom.Tag;
import org.vesalius.clinical.imaging.dicom.ValueRepresentation;
import org.vesalius.clinical.report.PlainText;

/** A node of the tree of a structured report (PS3.3 C.17.3). */
final class ContentItem {
  /** How a node stands to the one above (PS3.3 C.17.3.2.4). */
  enum Relation {
    CONTAINS,
    HAS_OBS_CONTEXT,
    HAS_ACQ_CONTEXT,
    HAS_CONCEPT_MOD,
    HAS_PROPERTIES,
    INFERRED_FROM,
    SELECTED_FROM;

    String term() {
      return name().replace('_', ' ');
    }
  }

  private record Child(Relation relation, ContentItem item) {}

  /** Digits that a decimal string of 16 characters always has room for. */
  private static final MathContext DIGITS = new MathContext(9);

  private final String type;
  private final DicomItem value = new DicomItem();
  private final List<Child> children = new ArrayList<>();

  private ContentItem(String type, Optional<Code> name) {
    this.type = type;
    value.text(Tag.of(0x0040, 0xa040), ValueRepresentation.CS, type);
    name.ifPresent(code -> value.sequence(Tag.of(0x0040, 0xa043), code.item()));
  }

  static ContentItem container(Code name) {
    ContentItem item = new ContentItem("CONTAINER", Optional.of(name));
    item.value.text(Tag.of(0x0040, 0xa050), ValueRepresentation.CS, "SEPARATE");
    return item;
  }

  /** A container that a template of PS3.16 describes. */
  ContentItem ofTemplate(String number) {
    value.sequence(
        Tag.of(0x0040, 0xa504),
        new DicomItem()
            .text(Tag.of(0x0008, 0x0105), ValueRepresentation.CS, "DCMR")
            .text(Tag.of(0x0040, 0xdb00), ValueRepresentation.CS, number));
    return this;
  }

  static ContentItem text(Code name, String text) {
    String line = PlainText.line(text);
    ContentItem item = new ContentItem("TEXT", Optional.of(name));
    item.value.text(
        Tag.of(0x0040, 0xa160), ValueRepresentation.UT, line.isEmpty() ? "(empty)" : line);
    return item;
  }

  static ContentItem code(Code name, Code code) {
    ContentItem item = new ContentItem("CODE", Optional.of(name));
    item.value.sequence(Tag.of(0x0040, 0xa168), code.item());
    return item;
  }

  static ContentItem uid(Code name, String uid) {
    ContentItem item = new ContentItem("UIDREF", Optional.of(name));
    item.value.text(Tag.of(0x0040, 0xa124), ValueRepresentation.UI, uid);
    return item;
  }

  static ContentItem number(Code name, double number, Code unit) {
    String decimal = new BigDecimal(number).round(DIGITS).stripTrailingZeros().toString();
    DicomItem measured =
        new DicomItem()
            .sequence(Tag.of(0x0040, 0x08ea), unit.item())
            .text(Tag.of(0x0040, 0xa30a), ValueRepresentation.DS, decimal)
            .number(Tag.of(0x0040, 0xa161), number);
    ContentItem item = new ContentItem("NUM", Optional.of(name));
    item.value.sequence(Tag.of(0x0040, 0xa300), measured);
    return item;
  }

  /**
   * A place in an image.
   *
   * @param graphic {@code POINT} or {@code POLYLINE}
   * @param points pairs of column and row, from the top left corner of the first pixel
   */
  static ContentItem coordinates(Code name, String graphic, List<Double> points) {
    ContentItem item = new ContentItem("SCOORD", Optional.of(name));
    item.value
        .text(Tag.of(0x0070, 0x0023), ValueRepresentation.CS, graphic)
        .floats(Tag.of(0x0070, 0x0022), points);
    return item;
  }

  static ContentItem image(DicomItem reference) {
    ContentItem item = new ContentItem("IMAGE", Optional.empty());
    item.value.sequence(Tag.of(0x0008, 0x1199), reference);
    return item;
  }

  ContentItem add(Relation relation, ContentItem item) {
    children.add(new Child(relation, item));
    return this;
  }

  boolean hasChildren() {
    return !children.isEmpty();
  }

  /** The elements of the root, added to those of the document. */
  void writeTo(DicomItem document) {
    document.putAll(complete());
  }

  private DicomItem complete() {
    if (!children.isEmpty()) {
      value.sequence(
          Tag.of(0x0040, 0xa730),
          children.stream()
              .map(child ->
                  child
                      .item()
                      .complete()
                      .text(
                          Tag.of(0x0040, 0xa010), ValueRepresentation.CS, child.relation().term()))
              .toList());
    }
    return value;
  }

  @Override
  public String toString() {
    return type;
  }
}
