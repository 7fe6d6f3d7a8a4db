package org.vesalius.clinical.imaging.dicom;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Elements to be written, of a data set or of an item of a sequence: explicit, little endian, text
 * in UTF-8. Values are checked against their value representation when they are set (PS3.5 6.2).
 *
 * <p>A value that its representation does not allow is an {@link IllegalArgumentException} that
 * names the element and never the value.
 */
public final class DicomItem {
  private static final int MAX_SHORT_LENGTH = 0xfffe;
  private static final Pattern CODE = Pattern.compile("[A-Z0-9 _]{0,16}");
  private static final Pattern UID = Pattern.compile("(0|[1-9]\\d*)(\\.(0|[1-9]\\d*))*");
  private static final Pattern DATE = Pattern.compile("\\d{8}");
  private static final Pattern TIME = Pattern.compile("\\d{2}(\\d{2}(\\d{2}(\\.\\d{1,6})?)?)?");
  private static final Pattern DECIMAL =
      Pattern.compile("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?");
  private static final Pattern INTEGER = Pattern.compile("[+-]?\\d{1,11}");

  private final SortedMap<Tag, byte[]> elements = new TreeMap<>();

  /** No elements yet. */
  public DicomItem() {}

  /** One or more values of text, or of numbers written as text. */
  public DicomItem text(Tag tag, ValueRepresentation vr, String... values) {
    if (!vr.isText()) {
      throw fail(tag, "expected a value representation of text, found " + vr);
    }
    for (String value : values) {
      check(tag, vr, value, values.length);
    }
    return joined(tag, vr, List.of(values));
  }

  /** An element without a value. */
  public DicomItem empty(Tag tag, ValueRepresentation vr) {
    return put(tag, vr, new byte[0]);
  }

  /**
   * The text of an element of another data set, in whatever character set that is, with whatever
   * length; empty where it has none.
   */
  public DicomItem copy(Tag tag, ValueRepresentation vr, DataSet from) {
    return copy(tag, vr, from, tag);
  }

  /** The same under another tag, for what refers to the other data set. */
  public DicomItem copy(Tag tag, ValueRepresentation vr, DataSet from, Tag source) {
    return joined(tag, vr, from.texts(source));
  }

  /** Unsigned numbers of 16 bits. */
  public DicomItem shorts(Tag tag, int... values) {
    ByteBuffer bytes = ByteBuffer.allocate(2 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int value : values) {
      if ((value & ~0xffff) != 0) {
        throw fail(tag, "expected 0 to 65535, found another number");
      }
      bytes.putShort((short) value);
    }
    return put(tag, ValueRepresentation.US, bytes.array());
  }

  /** Floating point numbers of 32 bits. */
  public DicomItem floats(Tag tag, List<Double> values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.size()).order(ByteOrder.LITTLE_ENDIAN);
    values.forEach(value -> bytes.putFloat((float) finite(tag, value)));
    return put(tag, ValueRepresentation.FL, bytes.array());
  }

  /** A floating point number of 64 bits. */
  public DicomItem number(Tag tag, double value) {
    ByteBuffer bytes = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
    return put(tag, ValueRepresentation.FD, bytes.putDouble(finite(tag, value)).array());
  }

  /** A sequence. */
  public DicomItem sequence(Tag tag, List<DicomItem> items) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (DicomItem item : items) {
      byte[] content = item.encoded();
      ByteBuffer header = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
      bytes.writeBytes(tag(header, Tag.ITEM).putInt(content.length).array());
      bytes.writeBytes(content);
    }
    return put(tag, ValueRepresentation.SQ, bytes.toByteArray());
  }

  /** A sequence of one item. */
  public DicomItem sequence(Tag tag, DicomItem item) {
    return sequence(tag, List.of(item));
  }

  /** Sets all elements of another one. */
  public DicomItem putAll(DicomItem other) {
    elements.putAll(other.elements);
    return this;
  }

  /** The elements in the order of their tags. */
  byte[] encoded() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    elements.values().forEach(bytes::writeBytes);
    return bytes.toByteArray();
  }

  /** Bytes as they are, with a null byte where their number is odd. */
  DicomItem put(Tag tag, ValueRepresentation vr, byte[] value) {
    byte[] even = Arrays.copyOf(value, (value.length + 1) & ~1);
    boolean wide = vr.hasLongLength();
    if (!wide && even.length > MAX_SHORT_LENGTH) {
      throw fail(
          tag, "expected at most %d bytes, found %d".formatted(MAX_SHORT_LENGTH, even.length));
    }
    ByteBuffer element =
        ByteBuffer.allocate((wide ? 12 : 8) + even.length).order(ByteOrder.LITTLE_ENDIAN);
    tag(element, tag).put(vr.name().getBytes(StandardCharsets.US_ASCII));
    if (wide) {
      element.putShort((short) 0).putInt(even.length);
    } else {
      element.putShort((short) even.length);
    }
    elements.put(tag, element.put(even).array());
    return this;
  }

  private DicomItem joined(Tag tag, ValueRepresentation vr, List<String> values) {
    String text = String.join("\\", values);
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    boolean spaced = bytes.length % 2 == 1 && vr != ValueRepresentation.UI;
    return put(tag, vr, spaced ? (text + " ").getBytes(StandardCharsets.UTF_8) : bytes);
  }

  private static void check(Tag tag, ValueRepresentation vr, String value, int count) {
    boolean fits =
        switch (vr) {
          case CS -> CODE.matcher(value).matches();
          case UI -> value.length() <= 64 && UID.matcher(value).matches();
          case DA -> DATE.matcher(value).matches();
          case TM -> TIME.matcher(value).matches();
          case DS -> value.length() <= 16 && DECIMAL.matcher(value).matches();
          case IS -> INTEGER.matcher(value).matches();
          case SH -> isLine(value, 16);
          case LO, PN -> isLine(value, 64);
          case ST -> count == 1 && isText(value, 1024);
          case UT -> count == 1 && isText(value, Integer.MAX_VALUE);
          default -> throw fail(tag, "values of " + vr + " are not written here");
        };
    if (!fits) {
      throw fail(
          tag, "expected a value as PS3.5 6.2 wants those of %s, found another".formatted(vr));
    }
  }

  private static boolean isLine(String value, int length) {
    return isText(value, length) && value.chars().noneMatch(c -> c == '\\' || c < ' ');
  }

  private static boolean isText(String value, int length) {
    return value.codePointCount(0, value.length()) <= length
        && value.codePoints().noneMatch(DicomItem::isControl);
  }

  private static boolean isControl(int c) {
    boolean layout = c == '\t' || c == '\n' || c == '\f' || c == '\r';
    return (Character.isISOControl(c) && !layout) || Character.getType(c) == Character.SURROGATE;
  }

  private static double finite(Tag tag, double value) {
    if (!Double.isFinite(value)) {
      throw fail(tag, "expected a finite number, found another");
    }
    return value;
  }

  private static ByteBuffer tag(ByteBuffer bytes, Tag tag) {
    return bytes.putShort((short) tag.group()).putShort((short) tag.element());
  }

  private static IllegalArgumentException fail(Tag tag, String problem) {
    return new IllegalArgumentException(tag + ": " + problem);
  }
}
