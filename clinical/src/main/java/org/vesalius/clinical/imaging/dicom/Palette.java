package org.vesalius.clinical.imaging.dicom;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The colours that stored values of a {@code PALETTE COLOR} image stand for (PS3.3 C.7.6.3.1.5 and
 * C.7.9), also those stored as segments.
 */
public final class Palette {
  private static final int ENTRIES_MAX = 1 << 16;
  private static final String[] COLOURS = {"Red", "Green", "Blue"};
  private static final Tag[] DESCRIPTORS = {
    Tag.of(0x0028, 0x1101), Tag.of(0x0028, 0x1102), Tag.of(0x0028, 0x1103)
  };
  private static final Tag[] DATA = {
    Tag.of(0x0028, 0x1201), Tag.of(0x0028, 0x1202), Tag.of(0x0028, 0x1203)
  };
  private static final Tag[] SEGMENTED = {
    Tag.of(0x0028, 0x1221), Tag.of(0x0028, 0x1222), Tag.of(0x0028, 0x1223)
  };

  /** One colour: what the stored value {@code first} and those after it mean. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Table(int first, int bits, int[] values) {
    int of(int stored) {
      return values[Math.clamp((long) stored - first, 0, values.length - 1)];
    }
  }

  private final Table[] tables;
  private final int bits;

  private Palette(Table[] tables, int bits) {
    this.tables = tables;
    this.bits = bits;
  }

  /** Null where the data set has none. */
  static @Nullable Palette of(DataSet data) {
    if (!data.contains(DESCRIPTORS[0])) {
      return null;
    }
    Table[] tables = new Table[3];
    for (int c = 0; c < 3; c++) {
      tables[c] = table(data, c);
    }
    int bits = tables[0].bits;
    if (tables[1].bits != bits || tables[2].bits != bits) {
      throw data.fail(DESCRIPTORS[1], "expected as many bits for each colour");
    }
    return new Palette(tables, bits);
  }

  /** Bits of a colour, 8 or 16. */
  public int bits() {
    return bits;
  }

  /**
   * The colours of a frame of indices, as an RGB frame of {@link #bits}.
   *
   * @throws IllegalArgumentException if the frame is not {@code PALETTE COLOR}
   */
  public StoredFrame apply(StoredFrame indices) {
    if (!indices.photometric().equals("PALETTE COLOR")) {
      throw new IllegalArgumentException(
          "expected a frame of PALETTE COLOR, found " + indices.photometric());
    }
    int[] stored = indices.samples();
    int[] colours = new int[Math.multiplyExact(3, stored.length)];
    for (int i = 0, to = 0; i < stored.length; i++, to += 3) {
      colours[to] = tables[0].of(stored[i]);
      colours[to + 1] = tables[1].of(stored[i]);
      colours[to + 2] = tables[2].of(stored[i]);
    }
    return new StoredFrame(indices.columns(), indices.rows(), 3, bits, false, "RGB", colours);
  }

  private static Table table(DataSet data, int colour) {
    Tag described = DESCRIPTORS[colour];
    long[] descriptor = data.integers(described);
    if (descriptor.length != 3) {
      throw data.fail(described, "expected 3 values, found " + descriptor.length);
    }
    int entries = (int) descriptor[0] & 0xffff;
    entries = entries == 0 ? ENTRIES_MAX : entries;
    boolean signed = data.integer(Tag.PIXEL_REPRESENTATION).orElse(0) == 1;
    int first = signed ? (short) descriptor[1] : (int) descriptor[1] & 0xffff;
    int bits = (int) descriptor[2];
    if (bits != 8 && bits != 16) {
      throw data.fail(described, "expected entries of 8 or 16 bits, found " + bits);
    }
    Element plain = data.find(DATA[colour]);
    Element segmented = data.find(SEGMENTED[colour]);
    Element element = plain != null ? plain : segmented;
    if (element == null) {
      throw data.fail(DATA[colour], "expected " + COLOURS[colour] + " entries, found none");
    }
    if (element.length() > 4L * ENTRIES_MAX * 4 || element.items() != null) {
      throw element.fail("expected a table of at most 65536 entries");
    }
    if (plain == null) {
      int[] codes = values(element, bits == 8 ? 1 : 2);
      return new Table(first, bits, expand(element, codes, entries));
    }
    boolean bytes = plain.length() <= entries + (entries & 1);
    int[] values = values(plain, bytes ? 1 : 2);
    if (values.length < entries) {
      throw plain.fail("expected %d entries, found %d".formatted(entries, values.length));
    }
    return new Table(first, bytes ? 8 : bits, Arrays.copyOf(values, entries));
  }

  private static int[] values(Element element, int width) {
    int[] values = new int[(int) element.length() / width];
    boolean swapped = element.bigEndian() && element.representation() == ValueRepresentation.OW;
    for (int i = 0; i < values.length; i++) {
      values[i] =
          width == 2
              ? element.source().u16(element.at() + 2L * i, element.bigEndian())
              : element
                  .source()
                  .u8(element.at() + (swapped && (i ^ 1) < values.length ? i ^ 1 : i));
    }
    return values;
  }

  /** Discrete, linear and indirect segments (PS3.3 C.7.9.2). */
  private static int[] expand(Element element, int[] codes, int entries) {
    boolean narrow = codes.length == element.length();
    int[] out = new int[entries];
    int filled = expand(element, codes, 0, codes.length, Integer.MAX_VALUE, out, 0, narrow, true);
    if (filled != entries) {
      throw element.fail("expected segments of %d entries, found %d".formatted(entries, filled));
    }
    return out;
  }

  private static int expand(
      Element element,
      int[] codes,
      int from,
      int to,
      int segments,
      int[] out,
      int start,
      boolean narrow,
      boolean indirect) {
    int at = from;
    int filled = start;
    for (int segment = 0; segment < segments && to - at >= 2 && filled < out.length; segment++) {
      int kind = codes[at];
      int length = codes[at + 1];
      int size = kind == 0 ? length : kind == 1 ? 1 : narrow ? 4 : 2;
      at += 2;
      if (kind > (indirect ? 2 : 1) || size > to - at) {
        throw element.fail("corrupt: segment at entry " + (at - 2));
      }
      int made = kind == 2 ? 0 : length;
      if (made > out.length - filled || (kind == 1 && filled == 0)) {
        throw element.fail("corrupt: segments hold more than " + out.length + " entries");
      }
      switch (kind) {
        case 0 -> System.arraycopy(codes, at, out, filled, length);
        case 1 -> {
          int before = out[filled - 1];
          double step = (double) (codes[at] - before) / length;
          for (int i = 1; i <= length; i++) {
            out[filled + i - 1] = (int) Math.rint(before + step * i);
          }
        }
        default -> {
          long offset =
              narrow
                  ? codes[at]
                      | codes[at + 1] << 8
                      | codes[at + 2] << 16
                      | (long) codes[at + 3] << 24
                  : codes[at] | (long) codes[at + 1] << 16;
          long target = narrow ? offset : offset / 2;
          if (target >= at - 2) {
            throw element.fail("corrupt: an indirect segment names a later one");
          }
          filled = expand(element, codes, (int) target, at - 2, length, out, filled, narrow, false);
        }
      }
      filled += made;
      at += size;
    }
    return filled;
  }
}
