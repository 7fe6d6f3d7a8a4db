package org.vesalius.clinical.imaging.dicom;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Turns bytes into elements (PS3.5 7). Every length is checked against what is there before
 * anything is kept; nesting and the number of elements have limits.
 */
final class DataSetParser {
  /** More than any real file nests; less than the stack holds. */
  static final int MAX_DEPTH = 64;

  /** Elements and items of one file; a hundred bytes of memory each. */
  static final int MAX_ELEMENTS = 4_000_000;

  private static final long UNDEFINED = 0xffff_ffffL;
  private static final int ITEM_HEADER = 8;

  private final ByteSource source;
  private int elements;

  DataSetParser(ByteSource source) {
    this.source = source;
  }

  /**
   * How elements of a part of a file are stored and what they are part of.
   *
   * @param signedPixels whether "US or SS" means signed
   */
  private record Part(
      boolean explicit,
      boolean bigEndian,
      boolean signedPixels,
      int depth,
      CharacterSets characterSets) {

    Part implicit() {
      return new Part(false, false, signedPixels, depth, characterSets);
    }

    Part inside(boolean signed, CharacterSets sets) {
      return new Part(explicit, bigEndian, signed, depth + 1, sets);
    }
  }

  /** A list of items, a data set or a value, and where it ends. */
  private record Parsed<T>(T value, long end) {}

  /** The elements between two places, which must end at the second. */
  DataSet parse(long from, long to, boolean explicit, boolean bigEndian) {
    Part part = new Part(explicit, bigEndian, false, 0, CharacterSets.ASCII);
    return parseElements(part, from, to, false).value;
  }

  /**
   * The elements of the file's meta group, which is always explicit and little endian.
   *
   * @return the data set and the place of the first element of another group
   */
  DataSet parseMeta(long from) {
    long at = from;
    List<Element> meta = new ArrayList<>();
    Part part = new Part(true, false, false, 0, CharacterSets.ASCII);
    while (at + 2 <= source.size() && source.u16(at, false) == 2) {
      Element element = parseElement(part, at, source.size(), false);
      meta.add(element);
      at = element.at() + element.length();
    }
    return new DataSet(source, meta, CharacterSets.ASCII, at);
  }

  private Parsed<DataSet> parseElements(Part part, long from, long to, boolean delimited) {
    List<Element> found = new ArrayList<>();
    boolean signed = part.signedPixels;
    CharacterSets sets = part.characterSets;
    long at = from;
    while (delimited || at < to) {
      if (to - at < 8) {
        throw source.fail(
            at,
            "truncated: expected an element of 8 bytes or more, found "
                + (to - at)
                + "; get the whole file");
      }
      Tag tag = source.tag(at, part.bigEndian);
      if (tag.group() == 0xfffe) {
        if (delimited && tag.equals(Tag.ITEM_DELIMITATION_ITEM)) {
          return new Parsed<>(new DataSet(source, found, sets, from), endOfDelimiter(part, at));
        }
        throw source.fail(tag, at, "corrupt: expected an element, found a delimiter");
      }
      Element element = parseElement(part.inside(signed, sets), at, to, true);
      found.add(element);
      if (tag.equals(Tag.SPECIFIC_CHARACTER_SET)) {
        sets = CharacterSets.of(element);
      } else if (tag.equals(Tag.PIXEL_REPRESENTATION) && element.length() == 2) {
        signed = source.u16(element.at(), part.bigEndian) == 1;
      }
      at = element.at() + element.length();
    }
    return new Parsed<>(new DataSet(source, found, sets, from), at);
  }

  private Element parseElement(Part part, long at, long to, boolean sequences) {
    count(at);
    if (to - at < 8) {
      throw source.fail(at, "truncated: expected an element, found " + (to - at) + " bytes");
    }
    Tag tag = source.tag(at, part.bigEndian);
    Attribute known = Dictionary.find(tag);
    ValueRepresentation vr;
    long length;
    long value = at + 8;
    if (part.explicit) {
      ValueRepresentation stored = ValueRepresentation.of(source.u8(at + 4), source.u8(at + 5));
      if (stored == null) {
        throw source.fail(
            tag,
            at,
            "corrupt: expected a value representation of PS3.5 6.2, found bytes %02x %02x"
                .formatted(source.u8(at + 4), source.u8(at + 5)));
      }
      vr = stored;
      if (vr.hasLongLength()) {
        if (to - at < 12) {
          throw source.fail(tag, at, "truncated: expected a length of 4 bytes");
        }
        length = source.u32(at + 8, part.bigEndian);
        value = at + 12;
      } else {
        length = source.u16(at + 6, part.bigEndian);
      }
    } else {
      length = source.u32(at + 4, part.bigEndian);
      vr = implicitRepresentation(known, length, part);
    }
    if (length == UNDEFINED) {
      if (!sequences) {
        throw source.fail(tag, at, "corrupt: expected a length, found an undefined one");
      }
      return parseUndefined(part, tag, vr, at, value, to);
    }
    if (length > to - value) {
      throw source.fail(
          tag,
          at,
          "truncated: expected %d bytes of value, found %d; get the whole file"
              .formatted(length, to - value));
    }
    if (vr == ValueRepresentation.SQ && sequences) {
      List<DataSet> items = parseItems(part, tag, value, value + length, false).value;
      return new Element(
          tag, vr, source, at, value, length, part.bigEndian, List.copyOf(items), null);
    }
    boolean bigEndian = part.bigEndian;
    if (part.explicit && vr == ValueRepresentation.UN && known != null && !tag.isPrivate()) {
      // PS3.5 6.2.2: what passed through a system that did not know it is little endian.
      if (known.representation() != ValueRepresentation.SQ) {
        vr = known.representation();
        bigEndian = false;
      }
    }
    return new Element(tag, vr, source, at, value, length, bigEndian);
  }

  private static ValueRepresentation implicitRepresentation(
      @Nullable Attribute known, long length, Part part) {
    if (known == null) {
      return length == UNDEFINED ? ValueRepresentation.SQ : ValueRepresentation.UN;
    }
    if (known.signednessVaries() && part.signedPixels) {
      return ValueRepresentation.SS;
    }
    return known.representation();
  }

  /** A sequence, or encapsulated pixel data. */
  private Element parseUndefined(
      Part part, Tag tag, ValueRepresentation vr, long at, long value, long to) {
    boolean bytes = vr == ValueRepresentation.OB || vr == ValueRepresentation.OW;
    if (tag.equals(Tag.PIXEL_DATA) && bytes) {
      Parsed<Fragments> fragments = parseFragments(part, value, to);
      return new Element(
          tag, vr, source, at, value, fragments.end - value, part.bigEndian, null, fragments.value);
    }
    if (vr != ValueRepresentation.SQ && vr != ValueRepresentation.UN) {
      throw source.fail(
          tag, at, "corrupt: expected a length, found an undefined one for a value of " + vr);
    }
    // PS3.5 6.2.2 note 2: inside an unknown value everything is implicit and little endian.
    Part inside = vr == ValueRepresentation.UN ? part.implicit() : part;
    Parsed<List<DataSet>> items = parseItems(inside, tag, value, to, true);
    return new Element(
        tag,
        ValueRepresentation.SQ,
        source,
        at,
        value,
        items.end - value,
        inside.bigEndian,
        List.copyOf(items.value),
        null);
  }

  private Parsed<List<DataSet>> parseItems(
      Part part, Tag sequence, long from, long to, boolean delimited) {
    if (part.depth > MAX_DEPTH) {
      throw source.fail(
          sequence, from, "sequences are nested more than " + MAX_DEPTH + " deep; expected less");
    }
    List<DataSet> items = new ArrayList<>();
    long at = from;
    while (delimited || at < to) {
      Tag tag = itemTag(part, sequence, at, to);
      if (delimited && tag.equals(Tag.SEQUENCE_DELIMITATION_ITEM)) {
        return new Parsed<>(items, endOfDelimiter(part, at));
      }
      if (!tag.equals(Tag.ITEM)) {
        throw source.fail(sequence, at, "corrupt: expected an item, found " + tag);
      }
      count(at);
      long length = source.u32(at + 4, part.bigEndian);
      long value = at + ITEM_HEADER;
      boolean undefined = length == UNDEFINED;
      if (!undefined && length > to - value) {
        throw source.fail(
            sequence,
            at,
            "truncated: expected an item of %d bytes, found %d".formatted(length, to - value));
      }
      Parsed<DataSet> item = parseElements(part, value, undefined ? to : value + length, undefined);
      items.add(item.value);
      at = item.end;
    }
    return new Parsed<>(items, at);
  }

  private Parsed<Fragments> parseFragments(Part part, long from, long to) {
    LongList starts = new LongList();
    LongList lengths = new LongList();
    long tableAt = -1;
    long tableLength = 0;
    long at = from;
    while (true) {
      Tag tag = itemTag(part, Tag.PIXEL_DATA, at, to);
      if (tag.equals(Tag.SEQUENCE_DELIMITATION_ITEM)) {
        if (tableAt < 0) {
          throw source.fail(
              Tag.PIXEL_DATA, at, "corrupt: expected a basic offset table, found no item");
        }
        Fragments fragments =
            new Fragments(tableAt, tableLength, starts.toArray(), lengths.toArray());
        return new Parsed<>(fragments, endOfDelimiter(part, at));
      }
      if (!tag.equals(Tag.ITEM)) {
        throw source.fail(Tag.PIXEL_DATA, at, "corrupt: expected a fragment, found " + tag);
      }
      count(at);
      long length = source.u32(at + 4, part.bigEndian);
      long value = at + ITEM_HEADER;
      if (length > to - value) {
        throw source.fail(
            Tag.PIXEL_DATA,
            at,
            "truncated: expected a fragment of %d bytes, found %d; get the whole file"
                .formatted(length, to - value));
      }
      if (tableAt < 0) {
        tableAt = value;
        tableLength = length;
      } else {
        starts.add(value);
        lengths.add(length);
      }
      at = value + length;
    }
  }

  private Tag itemTag(Part part, Tag of, long at, long to) {
    if (to - at < ITEM_HEADER) {
      throw source.fail(
          of, at, "truncated: expected an item or the end of a sequence; get the whole file");
    }
    return source.tag(at, part.bigEndian);
  }

  private long endOfDelimiter(Part part, long at) {
    long length = source.u32(at + 4, part.bigEndian);
    if (length != 0) {
      throw source.fail(
          source.tag(at, part.bigEndian), at, "corrupt: expected length 0, found " + length);
    }
    return at + ITEM_HEADER;
  }

  private void count(long at) {
    if (++elements > MAX_ELEMENTS) {
      throw source.fail(at, "expected at most " + MAX_ELEMENTS + " elements and items, found more");
    }
  }

  /** Grows as the file gives it reason to. */
  private static final class LongList {
    private long[] values = new long[4];
    private int size;

    void add(long value) {
      if (size == values.length) {
        values = Arrays.copyOf(values, 2 * size);
      }
      values[size++] = value;
    }

    long[] toArray() {
      return Arrays.copyOf(values, size);
    }
  }
}
