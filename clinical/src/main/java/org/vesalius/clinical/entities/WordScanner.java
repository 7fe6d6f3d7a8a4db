package org.vesalius.clinical.entities;

import java.io.IOException;
import java.io.Reader;
import java.text.Normalizer;
import java.text.Normalizer.Form;
import java.util.Arrays;

/**
 * Cuts a text into words in normal form, block by block, and remembers where in the text each one
 * stands.
 *
 * <p>A word is a run of letters and digits of scripts that write words apart, or a single letter of
 * another script, or a single sign; marks belong to what they follow. Space is no word. A hyphen
 * right between two letters or digits is as space, any other is a sign. So words depend on nothing
 * but what surrounds them, and how a text is cut into blocks makes no difference.
 */
final class WordScanner {
  /** A word with more UTF-16 units in normal form is in no dictionary. */
  static final int WORD_LENGTH = 1024;

  /** The most marks that are normalised together with what they follow. */
  static final int MARKS = 30;

  /** What a code point with all its marks takes at most, and one more unit. */
  private static final int SEGMENT = 2 * MARKS + 4;

  private final Reader reader;
  private final long multiplier;
  private boolean ended;

  private char[] raw;
  private int rawSize;
  private int rawNext;
  private long rawOffset;

  private char[] normal;
  private int[] from;
  private byte[] widths;
  private int size;
  private int next;

  private int[] begins;
  private int[] ends;
  private long[] keys;
  private int words;

  private boolean afterLetter;

  /** Characters without a normal form since the last one that has one. */
  private int dropped;

  /** The first kind of what goes on from an overlong word of the block before; none: -1. */
  private byte goingOn = -1;

  /**
   * Starts at the beginning of a text.
   *
   * @param block UTF-16 units to take at once
   * @param multiplier of the words' hashes, odd
   */
  WordScanner(Reader reader, int block, long multiplier) {
    this.reader = reader;
    this.multiplier = multiplier;
    int size = block + SEGMENT;
    raw = new char[size];
    normal = new char[size];
    from = new int[size];
    widths = new byte[size];
    begins = new int[size];
    ends = new int[size];
    keys = new long[size];
  }

  /**
   * Takes the next block.
   *
   * @param retain where in the text begins what {@link #text} may still be asked for
   * @return false at the end of the text
   */
  boolean advance(long retain) throws IOException {
    if (ended && rawNext == rawSize && next == size) {
      return false;
    }
    discard(retain);
    fill();
    normalize();
    scan();
    return true;
  }

  /** How many words this block has. */
  int words() {
    return words;
  }

  /** Where a word of this block begins in the text. */
  long start(int word) {
    return rawOffset + from[begins[word]];
  }

  /** Where it ends. */
  long end(int word) {
    int last = ends[word] - 1;
    return rawOffset + from[last] + widths[last];
  }

  /** Whether it is longer than any that a dictionary has. */
  boolean isOverlong(int word) {
    return ends[word] - begins[word] > WORD_LENGTH;
  }

  /** The normal form of this block, in which words have places. */
  char[] normal() {
    return normal;
  }

  int begin(int word) {
    return begins[word];
  }

  int length(int word) {
    return ends[word] - begins[word];
  }

  /** A number for a word's letters: see {@link #key(long, long, int, int)}. */
  long key(int word) {
    return keys[word];
  }

  /**
   * Up to nine ASCII letters and digits are packed into seven bits each, so the number is the word.
   * Others have a hash of their letters, below zero.
   */
  private static long key(long packed, long hash, int wide, int length) {
    return length <= 9 && wide < 0x80 ? packed : hash | Long.MIN_VALUE;
  }

  /** A piece of the text that is still kept. */
  String text(long start, long end) {
    return new String(raw, (int) (start - rawOffset), (int) (end - start));
  }

  /** Where the next word begins at the earliest. */
  long position() {
    return rawOffset + (next < size ? from[next] : rawNext);
  }

  /** How much of the source is held at most, in UTF-16 units. */
  int capacity() {
    return raw.length;
  }

  /** Moves what is needed to the front. */
  private void discard(long retain) {
    int kept = size - next;
    int oldest = kept > 0 ? Math.min(from[next], rawNext) : rawNext;
    int shift = (int) Math.min(oldest, Math.max(0, retain - rawOffset));
    System.arraycopy(normal, next, normal, 0, kept);
    System.arraycopy(widths, next, widths, 0, kept);
    for (int i = 0; i < kept; i++) {
      from[i] = from[next + i] - shift;
    }
    size = kept;
    next = 0;
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

  private void scan() {
    words = 0;
    if (begins.length < size) {
      begins = new int[normal.length];
      ends = new int[normal.length];
      keys = new long[normal.length];
    }
    while (next < size && (plain() || scanOne())) {}
  }

  /**
   * Takes words and spaces for as long as they end before a letter's mark, a pair and the end of
   * the block; false where it cannot take one.
   */
  private boolean plain() {
    if (goingOn >= 0) {
      return false;
    }
    char[] text = normal;
    byte[] kinds = Characters.KIND;
    int last = size - 1;
    int begin = next;
    int n = words;
    boolean letter = afterLetter;
    while (begin < last) {
      byte kind = kinds[text[begin]];
      int i = begin + 1;
      if (kind == Characters.WORD) {
        int c = text[begin];
        long packed = c;
        long hash = c * multiplier;
        int wide = c;
        byte following = kinds[text[i]];
        while (following == Characters.WORD && i < last) {
          c = text[i];
          packed = (packed << 7) | c;
          hash = (hash ^ c) * multiplier;
          wide |= c;
          following = kinds[text[++i]];
        }
        if (following <= Characters.MARK || following == Characters.PAIR) {
          break;
        }
        keys[n] = key(packed, hash, wide, i - begin);
      } else if (kind == Characters.ALONE || kind == Characters.OTHER) {
        byte following = kinds[text[i]];
        if (following == Characters.MARK || following == Characters.PAIR) {
          break;
        }
      } else if (kind == Characters.SPACE) {
        letter = false;
        begin = i;
        continue;
      } else {
        break;
      }
      letter = kind != Characters.OTHER;
      begins[n] = begin;
      ends[n++] = i;
      begin = i;
    }
    boolean moved = begin > next;
    next = begin;
    words = n;
    afterLetter = letter;
    return moved;
  }

  /** Takes the next word or what is none; false where the block ends before that is known. */
  private boolean scanOne() {
    int begin = next;
    if (goingOn >= 0) {
      next = run(begin);
      goingOn = next == size ? goingOn : -1;
      return true;
    }
    byte kind = kind(begin);
    switch (kind) {
      case Characters.SPACE -> {
        afterLetter = false;
        next = begin + 1;
        return true;
      }
      case Characters.HYPHEN -> {
        if (begin + 1 == size && !ended) {
          return false;
        }
        if (afterLetter && begin + 1 < size && isLetter(kind(begin + 1))) {
          afterLetter = false;
          next = begin + 1;
          return true;
        }
        return sign(begin, begin + 1, false);
      }
      case Characters.WORD, Characters.MARK -> {
        return word(begin);
      }
      default -> {
        return sign(begin, begin + width(begin), kind == Characters.ALONE);
      }
    }
  }

  private boolean word(int begin) {
    int i = begin;
    while (i < size && kind(i) <= Characters.MARK) {
      i += width(i);
    }
    return take(begin, i, true);
  }

  private boolean sign(int begin, int end, boolean letter) {
    int i = end;
    while (i < size && kind(i) == Characters.MARK) {
      i += width(i);
    }
    return take(begin, i, letter);
  }

  private boolean take(int begin, int end, boolean letter) {
    if (end == size && !ended) {
      if (end - begin <= WORD_LENGTH) {
        return false;
      }
      goingOn = kind(begin) <= Characters.MARK ? Characters.WORD : Characters.MARK;
    }
    long packed = 0;
    long hash = 0;
    int wide = 0;
    for (int i = begin; i < end; i++) {
      packed = (packed << 7) | normal[i];
      hash = (hash ^ normal[i]) * multiplier;
      wide |= normal[i];
    }
    begins[words] = begin;
    ends[words] = end;
    keys[words++] = key(packed, hash, wide, end - begin);
    afterLetter = letter;
    next = end;
    return true;
  }

  /** Where what goes on ends: letters, digits and marks, or only marks. */
  private int run(int begin) {
    int i = begin;
    while (i < size && kind(i) >= goingOn && kind(i) <= Characters.MARK) {
      i += width(i);
    }
    return i;
  }

  private static boolean isLetter(byte kind) {
    return kind == Characters.WORD || kind == Characters.ALONE;
  }

  private byte kind(int i) {
    byte kind = Characters.KIND[normal[i]];
    return kind == Characters.PAIR ? Characters.kind(Character.codePointAt(normal, i, size)) : kind;
  }

  private int width(int i) {
    return Character.charCount(Character.codePointAt(normal, i, size));
  }
}
