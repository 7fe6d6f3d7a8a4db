package org.vesalius.clinical.entities;

import java.io.IOException;
import java.io.Reader;
import java.text.Normalizer;
import java.text.Normalizer.Form;
import java.util.Arrays;

/**
 * A text in normal form, block by block, that remembers where in the text each UTF-16 unit of it
 * stands.
 */
final class NormalText {
  /** The most marks that are normalised together with what they follow. */
  private static final int MARKS = 30;

  /** What a code point with all its marks takes at most, and one more unit. */
  private static final int SEGMENT = 2 * MARKS + 4;

  private final Reader reader;
  private boolean ended;

  private char[] raw;
  private int rawSize;
  private int rawNext;
  private long rawOffset;

  private char[] normal;
  private int[] from;
  private byte[] widths;
  private int size;

  /** Characters without a normal form since the last one that has one. */
  private int dropped;

  /**
   * Starts at the beginning of a text.
   *
   * @param block UTF-16 units to take at once
   */
  NormalText(Reader reader, int block) {
    this.reader = reader;
    int capacity = block + SEGMENT;
    raw = new char[capacity];
    normal = new char[capacity];
    from = new int[capacity];
    widths = new byte[capacity];
  }

  /**
   * Takes the next block.
   *
   * @param used units of the block so far that are needed no more
   * @param retain where in the text begins what {@link #source} may still be asked for
   */
  void advance(int used, long retain) throws IOException {
    discard(used, retain);
    fill();
    normalize();
  }

  /** Whether this block goes to the end of the text. */
  boolean isLast() {
    return ended;
  }

  /** The block, of {@link #size} units; another array after {@link #advance}. */
  char[] units() {
    return normal;
  }

  int size() {
    return size;
  }

  /** Where in the text begins what a unit stands for. */
  long start(int unit) {
    return rawOffset + from[unit];
  }

  /** Where it ends. */
  long end(int unit) {
    return rawOffset + from[unit] + widths[unit];
  }

  /** Where in the text the next block begins. */
  long next() {
    return rawOffset + rawNext;
  }

  /** A piece of the text that is still kept. */
  String source(long start, long end) {
    return new String(raw, (int) (start - rawOffset), (int) (end - start));
  }

  /** How much of the source is held at most, in UTF-16 units. */
  int capacity() {
    return raw.length;
  }

  /** Moves what is needed to the front. */
  private void discard(int used, long retain) {
    int kept = size - used;
    int oldest = kept > 0 ? Math.min(from[used], rawNext) : rawNext;
    int shift = (int) Math.min(oldest, Math.max(0, retain - rawOffset));
    System.arraycopy(normal, used, normal, 0, kept);
    System.arraycopy(widths, used, widths, 0, kept);
    for (int i = 0; i < kept; i++) {
      from[i] = from[used + i] - shift;
    }
    size = kept;
    System.arraycopy(raw, shift, raw, 0, rawSize - shift);
    rawSize -= shift;
    rawNext -= shift;
    rawOffset += shift;
  }

  private void fill() throws IOException {
    if (rawSize > raw.length / 2) {
      raw = Arrays.copyOf(raw, raw.length * 2);
    }
    while (!ended && rawSize < raw.length) {
      int read = reader.read(raw, rawSize, raw.length - rawSize);
      ended = read < 0;
      rawSize += Math.max(0, read);
    }
  }

  private void normalize() {
    int limit = ended ? rawSize : rawSize - SEGMENT;
    reserve(Math.max(0, limit - rawNext));
    while (rawNext < limit) {
      direct(limit);
      if (rawNext < limit) {
        segment(limit);
      }
    }
  }

  /** Goes on while one unit gives one unit, as nearly always. */
  private void direct(int limit) {
    char[] source = raw;
    char[] out = normal;
    int n = size;
    int i = rawNext;
    int gone = dropped;
    byte step = Characters.STEP[source[i]];
    while (i < limit) {
      byte following = i + 1 < rawSize ? Characters.STEP[source[i + 1]] : Characters.DIRECT;
      if (step == Characters.DIRECT && following < Characters.JOINING) {
        out[n] = Characters.FOLD[source[i]];
        from[n] = i;
        widths[n++] = 1;
        gone = 0;
      } else if (step != Characters.DROPPED) {
        break;
      } else if (++gone == TagScan.GAP + 1) {
        out[n] = ' ';
        from[n] = i;
        widths[n++] = 1;
      }
      step = following;
      i++;
    }
    dropped = gone;
    rawNext = i;
    size = n;
  }

  /** A code point with the marks that follow it. */
  private void segment(int limit) {
    int begin = rawNext;
    int first = Character.codePointAt(raw, begin, rawSize);
    int end = begin + Character.charCount(first);
    rawNext = end;
    if (Characters.isDropped(first)) {
      if (++dropped == TagScan.GAP + 1) {
        append(' ', begin);
      }
      return;
    }
    dropped = 0;
    for (int marks = 0; end < rawSize && marks < MARKS; marks++) {
      int mark = Character.codePointAt(raw, end, rawSize);
      if (Characters.isDropped(mark) || !isJoining(mark)) {
        break;
      }
      end += Character.charCount(mark);
    }
    rawNext = end;
    String joined = Normalizer.normalize(new String(raw, begin, end - begin), Form.NFKC);
    reserve(joined.length() + Math.max(0, limit - end));
    joined
        .codePoints()
        .filter(c -> !Characters.isDropped(c))
        .map(Characters::fold)
        .forEach(c -> append(c, begin));
  }

  /** A code point that stands for the source from a place to {@link #rawNext}. */
  private void append(int c, int begin) {
    int units = Character.toChars(c, normal, size);
    Arrays.fill(from, size, size + units, begin);
    Arrays.fill(widths, size, size + units, (byte) (rawNext - begin));
    size += units;
  }

  private static boolean isJoining(int c) {
    return c < Characters.STEP.length
        ? Characters.STEP[c] == Characters.JOINING
        : Characters.isJoining(c);
  }

  private void reserve(int more) {
    if (size + more > normal.length) {
      int capacity = Math.max(size + more, normal.length + (normal.length >> 1));
      normal = Arrays.copyOf(normal, capacity);
      from = Arrays.copyOf(from, capacity);
      widths = Arrays.copyOf(widths, capacity);
    }
  }
}
