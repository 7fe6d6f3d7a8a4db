package org.vesalius.clinical.imaging.dicom;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The elements of a DICOM file, of its meta group or of an item of a sequence; asked for by tag and
 * by the kind of value that the caller needs. Immutable; values are decoded when asked.
 *
 * <p>An element that is missing and one without a value answer alike: with nothing. A value that is
 * not of the kind asked for, or not well formed, is a {@link DicomFormatException}. Values of text
 * come without padding.
 *
 * <p>{@link #toString} shows values only of attributes that say nothing about a person.
 */
public final class DataSet {
  /** Longer text that should be a number is not shown in a message, and words never are. */
  private static final int SHOWN_LENGTH = 16;

  private final ByteSource source;
  private final Element[] elements;
  private final CharacterSets characterSets;
  private final long start;

  /**
   * @param start where it starts, for messages
   */
  DataSet(ByteSource source, List<Element> found, CharacterSets characterSets, long start) {
    this.source = source;
    this.elements = found.toArray(Element[]::new);
    this.characterSets = characterSets;
    this.start = start;
    boolean sorted = true;
    for (int i = 1; i < elements.length; i++) {
      sorted &= elements[i - 1].tag().compareTo(elements[i].tag()) < 0;
    }
    if (!sorted) {
      Arrays.sort(elements, Comparator.comparing(Element::tag));
      for (int i = 1; i < elements.length; i++) {
        if (elements[i].tag().equals(elements[i - 1].tag())) {
          throw elements[i].fail(
              "corrupt: the element is there twice; the other is at %s %d"
                  .formatted(source.place(), elements[i - 1].start()));
        }
      }
    }
  }

  /** Tags of all elements, ascending. */
  public List<Tag> tags() {
    return Arrays.stream(elements).map(Element::tag).toList();
  }

  /** Whether the element is there, if only without a value. */
  public boolean contains(Tag tag) {
    return find(tag) != null;
  }

  /** How the element's value is stored; empty where the element is missing. */
  public Optional<ValueRepresentation> representation(Tag tag) {
    return Optional.ofNullable(find(tag)).map(Element::representation);
  }

  /** The first value as text. */
  public Optional<String> text(Tag tag) {
    return texts(tag).stream().findFirst().filter(text -> !text.isEmpty());
  }

  /** All values as text. */
  public List<String> texts(Tag tag) {
    Element element = withValue(tag);
    if (element == null) {
      return List.of();
    }
    ValueRepresentation vr = element.representation();
    if (!vr.isText() && vr != ValueRepresentation.UN) {
      throw element.fail("expected text, found a value of " + vr);
    }
    byte[] bytes = element.source().copy(element.at(), bounded(element));
    String whole =
        vr.hasCharacterSet()
            ? characterSets.decode(bytes)
            : new String(bytes, StandardCharsets.ISO_8859_1);
    if (vr.kind == ValueRepresentation.Kind.LONG_TEXT) {
      return List.of(withoutPadding(whole, false));
    }
    List<String> values = new ArrayList<>();
    int from = 0;
    for (int to = whole.indexOf('\\'); to >= 0; to = whole.indexOf('\\', from)) {
      values.add(withoutPadding(whole.substring(from, to), true));
      from = to + 1;
    }
    values.add(withoutPadding(whole.substring(from), true));
    return List.copyOf(values);
  }

  /** The first value as a number. */
  public OptionalDouble number(Tag tag) {
    double[] values = numbers(tag);
    return values.length == 0 ? OptionalDouble.empty() : OptionalDouble.of(values[0]);
  }

  /** All values as numbers: of DS, IS, FL, FD, OF, OD and of every kind of integer. */
  public double[] numbers(Tag tag) {
    Element element = withValue(tag);
    if (element == null) {
      return new double[0];
    }
    ValueRepresentation vr = element.representation();
    return switch (vr.kind) {
      case NUMBER_TEXT -> numbersOfText(element);
      case FLOATS -> {
        double[] values = new double[count(element)];
        for (int i = 0; i < values.length; i++) {
          long at = element.at() + (long) i * vr.width;
          values[i] =
              vr.width == 4
                  ? Float.intBitsToFloat(element.source().i32(at, element.bigEndian()))
                  : Double.longBitsToDouble(element.source().i64(at, element.bigEndian()));
        }
        yield values;
      }
      case SIGNED, UNSIGNED -> {
        long[] integers = integers(tag);
        double[] values = new double[integers.length];
        for (int i = 0; i < values.length; i++) {
          values[i] = integers[i];
        }
        yield values;
      }
      default -> throw element.fail("expected numbers, found a value of " + vr);
    };
  }

  /** The first value as an integer of 32 bits. */
  public OptionalInt integer(Tag tag) {
    long[] values = integers(tag);
    if (values.length == 0) {
      return OptionalInt.empty();
    }
    if (values[0] != (int) values[0]) {
      throw element(tag).fail("expected an integer of 32 bits, found a larger one");
    }
    return OptionalInt.of((int) values[0]);
  }

  /** All values as integers; those of OW are words of 16 bits, those of OB bytes, unsigned. */
  public long[] integers(Tag tag) {
    Element element = withValue(tag);
    if (element == null) {
      return new long[0];
    }
    ValueRepresentation vr = element.representation();
    return switch (vr.kind) {
      case SIGNED, UNSIGNED -> {
        long[] values = new long[count(element)];
        for (int i = 0; i < values.length; i++) {
          values[i] = integer(element, element.at() + (long) i * vr.width);
        }
        yield values;
      }
      case NUMBER_TEXT -> {
        double[] numbers = numbersOfText(element);
        long[] values = new long[numbers.length];
        for (int i = 0; i < values.length; i++) {
          values[i] = (long) numbers[i];
          if (values[i] != numbers[i]) {
            throw element.fail("expected an integer, found a fraction");
          }
        }
        yield values;
      }
      default -> throw element.fail("expected integers, found a value of " + vr);
    };
  }

  /** The items of a sequence; none where it is missing. */
  public List<DataSet> items(Tag tag) {
    Element element = withValue(tag);
    if (element == null) {
      return List.of();
    }
    List<DataSet> items = element.items();
    if (items == null) {
      throw element.fail("expected a sequence, found a value of " + element.representation());
    }
    return items;
  }

  /** The bytes of the value as stored; none where it is missing. */
  public byte[] bytes(Tag tag) {
    Element element = withValue(tag);
    if (element == null) {
      return new byte[0];
    }
    if (element.items() != null || element.fragments() != null) {
      throw element.fail("expected plain bytes, found items");
    }
    return element.source().copy(element.at(), bounded(element));
  }

  /** Null where it is missing. */
  @Nullable Element find(Tag tag) {
    int low = 0;
    int high = elements.length - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      int order = elements[middle].tag().compareTo(tag);
      if (order == 0) {
        return elements[middle];
      }
      if (order < 0) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return null;
  }

  /** The element, which must be there. */
  Element element(Tag tag) {
    Element element = find(tag);
    if (element == null) {
      throw fail(tag, "expected the element, found none");
    }
    return element;
  }

  /** An integer that must be there and in a range. */
  int integer(Tag tag, int min, int max) {
    int value = integer(tag).orElseThrow(() -> fail(tag, "expected a value, found none"));
    if (value < min || value > max) {
      throw element(tag).fail("expected %d to %d, found %d".formatted(min, max, value));
    }
    return value;
  }

  DicomFormatException fail(Tag tag, String problem) {
    Element element = find(tag);
    return element != null ? element.fail(problem) : source.fail(tag, start, problem);
  }

  ByteSource source() {
    return source;
  }

  CharacterSets characterSets() {
    return characterSets;
  }

  void forEach(Consumer<Element> visitor) {
    for (Element element : elements) {
      visitor.accept(element);
    }
  }

  private @Nullable Element withValue(Tag tag) {
    Element element = find(tag);
    return element == null || (element.length() == 0 && element.items() == null) ? null : element;
  }

  private static long bounded(Element element) {
    if (element.length() > Integer.MAX_VALUE - 8) {
      throw element.fail("expected a value below 2 GiB, found " + element.length() + " bytes");
    }
    return element.length();
  }

  private static int count(Element element) {
    int width = element.representation().width;
    long count = bounded(element) / width;
    if (count * width != element.length()) {
      throw element.fail(
          "expected values of %d bytes, found %d bytes".formatted(width, element.length()));
    }
    return (int) count;
  }

  private static long integer(Element element, long at) {
    ByteSource source = element.source();
    boolean signed = element.representation().kind == ValueRepresentation.Kind.SIGNED;
    boolean bigEndian = element.bigEndian();
    return switch (element.representation().width) {
      case 1 -> source.u8(at);
      case 2 -> signed ? (short) source.u16(at, bigEndian) : source.u16(at, bigEndian);
      case 4 -> signed ? source.i32(at, bigEndian) : source.u32(at, bigEndian);
      default -> source.i64(at, bigEndian);
    };
  }

  private double[] numbersOfText(Element element) {
    List<String> texts = texts(element.tag());
    if (texts.size() == 1 && texts.get(0).isEmpty()) {
      return new double[0];
    }
    boolean integers = element.representation() == ValueRepresentation.IS;
    double[] values = new double[texts.size()];
    for (int i = 0; i < values.length; i++) {
      String text = texts.get(i);
      if (!(integers ? isInteger(text) : isDecimal(text))) {
        Attribute known = Dictionary.find(element.tag());
        boolean shown =
            known != null
                && known.exposure() == Attribute.Exposure.KEPT
                && text.length() <= SHOWN_LENGTH
                && text.chars().noneMatch(Character::isLetter);
        throw element.fail(
            "expected a number of PS3.5 6.2, found "
                + (shown ? "\"" + printable(text) + "\"" : "other text"));
      }
      values[i] = Double.parseDouble(text);
    }
    return values;
  }

  private static boolean isInteger(String text) {
    int digits = text.startsWith("-") || text.startsWith("+") ? 1 : 0;
    boolean all = text.length() > digits && text.length() - digits <= 12;
    for (int i = digits; all && i < text.length(); i++) {
      all = text.charAt(i) >= '0' && text.charAt(i) <= '9';
    }
    return all;
  }

  /** Java reads more as a number than a decimal string may be: NaN, 0x1p3, 1d. */
  private static boolean isDecimal(String text) {
    boolean digit = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean exponent = (c == 'e' || c == 'E') && digit && i + 1 < text.length();
      boolean sign = (c == '-' || c == '+') && (i == 0 || "eE".indexOf(text.charAt(i - 1)) >= 0);
      digit |= c >= '0' && c <= '9';
      if (!exponent && !sign && c != '.' && !(c >= '0' && c <= '9')) {
        return false;
      }
    }
    if (!digit || text.length() > 64) {
      return false;
    }
    try {
      return Double.isFinite(Double.parseDouble(text));
    } catch (NumberFormatException e) {
      return false;
    }
  }

  private static String withoutPadding(String text, boolean leading) {
    int from = 0;
    int to = text.length();
    while (to > 0 && (text.charAt(to - 1) == ' ' || text.charAt(to - 1) == 0)) {
      to--;
    }
    while (leading && from < to && text.charAt(from) == ' ') {
      from++;
    }
    return text.substring(from, to);
  }

  static String printable(String text) {
    return text.replaceAll("[^\\x20-\\x7e]", "?");
  }

  /** One line an element; values only of attributes that say nothing about a person. */
  @Override
  public String toString() {
    return DataSetText.of(this);
  }
}
